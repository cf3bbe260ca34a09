"""Who of those whom a search returned is known already: a case, under watch, or proposed or struck before for the same facts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fangxian.tracing import sources
from fangxian.tracing.models import Candidate, Contact, Search

Meetings = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is already."""

    state: str
    case_id: int | None = None
    contact_id: int | None = None
    reason: str = ""


def known(search: Search, person_of: Mapping[int, int], meetings: Mapping[int, Meetings]) -> dict[int, Standing]:
    """By position, those who are known already; the keys are those of `meetings`."""
    humans, outbreak = sources.humans(person_of.values()), search.outbreak_id or 0
    record_of = sources.records(humans.values())
    case_of = sources.cases_of(outbreak, record_of)
    watched = {
        record_of[person]: pk
        for person, pk in Contact.objects.filter(
            outbreak_id=outbreak, state=Contact.UNDER_WATCH, person_id__in=list(record_of)
        ).values_list("person_id", "pk")
    }
    before = _before(search, record_of)
    found: dict[int, Standing] = {}
    for at, person in person_of.items():
        human, earlier = humans[person], None
        if human in before:
            seen = times(meetings[at])
            earlier = next((row for row in before[human] if seen <= times(row.meetings)), None)
        if human in case_of:
            found[at] = Standing(Candidate.CASE, case_id=case_of[human].id)
        elif earlier is not None:
            found[at] = Standing(Candidate.EARLIER, contact_id=watched.get(human), reason=earlier.reason)
        elif human in watched:
            found[at] = Standing(Candidate.WATCHED, contact_id=watched[human])
    return found


def times(meetings: Meetings) -> frozenset[tuple[Any, ...]]:
    """The facts of a proposal: with whom, where, from when to when."""
    return frozenset((one["via"], one["label"], *span) for one in meetings for span in one["spans"])


def supersede(search: Search, people: Iterable[int]) -> None:
    """Whoever waits in an earlier search of the outbreak is proposed in this one now, with what is new."""
    Candidate.objects.filter(
        search__outbreak_id=search.outbreak_id or 0,
        search_id__lt=search.pk,
        person_id__in=list(people),
        state=Candidate.PROPOSED,
    ).update(state=Candidate.EARLIER)


def _before(search: Search, record_of: Mapping[int, int]) -> dict[int, list[Candidate]]:
    rows = Candidate.objects.filter(
        search__outbreak_id=search.outbreak_id or 0, search_id__lt=search.pk, person_id__in=list(record_of),
        state__in=(Candidate.PROPOSED, Candidate.STRUCK, Candidate.CONFIRMED),
    )  # fmt: skip
    found: dict[int, list[Candidate]] = {}
    for row in rows.only("person_id", "state", "meetings", "reason").order_by("pk"):
        found.setdefault(record_of[row.person_id or 0], []).append(row)
    return found
