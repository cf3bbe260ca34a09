"""What people do with zones: propose one, edit it, decide on it, withdraw one that was drawn in error."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.cases.schemas import DISCARDED
from fangxian.containment.zones import land, subject, surveying, writing
from fangxian.containment.zones.actions.evaluating import around, created
from fangxian.containment.zones.actions.noticing import issue
from fangxian.containment.zones.models import Ground, Notice, Zone
from fangxian.containment.zones.rights import DECIDE, EDIT
from fangxian.containment.zones.schemas import NoticeForm, ZoneForm
from fangxian.core import clock
from fangxian.core.access import Actor, within
from fangxian.core.actions import action
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.duties import actions as duties
from fangxian.duties import packs
from fangxian.protocols import Zones

#: How far back cases are looked for that lie inside of a zone which comes into force: longer than any rule of lifting asks.
LOOK_BACK = timedelta(days=28)


@action
def propose(by: Actor, outbreak: str, form: ZoneForm, reason: str) -> Zone:
    """Propose a zone that the rule does not see, or not yet: its land, its level, and why. It waits for a decision like any other.

    Raises Invalid for land that is not there or lies in several counties, and for a level that the guideline does not have.
    """
    outbreak_id = cases.outbreak_id(outbreak)
    if outbreak_id is None:
        raise NotFound(_("There is no such outbreak."), remedy=_("Open it first."), field="outbreak")
    lands = surveying.read(form.units, min(by.areas(EDIT), key=len, default=""))
    area = surveying.area_of(lands)
    by.must(EDIT, area)
    pack = packs.pack(cases.outbreak_pack(outbreak_id), area)
    if pack.zones is None:
        raise Invalid(
            _("%(pack)s draws no zones.") % {"pack": pack.name.zh},
            remedy=_("Choose another outbreak."),
            field="outbreak",
        )
    _level(pack.zones, form.level)
    writing.hold(outbreak_id)
    zone = created(by, outbreak_id, pack, form.level, lands)
    zone.reason = writing.reason(reason)
    _rename(zone, form)
    zone.save()
    _gather(zone)
    writing.log(by, zone, "proposed", said=zone.reason)
    return zone


@action
def edit(by: Actor, code: str, version: int, form: ZoneForm, reason: str = "") -> Zone:
    """Draw a zone otherwise: its land, level and name. Of one in force this is a decision, and only to make it stricter or larger.

    Raises Conflict where somebody has changed it since it was read, or where land would be let go or the level come down: that
    is lifting, which has rules.
    """
    zone = writing.found(by, code, EDIT, version)
    writing.must_be(zone, Zone.PROPOSED, Zone.IN_FORCE)
    lands = surveying.read(form.units, zone.area)
    area = surveying.area_of(lands)
    right = EDIT if zone.state == Zone.PROPOSED else DECIDE
    for one in {zone.area, area}:
        by.must(right, one)
    rules = _rules(zone)
    _level(rules, form.level)
    if zone.state == Zone.IN_FORCE:
        reason = writing.reason(reason)
        _only_stricter(zone, rules, form.level, [one.key for one in lands])
        if form.level != zone.level:
            zone.level_since, zone.downgraded = clock.now(), False
    writing.drop_units(zone, set(writing.units_of([zone])[zone.pk]) - {one.key for one in lands})
    writing.add_units(zone, lands)
    zone.level, zone.area, zone.reason = form.level, area, writing.reason(reason, needed=False)
    called = land.named(lands)
    zone.name_zh, zone.name_en = called.zh, called.en
    _rename(zone, form)
    writing.saved(zone)
    _gather(zone)
    writing.log(by, zone, "edited", said=zone.reason)
    if zone.state == Zone.IN_FORCE:
        _absorb(by, zone)
        writing.retime(zone)
    return zone


@action
def decide(by: Actor, code: str, version: int, accept: bool, reason: str = "") -> Zone:
    """Put a proposed zone into force, or decline it with the reason. It is told to the public by `publish`.

    Raises Conflict where somebody else has decided, or the proposal has moved on since it was read. What is declined is not
    proposed again for the same grounds.
    """
    zone = writing.found(by, code, DECIDE, version)
    writing.must_be(zone, Zone.PROPOSED)
    now = clock.now()
    zone.reason = writing.reason(reason, needed=not accept)
    if not accept:
        zone.state, zone.ended_at = Zone.DECLINED, now
        writing.saved(zone)
        writing.log(by, zone, "declined", said=zone.reason)
        return zone
    zone.state, zone.decided_at, zone.level_since = Zone.IN_FORCE, now, now
    writing.saved(zone)
    _gather(zone)
    _absorb(by, zone)
    writing.log(by, zone, "accepted", said=zone.reason)
    duties.open_due(by, subject.DRAWN, [subject.of(zone)])
    around(by, zone)
    return zone


@action
def annul(by: Actor, code: str, version: int, reason: str, notice: NoticeForm | None = None) -> Zone:
    """End a zone in force that was drawn in error: every case it rested on was ruled out, or there never was one.

    Raises Conflict while a case still stands behind it: then it comes down by the rule, by `lift`.
    """
    zone = writing.found(by, code, DECIDE, version)
    writing.must_be(zone, Zone.IN_FORCE)
    zone.reason = writing.reason(reason)
    behind = set(Ground.objects.filter(zone=zone).values_list("case_id", flat=True))
    standing = sorted(one.code for one in cases.facts_of(behind).values() if one.classification != DISCARDED)
    if standing:
        raise Conflict(
            _("%(n)d cases still stand behind this zone.") % {"n": len(standing)},
            remedy=_("Lift it when its rule is met, or rule the cases out first."),
            code="cases_stand",
            detail={"cases": len(standing)},
        )
    zone.state, zone.ended_at = Zone.WITHDRAWN, clock.now()
    writing.saved(zone)
    writing.log(by, zone, "withdrawn", said=zone.reason)
    duties.end_all(by, subject.KIND, {zone.pk: ("closed", zone.reason)})
    if zone.notices.exists():
        issue(by, zone, Notice.WITHDRAWN, notice)
    return zone


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _rules(zone: Zone) -> Zones:
    rules = writing.pack_of(zone).zones
    assert rules is not None, "a zone is under a guideline that has zones"
    return rules


def _level(rules: Zones, level: str) -> None:
    known = [one.key for one in rules.levels if one.is_on]
    if level not in known:
        raise Invalid(
            _("“%(level)s” is not a level of this guideline.") % {"level": level},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(known)},
            field="level",
        )


def _rename(zone: Zone, form: ZoneForm) -> None:
    zone.name_zh = form.name_zh.strip()[:200] or zone.name_zh
    zone.name_en = form.name_en.strip()[:200] or zone.name_en


def _only_stricter(zone: Zone, rules: Zones, level: str, keys: Sequence[str]) -> None:
    """Land once under control is let go by the rule of lifting, not by drawing the zone smaller."""
    lands = {one.key: one for one in writing.lands_of(zone)}
    gone = [one for one in lands.values() if not land.covers(keys, one)]
    if rules.rank(level) <= rules.rank(zone.level) and not gone:
        return
    raise Conflict(
        _("A zone in force cannot be made smaller or less strict by drawing it otherwise."),
        remedy=_("Bring it down or lift it when its rule is met."),
        code="not_due",
        field="level" if not gone else "units",
    )


def _gather(zone: Zone) -> None:
    """Add every case of the last weeks that lies inside, whoever found it, so that a lift counts from the last of them."""
    if _is_county(zone):
        return
    since = clock.now() - LOOK_BACK
    writing.ground(zone, writing.infections_inside(zone, cases.infected_since(zone.outbreak_id, since)))


def _is_county(zone: Zone) -> bool:
    unit = _rules(zone).level(zone.level).unit
    return unit is not None and unit.value == "county"


def _absorb(by: Actor, zone: Zone) -> None:
    """Land that came under a stricter level leaves the looser zone it was in; a zone of which nothing is left goes into this one."""
    rules = _rules(zone)
    mine = writing.units_of([zone])[zone.pk]
    others = Zone.objects.select_for_update().filter(
        within(zone.area[:6]), outbreak_id=zone.outbreak_id, state=Zone.IN_FORCE
    )
    for other in others.exclude(pk=zone.pk):
        theirs = writing.pack_of(other).zones
        if theirs is None or _is_county(other) or _rank(rules, other.level) <= rules.rank(zone.level):
            continue
        taken = [one.key for one in writing.lands_of(other) if land.covers(mine, one)]
        if not taken:
            continue
        writing.drop_units(other, taken)
        _inherit(zone, other)
        if other.units.filter(dropped=False).exists():
            writing.saved(other)
            writing.log(by, other, "edited", data={"into": zone.code})
        else:
            other.state, other.ended_at = Zone.WITHDRAWN, clock.now()
            writing.saved(other)
            writing.log(by, other, "absorbed", data={"into": zone.code})
            duties.end_all(
                by, subject.KIND, {other.pk: ("closed", _("Part of zone %(code)s now.") % {"code": zone.code})}
            )


def _inherit(zone: Zone, other: Zone) -> None:
    there = set(Ground.objects.filter(zone=zone).values_list("case_id", "key", "fact"))
    rows = [one for one in Ground.objects.filter(zone=other) if (one.case_id, one.key, one.fact) not in there]
    for one in rows:
        one.pk, one.zone = None, zone
    Ground.objects.bulk_create(rows, batch_size=500)


def _rank(rules: Zones, level: str) -> int:
    return next((place for place, one in enumerate(rules.levels) if one.key == level), -1)
