"""The daily reports (疫情日报): their list, one as it will go on paper, its remarks, its signature, its corrections, its files."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from fangxian.command.situation import actions, files, narrative, paper, queries
from fangxian.command.situation.schemas import SitrepView
from fangxian.core.errors import Conflict, Invalid, Refusal
from fangxian.web.cases.forms import DayField
from fangxian.web.parts import actor_of
from fangxian.web.saying import chinese, said
from fangxian.web.situation import showing


class RemarksForm(forms.Form):
    """What a person adds to the figures."""

    remarks_zh = forms.CharField(
        label=gettext_lazy("Remarks in Chinese"), required=False, max_length=actions.LONGEST,
        widget=forms.Textarea(attrs={"rows": 5, "lang": "zh-CN", "data_wide": "1"}),
    )  # fmt: skip
    remarks_en = forms.CharField(
        label=gettext_lazy("Remarks in English"), required=False, max_length=actions.LONGEST,
        widget=forms.Textarea(attrs={"rows": 5, "lang": "en", "data_wide": "1"}),
    )  # fmt: skip
    is_public = forms.BooleanField(
        label=gettext_lazy("Once signed, its public figures may be told to everybody"), required=False
    )
    edition = forms.IntegerField(widget=forms.HiddenInput)


class DraftForm(forms.Form):
    """Which day of which place."""

    day = DayField(label=gettext_lazy("Day"))
    area = forms.ChoiceField(label=gettext_lazy("Place"))

    def __init__(self, places: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].choices = places  # type: ignore[attr-defined]


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The newest day first; on top, for whoever may, drafting one that is not there."""
    by = actor_of(request)
    by.must("situation.view")
    rows = queries.sitreps(by)
    places = queries.places_to_report(by)
    context = {
        "rows": [(row, _words(row.state)) for row in rows],
        "form": DraftForm(places) if places else None,
    }
    return render(request, "web/situation/reports.html", context)


@require_POST
def draft(request: HttpRequest) -> HttpResponse:
    """Draft the report of a day, or open the one that there is."""
    by = actor_of(request)
    form = DraftForm(queries.places_to_report(by), request.POST)
    if not form.is_valid():
        raise Invalid(
            _("Not complete yet."), remedy=_("Choose a place, and give the day as year, month, day."), field="day"
        )
    found = queries.situation(
        by, outbreak=request.POST.get("outbreak", ""), area=form.cleaned_data["area"], day=form.cleaned_data["day"]
    )
    made = actions.draft(by, found.outbreak, found.area, found.day)
    return redirect("web:sitrep", made.code)


@require_GET
def one(request: HttpRequest, code: str) -> HttpResponse:
    """The report with its numbers linked to what they mean."""
    return _page(request, queries.sitrep(actor_of(request), code))


@require_POST
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Save the remarks of a draft. What was typed stays typed where it is refused."""
    by = actor_of(request)
    form = RemarksForm(request.POST)
    if not form.is_valid():
        return _page(request, queries.sitrep(by, code), form=form, status=422)
    given = dict(form.cleaned_data)
    try:
        actions.remark(by, code, given.pop("edition"), **given)
    except Conflict as refusal:
        return _page(request, queries.sitrep(by, code), form=form, refusal=refusal, status=refusal.status)
    messages.success(request, _("Saved."))
    messages.success(request, f"sitrep-{code}", extra_tags="draft")
    return redirect("web:sitrep", code)


@require_POST
def refresh(request: HttpRequest, code: str) -> HttpResponse:
    """Count the figures of a draft anew."""
    return _done(
        request, code, lambda by: actions.refresh(by, code, _edition(request)), _("The figures were counted anew.")
    )


@require_POST
def sign(request: HttpRequest, code: str) -> HttpResponse:
    """Sign the draft as it was read."""
    return _done(
        request, code, lambda by: actions.sign(by, code, _edition(request)), _("Signed. It does not change any more.")
    )


@require_POST
def correct(request: HttpRequest, code: str) -> HttpResponse:
    """Begin a new version of a signed report."""
    by = actor_of(request)
    reason = request.POST.get("reason", "")
    try:
        made = actions.reissue(by, code, reason)
    except Refusal as refusal:
        if refusal.status not in (409, 422):
            raise
        return _page(request, queries.sitrep(by, code), refusal=refusal, reason=reason, status=refusal.status)
    messages.success(request, _("A new version was begun. Say in its remarks what readers should know, then sign it."))
    return redirect("web:sitrep", made.code)


@require_GET
def file(request: HttpRequest, code: str, language: str, form: str) -> HttpResponse:
    """The report as a file: of a signed one, always the same bytes."""
    by = actor_of(request)
    made = files.produce(by, code, language, form)
    told = queries.sitrep(by, code).row
    answer = HttpResponse(made, content_type=paper.FORMS[form][1])
    name = f"sitrep-{told.area or 'all'}-{told.day:%Y%m%d}-v{told.version}-{language}.{form}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private, no-store"
    return answer


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _edition(request: HttpRequest) -> int:
    given = request.POST.get("edition", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0


def _done(request: HttpRequest, code: str, act: Any, words: str) -> HttpResponse:
    by = actor_of(request)
    try:
        act(by)
    except Conflict as refusal:
        return _page(request, queries.sitrep(by, code), refusal=refusal, status=refusal.status)
    messages.success(request, words)
    return redirect("web:sitrep", code)


def _page(
    request: HttpRequest, view: SitrepView, *, form: RemarksForm | None = None, refusal: Refusal | None = None,
    reason: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    told = view.situation
    typed = form or RemarksForm(
        initial={
            "remarks_zh": view.remarks_zh, "remarks_en": view.remarks_en, "is_public": view.row.is_public, "edition": view.row.edition,
        }
    )  # fmt: skip
    own, other = (view.remarks_zh, view.remarks_en) if chinese() else (view.remarks_en, view.remarks_zh)
    context: dict[str, Any] = {
        "view": view,
        "row": view.row,
        "told": told,
        "state": _words(view.row.state),
        "title": narrative.heading(told, chinese()),
        "until": narrative.cut_off(told, chinese()),
        "paragraphs": [showing.sentence(one) for one in narrative.paragraphs(told, chinese())],
        "remarks": own or other,
        "curve": showing.curve(told, "onset"),
        "small_curve": showing.curve(told, "onset", "small", width=showing.NARROW),
        "days": showing.table_of_days(told, "onset"),
        "classes": [said(text) for _key, text in told.classes],
        "parts": showing.parts(told, ""),
        "form": typed,
        "refusal": refusal,
        "reason": reason,
        "files": [
            (language, name, form) for language, name in (("zh", "中文"), ("en", "English")) for form in paper.FORMS
        ],
    }
    return render(request, "web/situation/report.html", context, status=status)


def _words(state: str) -> tuple[str, str, str]:
    """A state in words, with its tone and picture."""
    return {
        "draft": (_("draft"), "soon", "edit"),
        "signed": (_("signed"), "good", "check"),
        "replaced": (_("replaced by a later version"), "calm", "waived"),
    }[state]
