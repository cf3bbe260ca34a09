"""A calibration in YAML (参数校准): a scenario, the series that was seen, and the parameters to be learnt with their ranges."""

from __future__ import annotations

import copy
import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from fangxian.analytics.calibration.errors import CalibrationError
from fangxian.analytics.calibration.outcome import Told, apart
from fangxian.analytics.calibration.prior import Prior
from fangxian.analytics.calibration.sampling import Generation
from fangxian.analytics.simulation import DAILY, Population, SimulationError, simulate
from fangxian.analytics.simulation import scenario as scenarios
from fangxian.text import Text

Floats = NDArray[np.float64]
_TOP = ("name", "scenario", "seen", "parameters", "particles", "most", "seed")
_SEEN = ("file", "day", "count", "column", "delay", "share", "lead")
_PARAMETER = ("of", "low", "high", "log", "whole")
#: Fields of a disease that are one number.
_DISEASE = ("transmission", "dispersion", "early", "share", "cap")
#: Seeds of epidemics that no candidate has had.
_NEW = 1 << 48
#: What a parameter may be besides a field of the scenario.
_OWN = ("lead", "share", "delay.mean", "delay.sd")


@dataclass(frozen=True, eq=False)
class Question:
    """What is to be learnt from what. `days` and `seen` (days,): the series; `lead`: how many days before it the epidemic begins."""

    name: Text
    raw: Mapping[str, Any]
    days: Sequence[date]
    seen: Floats
    column: str
    told: Told
    lead: int
    priors: tuple[Prior, ...]
    of: tuple[tuple[str, ...], ...]
    particles: int
    most: int
    seed: int
    digest: str

    @cached_property
    def city(self) -> Population:
        """The city of the scenario: the same for every candidate."""
        return scenarios.of(self.raw).build()

    def drawn(self, values: Sequence[float] | Floats, seed: int) -> Floats:
        """What would be seen of one epidemic under these values (days,)."""
        raw, told, lead, disease = copy.deepcopy(dict(self.raw)), self.told, self.lead, {}
        for prior, paths, value in zip(self.priors, self.of, values, strict=True):
            for path in paths:
                given: Any = int(value) if prior.whole else float(value)
                if path == "lead":
                    lead = int(value)
                elif path == "share":
                    told = replace(told, share=given)
                elif path.startswith("delay."):
                    told = replace(told, **{path[6:]: given})
                elif path.startswith("disease."):
                    disease[path[8:]] = given
                else:
                    _put(raw, path, given)
        raw["days"] = lead + len(self.seen)
        asked = scenarios.of(raw)
        epidemic = simulate(
            self.city, replace(asked.disease, **disease), asked.measures, days=asked.days, seeds=asked.seeds, seed=seed
        )
        random = np.random.default_rng([seed, 1])
        return told.drawn(epidemic.daily[:, DAILY.index(self.column)], random)[lead:]

    def distance(self, values: Floats, seed: int) -> float:
        """How far one epidemic under these values is from what was seen."""
        return apart(self.seen, self.drawn(values, seed))


def drawn(question: Question, last: Generation, number: int) -> Floats:
    """(number, days): what would be seen of so many new epidemics under what was learnt."""
    random = np.random.default_rng([question.seed, 2])
    chosen = random.choice(len(last.places), number, p=last.weights)
    return np.array(
        [
            question.drawn(
                [prior.at(share) for prior, share in zip(question.priors, last.places[at], strict=True)], _NEW + place
            )
            for place, at in enumerate(chosen)
        ]
    )


