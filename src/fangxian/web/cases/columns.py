"""The columns of the line list (个案一览表): what each shows on the page and tells in a file."""

from collections.abc import Callable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy

from fangxian.cases.schemas import CaseRow
from fangxian.web import saying
from fangxian.web.lists.tables import Column
from fangxian.web.templatetags.fangxian import case_class, review_state

#: What the list comes with; the rest is chosen.
USUAL = (
    "code", "name", "sex", "age", "area_name", "classification", "onset_on", "reported_at", "review", "severity", "outcome",
)  # fmt: skip


def _code(row: CaseRow) -> Any:
    below = format_html('<span class="cell-sub">{}</span>', row.source_ref) if row.source_ref else ""
    return format_html('<a class="code" href="{}">{}</a>{}', reverse("web:case", args=[row.code]), row.code, below)


def _field(name: str) -> Callable[[CaseRow], Any]:
    return lambda row: getattr(row, name)


def _plain(key: str, name: Any, *, order: str = "", personal: bool = False) -> Column:
    """A column of texts and numbers that are shown as they are."""
    return Column(
        key, name, lambda row: "–" if getattr(row, key) is None else getattr(row, key), _field(key), order, personal
    )


def _among(key: str, name: Any, words: Mapping[str, Any], show: Callable[[str], Any] | None = None) -> Column:
    """A column of keys that are said in words."""

    def tell(row: CaseRow) -> str:
        return str(words.get(getattr(row, key), getattr(row, key)))

    return Column(key, name, (lambda row: show(getattr(row, key))) if show else tell, tell, personal=key == "sex")


def _day(key: str, name: Any, order: str) -> Column:
    return Column(key, name, lambda row: saying.day(getattr(row, key)), _field(key), order, labelled=True)


def _instant(key: str, name: Any, order: str) -> Column:
    return Column(key, name, lambda row: saying.instant(getattr(row, key)), _field(key), order, labelled=True)


def _name(row: CaseRow) -> Any:
    return format_html("<bdi>{}</bdi>", row.name)


def _outcome(row: CaseRow) -> str:
    return str(saying.OUTCOME.get(row.outcome or "in_care", row.outcome))


COLUMNS = (
    Column("code", gettext_lazy("Code"), _code, _field("code")),
    Column("name", gettext_lazy("Name"), _name, _field("name"), personal=True),
    _among("sex", gettext_lazy("Sex"), saying.SEX),
    _plain("age", gettext_lazy("Age"), personal=True),
    _plain("area_name", gettext_lazy("Place"), order="area"),
    _among("classification", gettext_lazy("Class"), saying.CLASSES, case_class),
    _day("onset_on", gettext_lazy("Onset"), "onset"),
    _instant("diagnosed_at", gettext_lazy("Diagnosed"), "diagnosed"),
    _instant("reported_at", gettext_lazy("Reported"), "reported"),
    _among("review", gettext_lazy("Review"), saying.REVIEW, review_state),
    _among("severity", gettext_lazy("Severity"), saying.SEVERITY),
    Column("outcome", gettext_lazy("Outcome"), _outcome, _outcome),
    _day("outcome_on", gettext_lazy("Date of outcome"), "outcome"),
    _among("origin", gettext_lazy("Origin"), saying.ORIGIN),
    _plain("organisation", gettext_lazy("Reported by")),
    _plain("hospital", gettext_lazy("Hospital")),
    _plain("outbreak", gettext_lazy("Outbreak")),
    _plain("source_ref", gettext_lazy("Source number")),
)  # fmt: skip
