"""The journal beside its laws: the guard in the database, the clock, the lock on its end."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from fangxian.core import clock, journal
from fangxian.core.access import SYSTEM
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Invalid, Refusal
from fangxian.core.journal import Line
from fangxian.core.models import Entry, Head, Message

START = datetime(2024, 3, 4, tzinfo=UTC)
LINE = Line("case.reported", "case", 1, None, "system", "job")


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE core_entry SET actor = 'nobody'", "DELETE FROM core_entry"])
def test_the_database_refuses_to_change_or_delete(statement: str):
    journal.append([LINE])
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Entry.objects.get().actor == "system"


@pytest.mark.django_db
def test_a_wall_clock_that_went_back_is_refused_and_nothing_saved(monkeypatch: pytest.MonkeyPatch):
    journal.append([LINE])
    Head.objects.update(at=clock.now() + timedelta(minutes=4))
    journal.append([LINE])  # time servers do that
    assert Entry.objects.get(seq=2).at == Head.objects.get().at
    Head.objects.update(at=clock.now() + timedelta(minutes=6))
    with pytest.raises(Refusal) as refused:
        journal.append([LINE])
    assert refused.value.code == "clock_went_back" and Entry.objects.count() == 2


@pytest.mark.django_db
def test_a_drill_tells_its_own_time_and_the_order_stays():
    with clock.at(START):
        journal.append([LINE])
    with clock.at(START - timedelta(days=9)):
        journal.append([LINE])
    assert list(Entry.objects.order_by("seq").values_list("at", flat=True)) == [START, START - timedelta(days=9)]
    assert not [found for found in journal.verify() if isinstance(found, journal.Fault)]


@pytest.mark.django_db
def test_entries_of_a_subject_and_in_order():
    for pk in (1, 2, 1):
        journal.append([Line("case.reported" if pk == 1 else "duty.opened", "case", pk, None, "x", "web")])
    assert [entry.seq for entry in journal.of("case", 1)] == [1, 3]
    assert [entry.seq for entry in journal.of("case", [1, 2], actions=("duty.opened",))] == [2]
    assert [entry.seq for entry in journal.read(1, prefix="case.")] == [3]


@pytest.mark.django_db
def test_an_action_that_is_refused_leaves_no_line_and_no_event():
    @action
    def inner(by):
        record(by, "inner", ("thing", 1))

    @action
    def outer(by, fail):
        record(by, "outer", ("thing", 1))
        inner(by)
        if fail:
            raise Invalid("no")

    with pytest.raises(Invalid):
        outer(SYSTEM, True)
    assert not Entry.objects.exists() and not Head.objects.exists() and not Message.objects.exists()
    outer(SYSTEM, False)
    assert list(Entry.objects.order_by("seq").values_list("action", flat=True)) == ["outer", "inner"]


@pytest.mark.django_db
def test_an_action_within_an_action_that_is_refused_and_caught_leaves_no_line():
    @action
    def inner(by):
        Message.objects.create(kind="x", body={}, at=clock.now())
        record(by, "inner", ("thing", 1))
        raise Invalid("no")

    @action
    def outer(by):
        record(by, "outer", ("thing", 1))
        with pytest.raises(Invalid):
            inner(by)

    outer(SYSTEM)
    assert list(Entry.objects.values_list("action", flat=True)) == ["outer"]
    assert not Message.objects.exists()


def test_lines_and_events_belong_into_an_action():
    with pytest.raises(RuntimeError):
        record(SYSTEM, "x", ("thing", 1))
    with pytest.raises(RuntimeError):
        emit(None)  # type: ignore[arg-type]


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_make_one_chain():
    faults: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(10):
                with transaction.atomic():
                    journal.append([LINE, LINE])
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    with transaction.atomic():
        journal.append([LINE])
    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert list(journal.verify()) == [81]


@pytest.mark.django_db(transaction=True)
def test_the_very_first_writers_at_once_make_one_chain():
    faults: list[BaseException] = []
    gate = threading.Barrier(3)

    def write() -> None:
        try:
            gate.wait()
            with transaction.atomic():
                journal.append([LINE])
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert list(journal.verify()) == [3]
