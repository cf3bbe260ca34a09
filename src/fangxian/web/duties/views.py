"""My duties (我的任务): the home page, and what can be done about a step."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import reswap, retarget

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, NotFound, Refusal
from fangxian.duties import actions, queries
from fangxian.tracing import actions as tracing
from fangxian.web.context import beginning
from fangxian.web.duties import sending
from fangxian.web.duties.cards import StepCard, card, cards, form, visits
from fangxian.web.duties.posts import PostForm
from fangxian.web.parts import Cursor, actor_of, fragment, problem, told, wants_json

#: Steps shown at once; the next ones come when the last is scrolled to.
PAGE = 15
#: Larger than any key: “after everything due at this instant”.
_LAST = 2**62


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Open steps that the reader answers for, latest first; all of them, the late ones, or those due within a day."""
    by = actor_of(request)
    if not by.may("duties.view"):  # a resident, an auditor: what is theirs to see begins elsewhere
        return redirect(beginning(by).view)
    which = request.GET.get("show", "all")
    more = fragment(request, "more")
    counts = None if more else queries.my_counts(by)
    steps, after = _page(by, which, request.GET.get("after", ""), counts["all"] if counts else _LAST)
    found = cards(by, steps)
    context: dict[str, Any] = {"cards": found, "visits": visits(found), "after": after, "show": which}
    if counts is None:
        return render(request, "web/duties/list.html", context)
    return render(request, "web/duties/home.html", context | {"tabs": _tabs(counts, which)})


@require_GET
def step(request: HttpRequest, step_id: int) -> HttpResponse:
    """One step on a page of its own: for a link that somebody was sent, and where scripts do not run."""
    by = actor_of(request)
    return render(request, "web/duties/step.html", {"card": card(by, _step(by, step_id))})


@require_POST
def complete(request: HttpRequest, step_id: int) -> HttpResponse:
    """Done, with the evidence that the rule asks for."""
    by = actor_of(request)
    found = _step(by, step_id)
    shown = card(by, found)
    shown.form = form(found, queries.rule(found.duty), request.POST, request.FILES)
    words = _("Done: %(title)s, %(who)s") % {"title": shown.title, "who": shown.who}

    def work() -> str:
        if not shown.form.is_valid():
            raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
        _do(by, shown, sending.done_at(request))
        return words

    try:
        said = sending.once(request, by, work)
    except Refusal as refusal:
        return _again(request, shown, refusal, "complete")
    return _settled(request, by, shown, said)


def _do(by: Actor, shown: StepCard, at: datetime | None) -> None:
    """A visit to a contact is more than a tick: symptoms or a positive test propose a case.

    Whoever holds a step about a contact whom they may not look up (a swab team) still does the step.
    """
    found, evidence = shown.step, shown.form.evidence()
    if (picture := shown.form.picture()) is not None:
        evidence["photo"] = actions.attach(by, found.pk, picture).code
    if shown.about_contact and shown.form.wanted and found.state == "open" and by.may("contacts.view"):
        try:
            tracing.visit(by, shown.code, evidence, at=at, step=found.key)
            return
        except NotFound:
            pass
    actions.complete(by, found.pk, evidence, at=at)


@require_POST
def waive(request: HttpRequest, step_id: int) -> HttpResponse:
    """Settled without doing it, for a reason."""
    by = actor_of(request)
    shown = card(by, _step(by, step_id))

    def work() -> str:
        actions.waive(by, step_id, request.POST.get("reason", ""))
        return _("Waived: %(title)s, %(who)s") % {"title": shown.title, "who": shown.who}

    try:
        said = sending.once(request, by, work)
    except Refusal as refusal:
        return _again(request, shown, refusal, "waive")
    return _settled(request, by, shown, said)


