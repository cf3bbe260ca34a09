"""Duplicates looked for among many people, as a job: shown while it runs, stopped when asked, taken up again where it was."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from fangxian.core import accounts, clock, jobs
from fangxian.core.access import SYSTEM, Actor, actor_for
from fangxian.registry.actions.matches import find_matches
from fangxian.registry.models import Person

KIND = "duplicates"
_CHUNK = 500


def start(by: Actor, since: timedelta) -> jobs.Job:
    """Put a search among the people entered lately in the queue; the one that still runs, where there is one."""
    by.must("persons.match")
    running = latest(by)
    if running is not None and running.state in (jobs.Job.WAITING, jobs.Job.RUNNING):
        return running
    return jobs.start(by, KIND, {"since": (clock.now() - since).isoformat()})


def latest(by: Actor) -> jobs.Job | None:
    """The actor's last search."""
    return jobs.Job.objects.filter(kind=KIND, owner_id=by.account_id or 0).order_by("-pk").first()


@jobs.kind(KIND)
def run(job: jobs.Running) -> dict[str, Any]:
    """Compare everybody entered since the instant with those who are like them; the cursor is the key of the last one."""
    by = actor_for(accounts.of_id(job.row.owner_id), "job") if job.row.owner_id else SYSTEM
    since = datetime.fromisoformat(job.arguments["since"])
    counts = {"people": 0, "merged": 0, "waiting": 0, **job.row.result}
    while True:
        newer = Person.objects.filter(pk__gt=job.cursor, created_at__gte=since).order_by("pk")
        ids = list(newer.values_list("pk", flat=True)[:_CHUNK])
        if not ids:
            return counts
        with transaction.atomic():
            found = find_matches(by, ids)
            counts["people"] += len(ids)
            counts["merged"] += found.merged
            counts["waiting"] += found.waiting
            job.advance(ids[-1], **counts)
