"""Loading a recipe: YAML into the typed form, with every mistake reported at once by file, line and field."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import cast, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from fangxian.standards import cn_ids
from fangxian.standards.linelist.checks import CHECKS, VALUE_CHECKS
from fangxian.standards.linelist.recipe import (
    FIELDS,
    REQUIRED,
    ROW_TYPES,
    SEVERAL,
    Field,
    FileSpec,
    Join,
    Jurisdiction,
    JurisdictionFile,
    Lookup,
    Piece,
    Recipe,
    RowKind,
    TableSpec,
    WhenMissing,
)
from fangxian.standards.linelist.rows import ContactsAre, SetSeverity
from fangxian.standards.linelist.values import DATE_ORDERS, SYNONYMS, DateOrder
from fangxian.standards.yaml_source import Source, load_yaml, read_yaml
from fangxian.text import Text


def load_recipe(path: Path) -> Recipe:
    """Read a recipe file. Raises RecipeError, whose ``problems`` are all mistakes with file, line, field and remedy."""
    root, source = read_yaml(path)
    return dataclasses.replace(_Loader(source).recipe(root), folder=path.parent)


def parse_recipe(text: str, name: str = "recipe.yaml") -> Recipe:
    """Read a recipe from text. Raises RecipeError."""
    root, source = load_yaml(text, name)
    return _Loader(source).recipe(root)


_FILE_KEYS = ("file", "sheet", "encoding", "delimiter", "header_row")
FIELD_KEYS = tuple(
    "column first_of all_of text constant default find values lookup prefix dates missing when_missing".split()
)
_RECIPE_KEYS = tuple("title outbreak source pack time_zone missing dates checks jurisdictions lookups tables".split())
_TEMPLATE = re.compile(r"(?P<text>[^{}]+)|(?P<brace>\{\{|\}\})|\{(?P<column>[^{}]+)\}|(?P<stray>.)")
_SOURCES = ("column", "first_of", "all_of", "text", "constant")


class _Loader:
    """Builds the typed recipe, collecting every mistake in ``source`` before giving up."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.lookup_uses: list[tuple[yaml.Node, str, str]] = []

    def recipe(self, root: yaml.Node) -> Recipe:
        src = self.source
        top = src.mapping(root, "", _RECIPE_KEYS)
        src.need(top, root, "", "title", "pack", "tables")
        title = src.bilingual(top["title"], "title") if "title" in top else Text("", "")
        if "pack" in top and not src.scalar(top["pack"], "pack"):
            src.fault(
                top["pack"],
                "pack",
                Text("没有写规程", "no protocol pack is named"),
                Text("例如 mers-who", "For example mers-who"),
            )
        recipe = Recipe(
            file=src.file,
            title=title,
            outbreak=src.bilingual(top["outbreak"], "outbreak") if "outbreak" in top else title,
            source=src.bilingual(top["source"], "source") if "source" in top else Text("", ""),
            pack=(src.scalar(top["pack"], "pack") or "") if "pack" in top else "",
            time_zone=self.zone(top.get("time_zone")),
            missing=src.scalars(top["missing"], "missing") if "missing" in top else (),
            dates=self.dates(top.get("dates"), "dates") or ("ymd",),
            checks=self.checks(top.get("checks")),
            jurisdictions=self.jurisdictions(top.get("jurisdictions")),
            lookups=self.lookups(top.get("lookups")),
            tables=tuple(self.table(node, at) for node, at in src.items(top["tables"], "tables"))
            if "tables" in top
            else (),
        )
        # Passengers need be nobody that the list knows; all others hang on cases.
        alone = recipe.tables and all(table.rows == "trips" for table in recipe.tables)
        if "tables" in top and not alone and not any(table.rows == "cases" for table in recipe.tables):
            src.fault(
                top["tables"],
                "tables",
                Text("没有病例表", "no table holds cases"),
                Text("至少要有一张 rows: cases 的表", "Give at least one table with “rows: cases”"),
            )
        for node, path, name in self.lookup_uses:
            if name not in recipe.lookups:
                src.unknown(node, path, name, recipe.lookups)
        src.finish()
        return recipe

    def zone(self, node: yaml.Node | None) -> ZoneInfo:
        name = (self.source.scalar(node, "time_zone") if node is not None else None) or "Asia/Shanghai"
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            what = Text(f"没有“{name}”这个时区", f"there is no time zone “{name}”")
            self.source.fault(node, "time_zone", what, Text("例如 Asia/Shanghai", "For example Asia/Shanghai"))
            return ZoneInfo("UTC")

    def dates(self, node: yaml.Node | None, path: str) -> tuple[DateOrder, ...] | None:
        if node is None:
            return None
        orders: list[DateOrder] = []
        for name in self.source.scalars(node, path):
            if name in DATE_ORDERS:
                orders.append(name)
            else:
                self.source.unknown(node, path, name, DATE_ORDERS)
        return tuple(orders)

    def checks(self, node: yaml.Node | None) -> dict[str, SetSeverity]:
        if node is None:
            return {}
        checks: dict[str, SetSeverity] = {}
        for name, value in self.source.mapping(node, "checks", CHECKS).items():
            allowed = ("dropped_row", *(("dropped_value",) if name in VALUE_CHECKS else ()), "warning", "off")
            severity = self.source.one_of(value, f"checks.{name}", allowed)
            if severity in allowed:
                checks[name] = severity  # type: ignore[assignment]
        return checks

    def file(self, entries: dict[str, yaml.Node], node: yaml.Node, path: str) -> FileSpec:
        src = self.source
        src.need(entries, node, path, "file")
        given = {key: src.scalar(entries[key], f"{path}.{key}") or "" for key in _FILE_KEYS[:4] if key in entries}
        header_row = src.whole(entries["header_row"], f"{path}.header_row") if "header_row" in entries else 1
        delimiter = {"tab": "\t", "\\t": "\t"}.get(given.get("delimiter", ""), given.get("delimiter", ""))
        if len(delimiter) > 1:
            what = Text("分隔符只能是一个字符", "a delimiter is one character")
            src.fault(
                entries["delimiter"], f"{path}.delimiter", what, Text("例如 “,” 或 tab", "For example “,” or tab")
            )
        return FileSpec(
            given.get("file", ""), given.get("sheet", ""), given.get("encoding", ""), delimiter[:1], header_row or 1
        )

    def table(self, node: yaml.Node, path: str) -> TableSpec:
        src = self.source
        keys = ("rows", *_FILE_KEYS, "joins", "contacts_are", "missing", "dates", "fields")
        entries = src.mapping(node, path, keys)
        src.need(entries, node, path, "rows", "fields")
        rows = src.one_of(entries["rows"], f"{path}.rows", ROW_TYPES) if "rows" in entries else None
        kind: RowKind = rows if rows in ROW_TYPES else "cases"
        fields = self.fields(entries["fields"], f"{path}.fields", kind) if "fields" in entries and rows else {}
        if rows and "fields" in entries:
            for name in REQUIRED[kind]:
                if name not in fields:
                    what = Text(f"{rows} 缺少字段“{name}”", f"{rows} need the field “{name}”")
                    src.fault(
                        entries["fields"],
                        f"{path}.fields.{name}",
                        what,
                        Text("请写明它来自哪一列", "Say which column it comes from"),
                    )
        are = (
            src.one_of(entries["contacts_are"], f"{path}.contacts_are", get_args(ContactsAre))
            if "contacts_are" in entries
            else None
        )
        return TableSpec(
            rows=kind,
            file=self.file(entries, node, path),
            fields=fields,
            joins=tuple(self.join(item, at) for item, at in src.items(entries["joins"], f"{path}.joins"))
            if "joins" in entries
            else (),
            contacts_are=are if are in get_args(ContactsAre) else "contacts",  # type: ignore[arg-type]
            missing=src.scalars(entries["missing"], f"{path}.missing") if "missing" in entries else (),
            dates=self.dates(entries.get("dates"), f"{path}.dates"),
            line=node.start_mark.line + 1,
        )

    def join(self, node: yaml.Node, path: str) -> Join:
        entries = self.source.mapping(node, path, (*_FILE_KEYS, "on", "prefix"))
        self.source.need(entries, node, path, "on")
        on = self.source.table(entries["on"], f"{path}.on") if "on" in entries else {}
        prefix = self.source.scalar(entries["prefix"], f"{path}.prefix") if "prefix" in entries else None
        return Join(self.file(entries, node, path), {here: there or here for here, there in on.items()}, prefix or "")

    def fields(self, node: yaml.Node, path: str, kind: RowKind) -> dict[str, Field]:
        found: dict[str, Field] = {}
        for name, value in self.source.mapping(node, path, FIELDS[kind]).items():
            found[name] = self.field(value, f"{path}.{name}", several=name in SEVERAL)
            self.terms(value, found[name], name)
        return found

    def terms(self, node: yaml.Node, field: Field, name: str) -> None:
        """Report a translation of a closed field (sex, outcome …) into something that is none of its terms."""
        if name not in SYNONYMS:
            return
        own = {*SYNONYMS[name].values(), *SYNONYMS[name]}
        for word in (*field.values.values(), field.constant, field.default):
            if word is not None and word.casefold() not in own:
                self.source.unknown(node, field.path, word, sorted(set(SYNONYMS[name].values())))

    def field(self, node: yaml.Node, path: str, *, several: bool = False) -> Field:
        src = self.source
        if isinstance(node, yaml.ScalarNode):
            column = src.scalar(node, path)
            if not column:
                src.fault(
                    node,
                    path,
                    Text("缺少列名", "the column name is missing"),
                    Text("请写列名", "Write the name of a column"),
                )
            return Field(pieces=(Piece.column(column or ""),), path=path, line=node.start_mark.line + 1)
        entries = src.mapping(node, path, FIELD_KEYS)
        if not isinstance(node, yaml.MappingNode):
            return Field(path=path, line=node.start_mark.line + 1)
        given = [key for key in _SOURCES if key in entries]
        if len(given) != 1 and not (not given and "default" in entries):
            what = Text("要写且只写一个来源", "exactly one source is needed")
            src.fault(
                node, path, what, Text(f"来源可以是 {'、'.join(_SOURCES)}", f"A source is one of {', '.join(_SOURCES)}")
            )
        if "all_of" in entries and not several:
            what = Text(f"只有 {'、'.join(SEVERAL)} 可以有多个值", f"only {', '.join(SEVERAL)} can have several values")
            src.fault(entries["all_of"], f"{path}.all_of", what, Text("请改用 first_of", "Use first_of"))
        if "lookup" in entries and (name := src.scalar(entries["lookup"], f"{path}.lookup")):
            self.lookup_uses.append((entries["lookup"], f"{path}.lookup", name))

        def text(key: str) -> str | None:
            return src.scalar(entries[key], f"{path}.{key}") if key in entries else None

        return Field(
            pieces=self.pieces(entries, path),
            every="all_of" in entries,
            constant=text("constant"),
            default=text("default"),
            find=self.pattern(entries.get("find"), f"{path}.find"),
            values=src.table(entries["values"], f"{path}.values") if "values" in entries else {},
            lookup=text("lookup"),
            prefix=text("prefix") or "",
            dates=self.dates(entries.get("dates"), f"{path}.dates"),
            missing=src.scalars(entries["missing"], f"{path}.missing") if "missing" in entries else (),
            when_missing=self.when_missing(entries.get("when_missing"), f"{path}.when_missing"),
            path=path,
            line=node.start_mark.line + 1,
        )

    def when_missing(self, node: yaml.Node | None, path: str) -> WhenMissing | None:
        word = self.source.one_of(node, path, get_args(WhenMissing)) if node is not None else None
        return cast(WhenMissing | None, word)

    def pieces(self, entries: dict[str, yaml.Node], path: str) -> tuple[Piece, ...]:
        for key in ("column", "first_of", "all_of"):
            if key in entries:
                return tuple(Piece.column(name) for name in self.source.scalars(entries[key], f"{path}.{key}"))
        if "text" not in entries:
            return ()
        return tuple(
            piece
            for template in self.source.scalars(entries["text"], f"{path}.text")
            if (piece := self.template(entries["text"], f"{path}.text", template))
        )

    def template(self, node: yaml.Node, path: str, template: str) -> Piece | None:
        parts: list[tuple[str, str]] = []
        text = ""
        for found in _TEMPLATE.finditer(template):
            if found["stray"]:
                what = Text("花括号没有配对", "the braces do not match")
                self.source.fault(node, path, what, Text("例如 {省}/{市}", "For example {province}/{city}"))
                return None
            text += found["text"] or (found["brace"] or "")[:1]
            if found["column"]:
                parts.append((text, found["column"]))
                text = ""
        return Piece((*parts, (text, "")) if text or not parts else tuple(parts))

    def pattern(self, node: yaml.Node | None, path: str) -> re.Pattern[str] | None:
        text = self.source.scalar(node, path) if node is not None else None
        if not text:
            return None
        try:
            return re.compile(text)
        except (re.error, RecursionError, OverflowError) as error:
            what = Text(f"正则表达式有误：{error}", f"the pattern is wrong: {error}")
            self.source.fault(node, path, what, Text("例如 'TJ\\d+'", "For example 'TJ\\d+'"))
            return None

    def lookups(self, node: yaml.Node | None) -> dict[str, Lookup]:
        if node is None:
            return {}
        return {
            name: self.lookup(value, f"lookups.{name}") for name, value in self.source.mapping(node, "lookups").items()
        }

    def lookup(self, node: yaml.Node, path: str) -> Lookup:
        entries = self.source.mapping(node, path)
        if "file" not in entries:
            return Lookup(
                entries={key: value for key, value in self.source.table(node, path).items() if value is not None}
            )
        entries = self.source.mapping(node, path, (*_FILE_KEYS, "key", "value"))
        self.source.need(entries, node, path, "key", "value")
        key, value = (
            self.field(entries[part], f"{path}.{part}") if part in entries else Field() for part in ("key", "value")
        )
        return Lookup(file=self.file(entries, node, path), key=key, value=value)

    def jurisdictions(self, node: yaml.Node | None) -> tuple[Jurisdiction | JurisdictionFile, ...]:
        found: list[Jurisdiction | JurisdictionFile] = []
        for item, at in self.source.items(node, "jurisdictions") if node is not None else ():
            entries = self.source.mapping(item, at)
            self.source.need(entries, item, at, "code", "name")
            if "code" not in entries or "name" not in entries:
                continue
            if "file" in entries:
                entries = self.source.mapping(item, at, (*_FILE_KEYS, "code", "name"))
                code, name = self.field(entries["code"], f"{at}.code"), self.field(entries["name"], f"{at}.name")
                found.append(JurisdictionFile(self.file(entries, item, at), code, name))
            else:
                entries = self.source.mapping(item, at, ("code", "name"))
                found.append(self.jurisdiction(entries, at))
        return tuple(found)

    def jurisdiction(self, entries: dict[str, yaml.Node], path: str) -> Jurisdiction:
        code = self.source.scalar(entries["code"], f"{path}.code") or ""
        try:
            code = cn_ids.area_code(code)
        except cn_ids.IdError as error:
            self.source.fault(entries["code"], f"{path}.code", error.what, error.remedy)
        return Jurisdiction(code, self.source.bilingual(entries["name"], f"{path}.name"))
