"""Outbreaks (疫情): opened under a protocol, timed by 7-1-7, closed when they are over; and the way to what belongs to each."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.cases import actions, queries
from fangxian.cases.actions.outbreaks import MILESTONES
from fangxian.cases.queries import OutbreakView
from fangxian.cases.schemas import OutbreakForm
from fangxian.core import journal
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.duties import packs
from fangxian.registry import queries as registry
from fangxian.tracing import queries as tracing
from fangxian.web.cases.forms import DayField
from fangxian.web.duties.evidence import instant
from fangxian.web.parts import actor_of
from fangxian.web.saying import MILESTONE_NAMES, said

RIGHT = "cases.outbreak"


class OpenForm(forms.Form):
    """An outbreak to be opened."""

    name_zh = forms.CharField(label=gettext_lazy("Name in Chinese"), required=False, max_length=120)
    name_en = forms.CharField(label=gettext_lazy("Name in English"), required=False, max_length=120)
    pack = forms.ChoiceField(
        label=gettext_lazy("Protocol"),
        help_text=gettext_lazy("It decides definitions, deadlines and categories of this outbreak."),
    )  # fmt: skip
    area = forms.ChoiceField(label=gettext_lazy("Handled by"))
    opened_at = instant(gettext_lazy("Opened, if not just now"), required=False)

    def __init__(self, by: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        areas = by.areas(RIGHT)
        names = registry.area_names(areas)
        below = [one for code in areas for one in registry.children(code)] if any(areas) else []
        choices: dict[str, Any] = {
            "pack": [(one.id, said(one.name)) for one in packs.in_force()],
            "area": [*((code, names[code]) for code in areas), *((one.code, one.name) for one in below)],
        }
        for name, values in choices.items():
            self.fields[name].choices = values  # type: ignore[attr-defined]

    def outbreak(self) -> OutbreakForm:
        """What is to be opened."""
        return OutbreakForm(**self.cleaned_data)


class MilestonesForm(forms.Form):
    """The dates of 7-1-7."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in MILESTONES:
            self.fields[name] = DayField(label=MILESTONE_NAMES[name], required=False)
        self.fields["reason"] = forms.CharField(
            label=_("Why is a date that is on record changed?"), required=False, max_length=300
        )


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The outbreaks that touch the reader's jurisdictions, those in progress first."""
    by = actor_of(request)
    by.must("cases.view")
    found = sorted(queries.outbreaks(by), key=lambda one: one.closed_at is not None)
    names = registry.area_names({one.area for one in found})
    rows = [(one, names[one.area], said(packs.pack(one.pack, one.area).name)) for one in found]
    return render(request, "web/outbreaks/index.html", {"rows": rows, "may_open": by.may(RIGHT)})


@require_http_methods(["GET", "POST"])
def open_one(request: HttpRequest) -> HttpResponse:
    """Open an outbreak."""
    by = actor_of(request)
    by.must(RIGHT)
    form = OpenForm(by, request.POST or None)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            _must_hold(form)
            outbreak = actions.open_outbreak(by, form.outbreak())
        except Refusal as fault:
            refusal = _told(form, fault)
        else:
            messages.success(request, _("Opened. Cases can be reported under it now."))
            messages.success(request, "outbreak-new", extra_tags="draft")
            return redirect("web:outbreak", outbreak.code)
    context = {"form": form, "refusal": refusal}
    return render(request, "web/outbreaks/open.html", context, status=refusal.status if refusal else 200)


@require_GET
def one(request: HttpRequest, code: str) -> HttpResponse:
    """One outbreak: its clocks, its numbers, and where its cases, contacts and chains are."""
    return _page(request, code)


@require_POST
def milestones(request: HttpRequest, code: str) -> HttpResponse:
    """Record the dates of 7-1-7; an empty one is taken away."""
    by = actor_of(request)
    form = MilestonesForm(request.POST)
    try:
        _must_hold(form)
        days = {name: form.cleaned_data[name] for name in MILESTONES}
        actions.set_milestones(by, code, days, form.cleaned_data["reason"])
    except Refusal as refusal:
        return _page(request, code, form, _told(form, refusal))
    messages.success(request, _("Saved."))
    messages.success(request, f"milestones-{code}", extra_tags="draft")
    return redirect("web:outbreak", code)


@require_POST
def close(request: HttpRequest, code: str) -> HttpResponse:
    """Close an outbreak, with the reason."""
    by = actor_of(request)
    try:
        actions.close_outbreak(by, code, request.POST.get("reason", ""))
    except Refusal as refusal:
        return _page(request, code, refusal=refusal, typed=request.POST.get("reason", ""))
    messages.success(request, _("Closed. What is still owed to its cases and contacts stays open."))
    messages.success(request, f"close-{code}", extra_tags="draft")
    return redirect("web:outbreak", code)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _page(
    request: HttpRequest, code: str, form: MilestonesForm | None = None, refusal: Refusal | None = None, typed: str = ""
) -> HttpResponse:
    by = actor_of(request)
    found = queries.outbreak(by, code)
    timely = queries.seven_one_seven(by, code)
    pack = packs.pack(found.pack, found.area)
    shown: Any = {**timely.proposed, **timely.dates}
    may = by.may(RIGHT, found.area)
    context = {
        "outbreak": found,
        "place": registry.area_names([found.area])[found.area],
        "pack": said(pack.name),
        "intervals": timely.intervals,
        "proposed": [(MILESTONE_NAMES[name], day) for name, day in timely.proposed.items()],
        "form": (form or MilestonesForm(initial=shown)) if may else None,
        "may_change": bool(timely.dates),
        "recorded": [(MILESTONE_NAMES[name], timely.dates.get(name)) for name in MILESTONES],
        "numbers": _numbers(by, found),
        "history": _history(found),
        "may_close": may and found.closed_at is None,
        "trace": by.may("tracing.view"),
        "contacts": by.may("contacts.view"),
        "refusal": refusal,
        "typed": typed,
    }
    return render(request, "web/outbreaks/outbreak.html", context, status=refusal.status if refusal else 200)


def _numbers(by: Actor, found: OutbreakView) -> list[tuple[Any, int, str]]:
    (counted,) = queries.counted([found])
    numbers = [(_("cases"), counted.cases or 0, _("wherever they are"))]
    if by.may("contacts.view"):
        clear = tracing.clearance(by, found.code)
        numbers.append((_("contacts"), clear.number, _("under watch, where you may see them")))
        numbers.append((_("all four clear"), clear.all, _("of these")))
    return numbers


def _history(found: OutbreakView) -> list[dict[str, Any]]:
    """What was done to the outbreak, newest first, with the number of the journal's line."""
    return [
        {"action": one.action, "who": one.actor, "at": one.at, "reason": one.content.get("reason", ""), "seq": one.seq}
        for one in reversed(journal.of("outbreak", found.id))
    ]


def _must_hold(form: forms.Form) -> None:
    if not form.is_valid():
        raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))


def _told(form: forms.Form, fault: Refusal) -> Refusal:
    if fault.field in form.fields and fault.field not in form.errors:
        form.add_error(fault.field, str(fault.message))
    return fault
