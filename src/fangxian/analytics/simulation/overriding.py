"""A disease with values of one's own (参数替换): what a scenario may change of it, each within its range."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, lru_cache, partial
from math import inf
from typing import Any

from fangxian.analytics.simulation.disease import (
    DURATIONS,
    FAMILIES,
    Disease,
    Duration,
    Source,
    Variant,
    disease,
    names,
)
from fangxian.analytics.simulation.errors import SimulationError
from fangxian.analytics.simulation.index_case import fitted
from fangxian.analytics.simulation.population import LAYERS, Population, build
from fangxian.analytics.simulation.values import Check, by_decade, known, number, wrong
from fangxian.text import Text

#: Longer than any illness, in days.
_LONG = 3_650
#: What a scenario's own value is worth as a source: nobody has published it.
_OWN = Source("as the scenario gives it", "G")
#: Severe illness and what may follow it.
_WORSE = ("severe", "critical", "dies")


def of(raw: Any, where: str = "disease") -> Disease:
    """A disease by its name, or `{name, overrides}`. Raises SimulationError that names the field, and what would be right there.

    `r0` fits the transmission in the default city (`population.build`) when everything else has been replaced; `severity` multiplies the
    chances of severe and critical illness and of death; an infectious profile, a duration and a layer may be given in part.
    """
    if not isinstance(raw, dict):
        return _named(raw, where)
    given = known(raw, where, ("name", "overrides"))
    base = _named(given.get("name"), f"{where}.name")
    if not given.get("overrides"):
        return base
    known(given["overrides"], f"{where}.overrides", tuple(_CHECKS))
    # Fitting takes half a second, and a calibration asks for the same disease thousands of times.
    return _overridden(given["name"], json.dumps(given["overrides"], default=str), f"{where}.overrides")


def _named(name: Any, where: str) -> Disease:
    if not name or not isinstance(name, str):
        raise wrong(where, f"请写明疾病，有 {'、'.join(names())}", f"name the disease, of {', '.join(names())}")
    return disease(name)


@lru_cache(maxsize=64)
def _overridden(name: str, told: str, where: str) -> Disease:
    base, given = disease(name), json.loads(told)
    read = {field: _CHECKS[field](value, f"{where}.{field}") for field, value in given.items()}
    if {"r0", "transmission"} <= set(read):
        raise wrong(f"{where}.r0", "与 transmission 只能给出一项", "is given instead of transmission, not beside it")
    r0, times = read.pop("r0", None), read.pop("severity", 1.0)
    read |= read.pop("load", {})
    if "layers" in read:
        read["layers"] = tuple(read["layers"].get(one, held) for one, held in zip(LAYERS, base.layers, strict=True))
    if "durations" in read:
        read["durations"] = {**base.durations, **read["durations"]}
    symptomatic = read.get("symptomatic", base.symptomatic)
    for one in _WORSE if times != 1 else ():
        shares = read.get(one, getattr(base, one))
        read[one] = tuple(min(times * share, ill) for share, ill in zip(shares, symptomatic, strict=True))
    sources = {**base.sources, **dict.fromkeys(given, _OWN)}
    try:
        # What R0 the replaced disease has is not known until it is fitted.
        made = replace(base, **read, sources=sources, r0=None)
        return made if r0 is None else fitted(_default_city(), made, r0)
    except SimulationError as fault:
        raise SimulationError(f"{where}：{fault.zh}", f"{where}: {fault.en}") from None


@cache
def _default_city() -> Population:
    return build(20_000)


def _layers(value: Any, where: str) -> dict[str, float]:
    return {one: number(weight, f"{where}.{one}", 0, 100) for one, weight in known(value, where, LAYERS).items()}


def _load(value: Any, where: str) -> dict[str, float]:
    highest = {"early": 100, "share": 1, "cap": _LONG}
    return {
        one: number(given, f"{where}.{one}", 0, highest[one])
        for one, given in known(value, where, tuple(highest)).items()
    }


def _durations(value: Any, where: str) -> dict[str, Duration]:
    return {one: _duration(given, f"{where}.{one}") for one, given in known(value, where, DURATIONS).items()}


def _duration(value: Any, where: str) -> Duration:
    """A number of days for everybody, or mean, sd and family (lognormal, if nothing is said)."""
    if not isinstance(value, dict):
        return Duration(number(value, where, 0, _LONG))
    given = known(value, where, ("mean", "sd", "family"))
    if "mean" not in given:
        raise wrong(f"{where}.mean", "此项必填", "this is needed")
    family = given.get("family", "lognormal")
    if family not in FAMILIES:
        raise wrong(f"{where}.family", f"应为 {'、'.join(FAMILIES)} 之一", f"one of {', '.join(FAMILIES)} is meant")
    return Duration(
        number(given["mean"], f"{where}.mean", 0, _LONG), number(given.get("sd", 0), f"{where}.sd", 0, _LONG), family
    )


def _variants(value: Any, where: str) -> tuple[Variant, ...]:
    return tuple(_variant(one, f"{where}[{place}]") for place, one in enumerate(_listed(value, where), 1))


def _variant(value: Any, where: str) -> Variant:
    checks: dict[str, Check] = {
        "transmission": partial(number, low=0, high=100), "severity": partial(number, low=0, high=100),
        "day": partial(number, low=0, high=_LONG, whole=True), "seeds": partial(number, low=0, high=2_000_000_000, whole=True),
    }  # fmt: skip
    given = known(value, where, ("name", *checks))
    name = str(given.pop("name", ""))
    return Variant(Text(name, name), **{one: checks[one](of, f"{where}.{one}") for one, of in given.items()})


def _cross(value: Any, where: str) -> tuple[tuple[float, ...], ...]:
    return tuple(
        tuple(number(one, f"{where}[{row}][{column}]", 0, 1) for column, one in enumerate(_listed(of, where), 1))
        for row, of in enumerate(_listed(value, where), 1)
    )


def _listed(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise wrong(where, "应为列表", "is a list")
    return value


_SHARES: Check = partial(by_decade, high=1)
#: What may be replaced, and how it is read.
_CHECKS: Mapping[str, Check] = {
    "r0": partial(number, low=0, high=100), "transmission": partial(number, low=0, high=1), "layers": _layers,
    "dispersion": partial(number, low=0.01, high=inf), "place_dispersion": partial(number, low=0.01, high=inf), "load": _load,
    "susceptible": partial(by_decade, high=100), "symptomatic": _SHARES, "severe": _SHARES, "critical": _SHARES, "dies": _SHARES,
    "severity": partial(number, low=0, high=100), "durations": _durations, "immunity": partial(number, low=1, high=inf),
    "season": partial(number, low=0, high=1), "peak": partial(number, low=0, high=365, whole=True), "variants": _variants,
    "cross": _cross,
}  # fmt: skip
