"""What a worker does: hand on events, run jobs, sweep."""

import logging
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, close_old_connections

from fangxian.core import clock, jobs, outbox
from fangxian.core.errors import Refusal
from fangxian.duties.sweep import sweep

log = logging.getLogger(__name__)
SWEEP_EVERY = timedelta(minutes=1)


def work_once() -> bool:
    """One round; whether there was anything to do. A fault is logged and met again in the next round."""
    close_old_connections()
    busy = 0
    try:
        busy = outbox.deliver(limit=200) + jobs.run_waiting()
        if _due():
            sweep()
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


_swept: datetime | None = None


def _due() -> bool:
    global _swept
    now = clock.now()
    if _swept is not None and timedelta() <= now - _swept < SWEEP_EVERY:
        return False
    _swept = now
    return True
