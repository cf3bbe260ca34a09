"""Tracing: investigations, activity tracks, exposures, contacts and their follow-up, chains of transmission."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from ninja import Router
from pydantic import AfterValidator

from fangxian.analytics.chains import Chains, SerialInterval
from fangxian.api import paging
from fangxian.api.batches import RowRefused, readable, rows_of, told
from fangxian.api.cases import CaseKept, kept
from fangxian.api.duties import DutyView, duties_shown
from fangxian.api.offering import offer
from fangxian.api.shapes import Shown, built, model_of, shown
from fangxian.cases.schemas import CaseForm
from fangxian.core.access import Actor
from fangxian.core.errors import Refusal
from fangxian.duties import queries as duties
from fangxian.tracing import actions, queries, sources
from fangxian.tracing.schemas import (
    Clearance,
    ContactFilter,
    ContactOrder,
    ContactRow,
    ExposureForm,
    InvestigationView,
    Judged,
    StayForm,
)

router = Router(tags=["tracing"])


class ContactKept(Shown):
    """A contact as it stands after it was written."""

    id: int
    code: str
    area: str
    category: str
    state: str
    held: str
    person_clear_at: datetime | None
    place_clear_at: datetime | None
    control_clear_at: datetime | None
    suspected_at: datetime | None
    ended_at: datetime | None
    ended_why: str
    version: int


class ContactsPage(Shown):
    """The table of the four clear: counts over the whole selection, and one page of its rows."""

    clear: shown(Clearance)  # type: ignore[valid-type]
    by_state: dict[str, int]
    by_category: dict[str, int]
    rows: list[shown(ContactRow, "clear")]  # type: ignore[valid-type]
    cursor: str


class Visited(Shown):
    """The keys of the steps that the visit completed."""

    completed: list[str]


class AttemptKept(Shown):
    """A follow-up at which nobody was reached."""

    id: int
    at: datetime
    note: str
    by_name: str


class InvestigationKept(Shown):
    """An investigation as it stands after it was written."""

    team_id: int
    lead_id: int | None
    opened_at: datetime
    closed_at: datetime | None
    summary: str


class StayKept(Shown):
    """A stay on record."""

    id: int


class StaysTaken(Shown):
    """What became of a batch of stays."""

    accepted: int
    refused: list[RowRefused]


class ExposureOfRow(Shown):
    """A row that became an exposure: its place among the rows, from 0, and what the pack says of it."""

    index: int
    exposure: shown(Judged, name="ExposureJudged")  # type: ignore[valid-type]


class ExposuresTaken(Shown):
    """What became of a batch: contacts newly under watch, the exposures, and the rows left out."""

    contacts: list[str]
    exposures: list[ExposureOfRow]
    refused: list[RowRefused]


class Chain(Shown):
    """Cases connected by links, the largest chain being number 1."""

    number: int
    size: int
    depth: int
    index_cases: list[str]
    members: list[str]


class ChainsView(Shown):
    """The chains of an outbreak, by the codes of the cases."""

    cases: int
    links: int
    count: int
    largest: int
    depth: int
    max_out_degree: int
    serial_interval: shown(SerialInterval)  # type: ignore[valid-type]
    secondary_cases: dict[str, Any]
    chains: list[Chain]
    loops: list[list[str]]


def four_clear(
    by: Actor, outbreak: str, area: str = "", wanted: ContactFilter | None = None, *, order: ContactOrder = "-identified",
    cursor: str = "", limit: int = 100,
) -> Mapping[str, Any]:  # fmt: skip
    """The table of the four clear (四清): contacts of an outbreak by when they were identified, with counts of the whole selection.

    Counts of the four clear are over those under watch.
    """
    after = paging.read(cursor, tuple[datetime, int])
    found = queries.four_clear(by, outbreak, area, wanted, order=order, after=after, limit=limit)
    return {
        "clear": found.clear, "by_state": found.by_state, "by_category": found.by_category, "rows": found.rows,
        "cursor": paging.written(found.after),
    }  # fmt: skip


def expose_batch(by: Actor, outbreak: str, exposures: Sequence[Any]) -> Mapping[str, Any]:
    """Record up to 5,000 exposures of one outbreak in one transaction; rows that are refused do not stop the others."""
    forms, refused = readable(exposures)
    done = actions.expose_many(by, outbreak, [replace(form, row=index) for index, form in forms.items()])
    left_out = {one.row: one for one in done.refused}
    refused |= {
        row: Refusal(one.message, remedy=one.remedy, field=one.field, code=one.code) for row, one in left_out.items()
    }
    taken = [index for index in forms if index not in left_out]
    return {
        "contacts": done.contacts,
        "exposures": [{"index": index, "exposure": one} for index, one in zip(taken, done.exposures, strict=True)],
        "refused": told(refused),
    }


def add_stays(by: Actor, case: str, stays: Sequence[Any]) -> Mapping[str, Any]:
    """Add up to 5,000 stays to a case's track; those that are refused do not stop the others."""
    forms, refused = readable(stays)
    places = list(forms)
    refused |= {places[index]: refusal for index, refusal in actions.add_stays(by, case, list(forms.values()))}
    return {"accepted": len(stays) - len(refused), "refused": told(refused)}


