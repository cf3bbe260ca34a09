"""Passenger lists by the batch, into the lake: how a railway, an airline or a bus company sends who travelled where in which seat."""

import hashlib
from typing import Annotated, Any

from django.http import HttpResponse
from django.utils.translation import get_language
from ninja import Query, Router
from pydantic import TypeAdapter

from fangxian.api.batches import RowRefused, readable, rows_of, told
from fangxian.api.offering import answered
from fangxian.api.signing import Asked
from fangxian.api.stays import Name, StaysReceipt, in_one_piece, read
from fangxian.core.errors import Invalid, Refusal
from fangxian.tracing import actions
from fangxian.tracing.schemas import Boarded, JourneyForm, Unfit

router = Router(tags=["tracing"])


class JourneysReceipt(StaysReceipt):
    """What became of a passenger list: as of any batch of stays. `doubtful`: journeys that were taken, seat unknown, with the reason."""

    doubtful: list[RowRefused]


_ROWS: TypeAdapter[Any] = TypeAdapter(rows_of(JourneyForm, name="JourneyOfBatch"))
_RECEIPT = TypeAdapter(JourneysReceipt)
_BODY = {
    "requestBody": {
        "required": True,
        "description": "The journeys, at most 5,000; of a passenger an identity number, a telephone, or the source's own number.",
        "content": {"application/json": {"schema": in_one_piece(_ROWS.json_schema())}},
    }
}


@router.post("/journeys", response={200: JourneysReceipt}, operation_id="tracing_send_journeys", openapi_extra=_BODY)
def send_journeys(
    request: Asked, source: Annotated[Name, Query(...)], batch: Annotated[Name, Query(...)]
) -> HttpResponse:
    """Take a passenger list into the lake, once: sent again under the same name it changes nothing and gets the same receipt.

    The same name for other content is refused (409). Journeys at fault are left out and told; the others are taken, those whose seat
    cannot be read as aboard with the seat unknown. A search for contacts finds who sat near a case. Needs the right `stays.send`.
    """
    request.auth.must(actions.SEND)
    forms, refused = readable(read(request, _ROWS))
    digest = hashlib.sha256(request.body).hexdigest()
    boarded = actions.send_journeys(request.auth, list(forms.values()), source, batch, digest=digest)
    shown = _RECEIPT.validate_python(_shown(boarded, refused, list(forms)))
    return answered(200, _RECEIPT.dump_json(shown).decode())


def _shown(boarded: Boarded, unread: dict[int, Refusal], places: list[int]) -> dict[str, Any]:
    receipt = boarded.receipt
    refused = unread | {places[at]: _said(one) for at, one in boarded.refused.items()}
    return {
        "source": receipt.source, "batch": receipt.batch, "rows": receipt.rows + len(unread), "taken": receipt.taken,
        "faulty": receipt.faulty + len(unread), "repeated": receipt.repeated, "days": receipt.days, "refused": told(refused),
        "doubtful": told({places[at]: _said(one) for at, one in boarded.doubtful.items()}),
    }  # fmt: skip


def _said(one: Unfit) -> Invalid:
    language = get_language() or "zh"
    return Invalid(one.what.in_(language), remedy=one.remedy.in_(language), field=one.field)
