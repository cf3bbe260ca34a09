"""A scenario (推演方案) in YAML: a city, a disease, the days, who is infected at first, and the measures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fangxian.analytics.simulation import overriding
from fangxian.analytics.simulation.disease import Disease
from fangxian.analytics.simulation.errors import SimulationError
from fangxian.analytics.simulation.measures import (
    Arrivals,
    Capacity,
    Closure,
    Fatigue,
    Isolation,
    Masks,
    Rounds,
    Testing,
    Tracing,
    Vaccination,
    Zones,
)  # fmt: skip
from fangxian.analytics.simulation.plan import Measure, Plan
from fangxian.analytics.simulation.population import Population, build
from fangxian.analytics.simulation.synthesis import Township, profile, synthesise
from fangxian.analytics.simulation.values import checked, known, number, wrong
from fangxian.text import Text

#: Measures by the name under which a scenario gives them.
MEASURES: Mapping[str, type] = {
    one.__name__.lower(): one
    for one in (Testing, Tracing, Isolation, Closure, Masks, Capacity, Rounds, Zones, Arrivals, Vaccination, Fatigue)
}
_TOP = ("name", "population", "disease", "days", "seeds", "measures")
_POPULATION = ("people", "seed", "home", "school", "work", "community")
_SYNTHETIC = ("people", "seed", "profile", "townships")


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
        given = dict(self.population)
        if "file" in given:
            return Population.load(given["file"])
        if "profile" in given:
            places = [Township(code, code, people) for code, people in given.get("townships", {}).items()]
            return synthesise(places or given["people"], given["profile"], seed=given.get("seed", 1))
        return build(**given)


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
        return of(raw, path.parent)
    except SimulationError as fault:
        raise SimulationError(f"{path.name}：{fault.zh}", f"{path.name}: {fault.en}") from None


def of(raw: Any, folder: Path | None = None) -> Scenario:
    """The scenario as a YAML file holds it; a population's file is looked for in the folder, and there is none without.

    Raises SimulationError that names the field, and what would be right there.
    """
    given = known(raw, "", _TOP)
    city = _city(given.get("population", {}), folder)
    # A file is opened here and not only when it is simulated, so that nothing is begun for a city that is damaged or too small.
    people = len(Population.load(city["file"])) if "file" in city else city["people"]
    days = number(given.get("days", 180), "days", 1, 10_000, whole=True)
    seeds = number(given.get("seeds", 100), "seeds", 0, people, whole=True)
    measures = tuple(_measure(one, f"measures[{place}]") for place, one in enumerate(given.get("measures") or [], 1))
    Plan.of(measures, days, people)
    name = given.get("name", {})
    words = (
        Text(**name) if isinstance(name, dict) and set(name) == {"zh", "en"} else Text(str(name or ""), str(name or ""))
    )
    told = hashlib.sha256(json.dumps(raw, sort_keys=True, default=str).encode())
    if "file" in city:
        told.update(city["file"].read_bytes())
    digest = told.hexdigest()[:16]
    return Scenario(words, city, overriding.of(given.get("disease")), days, seeds, measures, digest)


def _city(raw: Any, folder: Path | None) -> dict[str, Any]:
    if folder is not None and isinstance(raw, dict) and "file" in raw:
        path = folder / str(known(raw, "population", ("file",))["file"])
        if not path.is_file():
            raise wrong("population.file", f"没有文件 {path.name}", f"there is no file {path.name}")
        return {"file": path}
    synthetic = isinstance(raw, dict) and "profile" in raw
    city = known(raw, "population", _SYNTHETIC if synthetic else _POPULATION)
    if "townships" in city:
        city |= _townships(city["townships"], city.get("people"))
    if "people" not in city:
        raise wrong("population.people", "请填人口数", "give the number of people")
    for field, value in city.items():
        if field == "profile":
            profile(str(value))
        if field in ("profile", "townships"):
            continue
        whole, least = field in ("people", "seed"), int(field == "people")
        city[field] = number(value, f"population.{field}", least, 2_000_000_000 if whole else 10_000, whole=whole)
    return city


def _townships(raw: Any, people: Any) -> dict[str, Any]:
    """The people of each township by its code, and of all together."""
    if not isinstance(raw, dict) or not raw:
        raise wrong("population.townships", "应为“代码: 人口数”", "is to have “code: people”")
    found = {
        str(code): number(one, f"population.townships.{code}", 0, 2_000_000_000, whole=True)
        for code, one in raw.items()
    }
    if people is not None and people != sum(found.values()):
        zh, en = f"与各街道之和 {sum(found.values())} 不符", f"is not the sum of its townships, {sum(found.values())}"
        raise wrong("population.people", zh, en)
    return {"townships": found, "people": sum(found.values())}


def _measure(raw: Any, where: str) -> Measure:
    if not isinstance(raw, dict) or len(raw) != 1 or next(iter(raw)) not in MEASURES:
        kinds = "、".join(MEASURES)
        raise wrong(
            where,
            f"每项措施写作“名称: {{…}}”，名称为 {kinds}",
            f"a measure is written as “name: {{…}}”, of {', '.join(MEASURES)}",
        )
    ((kind, values),) = raw.items()
    made: Measure = checked(MEASURES[kind], values or {}, f"{where}.{kind}")
    return made
