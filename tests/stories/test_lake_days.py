"""A bus company sends its passengers every night: taken once, kept as long as the rules say, and nobody reads a name in the lake."""

import errno
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fangxian.core import bulk, clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed
from fangxian.core.models import Entry
from fangxian.lake import LakeFault
from fangxian.registry import actions as registry
from fangxian.registry.models import LakeKey
from fangxian.tracing import actions, lakes, queries
from fangxian.tracing.actions import staying
from tests.support.town import EAST, NOW, actor, citizen_id, settle, villager

pytestmark = pytest.mark.django_db
SOURCE = actor("stay_source", EAST)
NUMBERS = [citizen_id(date(1980 + one, 3, 1), one) for one in range(8)]
DAY = 86_400
START = 1_709_481_600  # 2024-03-04 00:00 in Shanghai, the day it is


@pytest.fixture(autouse=True)
def house(tmp_path: Path, settings: Any) -> Iterator[Path]:
    settings.LAKE = tmp_path / "lake"
    with clock.at(NOW):
        settle()
        yield tmp_path / "lake"


def night(day: int = -1, numbers: list[str] = NUMBERS) -> pa.Table:
    """The passengers of a day: all on one bus, half an hour each."""
    begin = [START + day * DAY + 3600 * one for one in range(len(numbers))]
    return pa.table(
        {"person": numbers, "place": ["bus 7"] * len(numbers), "t_in": begin, "t_out": [at + 1800 for at in begin]}
    )


def test_whom_a_source_names_is_entered_and_the_lake_says_nothing_of_them(house: Path):
    known = registry.register_person(
        SYSTEM, villager(name="赵念慈", documents=(("", NUMBERS[0]),), phones=("13812345678",))
    )
    receipt = actions.send_stays(SOURCE, night(), "buses", "2024-03-03", "id_number")
    assert (receipt.taken, receipt.faulty, receipt.days) == (8, 0, {"2024-03-03": 8})
    keys = set(LakeKey.objects.values_list("key", flat=True))
    assert len(keys) == 8 and set(lakes.lake().persons().values.to_pylist()) == keys
    window = lakes.lake().stays(date(2024, 3, 1), date(2024, 3, 4))
    assert set(window.person_keys.tolist()) == keys and window.place_codes.to_pylist() == ["bus 7"]
    secrets = [*NUMBERS, "赵念慈", "13812345678", known.code]
    written = b"".join(path.read_bytes() for path in house.glob("**/*") if path.is_file())
    assert len(written) > 1000
    assert [one for one in secrets if one.encode() in written] == [], "the files of the lake name nobody"
    (line,) = Entry.objects.filter(action="stays.taken")
    assert line.content["taken"] == 8 and line.actor == SOURCE.name and not any(one in line.data for one in secrets)


def test_a_batch_that_is_sent_again_changes_nothing_and_enters_nobody(house: Path):
    first = actions.send_stays(SOURCE, night(), "buses", "night 1", "id_number")
    before = LakeKey.objects.count()
    again = actions.send_stays(SOURCE, night(), "buses", "night 1", "id_number")
    assert again.repeated and again.taken == first.taken and LakeKey.objects.count() == before
    with pytest.raises(Conflict) as refused:
        actions.send_stays(SOURCE, night(numbers=NUMBERS[:3]), "buses", "night 1", "id_number")
    assert refused.value.code == "batch_reused" and LakeKey.objects.count() == before
    assert [one.action for one in Entry.objects.filter(action__startswith="stays.")] == [
        "stays.taken",
        "stays.sent_again",
    ]


