"""What a run costs (防控成本): quantities that measures and illness took, priced by a table, and who bears them.

A quantity of which a run says nothing is absent, not zero. Deaths and years of life are counted and not priced unless somebody does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from fangxian.analytics.simulation.disease import DECADES, Disease
from fangxian.analytics.simulation.errors import SimulationError
from fangxian.analytics.simulation.measures import Closure, Masks, Measure
from fangxian.analytics.simulation.population import LAYERS, WORK_AGES, Population
from fangxian.analytics.simulation.runs import Run
from fangxian.analytics.simulation.spread import DAILY, NEVER
from fangxian.text import Text

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Item:
    """A thing that is counted. `price` for one unit, None: counted only. `bears` names who pays; `source` and `grade` are the price's."""

    key: str
    name: Text
    unit: Text
    price: float | None
    bears: str
    source: str
    grade: str
    column: str = ""
    closed: str = ""
    of: str = ""
    times: float = 1.0
    life: bool = False
    worn: bool = False


@dataclass(frozen=True)
class Prices:
    """A table of prices in one currency, and the years of life left by decade of age (10,)."""

    currency: str
    items: Mapping[str, Item]
    bearers: Mapping[str, Text]
    years_left: tuple[float, ...]

    def with_(self, changed: Mapping[str, float | None]) -> Prices:
        """The same table with some prices replaced. Raises SimulationError for an item that there is not, or a price below 0."""
        items = dict(self.items)
        for key, price in changed.items():
            if key not in items:
                raise SimulationError(
                    f"价格表没有 {key}；有 {'、'.join(items)}。",
                    f"The table of prices has no {key}; there are {', '.join(items)}.",
                )
            if price is not None and (isinstance(price, bool) or not isinstance(price, int | float) or not price >= 0):
                raise SimulationError(
                    f"{key} 的价格应为不小于 0 的数，得到 {price}；填 null 表示只计数量。",
                    f"The price of {key} is a number of at least 0, not {price}; null counts it without a price.",
                )
            items[key] = (
                replace(items[key], price=price, source="", grade="own") if price != items[key].price else items[key]
            )
        return replace(self, items=items)


@dataclass(frozen=True)
class Account:
    """What a run took: `quantities` by item, `costs` of those that have a price, and (10,) by decade of age who was infected, and the
    deaths and years of life lost that are expected of them, scaled to the deaths of the run."""

    prices: Prices
    quantities: Mapping[str, float]
    infected_by_decade: Floats
    deaths_by_decade: Floats

    @property
    def costs(self) -> Mapping[str, float]:
        """The price of each quantity that has one."""
        items = self.prices.items
        return {key: n * price for key, n in self.quantities.items() if (price := items[key].price) is not None}

    @property
    def total(self) -> float:
        """All costs together."""
        return float(sum(self.costs.values()))

    @property
    def by_bearer(self) -> Mapping[str, float]:
        """Costs by who bears them."""
        found = dict.fromkeys(self.prices.bearers, 0.0)
        for key, cost in self.costs.items():
            found[self.prices.items[key].bears] += cost
        return found

    @property
    def life_years_by_decade(self) -> Floats:
        """Years of life lost by decade of age (10,)."""
        return np.asarray(self.deaths_by_decade * np.asarray(self.prices.years_left))


class Books:
    """The accounts of one city and disease: what does not change from run to run is counted once."""

    def __init__(self, population: Population, disease: Disease, prices: Prices | None = None) -> None:
        self.prices = prices or shipped()
        self.decade = np.minimum(population.age // 10, DECADES - 1).astype(np.int64)
        self.dies = np.asarray(disease.dies)
        self.members = [int(np.count_nonzero(population.degree[at])) for at in range(len(LAYERS))]
        self.workers = float(np.mean((population.age >= WORK_AGES[0]) & (population.age < WORK_AGES[1])))

    def of(self, run: Run, measures: Sequence[Measure] = ()) -> Account:
        """The account of one run under these measures."""
        infected = np.bincount(self.decade[run.infected_on != NEVER], minlength=DECADES).astype(np.float64)
        expected = infected * self.dies
        scale = run.total("deaths") / expected.sum() if expected.sum() else 0.0
        deaths = expected * scale
        quantities: dict[str, float] = {}
        for key, item in self.prices.items.items():
            if item.column in DAILY:  # the run itself tells it, whatever closed the layer
                share = self.workers if item.of == "workers" else 1.0
                quantities[key] = run.total(item.column) * share * item.times
            elif item.closed in LAYERS:
                if (lost := self._closed(item.closed, measures, len(run.daily))) is not None:
                    quantities[key] = lost * item.times
            elif item.worn:
                quantities[key] = len(self.decade) * _worn(measures, len(run.daily)) * item.times
            elif item.life:
                quantities[key] = float(deaths @ np.asarray(self.prices.years_left))
        return Account(self.prices, quantities, infected, deaths)

    def _closed(self, layer: str, measures: Sequence[Measure], days: int) -> float | None:
        """Person-days that the members of a layer lose: closures one on another leave the product of what each leaves. None where a
        closure has a trigger: on which days it held, the run does not tell."""
        left = np.ones(days)
        for one in measures:
            if isinstance(one, Closure) and one.layer == layer:
                if one.above > 0:
                    return None
                left[max(one.since, 0) : max(one.until, 0)] *= one.left
        return float((1 - left).sum()) * self.members[LAYERS.index(layer)]


def _worn(measures: Sequence[Measure], days: int) -> float:
    """Days on which somebody wears a mask, on the mean of all people."""
    return float(
        sum(one.worn * max(0, min(one.until, days) - max(one.since, 0)) for one in measures if isinstance(one, Masks))
    )


@cache
def shipped() -> Prices:
    """The table of prices that comes with the product."""
    raw: dict[str, Any] = yaml.safe_load(
        files("fangxian.analytics.simulation").joinpath("prices.yaml").read_text(encoding="utf-8")
    )
    items = {
        key: Item(key, **{**one, "name": Text(**one["name"]), "unit": Text(**one["unit"])})
        for key, one in raw["items"].items()
    }
    bearers = {key: Text(**one) for key, one in raw["bearers"].items()}
    return Prices(raw["currency"], items, bearers, tuple(map(float, raw["life_expectancy"]["years"])))
