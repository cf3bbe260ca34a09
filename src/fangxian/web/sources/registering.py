"""Registering a source, noting what its series mean from a day on, its holidays, its end."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.registry import queries as registry
from fangxian.surveillance import actions, queries
from fangxian.surveillance.kinds import kinds
from fangxian.surveillance.schemas import SourceForm
from fangxian.web.cases.forms import DayField
from fangxian.web.parts import actor_of
from fangxian.web.saying import said
from fangxian.web.zones.places import areas_for

RHYTHMS = {
    "": gettext_lazy("as usual for its kind"),
    "daily": gettext_lazy("every day"),
    "workdays": gettext_lazy("on working days"),
    "weekly": gettext_lazy("once a week"),
    "none": gettext_lazy("when something happens"),
}
WEEKDAYS = (
    gettext_lazy("Monday"), gettext_lazy("Tuesday"), gettext_lazy("Wednesday"), gettext_lazy("Thursday"), gettext_lazy("Friday"),
    gettext_lazy("Saturday"), gettext_lazy("Sunday"),
)  # fmt: skip


class RegisterForm(forms.Form):
    """A source as it is typed."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind of source"))
    area = forms.ChoiceField(label=gettext_lazy("Lies in"))
    organisation = forms.ChoiceField(label=gettext_lazy("Who reports"))
    name_zh = forms.CharField(label=gettext_lazy("Name, Chinese"), max_length=120)
    name_en = forms.CharField(label=gettext_lazy("Name, English"), max_length=120, required=False)
    rhythm = forms.ChoiceField(label=gettext_lazy("Reports"), required=False, choices=list(RHYTHMS.items()))
    due = forms.TimeField(
        label=gettext_lazy("By"), required=False, widget=forms.TimeInput(attrs={"type": "time"}),
        help_text=gettext_lazy("Empty: the hour that is usual for its kind."),
    )  # fmt: skip
    weekday = forms.ChoiceField(
        label=gettext_lazy("Day of a weekly report"), required=False, choices=[(str(at), name) for at, name in enumerate(WEEKDAYS)]
    )  # fmt: skip
    since = DayField(
        label=gettext_lazy("Its series begin on"), required=False,
        help_text=gettext_lazy("Earlier than today if it brings a history with it."),
    )  # fmt: skip
    units = forms.CharField(
        label=gettext_lazy("Classes or wards"), required=False, widget=forms.Textarea(attrs={"rows": 2, "data_wide": True}),
        help_text=gettext_lazy("One a line; only for schools."),
    )  # fmt: skip

    def __init__(self, by: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area = next(iter(by.areas("surveillance.edit")), "")
        bodies = registry.organisations(area, limit=500)
        choices: dict[str, list[tuple[str, Any]]] = {
            "kind": [(key, said(one.name)) for key, one in kinds().items()],
            "area": areas_for(by, "surveillance.edit"),
            "organisation": [(str(one.pk), said(one)) for one in bodies],
        }
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """The form of another source."""
    by = actor_of(request)
    by.must("surveillance.edit")
    form, refusal = RegisterForm(by, request.POST or None), None
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
            source = actions.register_source(by, _source(form.cleaned_data))
        except Refusal as fault:
            refusal = fault
            if fault.field in form.fields and fault.field not in form.errors:
                form.add_error(fault.field, str(fault))
        else:
            messages.success(request, _("Registered. What it owes from today on is a duty of whoever reports."))
            messages.success(request, "source-new", extra_tags="draft")
            return redirect("web:source", source.code)
    context = {"form": form, "refusal": refusal}
    return render(request, "web/sources/new.html", context, status=refusal.status if refusal else 200)


@require_POST
def note_break(request: HttpRequest, code: str) -> HttpResponse:
    """From a day on a series means something else."""
    day = _day(request, "day")
    actions.note_break(actor_of(request), code, request.POST.get("measure", ""), day, request.POST.get("note", ""))
    messages.success(request, _("Noted. What lies before is no baseline for what comes after."))
    return redirect("web:source", code)


@require_POST
def choose_chart(request: HttpRequest, code: str) -> HttpResponse:
    """How often a series may alarm by chance, and by which control chart; without one as is usual for its kind."""
    by, method = actor_of(request), request.POST.get("method", "")
    text = request.POST.get("run_length", "").strip()
    if method and not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise Invalid(
            _("“%(value)s” is no number of reports.") % {"value": text[:20]}, remedy=_("Enter figures only, such as 365."),
            field="run_length",
        )  # fmt: skip
    if method:
        actions.choose_chart(by, code, request.POST.get("measure", ""), method, int(text))
        messages.success(request, _("The chart has learnt what is usual, and watches from now on."))
    else:
        actions.drop_chart(by, code, request.POST.get("measure", ""))
        messages.success(request, _("Watched as is usual for its kind."))
    return redirect("web:source", code)


@require_POST
def close(request: HttpRequest, code: str) -> HttpResponse:
    """Days without reports: holidays, repairs."""
    by = actor_of(request)
    source = queries.source(by, code)
    days = (_day(request, "first"), _day(request, "last"))
    actions.change_source(by, code, {"closures": (*source.closures, days)}, source.version)
    messages.success(request, _("Noted. Nothing is owed on these days."))
    return redirect("web:source", code)


@require_POST
def retire(request: HttpRequest, code: str) -> HttpResponse:
    """The end of a source, with the reason."""
    actions.retire_source(actor_of(request), code, request.POST.get("reason", ""))
    messages.success(request, _("Ended. Its numbers stay on record."))
    return redirect("web:source", code)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _source(typed: dict[str, Any]) -> SourceForm:
    units = tuple(line.strip() for line in typed["units"].splitlines() if line.strip())
    return SourceForm(
        kind=typed["kind"], area=typed["area"], organisation=int(typed["organisation"]), name_zh=typed["name_zh"],
        name_en=typed["name_en"], rhythm=typed["rhythm"], due=typed["due"], weekday=int(typed["weekday"] or 0), since=typed["since"],
        units=units,
    )  # fmt: skip


def _day(request: HttpRequest, name: str) -> date:
    try:
        return date.fromisoformat(request.POST.get(name, ""))
    except ValueError:
        raise Invalid(_("This is no day."), remedy=_("Choose one from the list."), field=name) from None
