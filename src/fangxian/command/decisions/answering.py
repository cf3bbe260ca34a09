"""Answering a question: runs are kept as they come, so that a search that was stopped or killed goes on where it was."""

import os
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from pydantic import TypeAdapter

from fangxian.analytics import deciding
from fangxian.analytics.deciding import Answer, DecidingError, Kept, Progress
from fangxian.analytics.deciding.playing import Play, play
from fangxian.command.decisions.models import Batch, Playback, Question
from fangxian.core import accounts, clock, jobs
from fangxian.core.access import SYSTEM, Actor, actor_for
from fangxian.core.actions import action, record

SUBJECT = "question"
ANSWERS: TypeAdapter[Answer] = TypeAdapter(Answer)
PLAYS: TypeAdapter[Play] = TypeAdapter(Play)
#: Runs kept in one transaction.
CHUNK = 256


def answer(job: jobs.Running) -> dict[str, Any]:
    """Answer a question, or go on with one that was ended."""
    row = Question.objects.get(pk=job.arguments["question"])
    asked = deciding.of(row.asked)
    by = actor_for(accounts.of_id(job.row.owner_id), "job") if job.row.owner_id else SYSTEM
    keeper = _Keeper(job, row)
    city = asked.scenario(asked.least).build()
    try:
        found = deciding.decide(
            asked, kept=keeper.before(), on_runs=keeper.take, threads=max(1, (os.cpu_count() or 2) - 1), population=city
        )
    except DecidingError as fault:
        _refuse(by, row, fault)
        return {"step": "refused"}
    _answer(by, row, found, [play(asked, city, fan) for fan in found.fans])
    return {"step": "done", "policies": len(found.frontier)}


class _Keeper:
    """Keeps runs in chunks and moves the job with each, in one transaction."""

    def __init__(self, job: jobs.Running, row: Question) -> None:
        self.job, self.row = job, row
        self.waiting: list[Kept] = []
        self.most = 0

    def before(self) -> list[Kept]:
        """Runs that an earlier try made."""
        return [Kept(*one) for batch in Batch.objects.filter(question=self.row).order_by("pk") for one in batch.runs]

    def take(self, runs: Sequence[Kept], at: Progress) -> None:
        """Runs as they come. Raises Stopped where somebody asked for it."""
        self.waiting += runs
        if len(self.waiting) < CHUNK and at.made < at.most and runs:
            return
        if at.most != self.most:
            self.most = at.most
            self.job.expect(at.most)
        with transaction.atomic():
            if self.waiting:
                Batch.objects.create(question=self.row, runs=[list(one) for one in self.waiting])
            self.job.advance(at.made, step=at.at, left=at.policies)
        self.waiting = []


@action
def _answer(by: Actor, row: Question, answer: Answer, plays: Sequence[Play]) -> None:
    row.answer, row.finished_at = ANSWERS.dump_python(answer, mode="json"), clock.now()
    row.save(update_fields=["answer", "finished_at"])
    place = {one.setting: at for at, one in enumerate(answer.policies)}
    Playback.objects.bulk_create(
        [Playback(question=row, policy=place[one.setting], told=PLAYS.dump_python(one, mode="json")) for one in plays]
    )
    Batch.objects.filter(question=row).delete()
    record(
        by, "decision.answered", (SUBJECT, row.pk), area=row.area,
        data={"code": row.code, "runs": answer.made, "frontier": len(answer.frontier), "recommended": answer.knee},
    )  # fmt: skip


@action
def _refuse(by: Actor, row: Question, fault: DecidingError) -> None:
    row.fault, row.finished_at = {"zh": fault.zh, "en": fault.en}, clock.now()
    row.save(update_fields=["fault", "finished_at"])
    record(by, "decision.unanswered", (SUBJECT, row.pk), area=row.area, data={"code": row.code, "why": fault.zh})
