"""Numbers of the day in ten seconds: what was told before stands beside each field, zero is one tap, an odd number asks once."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.surveillance import actions, queries
from fangxian.surveillance.charting import CHARTS, LEAST, MOST
from fangxian.surveillance.judging import name_of_method
from fangxian.surveillance.schemas import ReportForm, ReportView, SourceView, UntestedForm
from fangxian.surveillance.wording import amount
from fangxian.web.parts import actor_of, section
from fangxian.web.saying import said

#: Days of a source's reports that are shown beneath the form.
_BACK = timedelta(days=13)
#: Sources on one page of one's own.
_PAGE = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """One field: its name, what it asks, what was told last time, what was typed or told for this day, and its fault."""

    name: str
    label: str
    before: str
    value: str
    fault: str
    required: bool
    decimal: bool


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """The sources for which the reader reports, what is late first."""
    by = actor_of(request)
    by.must("surveillance.report")
    text = request.GET.get("text", "").strip()[:80]
    part, _colon, key = request.GET.get("after", "late:0").rpartition(":")
    after = int(key) if key.isascii() and key.isdecimal() and len(key) < 18 else 0
    found: list[SourceView] = []
    if part == "late":
        found = queries.my_sources(by, late=True, text=text, after=after, limit=_PAGE + 1)
        after = 0 if len(found) <= _PAGE else after
    if len(found) <= _PAGE:
        found += queries.my_sources(by, late=False, text=text, after=after, limit=_PAGE + 1 - len(found))
    shown = found[:_PAGE]
    context = {
        "sources": [(one, _turn(one)) for one in shown], "may_register": by.may("surveillance.edit"), "today": clock.today(),
        "after": f"{'late' if shown[-1].late else 'rest'}:{shown[-1].id}" if len(found) > _PAGE else "",
        "text": text, "further": "after" in request.GET,
    }  # fmt: skip
    return render(request, "web/sources/mine.html", context)


@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest, code: str) -> HttpResponse:
    """One source: the numbers of a day, and those of the last two weeks."""
    by = actor_of(request)
    if request.method == "POST":
        source = queries.source(by, code)
        day = _day(request, source)
        try:
            actions.report(by, _form(request, source, day))
        except Refusal as refusal:
            return _page(request, by, code, refusal)
        messages.success(request, _("Received. Thank you."))
        messages.success(request, f"source-{code}-{day}", extra_tags="draft")
        return redirect(f"{reverse('web:source', args=[code])}?day={day}")
    return _page(request, by, code, None)


@require_GET
def versions(request: HttpRequest, code: str) -> HttpResponse:
    """Every version of the numbers of a day."""
    by = actor_of(request)
    source = queries.source(by, code)
    day = _day(request, source)
    names = {one.key: said(one.name) for one in source.measures}
    rows = [(names.get(one.measure, one.measure), one) for one in queries.versions(by, code, day)]
    back = f"{reverse('web:source', args=[code])}?day={day}"
    return section(
        request, "web/sources/versions.html", {"rows": rows, "day": day}, _("What was told, and when"), (back, said(source.name))
    )  # fmt: skip


@require_POST
def untested(request: HttpRequest, code: str) -> HttpResponse:
    """What became of somebody who was not tested."""
    by = actor_of(request)
    source = queries.source(by, code)
    day = _day(request, source)
    actions.settle_untested(by, code, day, request.POST.get("reference", ""), request.POST.get("what", ""))
    messages.success(request, _("Recorded."))
    return redirect(f"{reverse('web:source', args=[code])}?day={day}")


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _turn(source: SourceView) -> date:
    """The day whose numbers are wanted next."""
    return min(clock.today(), max(source.since, clock.today() - timedelta(days=source.lag)))


def _day(request: HttpRequest, source: SourceView) -> date:
    return _asked(request) or _turn(source)


def _asked(request: HttpRequest) -> date | None:
    text = request.POST.get("day") or request.GET.get("day") or ""
    try:
        found = date.fromisoformat(text) if text else None
        if found is not None and not 2000 <= found.year < 2200:
            raise ValueError
        return found
    except ValueError:
        raise Invalid(_("This is no day."), remedy=_("Choose one from the list."), field="day") from None


def _form(request: HttpRequest, source: SourceView, day: date) -> ReportForm:
    """What was typed. Empty is not told, unless everything else is said to be zero."""
    zero = "zero" in request.POST
    values: dict[str, float] = {}
    for name, measure in _names(source):
        text = request.POST.get(name, "").strip().replace(",", "").replace("，", "")
        if not text and not (zero and not measure.optional):
            continue
        try:
            values[name] = float(text) if text else 0.0
        except ValueError:
            raise Invalid(
                _("“%(value)s” is no number.") % {"value": text[:40]}, remedy=_("Enter figures only; nothing is 0."), field=name
            ) from None  # fmt: skip
    pairs = zip(request.POST.getlist("reference"), request.POST.getlist("why"), strict=False)
    named = tuple(UntestedForm(reference, why) for reference, why in pairs if reference.strip() or why.strip())
    confirmed = request.POST.get("confirmed") == "1"
    return ReportForm(
        source=source.code,
        day=day,
        values=values,
        untested=named,
        confirmed=confirmed,
        reason=request.POST.get("reason", ""),
    )


def _names(source: SourceView) -> list[tuple[str, Any]]:
    """Every field of the form: a measure of the source as a whole, or of each class."""
    return [
        (f"{one.key}:{unit}" if unit else one.key, one) for unit in source.units or ("",) for one in source.measures
    ]


def _page(request: HttpRequest, by: Actor, code: str, refusal: Refusal | None) -> HttpResponse:
    asked = _asked(request) or clock.today()
    today = clock.today()
    last = today if today - asked <= _BACK else asked  # a day long ago is shown with those before it
    sheet = queries.sheet(by, code, min(asked, today) - _BACK, last)
    source, told = sheet.source, sheet.reports
    day = _day(request, source)
    this = next((one for one in told if one.day == day), None)
    before = next((one for one in told if one.day < day and one.values), None)
    may_report = by.may("surveillance.report", source.area, source.organisation_id)
    fields = [_entry(request, name, measure, this, before, refusal) for name, measure in _names(source)]
    width = len(source.measures)
    groups = [(unit, fields[at * width : (at + 1) * width]) for at, unit in enumerate(source.units or ("",))]
    context = {
        "source": source, "day": day, "groups": groups, "this": this, "before": before, "refusal": refusal,
        "typed": request.POST if refusal else {}, "may_report": may_report and source.until is None,
        "may_edit": by.may("surveillance.edit", source.area), "asks": refusal is not None and refusal.code == "implausible",
        "told": [(one, [amount(one.values.get(part.key), part.unit) for part in source.measures]) for one in told],
        "untested": sheet.untested, "counts_untested": any(one.everyone_of for one in source.measures),
        "charts": [(one, name_of_method(one.method), amount(one.usual)) for one in sheet.charts],
        # what is watched anyway first
        "countable": sorted((one for one in source.measures if one.unit == "count"), key=lambda one: not one.watch),
        "methods": [(key, name_of_method(key)) for key in CHARTS], "least": LEAST, "most": MOST,
        "breaks": sheet.breaks, "names": {one.key: one.name for one in source.measures},
        "watch": by.may("surveillance.view", source.area), "today": clock.today(),
        "lines": range(max(1, min(5, this.unnamed if this else 1))),
    }  # fmt: skip
    return render(request, "web/sources/source.html", context, status=refusal.status if refusal else 200)


def _entry(
    request: HttpRequest,
    name: str,
    measure: Any,
    this: ReportView | None,
    before: ReportView | None,
    refusal: Refusal | None,
) -> Entry:
    stored = this.values.get(name) if this else None
    earlier = before.values.get(name) if before else None
    value = request.POST.get(name, "") if refusal else f"{stored:g}" if stored is not None else ""
    mine = refusal is not None and refusal.field in (name, measure.key)
    return Entry(
        name, said(measure.name), f"{earlier:g}" if earlier is not None else "", value,
        str(refusal.message) if mine and refusal else "", not measure.optional, measure.unit != "count",
    )  # fmt: skip
