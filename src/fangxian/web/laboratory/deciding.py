"""What waits for a person: positives, members of positive pools, results of nobody known."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fangxian.cases import queries as cases
from fangxian.core.access import Actor
from fangxian.core.errors import Refusal
from fangxian.laboratory import actions, queries
from fangxian.web.laboratory.tubes import number
from fangxian.web.laboratory.words import shared
from fangxian.web.parts import actor_of

PAGE = 50


@require_GET
def positives(request: HttpRequest) -> HttpResponse:
    """People's own positives: what is to be decided, or all of them."""
    by = actor_of(request)
    by.must("samples.decide")
    everything = request.GET.get("all", "")
    rows = queries.positives(
        by, state="" if everything else "waiting", after=number(request.GET.get("after", "")), limit=PAGE + 1
    )
    context = shared(by, "sample_positives") | {
        "rows": rows[:PAGE], "after": rows[PAGE - 1].id if len(rows) > PAGE else "", "all": everything,
    }  # fmt: skip
    return render(request, "web/laboratory/positives.html", context)


@require_GET
def members(request: HttpRequest) -> HttpResponse:
    """Members of positive pools: those who are held, or all."""
    by = actor_of(request)
    by.must("samples.members")
    everything, pool = request.GET.get("all", ""), request.GET.get("pool", "")
    rows = queries.members(
        by,
        pool=pool,
        state="" if everything or pool else "held",
        after=number(request.GET.get("after", "")),
        limit=PAGE + 1,
    )
    context = shared(by, "sample_members") | {
        "rows": rows[:PAGE], "after": rows[PAGE - 1].id if len(rows) > PAGE else "", "all": everything, "pool": pool,
    }  # fmt: skip
    return render(request, "web/laboratory/members.html", context)


@require_GET
def member(request: HttpRequest, pk: int) -> HttpResponse:
    """One member of a pool, for whoever answers for what is owed about them."""
    by = actor_of(request)
    context = shared(by, "sample_members") | {"one": queries.member(by, pk)}
    return render(request, "web/laboratory/member.html", context)


@require_GET
def unmatched(request: HttpRequest) -> HttpResponse:
    """Results of nobody known, with whom they may be of."""
    return _unmatched(request, actor_of(request), None, 0)


@require_POST
def decide_unmatched(request: HttpRequest, pk: int) -> HttpResponse:
    """Say whose a result is, or that it is nobody's here."""
    by = actor_of(request)
    try:
        if "dismiss" in request.POST:
            actions.dismiss_result(by, pk, request.POST.get("reason", ""))
            messages.success(request, _("Set aside."))
        else:
            typed = request.POST.get("typed", "").strip()
            tube = actions.match_result(
                by, pk, person=request.POST.get("person", "") or (typed if "of_person" in request.POST else ""),
                tube=typed if "of_tube" in request.POST else "", outbreak=request.POST.get("outbreak", ""),
            )  # fmt: skip
            messages.success(request, _("The result is of tube %(code)s now.") % {"code": tube.code})
    except Refusal as refusal:
        return _unmatched(request, by, refusal, pk)
    return redirect(reverse("web:sample_unmatched"))


def _unmatched(request: HttpRequest, by: Actor, refusal: Refusal | None, at: int) -> HttpResponse:
    by.must("samples.match")
    rows = queries.unmatched(by, after=number(request.GET.get("after", "")), limit=21)
    context = shared(by, "sample_unmatched") | {
        "rows": rows[:20], "after": rows[19].id if len(rows) > 20 else "", "refusal": refusal, "refused": at,
        "outbreaks": cases.outbreaks(by, open_only=True),
    }  # fmt: skip
    return render(request, "web/laboratory/unmatched.html", context, status=refusal.status if refusal else 200)
