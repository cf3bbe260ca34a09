"""What is done with a zone on its page: decided, told to the public, tested, brought down, withdrawn. What was typed stays."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fangxian.containment.zones import actions, queries
from fangxian.containment.zones.schemas import NoticeForm
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.web.zones.one import shown

_NOTICE = ("title_zh", "title_en", "text_zh", "text_en")


@require_POST
def decide(request: HttpRequest, code: str) -> HttpResponse:
    """Put a proposed zone into force, or decline it."""
    accept = request.POST.get("decision") == "accept"

    def work(by: Actor) -> Any:
        if request.POST.get("decision") not in ("accept", "decline"):
            raise Invalid(_("Choose whether it comes into force."), remedy=_("Accept or decline."), field="decision")
        return actions.decide(by, code, _version(request), accept, request.POST.get("reason", ""))

    said = (
        _("In force. Publish the notice next.")
        if accept
        else _("Declined. It is not proposed again for the same reasons.")
    )
    return _done(request, code, "decide", work, said)


@require_POST
def publish(request: HttpRequest, code: str) -> HttpResponse:
    """Publish the notice as it stands in the form."""
    return _done(
        request, code, "publish", lambda by: actions.publish(by, code, _version(request), _notice(request)),
        _("Published. It is on the public page now."),
    )  # fmt: skip


@require_POST
def record_round(request: HttpRequest, code: str) -> HttpResponse:
    """Record a round of testing everybody inside."""

    def work(by: Actor) -> Any:
        numbers = [_whole(request, name) for name in ("tested", "positives", "untested")]
        return actions.record_round(by, code, _day(request), *numbers)

    return _done(request, code, "round", work, _("Recorded."))


@require_POST
def lift(request: HttpRequest, code: str) -> HttpResponse:
    """Bring the zone down by a rule that is met; the notice is published with it."""
    return _done(
        request, code, "lift",
        lambda by: actions.lift(by, code, _version(request), request.POST.get("rule", ""), request.POST.get("reason", "")),
        _("Brought down, and told to the public."),
    )  # fmt: skip


@require_POST
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """End a zone that was drawn in error."""
    return _done(
        request, code, "withdraw", lambda by: actions.annul(by, code, _version(request), request.POST.get("reason", "")),
        _("Withdrawn."),
    )  # fmt: skip


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _done(request: HttpRequest, code: str, at: str, work: Callable[[Actor], Any], said: str) -> HttpResponse:
    """Do it and go back to the page; where it is refused, show the page as it now is with what was typed in this form."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    try:
        work(by)
    except Refusal as refusal:
        typed = {name: value for name, value in request.POST.items() if name not in ("csrfmiddlewaretoken", "version")}
        return shown(request, queries.zone(by, code), refusal, at, typed)
    messages.success(request, said)
    messages.success(request, f"zone-{at}-{code}", extra_tags="draft")
    return redirect("web:zone", code)


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Invalid(_("The form is damaged."), remedy=_("Reload the page and enter it again."))
    return int(text)


def _notice(request: HttpRequest) -> NoticeForm:
    return NoticeForm(**{name: request.POST.get(name, "") for name in _NOTICE})


def _whole(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "").strip()
    if name == "untested" and not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Invalid(
            _("“%(value)s” is no number of people.") % {"value": text[:40]},
            remedy=_("Enter a whole number."),
            field=name,
        )
    return int(text)


def _day(request: HttpRequest) -> date:
    try:
        return date.fromisoformat(request.POST.get("day", ""))
    except ValueError:
        raise Invalid(
            _("This is no day."), remedy=_("Give the day on which the samples were taken."), field="day"
        ) from None