def test_many_new_labels_are_entered_in_parts_and_a_killed_batch_enters_nobody_twice(
    house: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(staying, "PART", 3)
    keys_of_labels, parts, given_way = registry.keys_of_labels, 0, []

    def dying(*told: Any) -> list[int]:
        nonlocal parts
        parts += 1
        if parts == 3:
            raise KeyboardInterrupt
        return keys_of_labels(*told)

    monkeypatch.setattr(bulk, "give_way", lambda: given_way.append(parts))
    with monkeypatch.context() as patch:
        patch.setattr(registry, "keys_of_labels", dying)
        with pytest.raises(KeyboardInterrupt):
            actions.send_stays(SOURCE, night(), "buses", "night 1", "id_number")
    assert (LakeKey.objects.count(), given_way) == (6, [1, 2]), "what was entered stays, and others wrote in between"
    assert lakes.lake().state.stays == (), "nothing of the batch itself"
    assert Entry.objects.filter(action="lake.keys_given").count() == 2
    receipt = actions.send_stays(SOURCE, night(), "buses", "night 1", "id_number")
    assert (receipt.taken, receipt.repeated, LakeKey.objects.count()) == (8, False, 8)
    assert actions.send_stays(SOURCE, night(), "buses", "night 1", "id_number").repeated


def test_labels_that_name_nobody_are_told_with_their_row(house: Path):
    receipt = actions.send_stays(
        SOURCE, night(numbers=[*NUMBERS[:2], "330106198002281111", NUMBERS[3]]), "buses", "", "id_number"
    )
    assert (receipt.taken, receipt.faulty) == (3, 1)
    (fault,) = receipt.faults
    assert (fault.row, fault.column) == (4, "person") and "names nobody" in fault.what.en
    own = actions.send_stays(SOURCE, night(numbers=["card 1", "card 2"]), "buses", "", "source_record")
    other = actions.send_stays(SOURCE, night(-2, numbers=["card 1", "card 2"]), "ferries", "", "source_record")
    assert own.taken == other.taken == 2 and LakeKey.objects.count() == 3 + 2 + 2, (
        "card 1 of the ferry is another person's"
    )


def test_only_sources_and_whoever_brings_passenger_lists_send_and_only_the_house_deletes(house: Path):
    for role in ("reviewer", "grid_worker", "leader", "auditor"):
        with pytest.raises(NotAllowed):
            actions.send_stays(actor(role), night(), "buses", "", "id_number")
    for by in (SOURCE, actor("registrar", "99"), actor("leader")):
        with pytest.raises(NotAllowed):
            actions.drop_stays(by, date(2024, 3, 1), "because")
        with pytest.raises(NotAllowed):
            actions.forget_stays(by)
        with pytest.raises(NotAllowed):
            actions.tidy_stays(by)
    with pytest.raises(NotAllowed):
        queries.lake_view(actor("grid_worker"))
    for form in ({"people": "name"}, {"source": " "}, {"batch": "x" * 81}):
        with pytest.raises(Invalid):
            actions.send_stays(SOURCE, night(), **({"source": "buses", "people": "phone"} | form))
    assert not house.exists()


def test_when_its_time_is_over_a_day_is_gone_with_whoever_was_seen_on_it_alone(house: Path, settings: Any):
    settings.STAYS_KEPT = 0
    actions.send_stays(SOURCE, night(-40, NUMBERS[:4]), "buses", "long ago", "id_number")
    actions.send_stays(SOURCE, night(-2, NUMBERS[3:]), "buses", "the other day", "id_number")
    (longest, rule) = lakes.kept()
    assert longest == timedelta(days=28) and rule.endswith("§movements")
    view = queries.lake_view(actor("registrar"))
    assert view.overdue == ("2024-01-24",) and view.persons == 8 and view.kept_days == 28
    deletion = actions.forget_stays(SYSTEM)
    assert deletion is not None and (deletion.rows, deletion.persons) == (4, 3)
    assert LakeKey.objects.count() == 5 and queries.lake_view(SYSTEM).overdue == ()
    (line,) = Entry.objects.filter(action="stays.deleted")
    assert (
        line.content["sha256"] == deletion.sha256
        and line.content["under"] == rule
        and line.content["days"] == {"2024-01-24": 4}
    )
    record = json.loads((house / deletion.path).read_text(encoding="utf-8"))["record"]
    assert record["under"] == rule and record["persons"] == 3
    assert [one for one in lakes.lake().verify(lakes.signed) if isinstance(one, LakeFault)] == []
    assert actions.forget_stays(SYSTEM) is None and Entry.objects.filter(action="stays.deleted").count() == 1
    late = actions.send_stays(SOURCE, night(-40, NUMBERS[:4]), "buses", "long ago", "id_number")
    assert (late.taken, late.faulty) == (0, 4), "what was deleted is not taken again"


def test_a_setting_may_shorten_the_time_but_not_lengthen_it(house: Path, settings: Any):
    settings.STAYS_KEPT = 14
    assert lakes.kept() == (timedelta(days=14), "FANGXIAN_STAYS_KEPT")
    settings.STAYS_KEPT = 400
    assert lakes.kept()[0] == timedelta(days=28)


def test_a_deletion_after_which_the_process_died_still_gets_its_line(house: Path, monkeypatch: pytest.MonkeyPatch):
    from fangxian.tracing.actions import staying

    actions.send_stays(SOURCE, night(-9), "buses", "", "id_number")
    monkeypatch.setattr(staying, "_put_on_record", lambda _by: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        actions.drop_stays(SYSTEM, date(2024, 3, 1), "the purpose is reached")
    assert not Entry.objects.filter(action="stays.deleted").exists()
    monkeypatch.undo()
    assert actions.drop_stays(SYSTEM, date(2024, 3, 1), "the purpose is reached") is None
    assert Entry.objects.get(action="stays.deleted").content["under"] == "the purpose is reached"
    with pytest.raises(Invalid):
        actions.drop_stays(SYSTEM, date(2024, 3, 6), "too early")
    with pytest.raises(Invalid):
        actions.drop_stays(SYSTEM, date(2024, 3, 1), " ")


def test_days_that_are_over_are_made_one_file(house: Path):
    for hour in range(3):
        actions.send_stays(SOURCE, night(-1, NUMBERS[hour : hour + 2]), "buses", f"-1 {hour}", "id_number")
        actions.send_stays(SOURCE, night(0, NUMBERS[hour : hour + 2]), "buses", f"0 {hour}", "id_number")
    (compaction,) = actions.tidy_stays(SYSTEM)
    assert (compaction.day, compaction.files, compaction.rows) == ("2024-03-03", 3, 6)
    assert [(day.day, day.files) for day in queries.lake_view(SYSTEM).days] == [("2024-03-03", 1), ("2024-03-04", 3)]


def test_a_full_disk_is_told_as_such(house: Path, monkeypatch: pytest.MonkeyPatch):
    def full(_rows: pa.Table, path: Path, *_args: Any, **_more: Any) -> None:
        path.write_bytes(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(pq, "write_table", full)
        with pytest.raises(lakes.NoRoom) as refused:
            actions.send_stays(SOURCE, night(), "buses", "night 1", "id_number")
    assert (refused.value.status, refused.value.code) == (507, "no_room") and not list(house.glob("**/*.part"))
    assert actions.send_stays(SOURCE, night(), "buses", "night 1", "id_number").taken == 8, (
        "the same batch, when there is room"
    )
