"""Testing rounds (核酸检测轮次): planned, begun, ended; how far they are, who is missing, what they said, what follows."""

from collections.abc import Callable, Mapping
from typing import Any

from ninja import Router

from fangxian.api.offering import offer
from fangxian.api.shapes import shown
from fangxian.containment.zones import queries as zones
from fangxian.core.access import Actor
from fangxian.laboratory.rounds import actions, queries
from fangxian.laboratory.rounds.schemas import Homes, RoundForm, TestingRound

router = Router(tags=["rounds"])


def plan_round(by: Actor, form: RoundForm, zone: str = "") -> Any:
    """Plan a round of jurisdictions, of a list of people, or (`zone`, its code) of whoever lives in a zone. It begins when started."""
    if not zone:
        return actions.plan_round(by, form)
    buildings, areas, communities = zones.membership(by, zone)
    return actions.plan_round(by, form, Homes(tuple(buildings), tuple(areas), tuple(communities)), zone)


def _round(by: Actor, row: Any) -> TestingRound:
    return queries.round_of(by, row.code)


ROUND = shown(TestingRound)

offer(router, "GET", "/rounds", queries.rounds, ROUND, after=lambda row: row.id)
offer(router, "POST", "/rounds", plan_round, ROUND, status=201, keyed=True, then=_round)
offer(router, "GET", "/round-goals", queries.goals)
offer(router, "GET", "/rounds/running", queries.running)
offer(router, "GET", "/rounds/{code}", queries.round_of, ROUND)
offer(router, "GET", "/rounds/{code}/places", queries.split)
offer(router, "GET", "/rounds/{code}/grids", queries.patches, after=lambda row: row.area)
offer(router, "GET", "/rounds/{code}/workers", queries.workers)
offer(router, "GET", "/rounds/{code}/missing", queries.missing, after=lambda row: row.after)
offer(router, "GET", "/rounds/{code}/exempt", queries.exempt, after=lambda row: row.id, name="exempted")
offer(router, "GET", "/rounds/{code}/newcomers", queries.newcomers)
offer(router, "GET", "/rounds/{code}/points", queries.points)
offer(router, "GET", "/rounds/{code}/appointments", queries.appointments)
offer(router, "GET", "/rounds/{code}/next", queries.what_follows)
_STEPS: Mapping[str, Callable[..., Any]] = {
    "start": actions.start_round,
    "end": actions.end_round,
    "call-off": actions.call_off_round,
    "go-on": actions.another_round,
    "stop": actions.stop_rounds,
}
for name, action in _STEPS.items():
    offer(router, "POST", f"/rounds/{{code}}/{name}", action, ROUND, keyed=True, then=_round)
offer(router, "POST", "/round-answers", actions.note_answer, keyed=True)
offer(router, "POST", "/round-exemptions", actions.excuse, keyed=True)
offer(router, "POST", "/round-exemptions/{listed_id}/undo", actions.count_in, keyed=True)
