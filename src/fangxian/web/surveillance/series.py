"""Series: a table that stays readable at five hundred, one of them with its bounds and alarms, and each figure as a file."""

import math
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from fangxian.command.situation.paper.pdf import as_png
from fangxian.core.access import Actor
from fangxian.core.errors import NotFound
from fangxian.drawing import Words
from fangxian.surveillance import drawing, queries
from fangxian.surveillance.judging import name_of_method
from fangxian.surveillance.kinds import Measure, kinds
from fangxian.surveillance.schemas import Judgement, SourceView, Spark
from fangxian.surveillance.wording import amount
from fangxian.web.imports.files import sent
from fangxian.web.parts import actor_of, fragment
from fangxian.web.saying import chinese, said
from fangxian.web.surveillance.overview import place

#: Sources whose series are on one page.
_PAGE = 40


@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """Every watched series as a line: what is newest, what is usual, the last sixty days drawn."""
    by = actor_of(request)
    by.must("surveillance.view")
    area, of = place(request, by), request.GET.get("kind", "")
    of = of if of in kinds() else ""
    marked = request.GET.get("signals") == "1"
    after = request.GET.get("after", "")
    start = int(after) if after.isascii() and after.isdecimal() and len(after) < 18 else 0
    found = queries.sparks(by, area, kind=of, signals_only=marked, after=start, limit=_PAGE)
    lines = [
        (
            one,
            amount(one.latest, one.unit),
            amount(one.usual, one.unit),
            sparkline(one),
        )
        for one in found
    ]
    last = max((one.source_id for one in found), default=0)
    full = len({one.source_id for one in found}) == _PAGE
    query = request.GET.copy()
    for name in ("after", "part"):
        query.pop(name, None)
    context: dict[str, Any] = {
        "lines": lines, "area": area, "kind": of, "marked": marked, "after": last if full else "", "query": query.urlencode(),
        "kinds": [(key, one.name) for key, one in kinds().items() if one.watched],
    }  # fmt: skip
    part = "web/surveillance/lines.html" if fragment(request, "more") else "web/surveillance/series.html"
    return render(request, part, context)


@require_GET
def one(request: HttpRequest, code: str, measure: str) -> HttpResponse:
    """One series with its bound and its alarms."""
    by = actor_of(request)
    source, of, judged = _read(by, code, measure)
    days = list(
        zip(
            judged.series.days.tolist(),
            judged.series.values,
            judged.expected,
            judged.upperbound,
            judged.alarm,
            strict=True,
        )
    )
    rows = [
        (at, amount(value, of.unit), amount(expected, of.unit), amount(upper, of.unit), int(alarm))
        for at, value, expected, upper, alarm in reversed(days[-28:])
    ]
    context = {
        "source": source, "measure": of, "judged": judged, "chart": mark_safe(_drawn(source, of, judged)),
        "method": name_of_method(judged.method) if judged.method else None, "rows": rows,
        "breaks": [row for row in queries.breaks(by, code) if row.measure in (measure, *of.parts)],
        "others": [other for other in source.kind.measures.values() if other.key != measure and _told(source, other)],
    }  # fmt: skip
    return render(request, "web/surveillance/one.html", context)


@require_GET
def download(request: HttpRequest, code: str, measure: str, form: str) -> HttpResponseBase:
    """The figure as SVG or PNG, the numbers as CSV, each with its method and parameters."""
    source, of, judged = _read(actor_of(request), code, measure)
    name = f"{source.code}-{measure}"
    if form == "csv":
        return _csv(name, judged)
    drawn = _drawn(source, of, judged)
    if form == "svg":
        answer = HttpResponse(drawn, content_type="image/svg+xml")
    elif form == "png":
        answer = HttpResponse(as_png(drawn, f"{said(source.name)} {said(of.name)}"), content_type="image/png")
    else:
        raise NotFound(_("There is no such file."))
    answer["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return answer


def sparkline(one: Spark) -> SafeString:
    """Sixty days of a series at a glance."""
    label = _("%(name)s, the last 60 days: newest %(newest)s, usual %(usual)s, %(n)s signals") % {
        "name": said(one.measure_name), "newest": amount(one.latest, one.unit), "usual": amount(one.usual, one.unit),
        "n": len(one.signals),
    }  # fmt: skip
    return mark_safe(drawing.sparkline(one.days, one.values, one.signals, label))


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(by: Actor, code: str, measure: str) -> tuple[SourceView, Measure, Judgement]:
    source = queries.source(by, code)
    judged = queries.judged(by, code, measure)
    return source, source.kind.measures[measure], judged


def _told(source: SourceView, of: Measure) -> bool:
    """Whether the source reports a number, or all from which it is computed."""
    return set(of.parts) <= {one.key for one in source.measures}


def _drawn(source: SourceView, of: Measure, judged: Judgement) -> str:
    alarms = int((judged.alarm == 1).sum())
    told = _("%(n)s alarms by %(method)s.") % {"n": alarms, "method": judged.parameters or "–"}
    words = Words(f"{said(source.name)} · {said(of.name)}", told, "", "", chinese())
    legend = drawing.Legend(_("told"), _("expected"), _("upper bound"), _("alarm"))
    return drawing.chart(judged, words, legend, of.unit)


def _csv(name: str, judged: Judgement) -> FileResponse:
    series = judged.series
    rows = [
        (
            series.source, series.measure, at.isoformat(), _number(value), _number(expected), _number(upper),
            {1: "true", 0: "false"}.get(int(alarm), ""), judged.parameters,
        )
        for at, value, expected, upper, alarm in zip(
            series.days.tolist(), series.values, judged.expected, judged.upperbound, judged.alarm, strict=True
        )
    ]  # fmt: skip
    columns = ("source", "measure", "date", "observed", "expected", "upperbound", "alarm", "method")
    return sent(f"{name}.csv", columns, rows)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
