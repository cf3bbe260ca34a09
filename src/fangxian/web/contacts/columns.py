"""The columns of the contacts: what each shows on the page and tells in a file."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from fangxian.standards.tables import Cell
from fangxian.tracing.schemas import ContactRow
from fangxian.web import saying
from fangxian.web.lists.tables import Column
from fangxian.web.templatetags.fangxian import STEP_STATES, chip, transport_state

#: What the list comes with; the rest is chosen.
USUAL = (
    "code", "name", "category", "area_name", "last_exposure_at", "person_clear_at", "place_clear_at", "control_clear_at", "transport",
    "holder", "state",
)  # fmt: skip


def _field(name: str) -> Callable[[ContactRow], Any]:
    return lambda row: getattr(row, name)


def _plain(key: str, name: Any) -> Column:
    return Column(key, name, lambda row: getattr(row, key) or "–", _field(key))


def _instant(key: str, name: Any, order: str = "") -> Column:
    return Column(key, name, lambda row: saying.instant(getattr(row, key)), _field(key), order, labelled=True)


def _clear(key: str, name: Any, words: Callable[[ContactRow], Any]) -> Column:
    """One of the four clear: on the page whether, in a file since when."""

    def show(row: ContactRow) -> SafeString:
        return chip(words(row), "good", "check") if getattr(row, key) else chip(_("not yet"), "late", "missed")

    return Column(key, name, show, _field(key), labelled=True)


def _code(row: ContactRow) -> SafeString:
    return format_html('<a class="code" href="{}">{}</a>', reverse("web:contact", args=[row.code]), row.code)


def _category(row: ContactRow) -> Any:
    named = saying.fact_value("category", row.category)
    if row.ring <= 1:
        return named
    return format_html('{}<span class="cell-sub">{}</span>', named, _("ring %(n)s") % {"n": row.ring})


def _held(row: ContactRow) -> str:
    return str(saying.HELD.get(row.held, row.held)) or "–"


def _transport(row: ContactRow) -> Any:
    return transport_state(row.transport) if row.transport else "–"


def _transport_told(row: ContactRow) -> Cell:
    return "" if not row.transport else str(_("late") if row.transport == "late" else STEP_STATES[row.transport][2])


def _state(row: ContactRow) -> SafeString:
    parts = [chip(saying.CONTACT_STATES.get(row.state, row.state), "calm")]
    if row.suspected_at:
        parts.append(chip(_("may be a case"), "late", "late"))
    if row.late:
        parts.append(chip(ngettext("%(n)s late", "%(n)s late", row.late) % {"n": row.late}, "late", "clock"))
    return SafeString(" ".join(parts))


def _case(row: ContactRow) -> Any:
    return (
        format_html('<a class="code" href="{}">{}</a>', reverse("web:case", args=[row.case]), row.case)
        if row.case
        else "–"
    )


COLUMNS = (
    Column("code", gettext_lazy("Code"), _code, _field("code")),
    Column("name", gettext_lazy("Name"), lambda row: format_html("<bdi>{}</bdi>", row.name), _field("name"), personal=True),
    Column("category", gettext_lazy("Category"), _category, lambda row: saying.fact_value("category", row.category)),
    Column("ring", gettext_lazy("Ring"), _field("ring"), _field("ring"), labelled=True),
    _plain("area_name", gettext_lazy("Place")),
    _instant("identified_at", gettext_lazy("Identified"), "identified"),
    _instant("last_exposure_at", gettext_lazy("Last exposure")),
    _clear("person_clear_at", pgettext_lazy("four clear", "Person"), lambda _row: _("clear")),
    _clear("place_clear_at", pgettext_lazy("four clear", "Place"), lambda _row: _("clear")),
    _clear("control_clear_at", pgettext_lazy("four clear", "Control"), _held),
    Column("held", gettext_lazy("Held"), _held, _held, labelled=True),
    Column("transport", gettext_lazy("Transport"), _transport, _transport_told, labelled=True),
    Column("holder", gettext_lazy("Who answers"), lambda row: row.holder or "–", _field("holder"), labelled=True),
    Column("state", gettext_lazy("State"), _state, lambda row: str(saying.CONTACT_STATES.get(row.state, row.state))),
    _instant("suspected_at", gettext_lazy("May be a case")),
    Column("late", gettext_lazy("Late"), _field("late"), _field("late"), labelled=True),
    Column("case", gettext_lazy("Became case"), _case, _field("case"), labelled=True),
)  # fmt: skip
