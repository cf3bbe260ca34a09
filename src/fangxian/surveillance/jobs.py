"""What is judged, and when: the sources that have told something, soon after; what is late or silent, as time goes by."""

from typing import Any

from django.db import transaction

from fangxian.core import jobs, outbox
from fangxian.core.access import SYSTEM
from fangxian.surveillance.actions.detecting import PIECE, detect, notice_silence
from fangxian.surveillance.actions.owing import owe
from fangxian.surveillance.events import NumbersReceived

DETECT = "surveillance.detect"


@jobs.kind(DETECT)
def detecting(job: jobs.Running) -> dict[str, Any]:
    """Judge the series of the sources that are named, a piece a transaction."""
    wanted = sorted(set(job.arguments["sources"]))
    job.expect(len(wanted))
    found = int(job.row.result.get("signals", 0))
    while job.cursor < len(wanted):
        piece = wanted[job.cursor : job.cursor + PIECE]
        with transaction.atomic():
            found += detect(SYSTEM, piece)
            job.advance(job.cursor + len(piece), signals=found)
    return {"signals": found}


@outbox.handles(NumbersReceived)
def numbers_received(event: NumbersReceived) -> None:
    """Numbers that came or were corrected are judged by the next worker; what waits already is done in one go."""
    waiting = jobs.Job.objects.select_for_update().filter(kind=DETECT, state=jobs.Job.WAITING, cursor=0).first()
    if waiting is None:
        jobs.start(SYSTEM, DETECT, {"sources": list(event.source_ids)})
    else:
        waiting.arguments = {"sources": sorted({*waiting.arguments["sources"], *event.source_ids})}
        waiting.save(update_fields=["arguments"])


def keep_watch() -> None:
    """Write down what has come due, and notice what has not come. For the worker, every few minutes."""
    owe(SYSTEM)
    notice_silence(SYSTEM)
