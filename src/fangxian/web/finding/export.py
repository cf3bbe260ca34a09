"""The columns of candidates in a file: those of the page, under the same words."""

from functools import cache

from django.utils.translation import gettext as _

from fangxian.registry import queries as registry
from fangxian.registry.files import Sheet
from fangxian.standards.tables import Cell
from fangxian.tracing.finds import CandidateRow
from fangxian.web.finding.words import RINGS, STATES
from fangxian.web.saying import fact_name, fact_value, said


def sheet() -> Sheet[CandidateRow]:
    """Headings and cells in the reader's language."""

    @cache
    def area(code: str) -> str:
        return registry.short_area_names([code]).get(code, code)

    def cells(row: CandidateRow) -> list[Cell]:
        category = fact_value("category", row.category) if row.category else ""
        return [
            row.rank, row.name, row.person, area(row.area), str(RINGS.get(row.ring, row.ring)), str(STATES[row.state][0]), category,
            row.basis, row.minutes, row.first_at, row.last_at, "; ".join(row.places), "; ".join(said(one) for one in row.grounds),
            "; ".join(map(fact_name, row.missing)),
        ]  # fmt: skip

    headings = (
        _("Order of calling"), _("Name"), _("Person code"), _("Area"), _("Ring"), _("State"), _("Category"), _("Clause"),
        _("Minutes together"), _("First"), _("Last"), _("Places"), _("Why so early"), _("Still to be asked"),
    )  # fmt: skip
    return Sheet({heading: heading for heading in headings}, cells)
