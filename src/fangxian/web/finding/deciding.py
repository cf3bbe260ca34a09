"""Decisions about candidates: confirmed one by one, some or all; struck with the reason; the list as a file, exactly as it is seen."""

import tempfile
from pathlib import Path

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from fangxian.core import clock
from fangxian.core.errors import Invalid
from fangxian.tracing import actions
from fangxian.tracing.finds import Decided
from fangxian.web.finding.export import sheet
from fangxian.web.finding.one import EXPORTED_FOR, filter_of
from fangxian.web.parts import actor_of, number_of

#: Refusals told one by one; the rest as a number.
TOLD = 5


@require_POST
def decide(request: HttpRequest, code: str) -> HttpResponse:
    """Confirm or strike those ticked; then the list again as it was."""
    by = actor_of(request)
    chosen = [one for text in request.POST.getlist("candidate") if (one := number_of(text)) is not None]
    reason = request.POST.get("reason", "")
    if request.POST.get("do") == "strike":
        done = actions.strike(by, code, chosen, reason)
        said = ngettext("%(n)s person struck.", "%(n)s people struck.", done.done) % {"n": done.done}
    else:
        facts = dict.fromkeys(request.POST.getlist("fact"), True)
        done = actions.confirm(by, code, chosen, facts=facts, reason=reason)
        said = ngettext(
            "%(n)s person confirmed; the duties are open.", "%(n)s people confirmed; the duties are open.", done.done
        ) % {"n": done.done}
    if done.done:
        messages.success(request, said)
    _tell(request, done)
    back = reverse("web:search", args=[code])
    return redirect(f"{back}?{QueryDict(request.POST.get('query', '')).urlencode()}")


@require_POST
def confirm_all(request: HttpRequest, code: str) -> HttpResponse:
    """Confirm everybody whom the protocol makes a contact, in the background."""
    actions.start_confirming(actor_of(request), code)
    messages.success(request, _("Everybody proposed is being confirmed; reload the page to see how far it is."))
    return redirect("web:search", code)


@require_POST
def export(request: HttpRequest, code: str) -> FileResponse:
    """The list as it is seen, as a file; who took it and what for is on record."""
    by = actor_of(request)
    purpose = request.POST.get("purpose", "")
    if purpose not in EXPORTED_FOR:
        raise Invalid(
            _("A purpose is needed to look at personal data."),
            remedy=_("Choose a purpose; it stays on record."),
            field="purpose",
        )
    kind = "xlsx" if request.POST.get("kind") == "xlsx" else "csv"
    wanted = filter_of(QueryDict(request.POST.get("query", "")))
    name = f"fangxian-{_('contacts-found')}-{clock.today():%Y%m%d}.{kind}"
    with tempfile.TemporaryDirectory(prefix="fangxian-export-") as folder:
        path = Path(folder) / name
        actions.export_found(by.with_purpose(purpose), code, wanted, path, sheet())
        return FileResponse(path.open("rb"), as_attachment=True, filename=name)


def _tell(request: HttpRequest, done: Decided) -> None:
    for _pk, why in done.refused[:TOLD]:
        messages.error(request, why)
    if len(done.refused) > TOLD:
        messages.error(request, _("… and %(n)s more were left as they are.") % {"n": len(done.refused) - TOLD})
