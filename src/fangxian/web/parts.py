"""What views share: is only a part of the page wanted, and where a list goes on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal

#: Of the largest key that the database can hold.
_DIGITS = 19


def actor_of(request: HttpRequest) -> Actor:
    """Who acts, as the middleware found them."""
    return request.actor  # type: ignore[attr-defined,no-any-return]


def fragment(request: HttpRequest, part: str = "") -> bool:
    """Whether htmx asks for a part of the page; `part` names which one (`?part=more`)."""
    return bool(getattr(request, "htmx", False)) and (not part or request.GET.get("part") == part)


def number_of(text: str) -> int | None:
    """The whole number that an address or a form gives, as far as the database can hold it; None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _DIGITS else None


def wants_json(request: HttpRequest) -> bool:
    """Whether a script of a page asks, which shows the answer itself."""
    return request.headers.get("Accept", "").startswith("application/json")


def told(said: str, **more: Any) -> HttpResponse:
    """To a script: that it was done, in words."""
    return JsonResponse({"said": said, **more}, json_dumps_params={"ensure_ascii": False})


def problem(refusal: Refusal, fields: Mapping[str, Any] | None = None) -> HttpResponse:
    """To a script: why it was not done, what to do, and which fields are at fault."""
    wrong = {name: " ".join(map(str, faults)) for name, faults in (fields or {}).items()}
    body = {"code": refusal.code, "message": str(refusal.message), "remedy": str(refusal.remedy), "fields": wrong}
    return JsonResponse(body, status=refusal.status, json_dumps_params={"ensure_ascii": False})


class Cursor:
    """Where a list in order of (instant, key) goes on, as text for an address."""

    @staticmethod
    def write(at: datetime | None, pk: int) -> str:
        return f"{at.isoformat() if at else ''}_{pk}"

    @staticmethod
    def read(text: str) -> tuple[datetime | None, int] | None:
        """Raises Invalid for what `write` has not written."""
        if not text:
            return None
        at, _mark, pk = text.rpartition("_")
        try:
            moment = datetime.fromisoformat(at) if at else None
            if moment is not None and moment.tzinfo is None:
                raise ValueError
            return moment, int(pk)
        except ValueError:
            raise Invalid(_("This address does not lead on."), remedy=_("Begin the list again.")) from None


def section(
    request: HttpRequest, template: str, context: dict[str, Any], title: str, back: tuple[str, str]
) -> HttpResponse:
    """A part of a page: by itself for htmx, with a head and the way back where somebody opens its address."""
    context |= {"part": template, "part_title": title, "back_url": back[0], "back_name": back[1]}
    return render(request, template if fragment(request) else "web/components/section.html", context)