def read(path: Path) -> Question:
    """The calibration of a file; files that it names lie beside it. Raises CalibrationError that names file, field and remedy."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(raw, dict) and isinstance(raw.get("scenario"), str):
            raw["scenario"] = yaml.safe_load((path.parent / raw["scenario"]).read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        where = f" {mark.line + 1}" if (mark := getattr(fault, "problem_mark", None)) else ""
        raise CalibrationError(
            f"{path.name}：第{where} 行不是有效的 YAML；请核对缩进与引号。",
            f"{path.name}: line{where} is no valid YAML. Check indentation and quotation marks.",
        ) from None
    except FileNotFoundError as fault:
        missing = Path(fault.filename).name
        raise CalibrationError(
            f"{path.name}：scenario：没有文件 {missing}。", f"{path.name}: scenario: there is no file {missing}."
        ) from None
    try:
        return of(raw, path.parent)
    except (CalibrationError, SimulationError) as fault:
        raise CalibrationError(f"{path.name}：{fault.zh}", f"{path.name}: {fault.en}") from None


def of(raw: Any, folder: Path) -> Question:
    """The calibration as a YAML file holds it, its series in a file of `folder`."""
    given = _known(raw, "", _TOP, ("scenario", "seen", "parameters"))
    seen = _known(given["seen"], "seen", _SEEN, ("file", "day", "count"))
    column = str(seen.get("column", "onsets"))
    if column not in DAILY:
        raise _wrong("seen.column", f"没有这一列；有 {'、'.join(DAILY)}", f"is to be one of {', '.join(DAILY)}")
    days, counts = _series(folder / str(seen["file"]), str(seen["day"]), str(seen["count"]))
    delay = _known(seen.get("delay", {}), "seen.delay", ("mean", "sd"))
    told = Told(
        _number(delay.get("mean", 0), "seen.delay.mean", 0, 365),
        _number(delay.get("sd", 0), "seen.delay.sd", 0, 365),
        _number(seen.get("share", 1), "seen.share", 0, 1),
    )
    scenario = copy.deepcopy(given["scenario"])
    if isinstance(scenario, dict):
        scenario["days"] = len(days)
    scenarios.of(scenario)
    priors, paths = _parameters(given["parameters"], scenario)
    name = given.get("name", "")
    words = (
        Text(**name) if isinstance(name, dict) and set(name) == {"zh", "en"} else Text(str(name or ""), str(name or ""))
    )
    digest = hashlib.sha256(
        json.dumps([raw, [day.isoformat() for day in days], counts.tolist()], sort_keys=True, default=str).encode()
    ).hexdigest()[:16]
    return Question(
        words, scenario, days, counts, column, told, int(_number(seen.get("lead", 0), "seen.lead", 0, 3650)), priors, paths,
        int(_number(given.get("particles", 200), "particles", 20, 100_000)),
        int(_number(given.get("most", 10_000), "most", 20, 10_000_000)), int(_number(given.get("seed", 1), "seed", 0, 2**31)), digest,
    )  # fmt: skip


def _parameters(raw: Any, scenario: Any) -> tuple[tuple[Prior, ...], tuple[tuple[str, ...], ...]]:
    if not isinstance(raw, dict) or not raw:
        raise _wrong("parameters", "请给出要校准的参数与范围", "name the parameters to be learnt, with their ranges")
    priors, paths = [], []
    for name, one in raw.items():
        at = f"parameters.{name}"
        fields = _known(one, at, _PARAMETER, ("low", "high"))
        aims = fields.get("of", name)
        aims = tuple(str(aim) for aim in aims) if isinstance(aims, list) else (str(aims),)
        low, high = (_number(fields[end], f"{at}.{end}", -1e12, 1e12) for end in ("low", "high"))
        prior = Prior(str(name), low, high, bool(fields.get("log", False)), bool(fields.get("whole", False)))
        for aim in aims:
            if aim.startswith("population"):
                raise _wrong(f"{at}.of", "人口不能校准", "the city is given, not learnt")
            if aim.startswith("disease."):
                if aim[8:] not in _DISEASE:
                    raise _wrong(
                        f"{at}.of", f"疾病没有 {aim[8:]}；有 {'、'.join(_DISEASE)}",
                        f"the disease has no {aim[8:]}; there are {', '.join(_DISEASE)}",
                    )  # fmt: skip
                continue
            if aim in _OWN:
                continue
            for end in (prior.at(0), prior.at(1)):
                trial = copy.deepcopy(scenario)
                try:
                    _put(trial, aim, int(end) if prior.whole else end)
                    scenarios.of(trial)
                except SimulationError as fault:
                    raise CalibrationError(f"{at}：{fault.zh}", f"{at}: {fault.en}") from None
                except (KeyError, IndexError, TypeError, ValueError):
                    raise _wrong(f"{at}.of", f"方案中没有 {aim}", f"the scenario has no {aim}") from None
        priors.append(prior)
        paths.append(aims)
    return tuple(priors), tuple(paths)


def _put(raw: Any, path: str, value: Any) -> None:
    """Set what is at the path, of names and of places counted from 1, and is there already."""
    *way, last = path.split(".")
    for step in way:
        raw = raw[int(step) - 1] if isinstance(raw, list) else raw[step]
    if last not in raw and last != "seeds":
        raise KeyError(path)
    raw[last] = value


def _series(path: Path, day: str, count: str) -> tuple[list[date], Floats]:
    """The days without a gap, and how many were told on each; a day that the file leaves out is 0."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError):
        raise _wrong(
            "seen.file", f"读不到 {path.name}（UTF-8 的 CSV）", f"{path.name} cannot be read as CSV in UTF-8"
        ) from None
    by_day: dict[date, float] = {}
    for row, line in enumerate(rows, 2):
        if day not in line or count not in line:
            missing = day if day not in line else count
            raise _wrong("seen", f"{path.name} 没有 {missing} 列", f"{path.name} has no column {missing}")
        try:
            when, number = date.fromisoformat(line[day].strip()), float(line[count] or 0)
        except ValueError:
            raise _row(
                path, row, "日期写作 2020-01-31，数为数字", "a day is written as 2020-01-31 and a count is a number"
            ) from None
        if not 0 <= number < 1e9:
            raise _row(
                path, row, f"{count} 应为不小于 0 的数，得到 {number:g}", f"{count} is to be at least 0, not {number:g}"
            )
        by_day[when] = by_day.get(when, 0.0) + number
    if len(by_day) < 3 or not any(by_day.values()):
        raise _wrong("seen.file", "至少要有三天，且不全为 0", "there are to be three days at least, and not all 0")
    first = min(by_day)
    days = [first + timedelta(day) for day in range((max(by_day) - first).days + 1)]
    if len(days) > 3650:
        raise _wrong("seen.file", "日期跨度超过十年", "the days span more than ten years")
    return days, np.array([by_day.get(one, 0.0) for one in days])


def _row(path: Path, row: int, zh: str, en: str) -> CalibrationError:
    return CalibrationError(f"{path.name} 第 {row} 行：{zh}。", f"{path.name}, row {row}: {en}.")


def _known(raw: Any, where: str, names: Sequence[str], needed: Sequence[str] = ()) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise _wrong(
            where or "calibration",
            f"应为“名称: 值”，名称有 {'、'.join(names)}",
            f"is to have “name: value”, of {', '.join(names)}",
        )
    for name in raw:
        if name not in names:
            at = f"{where}.{name}" if where else str(name)
            raise _wrong(
                at, f"没有这一项；有 {'、'.join(names)}", f"there is no such field; there are {', '.join(names)}"
            )
    for name in needed:
        if name not in raw:
            raise _wrong(f"{where}.{name}" if where else name, "此项必填", "this is needed")
    return dict(raw)


def _number(value: Any, where: str, low: float, high: float) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
        raise _wrong(
            where, f"应为 {low:g} 至 {high:g} 的数，得到 {value}", f"is a number from {low:g} to {high:g}, not {value}"
        )
    return float(value)


def _wrong(where: str, zh: str, en: str) -> CalibrationError:
    return CalibrationError(f"{where}：{zh}。", f"{where}: {en}.")
