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
    waiting = Message.objects.filter(delivered_at__isnull=True)
    if ids is not None:
        waiting = waiting.filter(id__in=list(ids))
    done = 0
    for message in waiting.order_by("id")[:limit]:
        outcomes = [_hand_over(message, *handler) for handler in _handlers.get(message.kind, [])]
        if all(outcomes):
            Message.objects.filter(id=message.pk).update(delivered_at=clock.now())
            done += 1
    return done


def _hand_over(message: Message, name: str, event: type[Event], function: Callable[[Any], None]) -> bool:
    delivery, _new = Delivery.objects.get_or_create(message=message, handler=name)
    if delivery.done_at or delivery.attempts >= ATTEMPTS:
        return True
    try:
        with transaction.atomic():
            mine = Delivery.objects.select_for_update().get(id=delivery.pk)
            if mine.done_at:
                return True
            body = {key: tuple(value) if isinstance(value, list) else value for key, value in message.body.items()}
            function(event(**body))
            mine.done_at, mine.error = clock.now(), ""
            mine.save(update_fields=["done_at", "error"])
            return True
    except Exception as fault:
        log.exception("handler %s failed on %s #%s", name, message.kind, message.pk)
        Delivery.objects.filter(id=delivery.pk).update(attempts=delivery.attempts + 1, error=repr(fault)[:2000])
        return delivery.attempts + 1 >= ATTEMPTS


def stuck() -> list[Delivery]:
    """Deliveries given up after too many attempts, for a person to look at."""
    return list(Delivery.objects.filter(Q(done_at__isnull=True), attempts__gte=ATTEMPTS).select_related("message"))