@require_POST
def not_reached(request: HttpRequest, step_id: int) -> HttpResponse:
    """Nobody was reached: on record, and the step stays open. What was tried is one of the usual words, or typed."""
    by = actor_of(request)
    shown = card(by, _step(by, step_id))
    reason = request.POST.get("usual") or request.POST.get("reason", "")

    def work() -> str:
        tracing.not_reached(by, shown.code, reason, at=sending.done_at(request))
        return _("Recorded: not reached. The duty stays open.")

    try:
        said = sending.once(request, by, work)
    except Refusal as refusal:
        return _again(request, shown, refusal, "not_reached")
    if wants_json(request):
        return told(said, open=True)
    if getattr(request, "htmx", False):
        return render(request, "web/duties/card.html", {"card": card(by, _step(by, step_id)), "said": said})
    messages.success(request, said)
    return redirect("web:home")


@require_GET
def photo(request: HttpRequest, step_id: int, code: str) -> HttpResponse:
    """The photograph of a step. Whoever opens it leaves a line in the journal."""
    answer = HttpResponse(actions.look(actor_of(request), step_id, code), content_type="image/jpeg")
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_http_methods(["GET", "POST"])
def hand_over(request: HttpRequest, step_id: int) -> HttpResponse:
    """Given to another post, with the reason. The list of posts is fetched only when it is asked for."""
    by = actor_of(request)
    found = _step(by, step_id)
    shown = card(by, found)
    posts = PostForm(by, found, request.POST or None)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            if not posts.is_valid():
                raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
            actions.hand_over(by, step_id, posts.post(), posts.cleaned_data["reason"])
        except Refusal as fault:
            refusal = fault
        else:
            to = _("Handed over: %(title)s, %(who)s") % {"title": shown.title, "who": shown.who}
            return _settled(request, by, shown, to)
    context = {"card": shown, "form": posts, "refusal": refusal}
    template = "web/duties/hand_over_form.html" if fragment(request) else "web/duties/hand_over.html"
    return render(request, template, context, status=refusal.status if refusal else 200)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _step(by: Actor, step_id: int) -> Any:
    try:
        return queries.step(by, step_id)
    except NotFound:
        raise NotFound(
            _("There is no such step among your duties."), remedy=_("It may have been handed over; look at your list.")
        ) from None


def _page(by: Actor, which: str, cursor: str, known: int) -> tuple[list[Any], str]:
    """A page of steps in a filter, and the cursor of the next page. The list is in order of time, so a filter is a range of it.

    `known` is how many there are in all: where all of them have been found nothing more is looked for.
    """
    now = clock.now()
    until: datetime | None = {"late": now, "today": now + clock.DAY}.get(which)
    after = Cursor.read(cursor)
    if which == "today" and after is None:
        after = (now, _LAST)
    steps = queries.my_steps(by, until=until, limit=min(PAGE + 1, max(known, 1)), after=after)
    more = len(steps) > PAGE
    shown = steps[:PAGE]
    return shown, Cursor.write(shown[-1].due_at, shown[-1].pk) if more else ""


def _tabs(counts: Mapping[str, int], which: str) -> list[tuple[str, str, int, bool]]:
    names = {"all": _("All"), "late": _("Late"), "today": _("Next 24 h")}
    return [(key, name, counts[key], key == which) for key, name in names.items()]


def _settled(request: HttpRequest, by: Actor, shown: StepCard, said: str) -> HttpResponse:
    """The card makes room; the counts follow."""
    if wants_json(request):
        return told(said, counts=queries.my_counts(by))
    if getattr(request, "htmx", False):
        answer = render(
            request,
            "web/duties/settled.html",
            {"said": said, "card": shown, "tabs": _tabs(queries.my_counts(by), "all")},
        )
        return reswap(retarget(answer, f"#step-{shown.step.pk}"), "outerHTML")
    messages.success(request, said)
    messages.success(request, f"step-{shown.step.pk}", extra_tags="draft")
    return redirect("web:home")


def _again(request: HttpRequest, shown: StepCard, refusal: Refusal, fold: str) -> HttpResponse:
    """What went wrong, with everything that was typed."""
    if wants_json(request):
        return problem(refusal, shown.form.errors if shown.form.is_bound else None)
    shown.refusal, shown.fold = refusal, fold
    context = {"card": shown, "typed": request.POST.get("reason", "")}
    template = "web/duties/card.html" if getattr(request, "htmx", False) else "web/duties/step.html"
    return render(request, template, context, status=refusal.status)
