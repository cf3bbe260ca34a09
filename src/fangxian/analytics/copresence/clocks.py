"""Clocks that are wrong (时钟偏差): how far ahead a venue's or a device's clock is, from people who go to and fro.

As network time is kept: who comes from elsewhere to a venue whose clock is ahead seems to take longer by what it is ahead, who
leaves it shorter. Half the difference of the two is what the clock is ahead, whatever the way takes, if it takes as long
both ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_ROUNDS = 20


@dataclass(frozen=True, eq=False)
class Skews:
    """Sources of records and by how many seconds their clocks are ahead of the others'; arrays of one length.

    `ahead`: seconds, negative where a clock is behind. `error`: its standard error, seconds. `journeys`: to and from it.
    """

    source: Array
    ahead: Array
    error: Array
    journeys: Array

    @property
    def wrong(self) -> Array:
        """Which clocks are certainly wrong: more than four standard errors and a minute off; bool."""
        return np.asarray((np.abs(self.ahead) > 4 * self.error) & (np.abs(self.ahead) > 60))


def skews(
    person: Array, source: Array, arrival: Array, departure: Array, *, longest: int = 3 * 3600, least: int = 20
) -> Skews:
    """The clock of each source (small whole numbers) against the others, of which half are taken to be right.

    A journey is a person's stay at one source followed by one at another within `longest` seconds, as the clocks tell it; a
    source needs `least` journeys each way to be judged. Medians, so that a detour does not count for more than a journey.
    """
    order = np.lexsort((departure, arrival, person))
    who, of, begin, end = (
        person[order],
        source[order],
        arrival[order].astype(np.int64),
        departure[order].astype(np.int64),
    )
    took = (begin[1:] - end[:-1]).astype(float)
    moved = (who[1:] == who[:-1]) & (of[1:] != of[:-1]) & (np.abs(took) <= longest)
    left, reached, took = of[:-1][moved], of[1:][moved], took[moved]
    counts = [np.bincount(side.astype(np.int64), minlength=int(of.max(initial=-1)) + 1) for side in (left, reached)]
    judged = np.nonzero(np.minimum(*counts) >= least)[0]
    there, back = ([np.nonzero(side == one)[0] for one in judged.tolist()] for side in (reached, left))
    ahead = np.zeros(len(counts[0]))
    for _round in range(_ROUNDS):  # each against the others as they stand corrected
        mended = took - ahead[reached] + ahead[left]
        step = [(np.median(mended[to]) - np.median(mended[fro])) / 2 for to, fro in zip(there, back, strict=True)]
        ahead[judged] += np.array(step)
        ahead[judged] -= np.median(ahead[judged]) if len(judged) else 0
    mended = took - ahead[reached] + ahead[left]
    error = [np.hypot(_error(mended[to]), _error(mended[fro])) / 2 for to, fro in zip(there, back, strict=True)]
    return Skews(judged, ahead[judged], np.array(error), (counts[0] + counts[1])[judged])


def _error(values: Array) -> float:
    """The standard error of a median, by the median's distance from it."""
    spread = float(np.median(np.abs(values - np.median(values)))) * 1.4826
    return 1.2533 * max(spread, 1.0) / float(np.sqrt(len(values)))
