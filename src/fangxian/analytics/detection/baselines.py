"""Which past times Farrington's methods compare with: the same weeks of earlier years, by position or by the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fangxian.analytics.detection.results import DetectionError
from fangxian.analytics.detection.series import require

Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]


@dataclass(frozen=True, eq=False)
class Baseline:
    """The past times of one judgement, and the block of the year that each belongs to (0 to blocks - 1, the last the current one)."""

    times: Ints
    block: Ints

    @property
    def runs(self) -> tuple[Ints, Ints, Ints]:
        """Start, length and block of the stretches of consecutive times in the same block."""
        if not len(self.times):
            return self.times, self.times, self.block
        breaks = np.flatnonzero((np.diff(self.times) != 1) | (np.diff(self.block) != 0)) + 1
        start = np.concatenate(([0], breaks))
        return self.times[start], np.diff(np.concatenate((start, [len(self.times)]))), self.block[start]


class Calendar:
    """The times of a series: T of them, `freq` a year (365 days, 52 weeks, 12 months), with or without dates.

    With dates, the same time of an earlier year is the same calendar date (for weeks, the nearest day of the same weekday), else it
    is `freq` positions earlier. Raises DetectionError when the dates are not one a period, each a period after the one before.
    """

    def __init__(self, times: int, freq: int, dates: ArrayLike | None) -> None:
        require(freq >= 1, "一年至少 1 期。", "A year has at least one time.")
        self.length, self.freq = times, freq
        self.dates: Days | None = None
        if dates is not None:
            try:
                self.dates = np.asarray(dates, dtype="datetime64[D]")
            except (TypeError, ValueError):
                raise DetectionError("日期应写成 2024-01-05。", "Dates are written 2024-01-05.") from None
            self._check()

    def _check(self) -> None:
        assert self.dates is not None
        if len(self.dates) != self.length:
            raise DetectionError(
                f"有 {self.length} 期计数却有 {len(self.dates)} 个日期；请每期给出一个。",
                f"There are {self.length} counts a series and {len(self.dates)} dates; give one for each.",
            )
        if self.freq not in (365, 52, 12):
            raise DetectionError(
                "带日期的序列每年应为 365（日）、52（周）或 12（月）期；请改 freq，或不给日期。",
                "With dates there are 365 (days), 52 (weeks) or 12 (months) times a year; change freq, or leave the dates out.",
            )
        if self.freq == 12:
            even = np.all(np.diff(self.dates.astype("datetime64[M]").astype(np.int64)) == 1) and np.all(
                _day(self.dates) == _day(self.dates)[:1]
            )
        else:
            even = np.all(np.diff(self.dates.astype(np.int64)) == self._step)
        if not even:
            raise DetectionError(
                "日期有间断、重复或次序不对；请补齐每一期（缺报写 NaN），按先后排列。",
                "The dates have gaps or repeats, or are out of order; give every period once, in order, and NaN for what is missing.",
            )

    @property
    def elapsed(self) -> NDArray[np.float64]:
        """Time that went by since the first one, in periods; for months with dates in units of the first month's days."""
        if self.dates is None or self.freq != 12 or self.length < 2:
            return np.arange(self.length, dtype=np.float64)
        days = (self.dates - self.dates[0]).astype(np.float64)
        return np.asarray(days / days[1])

    def yearly(self, t: int, years: int, half_window: int) -> Baseline:
        """Farrington 1996: ± half_window around the same time of `years` earlier years; what does not exist is left out."""
        around = np.arange(-half_window, half_window + 1)
        if self.dates is None:
            times = np.concatenate([t - self.freq * year + around for year in range(years, 0, -1)])
        elif self.freq == 12:
            times = (self._index(self._earlier(t, years)[1:])[:, None] + around).ravel()
        else:
            days = (self._earlier(t, years)[1:, None] + around * self._step).ravel()
            times = self._index(_nearest_weekday(days, self.dates[t]) if self.freq == 52 else days)
        times = np.sort(times[(times >= 0) & (times < self.length)])
        return Baseline(times, np.zeros(len(times), np.int64))

    def blocks(
        self, t: int, years: int, half_window: int, blocks: int, left_out: int, overlap: bool
    ) -> Baseline | None:
        """Noufaily 2013: those windows as the last block, the rest of each year shared among the others, the last `left_out` times not.

        None where the history does not reach back far enough. `overlap` repeats what R does where there are more blocks than times
        to share: the last such block takes the last shared time and the first of the window that follows.
        """
        if self.dates is None:
            reference = [t - self.freq * year for year in range(years + 1)]
        else:
            days = self._earlier(t, years)
            reference = self._index(_nearest_weekday(days, self.dates[t]) if self.freq == 52 else days).tolist()
        if reference[-1] < 0:
            return None
        block = np.full(self.length, -1, np.int64)
        block[t - half_window : t + 1] = blocks - 1
        for later, earlier in pairwise(reference):
            block[max(earlier - half_window, 0) : earlier + half_window + 1] = blocks - 1
            if blocks > 1:
                start = earlier + half_window + 1
                shared = later - half_window - start
                size, rest = divmod(shared, blocks - 1)
                sizes = [size + (j < rest) for j in range(blocks - 1)]
                block[start : start + shared] = np.repeat(np.arange(blocks - 1), sizes)
                if overlap and sizes[-1] == 0:
                    block[start + shared - 1 : start + shared + 1] = blocks - 2
        block[max(t - left_out, 0) :] = -1
        times = np.flatnonzero(block >= 0)
        return Baseline(times, block[times])

    @property
    def _step(self) -> int:
        """Days from one time to the next."""
        return 7 if self.freq == 52 else 1

    def _earlier(self, t: int, years: int) -> Days:
        """The date of time t, and the same calendar date 1 to `years` years earlier; 29 February becomes 1 March where there is none."""
        assert self.dates is not None
        month = self.dates[t].astype("datetime64[M]")
        day = self.dates[t] - month.astype("datetime64[D]")
        return np.asarray((month - 12 * np.arange(years + 1)).astype("datetime64[D]") + day)

    def _index(self, days: Days) -> Ints:
        """The times at which these dates are."""
        assert self.dates is not None
        if self.freq == 12:
            months = days.astype("datetime64[M]") - self.dates[0].astype("datetime64[M]")
            return np.asarray(months.astype(np.int64))
        return np.asarray((days - self.dates[0]).astype(np.int64) // self._step)


def _day(dates: Days) -> Ints:
    return np.asarray((dates - dates.astype("datetime64[M]")).astype(np.int64))


def _nearest_weekday(days: Days, like: np.datetime64) -> Days:
    """Each day moved to the nearest day of the weekday of `like`."""
    ahead = (like - days).astype(np.int64) % 7
    return np.asarray(days + np.where(ahead < 4, ahead, ahead - 7))
