"""How a zone stands against the rules by which it comes down: pure. The day counts, not the hour (连续 N 天).

Day 0 is the day of the last infection inside, or the day the zone was drawn, whichever came later: so a rule of seven days is
met on the seventh day after it and never before.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from fangxian.containment.zones.schemas import LiftPart, LiftStatus
from fangxian.protocols import Condition, LiftRule, Pack
from fangxian.protocols.conditions import AtLeast, Chosen, Compares, Holds, limits
from fangxian.protocols.vocabulary import units
from fangxian.text import Text

#: As far ahead as the first possible day is looked for. Beyond it nothing but time is not what is missing.
HORIZON = 60


@dataclass(frozen=True, slots=True)
class Round:
    """A testing round of a zone: its day, whether anybody was positive, whether everybody was tested."""

    day: date
    positive: bool
    complete: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rules ask of a zone, as dates.

    `last_contact` is the day on which the last close contact of its cases was last exposed, None where there is no contact:
    then the cases' own last day stands for it, and there is nobody left to test.
    """

    level: str
    drawn: date
    level_since: date
    downgraded: bool
    infections: tuple[date, ...] = ()
    rounds: tuple[Round, ...] = ()
    last_contact: date | None = None
    contact_negative: bool | None = None
    others_lifted: bool = False

    @property
    def day_zero(self) -> date:
        """The day from which days without an infection count. A positive in a round is an infection."""
        positive = [one.day for one in self.rounds if one.positive]
        return max([self.drawn, *self.infections, *positive])

    @property
    def clean_round(self) -> date | None:
        """The day of the latest round in which everybody was tested and negative, after day 0 and after every positive round."""
        clean = [one.day for one in self.rounds if one.complete and not one.positive and one.day > self.day_zero]
        return max(clean, default=None)


def facts_on(standing: Standing, day: date) -> dict[str, Any]:
    """The facts of the vocabulary on a day; those that are not known are left out. Rounds and infections after it do not count."""
    seen = replace(
        standing,
        infections=tuple(one for one in standing.infections if one <= day),
        rounds=tuple(one for one in standing.rounds if one.day <= day),
    )
    zero, clean = seen.day_zero, seen.clean_round
    facts: dict[str, Any] = {
        "days_without_infection": (day - zero).days,
        "days_in_level": (day - seen.level_since).days,
        "downgraded": seen.downgraded,
        "others_lifted": seen.others_lifted,
        "last_contact_days": (day - (seen.last_contact or zero)).days,
        "last_contact_negative": True if seen.last_contact is None else seen.contact_negative,
        "zone_level": seen.level,
    }
    if clean is not None:
        facts["negative_round_day"] = (clean - zero).days
        facts["negative_round_age"] = (day - clean).days
    return {name: value for name, value in facts.items() if value is not None}


def status(pack: Pack, standing: Standing, today: date) -> tuple[LiftStatus, ...]:
    """Every way down that is in use from the level, with what holds, what is missing, and the first day on which it could be met."""
    facts = facts_on(standing, today)
    assert pack.zones is not None, "a zone is under a guideline that has zones"
    found = []
    for rule, verdict in pack.zone_lift(standing.level, facts):
        to = pack.zones.level(rule.to).name if rule.to else Text("解除", "lifted")
        parts = tuple(_part(item, facts) for item in _items(rule.when))
        missing = tuple(_missing(one) for one in parts if one.met is not True)
        cited = rule.cite
        clause = Text(cited.explain("zh"), cited.explain("en"))
        grade = max([cited, *limits(rule.when)], key=lambda one: "ABCG".index(one.grade)).grade
        earliest = today if verdict.met else _earliest(rule, standing, today)
        found.append(
            LiftStatus(rule.key, rule.name, rule.to or "", to, verdict.met, parts, missing, earliest, clause, grade)
        )
    return tuple(found)


def best(found: Sequence[LiftStatus]) -> LiftStatus | None:
    """The way down that is open, else the one that can be met first, else the first there is."""
    return min(found, key=lambda one: (not one.met, one.earliest or date.max), default=None)


def _earliest(rule: LiftRule, standing: Standing, today: date) -> date | None:
    """The first day on which the rule is met if nothing new happens and a round held on that very day is all negative."""
    for ahead in range(HORIZON + 1):
        day = today + timedelta(days=ahead)
        held = replace(standing, rounds=(*standing.rounds, Round(day, positive=False, complete=True)))
        facts = facts_on(held, day)
        if facts.get("last_contact_negative") is not False:
            facts["last_contact_negative"] = True
        if rule.when.judge(facts):
            return day
    return None


def _items(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, AtLeast) and condition.count == len(condition.items):
        for item in condition.items:
            yield from _items(item)
    else:
        yield condition


def _part(item: Condition, facts: Mapping[str, Any]) -> LiftPart:
    fact = item.fact.key if isinstance(item, Holds | Chosen | Compares) else ""
    now = None
    if isinstance(item, Compares) and (value := facts.get(fact)) is not None:
        name = units()[item.fact.unit].name if item.fact.unit else Text("", "")
        now = Text(f"{value} {name.zh}", f"{value} {name.en}")
    return LiftPart(fact, item.text, item.judge(facts), now)


def _missing(part: LiftPart) -> Text:
    if part.now is not None:
        return Text(f"{part.text.zh}（现 {part.now.zh}）", f"{part.text.en} (now {part.now.en})")
    if part.met is None:
        return Text(f"{part.text.zh}（尚无记录）", f"{part.text.en} (not on record yet)")
    return part.text
