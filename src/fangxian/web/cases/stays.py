"""Stays on an activity track: entered, corrected, moved by dragging, taken off; each with its reason, on the version that was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.core import ids
from fangxian.core.errors import Conflict, Invalid, NotFound, Refusal
from fangxian.registry import levels, vocabulary
from fangxian.registry import queries as registry
from fangxian.tracing import actions, queries
from fangxian.tracing.desk import SOURCES
from fangxian.tracing.schemas import Stay, StayForm, Track
from fangxian.web.cases.track_map import board, features
from fangxian.web.cases.tracks import lay_out, wall
from fangxian.web.duties.evidence import instant
from fangxian.web.maps import geojson
from fangxian.web.parts import actor_of, fragment, number_of, section
from fangxian.web.saying import SOURCE_NAMES, said

#: How many places are suggested.
SUGGESTED = 12
#: Between the name of a place and its code, where a suggestion was taken.
_MARK = " · "


class TrackStayForm(forms.Form):
    """A stay as somebody writes it down."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    where = forms.CharField(
        label=gettext_lazy("Where"), max_length=180,
        help_text=gettext_lazy("Choose a place that is suggested, or describe it: street, shop, floor, seat."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "places", "data_wide": True}),
    )  # fmt: skip
    place_kind = forms.ChoiceField(label=gettext_lazy("Kind of place"), required=False)
    from_at = instant(gettext_lazy("From"))
    to_at = instant(gettext_lazy("To"), required=False)
    with_whom = forms.CharField(label=gettext_lazy("With whom"), required=False, max_length=200)
    masked = forms.TypedChoiceField(
        label=gettext_lazy("Wore a mask"), required=False, coerce=lambda value: value == "yes", empty_value=None,
        choices=[("", gettext_lazy("not known")), ("yes", gettext_lazy("yes")), ("no", gettext_lazy("no"))],
    )  # fmt: skip
    source = forms.ChoiceField(label=gettext_lazy("Known from"), initial="interview")
    reason = forms.CharField(
        label=gettext_lazy("Reason"), min_length=2, max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, "data_wide": True}),
        help_text=gettext_lazy("One sentence; it stays on record."),
    )  # fmt: skip

    def __init__(self, *args: Any, fresh: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: dict[str, Any] = {
            "place_kind": [
                ("", _("not known")),
                *((key, said(one)) for key, one in vocabulary.terms("place_kinds").items()),
            ],
            "source": [(key, SOURCE_NAMES[key]) for key in SOURCES],
        }
        for name, values in choices.items():
            self.fields[name].choices = values  # type: ignore[attr-defined]
        if fresh:
            self.fields["reason"].help_text = _(
                "How it became known; it stays on record. The next stay is offered the same."
            )

    def stay(self, known: Stay | None = None) -> StayForm:
        """The stay that is to be saved. A point on the map stays with the place that it was known for."""
        given = self.cleaned_data
        text, code = place_of(given["where"])
        same = known is not None and (known.place, known.place_name) == (code, text if not code else known.place_name)
        return StayForm(
            from_at=given["from_at"], to_at=given["to_at"], place=code, place_text="" if code else text,
            place_kind=given["place_kind"], with_whom=given["with_whom"], masked=given["masked"], source=given["source"],
            lon=known.lon if known and same and not code else None, lat=known.lat if known and same and not code else None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moved:
    """A stay that was dragged and could not be saved: what was wanted, and why not."""

    stay: Stay | None
    from_at: str
    to_at: str
    reason: str
    refusal: Refusal


@require_GET
def track(request: HttpRequest, code: str) -> HttpResponse:
    """Where the case was, by the hour, and of which hours nobody knows."""
    return _track(request, code)


@require_GET
def track_map(request: HttpRequest, code: str) -> HttpResponse:
    """The track as features of a map."""
    return geojson(features(queries.track(actor_of(request), code)))


@require_POST
def move(request: HttpRequest, code: str) -> HttpResponse:
    """New times of a stay, as they were dragged; place and company stay what they are."""
    by, given = actor_of(request), request.POST
    found = queries.track(by, code)
    stay = _stay(found, given.get("stay", ""))
    try:
        times = MoveForm(given)
        if not times.is_valid():
            raise Invalid(
                _("Not complete yet."), remedy=_("Give both times and a reason."), field=next(iter(times.errors))
            )
        wanted = times.cleaned_data
        form = StayForm(
            from_at=wanted["from_at"], to_at=wanted["to_at"], place=stay.place,
            place_text="" if stay.place else stay.place_name, place_kind=stay.place_kind, with_whom=stay.with_whom,
            masked=stay.masked, source=stay.source, lon=None if stay.place else stay.lon, lat=None if stay.place else stay.lat,
        )  # fmt: skip
        actions.edit_stay(by, stay.id, form, wanted["reason"], wanted["version"])
    except Refusal as refusal:
        moved = Moved(stay, given.get("from_at", ""), given.get("to_at", ""), given.get("reason", ""), refusal)
        return _track(request, code, moved)
    if not fragment(request):
        messages.success(request, _("Saved."))
        return redirect("web:case_track", code)
    return _track(request, code, saved=True)


class MoveForm(forms.Form):
    """What dragging sends."""

    from_at = instant("")
    to_at = instant("", required=False)
    reason = forms.CharField(min_length=2, max_length=300)
    version = forms.IntegerField()


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, code: str) -> HttpResponse:
    """Enter a stay."""
    by = actor_of(request)
    queries.track(by, code)
    initial = {name: request.GET[name] for name in ("from_at", "to_at") if name in request.GET}
    initial["reason"] = request.session.get(f"stay-reason-{code}", "")
    form = TrackStayForm(request.POST or None, fresh=True, initial=initial)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            _must_hold(form)
            actions.add_stay(by, code, form.stay(), form.cleaned_data["reason"])
        except Refusal as fault:
            refusal = told(form, fault)
        else:
            request.session[f"stay-reason-{code}"] = form.cleaned_data["reason"]
            messages.success(request, _("Added to the track."))
            messages.success(request, f"stay-{code}-new", extra_tags="draft")
            return redirect("web:case_track", code)
    return _form_page(request, code, form, refusal)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, code: str, stay_id: int) -> HttpResponse:
    """Correct a stay. Whoever saves second sees what the first one saved, and loses nothing."""
    by = actor_of(request)
    stay = _stay(queries.track(by, code), str(stay_id))
    form = TrackStayForm(request.POST or None, fresh=False, initial=values(stay))
    refusal: Refusal | None = None
    theirs: list[tuple[str, str, str]] = []
    if request.method == "POST":
        try:
            _must_hold(form)
            actions.edit_stay(by, stay_id, form.stay(stay), form.cleaned_data["reason"], form.cleaned_data["version"])
        except Refusal as fault:
            refusal = told(form, fault)
            if isinstance(fault, Conflict) and fault.code == "stale":
                theirs = differing(form, values(stay))
                form.data = form.data.copy()  # type: ignore[attr-defined]
                form.data["version"] = stay.version  # type: ignore[index]
        else:
            messages.success(request, _("Saved."))
            messages.success(request, f"stay-{code}-{stay_id}", extra_tags="draft")
            return redirect("web:case_track", code)
    return _form_page(request, code, form, refusal, stay, theirs)


