"""Where cases live and stayed, as the rule of zones asks for it: gathered from cases, tracks and the registry, many at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import h3  # type: ignore[import-untyped]

from fangxian.cases import queries as cases
from fangxian.cases.schemas import DISCARDED, CaseFacts
from fangxian.containment.zones import land as lands
from fangxian.containment.zones import proposing
from fangxian.containment.zones.land import AREA, CELL, PLACE, Land
from fangxian.containment.zones.proposing import Finding, Sighting
from fangxian.duties import packs
from fangxian.protocols import Zones
from fangxian.registry import queries as registry
from fangxian.registry.actions.places import RESOLUTION
from fangxian.registry.levels import LENGTHS, at_level
from fangxian.text import Text
from fangxian.tracing import queries as tracing

#: Nobody draws a zone around what moves, or around where the infected are kept.
_NO_LAND = frozenset({"vehicle", "isolation_site"})
_COUNTY = LENGTHS["county"]


@dataclass(frozen=True, slots=True)
class Loose:
    """What cannot be put on the map: a case, where it was in words, when."""

    case_id: int
    what: Text
    from_at: datetime | None = None
    to_at: datetime | None = None


@dataclass(slots=True)
class Evidence:
    """Findings of several cases by county, the land they speak of, and what could not be placed."""

    cases: Mapping[int, CaseFacts] = field(default_factory=dict)
    findings: dict[str, list[Finding]] = field(default_factory=dict)
    lands: dict[str, Land] = field(default_factory=dict)
    loose: list[Loose] = field(default_factory=list)


def infected_at(case: CaseFacts) -> datetime:
    """When an infection became known: the later of diagnosis and report. A zone is lifted by days counted from it."""
    return max(case.reported_at, case.anchors.get("diagnosed_at", case.reported_at))


def rules(case: CaseFacts) -> Zones | None:
    """The rules of zones that hold where a case is handled; None where its guideline draws none."""
    return packs.pack(case.pack, case.area).zones


def gather(case_ids: Iterable[int]) -> Evidence:
    """The findings of these cases by the rule of zones in force where each is handled. Some ten queries, however many there are.

    Cases that were ruled out, and those under guidelines without zones, have none.
    """
    facts = {
        pk: case
        for pk, case in cases.facts_of(case_ids).items()
        if case.classification != DISCARDED and rules(case) is not None
    }
    evidence = Evidence(facts)
    seen = [*_homes(facts, evidence), *_stays(facts, evidence)]
    evidence.lands = lands.known(
        dict.fromkeys(one.key for one in seen), lying={one.key: facts[one.case_id].area[:_COUNTY] for one in seen}
    )
    for one in seen:
        if (land := evidence.lands.get(one.key)) is not None:
            _judge(one, land, facts[one.case_id], evidence)
    units = {finding.key for group in evidence.findings.values() for finding in group} - evidence.lands.keys()
    evidence.lands |= lands.known({one for one in units if not one.startswith(CELL)})
    return evidence


def _judge(one: Sighting, land: Land, case: CaseFacts, evidence: Evidence) -> None:
    zones = rules(case)
    assert zones is not None, "only cases with rules are gathered"
    county = land.area[:_COUNTY]
    if len(county) < _COUNTY:
        what = Text(f"住址只知到{land.name.zh}", f"residence known only as {land.name.en}")
        evidence.loose.append(Loose(case.id, what))
        return
    verdict = proposing.judged(zones, one, case.facts)
    if verdict is None:
        return
    level, fact = verdict
    unit = zones.level(level).unit
    key = lands.promoted(land, str(unit.value) if unit else None)
    if unit is not None and unit.value == "cell" and key.startswith(CELL) and key not in evidence.lands:
        evidence.lands |= lands.known([key], lying=county)
    evidence.findings.setdefault(county, []).append(Finding(one, land.key, key, level, fact, infected_at(case)))


def _homes(facts: Mapping[int, CaseFacts], evidence: Evidence) -> Iterable[Sighting]:
    homes = registry.homes(case.person_id for case in facts.values())
    for case in facts.values():
        home = homes.get(case.person_id)
        area = home.area if home and home.area else case.area
        if home is not None and home.building_id is not None:
            yield Sighting(case.id, lands.key(PLACE, home.building_id), lives=True)
        elif area:
            yield Sighting(case.id, lands.key(AREA, at_level(area, "village")), lives=True)
        else:
            evidence.loose.append(Loose(case.id, Text("住址不详", "residence not known")))


def _stays(facts: Mapping[int, CaseFacts], evidence: Evidence) -> Iterable[Sighting]:
    for case_id, stays in tracing.stays_of(facts).items():
        at: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
        for stay in stays:
            if stay.place_kind in _NO_LAND:
                continue
            if stay.place_id is not None:
                at[lands.key(PLACE, stay.place_id)].append((stay.from_at, stay.to_at))
            elif stay.lon is not None and stay.lat is not None:
                cell = h3.latlng_to_cell(stay.lat, stay.lon, RESOLUTION)
                at[lands.key(CELL, cell)].append((stay.from_at, stay.to_at))
            else:
                what = Text(f"停留：{stay.place_text}", f"stay at {stay.place_text}")
                evidence.loose.append(Loose(case_id, what, stay.from_at, stay.to_at))
        for key, times in at.items():
            yield Sighting(
                case_id, key, minutes=_minutes(times), visits=len(times),
                first_at=min(begin for begin, _end in times), last_at=max(end for _begin, end in times),
            )  # fmt: skip


def _minutes(times: Iterable[tuple[datetime, datetime]]) -> int:
    """Minutes covered by several stays; what two of them tell of the same hour counts once."""
    total, until = 0.0, None
    for begin, end in sorted(times):
        start = begin if until is None or begin > until else until
        if end > start:
            total += (end - start).total_seconds() / 60
            until = end
    return round(total)
