"""The page of risk from outside: what our own ports lead to expect, and what a table of places does, given as a file or typed."""

import tempfile
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fangxian.analytics.errors import AnalysisError
from fangxian.analytics.importation import read_origins
from fangxian.command.trend.importation import MOST, Expected, ImportationRisk, from_ports, refusal, risk
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.web.imports.files import sent
from fangxian.web.parts import actor_of
from fangxian.web.saying import said

_MOST_BYTES = 2 * 1024 * 1024
#: What stands in the empty field, to be written over.
EXAMPLE = "place,cases,population,travellers,detected\n"


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponseBase:
    """What may be brought in within a week, from our own ports, and from the places of a table."""
    by = actor_of(request)
    by.must("situation.view")
    fault: Refusal | None = None
    found: ImportationRisk | None = None
    if request.method == "POST":
        try:
            found = _asked(by, request)
        except Refusal as refused:
            fault = refused
        else:
            if request.POST.get("form") == "csv":
                return _csv(found)
    ports = from_ports(by, request.GET.get("area"))
    context = {
        "ports": _drawn(ports), "ports_total": ports.total, "since": ports.since, "found": _drawn(found) if found else [],
        "total": found.total if found else None, "refusal": fault, "typed": request.POST.get("table", "") or EXAMPLE,
        "table": request.POST.get("table", ""),
    }  # fmt: skip
    return render(request, "web/trend/importation.html", context, status=fault.status if fault else 200)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _asked(by: Actor, request: HttpRequest) -> ImportationRisk:
    """The risk by the table that was sent. The file, where there is one, counts before what was typed."""
    file, typed = request.FILES.get("file"), request.POST.get("table", "")
    if isinstance(file, UploadedFile) and file.size:
        if file.size > _MOST_BYTES:
            raise Invalid(_("This file is larger than 2 MB."), remedy=_("Send it in parts."), field="file")
        name, content = Path(file.name or "").name, b"".join(file.chunks())
    elif typed.strip() and typed.strip() != EXAMPLE.strip():
        name, content = _("table"), typed.strip().replace("\r\n", "\n").encode() + b"\n"
    else:
        raise Invalid(_("There is no table."), remedy=_("Choose a file, or write a line a place."), field="table")
    with tempfile.TemporaryDirectory(prefix="fangxian-origins-") as folder:
        path = Path(folder) / ("table.parquet" if name.lower().endswith((".parquet", ".pq")) else "table.csv")
        path.write_bytes(content)
        try:
            origins = read_origins(path)
        except AnalysisError as fault:
            raise refusal(AnalysisError(*(text.replace(str(path), name) for text in (fault.zh, fault.en)))) from fault
    if len(origins) > MOST:
        raise Invalid(
            _("A table names at most %(most)s places.") % {"most": MOST}, remedy=_("Add small ones up."), field="table"
        )
    return risk(origins)


def _drawn(found: ImportationRisk) -> list[tuple[Expected, str, str, str]]:
    """Each place with its interval on a line 0 to 100: where it begins, how long it is, and where the mean stands."""
    most = max((one.high for one in found.places), default=0.0) or 1.0
    return [
        (
            one,
            f"{100 * one.low / most:.2f}",
            f"{100 * (one.high - one.low) / most:.2f}",
            f"{100 * min(one.mean / most, 0.99):.2f}",
        )
        for one in found.places
    ]


def _csv(found: ImportationRisk) -> HttpResponseBase:
    rows = [
        (said(one.name), one.mean, one.low, one.high, one.at_least_one)
        for one in (*found.places, *([found.total] if found.total else []))
    ]
    return sent("importation.csv", ("place", "mean", "low", "high", "at_least_one"), rows)
