"""The typed reader: dataclasses are the schema, and every fault names its file, line and field.

A container goes on after a fault in one of its fields, so that one run finds all of them.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from datetime import time
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from fangxian.text import Text

from .citation import GENERAL_KNOWLEDGE, Cited, Source
from .conditions import Condition
from .duty import Anchor, Due, Measures, Named, Term
from .nodes import Node
from .phrases import read_condition, read_due
from .problems import Flaw, Mark, Problem
from .quotations import read_cite, read_cited
from .vocabulary import Fact, facts, nearest, suggestion, terms

_CONDITION = Condition


@dataclass
class Reading:
    """What the reader has learnt of the pack so far: its sources and facts, and where everything stands."""

    sources: dict[str, Source] = field(default_factory=lambda: {GENERAL_KNOWLEDGE.key: GENERAL_KNOWLEDGE})
    facts: dict[str, Fact] = field(default_factory=lambda: dict(facts()))
    values: dict[str, Cited] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    inherited: Cited | None = None

    @contextmanager
    def citing(self, cited: Cited | None) -> Iterator[None]:
        """Numbers in conditions read inside take this pedigree when they bring none of their own."""
        before, self.inherited = self.inherited, cited or self.inherited
        try:
            yield
        finally:
            self.inherited = before


def read(kind: Any, node: Node, path: str, reading: Reading, hints: tuple[Any, ...] = (), key: str = "") -> Any:
    """Read ``node`` as a value of the annotated type ``kind``. Raises `Flaw` with every problem found below it."""
    reading.marks[path] = node.mark
    origin = get_origin(kind)
    if origin is Annotated:
        kind, *more = get_args(kind)
        return read(kind, node, path, reading, (*more, *hints), key)
    if origin in (Union, types.UnionType) and kind is not _CONDITION:
        options = [option for option in get_args(kind) if option is not type(None)]
        if node.is_null:
            return None
        return read(options[0] if len(options) == 1 else _CONDITION, node, path, reading, hints, key)
    if node.is_null:
        raise node.flaw(path, "不能为空", "must not be empty")
    if kind is _CONDITION:
        return read_condition(node, path, reading)
    if origin is Literal:
        return _word(node, path, get_args(kind))
    if origin is tuple:
        return _many(get_args(kind)[0], node, path, reading, hints)
    if origin is dict:
        of = get_args(kind)[1]
        return dict(zip(_children(node, path), _keyed(of, node, path, reading), strict=True))
    simple = _SIMPLE.get(kind)
    if simple:
        return simple(node, path, reading, hints)
    if is_dataclass(kind):
        return read_record(kind, node, path, reading, key)
    raise TypeError(f"no reader for {kind}")


def read_record(kind: Any, node: Node, path: str, reading: Reading, key: str = "") -> Any:
    """Read a mapping as a dataclass: unknown fields, missing fields and faults inside are all reported together."""
    shorthand = getattr(kind, "shorthand", None)
    if node.kind != "map":
        if not shorthand:
            raise node.flaw(path, "应为“字段: 值”的形式", "must be a mapping of fields to values")
        node = Node("map", node.mark, fields={shorthand: node})
    schema = schema_of(kind)
    given = node.children()
    problems: list[Problem] = []
    meant = {nearest(name, schema) for name in given if name not in schema}  # misspelt, hence not missing as well
    for name, child in given.items():
        if name not in schema:
            hint = suggestion(name, schema)
            problems.append(
                child.problem(_join(path, name), f"未知字段“{name}”{hint.zh}", f"unknown field {name!r}{hint.en}")
            )
    values: dict[str, Any] = dict.fromkeys(key_field(kind), key)
    own: Cited | None = None
    for name in sorted(schema, key=lambda name: name != "cite"):  # the citation first: the rest inherits it
        declared, hint_type = schema[name]
        if name not in given:
            required = declared.default is MISSING and declared.default_factory is MISSING
            if required and name not in meant:
                problems.append(node.problem(_join(path, name), f"缺少字段“{name}”", f"the field {name!r} is missing"))
            continue
        try:
            with reading.citing(own):
                values[declared.name] = read(hint_type, given[name], _join(path, name), reading)
        except Flaw as flaw:
            problems += flaw.problems
        own = values.get("cite") or own
    if problems:
        raise Flaw(*problems)
    return kind(**values)


def schema_of(kind: Any) -> dict[str, tuple[Field[Any], Any]]:
    """The YAML fields of a dataclass: name in the file → (dataclass field, type). ``from_`` is written ``from``."""
    return _schema(kind)


@cache
def _schema(kind: Any) -> dict[str, tuple[Field[Any], Any]]:
    hints = get_type_hints(kind, include_extras=True)
    found: dict[str, tuple[Field[Any], Any]] = {}
    for declared in fields(kind):
        name = declared.metadata.get("yaml", declared.name.rstrip("_"))
        if name is not None and declared.name not in key_field(kind):
            found[name] = (declared, hints[declared.name])
    return found


def key_field(kind: Any) -> tuple[str, ...]:
    """The field that takes the name under which an item is written, if the dataclass has one."""
    return _key_field(kind)


@cache
def _key_field(kind: Any) -> tuple[str, ...]:
    if not is_dataclass(kind):
        return ()
    return tuple(declared.name for declared in fields(kind) if declared.name == "key" or "key" in declared.metadata)


def _many(of: Any, node: Node, path: str, reading: Reading, hints: tuple[Any, ...]) -> tuple[Any, ...]:
    if any(isinstance(hint, Named) for hint in hints):
        return tuple(_keyed(of, node, path, reading))
    items = node.items if node.kind == "list" else (node,)
    problems: list[Problem] = []
    found = []
    for place, item in enumerate(items):
        try:
            found.append(read(of, item, f"{path}/{place}" if node.kind == "list" else path, reading))
        except Flaw as flaw:
            problems += flaw.problems
    if problems:
        raise Flaw(*problems)
    return tuple(found)


def _keyed(of: Any, node: Node, path: str, reading: Reading) -> list[Any]:
    problems: list[Problem] = []
    found = []
    for key, child in _children(node, path).items():
        if "/" in key or not key:
            problems.append(
                child.problem(
                    _join(path, key), f"名称“{key}”不能为空或含“/”", f"the name {key!r} may not be empty or contain '/'"
                )
            )
            continue
        try:
            found.append(read(of, child, _join(path, key), reading, (), key))
        except Flaw as flaw:
            problems += flaw.problems
    if problems:
        raise Flaw(*problems)
    return found


def _children(node: Node, path: str) -> Mapping[str, Node]:
    if node.kind != "map":
        raise node.flaw(path, "应为“名称: 内容”的形式", "must be a mapping of names to contents")
    return node.children()


def _string(node: Node, path: str, reading: Reading, hints: tuple[Any, ...]) -> str:
    text = _scalar(node, path)
    for hint in hints:
        if isinstance(hint, Term):
            known = reading.facts if hint.section == "facts" else terms(hint.section)
            if text not in known:
                more = suggestion(text, known)
                raise node.flaw(path, f"未知词“{text}”{more.zh}", f"unknown word {text!r}{more.en}")
        if isinstance(hint, Anchor) and text not in terms("anchors"):
            more = suggestion(text, terms("anchors"))
            raise node.flaw(path, f"未知时间锚点“{text}”{more.zh}", f"unknown anchor {text!r}{more.en}")
    return text


def _number(node: Node, path: str, reading: Reading, hints: tuple[Any, ...]) -> int:
    text = _scalar(node, path)
    if not text.isdecimal():
        raise node.flaw(path, f"“{text}”不是整数", f"{text!r} is not a whole number")
    return int(text)


def _yes_no(node: Node, path: str, reading: Reading, hints: tuple[Any, ...]) -> bool:
    return _word(node, path, ("true", "false", "yes", "no")) in ("true", "yes")


def _hour(node: Node, path: str, reading: Reading, hints: tuple[Any, ...]) -> time:
    text = _scalar(node, path)
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise node.flaw(path, f"“{text}”不是时刻，应如 10:00", f"{text!r} is not a time of day such as 10:00") from None


def _text(node: Node, path: str, reading: Reading, hints: tuple[Any, ...]) -> Text:
    if node.kind != "map":
        raise node.flaw(path, "文字须有中英两种：{zh: …, en: …}", "text is written in both languages: {zh: …, en: …}")
    text: Text = read_record(Text, node, path, reading)
    for lang in ("zh", "en"):
        if not getattr(text, lang):
            raise node.flaw(_join(path, lang), "不能为空", "must not be empty")
    return text


def _cited(node: Node, path: str, reading: Reading, hints: tuple[Any, ...]) -> Cited:
    measures = next((hint for hint in hints if isinstance(hint, Measures)), None)
    cited = read_cited(node, path, reading, measures) if measures else read_cite(node, path, reading)
    reading.values[path] = cited
    return cited


def _due(node: Node, path: str, reading: Reading, hints: tuple[Any, ...]) -> Due:
    due = read_due(node, path, reading)
    reading.values[path] = due.offset
    return due


_SIMPLE: dict[Any, Any] = {
    str: _string,
    int: _number,
    bool: _yes_no,
    time: _hour,
    Text: _text,
    Cited: _cited,
    Due: _due,
}


def _scalar(node: Node, path: str) -> str:
    if node.kind != "scalar":
        raise node.flaw(path, "应为单个值", "must be a single value")
    return node.scalar


def _word(node: Node, path: str, known: tuple[str, ...]) -> str:
    text = _scalar(node, path)
    if text not in known:
        more = suggestion(text, known)
        raise node.flaw(path, f"“{text}”不可用{more.zh}", f"{text!r} is not allowed here{more.en}")
    return text


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name
