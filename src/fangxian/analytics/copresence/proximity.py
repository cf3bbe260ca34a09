"""Proximity logs (近距离接触记录): who was seen beside whom, how far apart, as badges and telephones write it down.

Sightings of two persons become *episodes*: from the first sighting to the last before a silence. An episode is a stay of both
at a place that only these two share, so that `trace` does the rest: contacts of τ, rings, windows, overlaps that add up.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fangxian.analytics.copresence.labels import Labels
from fangxian.analytics.copresence.sheets import Sheet
from fangxian.analytics.copresence.stays import Stays
from fangxian.analytics.copresence.tables import StayFile
from fangxian.analytics.errors import AnalysisError
from fangxian.text import Text

Array = NDArray[Any]
LOG = ("person", "other", "t")
_ALONE = (
    Text("与本人接触", "somebody beside himself"),
    Text("请核对两个标识", "Check the two identifiers"),
)
_NO_DISTANCE = (
    Text("距离缺失或为负", "the distance is missing or negative"),
    Text("请以米为单位填写，或不给 --distance", "Give metres, or leave --distance out"),
)


@dataclass(frozen=True, eq=False)
class Episodes:
    """Times that two persons were beside each other without a break: arrays of one length, by pair and time.

    `one` < `other`; `since`, `until`: seconds, the last sighting's own length included; `nearest`: metres, NaN where the log has
    none; `sightings`: how many.
    """

    one: Array
    other: Array
    since: Array
    until: Array
    nearest: Array
    sightings: Array

    def __len__(self) -> int:
        return len(self.one)

    def pairs(self) -> Array:
        """The number of each episode's pair, counted from 0 in the order of the episodes."""
        fresh = np.r_[True, (np.diff(self.one) != 0) | (np.diff(self.other) != 0)][: len(self)]
        return np.asarray(np.cumsum(fresh) - 1)

    def stays(self) -> Stays:
        """Both persons of each episode, at the place of their pair."""
        pair = self.pairs()
        return Stays.of(
            np.r_[self.one, self.other], np.r_[pair, pair], np.r_[self.since, self.since], np.r_[self.until, self.until]
        )


def episodes(
    one: Array,
    other: Array,
    at: Array,
    metres: Array | None = None,
    *,
    within: float | None = None,
    step: int,
    gap: int,
) -> Episodes:
    """Sightings, in any order, either person first, as episodes.

    `at`: seconds. `within`: only sightings so many metres apart or nearer; one without a distance is none of these. `step`: the
    seconds that a sighting stands for. A silence longer than `gap` seconds between two sightings ends an episode.
    Raises AnalysisError for a step or gap that is not positive, or a limit of distance without distances.
    """
    if step <= 0 or gap <= 0:
        raise AnalysisError(
            "记录间隔与中断时限须大于 0", "the length of a sighting and the longest silence must be more than 0 s"
        )
    far = np.full(len(at), np.nan) if metres is None else np.asarray(metres, float)
    keep = np.asarray(one) != np.asarray(other)
    if within is not None:
        if metres is None:
            raise AnalysisError("记录中没有距离，不能按距离筛选", "the log has no distances; none can be asked for")
        keep &= far <= within
    low, high = np.minimum(one, other)[keep], np.maximum(one, other)[keep]
    when, far = np.asarray(at, np.int64)[keep], far[keep]
    order = np.lexsort((when, high, low))
    low, high, when, far = low[order], high[order], when[order], far[order]
    if not len(low):
        return Episodes(low, high, when, when, far, when)
    begins = np.r_[True, (low[1:] != low[:-1]) | (high[1:] != high[:-1]) | (np.diff(when) > gap)]
    first = np.nonzero(begins)[0]
    last = np.r_[first[1:], len(low)] - 1
    nearest = np.fmin.reduceat(far, first)
    # the same sighting from both badges, or written twice, is one
    fresh = np.r_[True, (np.diff(when) != 0)] | begins
    return Episodes(low[first], high[first], when[first], when[last] + step, nearest, np.add.reduceat(fresh, first))


def usual_step(at: Array) -> int:
    """The shortest time between two instants of a log: how often it looks. 1 where there is one instant only."""
    apart = np.diff(np.unique(at))
    return int(apart.min()) if len(apart) else 1


def proximity_stays(
    path: Path, *, within: float | None = None, step: int | None = None, gap: int | None = None
) -> StayFile:
    """A log (`person, other, t`, and if there is one `distance` in metres) as stays of two, at places named `a~b`.

    `step` is how often the log looks if not told otherwise, `gap` two steps: one sighting may be missed. Rows that cannot be
    used are left out and listed. Raises AnalysisError as `episodes`.
    """
    sheet = Sheet(path, LOG, ("distance",))
    instants, (at,), _ = sheet.instants("t")
    both = [sheet.labels(name).combine_chunks() for name in ("person", "other")]
    metres = (
        sheet.within("distance", 0, np.inf, *_NO_DISTANCE) if within is not None and sheet.has("distance") else None
    )
    labels = Labels()
    for column in both:
        labels.learn(column.drop_null().cast(both[0].type))
    one, other = (labels.find(column)[0] for column in both)
    sheet.refuse("other", sheet.good & (one == other), *_ALONE)
    good = sheet.good
    step = step or usual_step(at[good])
    found = episodes(
        one[good], other[good], at[good], None if metres is None else metres[good], within=within,
        step=step, gap=gap or 2 * step,
    )  # fmt: skip
    names = [labels.of(codes).cast(pa.string()).to_pylist() for codes in (found.one, found.other)]
    place = pa.array([f"{a}~{b}" for a, b in zip(*names, strict=True)], pa.string())
    return sheet.file(
        labels.of(np.r_[found.one, found.other]), pa.concat_arrays([place, place]), instants,
        np.r_[found.since, found.since], np.r_[found.until, found.until],
    )  # fmt: skip
