"""What a worker does: hand on events, run jobs, sweep, count the situation, draft daily reports, delete what may be kept no longer."""

import logging
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, close_old_connections

from fangxian.command.situation.actions import draft_due
from fangxian.command.situation.queries import keep_pictures
from fangxian.containment.zones import actions as zones
from fangxian.core import attachments, clock, jobs, outbox
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Refusal
from fangxian.duties import actions as duties
from fangxian.duties.sweep import sweep
from fangxian.laboratory.screening import actions as screening
from fangxian.surveillance.jobs import keep_watch
from fangxian.tracing import actions as tracing

log = logging.getLogger(__name__)
SWEEP_EVERY, DRAFT_EVERY, DELETE_EVERY = timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1)


def work_once() -> bool:
    """One round; whether there was anything to do. A fault is logged and met again in the next round."""
    close_old_connections()
    busy = 0
    try:
        busy = outbox.deliver(limit=200) + jobs.run_waiting()
        if _due("sweep", SWEEP_EVERY):
            sweep()
        if _due("draft", DRAFT_EVERY):
            draft_due()
            zones.catch_up(SYSTEM)
            keep_watch()
            screening.owe(SYSTEM)
        if _due("delete", DELETE_EVERY):
            duties.expire()
            tracing.forget_old(SYSTEM)
            attachments.remove_strays(clock.now() - clock.DAY)
            tracing.forget_stays(SYSTEM)
            tracing.tidy_stays(SYSTEM)
        keep_pictures()  # which never hurries: what waits for the worker comes first
    except (
        OperationalError,
        InterfaceError,
        Refusal,
    ) as fault:  # server down, disk full, clock gone back: no fault of the code
        log.error("the worker waits: %s", fault)
    except Exception:
        log.exception("the worker met a fault")
    finally:
        close_old_connections()
    return bool(busy)


_done: dict[str, datetime] = {}


def _due(what: str, every: timedelta) -> bool:
    now, before = clock.now(), _done.get(what)
    if before is not None and timedelta() <= now - before < every:
        return False
    _done[what] = now
    return True
