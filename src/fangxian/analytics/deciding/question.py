"""A question (决策问题) in YAML: a scenario with open values, what they may be, what counts, and what must be kept.

An open value is written `$name` (or `$name * 0.5`, `$name + 3`) inside the scenario's measures; `choices` says from which values, the
least of the measure first. `$detected` is the day on which the outbreak is noticed, and is moved to see what a day is worth.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from fangxian.analytics.deciding.errors import DecidingError
from fangxian.analytics.simulation import SimulationError, accounting
from fangxian.analytics.simulation import scenario as scenarios
from fangxian.analytics.simulation.accounting import Prices
from fangxian.analytics.simulation.scenario import Scenario
from fangxian.text import Text

#: More policies than this are refused: the answer would take days, and nobody reads it.
MOST_POLICIES, MOST_RUNS, MOST_CHOICES = 20_000, 1_000, 8
DETECTED = "detected"
_OPEN = re.compile(r"\$([A-Za-z_]\w*)(?:\s*([*+])\s*([0-9.]+))?")
_TOP = (
    "name", "scenario", "choices", "effect", "cost", "limits", "runs", "detected", "earlier", "harsher", "prices", "beds", "worth",
    "compare", "today", "refined",
)  # fmt: skip

#: By choice the place of its value; between two values a fraction.
Setting = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A measure on the table: its values, the least of it first; `percent`: they are said as percent; `never`: the value that leaves the
    measure out."""

    key: str
    name: Text
    values: tuple[float, ...]
    percent: bool = False
    never: float | None = None

    def at(self, place: float) -> float:
        """The value at a place, between two values in proportion."""
        return float(np.interp(place, range(len(self.values)), self.values))

    def said(self, value: float) -> Text:
        """A value as people say it."""
        if value == self.never:
            return Text("不用", "never")
        number = f"{round(100 * value, 2):g}%" if self.percent else f"{value:g}"
        return Text(number, number)


@dataclass(frozen=True, slots=True)
class Limit:
    """What must be kept: `of` at most so much, in this share of the runs."""

    of: str
    most: float
    share: float = 0.9


@dataclass(frozen=True, slots=True)
class Variant:
    """A whole set of measures of its own, compared with others on the same runs."""

    key: str
    name: Text
    measures: tuple[Any, ...]


@dataclass(frozen=True)
class Question:
    """What is asked. A policy is a `Setting`: the place of the value chosen, for each choice; `refined` so many are tried between them.
    `digest` tells two questions apart.

    `effect` and `cost` are figures to be small; `runs` how many of each policy at first and of those that remain; `worth` what one
    unit of effect avoided is worth in money (None: as the knee trades them); `today` the day of the simulation that is the present.
    """

    name: Text
    base: Mapping[str, Any]
    choices: tuple[Choice, ...]
    effect: str
    cost: str
    limits: tuple[Limit, ...]
    runs: tuple[int, int]
    detected: int | None
    earlier: tuple[int, ...]
    harsher: float
    prices: Prices
    beds: int | None
    worth: float | None
    compare: tuple[Variant, ...]
    today: int
    refined: int
    digest: str

    @cached_property
    def policies(self) -> tuple[Setting, ...]:
        """Every combination of the values, by grid."""
        return tuple(product(*(range(len(one.values)) for one in self.choices)))

    @property
    def least(self) -> Setting:
        """The policy that does the least of everything."""
        return (0,) * len(self.choices)

    def values(self, setting: Setting) -> dict[str, float]:
        """The value of each choice under a policy."""
        return {one.key: one.at(at) for one, at in zip(self.choices, setting, strict=True)}

    def scenario(self, setting: Setting, *, earlier: int = 0, harsher: float = 1.0) -> Scenario:
        """The scenario of a policy, noticed so many days earlier, with transmission so many times as strong."""
        given: dict[str, float] = self.values(setting)
        if self.detected is not None:
            given[DETECTED] = max(0, self.detected - earlier)
        return _harsher(scenarios.of(_filled(self.base, given)), harsher)

    def variant(self, key: str) -> Scenario:
        """The scenario under one of the sets of measures that are to be compared."""
        one = next(one for one in self.compare if one.key == key)
        given = {} if self.detected is None else {DETECTED: self.detected}
        return scenarios.of({**self.base, "measures": _filled(list(one.measures), given)})


