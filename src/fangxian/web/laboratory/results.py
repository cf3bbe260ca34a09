"""Results: one typed, or a file of them; what was taken, what waits for a person, what was left out and why."""

import tempfile
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.core.jobs import Job
from fangxian.laboratory import actions, intake
from fangxian.laboratory.schemas import ResultForm
from fangxian.registry import queries as registry
from fangxian.web.laboratory.words import shared
from fangxian.web.parts import actor_of

MOST_BYTES = 20 * 1024 * 1024
#: Rows that are taken while somebody waits, and refused rows that are shown.
AT_ONCE, _SHOWN = 2_000, 100


@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """The two forms, and what came of them."""
    by = actor_of(request)
    by.must("samples.test")
    context: dict[str, Any] = shared(by, "sample_results") | {"posted": {}, "bodies": _laboratories(by)}
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            chosen = request.POST.get("laboratory", "")
            laboratory = int(chosen) if chosen.isdecimal() else None
            if request.FILES.get("file"):
                came = _file(by, request, laboratory)
                if isinstance(came, Job):
                    return redirect("web:job", came.code)
                context |= came
            else:
                context["done"] = actions.report_result(by, _typed(request), laboratory=laboratory)
        except Refusal as fault:
            refusal = fault
            context["posted"] = request.POST
    context["refusal"] = refusal
    return render(request, "web/laboratory/results.html", context, status=refusal.status if refusal else 200)


def _laboratories(by: Actor) -> list[Any]:
    """For whoever belongs to none: the laboratories of their areas."""
    if any(grant.organisation_id and grant.allows("samples.test") for grant in by.grants):
        return []
    return [
        one for area in by.areas("samples.test") for one in registry.organisations(area, kind="laboratory", limit=200)
    ]


def _typed(request: HttpRequest) -> ResultForm:
    cts = {}
    for target in ("orf1ab", "n"):
        if text := request.POST.get(target, "").strip():
            try:
                cts[target] = float(text)
            except ValueError:
                raise Invalid(
                    _("“%(value)s” is no Ct value.") % {"value": text[:40]}, field=target,
                    remedy=_("Give a number between 0 and 60, or nothing where nothing was amplified."),
                ) from None  # fmt: skip
    return ResultForm(
        code=request.POST.get("code", ""), value=request.POST.get("value", ""), cts=cts,
        reference=request.POST.get("reference", ""),
    )  # fmt: skip


def _file(by: Actor, request: HttpRequest, laboratory: int | None) -> dict[str, Any] | Job:
    """What came of a file; of a long one the job that takes it."""
    file = request.FILES["file"]
    assert isinstance(file, UploadedFile)
    if not file.size:
        raise Invalid(_("There is no file."), remedy=_("Choose one."), field="file")
    if file.size > MOST_BYTES:
        raise Invalid(_("This file is larger than 20 MB."), remedy=_("Send it in parts."), field="file")
    mapping = {
        name.removeprefix("column_"): request.POST[name] for name in request.POST if name.startswith("column_") and request.POST[name]
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="fangxian-results-") as folder:
        path = Path(folder) / "results"
        with path.open("wb") as written:
            for chunk in file.chunks():
                written.write(chunk)
        sheet = intake.read(path, file.name or "", mapping)
        if sheet.rows() > AT_ONCE:
            return actions.start_results(by, path, file.name or "", laboratory=laboratory, mapping=mapping)
        lines = list(sheet.lines)
    left = [(line.row, line.refusal) for line in lines if line.refusal is not None]
    good = [(line.row, line.form) for line in lines if line.form is not None]
    done = actions.report_results(by, [form for _row, form in good], laboratory=laboratory)
    left += [(good[place][0], refusal) for place, refusal in done.refused]
    left.sort(key=lambda pair: pair[0])
    return {
        "done": done, "left": left[:_SHOWN], "left_number": len(left), "more": max(0, len(left) - _SHOWN), "sheet": sheet,
    }  # fmt: skip
