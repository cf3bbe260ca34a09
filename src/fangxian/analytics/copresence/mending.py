"""Stays as they come from gates and telephones, made fit for tracing: nothing is mended in silence, nothing valid is lost.

Missing check-outs are assumed and marked; clocks that are known to be wrong are put right; what lies before the clocks were
set or in the future is left out by row; rows that stand twice count once; people in two places at once and journeys
nobody can make are kept and marked. The file is held in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fangxian.analytics.copresence import crowds
from fangxian.analytics.copresence.clocks import skews
from fangxian.analytics.copresence.doubts import Doubt, Doubts, key, too_fast, two_places
from fangxian.analytics.copresence.instants import Instants
from fangxian.analytics.copresence.sheets import Sheet
from fangxian.analytics.copresence.tables import STAYS, StayFile, ordered
from fangxian.analytics.copresence.tracing import Lines
from fangxian.analytics.errors import AnalysisError
from fangxian.text import Text

Array = NDArray[Any]
DAY = 86_400
#: No register of stays is older: an instant before is that of a clock that was never set. 2000-01-01 in Unix seconds.
_FIRST = 946_684_800
_FUTURE = (
    Text("在将来", "lies in the future"),
    Text(
        "请核对该设备或场所的时钟，或用 --skew 校正",
        "Check the clock of the device or venue, or correct it with --skew",
    ),
)
_UNSET = (
    Text("早于 2000 年，时钟未设置", "is before 2000; the clock was never set"),
    Text("请用 --skew 校正，或改正时间", "Correct it with --skew, or mend the instant"),
)
_TWICE = (
    Text("这一行与前面的某行相同；只计一次", "the same row stands above; it counts once"),
    Text("无需处理；如为两次到访请核对时间", "Nothing to do; if these were two visits check the instants"),
)


@dataclass(frozen=True)
class Rules:
    """How to mend.

    `assume`: seconds that a stay without check-out is taken to last, at most; `closing`: the second of the day at which venues
    close, where such a stay ends if not before. Either may be None; with both None a missing check-out is a fault. `skew`:
    seconds by which the clock of a source is ahead (column `source`; the place, where there is none). `now`: no stay begins
    later (Unix seconds; None: not checked). `fastest`: km/h.
    """

    assume: int | None = None
    closing: int | None = None
    skew: Mapping[str, int] | None = None
    now: int | None = None
    fastest: float = 1000


class MendedFile:
    """A file of stays (`person, place, t_in, t_out`, and if there are `source`, `lon`, `lat`) after mending.

    `file`: the stays, for tracing. `doubts`: times that may be wrong, persons counted as in `file`. `assumed`: how many
    check-outs. `clocks`: sources whose clock is certainly wrong, with `source`, seconds `ahead` and `journeys`. Raises
    AnalysisError for missing columns, or a skew of a source that the file does not have.
    """

    def __init__(self, path: Path, rules: Rules) -> None:
        sheet = Sheet(path, STAYS, ("source", "lon", "lat"))
        lenient = ("t_out",) if rules.assume is not None or rules.closing is not None else ()
        instants, (arrival, departure), (_, missing) = sheet.instants("t_in", "t_out", may_lack=lenient)
        persons, places = sheet.labels("person").combine_chunks(), sheet.labels("place").combine_chunks()
        behind = _behind(sheet, rules.skew or {})
        arrival, departure = arrival - behind, departure - behind
        if instants.type is not None:
            sheet.refuse("t_in", sheet.good & (arrival < _FIRST), *_UNSET)
            if rules.now is not None:
                sheet.refuse("t_in", sheet.good & (arrival > rules.now), *_FUTURE)
        who, where = (
            pc.index_in(persons, pc.unique(persons)).to_numpy(),
            pc.index_in(places, pc.unique(places)).to_numpy(),
        )
        guessed = missing & sheet.good
        departure = np.where(missing, _left(who, where, arrival, sheet.good, instants, rules), departure)
        _repeated(sheet, who, where, arrival, departure)
        good = np.nonzero(sheet.good)[0]
        self.assumed = int(np.count_nonzero(guessed))
        self.file: StayFile = sheet.file(
            persons.take(pa.array(good)), places.take(pa.array(good)), instants, arrival[good], departure[good]
        )
        rows = good[departure[good] >= arrival[good]]
        person = self.file.persons.find(persons.take(pa.array(rows)))[0].astype(np.int64)
        base = self.file.instants.base
        begin, end = arrival[rows] - base, departure[rows] - base
        whole = crowds.wholes([str(name) for name in pc.unique(places).to_pylist()])
        sure = guessed[rows]
        self.doubts = Doubts.joined(
            [
                two_places(person, where[rows], begin, end, whole),
                Doubts(person[sure], begin[sure], end[sure], np.full(int(sure.sum()), int(Doubt.ASSUMED), np.uint8)),
                *_fast(sheet, rows, person, begin, end, rules.fastest),
            ]
        )

        self.clocks = _clocks(sheet, rows, person, begin, end)

    def lines(self, lines: Lines) -> pa.Table:
        """As `StayFile.lines`, with `doubt` (see `doubts.key`), empty where there is none."""
        kinds = self.doubts.of(ordered(lines))
        return self.file.lines(lines).append_column("doubt", pa.array([key(int(kind)) for kind in kinds], pa.string()))


def _clocks(sheet: Sheet, rows: Array, person: Array, begin: Array, end: Array) -> list[dict[str, Any]]:
    names = sheet.words("source" if sheet.has("source") else "place")
    known, of = np.unique(np.array(names, str)[rows], return_inverse=True)
    found = skews(person, of, begin, end)
    return [
        {
            "source": str(known[found.source[at]]),
            "ahead": round(float(found.ahead[at])),
            "journeys": int(found.journeys[at]),
        }
        for at in np.nonzero(found.wrong)[0].tolist()
    ]


def _behind(sheet: Sheet, skew: Mapping[str, int]) -> Array:
    """Seconds to take off each row's instants."""
    column = "source" if sheet.has("source") else "place"
    sources = sheet.words(column) if skew else []
    if unknown := sorted(set(skew) - set(sources)):
        raise AnalysisError(
            f"{sheet.path}：{column} 列中没有 {'、'.join(unknown)}；请核对 --skew",
            f"{sheet.path}: the column {column} has no {', '.join(unknown)}; check --skew",
        )
    return np.array([skew.get(source, 0) for source in sources], np.int64) if skew else np.zeros(len(sheet), np.int64)


