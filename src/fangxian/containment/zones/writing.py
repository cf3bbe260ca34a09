"""What the actions on zones have in common: finding one, its history, its land, its grounds, what its duties are told."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from fangxian.containment.zones import evidence, land, subject, wording
from fangxian.containment.zones.events import ZoneChanged
from fangxian.containment.zones.evidence import Evidence
from fangxian.containment.zones.land import Land
from fangxian.containment.zones.models import Change, Desk, Ground, Unit, Zone
from fangxian.containment.zones.proposing import Finding
from fangxian.containment.zones.rights import may_see
from fangxian.core import clock, ids
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import emit, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.duties import actions as duties
from fangxian.duties import packs
from fangxian.protocols import Pack


def found(by: Actor, code: str, right: str, version: int | None = None) -> Zone:
    """The zone with this code, locked. Raises NotFound also where it is not for the actor to know of, Conflict where it has moved on."""
    seen = seen_by(by, code)
    by.must(right, seen.area)
    hold(seen.outbreak_id)
    zone = Zone.objects.select_for_update().get(pk=seen.pk)
    if version is not None and zone.version != version:
        raise _moved_on(zone, version)
    return zone


def seen_by(by: Actor, code: str) -> Zone:
    """The zone with this code. Raises NotFound also where it is not for the actor to know of."""
    zone = Zone.objects.select_related("outbreak").filter(code=ids.normalise_code(code)).first()
    if zone is None or not may_see(by, zone):
        raise NotFound(_("There is no such zone."), remedy=_("Check the code; its last character is a check."))
    return zone


def hold(outbreak_id: int) -> None:
    """Wait until nobody else evaluates or decides on zones of the outbreak; taken before any zone is locked."""
    Desk.objects.get_or_create(outbreak_id=outbreak_id)
    Desk.objects.select_for_update().get(outbreak_id=outbreak_id)


def must_be(zone: Zone, *states: str) -> None:
    """Raise Conflict, saying who did what, where the zone is in none of these states."""
    if zone.state not in states:
        last = zone.changes.order_by("-at", "-id").first()
        raise Conflict(
            _("This zone is no longer as you saw it (%(what)s).") % {"what": _told(last) if last else zone.state},
            remedy=_("Nothing of yours was saved. Reload and look at what became of it."),
            code="moved_on",
            detail={"state": zone.state, "version": zone.version},
        )


def reason(text: str, *, needed: bool = True) -> str:
    """A reason of at least two characters, cut to what its column holds. Raises Invalid."""
    text = (text or "").strip()
    if needed and len(text) < 2:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="reason")
    return text[:300]


def pack_of(zone: Zone) -> Pack:
    """The guideline that a zone is judged by, in the edition of its day."""
    return packs.by_reference(zone.pack)


def units_of(zones: Iterable[Zone]) -> dict[int, list[str]]:
    """The keys of the units of zones, in the order in which they were added; one query."""
    rows: dict[int, list[str]] = {zone.pk: [] for zone in zones}
    there = Unit.objects.filter(zone_id__in=list(rows), dropped=False)
    for zone_id, key in there.order_by("pk").values_list("zone_id", "key"):
        rows[zone_id].append(key)
    return rows


def lands_of(zone: Zone) -> list[Land]:
    """The land that a zone is made of."""
    return lands_of_many([zone])[zone.pk]


def lands_of_many(
    zones: Sequence[Zone], keys: Mapping[int, Sequence[str]] | None = None, *, named: bool = True
) -> dict[int, list[Land]]:
    """The land that zones are made of, by id; or were made of, where `keys` says so."""
    drawn: dict[str, Any] = {}
    own: dict[int, list[str]] = {zone.pk: [] for zone in zones}
    rows = Unit.objects.filter(zone__in=zones).order_by("pk")
    for zone_id, key, outline, dropped in rows.values_list("zone_id", "key", "outline", "dropped"):
        if not dropped:
            own[zone_id].append(key)
        if outline:
            drawn[key] = outline
    keys = own if keys is None else keys
    areas = {key: zone.area for zone in zones for key in keys[zone.pk]}
    found = land.known(areas, drawn, areas, named=named)
    return {zone.pk: [found[key] for key in keys[zone.pk] if key in found] for zone in zones}


def add_units(zone: Zone, lands: Iterable[Land]) -> list[str]:
    """Add pieces of land that the zone does not have yet; the keys of those added. A zone has no piece of land twice."""
    wanted = {one.key: one for one in lands}
    Unit.objects.filter(zone=zone, key__in=wanted).update(dropped=False)
    there = set(Unit.objects.filter(zone=zone, key__in=wanted).values_list("key", flat=True))
    fresh = {key: one for key, one in wanted.items() if key not in there}
    Unit.objects.bulk_create(
        Unit(zone=zone, key=key, place_id=land.place_of(key), outline=one.outline) for key, one in fresh.items()
    )
    return list(fresh)


def drop_units(zone: Zone, keys: Iterable[str]) -> None:
    """Take pieces of land out of the zone; that they once were in it stays on record."""
    Unit.objects.filter(zone=zone, key__in=list(keys)).update(dropped=True)


def ground(zone: Zone, findings: Sequence[Finding]) -> list[Finding]:
    """Write why the zone is: those findings that were not on it yet."""
    there = set(Ground.objects.filter(zone=zone).values_list("case_id", "key", "fact"))
    fresh: dict[tuple[int, str, str], Finding] = {}
    for one in findings:
        fresh.setdefault((one.sighting.case_id, one.land, one.fact), one)
    new = [one for key, one in fresh.items() if key not in there]
    Ground.objects.bulk_create(
        [
            Ground(
                zone=zone, case_id=one.sighting.case_id, key=one.land, level=one.level, fact=one.fact,
                minutes=one.sighting.minutes, visits=one.sighting.visits, first_at=one.sighting.first_at,
                last_at=one.sighting.last_at, infected_at=one.infected_at,
            )
            for one in new
        ],
        batch_size=500,
    )  # fmt: skip
    return new


def log(by: Actor, zone: Zone, what: str, *, said: str = "", data: Mapping[str, Any] | None = None) -> None:
    """Write what became of a zone: its history, the journal's line, the event."""
    pack = pack_of(zone)
    basis = wording.basis(zone, pack)
    keys = units_of([zone])[zone.pk]
    Change.objects.create(
        zone=zone, at=clock.now(), what=what, by_id=by.account_id, by_name=by.name, reason=said, basis=basis, state=zone.state,
        level=zone.level, area=zone.area, name_zh=zone.name_zh, name_en=zone.name_en, units=keys, data=dict(data or {}),
    )  # fmt: skip
    record(
        by, f"zone.{what}", (subject.KIND, zone.pk), area=zone.area, basis=basis,
        data={"code": zone.code, "state": zone.state, "level": zone.level, "units": keys, "reason": said, **(data or {})},
    )  # fmt: skip
    emit(ZoneChanged(zone.pk, zone.outbreak_id, zone.area, zone.level, zone.state, what))


