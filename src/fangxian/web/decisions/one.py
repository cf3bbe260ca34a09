"""One question: a live bar while it works, then the frontier, what it rests on, the decision, and what happened since."""

import csv
import io
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fangxian.analytics.deciding import Answer, Question, wording
from fangxian.analytics.deciding.figures import BORNE, name_of
from fangxian.command.decisions import actions, drawing, queries, tables
from fangxian.command.decisions import brief as briefs
from fangxian.command.decisions.schemas import ExpectedDay, QuestionView
from fangxian.command.situation.paper import FORMS
from fangxian.core import clock, jobs
from fangxian.core.access import Actor
from fangxian.core.errors import Conflict, Invalid, NotFound, Refusal
from fangxian.registry import queries as registry
from fangxian.text import Text
from fangxian.web.decisions import playing
from fangxian.web.decisions.words import BESIDE, STATES, STEPS
from fangxian.web.parts import actor_of, fragment
from fangxian.web.saying import language, said
from fangxian.web.watched import stop_and_resume

LANGUAGES = ("zh", "en")


@require_GET
def page(request: HttpRequest, code: str) -> HttpResponse:
    """How far it is, or what it found."""
    by = actor_of(request)
    return _shown(request, by, queries.question(by, code))


@require_POST
def sign(request: HttpRequest, code: str) -> HttpResponse:
    """Decide on a policy; what was typed stays typed where it is refused."""
    by = actor_of(request)
    try:
        actions.choose_policy(by, code, _place(request.POST.get("policy", "")), request.POST.get("why", ""))
    except (Invalid, Conflict) as refusal:
        return _shown(request, by, queries.question(by, code), refusal=refusal)
    messages.success(request, _("Signed. It is in the journal and does not change any more."))
    return redirect("web:decision", code)


@require_GET
def table(request: HttpRequest, code: str) -> HttpResponse:
    """Every policy as a table for programs."""
    view = _answered(actor_of(request), code)
    assert view.answer is not None
    text = io.StringIO("\ufeff", newline="")
    text.seek(1)
    csv.writer(text, lineterminator="\n").writerows(tables.policies(view.asked, view.answer))
    return _file(text.getvalue(), "text/csv; charset=utf-8", f"decision-{view.row.code}.csv")


@require_GET
def brief(request: HttpRequest, code: str, language: str, form: str) -> HttpResponse:
    """The two pages for the meeting, as a file."""
    view = _answered(actor_of(request), code)
    if language not in LANGUAGES or form not in FORMS:
        raise NotFound(_("A brief is not written like this."), remedy=_("Choose zh or en, and pdf or docx."))
    assert view.answer is not None
    stamp = view.decisions[0].at if view.decisions else view.row.finished_at or clock.now()
    made = briefs.write(view.asked, view.answer, language, form, stamp, _signed(view))
    return _file(made, FORMS[form][1], f"decision-{view.row.code}-{language}.{form}")


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _shown(request: HttpRequest, by: Actor, view: QuestionView, refusal: Refusal | None = None) -> HttpResponse:
    context: dict[str, Any] = {
        "view": view, "state": STATES[view.row.state], "area": registry.area_names([view.row.area])[view.row.area],
        "busy": view.row.state in ("waiting", "running"), "refusal": refusal, "fault": said(view.fault) if view.fault else "",
    }  # fmt: skip
    if view.answer is None:
        context |= _progress(by, view)
        part = "web/decisions/progress.html" if fragment(request, "progress") else "web/decisions/question.html"
        return render(request, part, context)
    if fragment(request, "progress"):
        answer = render(request, "web/decisions/progress.html", context | _progress(by, view))
        answer["HX-Refresh"] = "true"
        return answer
    chosen = _place(request.POST.get("policy", "") or request.GET.get("policy", ""))
    beside = _place(request.GET.get("beside", ""))
    context |= _answer(view.asked, view.answer, chosen, beside, view.row.code) | {
        "since": _since(view, queries.since_then(by, view)), "may_sign": by.may(actions.SIGN, view.row.area),
        "why": request.POST.get("why", ""), "decisions": [(one, said(wording.policy(view.asked, one.setting))) for one in view.decisions],
        "files": [(tongue, name, form) for tongue, name in (("zh", "中文"), ("en", "English")) for form in ("pdf", "docx")],
    }  # fmt: skip
    sides = [(place, _values(view.asked, view.answer, place)) for place in (context["chosen"], context["beside"])]
    context["play"] = playing.shown(view, sides)
    return render(request, "web/decisions/question.html", context, status=refusal.status if refusal else 200)


def _progress(by: Actor, view: QuestionView) -> dict[str, Any]:
    job = view.job
    result = job.result if job is not None else {}
    return {
        "job": job, "step": STEPS.get(result.get("step", ""), STEPS["city"]), "left": result.get("left"),
        "policies": len(view.asked.policies), "may_resume": job is not None and job.state in ("stopped", "failed"),
        "mine": job is not None and job.owner_id == by.account_id,
    }  # fmt: skip


