"""Rows of a file that somebody sent, each as a form or as the reason why it cannot be read."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.core.errors import Invalid, Refusal
from fangxian.standards.tables import Cell, Table, as_text

Form = TypeVar("Form")


@dataclass(frozen=True, slots=True)
class Line(Generic[Form]):
    """One row of the file: its number, and what it holds or why it cannot be read."""

    row: int
    form: Form | None
    refusal: Refusal | None = None


def lines(table: Table, at: Mapping[str, int], form: Callable[[dict[str, Cell]], Form]) -> Iterator[Line[Form]]:
    """The rows that hold anything in the columns `at` (field → place)."""
    for row in table:
        cells = {field: row.cells[place] for field, place in at.items()}
        if all(as_text(cell) == "" for cell in cells.values()):
            continue
        try:
            if row.fault is not None:
                raise Invalid(
                    row.fault.text.in_(get_language() or "zh"), remedy=_("Correct the row and send it again.")
                )
            yield Line(row.number, form(cells))
        except Refusal as refusal:
            yield Line(row.number, None, refusal)
