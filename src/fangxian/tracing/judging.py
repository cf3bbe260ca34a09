"""What the pack says of an exposure: which category, by which clause, and whether it lies in the infectious window.

The edition is that of the place which investigates (the case's), and is kept by reference: the same question can be asked of
the same edition years later, and gets the same answer in both languages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.errors import Invalid
from fangxian.duties import packs
from fangxian.protocols import ExposureVerdict, Pack, Text, Window, conditions

CASE, CONTACT = "case", "contact"
MINUTES = "minutes"
#: Facts that follow from the times on record; whoever fills in a form does not give them.
TIMING = frozenset({"in_window", "is_ill_during"})


@dataclass(frozen=True, slots=True)
class Source:
    """Whom somebody was exposed to: a case (ring 1), or a contact of one (ring 2), as far as judging asks."""

    kind: str
    id: int
    code: str
    outbreak_id: int
    person_id: int
    area: str
    pack: str
    onset: date | None = None
    window: Window | None = None
    #: A case that was ruled out: exposures to it stay on record and count for nothing.
    is_void: bool = False

    @property
    def ring(self) -> int:
        return 1 if self.kind == CASE else 2

    @property
    def edition(self) -> Pack:
        return packs.pack(self.pack, self.area)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The category (empty: not a contact by this exposure) with its rank (0 is the strictest), ring, basis and reasons."""

    category: str
    rank: int
    ring: int
    basis: str
    why: Text
    missing: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


#: Ranks behind every category of any pack.
NO_RANK = 1000


def judge(
    source: Source, known: Mapping[str, Any], from_at: datetime | None, to_at: datetime | None, ref: str = ""
) -> Judgement:
    """Judge one exposure by the edition in force where its source is investigated; `ref`: which that is, if it is known."""
    told = {key: value for key, value in known.items() if key not in TIMING} | timing(source, from_at, to_at)
    ref = ref or packs.reference(source.edition)
    if source.is_void:
        why = Text("所暴露的病例已排除", "the case was ruled out")
        return Judgement("", NO_RANK, source.ring, ref, why, facts=told)
    if told.get("in_window") is False and source.window is not None:
        return Judgement("", NO_RANK, source.ring, ref, _outside(source.window), facts=told)
    return _judgement(ref, source.ring, tuple(sorted(told.items())))


@lru_cache(maxsize=20_000)
def _judgement(ref: str, ring: int, items: tuple[tuple[str, Any], ...]) -> Judgement:
    if not asks(ref, MINUTES):  # then stories that differ in them alone are judged once
        verdict = verdict_of(ref, ring, tuple([one for one in items if one[0] != MINUTES]))
    else:
        verdict = verdict_of(ref, ring, items)
    told = dict(items)
    if verdict.category is None or verdict.criterion is None:
        return Judgement("", NO_RANK, ring, ref, verdict.why, verdict.missing, told)
    category = verdict.category.key
    basis = f"{ref} {category}.{verdict.criterion.key}"
    return Judgement(category, rank(ref, category), ring, basis, verdict.why, verdict.missing, told)


@lru_cache(maxsize=20_000)
def verdict_of(ref: str, ring: int, items: tuple[tuple[str, Any], ...]) -> ExposureVerdict:
    """The verdict of a kept edition on these facts; rows of an import that tell the same story are judged once."""
    return packs.by_reference(ref).classify_exposure(dict(items), ring)


@lru_cache(maxsize=64)
def asks(ref: str, fact: str) -> bool:
    """Whether an edition asks about a fact when it judges exposures."""
    rules = packs.by_reference(ref).exposure
    wanted = (
        conditions.every(category.requires, criterion.when)
        for category in (rules.categories if rules else ())
        for criterion in category.criteria
    )
    return any(conditions.asks(one, fact) for one in wanted)


def rank(ref: str, category: str) -> int:
    """How strict a category is: its place in the edition's order of precedence, 0 first."""
    rules = packs.by_reference(ref.partition(" ")[0]).exposure
    keys = [one.key for one in rules.categories] if rules else []
    return keys.index(category) if category in keys else NO_RANK


def category_of(ref: str, known: Mapping[str, Any]) -> str:
    """The category into which these facts alone put somebody who was exposed to a case; "" for none."""
    verdict = verdict_of(ref, 1, tuple(sorted(known.items())))
    return verdict.category.key if verdict.category else ""


def timing(source: Source, from_at: datetime | None, to_at: datetime | None) -> dict[str, bool]:
    """The facts that follow from the times. What cannot be told is left out, so that it counts as unknown."""
    start, end = from_at or to_at, to_at or from_at
    if start is None or end is None:
        return {}
    told = {}
    if source.window is not None:
        told["in_window"] = end >= source.window.start and (source.window.end is None or start <= source.window.end)
    if (ill := ill_from(source)) is not None:
        told["is_ill_during"] = end >= ill
    return told


def ill_from(source: Source) -> datetime | None:
    """From when on a case was ill, as far as it is known; None of a contact."""
    return clock.local_midnight(source.onset) if source.kind == CASE and source.onset is not None else None


def span(from_at: datetime | None, to_at: datetime | None, day: date | None) -> tuple[datetime | None, datetime | None]:
    """The times of a form as two instants, checked. A day is all of it, as far as it has passed."""
    now = clock.now()
    if day is not None:
        if from_at is not None or to_at is not None:
            raise Invalid(_("Give either the day or the times."), remedy=_("Leave one of them empty."), field="day")
        if day > clock.today():
            raise Invalid(_("This lies in the future."), remedy=_("Give the day on which it happened."), field="day")
        from_at = clock.local_midnight(day)
        return from_at, min(now, from_at + clock.DAY - timedelta(seconds=1))
    for name, value in (("from_at", from_at), ("to_at", to_at)):
        if value is None:
            continue
        if value.tzinfo is None:
            raise Invalid(_("A time needs a time zone."), remedy=_("Write it like 2026-01-31T14:30+08:00."), field=name)
        if value > now + timedelta(minutes=1):
            raise Invalid(_("This lies in the future."), remedy=_("Give the time at which it happened."), field=name)
    if from_at is not None and to_at is not None and to_at < from_at:
        raise Invalid(_("It ends before it begins."), remedy=_("Check both times."), field="to_at")
    return from_at, to_at


def _outside(window: Window) -> Text:
    zone = clock.zone()
    start = f"{window.start.astimezone(zone):%Y-%m-%d}"
    end = f"{window.end.astimezone(zone):%Y-%m-%d %H:%M}" if window.end else ""
    return Text(
        f"不在传染期内（{start} 至 {end or '今'}）", f"outside the infectious window ({start} to {end or 'now'})"
    )
