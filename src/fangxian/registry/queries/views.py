"""Reading saved views: one's own, and those that one's organisations share."""

from django.db.models import Q, QuerySet

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.registry.models import Appointment, Layout, Organisation, SavedView
from fangxian.registry.schemas import ListKept, ViewShown


def organisations_of(by: Actor) -> list[Organisation]:
    """The organisations that the actor works for: where they hold a post, and to which their roles are bound; one query."""
    bound = [grant.organisation_id for grant in by.grants if grant.organisation_id is not None]
    found = Organisation.objects.filter(Q(pk__in=bound) | Q(pk__in=_posts(by).values("organisation")), is_active=True)
    return list(found.order_by("pk"))


def list_kept(by: Actor, page: str) -> ListKept:
    """What the actor keeps of a list (`cases`, `contacts`), their own views first; two queries."""
    if by.account_id is None:
        return ListKept((), ())
    kept = Layout.objects.filter(account_id=by.account_id, page=page).first()
    rows = visible(by, page).select_related("owner").order_by("name", "pk")
    views = [
        ViewShown(
            row.pk, row.page, row.name, row.filter, tuple(row.columns), row.order, row.organisation_id, row.owner.name,
            row.owner_id == by.account_id, kept is not None and kept.view_id == row.pk,
        )
        for row in rows
    ]  # fmt: skip
    return ListKept(tuple(kept.columns) if kept else (), tuple(sorted(views, key=lambda one: not one.mine)))


def visible(by: Actor, page: str) -> QuerySet[SavedView]:
    """The views of a list that the actor may look through."""
    bound = [grant.organisation_id for grant in by.grants if grant.organisation_id is not None]
    shared = Q(organisation__in=bound) | Q(organisation__in=_posts(by).values("organisation"))
    return SavedView.objects.filter(Q(owner_id=by.account_id or 0) | shared, page=page)


def _posts(by: Actor) -> QuerySet[Appointment]:
    now = clock.now()
    held = Appointment.objects.filter(account_id=by.account_id or 0, begins_at__lte=now)
    return held.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now)).order_by()
