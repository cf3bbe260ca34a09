"""The situation of an outbreak in numbers, and the daily reports made of them."""

from typing import Annotated, Any, Literal

from django.http import HttpResponse
from ninja import Path, Query, Router
from pydantic import Field

from fangxian.api.offering import offer
from fangxian.api.refusing import Problem
from fangxian.api.shapes import Area, Code, shown
from fangxian.api.signing import Asked
from fangxian.command.situation import actions, files, queries
from fangxian.command.situation.paper import FORMS
from fangxian.command.situation.schemas import CurveDay, SitrepView
from fangxian.core.access import Actor

router = Router(tags=["situation"])
shown(CurveDay, "total", name="SituationDay")
REPORT = shown(SitrepView)
#: The reader's own jurisdiction where none is named.
OWN = {"area": Area | None}
ROWS = {"limit": Annotated[int, Field(ge=1, le=500)]}
FILE = {"description": "The report.", "content": {kind.partition(";")[0]: {} for _write, kind in FORMS.values()}}


def as_view(by: Actor, row: Any) -> SitrepView:
    """A report as it stands after it was written."""
    return queries.sitrep(by, row.code)


offer(router, "GET", "/situation", queries.situation, given=OWN)
offer(router, "GET", "/sitreps", queries.sitreps)
offer(router, "POST", "/sitreps", actions.draft, REPORT, status=201, keyed=True, then=as_view)
offer(router, "GET", "/sitreps/{code}", queries.sitrep)
offer(router, "PATCH", "/sitreps/{code}", actions.remark, REPORT, then=as_view)
offer(router, "POST", "/sitreps/{code}/refresh", actions.refresh, REPORT, then=as_view)
offer(router, "POST", "/sitreps/{code}/signature", actions.sign, REPORT, keyed=True, then=as_view)
offer(router, "POST", "/sitreps/{code}/correction", actions.reissue, REPORT, keyed=True, then=as_view)


@router.get(
    "/sitreps/{code}/file",
    response={200: None, 400: Problem},
    operation_id="situation_file",
    summary="A daily report as a file",
    openapi_extra={"responses": {200: FILE}},
)
def file(
    request: Asked,
    code: Annotated[Code, Path(...)],
    language: Annotated[Literal["zh", "en"], Query("zh")],
    form: Annotated[Literal["pdf", "docx", "html"], Query("pdf", alias="format")],
) -> HttpResponse:
    """The report as PDF, Word or HTML; of a signed one always the same bytes."""
    made = files.produce(request.auth, code, language, form)
    answer = HttpResponse(made, content_type=FORMS[form][1])
    answer["Content-Disposition"] = f'attachment; filename="sitrep-{code}-{language}.{form}"'
    return answer
