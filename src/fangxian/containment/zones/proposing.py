"""What the pack's rule makes of where cases live and stayed: pure, and the same whenever it is asked."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fangxian import protocols
from fangxian.protocols import Zones

LIVES, ACTIVE, STAYED = "case_lives_here", "case_active_here", "case_stayed_here"
#: What a ground is called by, where several hold: the first.
_FACTS = (LIVES, ACTIVE, STAYED)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One case at one piece of land: whether it lives there, how long and how often it stayed in its infectious window."""

    case_id: int
    key: str
    lives: bool = False
    minutes: int = 0
    visits: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A sighting that counts: the level that the rule gives the unit, and the fact that decided it.

    `land` is the key of where the case was, `key` that of the unit which a zone of the level is drawn by.
    """

    sighting: Sighting
    land: str
    key: str
    level: str
    fact: str
    infected_at: datetime


def facts_of(zones: Zones, sighting: Sighting, case: Mapping[str, Any]) -> dict[str, Any]:
    """What the rule may ask of a sighting: lives, active, stayed, and whether the case's contacts are hard to trace."""
    stay = {"stay_minutes": sighting.minutes, "stay_visits": sighting.visits}
    counted, _cited = protocols.zone_facts(zones, stay)
    return {**counted, LIVES: sighting.lives, "tracing_hard": case.get("tracing_hard"), "same_county": False}


def judged(zones: Zones, sighting: Sighting, case: Mapping[str, Any]) -> tuple[str, str] | None:
    """The level that a sighting gives its place, and the fact that decided it; None where it gives none."""
    facts = facts_of(zones, sighting, case)
    found = protocols.zone_level(zones, facts)
    if found is None:
        return None
    level, _why = found
    for fact in _FACTS:  # the fact without which the level would not be reached
        if facts.get(fact) and not level.when.judge({**facts, **dict.fromkeys(_FACTS, False)}):
            alone = {**facts, **dict.fromkeys(_FACTS, False), fact: True}
            if level.when.judge(alone):
                return level.key, fact
    return level.key, next((fact for fact in _FACTS if facts.get(fact)), "")


def together(
    findings: Sequence[Finding], hood: Callable[[str], str], joined: Callable[[str, str], bool]
) -> list[list[Finding]]:
    """Findings of one level as areas: those of the same unit, and of units that are joined (one compound, or side by side).

    `hood` is the community of a unit: units of different ones are never joined, so that a zone does not creep through a town.
    The groups come in the order of their first findings, and so do the findings within.
    """
    keys = list(dict.fromkeys(one.key for one in findings))
    root = {one: one for one in keys}

    def top(one: str) -> str:
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    near: dict[str, list[str]] = {}
    for one in keys:
        mates = near.setdefault(hood(one), [])
        for other in mates:
            if top(one) != top(other) and joined(one, other):
                root[top(one)] = top(other)
        mates.append(one)
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(top(finding.key), []).append(finding)
    return list(groups.values())


def strictest(zones: Zones, findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Findings by level, the strictest level first."""
    by_level: dict[str, list[Finding]] = {}
    for one in findings:
        by_level.setdefault(one.level, []).append(one)
    return {level.key: by_level[level.key] for level in zones.levels if level.key in by_level}
