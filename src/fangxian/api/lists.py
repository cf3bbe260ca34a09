"""Saved views of the lists, and the columns that an account chose."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from ninja import Router
from pydantic import Field

from fangxian.api.offering import offer
from fangxian.api.shapes import Shown
from fangxian.core.access import Actor
from fangxian.registry import actions, queries

router = Router(tags=["lists"])


class ViewKept(Shown):
    """A view that was kept: what a list is narrowed to, in which columns and order, for whom."""

    id: int
    page: str
    name: str
    filter: Mapping[str, str]
    columns: Sequence[str]
    order: str
    organisation: int | None


def _kept(_by: Actor, view: Any) -> ViewKept:
    return ViewKept(
        id=view.pk, page=view.page, name=view.name, filter=view.filter, columns=view.columns, order=view.order,
        organisation=view.organisation_id,
    )  # fmt: skip


PAGE = {"page": Annotated[str, Field(description="cases or contacts", max_length=20)]}

offer(router, "GET", "/lists/{page}", queries.list_kept, given=PAGE)
offer(router, "PUT", "/lists/{page}/columns", actions.keep_columns, given=PAGE)
offer(router, "PUT", "/lists/{page}/first", actions.begin_with, given=PAGE)
offer(router, "POST", "/views", actions.save_view, ViewKept, status=201, keyed=True, then=_kept)
offer(router, "PATCH", "/views/{view_id}", actions.rename_view, ViewKept, then=_kept)
offer(router, "DELETE", "/views/{view_id}", actions.delete_view)
