"""Venue notices (涉疫场所提示): what is published, publishing one, taking one back."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from fangxian.cases import queries as cases
from fangxian.containment.venues import actions, queries
from fangxian.containment.venues.actions import PRIVATE
from fangxian.containment.venues.schemas import VenueForm
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.registry import queries as registry
from fangxian.registry.vocabulary import name, terms
from fangxian.web.cases.forms import DayField
from fangxian.web.duties.evidence import instant
from fangxian.web.parts import number_of
from fangxian.web.zones.places import areas_for

#: Lines at once.
PAGE = 50


class PublishForm(forms.Form):
    """A notice as it is typed; the fields are those of `VenueForm`."""

    outbreak = forms.ChoiceField(label=gettext_lazy("Outbreak"))
    area = forms.ChoiceField(label=gettext_lazy("Lies in"))
    kind = forms.ChoiceField(label=gettext_lazy("Kind of place"))
    name_zh = forms.CharField(label=gettext_lazy("Name of the place, Chinese"), max_length=120)
    name_en = forms.CharField(label=gettext_lazy("Name of the place, English"), max_length=120, required=False)
    from_at = instant(gettext_lazy("From"))
    to_at = instant(gettext_lazy("Until"))
    advice_zh = forms.CharField(
        label=gettext_lazy("What to do, Chinese"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, "data_wide": True}),
    )
    advice_en = forms.CharField(
        label=gettext_lazy("What to do, English"), max_length=300, required=False,
        widget=forms.Textarea(attrs={"rows": 2, "data_wide": True}),
    )  # fmt: skip
    expires_on = DayField(
        label=gettext_lazy("Shown until"),
        required=False,
        help_text=gettext_lazy("Empty: as long as the protocol allows."),
    )

    def __init__(self, by: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(one.code, one.name) for one in cases.outbreaks(by, open_only=True)]
        kinds = [(key, term.name) for key, term in terms("place_kinds").items() if key not in PRIVATE]
        choices: dict[str, list[tuple[str, Any]]] = {
            "outbreak": known, "area": areas_for(by, "venues.publish"), "kind": [("", _("Choose a kind")), *kinds]
        }  # fmt: skip
        for field, offered in choices.items():
            self.fields[field].choices = offered  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The notices, newest first, and the form of another one."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    by.must("venues.view")
    form, refusal = None, None
    if by.may("venues.publish"):
        form = (
            PublishForm(by, request.POST)
            if request.method == "POST"
            else PublishForm(by, initial=_usual() | _given(by, request.GET))
        )
    elif request.method == "POST":
        by.must("venues.publish")
    if request.method == "POST" and form is not None:
        try:
            if not form.is_valid():
                raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
            actions.publish(by, VenueForm(**form.cleaned_data))
        except Refusal as fault:
            refusal = fault
            if fault.field in form.fields and fault.field not in form.errors:
                form.add_error(fault.field, str(fault))
        else:
            messages.success(request, _("Published. It is on the public page now."))
            messages.success(request, "venue", extra_tags="draft")
            return redirect("web:venues")
    return _page(request, by, form, refusal)


@require_POST
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Take a notice back, for a reason."""
    actions.take_back(request.actor, code, request.POST.get("reason", ""))  # type: ignore[attr-defined]
    messages.success(request, _("Withdrawn. The public page shows it no more."))
    return redirect("web:venues")


def _page(request: HttpRequest, by: Actor, form: PublishForm | None, refusal: Refusal | None) -> HttpResponse:
    after = request.GET.get("after", "")
    rows = queries.notices(by, after=number_of(after), limit=PAGE + 1)
    context = {
        "rows": [(one, name("place_kinds", one.kind)) for one in rows[:PAGE]],
        "after": rows[PAGE - 1].id if len(rows) > PAGE else "",
        "form": form,
        "refusal": refusal,
    }
    return render(request, "web/zones/venues.html", context, status=refusal.status if refusal else 200)


def _given(by: Actor, asked: QueryDict) -> dict[str, Any]:
    """What an address says of the notice: a place on record, the outbreak, from when to when (a search for contacts knows them)."""
    told: dict[str, Any] = {name: asked[name] for name in ("outbreak",) if asked.get(name)}
    for when in ("from_at", "to_at"):
        with suppress(ValueError):
            told[when] = datetime.fromisoformat(asked.get(when, "").replace(" ", "+"))
    spot = registry.spots_by_code([asked.get("place", "")]).get(asked.get("place", ""))
    if spot is not None and by.may("venues.publish", spot.area):
        told |= {"kind": spot.kind, "name_zh": spot.name_zh, "name_en": spot.name_en, "area": spot.area}
    return told


def _usual() -> dict[str, str]:
    """What such notices usually ask for, to be changed as the place needs."""
    return {
        "advice_zh": "请于上述时段到过该场所的人员立即向所在社区（村）报告，并按要求进行核酸检测和健康监测。",
        "advice_en": "If you were there in this time, tell your community office now, be tested as it asks, and watch your health.",
    }
