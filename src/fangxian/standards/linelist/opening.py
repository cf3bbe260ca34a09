"""Everything that must be right before the first row of a line list is read: files, columns, lookups, areas."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fangxian.standards.errors import InputError, Where
from fangxian.standards.linelist.checks import SEVERITIES
from fangxian.standards.linelist.columns import Context, Reader
from fangxian.standards.linelist.files import (
    Joined,
    check_columns,
    jurisdictions,
    load_lookup,
    missing_column,
    open_spec,
)
from fangxian.standards.linelist.recipe import REQUIRED, ROW_TYPES, Recipe, RecipeError, TableSpec
from fangxian.standards.linelist.rows import Rejection
from fangxian.standards.tables import Cell, Row, Table


@dataclass(slots=True)
class Opened:
    """A table of the recipe, ready to be read."""

    spec: TableSpec
    table: Table
    joins: list[tuple[tuple[int, ...], Joined]]
    reader: Reader
    context: Context
    #: Row number → column → what stands there instead.
    corrected: Mapping[int, Mapping[str, str]]

    def cells(self, row: Row) -> tuple[Cell, ...]:
        """The cells of a row and of the rows joined to it."""
        cells = row.cells
        for here, joined in self.joins:
            cells += joined.cells(row.cells, here)
        return cells

    def __iter__(self) -> Iterator[Row]:
        if not self.corrected:
            return iter(self.table)
        return map(self._as_corrected, self.table)

    def _as_corrected(self, row: Row) -> Row:
        """The row with what a person put right in it; a row that cannot be trusted as a whole is left alone."""
        instead = self.corrected.get(row.number)
        if not instead or row.fault is not None:
            return row
        cells = list(row.cells)
        for column, value in instead.items():
            place = self.table.index(column)
            if place is not None:
                cells[place] = value or None
        return Row(row.number, tuple(cells))


Corrections = Mapping[str, Mapping[int, Mapping[str, str]]]
"""What a person put right without touching the file: file name → row number → column → value ("" takes it away)."""


def open_tables(
    recipe: Recipe, data_dir: Path, today: dt.date, corrections: Corrections | None = None
) -> tuple[list[Opened], list[Rejection]]:
    """All tables, cases first, and what is wrong with lookups and joins. Raises RecipeError with every mistake."""
    problems: list[InputError] = []
    early: list[Rejection] = []
    lookups: dict[str, dict[str, str]] = {}
    areas: frozenset[str] = frozenset()
    opened: list[Opened] = []
    try:
        areas = frozenset(area.code for area in jurisdictions(recipe, data_dir))
    except InputError as error:
        problems.append(error)
    for name, lookup in recipe.lookups.items():
        lookups[name] = {}
        try:
            lookups[name], conflicts = load_lookup(name, lookup, data_dir, recipe)
            early += conflicts
        except InputError as error:
            problems.append(error)
    for spec in recipe.tables:
        try:
            found = _open(recipe, spec, data_dir, today, lookups, areas, corrections or {})
        except InputError as error:
            problems.append(error)
            continue
        opened.append(found)
        early += [conflict for _, joined in found.joins for conflict in joined.conflicts]
        extra = tuple(name for _, joined in found.joins for name in joined.columns)
        for field in spec.fields.values():
            problems += check_columns(field, found.table, extra, recipe.file)
    if problems:
        raise RecipeError(tuple(problems))
    order = list(ROW_TYPES)
    return sorted(opened, key=lambda found: order.index(found.spec.rows)), early


def _open(
    recipe: Recipe,
    spec: TableSpec,
    data_dir: Path,
    today: dt.date,
    lookups: dict[str, dict[str, str]],
    areas: frozenset[str],
    corrections: Corrections,
) -> Opened:
    table = open_spec(spec.file, data_dir, recipe.folder)
    joins: list[tuple[tuple[int, ...], Joined]] = []
    columns = table.columns
    for join in spec.joins:
        joined = Joined(join, data_dir, recipe)
        here: list[int] = []
        for name in join.on:
            position = table.index(name)
            if position is None:
                raise missing_column(name, table.columns, table, Where(recipe.file, line=spec.line, field="joins.on"))
            here.append(position)
        joins.append((tuple(here), joined))
        columns += joined.columns

    def index(column: str) -> int | None:
        own = table.index(column)
        return own if own is not None else columns.index(column) if column in columns else None

    context = Context(
        file=table.path.name,
        zone=recipe.time_zone,
        today=today,
        dates=spec.dates or recipe.dates,
        missing=frozenset(word.casefold() for word in (*recipe.missing, *spec.missing)),
        lookups=lookups,
        areas=areas,
        severities={**SEVERITIES, **recipe.checks},
        date1904=bool(table.date1904),
    )
    return Opened(
        spec,
        table,
        joins,
        Reader(spec, context, index, REQUIRED[spec.rows]),
        context,
        corrections.get(table.path.name, {}),
    )
