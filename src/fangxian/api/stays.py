"""Stays by the batch, into the lake: how a gate, a bus company or a telephone network sends who was where."""

import hashlib
import io
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.csv as pa_csv
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from fangxian.api import refusing
from fangxian.api.batches import RowRefused, readable, rows_of, told
from fangxian.api.offering import answered, offer
from fangxian.api.shapes import Shown
from fangxian.api.signing import Asked
from fangxian.core.errors import Invalid, Refusal
from fangxian.lake import Receipt
from fangxian.registry.actions import LABELS
from fangxian.tracing import actions, queries

router = Router(tags=["tracing"])
CSV, ARROW = "text/csv", "application/vnd.apache.arrow.stream"
#: A file's heading is its row 1, so its first stay is row 2.
_FIRST = 2

Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
People = Annotated[
    str,
    Field(
        description="What `person` holds: a person's code, an identity number, a telephone number, or the source's own number.",
        json_schema_extra={"enum": list(LABELS)},
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StayRow:
    """Somebody was at a place from one instant to another."""

    person: str
    place: str
    t_in: datetime
    t_out: datetime


class StaysReceipt(Shown):
    """What became of a batch. `repeated`: it was taken before, and nothing changed. `days`: rows taken by day of arrival.

    `refused`: rows that were left out, by their place from 0 (the first thousand); `faulty` is how many there are.
    """

    source: str
    batch: str
    rows: int
    taken: int
    faulty: int
    repeated: bool
    days: dict[str, int]
    refused: list[RowRefused]


def in_one_piece(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a list with that of its rows inside: bodies that are read by hand have none among the components."""
    (row,) = schema.pop("$defs").values()
    return schema | {"items": row}


_ROWS: TypeAdapter[Any] = TypeAdapter(rows_of(StayRow, name="StayOfLake"))
_RECEIPT = TypeAdapter(StaysReceipt)
_EXAMPLE = "person,place,t_in,t_out\n13912345678,渔港海鲜市场,2026-03-04 08:00:00,2026-03-04 08:40:00\n"
_BODY = {
    "requestBody": {
        "required": True,
        "description": "The stays: a list in JSON (at most 5,000), or a table with these columns as CSV or Arrow stream (20 MiB).",
        "content": {
            "application/json": {"schema": in_one_piece(_ROWS.json_schema())},
            CSV: {"schema": {"type": "string"}, "example": _EXAMPLE},
            ARROW: {"schema": {"type": "string", "format": "binary"}, "example": "ARROW1…"},
        },
    }
}


@router.post("/stays", response={200: StaysReceipt}, operation_id="tracing_send_stays", openapi_extra=_BODY)
def send_stays(
    request: Asked, source: Annotated[Name, Query(...)], batch: Annotated[Name, Query(...)], people: Annotated[People, Query(...)]
) -> HttpResponse:  # fmt: skip
    """Take a batch of stays into the lake, once: sent again under the same name it changes nothing and gets the same receipt.

    The same name for other content is refused (409). Rows at fault are left out and told; the others are taken. Needs the right
    `stays.send`, which a source's token has.
    """
    request.auth.must(actions.SEND)
    digest = hashlib.sha256(request.body).hexdigest()
    refused: dict[int, Refusal] = {}
    places: list[int] | None = None
    if request.content_type in (CSV, ARROW):
        table = _table(request)
    else:
        forms, refused = readable(read(request, _ROWS))
        places, table = list(forms), _columns(list(forms.values()))
    if people not in LABELS:
        raise Invalid(
            _("Persons cannot be named by “%(kind)s”.") % {"kind": people},
            remedy=_("Choose from: %(list)s.") % {"list": ", ".join(LABELS)}, field="people",
        )  # fmt: skip
    receipt = actions.send_stays(request.auth, table, source, batch, people, digest)
    return answered(200, _RECEIPT.dump_json(_RECEIPT.validate_python(_shown(receipt, refused, places))).decode())


def read(request: Asked, rows: TypeAdapter[Any]) -> list[Any]:
    """The rows of a body in JSON. Raises Malformed or Invalid."""
    try:
        return rows.validate_python(refusing.JsonParser().parse_body(request))  # type: ignore[no-any-return]
    except ValidationError as fault:
        raise refusing.of_fields([{**one, "loc": ("body", *one["loc"])} for one in fault.errors()]) from None
    except ValueError as fault:
        raise refusing.Malformed(_("The body is no JSON."), detail={"fault": str(fault)}) from None


def _columns(rows: list[StayRow]) -> pa.Table:
    instants = pa.timestamp("s", "UTC")
    columns = [
        pa.array([row.person for row in rows], pa.string()), pa.array([row.place for row in rows], pa.string()),
        pa.array([row.t_in for row in rows], instants), pa.array([row.t_out for row in rows], instants),
    ]  # fmt: skip
    return pa.table(columns, names=["person", "place", "t_in", "t_out"])


def _table(request: Asked) -> pa.Table:
    try:
        if request.content_type == CSV:
            # Numbers of persons begin with zeros and end with letters: they are texts, whatever they look like.
            kinds = pa_csv.ConvertOptions(
                strings_can_be_null=True, column_types={"person": pa.string(), "place": pa.string()}
            )
            return pa_csv.read_csv(io.BytesIO(request.body), convert_options=kinds)
        with pa.ipc.open_stream(request.body) as stream:
            table = stream.read_all()
        table.validate(full=True)
        return table
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, OSError, KeyError) as fault:
        raise Invalid(
            _("The body cannot be read as %(type)s.") % {"type": request.content_type},
            remedy=_("Send a table with the columns person, place, t_in and t_out."), detail={"fault": str(fault)[:300]},
        ) from None  # fmt: skip


def _shown(receipt: Receipt, refused: dict[int, Refusal], places: list[int] | None) -> dict[str, Any]:
    language = get_language() or "zh"
    unread = len(refused)
    for one in receipt.faults:
        at = one.row - _FIRST
        words, remedy = one.what.in_(language), one.remedy.in_(language)
        refused.setdefault(at if places is None else places[at], Invalid(words, remedy=remedy, field=one.column))
    return {
        "source": receipt.source, "batch": receipt.batch, "rows": receipt.rows + unread, "taken": receipt.taken,
        "faulty": receipt.faulty + unread, "repeated": receipt.repeated, "days": receipt.days, "refused": told(refused),
    }  # fmt: skip


offer(router, "GET", "/stays", queries.lake_view)
