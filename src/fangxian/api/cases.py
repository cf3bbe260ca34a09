"""Cases: outbreaks, direct report, three-level review, the line list, and what becomes of a case."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path as File
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import Field

from fangxian.api import paging
from fangxian.api.batches import RowRefused, readable, rows_of, told
from fangxian.api.duties import DutyView, duties_shown
from fangxian.api.jobs import JobView
from fangxian.api.offering import offer
from fangxian.api.refusing import Problem, problem
from fangxian.api.shapes import Closed, Code, Day, Shown, built, changes, model_of, only_sent, shown
from fangxian.api.signing import Asked
from fangxian.cases import actions, queries
from fangxian.cases.actions.writing import AMENDABLE
from fangxian.cases.queries import OutbreakView
from fangxian.cases.queries.one import CaseDetail, Event, Judged, Reviewed
from fangxian.cases.schemas import CaseForm, CaseRow, DayCount, Filter
from fangxian.core import ids
from fangxian.core.access import Actor
from fangxian.core.errors import NotFound, Refusal
from fangxian.duties import queries as duties

router = Router(tags=["cases"])


class CaseKept(Shown):
    """A case as it stands after it was written. `version` is the one that the next change must name."""

    id: int
    code: str
    outbreak: str
    area: str
    classification: str
    classified_by: str
    review: str
    onset_on: date | None
    reported_at: datetime
    outcome: str
    version: int


class OutbreakKept(Shown):
    """An outbreak as it stands after it was written."""

    code: str
    name_zh: str
    name_en: str
    pack: str
    area: str
    opened_at: datetime
    closed_at: datetime | None
    emerged_on: date | None
    detected_on: date | None
    notified_on: date | None
    responded_on: date | None


class Milestones(Closed):
    """The dates of 7-1-7: emergence, detection, notification, completion of the response."""

    emerged_on: Day | None = None
    detected_on: Day | None = None
    notified_on: Day | None = None
    responded_on: Day | None = None


class Counted(Shown):
    """How many there are."""

    count: int


class CaseOfRow(Shown):
    """A row that became a case: its place among the rows, from 0."""

    index: int
    code: str


class CasesTaken(Shown):
    """What became of a batch: the cases, and the rows left out."""

    cases: list[CaseOfRow]
    refused: list[RowRefused]


class CasePlanned(Shown):
    """What a bulk edit would do to one case: field → [as it is, as it would be], or why it would be refused."""

    code: str
    version: int
    changes: Mapping[str, Any]
    problem: Problem | None


class EditPlan(Shown):
    """What a bulk edit would do, case by case."""

    rows: list[CasePlanned]


class CaseEdited(Shown):
    """One case of a bulk edit, and why it was not changed, if so."""

    code: str
    problem: Problem | None


class Edits(Shown):
    """What became of a bulk edit, case by case."""

    rows: list[CaseEdited]


def report_batch(by: Actor, outbreak: str, cases: Sequence[Any]) -> Mapping[str, Any]:
    """Report up to 5,000 cases of one outbreak in one transaction; rows that are refused do not stop the others."""
    forms, refused = readable(cases)
    places = list(forms)
    done = actions.report_many(by, outbreak, list(forms.values()))
    refused |= {places[index]: refusal for index, refusal in done.refused}
    return {
        "cases": [{"index": places[one.index], "code": one.code} for one in done.cases],
        "refused": told(refused),
    }


def outbreaks(by: Actor, *, open_only: bool = False) -> list[OutbreakView]:
    """The outbreaks that touch the actor's jurisdictions, newest first, with the number of their cases."""
    return queries.counted(queries.outbreaks(by, open_only=open_only))


def outbreak(by: Actor, code: str) -> OutbreakView:
    """One outbreak with the number of its cases. Raises NotFound where it does not touch the actor's jurisdictions."""
    return queries.counted([queries.outbreak(by, code)])[0]


def case_duties(by: Actor, code: str) -> list[Any]:
    """All duties about a case with their steps, oldest first."""
    return duties.of_subject("case", case_row(by, code).id)


def case_row(by: Actor, code: str) -> CaseRow:
    """The line of a case: enough to know that the actor may see it, and whom it is about. Raises NotFound."""
    code = ids.normalise_code(code)
    found = [row for row in queries.line_list(by, Filter(text=code)).rows if row.code == code]
    if not found:
        raise NotFound(_("There is no such case."), remedy=_("Check the code; its last character is a check."))
    return found[0]


def kept(_by: Actor, row: Any) -> CaseKept:
    return CaseKept(
        id=row.pk, code=row.code, outbreak=row.outbreak.code, area=row.area, classification=row.classification,
        classified_by=row.classified_by, review=row.review, onset_on=row.onset_on, reported_at=row.reported_at,
        outcome=row.outcome, version=row.version,
    )  # fmt: skip


def _plan(_by: Actor, planned: Sequence[Any]) -> Mapping[str, Any]:
    return {
        "rows": [
            {
                "code": one.code, "version": one.version, "changes": one.changes,
                "problem": problem(one.refusal) if one.refusal is not None else None,
            }
            for one in planned
        ]
    }  # fmt: skip


