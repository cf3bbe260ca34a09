"""What files say of contacts beside the stays: when index persons fell ill, and the air at places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.copresence.instants import Instants
from fangxian.analytics.copresence.ranking import Air
from fangxian.analytics.copresence.tables import StayFile, read_rows
from fangxian.analytics.errors import AnalysisError

Array = NDArray[Any]
ONSET = "onset"


def onsets(file: StayFile, index: Path) -> Array | None:
    """The onset of each person in the stays (P; seconds of the stays, NaN: unknown); None where the index file has no `onset`.

    Raises AnalysisError for an onset that is no instant, naming its row.
    """
    table = read_rows(index, ("person",), (ONSET,))
    if ONSET not in table.column_names:
        return None
    column = table.column(ONSET)
    seconds, fits = Instants.of(table.schema, index, (ONSET, ONSET), like=file.instants).seconds(column)
    wrong = np.nonzero(~fits & column.is_valid().to_numpy())[0]
    if len(wrong):
        row = int(wrong[0]) + 2
        raise AnalysisError(
            f"{index} 第 {row} 行 onset：不是时间；请写成与停留记录一样",
            f"{index}, row {row}, onset: is no instant; write as in the stays",
        )
    codes, known = file.persons.find(table.column("person"))
    found = np.full(len(file.persons), np.nan)
    found[codes[known & fits]] = seconds[known & fits] - file.instants.base
    return found


def air(file: StayFile, venues: Path) -> Array:
    """The air at each place of the stays (L, values of `Air`) from a file with `place, air`; UNKNOWN where it says nothing.

    Raises AnalysisError for a word that is none of `closed, indoors, ventilated, outdoors`, naming its row.
    """
    table = read_rows(venues, ("place", "air"))
    words = ["" if one is None else str(one).strip().lower() for one in table.column("air").to_pylist()]
    known = {kind.name.lower(): kind for kind in Air} | {"": Air.UNKNOWN}
    for row, word in enumerate(words, 2):
        if word not in known:
            raise AnalysisError(
                f"{venues} 第 {row} 行 air：“{word}”应为 {'、'.join(list(known)[1:-1])} 之一",
                f"{venues}, row {row}, air: {word} must be one of {', '.join(list(known)[1:-1])}",
            )
    codes, there = file.places.find(table.column("place"))
    found = np.zeros(len(file.places), np.int8)
    found[codes[there]] = np.array([known[word] for word in words], np.int8)[there]
    return found
