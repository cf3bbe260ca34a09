"""The lake's promises one by one: killed writers, damaged files, faulty rows, two writers, later versions."""

import json
import os
import random
import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from fangxian.analytics.errors import AnalysisError
from fangxian.lake import Busy, Damaged, Lake, LakeError, LakeFault, Reused, durable, ledger, manifest

START = 1_643_644_800  # 2022-02-01 00:00 in Beijing
AT = datetime(2022, 3, 1, tzinfo=UTC)


def batch(seed: int, rows: int = 300, days: int = 3) -> pa.Table:
    """A batch over several days."""
    rng = np.random.default_rng(seed)
    begin = START + rng.integers(0, days * 86_400, rows)
    return pa.table(
        {
            "person": rng.integers(1, 2**32, rows), "place": pa.array([f"P{one}" for one in rng.integers(0, 20, rows)]),
            "t_in": begin, "t_out": begin + rng.integers(0, 7200, rows),
        }
    )  # fmt: skip


def rows(lake: Lake) -> list[tuple[Any, ...]]:
    """Every stay of the lake, in order."""
    window = lake.stays(date(2022, 1, 1), date(2022, 3, 1))
    stays = window.stays
    place = np.repeat(np.arange(stays.places), np.diff(stays.place_rows))
    begin = int(window.epoch.timestamp())
    who, where = window.person_keys[stays.person], window.place_codes.take(pa.array(place)).to_pylist()
    return sorted(
        zip(who.tolist(), where, (stays.arrival + begin).tolist(), (stays.departure + begin).tolist(), strict=True)
    )


def faults(lake: Lake) -> list[LakeFault]:
    return [
        found for found in lake.verify(lambda _body, signature: signature == b"mine") if isinstance(found, LakeFault)
    ]


def drop(lake: Lake, before: date = date(2022, 2, 2)) -> Any:
    return lake.drop(before, sign=lambda _body: b"mine", by="tester", under="14 days", at=AT)


