"""Searches for contacts: begun around cases, watched, read, and the people they propose confirmed or struck."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from ninja import Router
from pydantic import AfterValidator, Field

from fangxian.api.jobs import JobView
from fangxian.api.offering import offer
from fangxian.api.shapes import Shown, built, model_of, shown
from fangxian.core.access import Actor
from fangxian.tracing import actions, queries
from fangxian.tracing.finds import CandidateFilter, CandidateRow, Crowd, SearchForm, SharedPlaces, Sums

router = Router(tags=["tracing"])


class ContactSearch(Shown):
    """A search: what it went by, how far it is, what it came to.

    `whole` is false for people of other areas, who see only whom it proposes to them: no case, no reason, no totals. `pool`: it was
    made ready around a member of this positive pool; `ready`: that member waits for an own result, so nobody is proposed; `stands`:
    it is around a case, so that contacts can be confirmed.
    """

    code: str
    whole: bool
    outbreak: str
    area: str
    cases: list[str]
    tau: float
    onward: float
    rings: int
    within: float | None
    crowd: int
    why: str
    created_at: datetime
    finished_at: datetime | None
    job: JobView | None
    crowds: list[shown(Crowd)]  # type: ignore[valid-type]
    ready: bool
    pool: str
    stands: bool


class ContactSearchBegun(Shown):
    """A search that was begun: its code; its job is in the queue."""

    code: str
    job: JobView | None


class ContactSearchRead(Shown):
    """A search with the sums: everybody whom it returned is in one of the states."""

    search: ContactSearch
    sums: shown(Sums, name="SearchSums")  # type: ignore[valid-type]


def find_contacts_of_case(by: Actor, case: str, form: SearchForm) -> Any:
    """Begin a search for contacts around one case (查找密接); see `POST /contact-searches`."""
    return actions.find_contacts(by, replace(form, cases=[case]))


def searches_of_case(by: Actor, case: str, *, after: int | None = None, limit: int = 50) -> list[Any]:
    """Searches around a case that the caller sees, the newest first."""
    return queries.searches(by, case=case, after=after, limit=limit)


def contact_search(by: Actor, code: str) -> Mapping[str, Any]:
    """One search for contacts: how far it is, and where everybody is whom it returned (不漏一人)."""
    view = queries.search(by, code)
    return {"search": view, "sums": queries.sums(by, view)}


def people_found(
    by: Actor, code: str, wanted: CandidateFilter | None = None, *, after: int = 0, limit: int = 100
) -> list[CandidateRow]:
    """Whom a search proposes (or, by the filter, has in another state), those to be called first first."""
    return queries.found(by, queries.search(by, code), wanted, after=after, limit=limit)


def person_found(by: Actor, code: str, candidate_id: int) -> CandidateRow:
    """One candidate with every time together. Whom they met is named as far as the caller may know of it."""
    return queries.candidate(by, queries.search(by, code), candidate_id)


AROUND = {
    "form": Annotated[
        model_of(SearchForm, name="SearchOfCase", without=("cases",)),
        AfterValidator(lambda read: built(SearchForm, read, cases=())),
    ]
}
CHOSEN = {"candidates": Annotated[list[int], Field(min_length=1, max_length=1000)]}

offer(router, "POST", "/contact-searches", actions.find_contacts, ContactSearchBegun, status=201, keyed=True)
offer(router, "POST", "/contact-searches/plan", queries.plan)
OF_CASE = "/cases/{case}/contact-searches"
offer(router, "POST", OF_CASE, find_contacts_of_case, ContactSearchBegun, status=201, keyed=True, given=AROUND)
offer(router, "GET", OF_CASE, searches_of_case, ContactSearch, after=lambda row: row.id)
offer(router, "GET", "/contact-searches", queries.searches, ContactSearch, after=lambda row: row.id, without=("case",))
offer(router, "GET", "/tubes/{pool}/ready-contacts", queries.ready)
offer(router, "GET", "/contact-searches/waiting", queries.proposed_to, int)
offer(router, "GET", "/contact-searches/{code}", contact_search, ContactSearchRead)
offer(router, "GET", "/contact-searches/{code}/people", people_found, after=lambda row: row.rank)
offer(router, "GET", "/contact-searches/{code}/people/{candidate_id}", person_found)
offer(router, "POST", "/contact-searches/{search}/confirmation", actions.confirm, given=CHOSEN, keyed=True)
offer(router, "POST", "/contact-searches/{search}/confirmation/all", actions.start_confirming, JobView, status=202)
offer(router, "POST", "/contact-searches/{search}/striking", actions.strike, given=CHOSEN, keyed=True)
SHARED = "/outbreaks/{outbreak}/shared-places"
offer(router, "POST", SHARED, actions.find_shared_places, JobView, status=202)
offer(router, "GET", SHARED, queries.shared_places, shown(SharedPlaces) | None)
