"""How searches for contacts are found, and by whom they may be seen; what their stored numbers mean."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.cases.schemas import DISCARDED, CaseFacts
from fangxian.core import ids
from fangxian.core.access import Actor
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.tracing import sources
from fangxian.tracing.desk import RIGHT
from fangxian.tracing.meeting import CELL
from fangxian.tracing.models import Candidate, Search

#: What a search names.
NAMED = ("outbreak", "owner", "job", "member__pool")


def search(by: Actor, code: str) -> Search:
    """A search that the actor sees wholly, or in which somebody is proposed to them. Raises NotFound alike for both."""
    row = Search.objects.select_related(*NAMED).filter(code=ids.normalise_code(code)).first()
    if row is None or not (sees_whole(by, row) or proposed(by).filter(search=row).exists()):
        raise NotFound(_("There is no such search."), remedy=_("Check the code; its last character is a check."))
    return row


def proposed(by: Actor) -> QuerySet[Candidate]:
    """Candidates about whom the actor decides, or has decided. Of who is only ready nobody elsewhere is told."""
    return Candidate.objects.filter(by.scope(RIGHT)).exclude(state=Candidate.READY)


def is_ready(row: Search) -> bool:
    """Whether it is around a member of a positive pool of whom nobody knows yet whether they are the one."""
    return row.member_id is not None and row.proposed_at is None


def stands(row: Search) -> bool:
    """Whether it is around cases: a positive that nobody has decided about is none."""
    return row.member_id is None or row.cases.exists()


def must_stand(row: Search) -> None:
    """Raises Conflict where nothing can be decided yet about whom a search found: it is around no case."""
    if is_ready(row):
        raise Conflict(
            _("A pool decides nobody: the member around whom these people were found waits for a tube of their own."),
            remedy=_("If it is positive, they are proposed at that moment; if not, this list is deleted."), code="ready",
        )  # fmt: skip
    if not stands(row):
        raise Conflict(
            _("The positive around which these people were found is no case yet."),
            remedy=_("Decide about the positive first: reported as a case, its contacts can be confirmed."), code="no_case",
        )  # fmt: skip


def sees_whole(by: Actor, row: Search) -> bool:
    """Whether the actor investigates where all its cases are."""
    return by.may("tracing.view", row.area)


def cases_of(by: Actor, codes: Sequence[str], *, most: int) -> list[CaseFacts]:
    """The cases of these codes, of one outbreak. Raises NotFound, or Invalid for none, too many, of several outbreaks, ruled out."""
    wanted = list(dict.fromkeys(ids.normalise_code(code) for code in codes if code.strip()))
    if not wanted or len(wanted) > most:
        raise Invalid(
            _("A search is around 1 to %(n)s cases.") % {"n": most}, remedy=_("Choose cases of one outbreak."), field="cases"
        )  # fmt: skip
    keys = cases.ids_of(wanted)
    found = sources.facts_of(keys.values())
    if len(found) != len(wanted) or not all(by.may("cases.view", case.area) for case in found):
        raise NotFound(
            _("There is no such case."), remedy=_("Check the code; its last character is a check."), field="cases"
        )
    if len({case.outbreak_id for case in found}) > 1:
        raise Invalid(
            _("These cases are of several outbreaks."), remedy=_("Search around the cases of one outbreak at a time."), field="cases"
        )  # fmt: skip
    if void := [case.code for case in found if case.classification == DISCARDED]:
        raise Conflict(
            _("Case %(code)s was ruled out.") % {"code": void[0]}, remedy=_("Nobody can have caught it there."), field="cases"
        )  # fmt: skip
    return found


def instants(seconds: Iterable[int]) -> tuple[datetime, ...]:
    """Stored seconds (Unix) as instants."""
    return tuple(datetime.fromtimestamp(second, UTC) for second in seconds)


def point(meeting: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Longitude and latitude of the cell in which people were together; none where it was no cell."""
    if meeting.get("how") != CELL:
        return None, None
    lon, lat = meeting["label"].split(",")
    return float(lon), float(lat)
