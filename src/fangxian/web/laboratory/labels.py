"""Labels for tubes: Code 128 and QR as drawings, thirty on a sheet of A4."""

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fangxian.core.errors import Invalid, Refusal
from fangxian.laboratory import actions, queries
from fangxian.standards import code128
from fangxian.web.parts import actor_of

#: Modules left white on either side, without which no scanner finds the bars.
_QUIET = 10


@require_http_methods(["GET", "POST"])
def sheet(request: HttpRequest, code: str) -> HttpResponse:
    """How many are wanted; then the sheets, ready for the printer. Every printing has barcodes of its own."""
    by = actor_of(request)
    by.must("samples.collect")
    point = queries.point(by, code)
    codes: list[str] = []
    refusal: Refusal | None = None
    if request.method == "POST":
        asked = request.POST.get("count", "")
        try:
            if not (asked.isascii() and asked.isdecimal()):
                raise Invalid(_("Enter a whole number."), remedy=_("Thirty labels go on a sheet."), field="count")
            codes = actions.print_labels(by, point.code, int(asked))
        except Refusal as fault:
            refusal = fault
    labels = [(one, bars(one), square(one)) for one in codes]
    context = {"point": point, "labels": labels, "refusal": refusal}
    return render(request, "web/laboratory/labels.html", context, status=refusal.status if refusal else 200)


def bars(text: str) -> SafeString:
    """A Code 128 as a drawing, one unit a module."""
    at, drawn = _QUIET, []
    for place, width in enumerate(code128.widths(text)):
        if place % 2 == 0:
            drawn.append((at, width))
        at += width
    return format_html(
        '<svg class="bars" viewBox="0 0 {} 40" preserveAspectRatio="none" role="img" aria-label="Code 128 {}">{}</svg>',
        at + _QUIET, text, format_html_join("", '<rect x="{}" y="0" width="{}" height="40"/>', drawn),
    )  # fmt: skip


def square(text: str) -> SafeString:
    """A QR code as a drawing."""
    code = segno.make_qr(text, error="m", boost_error=False)
    side = len(code.matrix) + 8
    path = "".join(
        f"M{x + 4} {y + 4}h1v1h-1z" for y, row in enumerate(code.matrix) for x, dark in enumerate(row) if dark
    )
    return format_html(
        '<svg class="square" viewBox="0 0 {} {}" role="img" aria-label="QR {}"><path d="{}"/></svg>',
        side, side, text, mark_safe(path),
    )  # fmt: skip
