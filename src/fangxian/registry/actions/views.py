"""Writers of saved views: kept, renamed, shared with one's organisation, made the first, deleted; and the columns one chose."""

from collections.abc import Sequence

from django.db import IntegrityError
from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action, attempt, record
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.registry.models import Layout, SavedView
from fangxian.registry.queries.views import organisations_of, visible
from fangxian.registry.schemas import ViewForm
from fangxian.registry.vocabulary import must_be

#: The lists that can be looked at in views of one's own, and the right to look at each.
PAGES = {"cases": "cases.view", "contacts": "contacts.view"}
#: What was searched for is not kept: it may be a name.
NEVER_KEPT = "text"
LONGEST = 40


@action
def save_view(by: Actor, form: ViewForm) -> SavedView:
    """Keep a view under a name; one's own of the same name is replaced.

    Raises NotAllowed for an organisation that the actor does not work for, Invalid for a name or a filter that does not hold.
    """
    account = _whose(by, form.page)
    name = _named(form.name)
    if form.organisation is not None and form.organisation not in {one.pk for one in organisations_of(by)}:
        raise NotAllowed(
            _("You share a view with those you work with."),
            remedy=_("Choose an organisation in which you hold a post, or keep the view to yourself."),
            field="organisation",
        )
    kept = {key[:40]: str(value)[:200] for key, value in form.filter.items() if value and key != NEVER_KEPT}
    if len(kept) > LONGEST or len(form.columns) > LONGEST:
        raise Invalid(_("This is more than a view holds."), remedy=_("Narrow it down."), field="filter")
    view, _new = SavedView.objects.update_or_create(
        owner_id=account, page=form.page, name=name,
        defaults={
            "filter": kept, "columns": [str(one)[:40] for one in form.columns], "order": form.order[:20],
            "organisation_id": form.organisation, "created_at": clock.now(),
        },
    )  # fmt: skip
    record(
        by, "view.saved", ("view", view.pk), data={"page": form.page, "name": name, "organisation": form.organisation}
    )  # fmt: skip
    return view


@action
def rename_view(by: Actor, view_id: int, name: str) -> SavedView:
    """Give one's own view another name. Raises Conflict where another one has it."""
    view = _mine(by, view_id)
    view.name = _named(name)
    try:
        with attempt():
            view.save(update_fields=["name"])
    except IntegrityError:
        raise Conflict(
            _("You have a view of this name already."), remedy=_("Choose another name."), field="name"
        ) from None
    record(by, "view.renamed", ("view", view.pk), data={"name": view.name})
    return view


@action
def delete_view(by: Actor, view_id: int) -> None:
    """Delete one's own view; whose list opened with it, opens as it comes."""
    view = _mine(by, view_id)
    record(by, "view.deleted", ("view", view.pk), data={"name": view.name})
    view.delete()


@action
def begin_with(by: Actor, page: str, view_id: int | None = None) -> None:
    """Let a list open with a view that one may look through, or (None) as it comes."""
    account = _whose(by, page)
    if view_id is not None and not visible(by, page).filter(pk=view_id).exists():
        raise _none()
    Layout.objects.update_or_create(account_id=account, page=page, defaults={"view_id": view_id})
    record(by, "view.first", ("view", view_id or 0), data={"page": page})


@action
def keep_columns(by: Actor, page: str, columns: Sequence[str]) -> None:
    """Keep which columns of a list one wants to see, in this order; none at all means those it comes with."""
    account = _whose(by, page)
    kept = [str(one)[:40] for one in dict.fromkeys(columns)][:LONGEST]
    Layout.objects.update_or_create(account_id=account, page=page, defaults={"columns": kept})
    record(by, "view.columns", ("account", account), data={"page": page, "columns": kept})


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _whose(by: Actor, page: str) -> int:
    """The account that acts, if it may look at the list at all."""
    by.must(PAGES[must_be(page, PAGES, "page")])
    if by.account_id is None:
        raise NotAllowed(_("Views are kept by accounts."), remedy=_("Sign in."))
    return by.account_id


def _named(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= 60:
        raise Invalid(_("A view needs a name of up to 60 characters."), remedy=_("Say what it shows."), field="name")
    return name


def _mine(by: Actor, view_id: int) -> SavedView:
    view = SavedView.objects.select_for_update().filter(pk=view_id, owner_id=by.account_id or 0).first()
    if view is None:
        raise _none()
    return view


def _none() -> NotFound:
    return NotFound(_("There is no such view among yours."), remedy=_("Reload the list."))
