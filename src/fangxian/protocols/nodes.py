"""YAML with its line numbers: a file becomes a tree of nodes, each of which knows where it was written.

Scalars stay the strings that the author typed: what they mean is decided by the field that reads them, so that
``on``, ``no``, ``08:30`` or ``1_000`` never turn into something else on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from .problems import Flaw, Mark, Problem

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = frozenset({"", "~", "null"})
_MAX_BYTES = 2_000_000
_MAX_DEPTH = 40


@dataclass(frozen=True, slots=True)
class Node:
    """One value of the file. Exactly one of ``scalar``, ``items`` and ``fields`` is meant, by ``kind``."""

    kind: str  # "scalar", "list" or "map"
    mark: Mark
    scalar: str = ""
    is_null: bool = False
    items: tuple[Node, ...] = ()
    fields: dict[str, Node] | None = None

    def children(self) -> dict[str, Node]:
        """The fields of a mapping, in the order of the file; empty for anything else."""
        return self.fields or {}

    def problem(self, field: str, zh: str, en: str) -> Problem:
        """A problem at this node."""
        return Problem(self.mark.file, self.mark.line, field, zh, en)

    def flaw(self, field: str, zh: str, en: str) -> Flaw:
        """A problem at this node, ready to be raised."""
        return Flaw(self.problem(field, zh, en))

    def at(self, path: str) -> Node | None:
        """The node under ``a/b/2``: names of fields and places in lists (from 0), joined by a stroke."""
        node: Node | None = self
        for part in path.split("/"):
            if node is None:
                return None
            node = node.step(part)
        return node

    def step(self, part: str) -> Node | None:
        """The field or the item of that name directly under this node."""
        if self.kind == "list":
            return self.items[int(part)] if part.isdecimal() and int(part) < len(self.items) else None
        return self.children().get(part)

    def replaced(self, path: str, new: Node) -> Node:
        """The same tree with the node at ``path``, which must exist, replaced."""
        head, _, rest = path.partition("/")
        child = self.step(head)
        assert child is not None, path
        below = child.replaced(rest, new) if rest else new
        if self.kind == "list":
            place = int(head)
            return replace(self, items=(*self.items[:place], below, *self.items[place + 1 :]))
        return replace(self, fields={**self.children(), head: below})


def read_tree(path: Path) -> Node:
    """Read a YAML (or JSON) file. Raises `Flaw` when it is missing, too large, not UTF-8 or not YAML."""
    name = str(path)
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise _flaw(name, 1, "文件超过 2 MB，不是规程包", "the file is larger than 2 MB, which no pack is")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _flaw(
            name,
            1,
            f"文件不是 UTF-8 编码（第 {error.start} 字节），请另存为 UTF-8",
            f"the file is not UTF-8 (byte {error.start}); save it as UTF-8",
        ) from error
    except OSError as error:
        raise _flaw(name, 1, f"无法读取文件：{error.strerror}", f"the file cannot be read: {error.strerror}") from error
    return parse_tree(text, name)


def parse_tree(text: str, name: str) -> Node:
    """The tree of a YAML text; ``name`` stands for the file in messages."""
    try:
        depth = 0
        for event in yaml.parse(text, _Loader):
            line = event.start_mark.line + 1 if event.start_mark else 1
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _MAX_DEPTH:
                raise _flaw(
                    name,
                    line,
                    f"嵌套超过 {_MAX_DEPTH} 层",
                    f"nested more than {_MAX_DEPTH} levels deep",
                )
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise _flaw(
                    name,
                    line,
                    "规程包不使用 YAML 锚点和别名（& 与 *），请写出全文",
                    "packs do not use YAML anchors and aliases (& and *): write the value out",
                )
        root = yaml.compose(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _flaw(
            name, mark.line + 1 if mark else 1, f"YAML 格式错误：{error.problem}", f"not valid YAML: {error.problem}"
        ) from error
    except yaml.YAMLError as error:
        raise _flaw(name, 1, f"YAML 格式错误：{error}", f"not valid YAML: {error}") from error
    if not isinstance(root, yaml.MappingNode):
        raise _flaw(name, 1, "规程包应为“字段: 值”的形式", "a pack is a mapping of fields to values")
    problems: list[Problem] = []
    node = _convert(root, name, None, problems)
    if problems:
        raise Flaw(*problems)
    return node


def _convert(node: yaml.Node, name: str, mark: Mark | None, problems: list[Problem]) -> Node:
    mark = mark or Mark(name, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        is_quoted = node.style in ("'", '"', "|", ">")
        return Node("scalar", mark, node.value.strip(), not is_quoted and node.value.strip() in _NULL)
    if isinstance(node, yaml.SequenceNode):
        return Node("list", mark, items=tuple(_convert(item, name, None, problems) for item in node.value))
    fields: dict[str, Node] = {}
    for key, value in node.value:
        here = Mark(name, key.start_mark.line + 1)
        if not isinstance(key, yaml.ScalarNode):
            problems.append(Problem(name, here.line, "", "字段名应为文字", "a field name must be text"))
            continue
        if key.value in fields:
            problems.append(
                Problem(
                    name,
                    here.line,
                    key.value,
                    f"字段重复，前一处在第 {fields[key.value].mark.line} 行",
                    f"the field is written twice, first in line {fields[key.value].mark.line}",
                )
            )
        fields[key.value] = _convert(value, name, here, problems)
    return Node("map", mark, fields=fields)


def _flaw(name: str, line: int, zh: str, en: str) -> Flaw:
    return Flaw(Problem(name, line, "", zh, en))
