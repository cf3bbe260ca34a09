"""When a round is followed by another, and when it is enough (连续清零、间隔、再做一轮). Pure: rounds in, proposal out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from fangxian.laboratory.rounds.schemas import RoundProposal
from fangxian.text import Text


@dataclass(frozen=True, slots=True)
class Stopping:
    """The rule of a pack: `clean` rounds in a row without a positive; then, with a `pause` (days), one more after it; days from
    round to round (`every`); and the share of the roll that must be covered for a round to count."""

    clean: int
    pause: int | None
    every: int
    covered: float
    source: str
    grade: str


@dataclass(frozen=True, slots=True)
class Held:
    """A round that was held: its last day (None while it is under way), positives, people whose result is still open, coverage."""

    number: int
    day: date | None
    positives: int
    waiting: int
    share: float


def judge(rounds: Sequence[Held], rule: Stopping) -> RoundProposal:
    """What follows the rounds held so far, the first one first. A stop is proposed when the rule is met, and never before."""
    if not rounds:
        return _said("wait", None, rule, Text("尚无一轮检测。", "No round has been held."))
    last = rounds[-1]
    if last.day is None:
        return _said("wait", None, rule, Text(f"第 {last.number} 轮尚未结束。", f"Round {last.number} is not over."))
    if last.waiting:
        return _said(
            "wait", None, rule,
            Text(f"第 {last.number} 轮尚有 {last.waiting} 人未出结果。", f"Round {last.number}: {last.waiting} wait for a result."),
        )  # fmt: skip
    row = _in_a_row(rounds, rule)
    if not row:
        return _said("next", last.day + timedelta(days=rule.every), rule, _not_clean(last, rule), _every(rule))
    told = Text(
        f"已连续 {len(row)} 轮无阳性（规则要求 {rule.clean} 轮）。",
        f"{len(row)} in a row without a positive; the rule wants {rule.clean}.",
    )
    if len(row) < rule.clean:
        return _said("next", last.day + timedelta(days=rule.every), rule, told, _every(rule))
    if rule.pause is None:
        return _said("stop", last.day, rule, told)
    reached = row[rule.clean - 1].day
    assert reached is not None, "only rounds that are over count"
    after = reached + timedelta(days=rule.pause)
    if any(one.day is not None and one.day >= after for one in row[rule.clean :]):
        more = Text(
            f"间隔 {rule.pause} 天后又一轮无阳性。", f"One more, {rule.pause} days after, was without a positive too."
        )
        return _said("stop", last.day, rule, told, more)
    pause = Text(f"停 {rule.pause} 天后再做一轮。", f"A pause of {rule.pause} days, then one more round.")
    return _said("next", after, rule, told, pause)


def clean_so_far(rounds: Sequence[Held], rule: Stopping) -> int:
    """How many rounds in a row, up to the last one that is over, were without a positive."""
    return len(_in_a_row([one for one in rounds if one.day is not None], rule))


def _in_a_row(rounds: Sequence[Held], rule: Stopping) -> list[Held]:
    row: list[Held] = []
    for one in reversed(rounds):
        if one.day is None or one.positives or one.waiting or one.share < rule.covered:
            break
        row.append(one)
    return row[::-1]


def _not_clean(last: Held, rule: Stopping) -> Text:
    if last.positives:
        return Text(
            f"第 {last.number} 轮有 {last.positives} 名阳性。",
            f"Round {last.number} has {last.positives} positive{'s' * (last.positives > 1)}.",
        )
    return Text(
        f"第 {last.number} 轮覆盖 {last.share:.1%}，不足 {rule.covered:.0%}，不计入无阳性轮次。",
        f"Round {last.number} covered {last.share:.1%}, less than {rule.covered:.0%}: it does not count.",
    )


def _every(rule: Stopping) -> Text:
    return Text(f"每 {rule.every} 天一轮。", f"A round every {rule.every} day{'s' * (rule.every > 1)}.")


def _said(what: str, on: date | None, rule: Stopping, *why: Text) -> RoundProposal:
    return RoundProposal(what, on, why, rule.source, rule.grade)