def _edits(_by: Actor, edited: Sequence[Any]) -> Mapping[str, Any]:
    def told_of(refusal: Refusal | None) -> Mapping[str, Any] | None:
        return problem(refusal) if refusal is not None else None

    return {"rows": [{"code": one.code, "problem": told_of(one.refusal)} for one in edited]}


def _counted(_by: Actor, number: int) -> Mapping[str, int]:
    return {"count": number}


WITHOUT_TEXT = model_of(Filter, name="CaseFilter", without=("text",), query=True)
TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FILE = {"description": "The table.", "content": {kind.partition(";")[0]: {} for kind in TYPES.values()}}


@router.get(
    "/cases/export",
    response={200: None, 400: Problem},
    operation_id="cases_export",
    summary="The line list as a file",
    openapi_extra={"responses": {200: FILE}},
)
def export(
    request: Asked,
    wanted: Annotated[WITHOUT_TEXT, Query(...)],  # type: ignore[valid-type]
    suffix: Annotated[Literal["csv", "xlsx"], Query("csv", alias="format")],
) -> HttpResponse:
    """The line list that a filter wants as CSV or XLSX, masked exactly as on the screen; the journal says who took it."""
    with TemporaryDirectory(prefix="fangxian-export-") as folder:
        path = File(folder) / f"cases.{suffix}"
        actions.export(request.auth, built(Filter, wanted), path)
        answer = HttpResponse(path.read_bytes(), content_type=TYPES[path.suffix])
    answer["Content-Disposition"] = f'attachment; filename="{path.name}"'
    return answer


shown(Judged, name="CaseJudgement")
shown(Reviewed, name="CaseReview")
shown(Event, name="CaseEvent")
shown(DayCount, "total")
shown(CaseDetail, "version")
LIST = {"cursor": paging.Cursor, "limit": paging.Limit}
CHANGES = {"changes": changes(CaseForm, AMENDABLE, name="CaseChanges", removable=("facts", "dates"))}
CODES = {"codes": Annotated[list[Code], Field(min_length=1, max_length=500)]}
DAYS = {"days": only_sent(Milestones)}

offer(router, "GET", "/outbreaks", outbreaks)
offer(router, "POST", "/outbreaks", actions.open_outbreak, OutbreakKept, status=201, keyed=True)
offer(router, "GET", "/outbreaks/{code}", outbreak)
offer(router, "POST", "/outbreaks/{code}/end", actions.close_outbreak, OutbreakKept)
offer(router, "PATCH", "/outbreaks/{code}/milestones", actions.set_milestones, OutbreakKept, given=DAYS)
offer(router, "GET", "/outbreaks/{code}/seven-one-seven", queries.seven_one_seven)
offer(router, "GET", "/outbreaks/{outbreak}/curve", queries.epicurve)
offer(router, "GET", "/outbreaks/{outbreak}/days", queries.daily_numbers)
offer(router, "GET", "/outbreaks/{outbreak}/double-zero", queries.double_zero)
offer(router, "GET", "/outbreaks/{outbreak}/count", queries.count, Counted, then=_counted)

offer(router, "GET", "/cases", queries.line_list, given={**LIST, "wanted": WITHOUT_TEXT})
offer(router, "POST", "/cases/search", queries.line_list, name="search", given=LIST)
offer(router, "GET", "/cases/total", queries.total, Counted, given={"wanted": WITHOUT_TEXT}, then=_counted)
offer(router, "POST", "/cases", actions.report, CaseKept, status=201, keyed=True, then=kept)
BATCH = {"cases": rows_of(CaseForm, name="CaseOfBatch", without=("outbreak",))}
offer(router, "POST", "/cases/batch", report_batch, CasesTaken, keyed=True, given=BATCH)
offer(
    router, "POST", "/cases/preview", actions.preview_edit, EditPlan, given={**CODES, **CHANGES}, whole=True, then=_plan
)
offer(router, "POST", "/cases/edit-all", actions.start_edit_all, JobView, status=202, given=CHANGES)
offer(router, "PATCH", "/cases", actions.bulk_edit, Edits, given={**CODES, **CHANGES}, whole=True, then=_edits)
offer(router, "GET", "/cases/{code}", queries.case)
offer(router, "PATCH", "/cases/{code}", actions.amend, CaseKept, given=CHANGES, then=kept)
offer(router, "GET", "/cases/{code}/duties", case_duties, DutyView, then=duties_shown)
offer(router, "POST", "/cases/{code}/review", actions.review, CaseKept, keyed=True, then=kept)
offer(router, "POST", "/cases/{code}/correction", actions.correct, CaseKept, keyed=True, given=CHANGES, then=kept)
offer(router, "POST", "/cases/{code}/outcome", actions.record_outcome, CaseKept, keyed=True, then=kept)
offer(router, "POST", "/cases/{code}/isolation", actions.isolate, CaseKept, keyed=True, then=kept)
offer(router, "POST", "/cases/{code}/transfer", actions.transfer, CaseKept, keyed=True, then=kept)
offer(router, "POST", "/cases/{code}/discard", actions.discard, CaseKept, keyed=True, then=kept)
