"""What a run comes to in numbers that a decision may count: totals, peaks, quantities and costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.deciding.errors import DecidingError
from fangxian.analytics.deciding.question import Question
from fangxian.analytics.simulation import DAILY, Population, Run
from fangxian.analytics.simulation.accounting import Books
from fangxian.analytics.simulation.measures import Measure
from fangxian.text import Text

Floats = NDArray[np.float64]
COST, DISRUPTION, PEAK, OVERFLOW, BORNE = "cost", "disruption", "peak_", "bed_days_over", "cost_"
#: Columns that hold how things stand, not what happened: their sum is person-days, of which the accounts tell.
STATES = tuple(name for name in DAILY if name.startswith(("in_", "waiting_")))
#: Person-days taken from people's lives: what disruption is the sum of.
TAKEN = ("quarantine_days", "isolation_days", "locked_days", "school_days", "work_days", "restricted_days")
_NAMES: Mapping[str, Text] = {
    "infected": Text("感染", "infections"), "onsets": Text("发病", "onsets"), "severe": Text("重症", "severe cases"),
    "deaths": Text("死亡", "deaths"), "tests": Text("检测", "tests"), "found": Text("发现病例", "cases found"),
    "quarantined": Text("密接隔离人数", "people quarantined"), "in_quarantine": Text("在隔离人数", "people in quarantine"),
    "in_isolation": Text("在隔离治疗人数", "people in isolation"), "overflow": Text("无床重症床日", "bed-days that were not there"),
    "waiting_laboratory": Text("待检样本", "samples waiting"), "waiting_tracing": Text("待流调病例", "cases waiting to be traced"),
    "waiting_isolation": Text("待转运隔离人数", "people waiting for isolation"), "tubes": Text("混检管数", "pooled tubes"),
    "imported": Text("输入感染", "imported infections"), "reinfected": Text("再感染", "reinfections"),
    "in_hospital": Text("在院人数", "people in hospital"), COST: Text("总成本", "cost"),
    DISRUPTION: Text("受影响人日", "person-days taken"), OVERFLOW: Text("超出床位的床日", "bed-days over capacity"),
}  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """The figures of one city and question, in one order."""

    question: Question
    books: Books
    names: tuple[str, ...]

    @classmethod
    def of(cls, question: Question, population: Population) -> Figures:
        """Raises DecidingError where the question counts what a run does not tell."""
        books = Books(population, question.scenario(question.least).disease, question.prices)
        names = [name for name in DAILY if name not in STATES]
        names += [PEAK + name for name in DAILY]
        names += [
            key
            for key, item in question.prices.items.items()
            if key not in names and (item.column in DAILY or item.closed or item.life or item.worn)
        ]
        names += [
            COST,
            *(BORNE + one for one in question.prices.bearers),
            DISRUPTION,
            *([OVERFLOW] if question.beds is not None else []),
        ]
        asked = {"effect": question.effect, "cost": question.cost}
        asked |= {f"limits[{place}].of": one.of for place, one in enumerate(question.limits, 1)}
        for where, name in asked.items():
            if name not in names:
                raise DecidingError(
                    f"{where}：没有指标 {name}；有 {'、'.join(names)}。",
                    f"{where}: there is no figure {name}; there are {', '.join(names)}.",
                )
        return cls(question, books, tuple(names))

    def told(self, run: Run, measures: tuple[Measure, ...]) -> list[float]:
        """The figures of a run, in the order of `names`."""
        account = self.books.of(run, measures)
        found: dict[str, float] = {name: float(run.total(name)) for name in DAILY}
        found |= {PEAK + name: float(run.daily[:, at].max(initial=0)) for at, name in enumerate(DAILY)}
        found |= {key: value for key, value in account.quantities.items() if key not in found}
        found[COST] = account.total
        found |= {BORNE + one: cost for one, cost in account.by_bearer.items()}
        found[DISRUPTION] = sum(account.quantities.get(key, 0.0) for key in TAKEN)
        if self.question.beds is not None:
            beds = run.daily[:, DAILY.index("in_hospital")]
            found[OVERFLOW] = float(np.maximum(beds - self.question.beds, 0).sum())
        return [found.get(name, float("nan")) for name in self.names]


def name_of(question: Question, name: str) -> Text:
    """A figure in words."""
    if name.startswith(PEAK):
        inner = name_of(question, name.removeprefix(PEAK))
        return Text(f"{inner.zh}单日峰值", f"peak of {inner.en} in a day")
    if name.removeprefix(BORNE) in question.prices.bearers:
        bears = question.prices.bearers[name.removeprefix(BORNE)]
        return Text(f"{bears.zh}承担", f"borne by {bears.en}")
    if name in question.prices.items:
        return question.prices.items[name].name
    return _NAMES.get(name, Text(name, name))


def is_money(question: Question, name: str) -> bool:
    """Whether a figure is in the currency of the prices."""
    return name == COST or name.removeprefix(BORNE) in question.prices.bearers
