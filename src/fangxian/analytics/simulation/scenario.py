"""A scenario (推演方案) in YAML: a city, a disease, the days, who is infected at first, and the measures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from fangxian.analytics.simulation.disease import Disease, disease
from fangxian.analytics.simulation.errors import SimulationError
from fangxian.analytics.simulation.measures import Closure, Isolation, Measure, Plan, Testing, Tracing
from fangxian.analytics.simulation.population import LAYERS, Population, build
from fangxian.text import Text

_MEASURES: Mapping[str, Any] = {"testing": Testing, "tracing": Tracing, "isolation": Isolation, "closure": Closure}
_TOP = ("name", "population", "disease", "days", "seeds", "measures")
_POPULATION = ("people", "seed", "home", "school", "work", "community")
#: Fields that hold a value for each layer.
_BY_LAYER = {"share", "after", "found", "quarantined"}


@dataclass(frozen=True)
class Scenario:
    """What is to be simulated. `digest` tells two scenarios apart whatever their files are called."""

    name: Text
    population: Mapping[str, Any]
    disease: Disease
    days: int
    seeds: int
    measures: tuple[Measure, ...]
    digest: str

    def build(self) -> Population:
        """The city of the scenario; the same each time."""
        return build(**self.population)


def read(path: Path) -> Scenario:
    """The scenario of a file. Raises SimulationError that names file and field, and what would be right there."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        where = f" {mark.line + 1}" if (mark := getattr(fault, "problem_mark", None)) else ""
        raise SimulationError(
            f"{path.name}：第{where} 行不是有效的 YAML；请核对缩进与引号。",
            f"{path.name}: line{where} is no valid YAML. Check indentation and quotation marks.",
        ) from None
    try:
        return of(raw)
    except SimulationError as fault:
        raise SimulationError(f"{path.name}：{fault.zh}", f"{path.name}: {fault.en}") from None


def of(raw: Any) -> Scenario:
    """The scenario as a YAML file holds it. Raises SimulationError that names the field, and what would be right there."""
    given = _known(raw, "", _TOP)
    city = _known(given.get("population", {}), "population", _POPULATION)
    if "people" not in city:
        raise _wrong("population.people", "请填人口数", "give the number of people")
    for field, value in city.items():
        whole = field in ("people", "seed")
        city[field] = _number(value, f"population.{field}", 0, 2_000_000_000 if whole else 10_000, whole=whole)
    days = _number(given.get("days", 180), "days", 1, 10_000, whole=True)
    seeds = _number(given.get("seeds", 100), "seeds", 0, city["people"], whole=True)
    measures = tuple(_measure(one, f"measures[{place}]") for place, one in enumerate(given.get("measures") or [], 1))
    Plan.of(measures, days)
    name = given.get("name", {})
    words = (
        Text(**name) if isinstance(name, dict) and set(name) == {"zh", "en"} else Text(str(name or ""), str(name or ""))
    )
    digest = hashlib.sha256(json.dumps(raw, sort_keys=True, default=str).encode()).hexdigest()[:16]
    return Scenario(words, city, disease(str(given.get("disease", ""))), days, seeds, measures, digest)


def _measure(raw: Any, where: str) -> Measure:
    if not isinstance(raw, dict) or len(raw) != 1 or next(iter(raw)) not in _MEASURES:
        kinds = "、".join(_MEASURES)
        raise _wrong(
            where,
            f"每项措施写作“名称: {{…}}”，名称为 {kinds}",
            f"a measure is written as “name: {{…}}”, of {', '.join(_MEASURES)}",
        )
    ((kind, values),) = raw.items()
    measure = _MEASURES[kind]
    names = [one.name for one in fields(measure)]
    known = _known(values or {}, f"{where}.{kind}", names)
    for field, value in known.items():
        at = f"{where}.{kind}.{field}"
        if field == "layer":
            if value not in LAYERS:
                raise _wrong(at, f"应为 {'、'.join(LAYERS)} 之一", f"one of {', '.join(LAYERS)} is meant")
        elif field in _BY_LAYER and kind != "testing" and isinstance(value, dict):
            by = _known(value, at, LAYERS)
            most = 365 if field == "after" else 1
            known[field] = tuple(
                _number(by.get(one, 0), f"{at}.{one}", 0, most, whole=field == "after") for one in LAYERS
            )
        elif field in ("delay", "days", "since", "until"):
            known[field] = _number(value, at, 0, 16_384, whole=True)
        elif field in _BY_LAYER and kind != "testing":
            raise _wrong(at, f"按 {'、'.join(LAYERS)} 分别填写", f"give a value for each of {', '.join(LAYERS)}")
        else:
            known[field] = _number(value, at, 0, 1)
    required = {"tracing": ("share",), "closure": ("layer", "left", "since")}.get(kind, ())
    if missing := [one for one in required if one not in known]:
        raise _wrong(f"{where}.{kind}.{missing[0]}", "此项必填", "this is needed")
    made: Measure = measure(**known)
    return made


def _known(raw: Any, where: str, names: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise _wrong(
            where or "scenario",
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


def _number(value: Any, where: str, low: float, high: float, *, whole: bool = False) -> Any:
    fine = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    if not fine or (whole and value != int(value)):
        kind = ("整数", "a whole number") if whole else ("数", "a number")
        raise _wrong(
            where,
            f"应为 {low:g} 至 {high:g} 的{kind[0]}，得到 {value}",
            f"is {kind[1]} from {low:g} to {high:g}, not {value}",
        )
    return int(value) if whole else float(value)


def _wrong(where: str, zh: str, en: str) -> SimulationError:
    return SimulationError(f"{where}：{zh}。", f"{where}: {en}.")
