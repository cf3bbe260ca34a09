"""A unit of work: the right checked, the change written, the journal line, the event, all in one transaction or not at all.

Every writer in the house is a function under `@action`. Nested actions join the outermost one's transaction; the journal is
appended and the outbox written once, at the end, and events are handed on only after the commit.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from fangxian.core import journal, outbox
from fangxian.core.access import Actor
from fangxian.core.errors import Conflict

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(slots=True)
class _Unit:
    lines: list[journal.Line] = field(default_factory=list)
    events: list[outbox.Event] = field(default_factory=list)


_unit: ContextVar[_Unit | None] = ContextVar("fangxian_unit_of_work", default=None)


def action(function: Callable[Concatenate[Actor, P], R]) -> Callable[Concatenate[Actor, P], R]:
    """Make a function whose first argument is the actor a unit of work."""

    @wraps(function)
    def run(by: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if _unit.get() is not None:
            with attempt():
                return function(by, *args, **kwargs)
        unit = _Unit()
        with _whole():
            token = _unit.set(unit)
            try:
                result = function(by, *args, **kwargs)
                journal.append(unit.lines)
                outbox.store(unit.events)
            finally:
                _unit.reset(token)  # before the commit: what is done after it, by those told of it, is work of its own
        return result

    return run


@contextmanager
def _whole() -> Iterator[None]:
    """One transaction. SQLite lets one write at a time; whoever has waited long enough for the other is told so."""
    try:
        with transaction.atomic():
            yield
    except OperationalError as fault:
        if "database is locked" not in str(fault):
            raise
        raise Conflict(
            _("Something else is being written, and it takes long."),
            remedy=_("Try again in a moment; nothing of yours was changed."), code="busy",
        ) from fault  # fmt: skip


@contextmanager
def attempt() -> Iterator[None]:
    """A part of the running action that may fail, be caught, and be done otherwise: what it wrote, recorded and emitted goes with it."""
    unit = _running()
    lines, events = len(unit.lines), len(unit.events)
    try:
        with transaction.atomic():
            yield
    except BaseException:
        del unit.lines[lines:], unit.events[events:]
        raise


def record(
    by: Actor,
    action_name: str,
    subject: tuple[str, int],
    *,
    area: str = "",
    basis: str = "",
    data: Mapping[str, Any] | None = None,
    purpose: str = "",
) -> None:
    """Write a journal line as part of the running action. `subject` is (kind, primary key)."""
    _running().lines.append(
        journal.Line(
            action=action_name,
            subject_kind=subject[0],
            subject_id=subject[1],
            actor_id=by.account_id,
            actor=by.name,
            channel=by.channel,
            area=area,
            purpose=purpose or by.purpose,
            basis=basis,
            data=data or {},
        )
    )


def emit(event: outbox.Event) -> None:
    """Tell the house what happened, once the running action has committed."""
    _running().events.append(event)


def _running() -> _Unit:
    unit = _unit.get()
    if unit is None:
        raise RuntimeError("record() and emit() belong inside a function under @action")
    return unit
