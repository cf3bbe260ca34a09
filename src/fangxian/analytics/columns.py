"""Columns of files by their different words: a hundred million lines are checked by looking at some thousand words.

What is wrong is named by file, row (the header is row 1) and column.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fangxian.analytics.errors import AnalysisError

#: Which word a row has: half the memory of a plain int, for columns of a hundred million rows.
Rows = NDArray[np.int32]
Value = TypeVar("Value")

_PARQUET = {".parquet", ".pq"}


def read_table(path: Path) -> pa.Table:
    """A CSV (UTF-8 or GB 18030) with all columns as dictionaries of words, or a Parquet file. Raises AnalysisError."""
    if not path.is_file():
        raise AnalysisError(f"{path}：没有这个文件；请核对路径。", f"{path}: there is no such file. Check the path.")
    if path.suffix.lower() in _PARQUET:
        try:
            return pq.read_table(path)
        except pa.ArrowInvalid:
            raise AnalysisError(f"{path}：不是完整的 Parquet 文件。", f"{path}: is no whole Parquet file.") from None
    with path.open("rb") as file:
        head = file.read(1 << 16)
    encoding = _encoding(path, head)
    header = getincrementaldecoder(encoding)().decode(head).partition("\n")[0].lstrip("\ufeff").rstrip("\r")
    names = [name.strip().strip('"') for name in header.split(",")]
    try:
        return pa_csv.read_csv(
            path,
            pa_csv.ReadOptions(encoding=encoding, column_names=names, skip_rows=1),
            convert_options=pa_csv.ConvertOptions(
                column_types={name: pa.dictionary(pa.int32(), pa.string()) for name in names}, strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError) as wrong:
        raise AnalysisError(
            f"{path}：不是可读的 CSV（{wrong}）。", f"{path}: cannot be read as CSV ({wrong})."
        ) from None


def _encoding(path: Path, head: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            getincrementaldecoder(encoding)().decode(head)
            return encoding
    raise AnalysisError(f"{path}：不是文本；请另存为 UTF-8 的 CSV。", f"{path}: is no text. Save it as CSV in UTF-8.")


def require_columns(path: Path, table: pa.Table, *wanted: str) -> None:
    """Refuse a table that lacks a column, naming those it has."""
    missing = [name for name in wanted if name not in table.column_names]
    if missing:
        there = ", ".join(table.column_names)
        raise AnalysisError(
            f"{path}：缺少列 {'、'.join(missing)}（现有 {there}）；请补上或改列名。",
            f"{path}: lacks the column {', '.join(missing)} (found: {there}). Add it, or rename yours.",
        )


def read_column(path: Path, table: pa.Table, name: str, read: Callable[[str], Value]) -> tuple[list[Value], Rows]:
    """Each different word of a column as `read` understands it, and which one each row has. Names the first row that it refuses."""
    column = table.column(name)
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    column = column.unify_dictionaries()
    words = column.chunk(0).dictionary.to_pylist() if column.num_chunks else []
    rows = np.concatenate(
        [chunk.indices.fill_null(len(words)).to_numpy() for chunk in column.chunks] or [np.zeros(0)]
    ).astype(np.int32)
    found: list[Value] = []
    for i, word in enumerate([*words, ""]):
        if i == len(words) and not (rows == i).any():
            break
        try:
            found.append(read(str(word).strip()))
        except AnalysisError as fault:
            row = int(np.flatnonzero(rows == i)[0]) + 2
            raise AnalysisError(
                f"{path} 第 {row} 行 {name}：{fault.zh}", f"{path}, row {row}, {name}: {fault.en}"
            ) from None
    return found, rows


def read_names(path: Path, table: pa.Table, name: str) -> tuple[tuple[str, ...], Rows]:
    """The different names in a column, in the order in which they come, and which one each row has."""
    words, rows = read_column(path, table, name, _name)
    number: dict[str, int] = {}
    code = np.array([number.setdefault(word, len(number)) for word in words], np.int32)
    return tuple(number), code[rows]


def _name(word: str) -> str:
    if not word:
        raise AnalysisError("是空的；请填上名称。", "it is empty; fill in the name.")
    return word


def needs_quotes(names: Iterable[str]) -> bool:
    """Whether some of these words cannot stand in a CSV without quotation marks."""
    return any(set(name) & set(',"\r\n') for name in names)


@contextmanager
def writing(
    path: Path, schema: Mapping[str, pa.DataType], *, quoted: bool = False
) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """A function that appends rows, given as columns, to a CSV or Parquet file; the file is there whole, or not at all.

    NaN is written as nothing. Words are put in quotation marks if `quoted` (see `needs_quotes`). Faults of the file
    system are raised as they are.
    """
    half = path.with_name(path.name + ".part")
    fields = pa.schema([pa.field(name, kind) for name, kind in schema.items()])
    try:
        with half.open("wb") as file:
            if path.suffix.lower() in _PARQUET:
                writer = pq.ParquetWriter(file, fields)
            else:
                file.write((",".join(schema) + "\n").encode())
                writer = pa_csv.CSVWriter(
                    file,
                    fields,
                    write_options=pa_csv.WriteOptions(
                        include_header=False, quoting_style="needed" if quoted else "none"
                    ),
                )
            with writer:
                yield lambda columns: writer.write_table(
                    pa.table(
                        {name: pa.array(columns[name], kind, from_pandas=True) for name, kind in schema.items()}, fields
                    )
                )
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
