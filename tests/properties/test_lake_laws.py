"""However stays come into the lake (in which batches, late, twice), what is traced from it is what was sent."""

import hmac
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from fangxian.analytics.copresence.tables import StayFile
from fangxian.lake import Lake, Window

#: A stay: person, place, arrival and duration in minutes; few of each, so that stays touch, overlap and cross midnight.
STAYS = st.tuples(
    st.integers(1, 4), st.sampled_from("gym bus bar".split()), st.integers(0, 3 * 1440), st.sampled_from((0, 3, 4, 9, 15, 40, 1500))
)  # fmt: skip
#: Stays of two people at one place around three midnights: what is too short by itself goes on in another day.
NIGHTS = st.lists(
    st.tuples(
        st.integers(1, 2), st.just("gym"),
        st.builds(lambda night, minutes: night * 1440 + minutes, st.integers(1, 3), st.integers(-12, 12)),
        st.sampled_from((2, 3, 4, 5, 8, 1440, 1445)),
    ), min_size=1, max_size=8,
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


@settings(max_examples=30)
@given(BATCHES, st.sampled_from((0, 240, 600, 900)), st.sampled_from((300, 600)), st.sets(st.integers(0, 9)))
def test_what_was_sent_is_what_is_traced(
    batches: list[list], at_least: int, shortest: int, compacted_after: set[int]
) -> None:
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake", shortest=shortest)
        for number, batch in enumerate(batches):
            receipt = lake.ingest(table(batch), source="gates", batch=str(number))
            assert (receipt.taken, receipt.repeated) == (len(batch), False)
            assert lake.ingest(table(batch), source="gates", batch=str(number)).repeated
            if number in compacted_after:
                wanting = lake.wanting()
                assert [one.day for day in wanting if (one := lake.compact(day))] == wanting
                assert lake.wanting() == [] and {day.files for day in lake.days()} == {1}
        sent = pa.concat_tables([table(batch) for batch in batches])
        window = lake.stays(date(2022, 1, 1), date(2022, 3, 1), at_least=at_least)
        assert of_window(window) == of_table(sent, at_least)
        assert sum(day.rows for day in lake.days()) == len(sent)
        assert [found for found in lake.verify() if not isinstance(found, int)] == []


@settings(max_examples=60)
@given(NIGHTS, st.permutations(range(5)), st.booleans())
def test_projections_lose_nothing_at_midnight(stays: list, order: list[int], compacted: bool) -> None:
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake", shortest=600)
        for day in order:
            if batch := [stay for stay in stays if stay[2] // 1440 == day]:
                lake.ingest(table(batch), source="gates", batch=str(day))
        if compacted:
            for name in lake.wanting():
                lake.compact(name)
            assert all(day.projected for day in lake.days())
        window = lake.stays(date(2022, 1, 1), date(2022, 3, 1), at_least=600)
        assert of_window(window) == of_table(table(stays), 600)


@settings(max_examples=15)
@given(BATCHES, st.integers(0, 4))
def test_what_is_dropped_is_gone_and_the_rest_is_as_it_was(batches: list[list], days: int) -> None:
    before = date(2022, 2, 1) + timedelta(days=days)
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake", shortest=600)
        for number, batch in enumerate(batches):
            lake.ingest(table(batch), source="gates", batch=str(number))
        deletion = lake.drop(before, sign=sign, by="law", under="14 days", at=datetime(2022, 3, 1, tzinfo=UTC))
        sent = pa.concat_tables([table(batch) for batch in batches])
        limit = START + days * 86_400
        left = sent.filter(pc.greater_equal(sent["t_in"], limit))
        assert (deletion.rows if deletion else 0) == len(sent) - len(left)
        for at_least in (0, 600):
            window = lake.stays(date(2022, 1, 1), date(2022, 3, 1), at_least=at_least)
            assert of_window(window) == (of_table(left, at_least) if len(left) else Counter())
        assert set(np.asarray(lake.persons().values).tolist()) == set(left["person"].to_pylist())
        assert set(lake.places().values.to_pylist()) == set(left["place"].to_pylist())
        assert [found for found in lake.verify(signed) if not isinstance(found, int)] == []
        again = lake.ingest(sent, source="gates", batch="all of it again")
        assert (again.taken, again.faulty) == (len(left), len(sent) - len(left)), "what was deleted does not come back"


@settings(max_examples=20)
@given(BATCHES, st.lists(st.sampled_from(("", "a", "b")), min_size=5, max_size=5), st.sets(st.integers(0, 9)))
def test_a_group_that_is_taken_back_was_never_there(
    batches: list[list], groups: list[str], compacted_after: set[int]
) -> None:
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake", shortest=600)
        for number, (batch, group) in enumerate(zip(batches, groups, strict=False)):
            lake.ingest(table(batch), source="gates", batch=str(number), group=group)
            if number in compacted_after:
                for day in lake.wanting():
                    lake.compact(day)
        going = [table(batch) for batch, group in zip(batches, groups, strict=False) if group == "a"]
        staying = [table(batch) for batch, group in zip(batches, groups, strict=False) if group != "a"]
        told: list[int] = []
        deletion = lake.withdraw(
            "a", sign=sign, by="law", under="a mistake", at=datetime(2022, 3, 1, tzinfo=UTC), left=lambda keys: told.extend(keys)
        )  # fmt: skip
        assert (deletion.rows if deletion else 0) == sum(map(len, going))
        left = pa.concat_tables(staying) if staying else table([(1, "gym", 0, 0)]).slice(1)
        for at_least in (0, 600):
            window = lake.stays(date(2022, 1, 1), date(2022, 3, 1), at_least=at_least)
            assert of_window(window) == (of_table(left, at_least) if len(left) else Counter())
        assert set(told) == set(left["person"].to_pylist()), "whose keys are still in use"
        assert set(lake.places().values.to_pylist()) == set(left["place"].to_pylist())
        assert [found for found in lake.verify(signed) if not isinstance(found, int)] == []
        assert lake.withdraw("a", sign=sign, by="law", under="again", at=datetime(2022, 3, 1, tzinfo=UTC)) is None
        for number, (batch, group) in enumerate(zip(batches, groups, strict=False)):
            again = lake.ingest(table(batch), source="gates", batch=str(number), group=group)
            assert again.repeated == (group != "a"), "what was taken back may come again"


def sign(body: bytes) -> bytes:
    return hmac.digest(b"a key", body, "sha256")


def signed(body: bytes, signature: bytes) -> bool:
    return hmac.compare_digest(sign(body), signature)
