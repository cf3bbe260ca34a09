"""A first draft of a recipe from nothing but headers and some rows: the import wizard's opening move.

Headers are compared with what such columns are called in Chinese and English line lists, then with what the cells hold:
a column of words is no date, whatever it is called. A column whose name says nothing is told by the shape of its values, where
that shape is one's own (`shapes`). What stays unclear is left to the person, never filled in.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from rapidfuzz import fuzz

from fangxian.standards.linelist.headers import HEADERS, MISSING_WORDS
from fangxian.standards.linelist.recipe import REQUIRED, Field, FileSpec, Piece, Recipe, RowKind, TableSpec
from fangxian.standards.linelist.rows import ContactsAre
from fangxian.standards.linelist.shapes import by_values
from fangxian.standards.linelist.values import SYNONYMS, DateOrder, ValueProblem, parse_age, parse_term, parse_when
from fangxian.standards.tables import Cell, Row, Table, as_text
from fangxian.text import Text

_DATES = frozenset("exposure_start exposure_end onset start end birth_date".split())
_REPORTS = ("confirmed_at", "diagnosed_at", "hospitalised_at", "onset")
"""Where a list has no date of report, the first of these stands for it."""
_ALIKE = 88
_ZONE = ZoneInfo("Asia/Shanghai")
_SAMPLE = 300


Why = Literal["name", "similar", "values"]
"""What a guess rests on: the column has the name of such a column, a similar one, or nothing but its values speak for it."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A column taken for one of our fields: how sure, from 0 to 1, and on what grounds."""

    column: str
    sure: float
    why: Why


@dataclass(frozen=True, slots=True)
class Draft:
    """A guessed recipe. ``unused`` are columns nothing was found for, ``questions`` words that need a translation.

    Both are by file name; ``questions`` then by field. ``ambiguous`` are date columns of which day and month cannot be
    told apart. ``grounds`` are the guesses themselves, by file name and field.
    """

    recipe: Recipe
    unused: dict[str, tuple[str, ...]]
    questions: dict[str, dict[str, tuple[str, ...]]]
    ambiguous: dict[str, tuple[str, ...]]
    grounds: dict[str, dict[str, Guess]]


def guess(tables: Sequence[Table], *, title: str = "", pack: str = "", kind: RowKind | None = None) -> Draft:
    """Draft a recipe for some opened tables, from their headers and first rows (which are read; open them again).

    ``kind``: what their rows are, where that is known.
    """
    kinds = [kind] if kind else list(HEADERS)
    specs: list[TableSpec] = []
    unused: dict[str, tuple[str, ...]] = {}
    questions: dict[str, dict[str, tuple[str, ...]]] = {}
    ambiguous: dict[str, tuple[str, ...]] = {}
    missing: dict[str, None] = {}
    grounds: dict[str, dict[str, Guess]] = {}
    for table in tables:
        name = table.path.name
        sample = _Sample(table.columns, itertools.islice(table, _SAMPLE))
        missing |= dict.fromkeys(sample.missing)
        rows, grounds[name] = _best_kind(sample, kinds)
        matched = {field: found.column for field, found in grounds[name].items()}
        orders = {field: sample.date_orders(column) for field, column in matched.items() if _is_date(field)}
        proven = tuple(dict.fromkeys(order for found in orders.values() for order in found or ()))
        same = not {"mdy", "dmy"} <= set(proven)
        fields = {
            field: Field(pieces=(Piece.column(column),), dates=None if same else orders.get(field) or None)
            for field, column in matched.items()
        }
        if (
            rows == "cases"
            and "reported_at" not in fields
            and (columns := [matched[f] for f in _REPORTS if f in matched])
        ):
            fields["reported_at"] = Field(pieces=tuple(Piece.column(column) for column in columns))
        for field, column in matched.items():
            if field in SYNONYMS and (words := sample.unmapped(field, column)):
                questions.setdefault(name, {})[field] = words
        are: ContactsAre = "infections" if _infects(matched) else "contacts"
        file = FileSpec(name, table.sheet)
        specs.append(TableSpec(rows, file, fields, contacts_are=are, dates=(proven or None) if same else None))
        unclear = [matched[field] for field, found in orders.items() if found is None]
        if unclear and not (same and {"mdy", "dmy"} & set(proven)):
            ambiguous[name] = tuple(unclear)
        unused[name] = tuple(column for column in table.columns if column not in matched.values())
    heading = Text(title, title)
    recipe = Recipe(heading, heading, pack, _ZONE, tuple(specs), missing=tuple(missing))
    return Draft(recipe, unused, questions, ambiguous, grounds)


def _infects(matched: dict[str, str]) -> bool:
    return "to_id" in matched and _plain(matched.get("from_id", "")) in ("infector", "感染者")


def _is_date(field: str) -> bool:
    return field in _DATES or field.endswith("_at")


def _plain(header: str) -> str:
    """A header without case, blanks, punctuation and units in brackets."""
    return re.sub(r"[\W_]+", "", re.sub(r"[(（\[].*?[)）\]]", "", header.casefold()))


