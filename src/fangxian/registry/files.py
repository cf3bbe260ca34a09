"""What is seen as a file: a sheet says which columns a list is taken away in, and a table is written as .csv or .xlsx."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.errors import Invalid, Refusal
from fangxian.registry.checking import invalid
from fangxian.standards.tables import Cell, TableError, write_csv, write_xlsx

Row = TypeVar("Row")
Rows = Iterable[Sequence[Cell]]
_WRITERS: Mapping[str, Callable[[Path, Sequence[str], Rows], int]] = {".csv": write_csv, ".xlsx": write_xlsx}


@dataclass(frozen=True, slots=True)
class Sheet(Generic[Row]):
    """How an export is laid out: its columns (name → heading) in their order, and the values of a line under them."""

    headings: Mapping[str, str]
    cells: Callable[[Row], Sequence[Cell]]

    def line(self, row: Row) -> tuple[Cell, ...]:
        """A line as it is written: instants are local times."""
        return tuple(one.astimezone(clock.zone()) if isinstance(one, datetime) else one for one in self.cells(row))


def writer(path: Path) -> Callable[[Iterable[str], Rows], int]:
    """What writes headings and rows to this file and says how many rows there were. Raises Invalid for another kind of file.

    It raises Refusal where the file cannot be written; nothing of it is left behind then.
    """
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise Invalid(
            _("“%(suffix)s” is not a kind of file that is written here.") % {"suffix": path.suffix},
            remedy=_("Choose .csv or .xlsx."), field="path",
        )  # fmt: skip

    def written(headings: Iterable[str], rows: Rows) -> int:
        try:
            return write(path, tuple(headings), rows)
        except TableError as fault:
            refusal = invalid(fault, "path")
            raise Refusal(refusal.message, remedy=refusal.remedy, code="not_written", field="path") from fault

    return written
