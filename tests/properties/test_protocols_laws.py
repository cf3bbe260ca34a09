"""Laws of planning, judging, reading and overlays that hold for every pack and every clock."""

from __future__ import annotations

import itertools
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fangxian import protocols
from fangxian.protocols import DutyRule, PackError, StepFact
from fangxian.protocols.conditions import ALWAYS, AtLeast, Condition, Holds, Not, unmet
from fangxian.protocols.vocabulary import Fact, terms

PACKS = [protocols.load(info.id) for info in protocols.available()]
RULES = [rule for pack in PACKS for rule in pack.duties.values()]
ZONES = [
    ZoneInfo(name) for name in ("Asia/Shanghai", "Asia/Seoul", "Europe/Berlin", "America/New_York", "Africa/Monrovia")
]

rules = st.sampled_from(RULES)
rules_that_release = st.sampled_from([rule for rule in RULES if rule.release is not None])
zones = st.sampled_from(ZONES)
moments = st.datetimes(datetime(2019, 1, 1), datetime(2026, 1, 1), timezones=st.sampled_from([UTC, *ZONES]))


@st.composite
def clocks(draw: st.DrawFn) -> dict[str, datetime]:
    """Some of the anchors, each at any time."""
    names = draw(st.sets(st.sampled_from(sorted(terms("anchors")))))
    return {name: draw(moments) for name in names}


full_clocks = st.fixed_dictionaries(dict.fromkeys(terms("anchors"), moments))


@given(rules, clocks(), zones)
def test_a_plan_is_numbered_unique_and_complete(rule: DutyRule, anchors: dict[str, datetime], zone: ZoneInfo) -> None:
    steps = protocols.plan(rule, anchors, tz=zone)
    assert [step.number for step in steps] == list(range(len(steps)))
    assert len({step.key for step in steps}) == len(steps)
    fixed = {
        key for step in rule.steps if not (step.daily and not _fixed(rule, step.stage)) for key in _keys(rule, step)
    }
    assert fixed <= {step.key for step in steps}
    for step in steps:
        assert rule.step(step.key).role == step.role
        assert step.due_at is None or step.due_at.tzinfo is zone
        assert step.after is None or rule.step(step.after)


@given(rules, full_clocks, zones)
def test_a_stage_counts_every_day_once_from_one(rule: DutyRule, anchors: dict[str, datetime], zone: ZoneInfo) -> None:
    done = {key: anchors["identified_at"] for step in rule.steps for key in _keys(rule, step)}
    steps = protocols.plan(rule, anchors, done=done, tz=zone)
    for step_rule in rule.steps:
        days = [step for step in steps if step.day and rule.step(step.key) is step_rule]
        numbers = [step.day for step in days]
        if step_rule.daily:
            assert numbers == list(range(1, len(numbers) + 1))
        elif step_rule.on_days:
            assert numbers == list(step_rule.days)
        for one, other in itertools.pairwise(days):
            assert one.due_at and other.due_at and one.day and other.day
            assert (other.due_at.date() - one.due_at.date()).days == other.day - one.day


@given(rules, full_clocks, zones, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_later_anchors_never_make_a_deadline_earlier(
    rule: DutyRule, anchors: dict[str, datetime], zone: ZoneInfo, delay: timedelta
) -> None:
    before = {step.key: step.due_at for step in protocols.plan(rule, anchors, tz=zone)}
    later = {name: at.astimezone(UTC) + delay for name, at in anchors.items()}
    for step in protocols.plan(rule, later, tz=zone):
        was = before.get(step.key)
        if was is not None:
            assert step.due_at is not None
            assert step.due_at.astimezone(UTC) >= was.astimezone(UTC)


@given(rules, clocks(), zones)
def test_knowing_more_only_fills_gaps(rule: DutyRule, anchors: dict[str, datetime], zone: ZoneInfo) -> None:
    full = {name: datetime(2022, 7, 1, tzinfo=UTC) for name in terms("anchors")} | anchors
    known = {step.key: step.due_at for step in protocols.plan(rule, full, tz=zone)}
    for step in protocols.plan(rule, anchors, tz=zone):
        if step.due_at is not None:
            assert known[step.key] == step.due_at


@given(rules, full_clocks, zones)
def test_the_same_instants_in_other_zones_give_the_same_plan(
    rule: DutyRule, anchors: dict[str, datetime], zone: ZoneInfo
) -> None:
    elsewhere = {name: at.astimezone(UTC) for name, at in anchors.items()}
    assert protocols.plan(rule, anchors, tz=zone) == protocols.plan(rule, elsewhere, tz=zone)


@given(rules_that_release, full_clocks, zones, st.data())
def test_nobody_is_released_before_the_time_or_without_what_is_missing(
    rule: DutyRule, anchors: dict[str, datetime], zone: ZoneInfo, data: st.DataObject
) -> None:
    states = st.sampled_from(["done", "open", "waived"])
    evidence = st.fixed_dictionaries({}, optional={"result": st.sampled_from(["negative", "positive"]),
                                                   "symptoms": st.sampled_from(["none", "some"])})  # fmt: skip
    steps = [
        StepFact(step.key, data.draw(states), anchors["identified_at"], data.draw(evidence))
        for step in protocols.plan(rule, anchors, tz=zone)[:12]
    ]
    now = data.draw(moments)
    verdict = protocols.release_verdict(rule, anchors, steps, {}, now, zone)
    assert verdict.met is (not verdict.missing)
    if verdict.met and verdict.at is not None:
        assert now >= verdict.at
    if verdict.met:
        later = protocols.release_verdict(rule, anchors, steps, {}, now + timedelta(days=500), zone)
        assert later.met, "time alone never takes a release away"


known_facts = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.sampled_from([True, False, None]))
leaves = st.sampled_from([Holds(Fact(key, protocols.Text(key, key))) for key in "abcd"])


