"""Recipes: how the columns of somebody's line list become our fields (docs/capabilities/recipes.md teaches them)."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from fangxian.standards.linelist.rows import (
    CaseRow,
    ContactRow,
    ContactsAre,
    ExposureRow,
    SetSeverity,
    StopRow,
    TripRow,
)
from fangxian.standards.linelist.values import DateOrder
from fangxian.standards.yaml_source import SourceErrors
from fangxian.text import Text

RowKind = Literal["cases", "contacts", "exposures", "stops", "trips"]
WhenMissing = Literal["reject", "skip"]
ANY_OTHER = "*"
"""The key of a value map that stands for every other value."""
ROW_TYPES: dict[RowKind, type] = {
    "cases": CaseRow, "contacts": ContactRow, "exposures": ExposureRow, "stops": StopRow, "trips": TripRow
}  # fmt: skip
FIELDS: dict[RowKind, tuple[str, ...]] = {
    kind: tuple(
        f.name
        for f in dataclasses.fields(row)
        if f.name not in ("file", "row", "age_band") and (kind, f.name) != ("contacts", "kind")
    )
    for kind, row in ROW_TYPES.items()
}
REQUIRED: dict[RowKind, tuple[str, ...]] = {
    "cases": ("id",),
    "contacts": ("from_id", "to_id"),
    "exposures": ("person_id",),
    "stops": ("person_id",),
    "trips": ("trip", "start", "end"),
}
SEVERAL = ("from_id", "to_id", "infected_by")
"""Fields that may have several values in one row."""

NO_TEXT = Text("", "")
RecipeError = SourceErrors


@dataclass(frozen=True, slots=True)
class Piece:
    """A template such as ``{province}/{city}``: texts and column names in turn. One bare column keeps its type."""

    parts: tuple[tuple[str, str], ...]
    """(literal, column) pairs; the column of the last one may be empty."""

    @classmethod
    def column(cls, name: str) -> Piece:
        return cls((("", name),))

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(column for _, column in self.parts if column)

    @property
    def bare(self) -> str | None:
        return self.parts[0][1] if len(self.parts) == 1 and not self.parts[0][0] else None

    @property
    def label(self) -> str:
        """The columns it is made of, as a message names them."""
        return " + ".join(self.columns)

    def __str__(self) -> str:
        doubled = ((text.replace("{", "{{").replace("}", "}}"), column) for text, column in self.parts)
        return "".join(text + (f"{{{column}}}" if column else "") for text, column in doubled)


@dataclass(frozen=True, slots=True)
class Field:
    """Where one of our fields comes from.

    ``pieces`` are tried in turn until one has a value (with ``every``, each gives one: several infectors of one case).
    Then ``find`` keeps what a pattern matches, ``prefix`` is put in front, ``values`` translates, ``lookup`` translates
    through a named table; ``constant`` replaces it all and ``default`` fills what is still missing. Of rows that then
    lack the field, ``when_missing`` says whether they are listed and dropped (as for identifiers) or passed over.
    """

    pieces: tuple[Piece, ...] = ()
    every: bool = False
    constant: str | None = None
    default: str | None = None
    find: re.Pattern[str] | None = None
    values: dict[str, str | None] = field(default_factory=dict)
    lookup: str | None = None
    prefix: str = ""
    dates: tuple[DateOrder, ...] | None = None
    missing: tuple[str, ...] = ()
    when_missing: WhenMissing | None = None
    path: str = field(default="", compare=False)
    line: int = field(default=1, compare=False)

    @property
    def label(self) -> str:
        """The column that a message about this field should name."""
        labels = [piece.label for piece in self.pieces if piece.label]
        return " + ".join(labels) if self.every else labels[0] if labels else ""


@dataclass(frozen=True, slots=True)
class FileSpec:
    """A file and how to open it; ``path`` is relative to the data folder."""

    path: str
    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""
    header_row: int = 1


@dataclass(frozen=True, slots=True)
class Join:
    """More columns from another file: of the row whose columns ``on.values()`` equal our columns ``on.keys()``."""

    file: FileSpec
    on: dict[str, str]
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table: the kind of rows it holds, its file, and the fields."""

    rows: RowKind
    file: FileSpec
    fields: dict[str, Field]
    joins: tuple[Join, ...] = ()
    contacts_are: ContactsAre = "contacts"
    missing: tuple[str, ...] = ()
    dates: tuple[DateOrder, ...] | None = None
    line: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Lookup:
    """A translation table: written in the recipe (``entries``) or read from ``file`` (``key`` → ``value``)."""

    entries: dict[str, str] = field(default_factory=dict)
    file: FileSpec | None = None
    key: Field = field(default_factory=Field)
    value: Field = field(default_factory=Field)


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """One area that the replay creates: ``code`` in the shape of GB/T 2260 (see `fangxian.standards.cn_ids`)."""

    code: str
    name: Text


@dataclass(frozen=True, slots=True)
class JurisdictionFile:
    """Areas that are listed in a file: one row, one area."""

    file: FileSpec
    code: Field
    name: Field


@dataclass(frozen=True, slots=True)
class Recipe:
    """A whole recipe. ``file`` is its name and ``folder`` where it lies: files are looked for there too."""

    title: Text
    outbreak: Text
    pack: str
    time_zone: ZoneInfo
    tables: tuple[TableSpec, ...]
    source: Text = NO_TEXT
    missing: tuple[str, ...] = ()
    dates: tuple[DateOrder, ...] = ("ymd",)
    checks: dict[str, SetSeverity] = field(default_factory=dict)
    jurisdictions: tuple[Jurisdiction | JurisdictionFile, ...] = ()
    lookups: dict[str, Lookup] = field(default_factory=dict)
    folder: Path | None = field(default=None, compare=False)
    file: str = field(default="", compare=False)
