"""What every page knows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.core import clock
from fangxian.core.access import Actor, roles
from fangxian.web.saying import UNITS, said

#: The parts of the menu, in order. What belongs to the reader alone stands last and needs no heading.
GROUPS: Mapping[str, Any] = {
    "work": gettext_lazy("Work"),
    "picture": gettext_lazy("Overview"),
    "records": gettext_lazy("Records"),
    "self": "",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the product, shown to whoever may look at it: `rights` are all needed. `view` is named as its address begins."""

    view: str
    name: Any
    icon: str
    rights: tuple[str, ...]
    group: str = "work"


SECTIONS = (
    Section("web:home", gettext_lazy("My duties"), "duties", ("duties.view",)),
    Section("web:sources", gettext_lazy("Reporting"), "edit", ("surveillance.report",)),
    Section("web:cases", gettext_lazy("Cases"), "cases", ("cases.view",)),
    Section("web:contacts", gettext_lazy("Contacts"), "contacts", ("contacts.view",)),
    Section("web:samples", gettext_lazy("Samples"), "keep", ("samples.view",)),
    Section("web:screening", gettext_lazy("High-risk posts"), "people", ("screening.view",)),
    Section("web:rounds", gettext_lazy("Testing rounds"), "lists", ("rounds.view",)),
    Section("web:searches", gettext_lazy("Find contacts"), "place", ("contacts.identify", "tracing.view")),
    Section("web:isolation", gettext_lazy("Isolation"), "door", ("isolation.view",)),
    Section("web:trips", gettext_lazy("Trips"), "hand", ("isolation.drive",)),
    Section("web:situation", gettext_lazy("Situation"), "situation", ("situation.view",), "picture"),
    Section("web:trend", gettext_lazy("Trend"), "trend", ("situation.view",), "picture"),
    Section("web:decisions", gettext_lazy("Decisions"), "decisions", ("decisions.view",), "picture"),
    Section("web:surveillance", gettext_lazy("Early warning"), "eye", ("surveillance.view",), "picture"),
    Section("web:chains", gettext_lazy("Chains"), "chains", ("cases.view", "tracing.view")),
    Section("web:outbreaks", gettext_lazy("Outbreaks"), "outbreaks", ("cases.view",)),
    Section("web:zones", gettext_lazy("Zones"), "zones", ("zones.view",), "picture"),
    Section("web:coverage", gettext_lazy("Coverage"), "coverage", ("coverage.view",), "picture"),
    Section("web:protocols", gettext_lazy("Protocols"), "protocols", ("duties.view",), "records"),
    Section("web:areas", gettext_lazy("Territory"), "place", ("registry.view", "places.edit"), "records"),
    Section("web:people", gettext_lazy("People"), "people", ("registry.view", "persons.register"), "records"),
    Section("web:posts", gettext_lazy("Posts"), "duties", ("registry.appoint",), "records"),
    Section("web:accounts", gettext_lazy("Accounts"), "lock", ("accounts.grant",), "records"),
    Section("web:imports", gettext_lazy("Imports"), "import", ("imports.make",), "records"),
    Section("web:journal", gettext_lazy("Journal"), "journal", ("journal.view",), "records"),
    Section("web:me", gettext_lazy("Me"), "me", (), "self"),
)

#: What lies under the thumb: a telephone's bar holds so many sections, one place of them for “More” where there are others.
BAR = 5
#: The sections that a role needs many times a day; the rest follows in the order of the menu.
USUAL: Mapping[str, tuple[str, ...]] = {
    "grid_worker": ("web:home", "web:contacts", "web:me"),
    "site_nurse": ("web:home", "web:isolation", "web:contacts", "web:me"),
    "transfer_team": ("web:trips", "web:home", "web:me"),
    "clinic": ("web:home", "web:sources", "web:cases", "web:me"),
    "lab": ("web:home", "web:samples", "web:me"),
    "sampler": ("web:home", "web:samples", "web:me"),
    "employer": ("web:home", "web:screening", "web:me"),
    "reporter": ("web:home", "web:sources", "web:me"),
    "investigator": ("web:home", "web:cases", "web:contacts", "web:zones"),
    "reviewer": ("web:home", "web:cases", "web:situation", "web:coverage"),
    "duty_officer": ("web:home", "web:surveillance", "web:situation", "web:coverage", "web:zones"),
    "leader": ("web:situation", "web:zones", "web:coverage", "web:cases"),
    "auditor": ("web:coverage", "web:journal", "web:me"),
    "registrar": ("web:people", "web:posts", "web:accounts", "web:me"),
}


@dataclass(frozen=True, slots=True)
class Menu:
    """What an actor may open: all of it in groups (heading, sections), and what a telephone shows at once."""

    groups: tuple[tuple[Any, tuple[Section, ...]], ...]
    bar: tuple[Section, ...]

    @property
    def folded(self) -> bool:
        """Whether there is more than the bar holds."""
        return sum(len(sections) for _heading, sections in self.groups) > len(self.bar)


def page(request: HttpRequest) -> dict[str, Any]:
    """The actor with the sections open to them, the clock that the page's clocks go by, whether this is a demonstration."""
    actor: Actor | None = getattr(request, "actor", None)
    signed_in = actor is not None and actor.account_id is not None
    return {
        "actor": actor,
        "signed_in": signed_in,
        "menu": menu(actor) if signed_in and actor else None,
        # In a dictionary of its own, so that what a page calls `posts` or `version` does not come into the frame.
        "frame": {
            "here": _here(request),
            "posts": _posts(actor) if signed_in and actor else "",
            "version": settings.VERSION,
        },
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
        "carries": signed_in and actor is not None and actor.may("duties.do"),
        "demo": settings.DEMO,
    }


def sections(actor: Actor) -> list[Section]:
    """The parts of the product that this actor has something to do in."""
    return [one for one in SECTIONS if all(actor.may(right) for right in one.rights)]


def menu(actor: Actor) -> Menu:
    """The menu of this actor."""
    open_to = sections(actor)
    groups = tuple(
        (heading, found)
        for key, heading in GROUPS.items()
        if (found := tuple(one for one in open_to if one.group == key))
    )
    ranked = _ranked(actor, open_to)
    chosen = ranked if len(ranked) <= BAR else ranked[: BAR - 1]
    return Menu(groups, tuple(one for one in open_to if one in chosen))


def beginning(actor: Actor) -> Section:
    """Where somebody begins: at what they need most."""
    return _ranked(actor, sections(actor))[0]


def _ranked(actor: Actor, open_to: list[Section]) -> list[Section]:
    in_turn = zip_longest(*(USUAL.get(grant.role, ()) for grant in actor.grants))
    usual = [view for views in in_turn for view in views if view]
    return sorted(open_to, key=lambda one: usual.index(one.view) if one.view in usual else len(usual))


def _here(request: HttpRequest) -> str:
    """The section of the page: what the menu marks."""
    match = getattr(request, "resolver_match", None)
    first = match.route.split("/")[0] if match else ""
    return f"web:{'home' if first in ('', 'duties') else first}" if match else ""


def _posts(actor: Actor) -> str:
    """The roles that the account holds, as people say them."""
    known = roles()
    return " · ".join(dict.fromkeys(said(known[grant.role]) for grant in actor.grants if grant.role in known))
