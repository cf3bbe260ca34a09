"""One case: who, where in the three-level review, dates and class; its duties, contacts, chain and track as parts of the page."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.cases import actions, queries
from fangxian.cases.queries import CaseDetail
from fangxian.cases.queries.one import Event
from fangxian.cases.schemas import DISCARDED, CaseRow, Filter
from fangxian.cases.subject import KIND, REVIEW
from fangxian.core import ids
from fangxian.core.access import Actor
from fangxian.core.errors import NotFound, Refusal
from fangxian.duties import packs
from fangxian.duties import queries as duty_queries
from fangxian.protocols import DutyRule
from fangxian.protocols.vocabulary import facts, terms
from fangxian.registry import queries as registry
from fangxian.tracing import queries as tracing
from fangxian.tracing.desk import RIGHT as IDENTIFY
from fangxian.web.cases.chains import draw
from fangxian.web.cases.course import draw_course
from fangxian.web.contacts.calendar import LEGEND, of_contacts
from fangxian.web.duties.cards import owed, review_clock
from fangxian.web.parts import actor_of, number_of, section
from fangxian.web.reveals import reveal as reveal_person
from fangxian.web.saying import fact_name, fact_value, said

PART_CSS = ("web/css/investigation.css",)


@require_GET
def page(request: HttpRequest, code: str) -> HttpResponse:
    """The page of a case. Its long parts are fetched as they come into view."""
    return _page(request, queries.case(actor_of(request), code))


@require_POST
def review(request: HttpRequest, code: str) -> HttpResponse:
    """Approve, or return with the reason, at the level whose turn it is."""
    by = actor_of(request)
    decision, reason = request.POST.get("decision", ""), request.POST.get("reason", "")
    try:
        actions.review(
            by, code, decision, reason, request.POST.get("to") or None, version=_whole(request.POST.get("version", ""))
        )
    except Refusal as refusal:
        typed = {"decision": decision, "reason": reason, "to": request.POST.get("to", "")}
        return _page(request, queries.case(by, code), refusal, typed)
    messages.success(request, _("Approved.") if decision == "approve" else _("Returned, with your reason."))
    messages.success(request, f"review-{code}", extra_tags="draft")
    return redirect("web:case", code)


@require_http_methods(["GET", "POST"])
def reveal(request: HttpRequest, code: str) -> HttpResponse:
    """The person of the case in full, for a purpose."""
    by = actor_of(request)
    row = _row(by, code)
    card = registry.person(by, row.person, known=True)
    return reveal_person(request, by, card, row.area, reverse("web:case_reveal", args=[row.code]))


@require_GET
def person(request: HttpRequest, code: str) -> HttpResponse:
    """Who it is, masked."""
    by = actor_of(request)
    row = _row(by, code)
    context = {
        "card": registry.person(by, row.person, known=True),
        "may_reveal": by.may("persons.reveal", row.area),
        "reveal_url": reverse("web:case_reveal", args=[row.code]),
    }
    return section(request, "web/components/person.html", context, _("Person"), _back(code))


@require_GET
def duties(request: HttpRequest, code: str) -> HttpResponse:
    """What is owed to the case: every duty with its steps, who, by when, under which clause."""
    by = actor_of(request)
    pk = _row(by, code).id
    return section(request, "web/duties/of_subject.html", {"duties": owed(by, KIND, pk)}, _("Duties"), _back(code))


@require_GET
def contacts(request: HttpRequest, code: str) -> HttpResponse:
    """Who was exposed to the case, by category, with the clause that decided."""
    by = actor_of(request)
    row = _row(by, code)
    by.must("tracing.view", row.area)
    found = tracing.exposures(by, case=code)
    order = list(facts()["category"].values)
    groups: dict[str, list[Any]] = {}
    for one in found:
        groups.setdefault(one.category, []).append(one)
    context = {
        "groups": sorted(groups.items(), key=lambda group: order.index(group[0]) if group[0] in order else len(order)),
        "code": row.code,
        "may_expose": by.may("contacts.identify", row.area),
        "part_css": PART_CSS,
    }
    return section(request, "web/cases/contacts.html", context, _("Contacts and exposures"), _back(code))


@require_GET
def follow_up(request: HttpRequest, code: str) -> HttpResponse:
    """The follow-up of the contacts, day by day: on which of them nobody came is seen at once."""
    found = tracing.follow_ups(actor_of(request), code)
    context = {"grid": of_contacts(found), "further": found.further, "calendar_states": LEGEND, "part_css": PART_CSS}
    return section(request, "web/contacts/grid.html", context, _("Follow-up of the contacts"), _back(code))


@require_GET
def chain(request: HttpRequest, code: str) -> HttpResponse:
    """The transmission chain of the case, drawn."""
    code = ids.normalise_code(code)
    drawing = draw(tracing.chain_around(actor_of(request), code), code)
    return section(request, "web/cases/chain.html", {"drawing": drawing, "code": code}, _("Chain"), _back(code))


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _page(request: HttpRequest, case: CaseDetail, refusal: Refusal | None = None, typed: Any = None) -> HttpResponse:
    by = actor_of(request)
    row = case.row
    pack = packs.pack(case.pack, row.area)
    rule = pack.duties.get(REVIEW)
    step = duty_queries.open_step(REVIEW, (KIND, row.id), case.turn) if case.turn else None
    context = {
        "case": case,
        "row": row,
        "pack": said(pack.name),
        "levels": _levels(rule, case),
        "clock": review_clock(step, rule, case.pack) if step and rule else None,
        "earlier": _earlier(rule, case.turn),
        "facts": [
            (fact_name(key), value if isinstance(value, bool) else fact_value(key, value))
            for key, value in case.facts.items()
        ],
        "other_dates": [(said(terms("anchors").get(key, key)), at) for key, at in case.dates.items()],
        "trace": by.may("tracing.view", row.area),
        "may_find": case.row.classification != DISCARDED and by.may(IDENTIFY, row.area),
        "course": draw_course(case),
        "since": _since(rule, case),
        "refusal": refusal,
        "typed": typed or {},
    }
    return render(request, "web/cases/case.html", context, status=refusal.status if refusal else 200)


def _levels(rule: DutyRule | None, case: CaseDetail) -> list[dict[str, Any]]:
    """The steps of the review in their order: passed, whose turn it is, or still to come."""
    if rule is None:
        return []
    keys = [step.key for step in rule.steps]
    turn = keys.index(case.turn) if case.turn in keys else len(keys)
    return [
        {"name": said(step.name), "state": "done" if place < turn else "turn" if place == turn else "ahead"}
        for place, step in enumerate(rule.steps)
    ]


def _since(rule: DutyRule | None, case: CaseDetail) -> list[Event]:
    """Corrections made after the last level had approved (终审后订正): nobody has reviewed them, which must not go unseen."""
    if rule is None or case.turn is not None or not case.reviews:
        return []
    last = case.reviews[-1].at
    return [one for one in case.history if one.at > last and set(one.changes) - {"review"}]


def _earlier(rule: DutyRule | None, turn: str | None) -> list[tuple[str, str]]:
    """The steps that the one whose turn it is can return to; the reporter first."""
    if rule is None or turn is None:
        return []
    keys = [step.key for step in rule.steps]
    return [(step.key, said(step.name)) for step in rule.steps[: keys.index(turn)]] if turn in keys else []


def _row(by: Actor, code: str) -> CaseRow:
    """A case that the reader may see, as a line: two queries instead of all that its page costs. Raises NotFound."""
    wanted = ids.normalise_code(code)
    found = queries.line_list(by, Filter(text=wanted), limit=1).rows if ids.is_code(wanted) else ()
    row = next((one for one in found if one.code == wanted), None)
    if row is None:
        raise NotFound(_("There is no such case."), remedy=_("Check the code; its last character is a check."))
    return row


def _back(code: str) -> tuple[str, str]:
    return reverse("web:case", args=[code]), code


def _whole(text: str) -> int | None:
    return number_of(text)
