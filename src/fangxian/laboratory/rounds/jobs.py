"""The roll of a large round as a job: it goes on where it was, whatever ended the process."""

from typing import Any

from django.db import transaction

from fangxian.core import bulk, jobs
from fangxian.core.access import SYSTEM
from fangxian.laboratory.rounds import enrolling
from fangxian.laboratory.rounds.models import Listed, Round

KIND = "rounds.enrol"


@jobs.kind(KIND)
def enrol(job: jobs.Running) -> dict[str, Any]:
    """Arguments: `round` and `last_tube` (keys), `people` (about how many there are)."""
    round_ = Round.objects.get(pk=job.arguments["round"])
    job.expect(job.arguments["people"])
    while round_.state == Round.ENROLLING:
        with transaction.atomic():
            after = job.row.result.get("after", 0)
            last = enrolling.piece(SYSTEM, round_, after)
            if not last:
                enrolling.opened(SYSTEM, round_, job.arguments["last_tube"])
            job.advance(job.cursor + enrolling.PIECE, after=last)
        bulk.give_way()
    return {"people": Listed.objects.filter(round=round_).count()}
