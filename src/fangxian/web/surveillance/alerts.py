"""Alerts: the list, one with its sentence, its contributions and its history, and what is decided about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.cases import queries as cases
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.duties import packs
from fangxian.surveillance import actions, queries
from fangxian.surveillance.fusing import METHOD
from fangxian.surveillance.judging import name_of_method
from fangxian.surveillance.kinds import kinds
from fangxian.surveillance.rules import GRADES
from fangxian.surveillance.schemas import FINDINGS, LABELS, AlertView, Record, RumourForm, SignalView
from fangxian.surveillance.wording import GRADE_NAMES, amount
from fangxian.web.parts import actor_of, number_of
from fangxian.web.saying import said
from fangxian.web.surveillance.overview import place
from fangxian.web.surveillance.series import sparkline
from fangxian.web.zones.places import areas_for

STATES = {
    "raised": gettext_lazy("to be triaged"),
    "verifying": gettext_lazy("being verified"),
    "confirmed": gettext_lazy("confirmed"),
    "dismissed": gettext_lazy("dismissed"),
}
_PAGE = 50


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Every alert, the newest first."""
    by = actor_of(request)
    by.must("surveillance.view")
    given = {name: request.GET.get(name, "") for name in ("state", "grade", "after")}
    state = given["state"] if given["state"] in ("open", *STATES) else ""
    grade = given["grade"] if given["grade"] in GRADES else ""
    after = number_of(given["after"])
    rows = queries.alerts(by, place(request, by), state=state, grade=grade, after=after, limit=_PAGE + 1)
    context = {
        "rows": rows[:_PAGE], "after": rows[_PAGE - 1].id if len(rows) > _PAGE else "", "state": state, "grade": grade,
        "states": STATES, "grades": GRADE_NAMES,
    }  # fmt: skip
    return render(request, "web/surveillance/alerts.html", context)


@require_GET
def page(request: HttpRequest, code: str) -> HttpResponse:
    """One alert."""
    return _shown(request, queries.alert(actor_of(request), code))


@require_POST
def act(request: HttpRequest, code: str, act: str) -> HttpResponse:
    """Triage, verify, confirm or dismiss; where it is refused, the page as it now is with what was typed."""
    by = actor_of(request)
    if act not in _ACTS:
        raise Http404
    work, told = _ACTS[act]
    try:
        work(by, code, request)
    except Refusal as refusal:
        return _shown(request, queries.alert(by, code), act, refusal)
    messages.success(request, str(told))
    messages.success(request, f"alert-{act}-{code}", extra_tags="draft")
    return redirect("web:alert", code)


@require_http_methods(["GET", "POST"])
def heard(request: HttpRequest) -> HttpResponse:
    """What somebody heard, as an alert to be triaged."""
    by = actor_of(request)
    by.must("surveillance.verify")
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            alert = actions.report_rumour(by, _rumour(request))
        except Refusal as fault:
            refusal = fault
        else:
            messages.success(request, _("Entered. The duty officer triages it."))
            messages.success(request, "heard", extra_tags="draft")
            return redirect("web:alert", alert.code)
    context = {"areas": areas_for(by, "surveillance.verify"), "refusal": refusal, "typed": request.POST}
    return render(request, "web/surveillance/heard.html", context, status=refusal.status if refusal else 200)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _shown(request: HttpRequest, view: AlertView, act: str = "", refusal: Refusal | None = None) -> HttpResponse:
    by = actor_of(request)
    counted = [one for one in view.signals if one.evidence > 0]
    strongest = {one.source: one.id for one in sorted(counted, key=lambda one: one.evidence)}
    told = _Contributions(view)
    opened = [one for one in cases.outbreaks(by) if one.alert == view.row.code] if by.may("cases.view") else []
    context = {
        "view": view, "row": view.row, "state": STATES[view.row.state], "grade": GRADE_NAMES[view.row.grade],
        "contributions": [told.of(one) for one in view.signals if strongest.get(one.source) == one.id],
        "others": [told.of(one) for one in view.signals if strongest.get(one.source) != one.id],
        "fused": any(one.method == METHOD for one in counted),
        "less": view.quiet * view.quiet_each, "prior": view.prior * 100,
        "probability": min(99.0, view.row.probability * 100),
        "findings": [(key, name, view.findings.get(key)) for key, name in FINDINGS.items()],
        "labels": LABELS, "label": LABELS.get(view.label), "refusal": refusal, "act": act, "typed": request.POST if refusal else {},
        "outbreaks": cases.outbreaks(by, open_only=True) if "confirm" in view.may and by.may("cases.view") else [],
        "packs": packs.in_force(view.row.area) if "confirm" in view.may else [], "opened": opened,
    }  # fmt: skip
    return render(request, "web/surveillance/alert.html", context, status=refusal.status if refusal else 200)


