"""Guidelines as a person reads them, every value with its grade, clause and source at hand; and what two editions say otherwise."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from fangxian import protocols
from fangxian.core.access import Actor
from fangxian.core.errors import NotFound
from fangxian.duties import packs
from fangxian.protocols.vocabulary import terms
from fangxian.web.saying import said

#: Tone of a grade: what was read in the original is good, what nobody has found there is not.
TONES = {"A": "good", "B": "accent", "C": "soon", "G": "late"}
STATUSES = {
    "in_force": gettext_lazy("published, in force"),
    "historical": gettext_lazy("historical"),
    "draft": gettext_lazy("draft"),
}


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The packs that there are, those in force here first."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    here = packs.in_force(next(iter(by.areas("duties.view")), ""))
    order = {one.id: place for place, one in enumerate(here)}
    found = sorted(protocols.available(), key=lambda one: (order.get(one.id, len(order)), bool(one.base)))
    context = {
        "rows": [(one, STATUSES.get(one.status, one.status), one.id in order, _graded(one.grades)) for one in found],
        "ids": [(one.id, said(one.name)) for one in found if not one.base],
        "known": {one.id for one in found},
        "grades": _legend(),
        "tones": TONES,
    }
    return render(request, "web/protocols/index.html", context)


@require_GET
def pack(request: HttpRequest, name: str) -> HttpResponse:
    """One pack, chapter by chapter."""
    found = _loaded(name)
    context: dict[str, Any] = {
        "pack": found,
        "status": STATUSES.get(found.status, found.status),
        "sections": protocols.sections(found),
        "sources": found.sources,
        "grades": _legend(),
        "tones": TONES,
        "others": [(one.id, said(one.name)) for one in protocols.available() if not one.base and one.id != found.id],
        "known": {one.id for one in protocols.available()},
        "in_force": found.id in {one.id for one in packs.in_force()},
    }
    return render(request, "web/protocols/pack.html", context)


@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    """Two packs side by side: only what they say otherwise."""
    left, right = _loaded(request.GET.get("a", "")), _loaded(request.GET.get("b", ""))
    found = protocols.diff(left, right)
    names = terms("sections")
    chapters = [
        (said(names[key]), [(_below(one), one) for one in rows])
        for key, rows in groupby(found, key=lambda one: one.path.partition("/")[0])
    ]
    context = {
        "left": left,
        "right": right,
        "chapters": chapters,
        "number": len(found),
        "tones": TONES,
        "ids": [(one.id, said(one.name)) for one in protocols.available() if not one.base],
    }
    return render(request, "web/protocols/compare.html", context)


def _loaded(name: str) -> protocols.Pack:
    """A pack that comes with the product or is in force: never a path of this machine. Raises NotFound."""
    if name not in {one.id for one in protocols.available()}:
        raise NotFound(
            _("There is no protocol pack “%(name)s”.") % {"name": name[:60]}, remedy=_("Choose one of the list.")
        )
    return next((one for one in packs.in_force() if one.id == name), None) or protocols.load(name)


def _below(one: protocols.Difference) -> str:
    """What differs, without the name of its chapter."""
    whole = said(one.label)
    return whole.partition(" › ")[2] or whole


def _graded(grades: Any) -> list[tuple[str, str, int]]:
    return [(grade, TONES[grade], grades[grade]) for grade in TONES if grades.get(grade)]


def _legend() -> Sequence[tuple[str, str, str]]:
    words = terms("grades")
    return [(grade, tone, said(words[grade])) for grade, tone in TONES.items()]
