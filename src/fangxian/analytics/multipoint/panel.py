"""What is watched: several sources (来源) at each of many places, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fangxian.analytics.errors import AnalysisError

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]
Kind = Literal["count", "level"]


class MultipointError(AnalysisError):
    """A panel or parameters that cannot be fused."""


@dataclass(frozen=True)
class Source:
    """A kind of source.

    count: whole numbers of visits, sales, absences, positives; level: a positive concentration, such as that of a virus in wastewater.
    `reported` is the share of a day's count that is in after 0, 1, 2 … days, ending with 1; (1,) when a count is final at once.
    `strength` is what an outbreak is expected to lift it by while it grows, in its own standard deviations of a day.
    """

    name: str
    kind: Kind = "count"
    reported: tuple[float, ...] = (1.0,)
    strength: float = 1.5

    def __post_init__(self) -> None:
        shares = self.reported
        if not shares or shares[-1] != 1 or any(a > b for a, b in pairwise(shares)) or shares[0] <= 0:
            raise MultipointError(
                f"来源 {self.name}：到报比例应大于 0、逐日不减、以 1 结尾。",
                f"Source {self.name}: the shares reported are above 0, do not fall, and end with 1.",
            )
        if self.strength < 0:
            raise MultipointError(
                f"来源 {self.name}：强度不能为负。", f"Source {self.name}: the strength cannot be negative."
            )


@dataclass(frozen=True, eq=False)
class Panel:
    """Counts (places, sources, days), NaN where nothing was reported; days without gaps.

    `exposure` has the same shape, or none: tests behind positives, people behind absences, flow behind wastewater. Build it with `panel`.
    """

    places: tuple[str, ...]
    sources: tuple[Source, ...]
    days: Days
    counts: Floats
    exposure: Floats | None = None


def panel(
    places: Sequence[str], sources: Sequence[Source | str], days: ArrayLike, counts: ArrayLike, *,
    exposure: ArrayLike | None = None,
) -> Panel:  # fmt: skip
    """Check and keep a panel. Raises MultipointError naming place, source and day of a count that cannot be."""
    named = tuple(one if isinstance(one, Source) else Source(one) for one in sources)
    when = np.asarray(days, "datetime64[D]")
    table = np.asarray(counts, np.float64)
    shape = (len(places), len(named), len(when))
    if table.shape != shape:
        raise MultipointError(
            f"计数应为 {shape[0]} 地 × {shape[1]} 来源 × {shape[2]} 日，得到 {table.shape}。",
            f"Counts are {shape[0]} places × {shape[1]} sources × {shape[2]} days, not {table.shape}.",
        )
    for zh, en, names in (("地点", "place", list(places)), ("来源", "source", [one.name for one in named])):
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise MultipointError(f"{zh} {twice} 出现两次；请合并。", f"The {en} {twice} is there twice. Merge them.")
    steps = np.diff(when).astype(int)
    if len(steps) and (steps != 1).any():
        i = int(np.flatnonzero(steps != 1)[0])
        raise MultipointError(
            f"{when[i]} 之后是 {when[i + 1]}；日期应逐日连续，缺报处填 NaN。",
            f"{when[i]} is followed by {when[i + 1]}. Give every day once, in order, NaN where nothing was reported.",
        )
    counted = np.array([one.kind == "count" for one in named])
    whole = np.where(np.isnan(table), 0, table)
    _refuse(places, named, when, table, ~np.isfinite(whole) | (whole < 0), "应是不小于 0 的数", "is at least 0")
    _refuse(places, named, when, table, counted[:, None] & (whole != np.floor(whole)), "应是整数", "is a whole number")
    behind = None
    if exposure is not None:
        behind = np.ascontiguousarray(np.broadcast_to(np.asarray(exposure, np.float64), shape))
        missing = ~np.isnan(table) & ~((behind > 0) & np.isfinite(behind))
        _refuse(places, named, when, behind, missing, "（分母）应大于 0", "(what is behind the count) is above 0")
    return Panel(tuple(places), named, when, np.ascontiguousarray(table), behind)


def _refuse(
    places: Sequence[str], sources: tuple[Source, ...], days: Days, table: Floats, wrong: NDArray[Any], zh: str, en: str
) -> None:
    if wrong.any():
        p, s, t = (int(i) for i in np.argwhere(np.broadcast_to(wrong, table.shape))[0])
        raise MultipointError(
            f"{places[p]} {sources[s].name} {days[t]} 的值 {table[p, s, t]:g} {zh}。",
            f"The value of {sources[s].name} at {places[p]} on {days[t]} {en}, not {table[p, s, t]:g}.",
        )
