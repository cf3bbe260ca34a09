"""Tables as people send them (CSV, TSV, XLSX, XLSB, XLS, ODS), read row by row and written safely.

>>> table = open_table(Path("linelist.csv"))            # doctest: +SKIP
>>> for row in table: print(row.number, dict(zip(table.columns, row.cells)))   # doctest: +SKIP
"""

from __future__ import annotations

from pathlib import Path

from fangxian.standards.errors import Where
from fangxian.standards.tables.delimited import open_delimited
from fangxian.standards.tables.model import EXACT_NUMBER, Cell, Row, Table, TableError, as_identifier, as_text
from fangxian.standards.tables.package import is_plain_archive
from fangxian.standards.tables.workbook import open_workbook
from fangxian.standards.tables.writer import write_csv, write_xlsx
from fangxian.text import Text

__all__ = [
    "EXACT_NUMBER",
    "Cell",
    "Row",
    "Table",
    "TableError",
    "as_identifier",
    "as_text",
    "open_table",
    "write_csv",
    "write_xlsx",
]

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORKBOOK_SUFFIXES = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}
_FOREIGN = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"PAR1", b"SQLite")


def open_table(path: Path, *, sheet: str = "", encoding: str = "", delimiter: str = "", header_row: int = 1) -> Table:
    """Open any table by its content, whatever its extension says.

    ``header_row`` is where to look for the header (the first row that is not blank from there on). Raises TableError
    (zh and en, with file, row and remedy) for what is not a table; never anything else for a user's mistake.
    """
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except FileNotFoundError:
        raise TableError(
            Text("找不到文件", "the file does not exist"), Text("请检查路径", "Check the path"), Where(str(path))
        ) from None
    except OSError as error:
        raise TableError(
            Text(f"文件打不开：{error.strerror}", f"the file cannot be opened: {error.strerror}"),
            Text("请检查权限", "Check its rights"),
            Where(str(path)),
        ) from None
    if head.startswith(_ZIP) and is_plain_archive(path):
        raise TableError(
            Text("这是 ZIP 压缩包，不是表格", "this is a ZIP archive, not a table"),
            Text("请解压后提供其中的表格", "Unpack it and give the table that is in it"),
            Where(path.name),
        )
    if head.startswith((_ZIP, _OLE)):
        table = open_workbook(path, sheet=sheet, header_row=header_row)
        if path.suffix.lower() not in _WORKBOOK_SUFFIXES:
            table.notes.append(Text("扩展名不符：内容是工作簿", "the extension is wrong: the content is a workbook"))
        return table
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<html", b"<!doctype html", b"<table", b"<?xml")):
        raise TableError(
            Text("这是网页，不是表格", "this is a web page or XML, not a table"),
            Text("请用表格软件打开后另存为 XLSX", "Open it in a spreadsheet and save it as XLSX"),
            Where(path.name),
        )
    if head.startswith(_FOREIGN):
        raise TableError(
            Text("这不是表格文件", "this is not a table"),
            Text("请提供 CSV、XLSX、XLS 或 ODS", "Provide a CSV, XLSX, XLS or ODS file"),
            Where(path.name),
        )
    table = open_delimited(path, encoding=encoding, delimiter=delimiter, header_row=header_row)
    if path.suffix.lower() in _WORKBOOK_SUFFIXES:
        table.notes.append(Text("扩展名不符：内容是文本", "the extension is wrong: the content is text"))
    return table
