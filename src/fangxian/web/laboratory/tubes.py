"""Tubes: the list, one with its way and its results, and what is done with it."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from fangxian.cases import queries as cases
from fangxian.cases.schemas import CaseForm
from fangxian.core.access import Actor
from fangxian.core.errors import NotFound, Refusal
from fangxian.laboratory import actions, queries
from fangxian.laboratory.queries.tubes import STATES
from fangxian.web.laboratory.words import shared
from fangxian.web.parts import Cursor, actor_of

#: Lines at once.
PAGE = 50


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The tubes, the newest first; those past their hour, the longest first; one that was scanned, at once."""
    by = actor_of(request)
    by.must("samples.view")
    if asked := request.GET.get("code", "").strip():
        try:
            return redirect("web:sample", code=queries.tube(by, asked).row.code)
        except Refusal as refusal:
            messages.error(request, f"{refusal.message} {refusal.remedy}")
            return redirect("web:samples")
    state, value, late = (request.GET.get(name, "") for name in ("state", "value", "late"))
    state, value = state if state in STATES else "", value if value in ("positive", "negative", "indeterminate") else ""
    after = request.GET.get("after", "")
    if late:
        rows = queries.late(by, after=Cursor.read(after), limit=PAGE + 1)
        following = Cursor.write(rows[PAGE - 1].due_at, rows[PAGE - 1].id) if len(rows) > PAGE else ""
    else:
        rows = queries.tubes(by, state=state, value=value, after=number(after), limit=PAGE + 1)
        following = str(rows[PAGE - 1].id) if len(rows) > PAGE else ""
    context = shared(by, "samples") | {
        "rows": rows[:PAGE], "after": following, "state": state, "value": value, "late": late, "counts": queries.counted(by),
        "tube_states": STATES,
    }  # fmt: skip
    return render(request, "web/laboratory/tubes.html", context)


@require_GET
def one(request: HttpRequest, code: str) -> HttpResponse:
    """One tube."""
    by = actor_of(request)
    return _page(request, by, code, None)


@require_POST
def act(request: HttpRequest, code: str, what: str) -> HttpResponse:
    """Something is done with a tube: rejected, lost, labelled anew, corrected, cancelled; its positive reported, or not."""
    by = actor_of(request)
    if what not in _ACTS:
        raise NotFound(_("There is no such page."))
    do, said = _ACTS[what]
    try:
        code = do(by, code, request.POST) or code
    except Refusal as refusal:
        if refusal.status == 404 and refusal.field in ("code", ""):
            raise
        return _page(request, by, code, refusal)
    messages.success(request, str(said))
    return redirect("web:sample", code=code)


def number(text: str) -> int | None:
    """Where a list goes on, from an address."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else None


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

Posted = Mapping[str, Any]


def _page(request: HttpRequest, by: Actor, code: str, refusal: Refusal | None) -> HttpResponse:
    tube = queries.tube(by, code)
    waiting = tube.decision is not None and tube.decision.state == "waiting"
    context = shared(by, "samples") | {
        "tube": tube, "row": tube.row, "refusal": refusal, "posted": request.POST if refusal else {},
        "waiting": waiting, "outbreaks": cases.outbreaks(by, open_only=True) if waiting and not tube.outbreak else (),
        "may_ready": by.may("tracing.view"),
    }  # fmt: skip
    return render(request, "web/laboratory/tube.html", context, status=refusal.status if refusal else 200)


def _reject(by: Actor, code: str, posted: Posted) -> str:
    return str(actions.reject_tube(by, code, posted.get("reason", "")).code)


def _lose(by: Actor, code: str, posted: Posted) -> str:
    return str(actions.lose_tube(by, code, posted.get("reason", "")).code)


def _relabel(by: Actor, code: str, posted: Posted) -> str:
    return str(actions.relabel_tube(by, code, posted.get("fresh", ""), posted.get("reason", "")).code)


def _correct(by: Actor, code: str, posted: Posted) -> str:
    return str(actions.correct_result(by, code, posted.get("value", ""), posted.get("reason", "")).code)


def _cancel(by: Actor, code: str, posted: Posted) -> str:
    return str(actions.cancel_result(by, code, posted.get("reason", "")).code)


def _decline(by: Actor, code: str, posted: Posted) -> str:
    return str(actions.decline_positive(by, code, posted.get("reason", "")).tube.code)


def _case(by: Actor, code: str, posted: Posted) -> str:
    symptomatic = {"yes": True, "no": False}.get(posted.get("symptomatic", ""))
    facts = {} if symptomatic is None else {"symptomatic": symptomatic}
    actions.open_case(by, code, CaseForm(person="", outbreak=posted.get("outbreak", ""), facts=facts))
    return code


_ACTS: Mapping[str, tuple[Callable[[Actor, str, Posted], str], Any]] = {
    "reject": (_reject, gettext_lazy("Rejected. Whoever is in it is to be sampled again.")),
    "lose": (_lose, gettext_lazy("Recorded as lost. Whoever is in it is to be sampled again.")),
    "relabel": (_relabel, gettext_lazy("The tube has its new barcode.")),
    "correct": (_correct, gettext_lazy("Corrected. What followed from the wrong result is undone.")),
    "cancel": (_cancel, gettext_lazy("Cancelled. What followed from the result is undone.")),
    "case": (_case, gettext_lazy("Reported as a case.")),
    "decline": (_decline, gettext_lazy("Decided: no case.")),
}
