"""Jobs: shown, stopped, killed, resumed where they were; no piece done twice and none left out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from fangxian.core import clock, jobs
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.core.jobs import Running
from fangxian.core.models import Account, Job, Message

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 3, 4, tzinfo=UTC)


class Killed(BaseException):
    """The process ends here: no handler of the job's own sees it."""


class Work:
    """Ten pieces, each leaving a trace in the database; something may happen in the middle of one."""

    def __init__(self) -> None:
        self.at = -1
        self.what: BaseException | None = None

    def then(self, at: int, what: BaseException | None) -> None:
        self.at, self.what = at, what

    def __call__(self, job: Running) -> dict[str, Any]:
        job.expect(10)
        for piece in range(job.cursor, 10):
            with transaction.atomic():
                Message.objects.create(kind="piece", body=piece, at=clock.now())
                if piece == self.at and self.what is not None:
                    raise self.what
                job.advance(piece + 1, rows=piece + 1)
        return {"finished": True}


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    monkeypatch.setattr(jobs, "_kinds", {})
    work = Work()
    jobs.kind("ten")(work)
    return work


def _pieces() -> list[int]:
    return [message.body for message in Message.objects.filter(kind="piece").order_by("id")]


def _killed(**values: Any) -> Job:
    """A job that a worker has begun."""
    return Job.objects.create(code="JOB", kind="ten", created_at=NOW, **values)


def test_a_job_waits_for_a_worker_and_is_done_once(work: Work):
    job = jobs.start(SYSTEM, "ten", {"of": "life"})
    assert (job.state, _pieces()) == (Job.WAITING, [])
    assert [jobs.run_waiting(), jobs.run_waiting()] == [1, 0]
    job.refresh_from_db()
    assert (job.state, job.cursor, job.total, job.result) == (Job.DONE, 10, 10, {"rows": 10, "finished": True})
    assert _pieces() == list(range(10))
    with pytest.raises(Conflict):
        jobs.run(job.pk)


def test_one_that_is_stopped_before_it_begins_does_not_begin(work: Work):
    job = jobs.start(SYSTEM, "ten", {})
    jobs.stop(SYSTEM, job.code)
    assert jobs.run_waiting() == 0 and _pieces() == []
    assert jobs.run(job.pk).state == Job.DONE, "but it can be resumed"


def test_a_killed_job_goes_on_where_it_was(work: Work):
    work.then(6, Killed())
    job = _killed()
    with clock.at(NOW):
        with pytest.raises(Killed):
            jobs.run(job.pk)
        assert _pieces() == list(range(6)), "the piece it was at was undone"
        job.refresh_from_db()
        assert (job.state, job.cursor) == (Job.RUNNING, 6)
        work.then(-1, None)
        with pytest.raises(Conflict):  # for all one knows it is still at it
            jobs.run(job.pk)
        assert jobs.run_waiting() == 0
    with clock.at(NOW + jobs.SILENCE + timedelta(seconds=1)):
        assert jobs.run_waiting() == 1
    assert Job.objects.get().state == Job.DONE
    assert _pieces() == list(range(10))


def test_a_job_that_failed_keeps_what_it_did_says_why_and_can_be_resumed(work: Work):
    work.then(3, Invalid("Row 4 is empty.", remedy="Fill it in."))
    job = jobs.run(jobs.start(SYSTEM, "ten", {}).pk)
    assert (job.state, job.cursor, job.error) == (Job.FAILED, 3, "Row 4 is empty. Fill it in.")
    work.then(7, ZeroDivisionError("oh"))
    again = jobs.run(job.pk)
    assert (again.state, again.cursor, again.error) == (Job.FAILED, 7, "ZeroDivisionError: oh")
    work.then(-1, None)
    done = jobs.run(job.pk)
    assert (done.state, done.error, done.result["rows"]) == (Job.DONE, "", 10)
    assert _pieces() == list(range(10))


def test_a_job_is_stopped_between_two_pieces_and_goes_on_later(work: Work):
    job = _killed()

    def watch(cursor: int, total: int) -> None:
        if cursor == 4:
            jobs.stop(SYSTEM, "JOB")

    assert jobs.run(job.pk, watch).state == Job.STOPPED
    cursor = Job.objects.get().cursor
    assert _pieces() == list(range(cursor)) and cursor < 10, "what is marked as done is there, and no more"
    assert jobs.run(job.pk).state == Job.DONE
    assert _pieces() == list(range(10))


def test_progress_is_told_piece_by_piece(work: Work):
    told: list[tuple[int, int]] = []
    jobs.run(_killed().pk, lambda cursor, total: told.append((cursor, total)))
    assert told == [(n, 10) for n in range(1, 11)]


def test_a_job_is_its_owners(work: Work):
    owner = Account.objects.create(login="a", name="A", created_at=NOW)
    mine, other = (Actor(pk, "x", (), "web") for pk in (owner.pk, owner.pk + 1))
    job = jobs.start(mine, "ten", {})
    assert jobs.by_code(mine, job.code).pk == job.pk
    for call in (jobs.by_code, jobs.stop):
        with pytest.raises(NotFound):
            call(other, job.code)
