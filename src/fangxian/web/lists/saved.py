"""Saved views and chosen columns: kept, renamed, shared, put first, deleted."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, NotFound
from fangxian.registry import actions
from fangxian.registry import queries as registry
from fangxian.registry.schemas import ViewForm as Wanted
from fangxian.web.lists.tables import Table
from fangxian.web.saying import said

#: The list → its page.
LISTS = {"cases": "web:cases", "contacts": "web:contacts"}


class ViewForm(forms.Form):
    """A name for what is seen, and whom to share it with."""

    name = forms.CharField(label=gettext_lazy("Name of the view"), max_length=60)
    organisation = forms.TypedChoiceField(
        label=gettext_lazy("Who sees it"), required=False, coerce=int, empty_value=None
    )
    first = forms.BooleanField(label=gettext_lazy("Open the list with it"), required=False)

    def __init__(self, by: Actor, table: Table | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "view_%s", **kwargs})
        own = registry.organisations_of(by)
        shared = [(one.pk, _("everybody at %(name)s") % {"name": said(one)}) for one in own]
        self.fields["organisation"].choices = [("", _("only me")), *shared]  # type: ignore[attr-defined]
        if table is not None and table.view is not None and table.view.mine:
            self.initial = {
                "name": table.view.name, "organisation": table.view.organisation, "first": table.view.first,
            }  # fmt: skip


@require_POST
def save(request: HttpRequest, page: str) -> HttpResponse:
    """Keep what is seen as a view: filter, columns, order."""
    by = _actor(request, page)
    form = ViewForm(by, None, request.POST)
    if not form.is_valid():
        raise Invalid(_("The view has no name yet."), remedy=_("Write what it shows, in a few words."), field="name")
    seen = QueryDict(request.POST.get("query", ""))
    narrowed = {name: seen[name] for name in seen if name not in ("order", "columns") and seen[name]}
    columns = tuple(key for key in seen.get("columns", "").split(",") if key)
    wanted = Wanted(
        page=page, name=form.cleaned_data["name"], filter=narrowed, columns=columns, order=seen.get("order", ""),
        organisation=form.cleaned_data["organisation"],
    )  # fmt: skip
    view = actions.save_view(by, wanted)
    if form.cleaned_data["first"]:
        actions.begin_with(by, page, view.pk)
    messages.success(request, _("The view “%(name)s” is kept.") % {"name": view.name})
    if "text" in narrowed:
        messages.success(request, _("The text searched for is not part of it, as it may be a name."))
    return redirect(f"{reverse(LISTS[page])}?view={view.pk}")


@require_POST
def change(request: HttpRequest, page: str, view: int) -> HttpResponse:
    """Rename a view, delete it, or let the list open with it or no longer."""
    by = _actor(request, page)
    what = request.POST.get("do", "")
    if what == "rename":
        actions.rename_view(by, view, request.POST.get("name", ""))
    elif what == "delete":
        actions.delete_view(by, view)
        return redirect(f"{reverse(LISTS[page])}?view=all")
    elif what in ("first", "not_first"):
        actions.begin_with(by, page, view if what == "first" else None)
    else:
        raise Invalid(_("Nothing was changed."), remedy=_("Choose what to do with the view."))
    return redirect(f"{reverse(LISTS[page])}?view={view}")


@require_POST
def columns(request: HttpRequest, page: str) -> HttpResponse:
    """Keep the columns chosen; none ticked means those that the list comes with."""
    by = _actor(request, page)
    chosen = [] if "usual" in request.POST else request.POST.getlist("column")
    actions.keep_columns(by, page, chosen)
    seen = QueryDict(request.POST.get("query", ""), mutable=True)
    seen.pop("columns", None)
    return redirect(f"{reverse(LISTS[page])}?{seen.urlencode() or 'view=all'}")


def _actor(request: HttpRequest, page: str) -> Actor:
    if page not in LISTS:
        raise NotFound(_("There is no such list."))
    return request.actor  # type: ignore[attr-defined,no-any-return]
