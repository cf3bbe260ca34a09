"""Where it was caught (溯源): places that several cases of an outbreak shared before they fell ill, the likeliest first.

Places come from the lake and from what cases told. What only cases told of has no likelihood: nobody else was asked.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from fangxian.analytics.copresence import Index, Stays
from fangxian.analytics.copresence.sources import sources as shared
from fangxian.cases import queries as cases
from fangxian.cases.schemas import CaseFacts
from fangxian.core import accounts, clock, ids, jobs
from fangxian.core.access import SYSTEM, Actor, actor_for
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, NotFound
from fangxian.duties import packs
from fangxian.registry import queries as registry
from fangxian.tracing import sources, staying, weighing
from fangxian.tracing.desk import RIGHT
from fangxian.tracing.finds import SharedPlace, SharedPlaces
from fangxian.tracing.gathering import listen
from fangxian.tracing.telling import told_of

KIND = "places.shared"
#: Places that are told of.
MOST = 50


@action
def find_shared_places(by: Actor, outbreak: str) -> jobs.Job:
    """Look for places that cases of an outbreak, as far as the actor investigates them, shared before they fell ill.

    The job is in the queue; `queries.shared_places` reads what it found. Raises NotFound for an unknown outbreak, Conflict where
    fewer than two of its cases have an onset.
    """
    by.must(RIGHT)
    known = _ill(by, outbreak)
    if len(known) < 2:
        raise Conflict(
            _("A shared place takes two cases whose onset is known."), remedy=_("Enter the onsets, then search.")
        )
    record(by, "places.searched", ("outbreak", known[0].outbreak_id), data={"cases": [one.id for one in known]})
    return jobs.start(by, KIND, {"outbreak": ids.normalise_code(outbreak)})


@jobs.kind(KIND)
def run(job: jobs.Running) -> dict[str, Any]:
    """Everything at once: nothing is written but the result."""
    by = actor_for(accounts.of_id(job.row.owner_id), "job") if job.row.owner_id else SYSTEM
    known = _ill(by, job.arguments["outbreak"])
    bounds = [_window(case) for case in known]
    lake = staying.window(min(since for since, _until in bounds), max(until for _since, until in bounds))
    heard = listen(lake, {case.id: case.person_id for case in known}, told_of(case.id for case in known), anywhere=True)
    seats = [
        (number, case, lake.second(since), lake.second(until))
        for case, (since, until) in zip(known, bounds, strict=True)
        for number in heard.numbers[case.id]
    ]
    index = Index.of(*([seat[column] for seat in seats] for column in (0, 2, 3)))
    found = shared(heard.stays, index)
    recorded = found.place < len(lake.place_codes)
    measured = np.flatnonzero(recorded)[:MOST].tolist()
    told = sorted(np.flatnonzero(~recorded).tolist(), key=lambda at: -int(found.cases[at]))[:MOST]
    places = []
    for at in [*measured, *told]:
        place = int(found.place[at])
        there = _there(heard.stays, place, seats)
        one = {
            "place": heard.more[place - len(lake.place_codes)] if at in told else str(lake.place_codes[place]),
            "cases": sorted({case.id for case, _since, _until in there}),
            "from": lake.instant(min(since for _case, since, _until in there)).isoformat(),
            "to": lake.instant(max(until for _case, _since, until in there)).isoformat(),
        }  # fmt: skip
        # of a place that only cases told of nobody knows how often others were there
        weighed = {name: float(getattr(found, name)[at]) for name in ("lift", "evidence", "share")}
        places.append(one | (dict.fromkeys(weighed) if at in told else weighed))
    return {"places": places, "cases": len(known), "without_stays": len(known) - len(heard.known)}


def shared_places(by: Actor, outbreak: str) -> SharedPlaces | None:
    """What the actor's latest search for shared places came to, or is at; None where there was none."""
    by.must(RIGHT)
    code = ids.normalise_code(outbreak)
    job = jobs.Job.objects.filter(kind=KIND, owner_id=by.account_id, arguments__outbreak=code).order_by("-pk").first()
    if job is None:
        return None
    told = job.result.get("places", ())
    spots = registry.spots_by_code({one["place"] for one in told})
    codes = {pk: one.code for pk, one in cases.facts_of({pk for one in told for pk in one["cases"]}).items()}
    rows = tuple(
        SharedPlace(
            one["place"] if spot else "", spot.name if spot else one["place"], spot.kind if spot else "", spot.lon if spot else None,
            spot.lat if spot else None, tuple(codes[pk] for pk in one["cases"] if pk in codes), one["lift"], one["evidence"], one["share"],
            datetime.fromisoformat(one["from"]), datetime.fromisoformat(one["to"]),
        )
        for one in told
        for spot in (spots.get(one["place"]),)
    )  # fmt: skip
    return SharedPlaces(
        job.state, job.error, job.ended_at, job.result.get("cases", 0), job.result.get("without_stays", 0), rows
    )


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _ill(by: Actor, outbreak: str) -> list[CaseFacts]:
    """The cases whose onset is known, as far as the actor investigates them."""
    if cases.outbreak_id(outbreak) is None:
        raise NotFound(_("There is no such outbreak."), remedy=_("Open it first."))
    keys = cases.ids_of(cases.codes_in(by, outbreak, RIGHT))
    return [one for one in sources.facts_of(keys.values()) if one.onset_on is not None]


def _window(case: CaseFacts) -> tuple[datetime, datetime]:
    """When a case was infected: the incubation period of the pack before its onset."""
    values = weighing.values(packs.pack(case.pack, case.area))
    assert case.onset_on is not None
    onset = clock.local_midnight(case.onset_on)
    earliest, latest = (timedelta(minutes=values[name].number) for name in ("caught_from", "caught_until"))
    return onset - earliest, onset - latest


def _there(
    stays: Stays, place: int, seats: Sequence[tuple[int, CaseFacts, int, int]]
) -> list[tuple[CaseFacts, int, int]]:
    """Which cases were at a place in their windows, from when to when."""
    rows = slice(int(stays.place_rows[place]), int(stays.place_rows[place + 1]))
    found = []
    for number, case, since, until in seats:
        mine = np.nonzero(stays.person[rows] == number)[0]
        for row in mine.tolist():
            begin, end = max(int(stays.arrival[rows][row]), since), min(int(stays.departure[rows][row]), until)
            if begin < end:
                found.append((case, begin, end))
    return found
