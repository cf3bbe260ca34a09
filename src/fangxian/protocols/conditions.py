"""Conditions over named facts, with three answers: yes, no, and not known yet.

Kleene's logic: a fact that is missing (or None) is unknown, never false, so that a verdict can say which
questions are still worth asking.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fangxian.text import Text, listed

from .citation import Cited
from .vocabulary import Fact

Facts = Mapping[str, Any]
SIGNS: Mapping[str, tuple[str, Callable[[float, float], bool]]] = {
    ">=": ("≥", operator.ge),
    "<=": ("≤", operator.le),
    ">": (">", operator.gt),
    "<": ("<", operator.lt),
    "=": ("=", operator.eq),
}


@dataclass(frozen=True, slots=True)
class _AboutFact:
    fact: Fact

    def missing(self, facts: Facts) -> tuple[str, ...]:
        """The unknown facts that could still decide the matter."""
        return () if self.judge(facts) is not None else (self.fact.key,)

    def judge(self, facts: Facts) -> bool | None:
        """True, False, or None when the fact is not known."""
        value = facts.get(self.fact.key)
        return None if value is None else bool(value)

    def reasons(self, facts: Facts) -> tuple[Text, ...]:
        """The statements that make it true."""
        return (self.text,)

    @property
    def text(self) -> Text:
        """As a person would say it."""
        return self.fact.name


@dataclass(frozen=True, slots=True)
class Holds(_AboutFact):
    """A yes/no fact."""

    def __str__(self) -> str:
        return self.fact.key


@dataclass(frozen=True, slots=True)
class Chosen(_AboutFact):
    """A choice that is one of certain values."""

    values: tuple[str, ...]

    def judge(self, facts: Facts) -> bool | None:
        """True, False, or None when the fact is not known."""
        value = facts.get(self.fact.key)
        return None if value is None else str(value) in self.values

    @property
    def text(self) -> Text:
        """As a person would say it: 场景：教室或宿舍."""
        chosen = listed([self.fact.values[key] for key in self.values], "或", " or ")
        return Text(f"{self.fact.name.zh}：{chosen.zh}", f"{self.fact.name.en}: {chosen.en}")

    def __str__(self) -> str:
        return f"{self.fact.key} {'=' if len(self.values) == 1 else 'in'} {'|'.join(self.values)}"


@dataclass(frozen=True, slots=True)
class Compares(_AboutFact):
    """A number against a cited limit in the same unit."""

    sign: str
    limit: Cited

    def judge(self, facts: Facts) -> bool | None:
        """True, False, or None when the fact is not known or is not a number."""
        try:
            value = float(facts[self.fact.key])
        except (KeyError, TypeError, ValueError):
            return None
        return SIGNS[self.sign][1](value, self.limit.number)

    @property
    def text(self) -> Text:
        """As a person would say it: 距离 ≤ 1 米."""
        sign, limit = SIGNS[self.sign][0], self.limit.text
        return Text(f"{self.fact.name.zh} {sign} {limit.zh}", f"{self.fact.name.en} {sign} {limit.en}")

    def __str__(self) -> str:
        return f"{self.fact.key} {self.sign} {self.limit.value} {self.limit.unit}"


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary."""

    item: Condition

    def judge(self, facts: Facts) -> bool | None:
        """The contrary; unknown stays unknown."""
        verdict = self.item.judge(facts)
        return None if verdict is None else not verdict

    def missing(self, facts: Facts) -> tuple[str, ...]:
        """The unknown facts that could still decide the matter."""
        return self.item.missing(facts)

    def reasons(self, facts: Facts) -> tuple[Text, ...]:
        """The statements that make it true."""
        return (self.text,)

    @property
    def text(self) -> Text:
        """As a person would say it."""
        return Text(f"非“{self.item.text.zh}”", f"not ({self.item.text.en})")

    def __str__(self) -> str:
        return f"not {self.item}" if isinstance(self.item, _AboutFact) else f"not ({self.item})"


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least ``count`` of several. "All of" and "any of" are its two ends."""

    count: int
    items: tuple[Condition, ...]
    cited: Cited | None = None  # set when the guideline gives the number, as in "any two of"

    def judge(self, facts: Facts) -> bool | None:
        """True once enough hold, False once enough cannot hold any more, None in between."""
        verdicts = [item.judge(facts) for item in self.items]
        if verdicts.count(True) >= self.count:
            return True
        return None if len(verdicts) - verdicts.count(False) >= self.count else False

    def missing(self, facts: Facts) -> tuple[str, ...]:
        """The unknown facts that could still decide the matter."""
        if self.judge(facts) is not None:
            return ()
        open_items = [item for item in self.items if item.judge(facts) is None]
        return tuple(dict.fromkeys(key for item in open_items for key in item.missing(facts)))

    def reasons(self, facts: Facts) -> tuple[Text, ...]:
        """The statements that make it true."""
        return tuple(text for item in self.items if item.judge(facts) for text in item.reasons(facts))

    @property
    def text(self) -> Text:
        """As a person would say it."""
        parts = [_bracketed(item) for item in self.items]
        if not parts:
            return Text("始终", "always")
        if self.count == len(parts):
            return listed(parts, " 且 ", " and ")
        if self.count == 1:
            return listed(parts, " 或 ", " or ")
        inner = listed(parts)
        return Text(f"以下至少 {self.count} 项（{inner.zh}）", f"at least {self.count} of ({inner.en})")

    def __str__(self) -> str:
        inner = ", ".join(map(str, self.items))
        word = "all" if self.count == len(self.items) else "any" if self.count == 1 else f"at least {self.count}"
        return f"{word} of ({inner})"


Condition = Holds | Chosen | Compares | Not | AtLeast
ALWAYS = AtLeast(0, ())


def _bracketed(item: Condition) -> Text:
    if not isinstance(item, AtLeast) or 1 < item.count < len(item.items):
        return item.text
    return Text(f"（{item.text.zh}）", f"({item.text.en})")


def every(*items: Condition) -> Condition:
    """All of them."""
    return items[0] if len(items) == 1 else AtLeast(len(items), items)


def unmet(condition: Condition, facts: Facts) -> tuple[Text, ...]:
    """The statements that still have to become true, one for each part of an "all"."""
    if condition.judge(facts):
        return ()
    if isinstance(condition, AtLeast) and condition.count == len(condition.items):
        return tuple(text for item in condition.items for text in unmet(item, facts))
    unknown = condition.missing(facts)
    tail = Text("（尚不清楚）", " (not known)") if unknown else Text("", "")
    return (condition.text.joined(tail),)


def limits(condition: Condition) -> tuple[Cited, ...]:
    """Every cited number inside a condition."""
    match condition:
        case Compares(limit=Cited() as limit):
            return (limit,)
        case Not(item=item):
            return limits(item)
        case AtLeast(items=items, cited=cited):
            below = tuple(limit for item in items for limit in limits(item))
            return (cited, *below) if cited else below
    return ()


def reached(condition: Condition, fact: str) -> tuple[Cited, ...]:
    """The cited numbers inside a condition that a fact has to reach, or to exceed."""
    match condition:
        case Compares(sign=">=" | ">", limit=Cited() as limit) if condition.fact.key == fact:
            return (limit,)
        case AtLeast(items=items):
            return tuple(limit for item in items for limit in reached(item, fact))
    return ()


def asks(condition: Condition, fact: str) -> bool:
    """Whether a condition mentions a fact at all."""
    match condition:
        case Not(item=item):
            return asks(item, fact)
        case AtLeast(items=items):
            return any(asks(item, fact) for item in items)
    return condition.fact.key == fact
