"""Finding and opening the files a recipe names, and making its lookups, joins and jurisdictions of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from fangxian.standards import cn_ids
from fangxian.standards.errors import InputError, Where
from fangxian.standards.linelist.recipe import Field, FileSpec, Join, Jurisdiction, JurisdictionFile, Lookup, Recipe
from fangxian.standards.linelist.rows import Rejection
from fangxian.standards.tables import Cell, Row, Table, TableError, as_identifier, open_table
from fangxian.text import Text


def find_file(spec: FileSpec, data_dir: Path, recipe_dir: Path | None = None) -> Path:
    """Where a recipe's file is: ``data_dir`` may be the folder its paths start from, or any folder below or above it.

    Looked for in this order: the path as written under ``data_dir``, the path without its leading folders, beside the
    recipe, and the only place anywhere under ``data_dir`` that ends in the path. Raises TableError.
    """
    wanted = PurePosixPath(spec.path.replace("\\", "/"))
    if wanted.is_absolute() or ".." in wanted.parts or not wanted.parts:
        raise TableError(
            Text("路径必须在数据文件夹之内", "the path must lie within the data folder"),
            Text("请写相对路径，不用“..”", "Write a relative path without “..”"),
            Where(spec.path),
        )
    places = [data_dir.joinpath(*wanted.parts[start:]) for start in range(len(wanted.parts))]
    if recipe_dir is not None:
        places.append(recipe_dir.joinpath(*wanted.parts))
    for place in places:
        if place.is_file():
            return place
    found = [
        place for place in sorted(data_dir.rglob(wanted.name)) if place.parts[-len(wanted.parts) :] == wanted.parts
    ]
    if len(found) == 1:
        return found[0]
    what = Text(f"在 {data_dir} 中找不到该文件", f"the file is not in {data_dir}")
    if found:
        what = Text(
            "有多个同名文件",
            f"several files have this name: {', '.join(str(place.relative_to(data_dir)) for place in found)}",
        )
    raise TableError(
        what, Text("请检查 --data 和方案中的 file", "Check --data and “file” in the recipe"), Where(spec.path)
    )


def open_spec(spec: FileSpec, data_dir: Path, recipe_dir: Path | None) -> Table:
    """Open a recipe's file. Raises TableError."""
    path = find_file(spec, data_dir, recipe_dir)
    return open_table(
        path, sheet=spec.sheet, encoding=spec.encoding, delimiter=spec.delimiter, header_row=spec.header_row
    )


def simple_texts(field: Field, table: Table, row: Row) -> Iterator[str]:
    """The texts that a field of a lookup or jurisdiction file has in a row (no more than ``find`` and ``prefix``)."""
    if field.constant is not None:
        yield field.constant
    for piece in field.pieces:
        text = ""
        for literal, column in piece.parts:
            index = table.index(column) if column else None
            cell = as_identifier(row.cells[index]) if index is not None else ""
            if column and not cell:
                break
            text += literal + cell
        else:
            if field.find and not (found := field.find.search(text)):
                continue
            elif field.find and found:
                text = found[1] if field.find.groups else found[0]
            yield field.prefix + text


def check_columns(field: Field, table: Table, extra: tuple[str, ...], recipe_name: str) -> Iterator[InputError]:
    """One error for each column that a field names and the table does not have."""
    for piece in field.pieces:
        for column in piece.columns:
            if table.index(column) is None and column not in extra:
                yield missing_column(
                    column, (*table.columns, *extra), table, Where(recipe_name, line=field.line, field=field.path)
                )


def missing_column(column: str, known: tuple[str, ...], table: Table, where: Where) -> InputError:
    near = difflib.get_close_matches(column, known, n=1, cutoff=0.5)
    some = near[0] if near else "、".join(known)
    return InputError(
        Text(f"文件 {table.path.name} 没有“{column}”列", f"the file {table.path.name} has no column “{column}”"),
        Text(f"是否指“{some}”", f"Perhaps “{some}” was meant") if near else Text(f"现有：{some}", f"It has: {some}"),
        where,
    )


