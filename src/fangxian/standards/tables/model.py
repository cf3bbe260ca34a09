"""What every table looks like once its file format is forgotten: named columns and numbered rows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fangxian.standards.errors import InputError
from fangxian.text import Text

Cell = str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta | None
"""One value as the file gave it. Delimited text gives only ``str`` and ``None``; workbooks give types."""

EXACT_NUMBER = 1e15
"""From sixteen digits on a number in a spreadsheet has lost its last ones (IEEE 754 doubles, kept to 15 digits)."""
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u3000\u00a0 "
_WHOLE_AS_FLOAT = re.compile(r"[+-]?\d+\.0+")


class TableError(InputError):
    """A table that cannot be read or written, or one row of it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. ``number`` is the one a spreadsheet shows beside it (1-based, the header included).

    ``cells`` has as many values as the table has columns. ``fault`` says why the row cannot be trusted (more cells than
    columns, an unclosed quotation mark): the cells are then what could be recovered.
    """

    number: int
    cells: tuple[Cell, ...]
    fault: TableError | None = None


@dataclass(slots=True)
class Table:
    """A table being read: iterate for its rows; ``notes`` says what was assumed on the way to them.

    ``first_row`` is the number of the header row. ``date1904`` is whether serial dates count from 1904 (None: unknown).
    """

    path: Path
    columns: tuple[str, ...]
    rows: Iterator[Row]
    format: str
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    first_row: int = 1
    date1904: bool | None = None
    notes: list[Text] = field(default_factory=list)

    def __iter__(self) -> Iterator[Row]:
        return self.rows

    def index(self, column: str) -> int | None:
        """The position of a column, forgiving only case and surrounding blanks; None when there is none."""
        if column in self.columns:
            return self.columns.index(column)
        folded = [name.strip().casefold() for name in self.columns]
        wanted = column.strip().casefold()
        return folded.index(wanted) if folded.count(wanted) == 1 else None


def as_text(cell: Cell) -> str:
    """A cell as the person who typed it meant it: no blanks around, no ``.0`` behind a whole number, ISO dates."""
    if isinstance(cell, str):
        text = cell.strip()
        return text if text.isascii() else text.strip(_INVISIBLE)
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float():
            if cell.is_integer() and abs(cell) < EXACT_NUMBER:
                return str(int(cell))
            return repr(cell)
        case dt.datetime():
            if cell.time() == dt.time.min:
                return cell.date().isoformat()
            return cell.isoformat(sep=" ", timespec="seconds")
        case _:
            return str(cell)


def as_identifier(cell: Cell) -> str:
    """A cell as an identifier: text, without the ``.0`` that a detour through a spreadsheet left behind."""
    text = as_text(cell)
    return text.partition(".")[0] if text.endswith("0") and _WHOLE_AS_FLOAT.fullmatch(text) else text


def column_names(header: list[str]) -> tuple[tuple[str, ...], list[Text]]:
    """Usable names for a header row: empty ones become ``column 3``, repeated ones ``name (2)``; says so."""
    names: list[str] = []
    notes: list[Text] = []
    for position, raw in enumerate(header, start=1):
        name = " ".join(raw.split())
        if not name:
            name = f"column {position}"
            notes.append(
                Text(f"第 {position} 列没有表头，称作“{name}”", f"column {position} has no header; called “{name}”")
            )
        base, copy = name, 1
        while name in names:
            copy += 1
            name = f"{base} ({copy})"
        if copy > 1:
            notes.append(
                Text(
                    f"表头“{base}”重复，第 {position} 列称作“{name}”",
                    f"header “{base}” is repeated; column {position} is called “{name}”",
                )
            )
        names.append(name)
    return tuple(names), notes
