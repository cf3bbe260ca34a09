"""CSV, TSV and their relatives, row by row in bounded memory; one broken row never swallows the rest."""

from __future__ import annotations

import csv
import itertools
from collections import deque
from collections.abc import Generator, Iterator
from pathlib import Path

from fangxian.standards.errors import Where
from fangxian.standards.tables.encoding import ENCODING_REMEDY, detect
from fangxian.standards.tables.model import Cell, Row, Table, TableError, column_names
from fangxian.text import Text

_DELIMITERS = (",", "\t", ";", "|")
_LONGEST_CELL_LINES = 200
_FORMULA_START = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"
_QUOTES_REMEDY = Text("请检查这一行的引号", "Check the quotation marks of this row")


def open_delimited(path: Path, *, encoding: str = "", delimiter: str = "", header_row: int = 1) -> Table:
    """Open a delimited text file. Raises TableError when it is empty, not text, or in two encodings at once."""
    notes: list[Text] = []
    if encoding:
        _check_codec(path, encoding)
    else:
        encoding, notes = detect(path)
    lines = _lines(path, encoding)
    opening = list(itertools.islice(lines, 200))
    if not any(line.strip() for line in opening):
        lines.close()
        raise TableError(
            Text("文件是空的", "the file is empty"),
            Text("请检查导出步骤", "Check how it was exported"),
            Where(path.name),
        )
    if opening[0].lower().startswith("sep=") and len(opening[0].strip()) == 5:
        delimiter = delimiter or opening[0].strip()[-1]
        header_row += 1
    if not delimiter:
        delimiter = _sniff(opening)
        if delimiter != ",":
            shown = {"\t": "Tab"}.get(delimiter, delimiter)
            notes.append(Text(f"以“{shown}”分列", f"columns are separated by “{shown}”"))
    records = _records(itertools.chain(opening, lines), delimiter, path.name)
    header: list[str] = []
    for number, cells, _fault in records:
        if number >= header_row and any(cell.strip() for cell in cells):
            header_row, header = number, cells
            break
    if not header:
        raise TableError(
            Text(f"第 {header_row} 行起没有表头", f"there is no header from row {header_row} on"),
            Text("请检查 header_row", "Check header_row"),
            Where(path.name),
        )
    columns, header_notes = column_names([_unescape(name) if name else "" for name in header])
    return Table(
        path=path,
        columns=columns,
        rows=_rows(records, len(columns), path.name),
        format="csv",
        encoding=encoding,
        delimiter=delimiter,
        first_row=header_row,
        notes=notes + header_notes,
    )


def _check_codec(path: Path, encoding: str) -> None:
    try:
        "".encode(encoding)
    except LookupError:
        raise TableError(
            Text(f"没有“{encoding}”这种编码", f"there is no encoding called “{encoding}”"),
            Text("例如 utf-8、gb18030、big5、cp1252", "For example utf-8, gb18030, big5, cp1252"),
            Where(path.name),
        ) from None


def _lines(path: Path, encoding: str) -> Generator[str, None, None]:
    """Physical lines with their ends, without NULs. A byte that does not belong is an error naming the line."""
    number = 0
    try:
        with path.open(encoding=encoding, newline="") as file:
            for line in file:
                number += 1
                yield line.replace("\0", "")
    except UnicodeError:
        raise TableError(
            Text(f"这一行附近的字节不是 {encoding} 编码", f"the bytes near this line are not {encoding}"),
            ENCODING_REMEDY,
            Where(path.name, line=number + 1),
        ) from None


def _sniff(opening: list[str]) -> str:
    """The delimiter that splits the opening lines most evenly into most columns."""

    def score(delimiter: str) -> tuple[float, int]:
        widths = [len(cells) for _, cells, _ in itertools.islice(_records(iter(opening), delimiter, ""), 60) if cells]
        if not widths or widths[0] < 2:
            return (0.0, 0)
        return (widths.count(widths[0]) / len(widths), widths[0])

    best = max(_DELIMITERS, key=score)
    return best if score(best)[1] else ","


def _records(lines: Iterator[str], delimiter: str, name: str) -> Iterator[tuple[int, list[str], TableError | None]]:
    """(row number, cells, fault) for each record.

    A quoted cell may run over several lines. When its quotation mark is never closed, only the row that opened it is
    faulty and reading goes on with the next line, instead of taking the rest of the file for one cell.
    """
    waiting: deque[str] = deque()
    for number in itertools.count(1):
        line = waiting.popleft() if waiting else next(lines, None)
        if line is None:
            return
        cells = _split(line, delimiter)
        if cells is None and line.count('"') % 2:
            taken: list[str] = []
            text = line
            while cells is None and len(taken) < _LONGEST_CELL_LINES:
                more = waiting.popleft() if waiting else next(lines, None)
                if more is None:
                    break
                taken.append(more)
                text += more
                if '"' in more:
                    cells = _split(text, delimiter)
            if cells is None:
                waiting.extendleft(reversed(taken))
        if cells is None:
            fault = TableError(
                Text("引号没有配对", "a quotation mark is not closed or stands in the wrong place"),
                _QUOTES_REMEDY,
                Where(name, row=number),
            )
            yield number, next(csv.reader([line], delimiter=delimiter), []), fault
        else:
            yield number, cells, None


def _split(text: str, delimiter: str) -> list[str] | None:
    """The cells of one record, or None when its quotation marks do not match."""
    if '"' not in text and "\r" not in text.rstrip("\r\n"):
        stripped = text.rstrip("\r\n")
        return stripped.split(delimiter) if stripped else []
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None if rows else []


def _rows(records: Iterator[tuple[int, list[str], TableError | None]], width: int, name: str) -> Iterator[Row]:
    for number, cells, fault in records:
        if not any(cell.strip() for cell in cells):
            continue
        if fault is None and any(cell.strip() for cell in cells[width:]):
            fault = TableError(
                Text(
                    f"这一行有 {len(cells)} 格，表头只有 {width} 列",
                    f"the row has {len(cells)} cells but the header only {width}",
                ),
                Text("内容里有分隔符的格子要加引号", "Put quotation marks around cells that contain the separator"),
                Where(name, row=number),
            )
        values: list[Cell] = [_unescape(cell) if cell else None for cell in cells[:width]]
        values.extend([None] * (width - len(values)))
        yield Row(number, tuple(values), fault)


def _unescape(cell: str) -> str:
    """Undo what `escape` did: one apostrophe less in front of what a spreadsheet would take for a formula."""
    if cell[0] == "'" and cell.lstrip("'")[:1] in _FORMULA_START and cell.lstrip("'"):
        return cell[1:]
    return cell


def escape(text: str) -> str:
    """Text that no spreadsheet takes for a formula (CWE-1236): an apostrophe in front where one would be.

    Plain negative numbers stay as they are: they do nothing, and other tools should read them as numbers.
    """
    bare = text.lstrip("'")
    if bare and bare[0] in _FORMULA_START and not _is_number(text):
        return "'" + text
    return text


def _is_number(text: str) -> bool:
    whole, _, fraction = text.removeprefix("-").partition(".")
    return text.isascii() and whole.isdigit() and (not fraction or fraction.isdigit()) and not text.endswith(".")
