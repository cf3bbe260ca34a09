"""Refusals as the API says them: one shape for all of them, in the reader's language, with a status that is documented."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json, to_json, to_jsonable_python

from fangxian.analytics.errors import AnalysisError
from fangxian.core.errors import Invalid, NotFound, Refusal
from fangxian.protocols import PackError


class Problem(BaseModel):
    """Why a request was refused. `code` is stable and for machines; `message` and `remedy` are in the reader's language."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "already_reported",
                "message": "This person is already reported in this outbreak: case 7K2M9QXTB4.",
                "remedy": "Open that case and correct it instead.",
                "field": "person",
                "detail": {"case": "7K2M9QXTB4"},
            }
        }
    )

    code: str
    message: str
    remedy: str = Field(description="What to do about it; empty where nothing can be done.")
    field: str = Field(description="The input at fault, as a path such as `person.birth_date`; empty where it is none.")
    detail: dict[str, Any]


class Malformed(Refusal):
    """A body that is no JSON."""

    status, code = 400, "malformed"


class NotSignedIn(Refusal):
    """Nobody has signed in, or the session or token has ended."""

    status, code = 401, "not_signed_in"


class NoSuchMethod(Refusal):
    """An address that does not know the method."""

    status, code = 405, "no_such_method"


class TooLarge(Refusal):
    """A body of more bytes than are read."""

    status, code = 413, "too_large"


class NotJson(Refusal):
    """A body of another kind."""

    status, code = 415, "not_json"


def statuses(method: str, *, body: bool) -> list[int]:
    """The statuses with which an operation may refuse."""
    writing = {400, 409} if method.upper() != "GET" else set()
    return sorted({401, 403, 404, 422} | writing | ({413, 415} if body else set()))


def problem(refusal: Refusal) -> dict[str, Any]:
    """The refusal as `Problem`."""
    return {
        "code": refusal.code,
        "message": str(refusal.message),
        "remedy": str(refusal.remedy),
        "field": refusal.field,
        "detail": to_jsonable_python(refusal.detail, fallback=str),
    }


def refused(refusal: Refusal) -> HttpResponse:
    """The refusal as an answer."""
    answer = HttpResponse(to_json(problem(refusal)), status=refusal.status, content_type="application/json")
    if refusal.status == 401:
        answer["WWW-Authenticate"] = "Bearer"
    return answer


class JsonParser(Parser):
    """Bodies as JSON, and as nothing else: so that no form of another site can be posted here."""

    def parse_body(self, request: HttpRequest) -> Any:
        if request.content_type not in ("application/json", ""):
            raise NotJson(
                _("This is “%(type)s”; JSON is wanted.") % {"type": request.content_type},
                remedy=_("Send the body as JSON, with the header Content-Type: application/json."),
            )
        return from_json(request.body, allow_inf_nan=False)


def install(api: NinjaAPI) -> None:
    """Make every refusal, and every fault of the one who asks, an answer of this shape."""
    meant: dict[type[Exception], Callable[[Any], Refusal]] = {
        Refusal: lambda fault: fault,
        PackError: _of_pack,
        AnalysisError: lambda fault: Invalid(fault.text.in_(_language())),
        ValidationError: lambda fault: of_fields(fault.errors),
        AuthenticationError: lambda _fault: not_signed_in(),
        HttpError: _of_http,
        RequestDataTooBig: lambda _fault: _too_large(),
        SuspiciousOperation: _malformed,
        RawPostDataException: _malformed,
        OverflowError: lambda _fault: _does_not_fit(),
        DataError: lambda _fault: _does_not_fit(),
    }

    def handler(read: Callable[[Any], Refusal]) -> Callable[[HttpRequest, Any], HttpResponse]:
        return lambda _request, fault: refused(read(fault))

    for kind, read in meant.items():
        api.add_exception_handler(kind, handler(read))


def not_signed_in() -> NotSignedIn:
    """The refusal of whoever has not said who they are."""
    return NotSignedIn(
        _("You are not signed in."),
        remedy=_("Sign in at /api/v1/session, or send a token: Authorization: Bearer fxt_…."),
    )


def no_such_address() -> NotFound:
    """The refusal of an address that the API does not have."""
    return NotFound(_("The API has no such address."), remedy=_("/api/v1/openapi.json lists those there are."))


