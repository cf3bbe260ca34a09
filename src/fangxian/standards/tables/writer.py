"""Tables for other people: CSV and XLSX that no spreadsheet takes for formulas and our reader reads back unchanged."""

from __future__ import annotations

import csv
import datetime as dt
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

import xlsxwriter

from fangxian.standards.errors import Where
from fangxian.standards.tables.delimited import escape
from fangxian.standards.tables.model import EXACT_NUMBER, Cell, TableError, as_text
from fangxian.text import Text

XLSX_ROWS = 1_048_576
XLSX_TEXT = 32_767
_AS_CSV = Text("请导出为 CSV", "Export as CSV")


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, bom: bool = True) -> int:
    """Write a CSV file (UTF-8; with a byte order mark so that Excel shows Chinese) and return the number of rows.

    The file appears whole or not at all. Raises TableError when it cannot be written.
    """

    def fill(file: IO[bytes]) -> int:
        count = 0
        with open(file.fileno(), "w", encoding="utf-8-sig" if bom else "utf-8", newline="", closefd=False) as text:
            out = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
            out.writerow([escape(name) for name in columns])
            for row in rows:
                out.writerow([_csv_cell(cell) for cell in row])
                count += 1
        return count

    return _whole(path, fill)


def write_xlsx(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, sheet: str = "Sheet1") -> int:
    """Write an XLSX file in constant memory and return the number of rows.

    Text is always stored as text and marked with the quote prefix, so that editing a cell does not turn it into a
    formula. Raises TableError for more rows or longer text than the format allows, and when it cannot be written.
    """

    def fill(file: IO[bytes]) -> int:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(file, options)
        try:
            return _fill_sheet(book, sheet, columns, rows, path.name)
        finally:
            book.close()  # on an error too: it clears its own temporary files, and ours is thrown away

    return _whole(path, fill)


def _fill_sheet(
    book: xlsxwriter.Workbook, sheet: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], name: str
) -> int:
    page = book.add_worksheet(sheet)
    bold = book.add_format({"bold": True})
    literal = book.add_format({"quote_prefix": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    for column, title in enumerate(columns):
        page.write_string(0, column, title, bold)
    page.freeze_panes(1, 0)
    count = 0
    for row in rows:
        count += 1
        if count >= XLSX_ROWS:
            what = Text(f"超过 XLSX 的 {XLSX_ROWS} 行", f"more than the {XLSX_ROWS} rows of an XLSX sheet")
            raise TableError(what, _AS_CSV, Where(name))
        for column, cell in enumerate(row):
            match cell:
                case None | "":
                    continue
                case bool():
                    page.write_boolean(count, column, cell)
                case int() | float() if abs(cell) < EXACT_NUMBER:
                    page.write_number(count, column, cell)
                case dt.datetime() if cell.year >= 1900:
                    page.write_datetime(count, column, cell.replace(tzinfo=None), moment)
                case dt.date() if cell.year >= 1900:
                    page.write_datetime(count, column, cell, day)
                case _:
                    text = cell if isinstance(cell, str) else as_text(cell)
                    if len(text) > XLSX_TEXT:
                        what = Text(f"文字超过 {XLSX_TEXT} 字", f"the text is longer than {XLSX_TEXT} characters")
                        raise TableError(what, _AS_CSV, Where(name, row=count + 1, column=columns[column]))
                    page.write_string(count, column, text, literal)
    return count


def _csv_cell(cell: Cell) -> str | int | float:
    if isinstance(cell, str):
        return escape(cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return cell
    return as_text(cell)


def _whole(path: Path, fill: object) -> int:
    """Write beside the target and rename, so that a full disk or an error leaves no half file behind."""
    assert callable(fill)
    temporary = ""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = file.name
            count = int(fill(file))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        temporary = ""
        return count
    except OSError as error:
        raise TableError(
            Text(f"文件写不下去：{error.strerror}", f"the file cannot be written: {error.strerror}"),
            Text("请检查磁盘空间和文件夹权限", "Check the disk space and the rights of the folder"),
            Where(path.name),
        ) from error
    finally:
        if temporary:
            os.unlink(temporary)
