"""How many cases travellers may bring in (境外与高风险地区输入风险): what is known of a place, times who comes from there.

A place reports y cases among its people in so many days, of whom only a share is detected. The prevalence of infection that travels is then
Gamma(y + 1/2, 1) / share × infectious days / (people × days), with Jeffreys' prior, and the arrivals with an infection are Poisson
given it: a negative binomial, whose quantiles are the prediction interval.

Source: the gamma-Poisson model, as in Gelman et al., Bayesian Data Analysis, 3rd ed. (2013), 2.6; the travel term as in Imai et al.,
Report 2 of the Imperial College COVID-19 response team (2020).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import nbinom

from fangxian.analytics.columns import read_column, read_table, require_columns
from fangxian.analytics.errors import AnalysisError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Origin:
    """A place that people come from: reported cases in `days` days among `population` people, and `travellers` from there in a week.

    `detected` is the share of infections that it reports; `infectious` how many days one can travel infected and not be noticed.
    """

    name: str
    cases: int
    population: int
    travellers: float
    days: float = 7.0
    detected: float = 1.0
    infectious: float = 7.0

    def __post_init__(self) -> None:
        for name, value, least in (
            ("cases", self.cases, 0), ("travellers", self.travellers, 0), ("population", self.population, 1)
        ):  # fmt: skip
            if value < least:
                raise AnalysisError(
                    f"{self.name}：{name} 应不小于 {least}，不能是 {value}。",
                    f"{self.name}: {name} is at least {least}, not {value}.",
                )
        if not 0 < self.detected <= 1 or self.days <= 0 or self.infectious <= 0:
            raise AnalysisError(
                f"{self.name}：发现率应在 0 与 1 之间，天数应大于 0。",
                f"{self.name}: the share detected lies between 0 and 1, and days are above 0.",
            )
        if self.cases > self.population:
            raise AnalysisError(
                f"{self.name}：病例多于人口；请核对。", f"{self.name}: there are more cases than people. Check them."
            )


@dataclass(frozen=True, eq=False)
class Importations:
    """Expected importations in a week, of each origin (in order) and of all together, with the interval asked for, and P(at least one)."""

    names: tuple[str, ...]
    mean: Floats
    low: Floats
    high: Floats
    any: Floats
    total_mean: float
    total_low: float
    total_high: float
    total_any: float


def importations(origins: Sequence[Origin], *, level: float = 0.95, draws: int = 20_000, seed: int = 1) -> Importations:
    """Expected importations in a week. The total's interval is that of the sum, from `draws` draws of each origin.

    Raises AnalysisError where there is no origin or the level is no probability.
    """
    if not origins:
        raise AnalysisError("没有来源地；请至少给出一个。", "There is no place of origin. Give at least one.")
    if not 0 < level < 1:
        raise AnalysisError("区间水平应在 0 与 1 之间。", "The level lies between 0 and 1.")
    shape = np.array([one.cases + 0.5 for one in origins])
    factor = np.array([one.travellers * one.infectious / (one.detected * one.population * one.days) for one in origins])
    # Poisson(factor × Gamma(shape)) is a negative binomial with p = 1 / (1 + factor).
    p = 1 / (1 + factor)
    tail = (1 - level) / 2
    low, high = nbinom.ppf(tail, shape, p), nbinom.ppf(1 - tail, shape, p)
    random = np.random.default_rng(seed)
    total = random.poisson(random.gamma(shape, size=(draws, len(origins))) * factor).sum(axis=1)
    bounds = np.quantile(total, [tail, 1 - tail])
    none = nbinom.pmf(0, shape, p)
    return Importations(
        tuple(one.name for one in origins), shape * factor, low, high, 1 - none, float((shape * factor).sum()),
        float(bounds[0]), float(bounds[1]), float(1 - np.prod(none)),
    )  # fmt: skip


def read_origins(path: Path) -> list[Origin]:
    """The places of a table `place,cases,population,travellers`, with `detected`, `days`, `infectious` where they are known.

    Raises AnalysisError naming file, row and column of what cannot be.
    """
    table = read_table(path)
    wanted: dict[str, Callable[[str], Any]] = {
        "place": str, "cases": _number(int), "population": _number(int), "travellers": _number(float),
    }  # fmt: skip
    require_columns(path, table, *wanted)
    wanted |= {name: _number(float) for name in ("detected", "days", "infectious") if name in table.column_names}
    columns = []
    for name, read in wanted.items():
        values, rows = read_column(path, table, name, read)
        columns.append([values[row] for row in rows])
    names = ["name" if name == "place" else name for name in wanted]
    return [Origin(**dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]


def _number(kind: type[int] | type[float]) -> Callable[[str], Any]:
    def read(word: str) -> Any:
        try:
            return kind(word)
        except ValueError:
            raise AnalysisError(f"“{word}”不是数；请填数字。", f"“{word}” is no number; write one.") from None

    return read
