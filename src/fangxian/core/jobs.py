"""Long work with progress that others can see, that can be stopped, and that goes on where it was after a crash.

A job is a function `work(job: Running)` registered under a kind. It commits in pieces and moves `cursor` in the same
transaction as each piece, so that whatever ends the process, the next `resume` repeats nothing and leaves nothing out.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from fangxian.core import clock, ids
from fangxian.core.access import Actor
from fangxian.core.errors import Conflict, NotFound, Refusal
from fangxian.core.models import Job as Job  # part of what this module offers

log = logging.getLogger(__name__)
#: A running job whose worker has not been heard of for so long is taken to have died.
SILENCE = timedelta(minutes=2)

_kinds: dict[str, Callable[["Running"], dict[str, Any]]] = {}


class TakenOver(Conflict):
    """Another process has gone on with the job meanwhile: what this one had not committed is undone, and it ends."""


class Stopped(Exception):
    """Raised inside a job when somebody asked it to stop; what was committed stays, and `resume` goes on from there."""


@dataclass(slots=True)
class Running:
    """A job as its function sees it."""

    row: Job
    on_progress: Callable[[int, int], None] | None = field(default=None)

    @property
    def arguments(self) -> dict[str, Any]:
        return dict(self.row.arguments)

    @property
    def cursor(self) -> int:
        return self.row.cursor

    def expect(self, total: int) -> None:
        """How much there is to do in all."""
        self.row.total = total
        self.row.save(update_fields=["total"])

    def advance(self, cursor: int, **result: Any) -> None:
        """Mark progress. Call it inside the transaction of the piece of work that it marks."""
        before, self.row.cursor = self.row.cursor, cursor
        self.row.result = {**self.row.result, **result}
        self.row.beat_at = clock.now()
        mine = Job.objects.filter(pk=self.row.pk, state=Job.RUNNING, cursor=before)
        if not mine.update(cursor=cursor, result=self.row.result, beat_at=self.row.beat_at):
            raise TakenOver(_("Another process has gone on with this job."), remedy=_("Watch its progress instead."))
        if self.on_progress:
            self.on_progress(cursor, self.row.total)
        if Job.objects.filter(pk=self.row.pk, stop_wanted=True).exists():
            raise Stopped


def kind(name: str) -> Callable[[Callable[[Running], dict[str, Any]]], Callable[[Running], dict[str, Any]]]:
    """Register the function that does jobs of this kind; what it returns is kept as the job's result."""

    def register(function: Callable[[Running], dict[str, Any]]) -> Callable[[Running], dict[str, Any]]:
        _kinds[name] = function
        return function

    return register


def start(by: Actor, name: str, arguments: dict[str, Any]) -> Job:
    """Put a job in the queue. A worker takes it up (a thread of `fangxian serve` on one laptop, else `fangxian work`); a
    command that wants to show its progress calls `run` itself."""
    return Job.objects.create(
        code=ids.new_code(), kind=name, owner_id=by.account_id, arguments=arguments, created_at=clock.now()
    )


def run(job_id: int, on_progress: Callable[[int, int], None] | None = None, *, resume: bool = False) -> Job:
    """Do a waiting, stopped or failed job in this process. Raises Conflict where another process is at it.

    To `resume` is to say that the other process is dead. Should it be alive after all, nothing is done twice: whoever commits
    the next piece goes on, and the other meets TakenOver.
    """
    now = clock.now()
    free = ~Q(state=Job.RUNNING) | Q(beat_at__lt=now - SILENCE) | Q(beat_at__isnull=True)
    taken = (
        Job.objects.filter(Q() if resume else free, pk=job_id)
        .exclude(state=Job.DONE)
        .update(state=Job.RUNNING, beat_at=now, stop_wanted=False, error="")
    )
    row = Job.objects.get(pk=job_id)
    if not taken:
        raise Conflict(_("This job is already running or done."), remedy=_("Watch its progress instead."))
    try:
        ending = _kinds[row.kind](Running(row, on_progress))
        row.result = {**row.result, **ending}
        row.state = Job.DONE
    except TakenOver:
        raise
    except Exception as fault:
        row.refresh_from_db()  # what the unfinished piece had put into it was rolled back
        row.state = Job.STOPPED if isinstance(fault, Stopped) else Job.FAILED
        if not isinstance(fault, Stopped):
            row.error = str(fault) if isinstance(fault, Refusal) else f"{type(fault).__name__}: {fault}"
            log.error("job %s failed", row.code, exc_info=not isinstance(fault, Refusal))
    row.ended_at = clock.now()
    row.save(update_fields=["result", "state", "error", "ended_at"])
    return row


def run_waiting(limit: int = 1) -> int:
    """Do jobs that wait, or whose worker died; how many were met. What a worker calls over and over."""
    dead = Q(state=Job.RUNNING, beat_at__lt=clock.now() - SILENCE)
    found = Job.objects.filter(Q(state=Job.WAITING) | dead).order_by("id")
    waiting = list(found.values_list("id", flat=True)[:limit])
    for job_id in waiting:
        with suppress(Conflict):  # another worker was quicker
            run(job_id)
    return len(waiting)


def stop(by: Actor, code: str) -> None:
    """Ask a job to stop after the piece it is at; one that has not begun does not begin."""
    job = Job.objects.filter(pk=by_code(by, code).pk)
    job.filter(state=Job.WAITING).update(state=Job.STOPPED)
    job.filter(state=Job.RUNNING).update(stop_wanted=True)


def resume(by: Actor, code: str) -> None:
    """Put a job that was stopped, or failed, back in the queue: a worker goes on where it was. Raises Conflict for any other."""
    job = by_code(by, code)
    halted = Job.objects.filter(pk=job.pk, state__in=(Job.STOPPED, Job.FAILED))
    if not halted.update(state=Job.WAITING, stop_wanted=False, error="", ended_at=None):
        raise Conflict(_("This job is already running or done."), remedy=_("Watch its progress instead."))


def by_code(by: Actor, code: str) -> Job:
    """A job of the caller's own (of anybody, for the system)."""
    found = Job.objects.filter(code=code)
    if not by.is_system:
        found = found.filter(owner_id=by.account_id)
    row = found.first()
    if row is None:
        raise NotFound(_("There is no such job."))
    return row
