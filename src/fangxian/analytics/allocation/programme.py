"""A mixed-integer programme, row by row, for HiGHS."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, OptimizeWarning, linprog, milp
from scipy.sparse import csr_array

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Solved:
    """The variables, the cost, and what no solution is below. `values` is None where none was found in time."""

    values: Floats | None
    objective: float
    bound: float


@dataclass
class Programme:
    """Variables between 0 and a bound, at a cost; rows that limit sums of them."""

    costs: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    _rows: list[int] = field(default_factory=list)
    _columns: list[int] = field(default_factory=list)
    _factors: list[float] = field(default_factory=list)
    _low: list[float] = field(default_factory=list)
    _high: list[float] = field(default_factory=list)

    def variable(self, cost: float = 0.0, most: float = np.inf, whole: bool = False) -> int:
        """A new variable; its number."""
        self.costs.append(cost)
        self.most.append(most)
        self.whole.append(int(whole))
        return len(self.costs) - 1

    def limit(self, terms: Iterable[tuple[int, float]], high: float, low: float = -np.inf) -> int:
        """low ≤ Σ factor · variable ≤ high; the number of the row."""
        row = len(self._high)
        for column, factor in terms:
            self._rows.append(row)
            self._columns.append(column)
            self._factors.append(factor)
        self._low.append(low)
        self._high.append(high)
        return row

    def equal(self, terms: Iterable[tuple[int, float]], value: float) -> None:
        """Σ factor · variable = value."""
        self.limit(terms, value, value)

    def split(self, variables: Iterable[int]) -> None:
        """These variables need not be whole any more."""
        for variable in variables:
            self.whole[variable] = 0

    def solve(self, seconds: float, gap: float = 0.0) -> Solved:
        """The least cost. Stops at `gap`, relative, or when the time is over, with the best that was found."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)  # a run that was cut short is no fault here
            done = milp(
                np.array(self.costs), integrality=np.array(self.whole), bounds=Bounds(0, np.array(self.most)),
                constraints=LinearConstraint(self._matrix(), self._low, self._high), options={"time_limit": seconds, "mip_rel_gap": gap},
            )  # fmt: skip
        bound = done.get("mip_dual_bound")
        if done.x is None:
            return Solved(None, np.inf, -np.inf if bound is None else float(bound))
        return Solved(np.asarray(done.x), float(done.fun), float(done.fun if bound is None else bound))

    def relaxed(self) -> tuple[Floats, float, Floats]:
        """The variables, the cost and the price of each row, if nothing need be whole: what a unit more of its limit would save."""
        matrix, low, high = self._matrix(), np.array(self._low), np.array(self._high)
        tight = low == high
        bounds = np.column_stack([np.zeros(len(self.costs)), self.most])
        done = linprog(
            self.costs,
            A_ub=matrix[~tight],
            b_ub=high[~tight],
            A_eq=matrix[tight],
            b_eq=high[tight],
            bounds=bounds,
            method="highs-ds",
        )
        prices = np.zeros(len(high))
        prices[~tight] = np.maximum(-done.ineqlin.marginals, 0.0)
        return np.asarray(done.x), float(done.fun), prices

    def _matrix(self) -> csr_array:
        return csr_array((self._factors, (self._rows, self._columns)), shape=(len(self._high), len(self.costs)))
