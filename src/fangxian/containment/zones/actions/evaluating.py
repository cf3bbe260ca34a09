"""Proposals: what the rule of zones makes of cases, as zones that wait for a person to decide.

Evaluated again whenever a case, its dates or its track changes. Nothing is proposed twice: a ground that a zone has already, whatever
became of that zone, is not brought up again; a new one is.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.cases.schemas import DISCARDED
from fangxian.containment.zones import evidence, land, nearness, proposing, writing
from fangxian.containment.zones.events import ZoneProposed
from fangxian.containment.zones.evidence import Evidence
from fangxian.containment.zones.land import Land
from fangxian.containment.zones.models import Ground, Zone
from fangxian.containment.zones.proposing import Finding
from fangxian.containment.zones.schemas import Evaluated
from fangxian.containment.zones.surveying import area_of
from fangxian.core import clock, ids
from fangxian.core.access import SYSTEM, Actor, within
from fangxian.core.actions import action, emit
from fangxian.duties import packs
from fangxian.protocols import Pack, Zones
from fangxian.registry.levels import LENGTHS

_COUNTY = LENGTHS["county"]
_OPEN = (Zone.PROPOSED, Zone.IN_FORCE)


@action
def evaluate(by: Actor, case_ids: Iterable[int]) -> Evaluated:
    """Bring zones to what these cases say: propose what the rule calls for, and add new infections to the zones they lie in."""
    by.must("zones.edit")
    gathered = evidence.gather(case_ids)
    proposed: list[str] = []
    grown: list[str] = []
    for county, findings in sorted(gathered.findings.items()):
        by_outbreak: dict[int, list[Finding]] = defaultdict(list)
        for one in findings:
            by_outbreak[gathered.cases[one.sighting.case_id].outbreak_id].append(one)
        for outbreak_id, mine in sorted(by_outbreak.items()):
            writing.hold(outbreak_id)
            rest, changed = _absorbed(by, outbreak_id, county, mine, gathered)
            grown += changed
            proposed += _proposed(by, outbreak_id, county, rest, gathered)
    return Evaluated(tuple(proposed), tuple(grown))


@action
def reconsider(by: Actor, case_id: int) -> None:
    """A case was ruled out: proposals that rest on nothing else are withdrawn, reviews of the zones it lay in count anew."""
    by.must("zones.edit")
    mine = Ground.objects.filter(case_id=case_id).values_list("zone_id", flat=True)
    for zone in Zone.objects.select_for_update().filter(pk__in=list(mine), state__in=_OPEN).order_by("pk"):
        standing = set(Ground.objects.filter(zone=zone).values_list("case_id", flat=True))
        if zone.state == Zone.IN_FORCE:
            writing.retime(zone)
        elif not any(one.classification != DISCARDED for one in cases.facts_of(standing).values()):
            zone.state, zone.ended_at, zone.reason = (
                Zone.WITHDRAWN,
                clock.now(),
                _("Every case it rested on was ruled out."),
            )
            writing.saved(zone)
            writing.log(by, zone, "withdrawn", said=zone.reason)


def around(by: Actor, zone: Zone) -> str:
    """Propose the level that is drawn around others in a county (低风险区、防范区), once one of those has come into force."""
    pack = packs.pack(packs.by_reference(zone.pack).id, zone.area)
    county = zone.area[:_COUNTY]
    for level in pack.zones.levels if pack.zones else ():
        unit = level.unit.value if level.unit else None
        if (
            not level.is_on
            or unit != "county"
            or level.key == zone.level
            or not level.when.judge({"same_county": True})
        ):
            continue
        key = land.key(land.AREA, county)
        there = Zone.objects.filter(outbreak_id=zone.outbreak_id, level=level.key, units__key=key, units__dropped=False)
        if not there.exclude(state__in=(Zone.WITHDRAWN, Zone.LIFTED)).exists():
            lands = list(land.known([key]).values())
            made = created(SYSTEM if by.is_system else by, zone.outbreak_id, pack, level.key, lands)
            writing.log(SYSTEM, made, "proposed", said="", data={"around": zone.code})
            return made.code
    return ""


def created(by: Actor, outbreak_id: int, pack: Pack, level: str, lands: Sequence[Land]) -> Zone:
    """A zone that waits for a decision, on this land."""
    called = land.named(lands)
    zone = Zone.objects.create(
        code=ids.new_code(), outbreak_id=outbreak_id, area=area_of(lands), pack=packs.reference(pack), level=level,
        name_zh=called.zh, name_en=called.en, proposed_at=clock.now(),
    )  # fmt: skip
    writing.add_units(zone, lands)
    emit(ZoneProposed(zone.pk, outbreak_id, zone.area, level))
    return zone


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _absorbed(
    by: Actor, outbreak_id: int, county: str, findings: Sequence[Finding], gathered: Evidence
) -> tuple[list[Finding], list[str]]:
    """Add findings to the open zones that they lie in; what is left to propose, and the zones that grew."""
    zones = list(
        Zone.objects.select_for_update().filter(within(county), outbreak_id=outbreak_id, state__in=_OPEN).order_by("pk")
    )
    units = writing.units_of(zones)
    known = _known(outbreak_id, {one.sighting.case_id for one in findings})  # before anything is added
    held: set[int] = set()
    grown = []
    for zone in zones:
        rules = writing.pack_of(zone).zones
        if rules is None or _is_around(rules, zone.level):
            continue
        inside = writing.covering(findings, gathered, units[zone.pk])
        if inside and (new := writing.ground(zone, inside)):
            _grow(by, zone, new)
            grown.append(zone.code)
        rank = rules.rank(zone.level)
        held |= {id(one) for one in inside if rank <= _rank(_rules(one, gathered), one.level)}
    rest = [
        one for one in findings
        if id(one) not in held and _rank(_rules(one, gathered), one.level) < known.get((one.sighting.case_id, one.land), 99)
    ]  # fmt: skip
    return rest, grown


def _grow(by: Actor, zone: Zone, new: Sequence[Finding]) -> None:
    data = {"cases": len({one.sighting.case_id for one in new})}
    if zone.state == Zone.IN_FORCE:
        writing.log(by, zone, "infection", data=data)
        writing.retime(zone)
    else:
        writing.saved(zone)  # whoever is about to decide is to see the new ground first
        writing.log(by, zone, "proposed", data=data)


def _known(outbreak_id: int, case_ids: Iterable[int]) -> dict[tuple[int, str], int]:
    """(case, land) → the strictest rank at which a zone, whatever became of it, has it as a ground. Withdrawn ones do not count."""
    rows = Ground.objects.filter(zone__outbreak_id=outbreak_id, case_id__in=list(case_ids)).exclude(
        zone__state=Zone.WITHDRAWN
    )
    found: dict[tuple[int, str], int] = {}
    for case_id, key, level, pack in rows.values_list("case_id", "key", "level", "zone__pack"):
        rules = packs.by_reference(pack).zones
        rank = _rank(rules, level) if rules else 99
        found[case_id, key] = min(rank, found.get((case_id, key), 99))
    return found


def _proposed(by: Actor, outbreak_id: int, county: str, findings: Sequence[Finding], gathered: Evidence) -> list[str]:
    if not findings:
        return []
    pack = packs.pack(gathered.cases[findings[0].sighting.case_id].pack, county)
    assert pack.zones is not None, "findings come of rules"
    codes: list[str] = []
    drawn: set[str] = set()
    for level, group in proposing.strictest(pack.zones, findings).items():
        group = [one for one in group if gathered.lands[one.key].within.isdisjoint(drawn)]
        keys = {one.key for one in group}
        joined = nearness.joined([gathered.lands[key] for key in keys])
        for part in proposing.together(group, lambda key: nearness.hood(gathered.lands[key]), joined):
            lands = [gathered.lands[key] for key in dict.fromkeys(one.key for one in part)]
            zone = created(by, outbreak_id, pack, level, lands)
            writing.ground(zone, part)
            writing.log(by, zone, "proposed", data={"cases": len({one.sighting.case_id for one in part})})
            codes.append(zone.code)
        drawn |= keys
    return codes


def _rules(one: Finding, gathered: Evidence) -> Zones:
    found = evidence.rules(gathered.cases[one.sighting.case_id])
    assert found is not None, "findings come of rules"
    return found


def _rank(rules: Zones, level: str) -> int:
    return next((place for place, one in enumerate(rules.levels) if one.key == level), 99)


def _is_around(rules: Zones, level: str) -> bool:
    """Whether a level is drawn around others, by the county: a case inside of it is no ground of it."""
    unit = rules.level(level).unit
    return unit is not None and unit.value == "county"
