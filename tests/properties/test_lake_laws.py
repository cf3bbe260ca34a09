"""However stays come into the lake (in which batches, late, twice), what is traced from it is what was sent."""

from collections import Counter
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from fangxian.analytics.copresence.tables import StayFile
from fangxian.lake import Lake, Window

#: A stay: person, place, arrival and duration in minutes; few of each, so that stays touch, overlap and cross midnight.
STAYS = st.tuples(
    st.integers(1, 4), st.sampled_from("gym bus bar".split()), st.integers(0, 3 * 1440), st.sampled_from((0, 3, 4, 9, 15, 40, 1500))
)  # fmt: skip
BATCHES = st.lists(st.lists(STAYS, min_size=1, max_size=12), min_size=1, max_size=5)
START = 1_643_644_800  # 2022-02-01 00:00 in Beijing


def table(stays: list[tuple[int, str, int, int]]) -> pa.Table:
    person, place, begin, minutes = (list(column) for column in zip(*stays, strict=True))
    begin = [START + 60 * at for at in begin]
    until = [at + 60 * length for at, length in zip(begin, minutes, strict=True)]
    return pa.table({"person": pa.array(person, pa.int64()), "place": place, "t_in": begin, "t_out": until})


def rows(stays: Any, persons: Any, places: Any, base: int) -> Counter:
    place = np.repeat(np.arange(stays.places), np.diff(stays.place_rows))
    columns = zip(stays.person.tolist(), place.tolist(), stays.arrival.tolist(), stays.departure.tolist(), strict=True)
    return Counter((persons[p], places[q], base + a, base + b) for p, q, a, b in columns)


def of_window(window: Window) -> Counter:
    return rows(
        window.stays, window.person_keys.tolist(), window.place_codes.to_pylist(), int(window.epoch.timestamp())
    )


def of_table(sent: pa.Table, at_least: int) -> Counter:
    file = StayFile(Path("sent"), sent)
    stays = file.stays(at_least=at_least)
    labels = [
        one.of(np.arange(len(one), dtype=np.uint32)).to_pylist() if len(one) else []
        for one in (file.persons, file.places)
    ]
    return rows(stays, labels[0], labels[1], file.instants.base)


@settings(max_examples=40)
@given(BATCHES, st.sampled_from((0, 240, 600, 900)), st.sampled_from((300, 600)))
def test_what_was_sent_is_what_is_traced(batches: list[list], at_least: int, shortest: int) -> None:
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake", shortest=shortest)
        for number, batch in enumerate(batches):
            receipt = lake.ingest(table(batch), source="gates", batch=str(number))
            assert (receipt.taken, receipt.repeated) == (len(batch), False)
            assert lake.ingest(table(batch), source="gates", batch=str(number)).repeated
        sent = pa.concat_tables([table(batch) for batch in batches])
        window = lake.stays(date(2022, 1, 1), date(2022, 3, 1), at_least=at_least)
        assert of_window(window) == of_table(sent, at_least)
        assert sum(day.rows for day in lake.days()) == len(sent)