def no_such_method(allowed: str) -> NoSuchMethod:
    """The refusal of a method that an address does not have."""
    return NoSuchMethod(_("This address does not know that method."), remedy=_("Use %(list)s.") % {"list": allowed})


def of_fields(errors: list[Any]) -> Invalid:
    """What is wrong with the fields of a request: the first in words, all of them in the detail."""
    told = list(_told(errors))
    first = told[0] if told else {"field": "", "message": ""}
    return Invalid(
        first["message"],
        remedy=_("Correct the field and send it again; nothing was saved."),
        field=first["field"],
        detail={"errors": told[:100]},
    )


def _told(errors: list[Any]) -> Iterator[Mapping[str, str]]:
    for error in errors:
        yield {"field": path(error["loc"]), "message": _said(error)}


def path(loc: tuple[Any, ...]) -> str:
    """A field's place as its sender knows it, `person.documents.0.1`: without whence it was read, and without tags of the reader."""
    parts = [str(part) for part in loc]
    parts = parts[2:] if parts[:1] == ["body"] else parts[1:]
    return ".".join(part for part in parts if re.fullmatch(r"[\w.\- ]{1,80}", part))


def _said(error: Mapping[str, Any]) -> str:
    """A fault of a field in the reader's language; what is not worth a sentence of its own is said by what is wanted."""
    kind, limits = error["type"], error.get("ctx", {})
    sentences = {
        "missing": _("This is needed."),
        "extra_forbidden": _("There is no such field."),
        "string_too_long": _("Too long: at most %(n)s characters.") % {"n": limits.get("max_length")},
        "string_too_short": _("Too short: at least %(n)s characters.") % {"n": limits.get("min_length")},
        "string_pattern_mismatch": _("This has characters that do not belong here."),
        "string_type": _("A text is wanted."),
        "too_long": _("Too many: at most %(n)s.") % {"n": limits.get("max_length")},
        "too_short": _("Too few: at least %(n)s.") % {"n": limits.get("min_length")},
        "greater_than_equal": _("Too small: at least %(n)s.") % {"n": limits.get("ge")},
        "less_than_equal": _("Too large: at most %(n)s.") % {"n": limits.get("le")},
        "timezone_aware": _("The offset is missing: write 2024-03-04T08:00:00+08:00."),
        "not_written": _("Write it as a text: 2024-03-04, or 2024-03-04T08:00:00+08:00."),
        "unthinkable": _("This year lies too far away."),
        "no_scalar": _("Yes or no, a number or a text is wanted."),
        "literal_error": _("Choose one of: %(list)s.") % {"list": limits.get("expected")},
    }
    if kind in sentences:
        return sentences[kind]
    if kind.startswith("date"):
        return _("This is no such day or instant; write 2024-03-04, or 2024-03-04T08:00:00+08:00.")
    if kind.startswith(("int", "float")):
        return _("A number is wanted.")
    if kind.startswith("bool"):
        return _("true or false is wanted.")
    if kind.startswith(("list", "tuple")):
        return _("A list is wanted.")
    return _("This does not fit here: %(why)s.") % {"why": error["msg"]}


def _of_pack(fault: PackError) -> Invalid:
    problems = [problem.in_(_language()) for problem in fault.problems]
    return Invalid(problems[0] if problems else str(fault), detail={"problems": problems[:100]}, field="pack")


def _of_http(fault: HttpError) -> Refusal:
    if isinstance(fault.__cause__, Refusal):
        return fault.__cause__
    if fault.status_code == 400:
        return _malformed(fault.__cause__ or fault)
    return Refusal(str(fault), code="refused")


def _malformed(fault: BaseException) -> Malformed:
    return Malformed(
        _("The body of the request cannot be read as JSON."),
        remedy=_("Compare it with the description at /api/v1/openapi.json."),
        detail={"why": str(fault)[:300]},
    )


def _too_large() -> TooLarge:
    return TooLarge(_("This is more than is read at once."), remedy=_("Send it in several pieces."))


def _does_not_fit() -> Invalid:
    return Invalid(_("A value is larger or longer than can be kept."), remedy=_("Shorten texts, check numbers."))


def _language() -> str:
    return get_language() or "zh"
