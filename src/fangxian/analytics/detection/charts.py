"""Control charts as they stand after their newest count: what a chart must remember to go on with the next (控制图续算).

A chart against a fitted mean needs no past counts: it has the coefficients of its mean, its limit, and what has added up since it last
started. `lr`, `glr` and `cusum` give it back with what they found (`Detection.charts`) and go on from it (`after=`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.detection.results import Floats

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Charts:
    """n charts of one method that saw the same `seen` times, the first `since` of them to learn the mean.

    `coefficients` (n, p) are those of the logarithm of the mean on the season's terms (p = 0: the mean is given, not fitted); `limit` and
    `total` (n,) the threshold and what the statistic had added up to. A generalised likelihood ratio has instead the steps since its
    last start: `held` of them, (n,), with their `cases` and `expected`, (n, the most there are).
    """

    seen: int
    since: int
    coefficients: Floats
    limit: Floats
    total: Floats
    held: Ints
    cases: Floats
    expected: Floats

    @classmethod
    def new(cls, since: int, coefficients: Floats, limit: Floats, steps: int = 0) -> Charts:
        """Charts that saw nothing yet but what their mean was learnt from, with room for so many steps."""
        n = len(limit)
        room = np.empty((n, steps)), np.empty((n, steps))
        return cls(since, since, coefficients, limit, np.zeros(n), np.zeros(n, np.int64), *room)

    def widened(self, steps: int) -> Charts:
        """The same with room for so many steps more, in arrays that may be written to."""
        most = int(self.held.max(initial=0))
        cases, expected = (np.empty((len(self.held), most + steps)) for _ in range(2))
        cases[:, :most], expected[:, :most] = self.cases[:, :most], self.expected[:, :most]
        return Charts(
            self.seen, self.since, self.coefficients, self.limit, self.total.copy(), self.held.copy(), cases, expected
        )

    def after(self, times: int) -> Charts:
        """The same when so many times more were seen, without room that is not used."""
        most = int(self.held.max(initial=0))
        return Charts(
            self.seen + times, self.since, self.coefficients, self.limit, self.total, self.held, self.cases[:, :most].copy(),
            self.expected[:, :most].copy(),
        )  # fmt: skip
