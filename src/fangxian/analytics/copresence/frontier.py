"""What every person is to the ring under hand: open, settled, or of the frontier from which it is traced, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.copresence import kernels

if TYPE_CHECKING:
    from fangxian.analytics.copresence.stays import Stays
    from fangxian.analytics.copresence.tracing import Index

Ints = NDArray[Any]
_EARLIEST = -(2**31)


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """One trace's tables of P persons, and the steps of time in which windows are coded: `width` seconds each, from `first`."""

    code: Ints
    since: Ints
    until: Ints
    left: Ints
    first: int
    width: int

    @classmethod
    def over(cls, persons: int, first: int, last: int) -> Tables:
        """Nobody settled yet; `first` and `last`: about when the stays begin and end (they may lie outside)."""
        empty = (np.empty(persons, np.int32), np.empty(persons, np.int32), np.zeros(persons, np.uint8))
        width = max(1, -(-(last - first + 1) // kernels.REACHED))
        return cls(np.full(persons, kernels.OPEN, np.uint8), *empty, first, width)

    @classmethod
    def of(cls, stays: Stays) -> Tables:
        return cls.over(stays.persons, *stays.span)

    def settle(self, person: Ints) -> None:
        """These are reached: they are in no further ring."""
        self.code[person] = kernels.SETTLED

    def frontier(self, around: Index) -> kernels.Frontier:
        """The persons of `around`, each with one window, as the kernel wants them; its arrays are these tables, but for the code."""
        bounded = bool((around.until < self.first + kernels.BEGUN * self.width).any())
        kernels.mark(
            around.person, around.since, around.until, self.first, self.width,
            self.code, self.since, self.until, self.left, bounded,
        )  # fmt: skip
        starts = self.first + self.width * np.arange(
            kernels.BEGUN + 1, dtype=np.int64
        )  # of steps, and the last one's end
        never, early = int(kernels.NEVER), _EARLIEST
        open_, frontier = slice(0, kernels.REACHED + 1), slice(int(kernels.FRONTIER), int(kernels.SETTLED))
        limit, begins, begun = np.full(256, early), np.full(256, never), np.full(256, never)
        limit[open_] = np.r_[
            never, starts[1 : kernels.REACHED], never
        ]  # one who is reached in the last step: at any time
        begins[frontier] = np.r_[early, starts[1:-1]]
        begun[frontier] = np.r_[starts[1:-1], never]
        lasts, ended = np.full(256, never), np.full(256, never)
        lasts[: len(starts) + 1] = np.r_[early, starts]
        ended[: len(starts)] = starts - 1
        as_int32 = [np.clip(table, early, never).astype(np.int32) for table in (limit, begins, begun, lasts, ended)]
        limit, begins, begun, lasts, ended = as_int32
        left = self.left if bounded else self.left[:0]
        return kernels.Frontier(
            self.code.copy(), limit, begins, begun, self.since, self.until, left, lasts, ended, self.first, self.width
        )
