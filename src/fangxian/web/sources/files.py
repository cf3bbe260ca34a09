"""A file of numbers for any of one's sources: what was taken, what was left out and why, row by row."""

import tempfile
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.surveillance import actions, queries
from fangxian.surveillance.intake import read
from fangxian.surveillance.schemas import Taken
from fangxian.web.parts import actor_of

MOST_BYTES = 10 * 1024 * 1024
#: Refused rows that are shown; of more their number is said.
_SHOWN = 100
Left = list[tuple[int, Refusal]]


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """The form, and what came of the file."""
    by = actor_of(request)
    by.must("surveillance.report")
    sources = queries.my_sources(by, limit=500)
    taken: Taken | None = None
    left: Left = []
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            taken, left = _taken(by, request)
        except Refusal as fault:
            refusal = fault
    context = {
        "sources": sources, "taken": taken, "left": left[:_SHOWN], "more": max(0, len(left) - _SHOWN), "left_number": len(left),
        "refusal": refusal,
    }  # fmt: skip
    return render(request, "web/sources/file.html", context, status=refusal.status if refusal else 200)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _taken(by: Actor, request: HttpRequest) -> tuple[Taken, Left]:
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile) or not file.size:
        raise Invalid(_("There is no file."), remedy=_("Choose one."), field="file")
    if file.size > MOST_BYTES:
        raise Invalid(_("This file is larger than 10 MB."), remedy=_("Send it in parts."), field="file")
    name = file.name or ""
    with tempfile.TemporaryDirectory(prefix="fangxian-numbers-") as folder:
        path = Path(folder) / "numbers"
        path.write_bytes(b"".join(file.chunks()))
        confirmed = request.POST.get("confirmed") == "1"
        lines = list(read(path, name, queries.my_sources(by, limit=5000), confirmed=confirmed))
    readable = [(line.row, line.form) for line in lines if line.form is not None]
    taken = actions.report_many(by, [form for _row, form in readable])
    left = [(line.row, line.refusal) for line in lines if line.refusal is not None]
    left += [(readable[place][0], refusal) for place, refusal in taken.refused]
    return taken, sorted(left, key=lambda pair: pair[0])