def saved(zone: Zone) -> Zone:
    """Write the zone; whoever read it before is told so when they write."""
    zone.version += 1
    zone.save()
    return zone


def retime(zone: Zone) -> None:
    """Tell the duties of a zone when the last infection inside became known: reviews count from it."""
    duties.set_anchors(SYSTEM, subject.KIND, {zone.pk: subject.anchors(zone)})


def covering(findings: Iterable[Finding], evidence_: Evidence, units: Sequence[str]) -> list[Finding]:
    """Those of the findings that lie on the land of a zone of these units."""
    return [one for one in findings if land.covers(units, evidence_.lands[one.land])]


def infections_inside(zone: Zone, case_ids: Iterable[int]) -> list[Finding]:
    """The findings of these cases that lie inside of the zone, outlines drawn by hand included."""
    gathered = evidence.gather(case_ids)
    findings = gathered.findings.get(zone.area[:6], [])
    drawn = [one for one in lands_of(zone) if one.kind in (land.OUTLINE, land.CELL)]
    keys = units_of([zone])[zone.pk]
    inside = covering(findings, gathered, keys)
    for one in drawn:
        geometry = land.shapes([one])[one.key]
        spots = {land.key(land.PLACE, spot.id) for spot in land.places_in(geometry)} if geometry else set()
        inside += [finding for finding in findings if finding not in inside and finding.land in spots]
    return inside


def _moved_on(zone: Zone, version: int) -> Conflict:
    since = list(zone.changes.order_by("-at", "-id")[: max(1, zone.version - version)])
    told = [_told(one) for one in reversed(since)]
    return Conflict(
        _("This zone was changed since you read it (%(changes)s).") % {"changes": "; ".join(told)},
        remedy=_("Nothing of yours was saved. Reload, look at what changed, and enter yours again if it still holds."),
        code="moved_on",
        detail={"version": zone.version, "changes": told},
    )


def _told(change: Change) -> str:
    when = change.at.astimezone(clock.zone()).strftime("%Y-%m-%d %H:%M")
    return f"{change.by_name}, {when}: {wording.change_name(change.what)}"
