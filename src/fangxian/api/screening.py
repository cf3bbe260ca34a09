"""High-risk posts (高风险岗位): rosters, who is due and late, closed-loop shifts. Nobody enters a test: swabs are counted."""

from collections.abc import Mapping, Sequence
from typing import Any

from ninja import Router

from fangxian.api.batches import RowRefused, readable, rows_of, told
from fangxian.api.offering import offer
from fangxian.api.shapes import Shown, shown
from fangxian.core.access import Actor
from fangxian.laboratory.screening import actions, queries
from fangxian.laboratory.screening.schemas import RosterView, WorkerForm, WorkerView

router = Router(tags=["screening"])


class WorkersEnrolled(Shown):
    """What became of a list of workers: the codes of those taken, how many stood on the roster already, and the rows left out."""

    taken: list[str]
    repeated: int
    refused: list[RowRefused]


def enrol_workers(by: Actor, roster: int, workers: Sequence[Any]) -> Mapping[str, Any]:
    """Put up to 5,000 people on a roster; those who stand on it change nothing, rows that are refused do not stop the others."""
    forms, refused = readable(workers)
    places = list(forms)
    done = actions.enrol(by, roster, list(forms.values()))
    refused |= {places[place]: refusal for place, refusal in done.refused}
    return {"taken": done.taken, "repeated": done.repeated, "refused": told(refused)}


def _roster(by: Actor, row: Any) -> RosterView:
    return queries.roster(by, row.pk)


def _worker(by: Actor, row: Any) -> WorkerView:
    return queries.worker(by, row.code)


ROSTER, WORKER = shown(RosterView), shown(WorkerView)

offer(router, "GET", "/screening/numbers", queries.numbers)
offer(router, "GET", "/screening/rosters", queries.rosters, after=lambda row: row.id)
offer(router, "POST", "/screening/rosters", actions.open_roster, ROSTER, status=201, keyed=True, then=_roster)
offer(router, "GET", "/screening/rosters/{roster}", queries.roster)
offer(
    router, "POST", "/screening/rosters/{roster}/workers", enrol_workers, WorkersEnrolled, keyed=True,
    given={"workers": rows_of(WorkerForm, name="WorkerOfBatch")},
)  # fmt: skip
offer(router, "GET", "/screening/turns", queries.turns, after=lambda row: (row.due_at, row.id))
offer(router, "GET", "/screening/workers", queries.workers, after=lambda row: row.id)
offer(router, "GET", "/screening/workers/{code}", queries.worker)
for name, step in (("shift", actions.begin_shift), ("shift-end", actions.end_shift), ("leaving", actions.leave)):
    offer(router, "POST", f"/screening/workers/{{worker}}/{name}", step, WORKER, keyed=True, then=_worker)
