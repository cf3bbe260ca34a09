"""Who may do what, where and what for: role × action × jurisdiction prefix × purpose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as N_

from fangxian.core import clock
from fangxian.core.errors import Invalid, NotAllowed
from fangxian.core.models import Account
from fangxian.core.models import Grant as GrantRow

#: What personal fields may be looked at for, with the ground in law (PIPL Art. 13(1)(iii), (iv); Art. 45). A closed list.
PURPOSES: Mapping[str, str] = {
    "investigation": N_("Case investigation"),
    "follow_up": N_("Follow-up of a contact"),
    "review": N_("Review of a report"),
    "care": N_("Care and transfer of a patient"),
    "matching": N_("Finding duplicate records"),
    "quality": N_("Checking the quality of data"),
    "own_request": N_("At the person's own request"),
}


def purpose_name(purpose: str) -> str:
    """The purpose in the reader's language."""
    return _(PURPOSES[purpose]) if purpose in PURPOSES else purpose


@dataclass(frozen=True, slots=True)
class Role:
    """A role as `roles.yaml` has it. `scope` is "area" or "organisation"."""

    key: str
    name: Mapping[str, str]
    may: tuple[str, ...]
    scope: str = "area"
    level: str = ""

    @property
    def zh(self) -> str:
        return self.name["zh"]

    @property
    def en(self) -> str:
        return self.name["en"]


@cache
def roles() -> Mapping[str, Role]:
    """Every role, in the order of the file."""
    raw = yaml.safe_load(files("fangxian.core").joinpath("roles.yaml").read_text(encoding="utf-8"))
    return {key: Role(key, **{**value, "may": tuple(value["may"])}) for key, value in raw.items()}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role held in a jurisdiction (all codes with this prefix), for an organisation where the role is bound to one."""

    role: str
    area: str
    organisation_id: int | None = None

    def allows(self, action: str) -> bool:
        return _allows(self.role, action)


@cache
def _allows(role: str, action: str) -> bool:
    found = roles().get(role)
    return found is not None and any(fnmatchcase(action, pattern) for pattern in found.may)


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts: an account with its grants, or the system itself. `channel`: web, api, cli, job or replay."""

    account_id: int | None
    name: str
    grants: tuple[Grant, ...]
    channel: str
    person_id: int | None = None
    purpose: str = ""
    is_system: bool = False

    def may(self, action: str, area: str | None = None, organisation_id: int | None = None) -> bool:
        """Whether the action is allowed in the area (anywhere, if None).

        A role that is bound to an organisation reaches what that organisation holds, wherever it is: a clinic reports patients
        from everywhere.
        """
        return self.is_system or any(
            grant.allows(action)
            and (
                area is None
                or (grant.organisation_id == organisation_id if _bound(grant) else area.startswith(grant.area))
            )
            for grant in self.grants
        )

    def must(self, action: str, area: str | None = None, organisation_id: int | None = None) -> None:
        """Raise NotAllowed unless `may`."""
        if not self.may(action, area, organisation_id):
            raise NotAllowed(
                _("%(who)s may not do this here (%(action)s).") % {"who": self.name, "action": action},
                remedy=_("Ask the duty officer of the jurisdiction, or sign in with the account of that post."),
            )

    def scope(self, action: str, *, area: str = "area", organisation: str = "") -> Q:
        """The filter for the rows on which the action is allowed. `organisation` names the column of bound roles."""
        if self.is_system:
            return Q()
        allowed = [grant for grant in self.grants if grant.allows(action)]
        nothing = Q(pk__in=())
        found = nothing
        for grant in allowed:
            if not _bound(grant):
                found |= within(grant.area, area)
            elif organisation:
                found |= Q(**{organisation: grant.organisation_id})
        return found

    def areas(self, action: str) -> tuple[str, ...]:
        """The jurisdictions in which the action is allowed, none within another."""
        if self.is_system:
            return ("",)
        codes = sorted({grant.area for grant in self.grants if grant.allows(action)})
        return tuple(code for code in codes if not any(code != other and code.startswith(other) for other in codes))

    def with_purpose(self, purpose: str) -> "Actor":
        """The same actor with a purpose from the closed list."""
        if purpose not in PURPOSES:
            raise Invalid(
                _("A purpose is needed to look at personal data."),
                remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(PURPOSES)},
                field="purpose",
            )
        return replace(self, purpose=purpose)


def _bound(grant: Grant) -> bool:
    return roles()[grant.role].scope == "organisation"


def within(area: str, column: str = "area") -> Q:
    """Rows whose code lies in the jurisdiction: a range on the code, so that the index serves it.

    Of the whole country it is every row, said as a condition: an empty Q would be dropped from "nothing or everything".
    """
    return Q(**{f"{column}__gte": area, f"{column}__lt": after(area)}) if area else Q(**{f"{column}__gte": ""})


def after(area: str) -> str:
    """The first text that no longer begins with this code (":" follows "9")."""
    return area + ":"


SYSTEM = Actor(None, "system", (), "job", is_system=True)
#: Whoever looks at a page without having signed in.
NOBODY = Actor(None, "", (), "web")


def actor_for(account: Account, channel: str) -> Actor:
    """The actor that an account is now, from the grants in force."""
    now = clock.now()
    rows: Iterable[Any] = GrantRow.objects.filter(account=account, begins_at__lte=now).filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=now)
    )
    grants = tuple(Grant(row.role, row.area, row.organisation_id) for row in rows)
    return Actor(account.pk, account.name, grants, channel, person_id=account.person_id)


def areas_with(action: str) -> set[str]:
    """The jurisdictions in which somebody holds a role that allows an action now."""
    now = clock.now()
    holding = [key for key, role in roles().items() if role.scope == "area" and _allows(key, action)]
    rows = GrantRow.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now), role__in=holding, begins_at__lte=now)
    return set(rows.filter(account__is_active=True).values_list("area", flat=True))


def level_label(level: str) -> str:
    """The name of a level of jurisdiction in the reader's language."""
    return str(_LEVELS.get(level, level))


_LEVELS = {
    "country": gettext_lazy("country"),
    "province": gettext_lazy("province"),
    "city": gettext_lazy("city"),
    "county": gettext_lazy("county"),
    "township": gettext_lazy("township"),
    "village": gettext_lazy("community"),
    "grid": gettext_lazy("grid"),
    "building": gettext_lazy("building"),
}
