"""Laws of stays in buckets: however they are cut up, and however often a task is begun again, the contacts are the same."""

import pickle
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fangxian.analytics.copresence import Index, Traced
from fangxian.analytics.copresence.stays import Piece
from fangxian.analytics.copresence.tables import StayFile
from fangxian.lake import Lake, buckets
from fangxian.lake.buckets import Bucket
from fangxian.lake.outward import earliest, lines_of, outward
from fangxian.lake.tracing import LakeFile
from tests.properties.test_copresence_laws import stays, windows
from tests.support import engines
from tests.support.engines import World, native, people_of


def prepared(world: World, folder: Path, *, tau: int, number: int, largest: int) -> list[Bucket]:
    between = [folder / f"split-{part}" for part in world.splits()]
    for part, into in zip(world.splits(), between, strict=True):
        buckets.split(world.pieces(part), number, into)
    names = [
        name
        for bucket in range(number)
        for name in buckets.gather(between, bucket, folder / "buckets", at_least=tau, largest=largest)
    ]
    assert sorted(names) == sorted(file.name for file in (folder / "buckets").glob("*"))
    return [Bucket.open(folder / "buckets" / name) for name in names]


def traced(parts: list[Bucket], index: Index, tau: int, rings: int) -> tuple[Traced, Traced]:
    """With lines and without, bucket after bucket."""

    def met(frontier, settled):
        found = lines_of([bucket.met(buckets.known(frontier, settled), tau) for bucket in parts])
        return earliest(found.person, found.t_in), found

    def reached(frontier, settled):
        found = np.empty(0, np.uint32), np.empty(0, np.int32)
        for bucket in parts:
            found = buckets.earlier(found, bucket.reached(buckets.known(frontier, settled), tau))
        return found, None

    return outward(index, rings, met, lambda *_: None), outward(index, rings, reached, lambda *_: None)


@settings(max_examples=25)
@given(
    stays.filter(bool),
    windows,
    st.integers(1, 20),
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(1, 9),
)
def test_cut_into_buckets_and_large_places_by_time(world, index, tau, rings, pieces, number, largest):
    some = Index.of(*zip(*index, strict=True))
    whole = World.of(world, pieces)
    expected = native(whole, some, tau, rings)
    with TemporaryDirectory() as folder:
        named, counted = traced(
            prepared(whole, Path(folder), tau=tau, number=number, largest=largest), some, tau, rings
        )
    assert engines.lines_of(named) == engines.lines_of(expected)
    assert people_of(named) == people_of(counted) == people_of(expected)


def test_a_task_that_is_begun_again_leaves_what_is_there(tmp_path: Path) -> None:
    """Another machine was quicker, or the first one died half way: the bucket is there once, and whole."""
    world = World.of([(0, 0, 0, 9), (1, 0, 0, 9), (2, 1, 0, 9)])
    prepared(world, tmp_path, tau=3, number=1, largest=9)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.npy")}
    prepared(world, tmp_path, tau=3, number=1, largest=9)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.npy")} == before
    assert not list(tmp_path.rglob(".*"))


def test_what_was_kept_of_files_that_have_changed_is_deleted(tmp_path: Path) -> None:
    file, kept = tmp_path / "stays.parquet", tmp_path / "kept"
    file.write_bytes(b"one")
    first = buckets.kept(kept, file, [file], 900)
    first.mkdir(parents=True)
    other = buckets.kept(kept, tmp_path / "another", [file], 900)
    other.mkdir()
    assert buckets.kept(kept, file, [file], 900) == first
    assert buckets.kept(kept, file, [file], 600) != first and first.exists()
    file.write_bytes(b"other days")
    assert buckets.kept(kept, file, [file], 900) != first
    assert not first.exists() and other.exists()


def test_numbers_of_persons_may_be_any(tmp_path: Path) -> None:
    """Random keys of 32 bits, as a lake has them: nothing is as large as the largest of them."""
    far = 2**32 - 1
    world = World.of([(far, far, 0, 9), (7, far, 2, 9), (far - 5, 3, 0, 9)])
    parts = prepared(world, tmp_path, tau=3, number=2, largest=9)
    assert sum(file.stat().st_size for file in tmp_path.rglob("*.npy")) < 20_000
    named, counted = traced(parts, Index.of([far], [0], [99]), 3, 2)
    assert engines.lines_of(named) == [(7, 1, far, far, 2, 9)]
    assert people_of(counted) == [(7, 1, 2)]


@pytest.mark.parametrize("kind", ["table", "files", "lake"])
def test_what_is_read_in_parts_is_what_is_read(tmp_path: Path, kind: str) -> None:
    """By another process too: what describes the stays can be sent there."""
    day = 86_400
    rows = pa.table(
        {
            "person": [7, 9, 9, 8, 7], "place": ["a", "a", "b", "b", "c"], "t_in": [0, 60, 3 * day, 3 * day + 5, 10],
            "t_out": [900, 960, 3 * day + 100, 3 * day + 500, 5],
        }
    )  # fmt: skip
    if kind == "table":
        file: StayFile = StayFile(tmp_path / "stays.csv", rows)
    elif kind == "files":
        for part in range(2):
            pq.write_table(rows.slice(part * 3, 3), tmp_path / f"{part}.parquet", row_group_size=2)
        file = StayFile(tmp_path)
    else:
        Lake(tmp_path / "lake").ingest(rows, source="gates")
        file = LakeFile(tmp_path / "lake")
    sent = pickle.loads(pickle.dumps(file))
    assert len(sent.splits()) == {"table": 1, "files": 3, "lake": 2}[kind]

    def stays_of(pieces: Iterable[Piece]) -> list[tuple[int, ...]]:
        return [row for piece in pieces for row in zip(*(column.tolist() for column in piece), strict=True)]

    found = [row for split in sent.splits() for row in stays_of(sent.pieces(split))]
    assert found == stays_of(file.pieces()) and len(found) == 4


@given(
    *(st.dictionaries(st.integers(0, 20), st.integers(0, 50), max_size=12) for _ in range(2)),
)
def test_the_earlier_of_two_lists(one: dict[int, int], other: dict[int, int]) -> None:
    def arrays(found: dict[int, int]) -> tuple[np.ndarray, np.ndarray]:
        return np.array(sorted(found), np.uint32), np.array([found[key] for key in sorted(found)], np.int32)

    person, at = buckets.earlier(arrays(one), arrays(other))
    expected = {key: min(one.get(key, 99), other.get(key, 99)) for key in one | other}
    assert list(zip(person.tolist(), at.tolist(), strict=True)) == sorted(expected.items())