def _left(who: Array, where: Array, arrival: Array, good: Array, instants: Instants, rules: Rules) -> Array:
    """When each person can have left: after the time assumed, at closing, or on arriving elsewhere, whichever comes first."""
    left: Array = np.full(len(arrival), np.iinfo(np.int64).max // 2)
    if rules.assume is not None:
        left = arrival + rules.assume
    if rules.closing is not None:
        left = np.minimum(left, arrival + 1 + (rules.closing - 1 - _of_day(arrival, instants)) % DAY)
    order = np.lexsort((where, arrival, who))
    order = order[good[order]]
    moves = np.diff(where[order], prepend=-1, append=-1) != 0  # the first row of each run at one place, and the end
    moves |= np.diff(who[order], prepend=-1, append=-1) != 0
    starts = np.nonzero(moves)[0]
    following = starts[np.cumsum(moves[:-1])]
    inside = following < len(order)
    rows, after = order[inside], order[following[inside]]
    same = who[rows] == who[after]
    elsewhere = np.full(len(arrival), np.iinfo(np.int64).max // 2)
    elsewhere[rows[same]] = arrival[after[same]]
    return np.asarray(np.maximum(np.minimum(left, elsewhere), arrival))


def _of_day(at: Array, instants: Instants) -> Array:
    """Seconds since local midnight."""
    if instants.type is None or instants.type.tz is None:
        return np.asarray(at % DAY)
    aware = pa.array(at).cast(pa.timestamp("s", instants.type.tz))
    return np.asarray(pc.local_timestamp(aware).cast(pa.int64()).to_numpy() % DAY)


def _repeated(sheet: Sheet, *columns: Array) -> None:
    order = np.lexsort(columns)
    alike = np.all([column[order][1:] == column[order][:-1] for column in columns], axis=0) & sheet.good[order][1:]
    sheet.remark("person", np.sort(order[1:][alike]).tolist(), *_TWICE)


def _fast(sheet: Sheet, rows: Array, person: Array, begin: Array, end: Array, most: float) -> list[Doubts]:
    if not (sheet.has("lon") and sheet.has("lat")):
        return []
    lon, lat = sheet.numbers("lon")[rows], sheet.numbers("lat")[rows]
    known = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)  # a place without a position is only not judged by speed
    return [too_fast(person[known], begin[known], end[known], lon[known], lat[known], most)]
