"""The part of a recipe that a page can show and change: which column of which file is which field, and what words mean.

The recipe's own text is what is kept. Here it is read leniently (it may still lack what a recipe needs) and changed in place, so
that whatever a page cannot show (joins, patterns, look-ups) stays as somebody wrote it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from fangxian.standards.linelist.dump import yaml_of
from fangxian.standards.linelist.recipe import FIELDS, REQUIRED, ROW_TYPES, RowKind
from fangxian.standards.linelist.values import SYNONYMS, ValueProblem, parse_term
from fangxian.standards.tables import Table, as_text

_SAMPLE = 300
_SHOWN = 3
_PLAIN = frozenset(("column", "values", "default"))
"""What a field may say beside its column and still be shown as that column."""


@dataclass(frozen=True, slots=True)
class ColumnOf:
    """A column of a file: some of its values, and the field that it gives (empty: it is not used)."""

    name: str
    samples: tuple[str, ...]
    field: str


@dataclass(frozen=True, slots=True)
class TableOf:
    """One table of a recipe as a page shows it.

    ``written`` are fields that the recipe's text makes of more than one column, ``lacking`` those it still needs, ``questions``
    the words of closed fields that nothing gives a meaning to, ``constants`` fields that are the same in every row.
    """

    file: str
    rows: RowKind
    contacts_are: str
    columns: tuple[ColumnOf, ...]
    fields: tuple[str, ...]
    written: tuple[str, ...]
    lacking: tuple[str, ...]
    questions: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, str]
    dates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose for one table: column → field, field → word → our term, field → constant."""

    rows: RowKind
    contacts_are: str = "contacts"
    columns: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    dates: Sequence[str] = ()


def describe(text: str, tables: Sequence[Table]) -> tuple[TableOf, ...]:
    """The tables of a recipe's text, each with the columns of its file (which are read; open them again)."""
    by_file = {table.path.name: table for table in tables}
    told = _entries(text)
    return tuple(_described(entry, by_file[file], told) for entry in _tables(told) if (file := _file(entry)) in by_file)


def edited(text: str, choices: Mapping[str, Choice]) -> str:
    """The text with these choices made, by file. What a page does not show stays as it was written."""
    entries = _entries(text)
    for entry in _tables(entries):
        choice = choices.get(_file(entry))
        if choice is not None:
            _choose(entry, choice)
    return yaml_of(entries)


def _choose(entry: dict[str, Any], choice: Choice) -> None:
    known = _fields(entry)
    shown = _shown(known)
    entry["rows"] = choice.rows
    if choice.rows == "contacts":
        entry["contacts_are"] = choice.contacts_are
    else:
        entry.pop("contacts_are", None)
    if choice.dates:
        entry["dates"] = list(choice.dates)
    fields = {
        name: spec
        for name, spec in known.items()
        if name in FIELDS[choice.rows] and name not in shown.values() and not _fixed(spec)
    }
    wanted: dict[str, list[str]] = {}
    for column, name in choice.columns.items():
        if name in FIELDS[choice.rows]:
            wanted.setdefault(name, []).append(column)
    for name, columns in wanted.items():
        before = known.get(name)
        spec: dict[str, Any] = dict(before) if isinstance(before, dict) and name in shown.values() else {}
        spec.pop("column", None)
        spec.pop("first_of", None)
        spec = {"column": columns[0], **spec} if len(columns) == 1 else {"first_of": columns, **spec}
        given = {word: term for word, term in choice.words.get(name, {}).items() if term}
        if given:
            spec["values"] = {**spec.get("values", {}), **{w: None if t == "-" else t for w, t in given.items()}}
        fields[name] = columns[0] if list(spec) == ["column"] else spec
    fields |= {name: {"constant": value} for name, value in choice.constants.items() if value and name not in fields}
    entry["fields"] = {name: fields[name] for name in FIELDS[choice.rows] if name in fields}


def _described(entry: Mapping[str, Any], table: Table, recipe: Mapping[str, Any]) -> TableOf:
    found = entry.get("rows")
    rows: RowKind = found if found in ROW_TYPES else "cases"
    fields = _fields(entry)
    field_of = _shown(fields)
    missing = {str(word).casefold() for word in (*(recipe.get("missing") or ()), *(entry.get("missing") or ()))}
    samples: dict[str, dict[str, None]] = {column: {} for column in table.columns}
    for row in itertools.islice(table, _SAMPLE):
        for column, cell in zip(table.columns, row.cells, strict=True):
            if (text := as_text(cell)) and text.casefold() not in missing:
                samples[column][text] = None
    questions = {}
    for column, name in field_of.items():
        meaning = fields[name].get("values") or {} if isinstance(fields[name], dict) else {}
        known = {str(word).casefold() for word in meaning}
        if (
            name in SYNONYMS
            and "*" not in known
            and (
                words := tuple(
                    one for one in samples.get(column, ()) if one.casefold() not in known and not _known(name, one)
                )
            )
        ):
            questions[name] = words[:40]
    constants = {name: str(spec["constant"]) for name, spec in fields.items() if _fixed(spec)}
    return TableOf(
        file=table.path.name,
        rows=rows,
        contacts_are=str(entry.get("contacts_are") or "contacts"),
        columns=tuple(
            ColumnOf(column, tuple(itertools.islice(samples[column], _SHOWN)), field_of.get(column, ""))
            for column in table.columns
        ),
        fields=FIELDS[rows],
        written=tuple(name for name, spec in fields.items() if name not in field_of.values() and not _fixed(spec)),
        lacking=tuple(name for name in REQUIRED[rows] if name not in fields),
        questions=questions,
        constants=constants,
        dates=tuple(entry.get("dates") or ()),
    )  # fmt: skip


def _known(name: str, word: str) -> bool:
    try:
        parse_term(name, word)
    except ValueProblem:
        return False
    return True


def _entries(text: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _tables(entries: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = entries.get("tables")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _fields(entry: Mapping[str, Any]) -> dict[str, Any]:
    found = entry.get("fields")
    return dict(found) if isinstance(found, dict) else {}


def _file(entry: Mapping[str, Any]) -> str:
    return str(entry.get("file") or "").replace("\\", "/").rpartition("/")[2]


def _columns(spec: Any) -> tuple[str, ...]:
    """The columns of a field that is nothing but columns and the meaning of words; none, if it is more than a page can show."""
    if isinstance(spec, str):
        return (spec,)
    if not isinstance(spec, dict):
        return ()
    if set(spec) <= _PLAIN and isinstance(spec.get("column"), str):
        return (spec["column"],)
    if set(spec) <= {"first_of", "values", "default"} and isinstance(spec.get("first_of"), list):
        return tuple(str(one) for one in spec["first_of"])
    return ()


def _shown(fields: Mapping[str, Any]) -> dict[str, str]:
    """Column → the field that a page shows it as: one column gives one field; what uses a column a second time is only written."""
    found: dict[str, str] = {}
    for alone in (True, False):
        for name, spec in fields.items():
            columns = _columns(spec)
            if columns and (len(columns) == 1) == alone and not found.keys() & set(columns):
                found |= dict.fromkeys(columns, name)
    return found


def _fixed(spec: Any) -> bool:
    return isinstance(spec, dict) and set(spec) == {"constant"}