def _several(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    groups = st.lists(inner, min_size=1, max_size=4).flatmap(
        lambda items: st.integers(1, len(items)).map(lambda count: AtLeast(count, tuple(items)))
    )
    return groups | inner.map(Not)


conditions: st.SearchStrategy[Any] = st.recursive(leaves, _several, max_leaves=8)


@given(conditions, known_facts)
def test_an_answer_holds_whatever_the_unknown_turns_out_to_be(
    condition: Condition, known: dict[str, bool | None]
) -> None:
    verdict = condition.judge(known)
    unknown = [key for key in "abcd" if known.get(key) is None]
    outcomes = {
        condition.judge({**known, **dict(zip(unknown, answers, strict=True))})
        for answers in itertools.product([True, False], repeat=len(unknown))
    }
    assert None not in outcomes
    if verdict is not None:
        assert outcomes == {verdict}
        assert condition.missing(known) == ()
    else:
        assert set(condition.missing(known)) <= set(unknown)
        assert condition.missing(known)
    if condition.judge(known):
        assert unmet(condition, known) == ()
    else:
        assert unmet(condition, known)


def test_always_is_true() -> None:
    assert ALWAYS.judge({}) is True
    assert (ALWAYS.text.zh, ALWAYS.text.en) == ("始终", "always")


CHANGES = {
    "infectious/symptomatic/from": "{} d before onset_at (town C)",
    "infectious/asymptomatic/from": "{} d before sampled_at (town C)",
    "duties/contact.observation/stages/home/length": "{} d (town C)",
    "duties/contact.observation/escalate": "{} h (town C)",
    "thresholds/cluster/count": "{} case (town C)",
}


def overlay(name: str, values: dict[str, int]) -> str:
    lines = [
        f"overlay: {name}", "base: covid-19-cn-9", 'edition: "9"', f"name: {{zh: 某市{name}, en: Town {name}}}",
        "status: in_force", 'jurisdictions: ["5105"]', "sources:",
        f"  town-{name}: {{title: {{zh: 规定, en: Rule}}, date: '2022', publisher: {{zh: 市, en: Town}}}}", "set:",
    ]  # fmt: skip
    return "\n".join(
        lines + [f"  {path}: {CHANGES[path].format(n).replace('town', f'town-{name}')}" for path, n in values.items()]
    )


@settings(max_examples=25)  # each example reads whole packs
@given(st.dictionaries(st.sampled_from(sorted(CHANGES)), st.integers(3, 9), min_size=2), st.data())
def test_overlays_that_change_different_values_commute(values: dict[str, int], data: st.DataObject) -> None:
    first = {path: n for path, n in values.items() if data.draw(st.booleans())}
    second = {path: n for path, n in values.items() if path not in first}
    assume(first and second)
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, part in (("one", first), ("two", second)):
            paths.append(Path(folder) / f"{name}.yaml")
            paths[-1].write_text(overlay(name, part), "utf-8")
        there = protocols.load("covid-19-cn-9", *paths)
        back = protocols.load("covid-19-cn-9", *reversed(paths))
    assert there == back
    assert there.version == back.version
    for path, n in values.items():
        assert there.values[path].value == n
    base = protocols.load("covid-19-cn-9")
    assert {path for path in base.values if base.values[path] != there.values[path]} <= set(values)


@settings(max_examples=40)
@given(st.permutations(["a", "b", "c", "d"]), st.integers(0, 3), st.booleans())
def test_a_ring_of_waiting_steps_is_never_accepted(order: list[str], closes: int, as_clock: bool) -> None:
    """A chain of steps is sound whatever the order of the file; closing it into a ring is not."""
    waits = dict(itertools.pairwise(order))
    closed = {**waits, order[-1]: order[closes]}
    for links, sound in ((waits, True), (closed, False)):
        steps = {}
        for key in "abcd":
            on = links.get(key)
            due = f"1 h after step:{on} (G)" if on and as_clock else "1 h after reported_at (G)"
            steps[key] = {
                "name": {"zh": key, "en": key},
                "role": "lab",
                "due": due,
                **({} if as_clock or not on else {"after": on}),
            }
        content = protocols.dump(protocols.load("mers-who"))
        content["duties"] = {"case.review": {**content["duties"]["case.review"], "steps": steps}}
        if sound:
            assert len(protocols.restore(content).duties["case.review"].steps) == 4
        else:
            with pytest.raises(PackError, match="wait for one another"):
                protocols.restore(content)


SCALARS = st.text(max_size=12) | st.sampled_from(
    ["2 h (G)", "daily (G)", "not fever", "stage:x", "always", "- ", "2 d before x (G)"]
)


@given(st.sampled_from(["report", "cases", "infectious", "duties", "exposure", "thresholds", "sources", "facts"]),
       st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
                    max_leaves=6))  # fmt: skip
def test_nonsense_is_refused_and_never_a_traceback(section: str, nonsense: Any) -> None:
    content = {**protocols.dump(protocols.load("measles")), section: nonsense}
    with suppress(PackError):
        protocols.restore(content)


def _fixed(rule: DutyRule, key: str | None) -> bool:
    return any(stage.key == key and stage.length for stage in rule.stages)


def _keys(rule: DutyRule, step: protocols.StepRule) -> tuple[str, ...]:
    if step.daily:
        length = next((stage.length.delta.days for stage in rule.stages if stage.key == step.stage and stage.length), 0)
        return tuple(f"{step.key}.d{day}" for day in range(1, length + 1))
    return rule.planned_keys(step)
