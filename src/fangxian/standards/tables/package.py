"""What an XLSX package says about itself before it is loaded: how large it would become, and how it counts its dates.

A workbook is loaded as one block from its first cell to its last, so a single blank typed into the last corner of a sheet
asks for more memory than there is. Such sheets are refused here, with the cell to delete.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from fangxian.standards.errors import Where
from fangxian.standards.tables.model import TableError
from fangxian.text import Text

MOST_BYTES = 1 << 30
"""The most a package may unpack to: a million rows of a dozen columns are about half of it."""
MOST_CELLS = 30_000_000
"""The largest block of cells that is loaded: a full sheet of 28 columns, about a gigabyte."""
_DATE1904 = re.compile(rb"<workbookPr\b[^>]*\bdate1904\s*=\s*[\"'](?:1|true)[\"']")
_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*\br=\"(\d{1,7})\"[^>]*[^/]>")
_WIDE_CELL = re.compile(rb"<(?:\w+:)?c\b[^>]*\br=\"([A-Z]{2,3})\d{1,7}\"[^>]*[^/]>")
_OVERLAP = 512


def check_package(path: Path) -> bool | None:
    """Whether dates count from 1904; None if the file is no XLSX. Raises TableError for a sheet too large to load."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_BYTES:
                raise TableError(
                    Text("工作簿解压后超过 1 GB", "the workbook unpacks to more than 1 GB"),
                    Text("请另存为 CSV", "Save it as CSV"),
                    Where(path.name),
                )
            for part in archive.namelist():
                if part.startswith("xl/worksheets/") and part.endswith(".xml"):
                    _check_extent(archive, part, path.name)
            return bool(_DATE1904.search(archive.read("xl/workbook.xml")))
    except KeyError:
        return None
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error) as error:
        if isinstance(error, TableError):
            raise
        return None


def is_plain_archive(path: Path) -> bool:
    """Whether a ZIP is an archive of files and no document: workbooks list their parts, or name their kind, in a part of its own."""
    try:
        with zipfile.ZipFile(path) as archive:
            return not {"[Content_Types].xml", "mimetype"} & set(archive.namelist())
    except (zipfile.BadZipFile, OSError, EOFError, ValueError):
        return False


def _check_extent(archive: zipfile.ZipFile, part: str, name: str) -> None:
    last_row, last_column = 0, "Z"
    tail = b""
    with archive.open(part) as stream:
        while chunk := stream.read(1 << 20):
            text = tail + chunk
            if rows := _ROW.findall(text):
                last_row = max(last_row, *map(int, rows))
            for letters in set(_WIDE_CELL.findall(text)):
                last_column = max(last_column, letters.decode(), key=_column_number)
            tail = text[-_OVERLAP:]
    columns = _column_number(last_column)
    if last_row * columns > MOST_CELLS:
        raise TableError(
            Text(
                f"工作表一直延伸到第 {last_row} 行、{last_column} 列，超出可以读取的大小",
                f"the sheet reaches to row {last_row} and column {last_column}, more than can be loaded",
            ),
            Text("请删除表格以外的单元格，或另存为 CSV", "Delete the cells outside the table, or save it as CSV"),
            Where(name),
        )


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
