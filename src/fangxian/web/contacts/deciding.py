"""What a person decides about a contact: clear, held, ended, a case after all."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from fangxian.cases import queries as cases
from fangxian.core import clock
from fangxian.core.errors import Invalid, Refusal
from fangxian.duties import packs
from fangxian.tracing import actions, queries, sources
from fangxian.tracing.queries.four_clear import row_of
from fangxian.web.contacts.forms import BecomeCaseForm, HoldForm
from fangxian.web.contacts.one import contact_page
from fangxian.web.parts import actor_of


@require_POST
def clear(request: HttpRequest, code: str) -> HttpResponse:
    """Tick who it is, or where they are."""
    try:
        actions.clear(actor_of(request), code, request.POST.get("which", ""))
    except Refusal as refusal:
        return contact_page(request, code, refusal)
    messages.success(request, _("Ticked."))
    return redirect("web:contact", code)


@require_POST
def hold(request: HttpRequest, code: str) -> HttpResponse:
    """The person is held: control is clear from now on."""
    by = actor_of(request)
    form = HoldForm(queries.contact(by, code).row.area, request.POST)
    try:
        if not form.is_valid():
            raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
        actions.hold(by, code, form.cleaned_data["where"], organisation=form.cleaned_data["organisation"])
    except Refusal as refusal:
        return contact_page(request, code, refusal, request.POST)
    messages.success(request, _("Held. The clocks that count from isolation run."))
    messages.success(request, f"hold-{code}", extra_tags="draft")
    return redirect("web:contact", code)


@require_POST
def end(request: HttpRequest, code: str) -> HttpResponse:
    """End the watch as lost or as no contact, or dismiss the suspicion of a case; each with its reason."""
    by, reason, how = actor_of(request), request.POST.get("reason", ""), request.POST.get("how", "")
    decide = {"lost": actions.lose, "dismissed": actions.dismiss, "no_case": actions.rule_out}.get(how)
    try:
        if decide is None:
            raise Invalid(_("Choose what was decided."))
        decide(by, code, reason)
    except Refusal as refusal:
        return contact_page(request, code, refusal, request.POST)
    messages.success(request, _("Recorded, with your reason."))
    messages.success(request, f"{'no-case' if how == 'no_case' else 'end'}-{code}", extra_tags="draft")
    return redirect("web:contact", code)


@require_http_methods(["GET", "POST"])
def become_case(request: HttpRequest, code: str) -> HttpResponse:
    """Report the contact as a case; what is known is not asked for again."""
    by = actor_of(request)
    found = sources.contact(by, code)
    by.must("contacts.convert", found.area)
    outbreak = cases.outbreak_name(by, found.outbreak.code)
    pack = packs.pack(found.pack, found.area)
    now = clock.now().replace(second=0, microsecond=0)
    form = BecomeCaseForm(by, pack, [outbreak], request.POST or None, initial={"diagnosed_at": now})
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
            case = actions.become_case(by, code, replace(form.card(), outbreak=outbreak.code))
        except Refusal as fault:
            refusal = fault
        else:
            messages.success(request, _("Reported: %(code)s. The review has begun.") % {"code": case.code})
            messages.success(request, f"become-{code}", extra_tags="draft")
            return redirect("web:case", case.code)
    context = {"form": form, "refusal": refusal, "row": row_of(by, found, 0), "outbreak": outbreak.name}
    return render(request, "web/contacts/become_case.html", context, status=refusal.status if refusal else 200)
