"""Jobs: long work with its progress, which can be watched and stopped."""

from datetime import datetime
from typing import Any

from ninja import Router

from fangxian.api.offering import offer
from fangxian.api.shapes import Shown
from fangxian.core import jobs

router = Router(tags=["jobs"])


class JobView(Shown):
    """A job: how much of it is done, and what has come of it so far."""

    code: str
    kind: str
    state: str
    total: int
    cursor: int
    stop_wanted: bool
    result: dict[str, Any]
    error: str
    created_at: datetime
    beat_at: datetime | None
    ended_at: datetime | None


offer(router, "GET", "/jobs/{code}", jobs.by_code, JobView)
offer(router, "POST", "/jobs/{code}/stop", jobs.stop, None)
offer(router, "POST", "/jobs/{code}/resume", jobs.resume, None)