def load_lookup(name: str, lookup: Lookup, data_dir: Path, recipe: Recipe) -> tuple[dict[str, str], list[Rejection]]:
    """A lookup as one dictionary. The first row with a key counts; a later one that says otherwise is listed."""
    if lookup.file is None:
        return dict(lookup.entries), []
    table = open_spec(lookup.file, data_dir, recipe.folder)
    for field in (lookup.key, lookup.value):
        for error in check_columns(field, table, (), ""):
            raise error
    entries: dict[str, str] = {}
    conflicts: list[Rejection] = []
    for row in table:
        for key in simple_texts(lookup.key, table, row):
            for value in simple_texts(lookup.value, table, row):
                kept = entries.setdefault(key, value)
                if kept != value:
                    conflicts += [_conflict("lookup_conflict", table, row, lookup.key.label, key, kept)]
    return entries, conflicts


def _conflict(code: str, table: Table, row: Row, column: str, key: str, kept: str) -> Rejection:
    return Rejection(
        file=table.path.name,
        row=row.number,
        column=column,
        value=key,
        code=code,
        reason=Text(
            f"“{key}”出现多次，以先出现的为准（{kept}）", f"“{key}” occurs more than once; the first counts ({kept})"
        ),
        remedy=Text("请删去重复的行", "Remove the repeated row"),
        severity="warning",
    )


class Joined:
    """The rows of a joined file by their key."""

    def __init__(self, join: Join, data_dir: Path, recipe: Recipe) -> None:
        table = open_spec(join.file, data_dir, recipe.folder)
        self.table = table
        there = []
        for column in join.on.values():
            index = table.index(column)
            if index is None:
                raise missing_column(column, table.columns, table, Where(field="joins.on"))
            there.append(index)
        self.columns = tuple(join.prefix + name for name in table.columns)
        self.conflicts: list[Rejection] = []
        self._rows: dict[tuple[str, ...], tuple[Cell, ...]] = {}
        for row in table:
            key = tuple(as_identifier(row.cells[index]) for index in there)
            if all(key) and self._rows.setdefault(key, row.cells) != row.cells:
                label = next(iter(join.on.values()))
                self.conflicts.append(_conflict("join_conflict", table, row, label, " / ".join(key), "first row"))

    def cells(self, cells: tuple[Cell, ...], here: tuple[int, ...]) -> tuple[Cell, ...]:
        """The joined cells of the row whose key stands at ``here`` in ``cells``; all None when there is none."""
        return self._rows.get(tuple(as_identifier(cells[index]) for index in here)) or (None,) * len(self.columns)


def jurisdictions(recipe: Recipe, data_dir: Path) -> tuple[Jurisdiction, ...]:
    """All areas of a recipe, parents before children. Raises InputError for a bad code or one without its parent."""
    found: dict[str, Jurisdiction] = {}
    for entry in recipe.jurisdictions:
        if isinstance(entry, Jurisdiction):
            found.setdefault(entry.code, entry)
            continue
        for area in _areas_in(entry, data_dir, recipe):
            found.setdefault(area.code, area)
    for code in found:
        above = cn_ids.parent(code)
        if above is not None and above not in found:
            raise InputError(
                Text(f"辖区 {code} 的上级 {above} 没有列出", f"the area {code} lies in {above}, which is not listed"),
                Text(f"请在 jurisdictions 中加上 {above}", f"Add {above} to “jurisdictions”"),
                Where(field="jurisdictions"),
            )
    return tuple(found[code] for code in sorted(found, key=lambda code: (len(code), code)))


def _areas_in(entry: JurisdictionFile, data_dir: Path, recipe: Recipe) -> Iterator[Jurisdiction]:
    table = open_spec(entry.file, data_dir, recipe.folder)
    for field in (entry.code, entry.name):
        for error in check_columns(field, table, (), ""):
            raise error
    for row in table:
        code, name = next(simple_texts(entry.code, table, row), ""), next(simple_texts(entry.name, table, row), "")
        try:
            yield Jurisdiction(cn_ids.area_code(code), Text(name, name))
        except cn_ids.IdError as error:
            raise InputError(
                error.what, error.remedy, Where(table.path.name, row=row.number, column=entry.code.label)
            ) from None
