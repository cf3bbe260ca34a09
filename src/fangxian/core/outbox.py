"""Events between the rooms of the house: written with the change they tell of, handed on after the commit, handled once.

A crash between commit and handling loses nothing: the message waits in its table until `deliver` meets it again, at start,
in the worker, or with the next event. A handler that fails is tried again, and after `ATTEMPTS` shown by `fangxian doctor`.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from fangxian.core import clock
from fangxian.core.models import Delivery, Message

log = logging.getLogger(__name__)
ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events: a frozen dataclass of JSON values, named `stage.what_happened` by its `kind`."""

    kind: ClassVar[str] = ""


E = TypeVar("E", bound=Event)
_handlers: dict[str, list[tuple[str, type[Event], Callable[[Any], None]]]] = {}


def handles(event: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Register a handler; its dotted name is what makes it run once per message, so do not rename it lightly."""

    def register(function: Callable[[E], None]) -> Callable[[E], None]:
        name = f"{function.__module__.removeprefix('fangxian.')}.{function.__name__}"
        _handlers.setdefault(event.kind, []).append((name, event, function))
        return function

    return register


def store(events: Sequence[Event]) -> None:
    """Write events in the running transaction; in inline mode hand them on as soon as it has committed."""
    wanted = [event for event in events if event.kind in _handlers]
    if not wanted:
        return
    now = clock.now()
    messages = Message.objects.bulk_create(Message(kind=event.kind, body=asdict(event), at=now) for event in wanted)
    if settings.INLINE:
        ids = [message.pk for message in messages]
        transaction.on_commit(lambda: deliver(ids))


def deliver(ids: Iterable[int] | None = None, *, limit: int = 1000) -> int:
    """Hand waiting messages (all, or these) to their handlers, oldest first; how many were delivered wholly.

    Each handler runs in one transaction with the mark that it has run, so it happens once however often this is called.
    """
    found = Message.objects.filter(delivered_at__isnull=True)
    if ids is not None:
        found = found.filter(id__in=list(ids))
    waiting = list(found.order_by("id")[:limit])
    wanted = [(message, handler) for message in waiting for handler in _handlers.get(message.kind, [])]
    Delivery.objects.bulk_create(
        [Delivery(message=message, handler=name) for message, (name, *_rest) in wanted], ignore_conflicts=True
    )
    noted = {
        (one.message_id, one.handler): one for one in Delivery.objects.filter(message__in=[one.pk for one in waiting])
    }
    undone = {
        message.pk
        for message, handler in wanted
        if not _hand_over(message, noted[message.pk, handler[0]], *handler[1:])
    }
    done = [message.pk for message in waiting if message.pk not in undone]
    Message.objects.filter(id__in=done).update(delivered_at=clock.now())
    return len(done)


def _hand_over(message: Message, delivery: Delivery, event: type[Event], function: Callable[[Any], None]) -> bool:
    """Whether the handler need not be asked again: it has dealt with the message, now or before, or was given up."""
    if delivery.done_at or delivery.attempts >= ATTEMPTS:
        return True
    try:
        with transaction.atomic():
            # Who marks it first does it: anybody else waits here until that is committed, and then finds it done.
            mine = Delivery.objects.filter(id=delivery.pk, done_at__isnull=True)
            if mine.update(done_at=clock.now(), error=""):
                body = {key: tuple(value) if isinstance(value, list) else value for key, value in message.body.items()}
                function(event(**body))
            return True
    except Exception as fault:
        log.exception("handler %s failed on %s #%s", delivery.handler, message.kind, message.pk)
        attempts = delivery.attempts + 1
        Delivery.objects.filter(id=delivery.pk).update(attempts=attempts, error=repr(fault)[:2000])
        return attempts >= ATTEMPTS


def stuck() -> list[Delivery]:
    """Deliveries given up after too many attempts, for a person to look at."""
    return list(Delivery.objects.filter(Q(done_at__isnull=True), attempts__gte=ATTEMPTS).select_related("message"))
