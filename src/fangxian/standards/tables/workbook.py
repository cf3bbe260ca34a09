"""XLSX, XLSM, XLSB, XLS and ODS through calamine, with the traps that spreadsheets set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import python_calamine as calamine

from fangxian.standards.errors import Where
from fangxian.standards.tables.model import EXACT_NUMBER, Cell, Row, Table, TableError, as_text, column_names
from fangxian.standards.tables.package import check_package
from fangxian.text import Text

_REPAIR = Text("请重新导出或重新下载该文件", "Export or download the file again")


def open_workbook(path: Path, *, sheet: str = "", header_row: int = 1) -> Table:
    """Open one sheet of a workbook: the named one, else the first visible one that is not empty.

    Raises TableError for a password, a truncated or foreign file, a sheet that does not exist, or one without a header.
    """
    date1904 = check_package(path)
    book, chosen, notes = _sheet(path, sheet)
    merged = _Merged(_ranges(chosen))
    rows = enumerate(chosen.iter_rows(), start=(chosen.start or (0, 0))[0] + 1)
    left = (chosen.start or (0, 0))[1]
    for number, cells in rows:
        header = merged.filled(number - 1, left, [_plain(cell) for cell in cells])
        if number >= header_row and any(as_text(cell) for cell in header):
            break
    else:
        raise TableError(Text("工作表是空的", "the sheet is empty"), _REPAIR, Where(path.name))
    if merged.count:
        notes.append(
            Text(
                f"{merged.count} 处合并单元格已按左上角的值补齐",
                f"{merged.count} merged cells were filled with their top left value",
            )
        )
    columns, header_notes = column_names([as_text(cell) for cell in header])

    def body() -> Iterator[Row]:
        for number, cells in rows:
            values = merged.filled(number - 1, left, [_plain(cell) for cell in cells])
            if any(as_text(value) for value in values):
                yield Row(number, tuple(values))
        book.close()

    return Table(
        path=path,
        columns=columns,
        rows=body(),
        format="workbook",
        sheet=chosen.name,
        first_row=number,
        date1904=date1904,
        notes=notes + header_notes,
    )


def _sheet(path: Path, wanted: str) -> tuple[calamine.CalamineWorkbook, calamine.CalamineSheet, list[Text]]:
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        names = book.sheet_names
        if wanted in names:
            return book, book.get_sheet_by_name(wanted), []
        visible = [
            meta.name
            for meta in book.sheets_metadata
            if meta.visible == calamine.SheetVisibleEnum.Visible and meta.typ == calamine.SheetTypeEnum.WorkSheet
        ]
        for name in visible if not wanted else ():
            found = book.get_sheet_by_name(name)
            if found.height:
                others = "、".join(other for other in visible if other != name)
                said = Text(f"只读取工作表“{name}”，未读取 {others}", f"only sheet “{name}” is read, not {others}")
                return book, found, [said] if others else []
    except calamine.PasswordError:
        raise _locked(path) from None
    except BaseException as error:
        # A damaged workbook can also make calamine panic, which derives from BaseException alone.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise (_locked(path) if _is_encrypted(path) else _damaged(path)) from None
    if wanted:
        raise TableError(
            Text(f"没有名为“{wanted}”的工作表", f"there is no sheet called “{wanted}”"),
            Text(f"现有工作表：{'、'.join(names)}", f"It has: {', '.join(names)}"),
            Where(path.name),
        )
    raise TableError(Text("工作簿里没有内容", "the workbook is empty"), _REPAIR, Where(path.name))


def _locked(path: Path) -> TableError:
    what = Text("工作簿有密码保护", "the workbook is protected by a password")
    return TableError(what, Text("请去掉密码后另存", "Save it again without the password"), Where(path.name))


def _damaged(path: Path) -> TableError:
    what = Text("工作簿打不开，可能不完整或已损坏", "the workbook cannot be opened; it may be incomplete or damaged")
    return TableError(what, _REPAIR, Where(path.name))


def _is_encrypted(path: Path) -> bool:
    """An encrypted XLSX is an OLE file with a stream of this name (MS-OFFCRYPTO 2.3.4)."""
    with path.open("rb") as file:
        return "EncryptedPackage".encode("utf-16-le") in file.read(1 << 20)


def _plain(cell: object) -> Cell:
    """A cell of the workbook without what only a spreadsheet has: whole floats become integers."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT_NUMBER:
        return int(cell)
    if cell == "":
        return None
    return cell  # type: ignore[return-value]


def _ranges(sheet: calamine.CalamineSheet) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    return list(sheet.merged_cell_ranges or [])


class _Merged:
    """Merged cells: the value stands in the top left corner only; every cell of the block means it."""

    def __init__(self, ranges: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
        self.count = len(ranges)
        self._starting: dict[int, list[tuple[tuple[int, int], tuple[int, int]]]] = {}
        for block in ranges:
            self._starting.setdefault(block[0][0], []).append(block)
        self._open: list[tuple[tuple[int, int], tuple[int, int], Cell]] = []

    def filled(self, row: int, left: int, cells: list[Cell]) -> list[Cell]:
        """The cells of a row (0-based, rows in ascending order) with the merged ones filled in."""
        if not self.count:
            return cells
        self._open = [block for block in self._open if block[1][0] >= row]
        for start, end in self._starting.get(row, []):
            if 0 <= start[1] - left < len(cells):
                self._open.append((start, end, cells[start[1] - left]))
        for start, end, value in self._open:
            for column in range(max(0, start[1] - left), min(len(cells), end[1] - left + 1)):
                cells[column] = value
        return cells
