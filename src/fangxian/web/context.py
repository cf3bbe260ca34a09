"""What every page knows."""

import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.core import clock
from fangxian.core.access import Actor, roles
from fangxian.web.saying import UNITS, said


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the product, shown to whoever may look at it: `rights` are all needed."""

    view: str
    name: Any
    icon: str
    rights: tuple[str, ...]


SECTIONS = (
    Section("web:home", gettext_lazy("My duties"), "duties", ("duties.view",)),
    Section("web:cases", gettext_lazy("Cases"), "cases", ("cases.view",)),
    Section("web:contacts", gettext_lazy("Contacts"), "contacts", ("contacts.view", "cases.view")),
    Section("web:coverage", gettext_lazy("Coverage"), "coverage", ("coverage.view",)),
    Section("web:journal", gettext_lazy("Journal"), "journal", ("journal.view",)),
    Section("web:me", gettext_lazy("Me"), "me", ()),
)


def page(request: HttpRequest) -> dict[str, Any]:
    """The actor with the sections open to them, the clock that the page's clocks go by, whether this is a demonstration."""
    actor: Actor | None = getattr(request, "actor", None)
    signed_in = actor is not None and actor.account_id is not None
    return {
        "actor": actor,
        "signed_in": signed_in,
        "sections": sections(actor) if signed_in and actor else [],
        "here": _here(request),
        "posts": _posts(actor) if signed_in and actor else "",
        "now": clock.now(),
        "clock_words": json.dumps(
            {
                "late": _("%s late") % "%s",
                "left": _("%s left") % "%s",
                "units": [str(unit) for unit in UNITS],
                "join": _("%(days)s %(hours)s") % {"days": "", "hours": ""},
            },
            ensure_ascii=False,
        ),
        "session_ends": getattr(request, "session", {}).get("ends_at", "") if signed_in else "",
        "demo": settings.DEMO,
        "version": settings.VERSION,
    }


def sections(actor: Actor) -> list[Section]:
    """The parts of the product that this actor has something to do in."""
    return [one for one in SECTIONS if all(actor.may(right) for right in one.rights)]


def _here(request: HttpRequest) -> str:
    """The section of the page: what the menu marks."""
    match = getattr(request, "resolver_match", None)
    return f"web:{match.route.split('/')[0] or 'home'}" if match else ""


def _posts(actor: Actor) -> str:
    """The roles that the account holds, as people say them."""
    known = roles()
    return " · ".join(dict.fromkeys(said(known[grant.role]) for grant in actor.grants if grant.role in known))
