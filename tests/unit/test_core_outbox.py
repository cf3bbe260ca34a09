"""Events: written with the change they tell of, handed on after it, handled once whatever crashes in between."""

import threading
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection, transaction

from fangxian.core import clock, outbox
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Invalid
from fangxian.core.models import Delivery, Entry, Message


@dataclass(frozen=True, slots=True)
class Happened(outbox.Event):
    kind = "test.happened"
    number: int
    things: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Unheard(outbox.Event):
    kind = "test.unheard"


@action
def happen(by: Actor, number: int, things: tuple[int, ...] = (), *, then: Exception | None = None) -> None:
    emit(Happened(number, things))
    if then:
        raise then


@pytest.fixture(autouse=True)
def handlers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    known: dict[str, Any] = {}
    monkeypatch.setattr(outbox, "_handlers", known)
    return known


@pytest.fixture
def apart(settings: LazySettings) -> None:
    """Events wait for the worker, as where the product runs in several processes."""
    settings.INLINE = False


def _leave_trace(name: str, event: Happened) -> None:
    """What a handler does, in the database so that its undoing can be seen."""
    now = clock.now()  # and delivered, so that nobody waits for it
    Message.objects.create(kind=f"trace.{name}", body=[event.number, list(event.things)], at=now, delivered_at=now)


def _traces(name: str) -> list[Any]:
    return [body for (body,) in Message.objects.filter(kind=f"trace.{name}").order_by("id").values_list("body")]


@pytest.mark.django_db(transaction=True)
def test_inline_it_is_handled_as_soon_as_the_change_is_there():
    seen = []
    outbox.handles(Happened)(lambda event: seen.append((event, connection.in_atomic_block)))
    with transaction.atomic():
        happen(SYSTEM, 1, (2, 3))
        assert seen == [], "not before the outermost transaction has committed"
    assert seen == [(Happened(1, (2, 3)), True)]


@pytest.mark.django_db(transaction=True)
def test_a_crash_between_commit_and_handling_loses_nothing(apart: None):
    @outbox.handles(Happened)
    def note(event: Happened) -> None:
        _leave_trace("note", event)

    happen(SYSTEM, 1)
    happen(SYSTEM, 2)
    assert _traces("note") == []  # here the process dies; another one starts
    assert outbox.deliver() == 2
    assert _traces("note") == [[1, []], [2, []]], "in the order in which they happened"
    assert outbox.deliver() == 0 and len(_traces("note")) == 2


@pytest.mark.django_db(transaction=True)
def test_what_was_refused_was_not_told(apart: None):
    outbox.handles(Happened)(lambda event: None)
    with pytest.raises(Invalid):
        happen(SYSTEM, 1, then=Invalid("no"))
    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_nobody_listens_to_is_not_stored(apart: None):
    @action
    def mumble(by: Actor) -> None:
        emit(Unheard())

    mumble(SYSTEM)
    assert not Message.objects.exists() and not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_handler_that_fails_twice_then_succeeds_has_run_once(apart: None, caplog: pytest.LogCaptureFixture):
    tries = []

    @outbox.handles(Happened)
    def shaky(event: Happened) -> None:
        _leave_trace("shaky", event)
        tries.append(event.number)
        if len(tries) < 3:
            raise OSError("the printer is on fire")

    @outbox.handles(Happened)
    def steady(event: Happened) -> None:
        _leave_trace("steady", event)

    happen(SYSTEM, 7)
    assert [outbox.deliver() for _ in range(4)] == [0, 0, 1, 0]
    assert tries == [7, 7, 7]
    assert _traces("shaky") == [[7, []]], "what the two failures had written was undone with them"
    assert _traces("steady") == [[7, []]], "the other handler was not run again for its sake"
    assert "printer is on fire" in caplog.text
    assert set(Delivery.objects.values_list("error", flat=True)) == {""}


@pytest.mark.django_db(transaction=True)
def test_a_handler_that_never_succeeds_is_given_up_and_shown(apart: None):
    @outbox.handles(Happened)
    def broken(event: Happened) -> None:
        raise ValueError("cannot be")

    happen(SYSTEM, 1)
    for _ in range(outbox.ATTEMPTS + 2):
        outbox.deliver()
    (stuck,) = outbox.stuck()
    assert stuck.attempts == outbox.ATTEMPTS and "cannot be" in stuck.error
    assert stuck.message.body == {"number": 1, "things": []}


@pytest.mark.django_db(transaction=True)
def test_a_failing_handler_does_not_keep_later_events_waiting(apart: None):
    @outbox.handles(Happened)
    def picky(event: Happened) -> None:
        if event.number == 1:
            raise ValueError("not this one")
        _leave_trace("picky", event)

    for number in (1, 2, 3):
        happen(SYSTEM, number)
    assert outbox.deliver() == 2
    assert _traces("picky") == [[2, []], [3, []]]


@pytest.mark.django_db(transaction=True)
def test_a_handler_that_tells_more_is_heard(apart: None):
    @outbox.handles(Happened)
    def echo(event: Happened) -> None:
        if event.number < 3:
            happen(SYSTEM, event.number + 1)
        _leave_trace("echo", event)

    happen(SYSTEM, 1)
    while outbox.deliver():
        pass
    assert _traces("echo") == [[1, []], [2, []], [3, []]]


@pytest.mark.django_db(transaction=True)
def test_what_a_handler_does_inline_has_its_own_lines_and_is_told_too():
    """It runs after the commit of what it was told of: its lines come after, and its own events are heard."""

    @outbox.handles(Happened)
    def answer(event: Happened) -> None:
        if event.number == 1:
            note(SYSTEM, 2)
        else:
            note(SYSTEM, 0)

    @action
    def note(by: Actor, number: int) -> None:
        record(by, f"test.noted{number}", ("test", number))
        if number:
            emit(Happened(number))

    note(SYSTEM, 1)
    assert list(Entry.objects.order_by("seq").values_list("action", flat=True)) == [
        "test.noted1", "test.noted2", "test.noted0",
    ]  # fmt: skip
    assert not Message.objects.filter(delivered_at__isnull=True).exists()


@pytest.fixture
def four_at_once() -> Any:
    def run(work: Any) -> list[BaseException]:
        faults: list[BaseException] = []
        gate = threading.Barrier(4)

        def one() -> None:
            try:
                gate.wait()
                work()
            except BaseException as fault:
                faults.append(fault)
            finally:
                connection.close()

        threads = [threading.Thread(target=one) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return faults

    return run


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_handle_each_event_once(apart: None, four_at_once: Any):
    @outbox.handles(Happened)
    def note(event: Happened) -> None:
        _leave_trace("note", event)

    for number in range(5):
        happen(SYSTEM, number)
    assert four_at_once(outbox.deliver) == []
    assert sorted(_traces("note")) == [[number, []] for number in range(5)]