def _answer(question: Question, answer: Answer, chosen: int, beside: int, code: str) -> dict[str, Any]:
    fans = {one.setting: one for one in answer.fans}
    known = [place for place, one in enumerate(answer.policies) if one.setting in fans]
    least = answer.policies.index(answer.policy(question.least))
    chosen = chosen if chosen in known else answer.knee
    beside = beside if beside in known else least
    top = max(max(fans[answer.policies[place].setting].columns["infected"][4]) for place in (chosen, beside))

    def address(place: int) -> str:
        return f"{reverse('web:decision', args=[code])}?policy={place}#chosen"

    rests = [wording.marginal(question, one) for one in answer.marginals]
    if answer.regret is not None:
        rests.append(wording.regret(question, answer.regret))
    if answer.detection is not None:
        rests.append(wording.detection(question, answer.detection))
    return {
        "headline": said(wording.headline(question, answer)), "method": said(wording.method(question, answer)),
        "rests": [said(one) for one in rests], "chosen": chosen, "beside": beside, "knee": answer.knee,
        "wide": _safe(drawing.frontier(question, answer, language(), address=address, chosen=chosen)),
        "narrow": _safe(drawing.frontier(
            question, answer, language(), name="frontier-narrow", width=drawing.NARROW, height=320, address=address, chosen=chosen
        )),
        "lines": [_line(question, answer, place) for place in answer.frontier],
        "options": [(place, _values(question, answer, place)) for place in known],
        "pair": [_fan(question, answer, place, top) for place in (chosen, beside)],
        "bears": _bears(question, answer, chosen, beside),
        "figures": _beside(question, answer, chosen, beside),
        "compared": briefs.compared(question, answer, language()) if answer.compared else None,
        "effect": said(name_of(question, question.effect)), "cost": said(name_of(question, question.cost)),
        "prices": [
            (one, said(question.prices.bearers[one.bears])) for one in question.prices.items.values() if one.price is not None
        ], "currency": question.prices.currency,
    }  # fmt: skip


def _line(question: Question, answer: Answer, place: int) -> dict[str, Any]:
    one = answer.policies[place]
    return {
        "place": place, "values": _values(question, answer, place), "share": f"{100 * one.share:.0f}%",
        "effect": said(wording.ranged(question, question.effect, one.effect)),
        "cost": said(wording.ranged(question, question.cost, one.cost)),
    }  # fmt: skip


def _fan(question: Question, answer: Answer, place: int, top: float) -> tuple[str, SafeString]:
    label = Text("每日新感染", "New infections a day")
    setting = answer.policies[place].setting
    svg = drawing.fan(
        answer,
        setting,
        "infected",
        label,
        language(),
        name=f"fan-{place}",
        today=question.today,
        width=480,
        highest=max(top, 1),
    )
    return _values(question, answer, place), _safe(svg)


def _bears(question: Question, answer: Answer, *places: int) -> list[SafeString]:
    """Who bears the cost of policies side by side, to one scale; nothing for answers that do not tell."""
    figures = [_figures(question, answer, place) for place in places]
    if not all(BORNE + key in one for one in figures for key in question.prices.bearers):
        return []
    top = max(one[BORNE + key].value for one in figures for key in question.prices.bearers)
    return [
        _safe(drawing.bearers(question, one, language(), name=f"bearers-{at}", highest=top))
        for at, one in enumerate(figures)
    ]


def _beside(question: Question, answer: Answer, *places: int) -> list[tuple[str, list[str]]]:
    """Figures of policies side by side, those left out that a run does not tell."""
    figures = [_figures(question, answer, place) for place in places]
    return [
        (said(name_of(question, name)), [said(wording.ranged(question, name, one[name])) for one in figures])
        for name in BESIDE
        if all(name in one for one in figures)
    ]


def _figures(question: Question, answer: Answer, place: int) -> Any:
    one = answer.policies[place]
    return one.figures or (answer.least.figures if one.setting == question.least else None) or {}


def _values(question: Question, answer: Answer, place: int) -> str:
    return said(wording.policy(question, answer.policies[place].setting))


def _since(view: QuestionView, rows: list[ExpectedDay]) -> dict[str, Any] | None:
    if not rows:
        return None
    fan, reported = queries.expected(view), [one.reported for one in rows]
    drawn = [
        _safe(drawing.happened(view.asked, fan, view.begins_on, reported, language(), name=name, width=width))
        for name, width in (("happened", drawing.WIDTH), ("happened-narrow", drawing.NARROW))
    ]
    return {
        "wide": drawn[0], "narrow": drawn[1],
        "rows": rows, "reported": sum(one.reported for one in rows), "median": round(sum(one.median for one in rows)),
        "outside": sum(one.outside for one in rows),
    }  # fmt: skip


def _signed(view: QuestionView) -> Text | None:
    if not view.decisions:
        return None
    one = view.decisions[0]
    chosen = wording.policy(view.asked, one.setting)
    at = f"{one.at.astimezone(clock.zone()):%Y-%m-%d %H:%M}"
    return Text(
        f"已决定：{chosen.zh}。签批：{one.by}，{at}。理由：{one.why}（摘要 {one.digest[:16]}）",
        f"Decided: {chosen.en}. Signed by {one.by}, {at}. Why: {one.why} (digest {one.digest[:16]})",
    )


def _answered(by: Actor, code: str) -> QuestionView:
    view = queries.question(by, code)
    if view.answer is None:
        raise Conflict(
            _("This question has no answer yet."), remedy=_("Wait for the search to end."), code="unanswered"
        )
    return view


def _job(by: Actor, code: str) -> jobs.Job:
    view = queries.question(by, code)
    if view.job is None:
        raise NotFound(_("There is no such job."))
    return view.job


def _place(given: str) -> int:
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else -1


def _safe(svg: str) -> SafeString:
    return mark_safe(svg)  # every word in it was escaped there


def _file(made: str | bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(made, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private, no-store"
    return answer


stop, resume = stop_and_resume(_job, "web:decision")
