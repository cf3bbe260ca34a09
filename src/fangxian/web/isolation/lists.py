"""Isolation at a glance, and its lists: sites, people by link, between links, releases due and overdue, who is not in the loop."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from fangxian.containment.isolation import actions, queries, rights
from fangxian.containment.isolation.forms import PlacementForm, SiteForm
from fangxian.containment.isolation.words import LINKS
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.duties import packs
from fangxian.registry import queries as registry
from fangxian.web.isolation.forms import SiteEntryForm, TellForm
from fangxian.web.parts import Cursor, actor_of, fragment

PAGE = 40


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What cannot wait first, then how many are where, then the sites with their free beds."""
    by = actor_of(request)
    by.must(rights.VIEW)
    rows = queries.sites(by, after=_whole(request.GET.get("after", "")), limit=PAGE + 1)
    more, rows = len(rows) > PAGE, rows[:PAGE]
    context: dict[str, Any] = {"sites": rows, "after": rows[-1].id if more else ""}
    if fragment(request, "more"):
        return render(request, "web/isolation/sites.html", context)
    context |= {
        "numbers": queries.numbers(by), "links": LINKS, "overdue": queries.overdue(by), "now": clock.now(),
        "may_sites": by.may(rights.SITES), "may_tell": by.may(rights.TELL),
        "may_allocate": by.may(rights.TELL) and by.may(rights.DRIVE), "reserve": _reserve(by),
    }  # fmt: skip
    return render(request, "web/isolation/index.html", context)


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """People in the loop: at one link, on one site."""
    by = actor_of(request)
    by.must(rights.VIEW)
    link = request.GET.get("link", "")
    found = queries.people(
        by, link=link, site=request.GET.get("site", ""), after=_whole(request.GET.get("after", "")), limit=PAGE + 1
    )
    rows = found[:PAGE]
    context = {
        "rows": rows, "after": rows[-1].id if len(found) > PAGE else "", "link": link, "links": LINKS, "now": clock.now(),
        "query": _query(request), "title": _("People in isolation"), "tabs": True,
    }  # fmt: skip
    return _list(request, context)


@require_GET
def between(request: HttpRequest) -> HttpResponse:
    """Whoever is between two links, the longest first."""
    title, hint = _("Between two links"), _("Given or taken, and not yet both. Whoever is late stands first.")
    return _in_time(request, queries.between, "passing_until", title, hint)


@require_GET
def releases(request: HttpRequest) -> HttpResponse:
    """Releases due within a day and those overdue."""
    title, hint = _("Releases due"), _("Nobody stays past their release. The most overdue stands first.")
    return _in_time(request, queries.releases, "leave_at", title, hint)


@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """Whoever must be brought in by the duties and is not in the loop."""
    by = actor_of(request)
    by.must(rights.VIEW)
    found = queries.waiting(by, after=Cursor.read(request.GET.get("after", "")), limit=PAGE)
    context = {
        "rows": found, "after": Cursor.write(found[-1].due_at, found[-1].step) if len(found) == PAGE else "",
        "may_tell": by.may(rights.TELL), "now": clock.now(),
    }  # fmt: skip
    template = "waiting_lines" if fragment(request, "more") else "waiting"
    return render(request, f"web/isolation/{template}.html", context)


@require_http_methods(["GET", "POST"])
def tell(request: HttpRequest) -> HttpResponse:
    """Take somebody into the loop."""
    by = actor_of(request)
    by.must(rights.TELL)
    form = TellForm(_classes(by), request.POST if request.method == "POST" else None, initial=request.GET.dict())
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
            given = form.cleaned_data
            row = actions.tell(by, PlacementForm(**{**given, "needs": tuple(given["needs"])}))
            return redirect("web:isolation_person", row.code)
        except Refusal as fault:
            refusal = _marked(form, fault)
    context = {
        "form": form,
        "refusal": refusal,
        "title": _("Told that they are isolated"),
        "go": _("Take into the loop"),
    }
    return render(request, "web/isolation/form.html", context, status=refusal.status if refusal else 200)


@require_http_methods(["GET", "POST"])
def new_site(request: HttpRequest) -> HttpResponse:
    """Enter an isolation site."""
    by = actor_of(request)
    by.must(rights.SITES)
    codes = by.areas(rights.SITES)
    names = registry.area_names(codes)
    form = SiteEntryForm([(code, names[code]) for code in codes], request.POST if request.method == "POST" else None)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
            return redirect("web:isolation_site", actions.open_site(by, SiteForm(**form.cleaned_data)).code)
        except Refusal as fault:
            refusal = _marked(form, fault)
    context = {"form": form, "refusal": refusal, "title": _("A new isolation site"), "go": _("Save")}
    return render(request, "web/isolation/form.html", context, status=refusal.status if refusal else 200)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_time(request: HttpRequest, query: Any, clock_of: str, title: str, hint: str) -> HttpResponse:
    """A list in the order of one of the clocks of the people on it."""
    by = actor_of(request)
    by.must(rights.VIEW)
    found = query(by, after=_after(request), limit=PAGE + 1)
    rows = found[:PAGE]
    context = {
        "rows": rows, "after": _cursor(rows, clock_of, found), "query": _query(request), "now": clock.now(), "title": title,
        "hint": hint,
    }  # fmt: skip
    return _list(request, context)


def _list(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    context.setdefault("links", LINKS)
    template = "people_lines" if fragment(request, "more") else "people"
    return render(request, f"web/isolation/{template}.html", context)


def _marked(form: Any, refusal: Refusal) -> Refusal:
    if refusal.field in form.fields and refusal.field not in form.errors:
        form.add_error(refusal.field, str(refusal))
    return refusal


def _classes(by: Actor) -> list[tuple[str, Any]]:
    areas = by.areas(rights.TELL)
    rules = next((one.isolation for one in packs.in_force(areas[0] if areas else "") if one.isolation), None)
    return [(one.key, one.name) for one in rules.classes] if rules else []


def _reserve(by: Actor) -> Any:
    """The reserve of the actor's own jurisdiction, where they have one that is no smaller than a county."""
    own = next((code for code in by.areas(rights.VIEW) if 0 < len(code) <= 6), "")
    return queries.reserve(by, own) if own and by.may(rights.VIEW, own) else None


def _whole(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 18):
        raise Invalid(_("This address does not lead on."), remedy=_("Begin the list again."))
    return int(text)


def _after(request: HttpRequest) -> tuple[datetime, int] | None:
    found = Cursor.read(request.GET.get("after", ""))
    return (found[0], found[1]) if found and found[0] else None


def _cursor(rows: Sequence[Any], name: str, found: Sequence[Any]) -> str:
    return Cursor.write(getattr(rows[-1], name), rows[-1].id) if len(found) > len(rows) else ""


def _query(request: HttpRequest) -> str:
    given = request.GET.copy()
    for name in ("after", "part"):
        given.pop(name, None)
    return given.urlencode()
