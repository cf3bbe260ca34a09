"""The follow-up calendar of a case: days by contacts, so that a day on which nobody came is seen at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.duties import packs, planning
from fangxian.duties import queries as duties
from fangxian.protocols import Text
from fangxian.tracing import sources, subject
from fangxian.tracing.models import Attempt, Contact
from fangxian.tracing.queries.four_clear import row_of
from fangxian.tracing.schemas import FollowUps, Visit, Watched

#: More contacts than a table can show to be read; those with something missing come first.
MOST = 60
#: Days that a calendar spans at most: those before are history, on each contact's own page.
LONGEST = 28
#: What stands first among contacts, and decides what a day looks like.
WORST = ("missed", "behind", "not_reached", "late", "open", "waived", "done")
NOT_REACHED = Text("未联系到本人", "not reached")


def follow_ups(by: Actor, case: str) -> FollowUps:
    """What was due to the contacts of a case on each day, and what became of it; for whoever may see its tracing.

    Raises NotFound, and NotAllowed without the right to see tracks there. Six queries, however many contacts there are.
    """
    facts = sources.case(by, case)
    by.must("tracing.view", facts.area)
    found = Contact.objects.filter(exposures__case_id=facts.id).exclude(state=Contact.MERGED)
    contacts = {one.pk: one for one in found.select_related("person", "case").distinct()}
    diaries = _diaries(contacts)
    keys = sorted(contacts, key=lambda pk: (_rank(diaries[pk].values()), -contacts[pk].identified_at.timestamp(), pk))
    shown = keys[:MOST]
    late = {pk: sum(one.state == "behind" for day in diaries[pk].values() for one in day) for pk in shown}
    rows = [Watched(row_of(by, contacts[pk], late[pk]), diaries[pk]) for pk in shown]
    return FollowUps(_span([day for pk in shown for day in diaries[pk]]), rows, len(keys) - len(shown))


def standing(state: str, due_at: datetime | None, done_at: datetime | None) -> str:
    """The state of a step as a calendar tells it: open past its time is behind, done past its time is late."""
    if state == "open" and due_at is not None and due_at <= clock.now():
        return "behind"
    return "late" if state == "done" and due_at is not None and done_at is not None and done_at > due_at else state


def _diaries(contacts: Iterable[int]) -> Mapping[int, dict[date, list[Visit]]]:
    diaries: dict[int, dict[date, list[Visit]]] = defaultdict(lambda: defaultdict(list))
    for step in duties.diary(subject.KIND, contacts):
        if (moment := step["due_at"] or step["done_at"]) is not None and step["key"] != planning.RELEASE:
            state = standing(step["state"], step["due_at"], step["done_at"])
            diaries[step["subject"]][_day(moment)].append(Visit(moment, _title(step), state))
    for contact_id, at in Attempt.objects.filter(contact__in=list(contacts)).values_list("contact_id", "at"):
        diaries[contact_id][_day(at)].append(Visit(at, NOT_REACHED, "not_reached"))
    return diaries


def _title(step: Mapping[str, Any]) -> Text:
    return planning.title(packs.by_reference(step["pack"]).duty(step["kind"]), step["key"])


def _rank(days: Iterable[Iterable[Visit]]) -> int:
    return min((WORST.index(one.state) for day in days for one in day), default=len(WORST))


def _span(days: list[date]) -> list[date]:
    """Consecutive days from the first to the last, the present one among them where there are too many."""
    if not days:
        return []
    first, last, today = min(days), max(days), clock.today()
    if (last - first).days >= LONGEST:
        last = max(min(last, today + timedelta(days=LONGEST // 2)), first + timedelta(days=LONGEST - 1))
        first = last - timedelta(days=LONGEST - 1)
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def _day(moment: datetime) -> date:
    return moment.astimezone(clock.zone()).date()