def _best_kind(sample: _Sample, kinds: Sequence[RowKind]) -> tuple[RowKind, dict[str, Guess]]:
    """The kind of rows for which most columns are understood; repeated identifiers speak for a track of stops."""
    found: dict[RowKind, dict[str, Guess]] = {kind: _match(sample, HEADERS[kind]) for kind in kinds}

    def fitness(kind: RowKind) -> tuple[bool, int]:
        matched = found[kind]
        complete = all(name in matched for name in REQUIRED[kind])
        score = len(matched)
        if kind == "stops":
            repeated = "person_id" in matched and sample.repeats(matched["person_id"].column)
            complete = complete and repeated and "start" in matched
        return complete, score

    best = max(found, key=fitness)
    taken = {one.column for one in found[best].values()}
    free = {column: sample.texts(column) for column in sample.columns if column not in taken}
    more = by_values([field for field in HEADERS[best] if field not in found[best]], free)
    told = found[best] | {field: Guess(column, sure, "values") for field, (column, sure) in more.items()}
    return best, {field: told[field] for field in HEADERS[best] if field in told}


def _match(sample: _Sample, headers: dict[str, str]) -> dict[str, Guess]:
    """The guess for each field: the same name first, then similar names, and only where the cells can be such values."""
    candidates: list[tuple[float, int, str, str]] = []
    for order, (field, words) in enumerate(headers.items()):
        for rank, word in enumerate(words.split()):
            for column in sample.columns:
                likeness = 100.0 if _plain(column) == _plain(word) else fuzz.ratio(_plain(column), _plain(word)) - 5
                if likeness >= _ALIKE:
                    candidates.append((-likeness, order * 100 + rank, field, column))
    matched: dict[str, Guess] = {}
    taken: set[str] = set()
    for likeness, _order, field, column in sorted(candidates):
        if field not in matched and column not in taken and sample.can_be(field, column):
            why: Why = "name" if likeness == -100 else "similar"
            matched[field] = Guess(column, round(-likeness / 100, 2), why)
            taken.add(column)
    return {field: matched[field] for field in headers if field in matched}


class _Sample:
    """The first rows of a table, by column."""

    def __init__(self, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
        self.columns = columns
        self._cells: dict[str, list[Cell]] = {column: [] for column in columns}
        self.missing: dict[str, None] = {}
        for row in rows:
            for column, cell in zip(columns, row.cells, strict=True):
                text = as_text(cell)
                if text.casefold() in MISSING_WORDS:
                    self.missing[text] = None
                elif text:
                    self._cells[column].append(cell)

    def texts(self, column: str) -> list[str]:
        """The cells that are not empty, as texts."""
        return [as_text(cell) for cell in self._cells[column]]

    def repeats(self, column: str) -> bool:
        texts = self.texts(column)
        return len(set(texts)) < 0.9 * len(texts)

    def can_be(self, field: str, column: str) -> bool:
        """Whether most cells of a column could be values of a field (an empty column could be anything)."""
        cells = self._cells[column]
        if not cells:
            return True
        if _is_date(field):
            return sum(_reads_as_date(cell) for cell in cells) >= 0.6 * len(cells)
        if field == "age":
            return sum(_reads(lambda cell=cell: parse_age(cell)) for cell in cells) >= 0.6 * len(cells)
        if field in ("lon", "lat", "contact_count", "birth_year"):
            return sum(bool(re.fullmatch(r"[+-]?\d+(\.\d+)?", as_text(cell))) for cell in cells) >= 0.6 * len(cells)
        if field == "area":
            return sum(bool(re.fullmatch(r"\d{2,18}", as_text(cell))) for cell in cells) >= 0.6 * len(cells)
        return True

    def date_orders(self, column: str) -> tuple[DateOrder, ...] | None:
        """The orders that the cells of a date column prove; empty when none is needed, None when it cannot be told."""
        orders: dict[DateOrder, None] = {}
        unclear = False
        for cell in self._cells[column]:
            text = as_text(cell)
            if isinstance(cell, str) and re.fullmatch(r"[3-5]\d{4}(\.\d+)?", text):
                orders["excel"] = None
            if found := re.match(r"(\d{1,2})[-/.](\d{1,2})[-/.](?:\d{4}|\d{2})\b", text):
                first, second = int(found[1]), int(found[2])
                if first > 12 >= second:
                    orders["dmy"] = None
                elif second > 12 >= first:
                    orders["mdy"] = None
                else:
                    unclear = True
        if unclear and not {"dmy", "mdy"} & orders.keys():
            return None
        return tuple(orders)

    def unmapped(self, field: str, column: str) -> tuple[str, ...]:
        """The words in a column of a closed field that have no meaning yet."""
        words = dict.fromkeys(as_text(cell) for cell in self._cells[column])
        return tuple(word for word in words if not _reads(lambda word=word: parse_term(field, word)))


def _reads_as_date(cell: Cell) -> bool:
    return _reads(lambda: parse_when(cell, ("ymd", "mdy", "dmy", "excel"), _ZONE, bound="start"))


def _reads(parse: object) -> bool:
    assert callable(parse)
    try:
        parse()
    except ValueProblem:
        return False
    return True
