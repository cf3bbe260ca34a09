"""Cells of a grid on the earth: squares of so many metres, or the hexagons of H3 (`"h3:8"`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.errors import AnalysisError

Ints = NDArray[Any]
#: The side of squares in metres, or "h3:" and a resolution from 0 to 15.
Grid = float | str
#: Metres of a degree of latitude on the mean sphere of WGS 84.
_DEGREE = 6_371_008.8 * np.pi / 180
#: Cells in a row are numbered from its first; more than any row has.
_ROW = 2**32
_FINEST = 15


def grid(words: str) -> Grid:
    """A grid as somebody writes it: metres, or h3:8. Raises AnalysisError for anything else."""
    try:
        return words if words.startswith("h3:") and _resolution(words) >= 0 else _side(float(words))
    except ValueError:
        raise AnalysisError(
            f"网格“{words}”须为边长（米），或 h3:0 至 h3:15", f"the grid {words!r} must be metres, or h3:0 to h3:15"
        ) from None


def cells(lon: NDArray[Any], lat: NDArray[Any], side: Grid = 800) -> Ints:
    """The cell of each position, int64, alike for alike positions: a square in a row of latitude, or H3's own number.

    `lon`, `lat`: degrees, WGS 84. Raises AnalysisError for a position that is none, a grid that is none, and where h3 is not
    installed. H3 is asked once for each distinct position: masts and doors repeat, GPS does not, and costs about 2 µs a position.
    """
    wrong = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    if wrong.any():
        at = int(np.argmax(wrong)) + 1
        raise AnalysisError(
            f"第 {at} 个位置的经纬度超出范围，请核对是否写反",
            f"position {at} is out of range; are longitude and latitude swapped?",
        )
    if isinstance(side, str):
        return _hexagons(np.asarray(lon, float), np.asarray(lat, float), _resolution(side))
    side = _side(side)
    row = np.floor((np.asarray(lat, float) + 90) * _DEGREE / side).astype(np.int64)
    column = np.floor((np.asarray(lon, float) + 180) * _width(row, side) / side).astype(np.int64)
    cell: Ints = row * _ROW + column
    return cell


def centres(cell: Ints, side: Grid = 800) -> tuple[NDArray[Any], NDArray[Any]]:
    """Longitude and latitude of the middle of cells, degrees."""
    if isinstance(side, str):
        middles = [_h3().cell_to_latlng(one) for one in cell.tolist()]
        lat, lon = np.array(middles, float).reshape(-1, 2).T
        return lon, lat
    row, column = np.divmod(cell, _ROW)
    return (column + 0.5) * side / _width(row, side) - 180, (row + 0.5) * side / _DEGREE - 90


def _width(row: Ints, side: float) -> NDArray[Any]:
    """Metres of a degree of longitude along the middle of a row, so that all its cells are alike."""
    width: NDArray[Any] = np.maximum(np.cos(np.radians((row + 0.5) * side / _DEGREE - 90)), 1e-6) * _DEGREE
    return width


def _side(side: float) -> float:
    if not 0 < side < 1e7:
        raise AnalysisError("网格边长须大于 0（米）", "the side of a cell must be more than 0 metres")
    return side


def _resolution(words: str) -> int:
    resolution = words.removeprefix("h3:")
    if not (resolution.isascii() and resolution.isdigit() and int(resolution) <= _FINEST):
        raise ValueError(words)
    return int(resolution)


def _hexagons(lon: NDArray[Any], lat: NDArray[Any], resolution: int) -> Ints:
    places, number = np.unique(lon + 1j * lat, return_inverse=True)
    find = _h3().latlng_to_cell
    pairs = zip(places.imag.tolist(), places.real.tolist(), strict=True)
    found: Ints = np.fromiter((find(y, x, resolution) for y, x in pairs), np.int64, len(places))[number]
    return found


def _h3() -> Any:
    try:
        from h3.api import basic_int  # type: ignore[import-untyped]
    except ImportError:
        raise AnalysisError(
            "没有安装 h3：请运行 pip install h3，或用边长（米）划分网格",
            "h3 is not installed: run `pip install h3`, or give the side of squares in metres",
        ) from None
    return basic_int
