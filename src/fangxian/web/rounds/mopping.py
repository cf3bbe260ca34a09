"""Who has not come: the list of a street, the grid worker's list under one thumb, and the one that is carried from door to door."""

from datetime import datetime
from itertools import groupby

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.laboratory.rounds import actions, queries
from fangxian.laboratory.rounds.schemas import ANSWERS, EXEMPTIONS, OF_THE_HOUSE, MissingRow
from fangxian.registry.levels import LENGTHS
from fangxian.web.parts import actor_of, number_of, section
from fangxian.web.rounds.words import ANSWERED

PAGE, SHEET = 60, 400
EXEMPT = "exempt"


@require_GET
def missing(request: HttpRequest, code: str) -> HttpResponse:
    """Who has not come in a place, door by door."""
    by = actor_of(request)
    by.must("rounds.people")
    area, answer = request.GET.get("area", ""), _answer(request)
    rows = queries.missing(by, code, area, answer=answer, after=_cursor(request), limit=PAGE + 1)
    context = {
        "code": code, "area": area, "answer": answer, "answers": ANSWERS, "answered": ANSWERED, "rows": rows[:PAGE],
        "after": _mark(rows[PAGE - 1]) if len(rows) > PAGE else "", "households": queries.households_missing(by, code, area),
    }  # fmt: skip
    return render(request, "web/rounds/missing.html", context)


@require_GET
def exempt(request: HttpRequest, code: str) -> HttpResponse:
    """Who need not come, and why."""
    by = actor_of(request)
    by.must("rounds.people")
    rows = queries.exempt(
        by, code, request.GET.get("area", ""), after=number_of(request.GET.get("after", "")) or 0, limit=PAGE + 1
    )
    context = {
        "code": code,
        "rows": rows[:PAGE],
        "after": rows[PAGE - 1].id if len(rows) > PAGE else "",
        "reasons": EXEMPTIONS,
    }
    return render(request, "web/rounds/exempt.html", context)


@require_GET
def doors(request: HttpRequest, code: str) -> HttpResponse:
    """The list for going from door to door, made for paper: whoever cannot come, and whoever has not answered."""
    by = actor_of(request)
    by.must("rounds.people")
    row = queries.round_of(by, code)
    area = request.GET.get("area", "")
    rows = queries.missing(by, code, area, answer=_answer(request), after=_cursor(request), limit=SHEET + 1)
    context = {
        "row": row, "area": area, "answers": ANSWERS, "groups": _by_door(rows[:SHEET]), "printed_at": clock.now(),
        "after": _mark(rows[SHEET - 1]) if len(rows) > SHEET else "", "answer": _answer(request),
    }  # fmt: skip
    return render(request, "web/rounds/doors.html", context)


@require_http_methods(["GET", "POST"])
def mop_up(request: HttpRequest, code: str, area: str) -> HttpResponse:
    """The grid worker's list: who is missing behind which door, and what they said."""
    by = actor_of(request)
    by.must("rounds.people", area)
    refusal = None
    if request.method == "POST":
        try:
            _asked(request, by)
        except Refusal as fault:
            refusal = fault
        else:
            messages.success(request, _("Noted."))
            return redirect(f"{reverse('web:round_mop_up', args=[code, area])}")
    row = queries.round_of(by, code, area)
    rows = queries.missing(by, code, area, after=_cursor(request), limit=PAGE + 1)
    context = {
        "row": row, "area": area, "count": row.count, "groups": _by_door(rows[:PAGE]),
        "after": _mark(rows[PAGE - 1]) if len(rows) > PAGE else "", "answers": ANSWERS, "answered": ANSWERED, "refusal": refusal,
        "reasons": {key: text for key, text in EXEMPTIONS.items() if key not in OF_THE_HOUSE},
        "is_grid": len(area) >= LENGTHS["grid"],
    }  # fmt: skip
    return render(request, "web/rounds/mop_up.html", context, status=refusal.status if refusal else 200)


@require_GET
def newcomers(request: HttpRequest, code: str, area: str) -> HttpResponse:
    """Who lives in a grid now and is not on the roll."""
    context = {"people": queries.newcomers(actor_of(request), code, area)}
    back = reverse("web:round_mop_up", args=[code, area]), code
    return section(request, "web/rounds/newcomers.html", context, _("Came to live here since"), back)


def _asked(request: HttpRequest, by: Actor) -> None:
    """What the people of one door said."""
    listed = [pk for one in request.POST.getlist("listed") if (pk := number_of(one)) is not None]
    answer, note = request.POST.get("answer", ""), request.POST.get("note", "")
    if answer != EXEMPT:
        actions.note_answer(by, listed, answer, note)
        return
    at = request.POST.get("tested_at", "")
    actions.excuse(by, listed, request.POST.get("why", ""), note, _moment(at) if at else None)


def _moment(text: str) -> datetime:
    """A local date and time as a form has it. Raises Invalid."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=clock.zone())
    except ValueError:
        raise Invalid(
            _("This is not a date with a time."), remedy=_("Write it as 2026-03-04T09:30."), field="tested_at"
        ) from None


def _by_door(rows: list[MissingRow]) -> list[list[MissingRow]]:
    """Those of one household together; whoever belongs to none stands alone."""
    found: list[list[MissingRow]] = []
    for (_area, door), group in groupby(rows, key=lambda one: (one.area, one.door)):
        folk = list(group)
        found += [folk] if door else [[one] for one in folk]
    return found


def _answer(request: HttpRequest) -> str:
    answer = request.GET.get("answer", "")
    return answer if answer in ANSWERS or answer == "none" else ""


def _mark(row: MissingRow) -> str:
    return "_".join(map(str, row.after))


def _cursor(request: HttpRequest) -> tuple[str, int, int] | None:
    """Raises Invalid for what `_mark` has not written."""
    text = request.GET.get("after", "")
    if not text:
        return None
    area, _first, rest = text.partition("_")
    door, _second, pk = rest.partition("_")
    if not area.isdecimal() or number_of(door) is None or number_of(pk) is None:
        raise Invalid(_("This address does not lead on."), remedy=_("Begin the list again."))
    return area, int(door), int(pk)
