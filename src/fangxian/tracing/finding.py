"""A search for contacts at work: stays gathered, rings traced, people looked up once, judged by the pack, ranked, written.

Nothing is written before the end but progress, then candidates some thousand at a time. A search that was stopped or killed is
computed anew, and only what is not written yet is written: the same stays give the same candidates.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from django.db import transaction

from fangxian.analytics.copresence.crowds import band
from fangxian.core import accounts, bulk, clock, jobs
from fangxian.core.access import SYSTEM, Actor, actor_for
from fangxian.core.actions import action, emit, record
from fangxian.duties import packs
from fangxian.registry import actions as registry_actions
from fangxian.tracing import besides, matching, weighing
from fangxian.tracing.events import ContactsProposed
from fangxian.tracing.filing import COLUMNS, Filing, proposed
from fangxian.tracing.gathering import World, gather
from fangxian.tracing.meeting import Met, meet
from fangxian.tracing.models import Candidate, Search
from fangxian.tracing.reached import Reached

KIND = "contacts.find"
SUBJECT = "search"
#: People judged and written in one transaction.
CHUNK = 5000
#: How far along each part of the work is done, of 100.
GATHERED, TRACED, MATCHED, WRITTEN = 40, 60, 70, 100
#: What an identity is looked up for.
PURPOSE = "investigation"


@jobs.kind(KIND)
def run(job: jobs.Running) -> dict[str, Any]:
    """Do a search, or do again one that did not come to its end."""
    search = Search.objects.select_related("outbreak").get(pk=job.arguments["search"])
    by = actor_for(accounts.of_id(job.row.owner_id), "job") if job.row.owner_id else SYSTEM
    job.expect(WRITTEN)
    world = gather(search)
    job.advance(GATHERED, step="traced", stays=len(world.stays))
    rings: dict[str, int] = {}
    met, reached = traced(search, world, lambda ring, people: rings.update({str(ring): people}))
    job.advance(TRACED, step="matched", rings=rings)
    person_of = registry_actions.open_keys(by, _unwritten(search, world, reached), PURPOSE, search.why)
    job.advance(MATCHED, step="judged", matched=len(person_of))
    filing = Filing(search, world, reached, person_of)
    units = filing.units()
    written, total = 0, max(1, len(units))
    for chunk in (units[begin : begin + CHUNK] for begin in range(0, len(units), CHUNK)):
        with transaction.atomic():
            _write(by, search, filing.rows(chunk))
            written += len(chunk)
            job.advance(MATCHED + (WRITTEN - MATCHED - 1) * written // total, step="judged")
    returned = _finish(by, search, met, world)
    return {"step": "done", "people": returned}


def traced(
    search: Search, world: World, on_ring: Callable[[int, int], None] = lambda _ring, _people: None
) -> tuple[Met, Reached]:
    """Everybody whom a search reaches in its world: their times together, and in which order they are to be called."""
    edition = packs.pack(search.pack, search.area)
    ref = packs.reference(edition)
    tickets = besides.tickets(world)
    aboard = besides.aboard(world, tickets, ref)
    terms = weighing.terms(search.tau, search.onward, search.rings, search.within, search.crowd)
    met = meet(world.stays, world.index, terms, aboard, np.array(sorted(tickets), np.uint32), on_ring)
    companions = besides.companions(world, weighing.company(edition), ref)
    return met, Reached(world, met, aboard, companions, *weighing.hazard(edition))


def _unwritten(search: Search, world: World, reached: Reached) -> list[int]:
    """Keys of those not written yet: all of them, but for a search that goes on."""
    written = set(Candidate.objects.filter(search=search).values_list("key", flat=True))
    return [key for at in reached.groups if (key := world.key(at)) not in written]


@action
def _write(by: Actor, search: Search, rows: Iterable[tuple[Any, ...]]) -> None:
    """Candidates of one chunk; whoever was proposed with less before is proposed here now, and only here."""
    people: list[int] = []
    bulk.insert(Candidate, COLUMNS, proposed(rows, people))
    matching.supersede(search, people)


@action
def _finish(by: Actor, search: Search, met: Met, world: World) -> int:
    summed(search, met, world)
    written = Candidate.objects.filter(search=search)
    areas = sorted(set(written.filter(state=Candidate.PROPOSED).values_list("area", flat=True)))
    told = {"people": search.counts["returned"], "notices": len(search.notices), "stays": len(world.stays)}
    record(by, "contacts.found", (SUBJECT, search.pk), area=search.area, data=told)
    emit(ContactsProposed(search.pk, search.outbreak_id or 0, search.area, tuple(areas)))
    return int(search.counts["returned"])


def summed(search: Search, met: Met, world: World) -> None:
    """Note on a search what it came to, once all its candidates are written."""
    notices, labels = met.notices, world.labels
    rows = zip(*(getattr(notices, name).tolist() for name in ("place", "since", "until", "visitors")), strict=True)
    search.notices = [
        {
            "place": labels[place].as_py(), "from": world.lake.instant(since).isoformat(),
            "to": world.lake.instant(until).isoformat(), "visitors": list(band(visitors)),
        }
        for place, since, until, visitors in rows
    ]  # fmt: skip
    written = Candidate.objects.filter(search=search)
    search.counts = {
        "returned": written.count(), "noticed": list(band(met.noticed)) if len(notices) else [],
        "without_stays": world.without_stays, "stays": len(world.stays),
    }  # fmt: skip
    search.finished_at = clock.now()
    search.save(update_fields=["notices", "counts", "finished_at"])
