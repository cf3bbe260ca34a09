"""Stays from raw positions (停留点识别): where a telephone stayed within a radius for long enough, and where it only passed.

A stay begins at a position and lasts as long as the next ones lie within the radius around it (Li and others 2008; Hariharan
and Toyama 2004). Positions that only an impossible speed explains are noise and left out first; a silence ends a stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fangxian.analytics.copresence.grids import Grid, cells, centres
from fangxian.analytics.copresence.labels import Labels
from fangxian.analytics.copresence.positions import NO_POSITION, POSITIONS
from fangxian.analytics.copresence.sheets import Sheet
from fangxian.analytics.copresence.tables import StayFile
from fangxian.analytics.errors import AnalysisError
from fangxian.analytics.kernel import kernel

Array = NDArray[Any]
_EARTH = 6_371_008.8
#: Silence after which nobody knows where a telephone was: it may have been switched off anywhere. Seconds.
SILENCE = 3 * 3600
#: km/h beyond which a position is noise; an airliner flies at 900.
FASTEST = 1000.0


@dataclass(frozen=True, eq=False)
class Staypoints:
    """Stays, by person and time: arrays of one length.

    `lon`, `lat`: degrees, the median of the positions; `since`, `until`: seconds; `positions`: how many; `noise` (one number):
    positions left out as noise.
    """

    person: Array
    lon: Array
    lat: Array
    since: Array
    until: Array
    positions: Array
    noise: int

    def __len__(self) -> int:
        return len(self.person)


@kernel
def _apart(lon, lat, i, j):  # type: ignore[no-untyped-def]
    a, b = np.radians(lat[i]), np.radians(lat[j])
    half = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(np.radians(lon[j] - lon[i]) / 2) ** 2
    return 2 * _EARTH * np.arcsin(np.sqrt(min(half, 1.0)))


@kernel
def _plausible(person, at, lon, lat, fastest):  # type: ignore[no-untyped-def]
    """Which positions no jump there and back shows to be noise: those too far from the last good one while the next is not."""
    good = np.ones(len(person), np.bool_)
    last = 0
    for i in range(1, len(person)):
        if person[i] != person[last]:
            last = i
            continue
        most = fastest / 3.6 * max(at[i] - at[last], 1)
        back = i + 1 < len(person) and person[i + 1] == person[i]
        if back and _apart(lon, lat, last, i) > most:
            good[i] = _apart(lon, lat, last, i + 1) > fastest / 3.6 * max(at[i + 1] - at[last], 1)
            if not good[i]:
                continue
        last = i
    return good


@kernel
def _stays(person, at, lon, lat, radius, least, gap, elsewhere):  # type: ignore[no-untyped-def]
    """First row, row after the last and end of each stay."""
    found = np.empty((len(person), 3), np.int64)
    n = 0
    anchor = 0
    for i in range(1, len(person) + 1):
        over = i == len(person) or person[i] != person[anchor]
        silent = not over and at[i] - at[i - 1] > gap
        if not over and not silent and _apart(lon, lat, anchor, i) <= radius:
            continue
        # where nothing follows, or a silence, nobody knows more than when it was last seen there
        end = at[i] if elsewhere and not over and not silent else at[i - 1]
        if end - at[anchor] > least:
            found[n, 0], found[n, 1], found[n, 2] = anchor, i, end
            n += 1
        anchor = i
    return found[:n]


def staypoints(
    person: Array, at: Array, lon: Array, lat: Array, *, radius: float, least: int, gap: int | None = SILENCE,
    fastest: float | None = FASTEST, until: Literal["seen", "elsewhere"] = "seen",
) -> Staypoints:  # fmt: skip
    """Stays of more than `least` seconds within `radius` metres of their first position; positions in any order.

    `gap`: a longer silence ends a stay (None: none does). `fastest`: km/h beyond which a jump there and back is noise (None: no
    position is). `until`: a stay lasts until its last position in the radius was seen, or until the first that is elsewhere.
    With `gap` and `fastest` None and `until="elsewhere"` this is `stay_locations` of scikit-mobility.
    Raises AnalysisError for a radius or a shortest stay that is not positive.
    """
    if not (radius > 0 and least > 0):
        raise AnalysisError("半径与最短停留须大于 0", "the radius and the shortest stay must be more than 0")
    order = np.lexsort((at, person))
    who, when = np.asarray(person)[order], np.asarray(at, np.int64)[order]
    x, y = np.asarray(lon, float)[order], np.asarray(lat, float)[order]
    good = _plausible(who, when, x, y, fastest) if fastest is not None else np.ones(len(who), bool)
    who, when, x, y = who[good], when[good], x[good], y[good]
    silence = np.iinfo(np.int64).max if gap is None else gap
    found = _stays(who, when, x, y, radius, least, silence, until == "elsewhere")
    middle = [(np.median(x[a:b]), np.median(y[a:b])) for a, b in found[:, :2].tolist()]
    centre = np.array(middle, float).reshape(-1, 2)
    first = found[:, 0]
    return Staypoints(
        who[first],
        centre[:, 0],
        centre[:, 1],
        when[first],
        found[:, 2],
        found[:, 1] - first,
        int(len(good) - good.sum()),
    )


def staypoint_file(path: Path, *, radius: float, least: int, side: Grid) -> StayFile:
    """A file of raw positions (`person, t, lon, lat`) as stays, their places cells of `side` metres named by their centres.

    Rows whose instant or position is none are left out and listed.
    """
    sheet = Sheet(path, POSITIONS)
    instants, (at,), _ = sheet.instants("t")
    lon, lat = sheet.within("lon", -180, 180, *NO_POSITION), sheet.within("lat", -90, 90, *NO_POSITION)
    persons = sheet.labels("person").combine_chunks()
    good = sheet.good
    labels = Labels()
    labels.learn(persons.filter(pa.array(good)))
    codes = labels.codes(persons.filter(pa.array(good)))
    found = staypoints(codes, at[good], lon[good], lat[good], radius=radius, least=least)
    there, number = np.unique(cells(found.lon, found.lat, side), return_inverse=True)
    names = pa.array([f"{x:.5f},{y:.5f}" for x, y in zip(*centres(there, side), strict=True)], pa.string())
    return sheet.file(labels.of(found.person), names.take(pa.array(number)), instants, found.since, found.until)
