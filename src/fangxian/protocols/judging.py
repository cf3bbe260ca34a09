"""Judgements that a pack makes: the class of a case, the category of an exposure, whether a zone may be lifted.

Every judgement brings its reasons, its citation, and the facts that were not known and could change it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, tzinfo

from fangxian.text import Text, listed

from .citation import Cited
from .conditions import Facts, every, limits, unmet
from .planning import resolve
from .rules import CaseClass, Category, CodeRule, Criterion, Exposure, InfectiousWindow, LiftRule, ZoneLevel, Zones


@dataclass(frozen=True)
class Classification:
    """``case_class``: the key of the definition met, None when none is. ``missing``: facts still worth asking."""

    case_class: str | None
    why: Text
    cited: tuple[Cited, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class ExposureVerdict:
    """``category`` is None when the facts known so far put the person into no category."""

    category: Category | None
    criterion: Criterion | None
    why: Text
    cited: tuple[Cited, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Window:
    """An infectious window in local time; ``end`` is None while it is still open."""

    start: datetime
    end: datetime | None
    cited: tuple[Cited, ...]


@dataclass(frozen=True)
class Verdict:
    """Whether a release or a lift is allowed; what is ``missing``; ``at``: the earliest time, as far as it is known."""

    met: bool
    missing: tuple[Text, ...]
    at: datetime | None
    cited: tuple[Cited, ...]


@dataclass(frozen=True)
class CodeState:
    """A health-code colour with the rule that gives it."""

    rule: CodeRule
    why: Text
    cited: tuple[Cited, ...]
    missing: tuple[str, ...]


def classify_case(definitions: Sequence[CaseClass], facts: Facts) -> Classification:
    """The first definition that holds; packs list the most certain class first.

    ``missing`` names the facts that could still lead to a class before the one found.
    """
    missing: dict[str, None] = {}
    for definition in definitions:
        if definition.when.judge(facts):
            why = listed(definition.when.reasons(facts)) or definition.name
            return Classification(
                definition.key,
                _because(definition.name, why),
                (definition.cite, *limits(definition.when)),
                tuple(missing),
            )
        missing.update(dict.fromkeys(definition.when.missing(facts)))
    return Classification(None, Text("不符合任何病例定义", "meets no case definition"), (), tuple(missing))


def classify_exposure(exposure: Exposure | None, facts: Facts, ring: int = 1) -> ExposureVerdict:
    """The first category of the ring that applies. Facts that are unknown count as the pack assumes, if it does."""
    missing: dict[str, None] = {}
    known = dict(facts)
    for key, assumed in (exposure.assume if exposure else {}).items():
        if known.get(key) is None:
            known[key] = assumed.value
    for category in exposure.categories if exposure else ():
        if category.ring != ring or not category.is_on:
            continue
        for criterion in category.criteria:
            if every(category.requires, criterion.when).judge(known):
                cited = (criterion.cite or category.cite, *limits(criterion.when), *limits(category.requires))
                return ExposureVerdict(
                    category, criterion, _because(category.name, criterion.name), cited, tuple(missing)
                )
        for criterion in category.criteria:
            missing.update(dict.fromkeys(every(category.requires, criterion.when).missing(known)))
    return ExposureVerdict(
        None, None, Text("不符合任何接触类别", "falls into no exposure category"), (), tuple(missing)
    )


def infectious_window(
    windows: Sequence[InfectiousWindow], facts: Facts, anchors: Mapping[str, datetime], tz: tzinfo
) -> Window | None:
    """The first window that applies and whose beginning is known. Days before count from the start of that day."""
    for window in windows:
        if not window.when.judge(facts):
            continue
        start = resolve(window.from_, anchors, tz)
        if start is None:
            continue
        if window.from_.in_days:
            start = datetime.combine(start.date(), time(0, tzinfo=tz))
        end = resolve(window.to, anchors, tz) if window.to else None
        cited = (window.from_.offset, *((window.to.offset,) if window.to else ()))
        return Window(start, end, cited)
    return None


def zone_facts(zones: Zones, facts: Facts) -> tuple[dict[str, bool], tuple[Cited, ...]]:
    """What a case's stays at a place count as (active, stayed), with the limits that decided it.

    ``facts``: stay_minutes and stay_visits in the infectious window. A fact whose counting rule is not met is False; one that
    the guideline does not count is left out, hence unknown.
    """
    found: dict[str, bool] = {}
    cited: list[Cited] = []
    for rule in zones.counting:
        verdict = rule.when.judge(facts)
        if verdict is not None:
            found[rule.key] = verdict
        if verdict:
            cited += [*([rule.cite] if rule.cite else []), *limits(rule.when)]
    return found, tuple(cited)


def zone_level(zones: Zones, facts: Facts) -> tuple[ZoneLevel, Text] | None:
    """The strictest level in use whose rule holds, with what made it hold; None where none does."""
    for level in zones.levels:
        if level.is_on and level.when.judge(facts):
            return level, listed(level.when.reasons(facts)) or level.name
    return None


def zone_lift(rule: LiftRule, facts: Facts) -> Verdict:
    """Whether a zone may pass to the lower level, and every condition that is not met yet."""
    missing = unmet(rule.when, facts)
    return Verdict(not missing, missing, None, (rule.cite, *limits(rule.when)))


def code_state(rules: Sequence[CodeRule], facts: Facts) -> CodeState | None:
    """The first colour whose rule holds; rules come with the strictest first and end with one that always holds."""
    missing: dict[str, None] = {}
    for rule in rules:
        if rule.when.judge(facts):
            reasons = listed(rule.when.reasons(facts))
            return CodeState(
                rule,
                _because(rule.name, reasons) if reasons.zh else rule.name,
                (rule.cite, *limits(rule.when)),
                tuple(missing),
            )
        missing.update(dict.fromkeys(rule.when.missing(facts)))
    return None


def _because(name: Text, why: Text) -> Text:
    return Text(f"{name.zh}：{why.zh}", f"{name.en}: {why.en}")
