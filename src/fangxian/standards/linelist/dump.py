"""A recipe written back as YAML: what the import wizard saves, and what `parse_recipe` reads into the same recipe."""

from __future__ import annotations

from typing import Any

import yaml

from fangxian.standards.linelist.recipe import NO_TEXT, Field, FileSpec, Jurisdiction, Recipe, TableSpec
from fangxian.text import Text


def dump(recipe: Recipe) -> str:
    """The recipe as YAML text that a person can go on editing."""
    entries: dict[str, Any] = {"title": _text(recipe.title)}
    if recipe.outbreak != recipe.title:
        entries["outbreak"] = _text(recipe.outbreak)
    if recipe.source != NO_TEXT:
        entries["source"] = _text(recipe.source)
    entries |= {"pack": recipe.pack, "time_zone": recipe.time_zone.key}
    if recipe.missing:
        entries["missing"] = list(recipe.missing)
    if recipe.dates != ("ymd",):
        entries["dates"] = list(recipe.dates)
    if recipe.checks:
        entries["checks"] = dict(recipe.checks)
    if recipe.jurisdictions:
        entries["jurisdictions"] = [
            _OneLine(code=area.code, name=_text(area.name))
            if isinstance(area, Jurisdiction)
            else {**_file(area.file), "code": _field(area.code), "name": _field(area.name)}
            for area in recipe.jurisdictions
        ]
    if recipe.lookups:
        entries["lookups"] = {
            name: {**_file(lookup.file), "key": _field(lookup.key), "value": _field(lookup.value)}
            if lookup.file
            else dict(lookup.entries)
            for name, lookup in recipe.lookups.items()
        }
    entries["tables"] = [_table(table) for table in recipe.tables]
    return yaml_of(entries)


def yaml_of(entries: dict[str, Any]) -> str:
    """The entries of a recipe as text, laid out for people."""
    return yaml.dump(entries, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)


class _OneLine(dict[str, Any]):
    """A mapping that is written as ``{a: b}``."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(_OneLine, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, True))
_Dumper.add_representer(
    list, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, _flat(data))
)


def _flat(items: list[Any]) -> bool:
    return not any(isinstance(item, dict) for item in items)


def _text(text: Text) -> dict[str, str] | str:
    return text.en if text.en == text.zh else _OneLine(zh=text.zh, en=text.en)


def _file(file: FileSpec) -> dict[str, Any]:
    entries: dict[str, Any] = {"file": file.path}
    entries |= {name: value for name in ("sheet", "encoding") if (value := getattr(file, name))}
    if file.delimiter:
        entries["delimiter"] = "tab" if file.delimiter == "\t" else file.delimiter
    if file.header_row != 1:
        entries["header_row"] = file.header_row
    return entries


def _table(table: TableSpec) -> dict[str, Any]:
    entries: dict[str, Any] = {"rows": table.rows, **_file(table.file)}
    if table.rows == "contacts":
        entries["contacts_are"] = table.contacts_are
    if table.joins:
        entries["joins"] = [
            {**_file(join.file), "on": dict(join.on), **({"prefix": join.prefix} if join.prefix else {})}
            for join in table.joins
        ]
    if table.missing:
        entries["missing"] = list(table.missing)
    if table.dates is not None:
        entries["dates"] = list(table.dates)
    entries["fields"] = {name: _field(field) for name, field in table.fields.items()}
    return entries


def _field(field: Field) -> dict[str, Any] | str:
    entries = _OneLine()
    bare = [piece.bare for piece in field.pieces]
    if field.constant is not None:
        entries["constant"] = field.constant
    elif field.every:
        entries["all_of"] = bare
    elif len(bare) == 1 and bare[0]:
        entries["column"] = bare[0]
    elif all(bare) and bare:
        entries["first_of"] = bare
    elif field.pieces:
        entries["text"] = [str(piece) for piece in field.pieces]
    if field.find is not None:
        entries["find"] = field.find.pattern
    for name in ("prefix", "lookup", "when_missing"):
        if getattr(field, name):
            entries[name] = getattr(field, name)
    if field.values:
        entries["values"] = dict(field.values)
    if field.default is not None:
        entries["default"] = field.default
    if field.dates is not None:
        entries["dates"] = list(field.dates)
    if field.missing:
        entries["missing"] = list(field.missing)
    return entries["column"] if list(entries) == ["column"] else entries