@dataclass(frozen=True, slots=True)
class _Contribution:
    """What one signal adds: words, the length of its bar from 0 to 100, its share of all that speaks in percent, sixty days drawn."""

    signal: SignalView
    words: str
    how: str
    length: str
    share: float
    record: Record
    drawn: SafeString


class _Contributions:
    """The signals of one alert, each held against the others."""

    def __init__(self, view: AlertView) -> None:
        strongest: dict[str, float] = {}
        for one in view.signals:
            strongest[one.source] = max(strongest.get(one.source, 0.0), one.evidence)
        self.most, self.whole = max(strongest.values(), default=0.0) or 1.0, sum(strongest.values()) or 1.0
        self.records = view.records
        self.sparks = {(one.source, one.measure): one for one in view.sparks}

    def of(self, signal: SignalView) -> _Contribution:
        spark = self.sparks.get((signal.source, signal.measure))
        return _Contribution(
            signal, _words(signal), _how(signal), f"{100 * signal.evidence / self.most:.1f}", 100 * signal.evidence / self.whole,
            self.records.get(signal.source, Record()), sparkline(spark) if spark else SafeString(""),
        )  # fmt: skip


def _words(signal: SignalView) -> str:
    """What was seen, and what was expected."""
    if signal.kind in ("late", "silent"):
        return _("%(n)s reports in a row have not come") % {"n": int(signal.observed or 0)}
    measure = kinds()[signal.source_kind].measures.get(signal.measure)
    unit = measure.unit if measure else "count"
    words = _("%(name)s %(seen)s") % {"name": said(signal.measure_name), "seen": amount(signal.observed, unit)}
    if signal.expected is not None and signal.upperbound is None:
        words += _(" (expected %(expected)s)") % {"expected": amount(signal.expected, unit)}
    elif signal.expected is not None:
        words += _(" (expected %(expected)s, bound %(bound)s)") % {
            "expected": amount(signal.expected, unit), "bound": amount(signal.upperbound, unit)
        }  # fmt: skip
    return words


def _how(signal: SignalView) -> str:
    """By which method, in words."""
    if signal.method == METHOD:
        return _("held against its usual days and the other sources")
    if signal.kind == "threshold":
        return _("a threshold of the protocol %(name)s") % {"name": signal.method.partition("@")[0]}
    if signal.kind in ("excess", "chart"):
        return str(said(name_of_method(signal.method.partition(" ")[0])))
    return _("by the calendar of its reports")


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Invalid(_("The form is damaged."), remedy=_("Reload the page and enter it again."))
    return int(text)


def _triage(by: Actor, code: str, request: HttpRequest) -> None:
    actions.triage_alert(by, code, _version(request), request.POST.get("reason", ""))


def _verify(by: Actor, code: str, request: HttpRequest) -> None:
    findings: dict[str, Any] = {}
    for key in FINDINGS:
        text = request.POST.get(key, "").strip()
        number = key in ("ill", "severe", "dead", "samples") and text.isascii() and text.isdecimal() and len(text) < 10
        findings[key] = int(text) if number else text
    actions.verify_alert(by, code, _version(request), findings)


def _confirm(by: Actor, code: str, request: HttpRequest) -> None:
    given = {name: request.POST.get(name, "") for name in ("outbreak", "pack", "name_zh", "name_en")}
    if given["outbreak"]:
        cases.outbreak(by, given["outbreak"])
    actions.confirm_alert(by, code, _version(request), request.POST.get("assessment", ""), **given)


def _dismiss(by: Actor, code: str, request: HttpRequest) -> None:
    actions.dismiss_alert(by, code, _version(request), request.POST.get("label", ""), request.POST.get("reason", ""))


_ACTS: Mapping[str, tuple[Callable[[Actor, str, HttpRequest], None], Any]] = {
    "triage": (_triage, gettext_lazy("It goes to the field. Whoever investigates has it among their duties.")),
    "verify": (_verify, gettext_lazy("Recorded. The duty officer decides.")),
    "confirm": (_confirm, gettext_lazy("Confirmed. The outbreak takes it on.")),
    "dismiss": (_dismiss, gettext_lazy("Dismissed, and kept as a label.")),
}


def _rumour(request: HttpRequest) -> RumourForm:
    numbers: dict[str, int | None] = {}
    for name in ("ill", "dead"):
        text = request.POST.get(name, "").strip()
        if text and not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise Invalid(
                _("“%(value)s” is no number.") % {"value": text[:40]}, remedy=_("Enter figures only; nothing is 0."), field=name
            )  # fmt: skip
        numbers[name] = int(text) if text else None
    area = request.POST.get("area", "")
    if not area:
        raise Invalid(_("Say where."), remedy=_("Choose a place."), field="area")
    return RumourForm(
        area=area, told=request.POST.get("told", ""), heard_from=request.POST.get("heard_from", ""), **numbers
    )  # fmt: skip
