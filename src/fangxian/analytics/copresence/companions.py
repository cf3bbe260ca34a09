"""Spatiotemporal companions (时空伴随者): who was in the same cell of a grid at the same time, by positions.

Positions become stays in cells, 800 m squares unless told otherwise, and companions are traced as contacts are. The rule in
force in Chengdu from 2021-11: ten minutes together in one cell, and thirty hours there within fourteen days by either of the two.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.copresence import kernels
from fangxian.analytics.copresence.stays import Stays
from fangxian.analytics.copresence.tracing import Index, Lines, trace
from fangxian.analytics.errors import AnalysisError

Ints = NDArray[Any]
#: Metres of a degree of latitude on the mean sphere of WGS 84.
_DEGREE = 6_371_008.8 * np.pi / 180
#: Cells in a row are numbered from its first; more than any row has.
_ROW = 2**32


def cells(lon: NDArray[Any], lat: NDArray[Any], side: float = 800) -> Ints:
    """The cell of each position: squares of `side` metres, in rows of latitude; int64, alike for alike positions.

    `lon`, `lat`: degrees, WGS 84. Raises AnalysisError for a position that is none, or a side that is not positive.
    """
    if not side > 0:
        raise AnalysisError("网格边长须大于 0", "the side of a cell must be more than 0 metres")
    wrong = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    if wrong.any():
        at = int(np.argmax(wrong)) + 1
        raise AnalysisError(
            f"第 {at} 个位置的经纬度超出范围，请核对是否写反",
            f"position {at} is out of range; are longitude and latitude swapped?",
        )
    row = np.floor((np.asarray(lat, float) + 90) * _DEGREE / side).astype(np.int64)
    column = np.floor((np.asarray(lon, float) + 180) * _width(row, side) / side).astype(np.int64)
    cell: Ints = row * _ROW + column
    return cell


def centres(cell: Ints, side: float = 800) -> tuple[NDArray[Any], NDArray[Any]]:
    """Longitude and latitude of the middle of cells, degrees."""
    row, column = np.divmod(cell, _ROW)
    return (column + 0.5) * side / _width(row, side) - 180, (row + 0.5) * side / _DEGREE - 90


def _width(row: Ints, side: float) -> NDArray[Any]:
    """Metres of a degree of longitude along the middle of a row, so that all its cells are alike."""
    width: NDArray[Any] = np.maximum(np.cos(np.radians((row + 0.5) * side / _DEGREE - 90)), 1e-6) * _DEGREE
    return width


def cell_stays(person: Ints, at: Ints, cell: Ints, gap: int = 30 * 60) -> tuple[Ints, Ints, Ints, Ints]:
    """Positions as stays: person, cell, first and last second seen there; a silence longer than `gap` seconds ends a stay.

    Positions may come in any order. True time spent, not a count of positions: how often a telephone reports does not matter.
    """
    order = np.lexsort((at, person))
    who, when, where = np.asarray(person)[order], np.asarray(at)[order], np.asarray(cell)[order]
    if not len(who):
        return who, where, when, when
    begins = np.r_[True, (who[1:] != who[:-1]) | (where[1:] != where[:-1]) | (np.diff(when) > gap)]
    first = np.nonzero(begins)[0]
    last = np.r_[first[1:], len(who)] - 1
    return who[first], where[first], when[first], when[last]


def companions(
    stays: Stays,
    index: Index,
    *,
    minutes: float = 10,
    hours: float | None = 30,
    by: Literal["either", "both"] = "either",
    threads: int = 2,
) -> Lines:
    """Who was in a cell with an index person for `minutes` at a time, where one of them (or both) spent `hours` there in all.

    `stays` are those of `cell_stays` over the days that the rule looks back on, none left out for being short. `hours` None:
    no such condition. Each line is one time together.
    """
    found = trace(stays, index, tau=max(1, round(minutes * 60)), threads=threads).lines
    assert found is not None
    if hours is None:
        return found
    own, own_rows = stays.by_person
    long = [
        kernels.dwell(person, found.place, own, own_rows, stays.place_rows, stays.arrival, stays.departure)
        >= hours * 3600
        for person in (found.person, found.via)
    ]
    return found.where(long[0] | long[1] if by == "either" else long[0] & long[1])