def forked(work: Callable[[], object], kill_after: float | None = None) -> bool:
    """Do the work in a process of its own; whether it came to its end."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1] == 0


def dying(step: int, work: Callable[[], object]) -> Callable[[], object]:
    """The work, in a process that kills itself at its n-th dealing with the disk: before a file is forced to it, moved or deleted."""

    def run() -> None:
        left = [step]

        def counted(name: str) -> Callable[..., Any]:
            real = getattr(os, name)

            def call(*args: Any, **kwargs: Any) -> Any:
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **kwargs)

            return call

        for name in ("fsync", "replace", "unlink", "utime"):
            setattr(os, name, counted(name))
        work()

    return run


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake", wait=0.2)


@pytest.mark.parametrize("what", ["ingest", "compact", "drop"])
def test_a_writer_killed_at_whatever_step_changes_nothing_or_everything(what: str, tmp_path: Path) -> None:
    def prepared(folder: Path) -> Lake:
        made = Lake(folder, shortest=600)
        made.ingest(batch(1), source="gates", batch="1")
        made.ingest(batch(2), source="gates", batch="2")
        return made

    def work(on: Lake) -> object:
        if what == "ingest":
            return on.ingest(batch(3), source="gates", batch="3")
        return [on.compact(day) for day in on.wanting()] if what == "compact" else drop(on)

    never = prepared(tmp_path / "never killed")
    work(never)
    killed, before = prepared(tmp_path / "killed"), rows(never)
    step = 0
    while not forked(dying(step, lambda: work(killed))):
        assert [
            one.path
            for one in faults(killed)
            if "left by a writer" not in one.what.en and "still there" not in one.what.en
        ] == []
        step += 1
    assert step > 5, "it was killed at every step there is"
    work(killed)
    assert rows(killed) == before and faults(killed) == []
    names = {str(path.relative_to(killed.folder)) for path in killed.folder.glob("**/*.*") if path.is_file()}
    assert names == killed.state.named() | set(killed.state.retired) | {manifest.NAME}


def test_a_writer_killed_at_random_moments_loses_nothing_it_said_it_had(lake: Lake) -> None:
    rng = random.Random(4)
    told, tell = os.pipe()
    os.set_blocking(told, False)

    def work() -> None:
        for number in range(12):
            lake.ingest(batch(number, 50), source="gates", batch=str(number))
            os.write(tell, bytes([number]))

    while not forked(work, kill_after=rng.uniform(0.05, 0.6)):
        taken = {one.batch for one in lake.state.batches}
        with suppress(BlockingIOError):
            assert {str(number) for number in os.read(told, 1000)} <= taken
        if len(taken) == 12:
            break
    whole = Lake(lake.folder.with_name("whole"))
    for number in range(12):
        whole.ingest(batch(number, 50), source="gates", batch=str(number))
        lake.ingest(batch(number, 50), source="gates", batch=str(number))
    assert rows(lake) == rows(whole) and faults(lake) == []


def test_a_batch_is_taken_once_and_its_name_stands_for_its_content(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "LATEST", 3)
    for number in range(8):
        lake.ingest(batch(number), source="gates", batch=str(number))
    assert len(lake.state.ledger) == 2 and len(lake.state.batches) == 2
    before = rows(lake)
    for number in range(8):
        again = lake.ingest(batch(number), source="gates", batch=str(number))
        assert again.repeated and again.taken == 300 and sum(again.days.values()) == 300
        with pytest.raises(Reused, match=f"the batch {number} of gates"):
            lake.ingest(batch(99), source="gates", batch=str(number))
    assert rows(lake) == before and faults(lake) == []
    assert not lake.ingest(batch(1), source="buses", batch="1").repeated, "another source has names of its own"
    assert not lake.ingest(batch(50), source="gates").repeated
    assert lake.ingest(batch(50), source="gates").repeated, "without a name its content names it"


def test_two_write_at_once_and_neither_loses(lake: Lake) -> None:
    patient = Lake(lake.folder, wait=60)
    children = []
    for writer in range(3):
        children.append(os.fork())
        if children[-1] == 0:
            for number in range(3):
                patient.ingest(batch(writer * 10 + number), source=f"writer {writer}", batch=str(number))
            os._exit(0)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert sum(day.rows for day in lake.days()) == 9 * 300 and faults(lake) == []
    with lake.writing(), pytest.raises(Busy, match=f"process {os.getpid()} is writing"):
        lake.ingest(batch(77), source="gates")


def test_faulty_rows_are_named_and_the_rest_is_taken(lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "stays.csv"
    path.write_text(
        "person,place,t_in,t_out\n7,gym,2022-02-01 08:00:00,2022-02-01 09:00:00\n7,gym,2022-02-01 10:00:00,2022-02-01 09:00:00\n"
        "0,gym,2022-02-01 08:00:00,2022-02-01 09:00:00\n8,,2022-02-01 08:00:00,2022-02-01 09:00:00\n"
        "9,gym,1850-02-01 08:00:00,1850-02-01 09:00:00\n"
        "9,gym,noon,2022-02-01 09:00:00\n4294967295,bus,2022-02-01 23:50:00,2022-02-02 00:10:00\n",
        encoding="utf-8",
    )  # fmt: skip
    receipt = lake.ingest(path, source="gates")
    assert (receipt.rows, receipt.taken, receipt.faulty) == (7, 2, 5)
    assert sorted((one.row, one.column) for one in receipt.faults) == [
        (3, "t_out"),
        (4, "person"),
        (5, "place"),
        (6, "t_in"),
        (6, "t_out"),
        (7, "t_in"),
    ], "one row of another century does not cost the others"
    assert [(day.day, day.rows) for day in lake.days()] == [("2022-02-01", 2)]
    midnight = START  # the lake's own time is Beijing's
    assert (7, "gym", midnight + 8 * 3600, midnight + 9 * 3600) in rows(lake)
    drop(lake, date(2022, 1, 1))
    path.write_text(path.read_text().replace("1850", "2021"), encoding="utf-8")
    late = lake.ingest(path, source="gates", batch="late")
    assert (late.taken, [one.what.en for one in late.faults if one.row == 6]) == (
        2, ["is older than what is kept; the data of that day were deleted"],
    )  # fmt: skip


def test_instants_with_a_zone_and_unix_seconds_mean_the_same(lake: Lake) -> None:
    stay = {"person": [5], "place": ["gym"]}
    in_utc = pa.array([datetime(2022, 1, 31, 16, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    local = pa.array([datetime(2022, 2, 1)], pa.timestamp("s"))
    for number, begin in enumerate((in_utc, local, pa.array([START]))):
        lake.ingest(pa.table(stay | {"t_in": begin, "t_out": begin}), source="gates", batch=str(number))
    assert rows(lake) == [(5, "gym", START, START)] and [day.day for day in lake.days()] == ["2022-02-01"]


def test_a_file_that_changes_under_way_is_refused(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "stays.parquet"
    pq.write_table(batch(1), path)
    real = durable.digest

    def slowly(one: Path) -> str:
        found = real(one)
        if one == path:
            with path.open("ab") as file:
                file.write(b"still being written")
        return found

    monkeypatch.setattr(durable, "digest", slowly)
    with pytest.raises(AnalysisError, match=r"changed while it was read|no whole Parquet"):
        lake.ingest(path, source="gates")
    monkeypatch.undo()
    pq.write_table(batch(1), path)

    def keys(labels: pa.Array) -> np.ndarray:
        pa_csv.write_csv(batch(2), path)
        return np.asarray(labels).astype(np.uint32)

    with pytest.raises(LakeError, match="changed while it was read; nothing was written"):
        lake.ingest(path, source="gates", keys=keys)
    assert lake.days() == [] and faults_after_sweep(lake) == []


def faults_after_sweep(lake: Lake) -> list[LakeFault]:
    with lake.writing():
        return faults(lake)


def test_a_full_disk_leaves_the_lake_as_it_was(lake: Lake) -> None:
    lake.ingest(batch(1), source="gates", batch="1")
    before = rows(lake)

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            lake.ingest(batch(2, 60_000), source="gates", batch="2")
        except OSError as fault:
            os._exit(0 if "too large" in str(fault) else 3)
        os._exit(4)

    assert forked(work)
    assert rows(lake) == before and faults_after_sweep(lake) == [] and not list(lake.folder.glob("**/*.part"))
    assert lake.ingest(batch(2), source="gates", batch="2").taken == 300


def test_readers_that_began_before_a_compaction_are_not_disturbed(lake: Lake) -> None:
    for number in range(4):
        lake.ingest(batch(number), source="gates", batch=str(number))
    files = lake.files(date(2022, 2, 1), date(2022, 2, 3))
    before = rows(lake)
    (compaction,) = [one for one in map(lake.compact, ["2022-02-01"]) if one]
    assert (compaction.files, compaction.rows) == (4, lake.days()[0].rows)
    lake.ingest(batch(9), source="gates", batch="9")
    assert all(path.exists() for path in files), "what was replaced stays for those who read it"
    old = [lake.folder / name for name in lake.state.retired]
    for path in old:
        os.utime(path, (0, 0))
    with lake.writing() as writer:
        writer.commit(writer.state)
    assert old and not any(path.exists() for path in old) and lake.state.retired == ()
    assert set(before) <= set(rows(lake)) and faults(lake) == []


def test_every_fault_is_named_with_its_remedy(lake: Lake) -> None:
    lake.ingest(batch(1, days=5), source="gates", batch="1")
    drop(lake)
    assert faults(lake) == []
    state = lake.state
    altered, missing, swapped = (one.path for one in state.stays[:3])
    whole = lake.folder / altered
    whole.write_bytes(whole.read_bytes()[:-1] + b"?")
    (lake.folder / missing).unlink()
    record = lake.folder / state.deletions[0].path
    content = json.loads(record.read_text())
    content["record"]["before"] = "2021-01-01"
    record.write_text(json.dumps(content))
    (lake.folder / "stays" / "day=2022-02-04" / "x.parquet").write_bytes(b"half")
    found = {one.path: one for one in lake.verify(lambda _body, _signature: False) if isinstance(one, LakeFault)}
    assert "digest" in found[altered].what.en and "missing" in found[missing].what.en
    assert "signature" in found[state.deletions[0].path].what.en
    assert "interrupted" in found["stays/day=2022-02-04/x.parquet"].what.en
    assert all(one.remedy.en and one.remedy.zh for one in found.values()) and swapped not in found
    with pytest.raises(Damaged, match=r"damaged|lacks the file"):
        rows(lake)


def test_rows_out_of_their_day_or_not_as_stated_are_found(lake: Lake) -> None:
    lake.ingest(batch(1), source="gates", batch="1")
    first, second, *others = lake.state.stays
    moved = replace(first, day=second.day)
    short = replace(second, rows=second.rows - 1)
    manifest.write(lake.folder, replace(lake.state, stays=(moved, short, *others)))
    told = " ".join(one.what.en for one in faults(lake))
    assert (
        f"{first.rows} rows are not of this day" in told
        and "rows, or others than the" in told
        and "the batches brought" in told
    )


def test_a_manifest_that_is_damaged_or_of_a_later_version_is_not_touched(lake: Lake) -> None:
    lake.ingest(batch(1), source="gates", batch="1")
    path = lake.folder / manifest.NAME
    good = path.read_text()
    for bad, error, words in (
        (good[: len(good) // 2], Damaged, "restore it from its backup"),
        (good.replace('"rows":300', '"rows":301'), Damaged, "damaged"),
        (good.replace(f'"version":{manifest.VERSION}', '"version":9'), LakeError, "later version"),
    ):
        path.write_text(bad)
        with pytest.raises(error, match=words):
            lake.ingest(batch(2), source="gates", batch="2")
        with pytest.raises(error, match=words):
            lake.days()
        assert path.read_text() == bad
        assert [one.path for one in faults(lake)] == [manifest.NAME]
    path.write_text(good)
    assert lake.ingest(batch(1), source="gates", batch="1").repeated


def test_a_lake_of_an_earlier_version_is_read_and_brought_up_to_date(lake: Lake) -> None:
    """Version 1 knew neither the ledger nor files that wait to be deleted."""
    lake.ingest(batch(1), source="gates", batch="1")
    path = lake.folder / manifest.NAME
    content = json.loads(path.read_text())
    for name in ("ledger", "retired", "sha256"):
        del content[name]
    content["version"] = 1
    path.write_text(json.dumps(content | {"sha256": manifest._sum(content)}))
    before = rows(lake)
    assert lake.state.version == 1 and len(before) and faults(lake) == []
    assert lake.ingest(batch(1), source="gates", batch="1").repeated
    lake.ingest(batch(2), source="gates", batch="2")
    assert lake.state.version == manifest.VERSION and set(before) <= set(rows(lake)) and faults(lake) == []


def test_what_is_taken_back_is_gone_from_the_disk_and_on_record(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "LATEST", 2)
    for number in range(4):
        lake.ingest(batch(number), source="gates", batch=str(number), group="list" if number % 2 else "")
    for day in lake.wanting():
        lake.compact(day)
    assert {day.files for day in lake.days()} == {2}, "what can be taken back lies apart"
    mine = [one.path for one in lake.state.stays if one.group == "list"]
    deletion = lake.withdraw("list", sign=lambda _body: b"mine", by="tester", under="the wrong file", at=AT)
    assert deletion is not None and (deletion.group, deletion.before, deletion.rows) == ("list", "", 600)
    record = json.loads((lake.folder / deletion.path).read_text())["record"]
    assert (record["group"], record["under"], set(mine) <= {one["path"] for one in record["files"]}) == (
        "list", "the wrong file", True,
    )  # fmt: skip
    assert not any((lake.folder / one["path"]).exists() for one in record["files"])
    assert all(day.projected and day.files == 1 for day in lake.days()) and faults(lake) == []
    assert drop(lake) is not None and faults(lake) == [], "the next record follows this one"


def test_the_deletion_record_tells_what_went_and_under_which_rule(lake: Lake) -> None:
    lake.ingest(batch(1), source="gates", batch="1")
    lost = lake.days()[0]
    persons = len(lake.persons().values)
    deletion = drop(lake)
    assert deletion.days == {lost.day: lost.rows} and 0 < deletion.persons < persons
    record = json.loads((lake.folder / deletion.path).read_text())["record"]
    assert (record["by"], record["under"], record["before"], record["at"]) == (
        "tester",
        "14 days",
        "2022-02-02",
        AT.isoformat(),
    )
    assert sum(one["rows"] for one in record["files"] if one["path"].startswith("stays")) == lost.rows
    assert (
        not (lake.folder / "stays" / f"day={lost.day}").exists()
        and not (lake.folder / "eligible" / f"day={lost.day}").exists()
    )
    assert drop(lake) is None and len(lake.state.deletions) == 1, "what is gone is not deleted twice"
    second = drop(lake, date(2022, 2, 3))
    assert json.loads((lake.folder / second.path).read_text())["record"]["previous"] == deletion.sha256
    assert lake.state.next_person == 300 > len(lake.persons().values), "a number that was forgotten is not given again"
