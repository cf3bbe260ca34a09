"""An operation of the API is an action or a query of a stage: its address, and what it shows, are all there is to say of it.

The parameters are read from the function: what stands in the path comes from there, the rest from the body, or from the query
where nothing is written. So page, API and command line cannot come to differ in what they accept.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import is_dataclass
from inspect import Parameter, Signature, cleandoc, signature
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from django.http import HttpResponse
from ninja import Router
from ninja.constants import NOT_SET
from ninja.params.models import Body, Header, Path, Query
from pydantic import Field, StringConstraints, TypeAdapter

from fangxian.api import paging
from fangxian.api.shapes import Area, Code, Id, arguments, built, sent, shown
from fangxian.api.signing import Asked
from fangxian.core import repeats
from fangxian.core.access import PURPOSES, Actor

#: Parameters that are for other stages: they say what the caller has made sure of, or how the work is done.
WITHIN_THE_HOUSE = frozenset({"by", "lang", "under", "responsibility", "parameters", "on_progress"})

Purpose = Annotated[
    str,
    Field(
        description="What personal data are looked at for; kept in the journal, and shown to the person.",
        json_schema_extra={"enum": list(PURPOSES)},
    ),
]
Key = Annotated[
    str,
    StringConstraints(min_length=8, max_length=100, pattern=r"^[\x21-\x7e]+$"),
    Field(
        description="A key of your own (a UUID) for this request; sent again within 72 h it gets the first answer again."
    ),
]
FROM_THE_FUNCTION: Any = object()


def offer(
    router: Router,
    method: str,
    path: str,
    what: Callable[..., Any],
    shape: Any = FROM_THE_FUNCTION,
    *,
    status: int = 200,
    name: str = "",
    given: Mapping[str, Any] | None = None,
    without: Collection[str] = (),
    keyed: bool = False,
    after: Callable[[Any], Any] | None = None,
    then: Callable[[Actor, Any], Any] | None = None,
    whole: bool = False,
    auth: Any = NOT_SET,
) -> None:
    """Add an operation that does `what`.

    `shape` is what is shown of the result, one row of it where that is a list; None says nothing (204). `given` has the types
    of parameters whose annotation says too little, `without` names those that are not asked for. `keyed` allows the request to
    be sent again (`core.repeats`). `after` gives the key of a row by which a list goes on. `then` makes of the result what is
    to be shown; with `whole`, of a list as a whole. `name` is that of the operation, where the function has another already.
    `auth` is who may ask; None is anybody.
    """
    hints = get_type_hints(what, include_extras=True)
    names = {
        name: one for name, one in signature(what).parameters.items()
        if name not in {*WITHIN_THE_HOUSE, *without}
    }  # fmt: skip
    listed = _is_list(hints["return"]) and not whole
    shape = _derived(hints["return"], listed) if shape is FROM_THE_FUNCTION else shape
    answer = paging.page_of(shape) if listed and shape is not None else shape
    adapter: TypeAdapter[Any] | None = TypeAdapter(answer) if answer is not None else None
    inside = re.findall(r"{(\w+)}", path)
    asking = _Asking(what.__name__, method, inside, names, hints, given or {}, listed)
    takes_actor = "by" in signature(what).parameters

    def view(request: Asked, **read: Any) -> HttpResponse:
        key = read.pop("idempotency_key", None)
        start, limit, call = asking.call(read)
        if listed and after is not None:
            call |= {"limit": limit + 1}
        elif listed and "limit" in names:
            call |= {"limit": start + limit + 1}

        def work() -> tuple[int, str]:
            result = what(request.auth, **call) if takes_actor else what(**call)
            if listed:
                result = _page(result, after, start, limit)
            if then is not None:
                result = (
                    {**result, "rows": then(request.auth, result["rows"])} if listed else then(request.auth, result)
                )
            if adapter is None:
                return 204, ""
            shown_now = adapter.validate_python(result, from_attributes=True)
            return status, adapter.dump_json(shown_now).decode()

        return answered(*work()) if key is None else repeated(request, key, work)

    view.__name__ = what.__name__
    view.__doc__ = what.__doc__
    view.__signature__ = Signature([*asking.parameters(), *([_KEY] if keyed else [])])  # type: ignore[attr-defined]
    stage = router.tags[0] if router.tags else ""
    router.add_api_operation(
        path,
        [method],
        view,
        response={status: answer} if answer is not None else {204: None},
        operation_id=f"{stage}_{name or what.__name__}",
        summary=_summary(what),
        description=cleandoc(what.__doc__ or ""),
        auth=auth,
    )


def answered(status: int, body: str) -> HttpResponse:
    """JSON as an answer."""
    return HttpResponse(body, status=status, content_type="application/json")


def repeated(request: Asked, key: str, work: Callable[[], tuple[int, str]]) -> HttpResponse:
    """Do the work, or give the answer that the key got before."""
    asked = hashlib.sha256(f"{request.method} {request.path}\n".encode() + request.body).hexdigest()
    status, body, before = repeats.once(request.auth, key, asked, work)
    answer = answered(status, body)
    if before:
        answer["Idempotent-Replayed"] = "true"
    return answer


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

_KEY = Parameter(
    "idempotency_key",
    Parameter.KEYWORD_ONLY,
    annotation=Annotated[Key | None, Header(None, alias="Idempotency-Key")],
)


class _Asking:
    """How the parameters of a function are asked for: each from the path, the header, the query or the body."""

    def __init__(
        self, name: str, method: str, inside: Sequence[str], names: Mapping[str, Parameter],
        hints: Mapping[str, Any], given: Mapping[str, Any], listed: bool,
    ) -> None:  # fmt: skip
        self.name, self.inside, self.names, self.hints, self.given = name, inside, names, hints, given
        self.listed, self.in_query = listed, method in ("GET", "DELETE")
        self.rest = [
            one for one in names if one not in (*inside, "purpose") and not (listed and one in ("limit", "after"))
        ]
        self.whole = self.rest[0] if not self.in_query and len(self.rest) == 1 and self._is_form(self.rest[0]) else ""

    def parameters(self) -> list[Parameter]:
        found: dict[str, Any] = {"request": Asked}
        found |= {name: Annotated[self._plain(name), Path(...)] for name in self.inside}
        if "purpose" in self.names:
            found["purpose"] = Annotated[Purpose, Header(..., alias="X-Purpose")]
        if self.in_query:
            found |= {name: Annotated[self._plain(name), Query(self._default(name))] for name in self.rest}
        elif self.rest:
            kind = self._written(self.whole) if self.whole else arguments(
                "".join(part.title() for part in self.name.split("_")) + "Request",
                {name: (self._written(name), self._default(name)) for name in self.rest},
            )  # fmt: skip
            found["sent"] = Annotated[kind, Body(...)]
        if self.listed:
            found["cursor"] = Annotated[paging.Cursor, Query("")]
            found["limit"] = Annotated[paging.Limit, Query(paging.USUAL)]
        return [Parameter(name, Parameter.KEYWORD_ONLY, annotation=kind) for name, kind in found.items()]

    def call(self, read: dict[str, Any]) -> tuple[int, int, dict[str, Any]]:
        """From what was read: where a list at hand begins, how long the page is, and the arguments of the function."""
        start = limit = 0
        if self.listed:
            limit, cursor = read.pop("limit"), read.pop("cursor")
            if "after" not in self.names:
                start = paging.read(cursor, Annotated[int, Field(ge=0, le=10_000_000)]) or 0
            elif (key := paging.read(cursor, _certain(self.hints["after"]))) is not None:
                read["after"] = key
        body = read.pop("sent", None)
        if self.whole:
            read[self.whole] = body
        elif body is not None:
            read |= {name: getattr(body, name) for name in self.rest}
        for name in self.rest:
            if self.in_query and self._is_form(name):
                read[name] = built(_certain(self.hints[name]), read[name])
        return start, limit, read

    def _is_form(self, name: str) -> bool:
        return is_dataclass(_certain(self.hints[name]))

    def _written(self, name: str) -> Any:
        return self.given.get(name) or (Area if name == "area" else sent(self.hints[name]))

    def _plain(self, name: str) -> Any:
        """The type of a parameter outside of the body."""
        if name in self.given:
            return self.given[name]
        if name in self.inside:
            return Id if self.hints[name] is int else Area if name == "area" else Code
        return (
            Area
            if name == "area"
            else sent(_certain(self.hints[name]) if self._is_form(name) else self.hints[name], query=True)
        )

    def _default(self, name: str) -> Any:
        default = self.names[name].default
        return ... if default is Parameter.empty or (self.in_query and self._is_form(name)) else default


def _certain(hint: Any) -> Any:
    """The type without its None."""
    kinds = [one for one in get_args(hint) if one is not NoneType]
    return kinds[0] if NoneType in get_args(hint) and len(kinds) == 1 else hint


def _is_list(hint: Any) -> bool:
    return get_origin(hint) is list or (get_origin(hint) is tuple and get_args(hint)[-1] is Ellipsis)


def _derived(hint: Any, listed: bool) -> Any:
    if hint is NoneType:
        return None
    return shown(get_args(hint)[0] if listed else hint)


def _page(rows: Sequence[Any], after: Callable[[Any], Any] | None, start: int, limit: int) -> dict[str, Any]:
    if after is None:
        return paging.window(rows, start, limit)
    more = len(rows) > limit
    return {"rows": rows[:limit], "cursor": paging.written(after(rows[limit - 1]) if more else None)}


def _summary(what: Callable[..., Any]) -> str:
    first = cleandoc(what.__doc__ or what.__name__).split("\n\n")[0].replace("\n", " ")
    return re.split(r"(?<=[.;:])\s", first)[0].rstrip(".;:")
