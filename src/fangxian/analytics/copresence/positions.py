"""Positions of telephones and vehicles from a file, as stays in cells of a grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from fangxian.analytics.copresence.companions import cell_stays
from fangxian.analytics.copresence.grids import Grid, cells, centres
from fangxian.analytics.copresence.labels import Labels
from fangxian.analytics.copresence.sheets import Sheet
from fangxian.analytics.copresence.tables import StayFile
from fangxian.text import Text

POSITIONS = ("person", "t", "lon", "lat")
NO_POSITION = (
    Text("经纬度缺失或超出范围", "the longitude or latitude is missing or out of range"),
    Text("请以度为单位填写，并核对是否写反", "Give degrees, and check that the two are not swapped"),
)


def positions(path: Path, side: Grid) -> StayFile:
    """A file of positions (`person, t, lon, lat`; degrees, WGS 84) as stays in cells of a grid, named by their centres.

    Rows whose instant or position is none are left out and listed.
    """
    sheet = Sheet(path, POSITIONS)
    instants, (at,), _ = sheet.instants("t")
    lon = sheet.within("lon", -180, 180, *NO_POSITION)
    lat = sheet.within("lat", -90, 90, *NO_POSITION)
    persons = sheet.labels("person")
    good = sheet.good
    named = persons.combine_chunks().filter(pa.array(good))
    labels = Labels()
    labels.learn(named)
    found, number = np.unique(cells(lon[good], lat[good], side), return_inverse=True)
    who, where, begin, end = cell_stays(labels.codes(named), at[good], number)
    names = pa.array([f"{lon:.5f},{lat:.5f}" for lon, lat in zip(*centres(found, side), strict=True)], pa.string())
    return sheet.file(labels.of(who), names.take(pa.array(where)), instants, begin, end)