@require_POST
def remove(request: HttpRequest, code: str, stay_id: int) -> HttpResponse:
    """Take a stay off the track, with the reason."""
    by = actor_of(request)
    stay = _stay(queries.track(by, code), str(stay_id))
    version = request.POST.get("version", "")
    try:
        actions.remove_stay(
            by,
            stay_id,
            request.POST.get("reason", ""),
            number_of(version),
        )
    except Refusal as refusal:
        form = TrackStayForm(fresh=False, initial=values(stay))
        return _form_page(request, code, form, refusal, stay, removing=request.POST.get("reason", ""))
    messages.success(request, _("Taken off the track; the journal keeps it."))
    messages.success(request, f"unstay-{stay_id}", extra_tags="draft")
    return redirect("web:case_track", code)


@require_GET
def places(request: HttpRequest, code: str) -> HttpResponse:
    """Places on record whose name holds what was typed, those of the case's city."""
    by = actor_of(request)
    area = queries.track(by, code).area
    text = request.GET.get("where", "") or request.GET.get("place", "")
    found = registry.places(levels.at_level(area, "city"), text=text, limit=SUGGESTED) if len(text.strip()) > 1 else []
    names = registry.short_area_names({one.area for one in found})
    options = [(f"{said(one)}{_MARK}{one.code}", names[one.area]) for one in found]
    return render(request, "web/cases/options.html", {"options": options})


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def place_of(text: str) -> tuple[str, str]:
    """What was written of a place, and its code where a suggestion was taken: “渔港市场 · 7K2M9QXTB4”."""
    name, _mark, code = text.strip().rpartition(_MARK)
    code = ids.normalise_code(code)
    return (name, code) if name and ids.is_code(code) else (text.strip(), "")