def become_case(by: Actor, contact: str, form: CaseForm) -> Any:
    """Report a contact as a case without typing anything again: who, in which outbreak and the link are known.

    The contact's duties end as “became a case”, whom it met become contacts of a case, the likeliest infector is marked.
    """
    return actions.become_case(by, contact, form)


def contact_duties(by: Actor, code: str) -> list[Any]:
    """All duties about a contact with their steps, oldest first."""
    return duties.of_subject("contact", sources.contact(by, code).pk)


def _chains(_by: Actor, chains: Chains) -> Mapping[str, Any]:
    summary = chains.summary()
    return {
        **summary,
        **summary["chains"],
        "chains": [
            {
                "number": one.number, "size": one.size, "depth": one.depth,
                "index_cases": list(map(str, one.index_cases)), "members": list(map(str, one.members)),
            }
            for one in chains.clusters
        ],
        "serial_interval": chains.serial_interval,
    }  # fmt: skip


def _visited(_by: Actor, keys: Sequence[str]) -> Mapping[str, Any]:
    return {"completed": keys}


def _without(kind: Any, name: str, *without: str) -> Any:
    """A form without what is known already; in the action those fields are empty."""
    return Annotated[
        model_of(kind, name=name, without=without),
        AfterValidator(lambda read: built(kind, read, **dict.fromkeys({"person", *without} - {"row", "infector"}, ""))),
    ]


KNOWN = {"form": _without(CaseForm, "CaseOfContact", "person", "outbreak")}
ASKED = {"form": _without(ExposureForm, "ExposureAsked", "person", "row", "infector")}
AMENDED = {"changes": _without(ExposureForm, "ExposureChanges", "person", "case", "contact_of", "infector", "row")}
PAGE = {"cursor": paging.Cursor, "limit": paging.Limit}

offer(router, "GET", "/cases/{case}/investigation", queries.investigation, shown(InvestigationView) | None)
offer(router, "PUT", "/cases/{case}/investigation/team", actions.assign, InvestigationKept)
offer(router, "POST", "/cases/{case}/investigation/end", actions.close_investigation, InvestigationKept)
offer(router, "GET", "/cases/{case}/track", queries.track)
offer(router, "POST", "/cases/{case}/track", actions.add_stay, StayKept, status=201, keyed=True)
STAYS = {"stays": rows_of(StayForm, name="StayOfBatch")}
offer(router, "POST", "/cases/{case}/track/batch", add_stays, StaysTaken, given=STAYS, keyed=True)
offer(router, "PUT", "/stays/{stay_id}", actions.edit_stay, StayKept)
offer(router, "POST", "/stays/{stay_id}/removal", actions.remove_stay, None)

offer(router, "GET", "/exposures", queries.exposures)
offer(router, "POST", "/exposures", actions.expose, status=201, keyed=True)
EXPOSURES = {"exposures": rows_of(ExposureForm, name="ExposureOfBatch", without=("row",))}
offer(router, "POST", "/exposures/batch", expose_batch, ExposuresTaken, given=EXPOSURES, keyed=True)
offer(router, "POST", "/exposures/proposal", queries.propose, given=ASKED)
offer(router, "PUT", "/exposures/{exposure_id}", actions.amend_exposure, given=AMENDED)
offer(router, "POST", "/exposures/{exposure_id}/infection", actions.hold_infector, StayKept)

offer(router, "GET", "/cases/{case}/contacts", queries.of_case)
offer(router, "GET", "/cases/{case}/follow-ups", queries.follow_ups)
offer(router, "GET", "/cases/{case}/chain", queries.chain_around)
offer(router, "GET", "/watched-outbreaks", queries.watched_outbreaks)
offer(router, "GET", "/outbreaks/{outbreak}/contacts", four_clear, ContactsPage, given=PAGE)
offer(router, "GET", "/outbreaks/{outbreak}/contacts/numbers", queries.counts)
offer(router, "GET", "/outbreaks/{outbreak}/attack-rates", queries.attack_rates)
offer(router, "GET", "/outbreaks/{outbreak}/chains", queries.chains, ChainsView, then=_chains)
offer(router, "GET", "/outbreaks/{outbreak}/chains/graph", queries.chain_graph)
offer(router, "GET", "/contacts/{code}", queries.contact)
offer(router, "GET", "/contacts/{code}/duties", contact_duties, DutyView, then=duties_shown)
offer(router, "GET", "/contacts/{code}/follow-up", queries.follow_up)
offer(router, "POST", "/contacts/{contact}/visits", actions.visit, Visited, keyed=True, whole=True, then=_visited)
offer(router, "POST", "/contacts/{contact}/attempts", actions.not_reached, AttemptKept, status=201, keyed=True)
offer(router, "GET", "/contacts/{contact}/attempts", queries.reaching)
offer(router, "POST", "/contacts/{contact}/hold", actions.hold, ContactKept, keyed=True)
offer(router, "POST", "/contacts/{contact}/clear", actions.clear, ContactKept)
offer(router, "POST", "/contacts/{contact}/case", become_case, CaseKept, status=201, keyed=True, given=KNOWN, then=kept)
offer(router, "POST", "/contacts/{contact}/no-case", actions.rule_out, ContactKept)
offer(router, "POST", "/contacts/{contact}/lost", actions.lose, ContactKept)
offer(router, "POST", "/contacts/{contact}/dismissal", actions.dismiss, ContactKept)
