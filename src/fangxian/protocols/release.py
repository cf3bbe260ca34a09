"""Whether a duty may end: time served, own tests, and, where the guideline says so, another person's tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from fangxian.text import Text

from .citation import Cited
from .conditions import ALWAYS, limits, unmet
from .duty import DutyRule, Need, ReleaseRule
from .judging import Verdict
from .planning import resolve
from .vocabulary import terms

_NO_STEPS = Text("没有可供核对的记录", "no record to go by")


@dataclass(frozen=True)
class StepFact:
    """What is known of a step. ``state`` is "done" or "waived"; anything else is open."""

    key: str
    state: str
    done_at: datetime | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


def release_verdict(
    rule: DutyRule,
    anchors: Mapping[str, datetime],
    steps: Sequence[StepFact],
    related: Mapping[str, Sequence[StepFact]],
    now: datetime,
    tz: tzinfo,
) -> Verdict:
    """Whether the duty may be released now, everything that is missing, and the earliest time the clock allows.

    ``related``: the steps of related subjects by relation, ``contact`` for the close contact behind a contact of
    contact; several of one relation are ``contact:1``, ``contact:2`` … and each must meet the need. Steps come in the
    order of the plan. Waived steps, days that lapsed before the subject was known among them, need no evidence, but a
    need is never met by waived steps alone.
    """
    release = rule.release
    if release is None:
        missing = tuple(
            Text(f"“{rule.step(s.key).name.zh}”未完成", f"{rule.step(s.key).name.en} is not done")
            for s in steps
            if s.state not in ("done", "waived")
        )
        return Verdict(not missing, missing, None, ())
    done = {step.key: step.done_at for step in steps if step.state == "done" and step.done_at}
    _, clock = rule.timetable.spans(rule.timetable.clock(anchors, done), tz)
    at, found = _time_served(rule, release, clock, now, tz)
    for need in release.needs:
        found += _missing(rule, need, steps, related)
    if release.where is not ALWAYS:
        found += unmet(release.where, latest_evidence(steps))
    return Verdict(not found, tuple(found), at, tuple(_cited(release)))


def release_time(
    rule: DutyRule, anchors: Mapping[str, datetime], *, done: Mapping[str, datetime], tz: tzinfo
) -> datetime | None:
    """The earliest time at which the clock allows the release; None while it is not known, or the rule sets no time."""
    if rule.release is None or rule.release.after is None:
        return None
    _, clock = rule.timetable.spans(rule.timetable.clock(anchors, done), tz)
    return resolve(rule.release.after, clock, tz)


def latest_evidence(steps: Sequence[StepFact]) -> dict[str, Any]:
    """All evidence of the steps done, the latest value of each field."""
    merged: dict[str, Any] = {}
    finished = [step for step in steps if step.state == "done" and step.done_at is not None]
    for step in sorted(finished, key=lambda step: step.done_at):  # type: ignore[arg-type,return-value]
        merged.update(step.evidence)
    return merged


def _time_served(
    rule: DutyRule, release: ReleaseRule, clock: Mapping[str, datetime | None], now: datetime, tz: tzinfo
) -> tuple[datetime | None, list[Text]]:
    if release.after is None:
        return None, []
    at = resolve(release.after, clock, tz)
    what = rule.say(release.after)
    if at is None:
        return None, [Text(f"期限无法计算：{what.zh}不详", f"the time cannot be told: {what.en} is not known")]
    if now >= at:
        return at, []
    shown = f"{at:%Y-%m-%d %H:%M}"
    return at, [Text(f"未到 {shown}（{what.zh}）", f"not before {shown} ({what.en})")]


def _missing(
    rule: DutyRule, need: Need, steps: Sequence[StepFact], related: Mapping[str, Sequence[StepFact]]
) -> Iterator[Text]:
    if need.of is None:
        yield from _missing_of(need, steps, lambda key: rule.step(key).name)
        return
    groups = [found for relation, found in related.items() if relation.partition(":")[0] == need.of]
    who = terms("subjects")[need.of]
    if not groups:
        yield Text(f"{need.name.zh}：没有相关{who.zh}的记录", f"{need.name.en}: no record of the related {who.en}")
    for group in groups:
        yield from _missing_of(need, group, lambda key: need.name)


def _missing_of(need: Need, steps: Sequence[StepFact], name: Any) -> Iterator[Text]:
    wanted = [s for s in steps if s.key == need.steps or s.key.startswith(need.steps + ".")]
    alive = [step for step in wanted if step.state != "waived"]
    if need.first:
        alive = alive[: int(need.first.number)]
    if need.last:
        alive = alive[-int(need.last.number) :]
    count = need.first or need.last
    short = int(count.number) - len(alive) if count else 0 if alive else 1
    if short > 0:
        what = _NO_STEPS if not alive else Text(f"还差 {short} 次", f"{short} more needed")
        yield Text(f"{need.name.zh}：{what.zh}", f"{need.name.en}: {what.en}")
    for step in alive:
        if step.state != "done":
            yield _labelled(name(step.key), step.key, Text("未完成", "not done"))
            continue
        for text in unmet(need.where, step.evidence):
            yield _labelled(name(step.key), step.key, Text(f"不符合“{text.zh}”", f"does not show {text.en!r}"))


def _labelled(name: Text, key: str, what: Text) -> Text:
    day = key.rpartition(".d")[2]
    number = Text(f"第 {day} 天", f" day {day}") if day.isdecimal() else Text("", "")
    return Text(f"{name.zh}{number.zh}：{what.zh}", f"{name.en}{number.en}: {what.en}")


def _cited(release: ReleaseRule) -> Iterator[Cited]:
    if release.cite:
        yield release.cite
    if release.after:
        yield release.after.offset
    yield from limits(release.where)
    for need in release.needs:
        yield from (cited for cited in (need.cite, need.first, need.last) if cited)