def place_said(name: str, code: str) -> str:
    """The same the other way round."""
    return f"{name}{_MARK}{code}" if code else name


def values(stay: Stay) -> dict[str, Any]:
    """A stay as its form has it."""
    return {
        "version": stay.version, "where": place_said(stay.place_name, stay.place), "place_kind": stay.place_kind,
        "from_at": stay.from_at, "to_at": stay.to_at, "with_whom": stay.with_whom,
        "masked": {True: "yes", False: "no", None: ""}[stay.masked], "source": stay.source,
    }  # fmt: skip


def differing(form: forms.Form, now: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Fields in which the form differs from what is on record: name, on record, entered; in words."""
    rows = []
    for bound in form.visible_fields():
        if bound.name in now:
            mine, theirs = _words(bound, bound.value()), _words(bound, now[bound.name])
            if mine != theirs:
                rows.append((str(bound.label), theirs or "–", mine or "–"))
    return rows


def _words(bound: forms.BoundField, value: Any) -> str:
    if hasattr(value, "astimezone"):
        return wall(value).replace("T", " ")
    for key, label in getattr(bound.field, "choices", ()):
        if key == value:
            return str(label) if key else ""
    return str(value or "").replace("T", " ")


def told(form: forms.Form, fault: Refusal) -> Refusal:
    """Say a refusal at its field too, where the form has it."""
    field = {"place": "where", "place_text": "where"}.get(fault.field, fault.field)
    if field in form.fields and field not in form.errors and fault.code != "stale":
        form.add_error(field, str(fault.message))
    return fault


def _must_hold(form: forms.Form) -> None:
    if not form.is_valid():
        raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))


def _stay(found: Track, wanted: str) -> Stay:
    stay = next((one for one in found.stays if str(one.id) == wanted), None)
    if stay is None:
        raise NotFound(_("There is no such stay."), remedy=_("Somebody may have taken it off the track meanwhile."))
    return stay


def _track(request: HttpRequest, code: str, moved: Moved | None = None, *, saved: bool = False) -> HttpResponse:
    by = actor_of(request)
    found = queries.track(by, code)
    context = {
        "track": found,
        "drawing": lay_out(found),
        "board": board(found),
        "part_map": True,
        "code": found.case,
        "may_edit": by.may("tracing.investigate", found.area),
        "moved": moved,
        "saved": saved,
        "part_js": ["web/js/track.js"],
        "part_css": ["web/css/investigation.css"],
    }
    answer = section(
        request, "web/cases/track.html", context, _("Activity track"), (reverse("web:case", args=[code]), code)
    )
    answer.status_code = moved.refusal.status if moved else 200
    return answer


def _form_page(
    request: HttpRequest, code: str, form: TrackStayForm, refusal: Refusal | None, stay: Stay | None = None,
    theirs: Any = (), removing: str | None = None,
) -> HttpResponse:  # fmt: skip
    context = {"form": form, "refusal": refusal, "code": code, "stay": stay, "theirs": theirs, "removing": removing}
    return render(request, "web/cases/stay.html", context, status=refusal.status if refusal else 200)
