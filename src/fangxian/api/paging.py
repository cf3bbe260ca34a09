"""Long lists, a page at a time. A cursor is opaque to whoever holds it: it says after which row the next page begins."""

import base64
import binascii
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, TypeVar

from django.utils.translation import gettext as _
from pydantic import Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import to_json

from fangxian.api.shapes import Shown, sent
from fangxian.core.errors import Invalid

R = TypeVar("R")
USUAL = 100
Limit = Annotated[int, Field(ge=1, le=500, description="How many rows at most.")]
Cursor = Annotated[
    str,
    StringConstraints(max_length=300, pattern=r"^[A-Za-z0-9_=-]*$"),
    Field(description="The `cursor` of the page before; empty for the first page."),
]


@cache
def page_of(row: Any) -> type[Shown]:
    """The schema of a page of such rows."""
    rows = Annotated[list[row], Field(description="At most as many as the limit.")]
    cursor = Annotated[str, Field(description="For the next page; empty at the end.")]
    return type(
        f"{row.__name__}Page",
        (Shown,),
        {"__annotations__": {"rows": rows, "cursor": cursor}, "__doc__": "One page of a list."},
    )


def written(key: Any) -> str:
    """A cursor for the key of the last row of a page; none at the end of the list."""
    return base64.urlsafe_b64encode(to_json(key)).decode().rstrip("=") if key is not None else ""


def read(cursor: str, kind: Any) -> Any:
    """The key that a cursor stands for, None for an empty one. Raises Invalid for anything else than a cursor of such a list."""
    if not cursor:
        return None
    try:
        return _reader(kind).validate_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValidationError, binascii.Error):
        raise Invalid(
            _("This page mark does not fit."), remedy=_("Begin again with the first page."), field="cursor"
        ) from None


@cache
def _reader(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(sent(kind))


def window(rows: Sequence[R], start: int, limit: int) -> dict[str, Any]:
    """The page of a list that is at hand as a whole."""
    end = start + limit
    return {"rows": rows[start:end], "cursor": written(end if len(rows) > end else None)}