def read(path: Path) -> Question:
    """The question of a file. Raises DecidingError that names file and field, and what would be right there."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        where = f" {mark.line + 1}" if (mark := getattr(fault, "problem_mark", None)) else ""
        raise DecidingError(
            f"{path.name}：第{where} 行不是有效的 YAML；请核对缩进与引号。",
            f"{path.name}: line{where} is no valid YAML. Check indentation and quotation marks.",
        ) from None
    try:
        return of(raw)
    except DecidingError as fault:
        raise DecidingError(f"{path.name}：{fault.zh}", f"{path.name}: {fault.en}") from None


def of(raw: Any) -> Question:
    """The question as a file or a page holds it. Raises DecidingError that names the field."""
    given = _known(raw, "", _TOP)
    base = given.get("scenario")
    if not isinstance(base, dict):
        raise _wrong("scenario", "请写明推演方案", "give the scenario")
    choices = _choices(given.get("choices"))
    detected = given.get("detected")
    detected = None if detected is None else int(_number(detected, "detected", 0, 10_000, whole=True))
    _used(base, choices, detected)
    earlier = tuple(
        int(_number(one, "earlier", 1, 365, whole=True)) for one in given.get("earlier", (1, 3, 7) if detected else ())
    )
    runs = _known(given.get("runs") or {}, "runs", ("first", "last"))
    last = int(_number(runs.get("last", 20), "runs.last", 2, MOST_RUNS, whole=True))
    first = int(_number(runs.get("first", min(3, last)), "runs.first", 2, last, whole=True))
    try:
        prices = accounting.shipped().with_(given.get("prices") or {})
    except SimulationError as fault:
        raise DecidingError(f"prices：{fault.zh}", f"prices: {fault.en}") from None
    question = Question(
        name=_text(given.get("name"), "name"), base=base, choices=choices, effect=str(given.get("effect", "infected")),
        cost=str(given.get("cost", "cost")), limits=tuple(_limits(given.get("limits") or [])), runs=(first, last), detected=detected,
        earlier=tuple(sorted({one for one in earlier if detected is not None and one <= detected})),
        harsher=_number(given.get("harsher", 1.3), "harsher", 1, 5), prices=prices,
        beds=None if given.get("beds") is None else int(_number(given["beds"], "beds", 0, 10_000_000, whole=True)),
        worth=None if given.get("worth") is None else _number(given["worth"], "worth", 0, 1e12),
        compare=tuple(_variants(given.get("compare") or {})),
        today=int(_number(given.get("today", 0), "today", 0, 365, whole=True)),
        refined=int(_number(given.get("refined", 0), "refined", 0, 1_000, whole=True)), digest=_digest(raw),
    )  # fmt: skip
    _tried(question)
    return question


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _harsher(scenario: Scenario, times: float) -> Scenario:
    if times == 1:
        return scenario
    return replace(scenario, disease=replace(scenario.disease, transmission=scenario.disease.transmission * times))


def _filled(raw: Any, given: Mapping[str, float]) -> Any:
    """The same with open values replaced."""
    if isinstance(raw, Mapping):
        return {key: _filled(one, given) for key, one in raw.items()}
    if isinstance(raw, list):
        return [_filled(one, given) for one in raw]
    if isinstance(raw, str) and (found := _OPEN.fullmatch(raw.strip())):
        value, by = given[found[1]], float(found[3] or 1)
        value = value + by if found[2] == "+" else value * by
        return int(value) if value == int(value) else value
    return raw


def _names(raw: Any) -> Iterator[str]:
    """The open values that something asks for."""
    if isinstance(raw, Mapping):
        for one in raw.values():
            yield from _names(one)
    elif isinstance(raw, list):
        for one in raw:
            yield from _names(one)
    elif isinstance(raw, str) and (found := _OPEN.fullmatch(raw.strip())):
        yield found[1]


def _used(base: Mapping[str, Any], choices: Sequence[Choice], detected: int | None) -> None:
    """Every choice is asked for and every open value chosen, in the measures and nowhere else."""
    fixed = {key: one for key, one in base.items() if key != "measures"}
    if outside := next(_names(fixed), None):
        raise _wrong(
            f"scenario: ${outside}", "只有措施中的值可以待定；城市、疾病和天数必须写明",
            "only values of measures may be open; city, disease and days are fixed",
        )  # fmt: skip
    asked = set(_names(base.get("measures") or []))
    keys = {one.key for one in choices} | ({DETECTED} if detected is not None else set())
    if missing := sorted(asked - keys):
        where = "detected" if missing[0] == DETECTED else f"choices.{missing[0]}"
        raise _wrong(
            where, f"措施中用到 ${missing[0]}，请写明", f"the measures ask for ${missing[0]}; say what it may be"
        )
    if idle := sorted(keys - asked - {DETECTED}):
        raise _wrong(
            f"choices.{idle[0]}",
            f"措施中没有 ${idle[0]}，选它什么也不会改变",
            f"no measure has ${idle[0]}: choosing it changes nothing",
        )


def _choices(raw: Any) -> tuple[Choice, ...]:
    if not isinstance(raw, dict) or not raw:
        raise DecidingError(
            "choices：没有可选的措施；请至少写明一项及其取值。",
            "choices: there is nothing to choose. Name at least one measure and its values.",
        )
    if len(raw) > MOST_CHOICES:
        raise _wrong("choices", f"最多 {MOST_CHOICES} 项", f"at most {MOST_CHOICES} are weighed at once")
    found = tuple(_choice(str(key), one) for key, one in raw.items())
    number = prod(len(one.values) for one in found)
    if number < 2:
        raise DecidingError(
            "choices：每项都只有一个取值，没有可选的；请给出两个以上取值。",
            "choices: each has one value only, so there is nothing to choose. Give two or more.",
        )
    if number > MOST_POLICIES:
        raise _wrong(
            "choices", f"共 {number:,} 种组合，最多 {MOST_POLICIES:,} 种；请减少取值",
            f"they make {number:,} policies, of which {MOST_POLICIES:,} can be weighed; take fewer values",
        )  # fmt: skip
    return found


def _choice(key: str, raw: Any) -> Choice:
    at = f"choices.{key}"
    if not re.fullmatch(r"[A-Za-z_]\w{0,40}", key) or key == DETECTED:
        raise _wrong(
            at,
            "名称只能用字母、数字和下划线，且不能是 detected",
            "a key has letters, digits and _, and is not “detected”",
        )
    given = _known(raw, at, ("name", "values", "from", "to", "steps", "percent", "never"))
    if "values" in given:
        listed = given["values"]
        if not isinstance(listed, list) or not listed:
            raise _wrong(f"{at}.values", "请列出取值", "list the values")
        values = [_number(one, f"{at}.values", -1e9, 1e9) for one in listed]
    else:
        low, high = (_number(given.get(end), f"{at}.{end}", -1e9, 1e9) for end in ("from", "to"))
        steps = _number(given.get("steps", 4), f"{at}.steps", 1, 100, whole=True)
        values = [round(float(one), 10) for one in np.linspace(low, high, int(steps) + 1)]
    if len(set(values)) != len(values):
        raise _wrong(at, "有相同的取值", "a value is given twice")
    never = None if given.get("never") is None else _number(given["never"], f"{at}.never", -1e9, 1e9)
    return Choice(
        key, _text(given.get("name") or key, f"{at}.name"), tuple(values), given.get("percent") is True, never
    )


def _limits(raw: Any) -> Iterator[Limit]:
    if not isinstance(raw, list):
        raise _wrong("limits", "请逐条列出", "list them one by one")
    for place, one in enumerate(raw, 1):
        at = f"limits[{place}]"
        given = _known(one, at, ("of", "most", "share"))
        yield Limit(
            str(given.get("of", "")), _number(given.get("most"), f"{at}.most", 0, 1e15),
            _number(given.get("share", 0.9), f"{at}.share", 0, 1),
        )  # fmt: skip


def _variants(raw: Any) -> Iterator[Variant]:
    if not isinstance(raw, dict):
        raise _wrong("compare", "应为“名称: 措施”", "is to have “name: measures”")
    for key, one in raw.items():
        at = f"compare.{key}"
        given = _known(one, at, ("name", "measures"))
        if not isinstance(given.get("measures"), list):
            raise _wrong(f"{at}.measures", "请列出措施", "list the measures")
        yield Variant(str(key), _text(given.get("name") or str(key), f"{at}.name"), tuple(given["measures"]))


def _tried(question: Question) -> None:
    """Each value of each choice makes a scenario that can be run; else whatever the scenario says of it, with the value."""
    for at, choice in enumerate(question.choices):
        for place, value in enumerate(choice.values):
            setting = tuple(place if here == at else 0 for here in range(len(question.choices)))
            try:
                made = question.scenario(setting)
            except SimulationError as fault:
                raise DecidingError(
                    f"scenario（{choice.key} = {value:g}）：{fault.zh}",
                    f"scenario ({choice.key} = {value:g}): {fault.en}",
                ) from None
    if question.detected is not None and question.detected >= made.days:
        raise _wrong("detected", f"发现日应早于第 {made.days} 天", f"is to lie before day {made.days}")
    for one in question.compare:
        try:
            question.variant(one.key)
        except SimulationError as fault:
            raise DecidingError(f"compare.{one.key}：{fault.zh}", f"compare.{one.key}: {fault.en}") from None
        except KeyError as fault:
            raise _wrong(
                f"compare.{one.key}",
                f"此处不能有待定值 ${fault.args[0]}",
                f"no value may be open here, but ${fault.args[0]} is",
            ) from None


def _digest(raw: Any) -> str:
    return hashlib.sha256(json.dumps(raw, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _text(raw: Any, where: str) -> Text:
    if isinstance(raw, dict):
        if set(raw) != {"zh", "en"}:
            raise _wrong(where, "应有 zh 和 en", "is to have zh and en")
        return Text(str(raw["zh"]), str(raw["en"]))
    return Text(str(raw or ""), str(raw or ""))


def _known(raw: Any, where: str, names: Sequence[str]) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise _wrong(
            where or "question",
            f"应为“名称: 值”，名称有 {'、'.join(names)}",
            f"is to have “name: value”, of {', '.join(names)}",
        )
    for name in raw:
        if name not in names:
            at = f"{where}.{name}" if where else str(name)
            raise _wrong(
                at, f"没有这一项；有 {'、'.join(names)}", f"there is no such field; there are {', '.join(names)}"
            )
    return dict(raw)


def _number(value: Any, where: str, low: float, high: float, *, whole: bool = False) -> float:
    fine = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    if not fine or (whole and value != int(value)):
        zh, en = ("整数", "a whole number") if whole else ("数", "a number")
        raise _wrong(
            where, f"应为 {low:g} 至 {high:g} 的{zh}，得到 {value}", f"is {en} from {low:g} to {high:g}, not {value}"
        )
    return float(value)


def _wrong(where: str, zh: str, en: str) -> DecidingError:
    return DecidingError(f"{where}：{zh}。", f"{where}: {en}.")
