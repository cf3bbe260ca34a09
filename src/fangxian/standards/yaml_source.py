"""YAML that people write by hand, read so that every mistake is reported at once with its line and field.

Scalars are taken as they are written: ``0101`` stays “0101” and ``no`` stays “no”, which codes and value maps need.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from fangxian.standards.errors import InputError, Where
from fangxian.text import Text

_MOST_NODES = 200_000


class SourceErrors(InputError):
    """Everything that is wrong with one YAML file, in the order of its lines."""

    def __init__(self, problems: tuple[InputError, ...]) -> None:
        first = problems[0]
        super().__init__(first.what, first.remedy, first.where)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(problem.text.en for problem in self.problems)


@dataclass(slots=True)
class Source:
    """One YAML file and what was found wrong with it so far."""

    file: str
    problems: list[InputError] = field(default_factory=list)

    def fault(self, node: yaml.Node | None, path: str, what: Text, remedy: Text) -> None:
        line = node.start_mark.line + 1 if node is not None else 1
        self.problems.append(InputError(what, remedy, Where(self.file, line=line, field=path)))

    def finish(self) -> None:
        """Raise SourceErrors if anything was wrong."""
        if self.problems:
            raise SourceErrors(tuple(sorted(self.problems, key=lambda problem: problem.where.line or 0)))

    def mapping(self, node: yaml.Node, path: str, keys: Collection[str] | None = None) -> dict[str, yaml.Node]:
        """The entries of a mapping; unknown keys are reported with the nearest known one, repeated ones too."""
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, path, Text("这里应是“键: 值”", "this should be “key: value” lines"), _SEE_DOCS)
            return {}
        entries: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name in entries:
                self.fault(
                    key,
                    f"{path}.{name}".strip("."),
                    Text("写了两次", "it is written twice"),
                    Text("请删去一处", "Remove one of them"),
                )
            elif keys is not None and name not in keys:
                self.unknown(key, path, name, keys)
            else:
                entries[name] = value
        return entries

    def unknown(self, node: yaml.Node, path: str, name: str, known: Collection[str]) -> None:
        """Report a word that is not one of ``known``, with the nearest that is."""
        near = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.55)
        some = ", ".join(sorted(known))
        remedy = (
            Text(f"是否想写“{near[0]}”", f"Perhaps “{near[0]}” was meant")
            if near
            else Text(f"可以写：{some}", f"It can be: {some}")
        )
        self.fault(
            node, f"{path}.{name}".strip("."), Text(f"没有“{name}”这一项", f"“{name}” is not known here"), remedy
        )

    def scalar(self, node: yaml.Node, path: str) -> str | None:
        """The text of a scalar; None for ``~`` and blank."""
        if not isinstance(node, yaml.ScalarNode):
            self.fault(node, path, Text("这里应是一个值", "this should be a single value"), _SEE_DOCS)
            return None
        return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)

    def one_of(self, node: yaml.Node, path: str, known: Collection[str]) -> str | None:
        text = self.scalar(node, path)
        if text is not None and text not in known:
            self.unknown(node, path, text, known)
            return None
        return text

    def whole(self, node: yaml.Node, path: str) -> int | None:
        text = self.scalar(node, path)
        if text is not None and not text.isdecimal():
            self.fault(node, path, Text(f"“{text}”不是整数", f"“{text}” is not a whole number"), _SEE_DOCS)
            return None
        return int(text) if text is not None else None

    def items(self, node: yaml.Node, path: str) -> Iterator[tuple[yaml.Node, str]]:
        """The entries of a list, each with its path."""
        if not isinstance(node, yaml.SequenceNode):
            self.fault(node, path, Text("这里应是列表", "this should be a list"), _SEE_DOCS)
            return
        for position, item in enumerate(node.value, start=1):
            yield item, f"{path}[{position}]"

    def scalars(self, node: yaml.Node, path: str) -> tuple[str, ...]:
        """One value or a list of them."""
        if isinstance(node, yaml.ScalarNode):
            text = self.scalar(node, path)
            return (text,) if text is not None else ()
        return tuple(text for item, at in self.items(node, path) if (text := self.scalar(item, at)) is not None)

    def table(self, node: yaml.Node, path: str) -> dict[str, str | None]:
        """A mapping of text to text or nothing."""
        return {name: self.scalar(value, f"{path}.{name}") for name, value in self.mapping(node, path).items()}

    def bilingual(self, node: yaml.Node, path: str) -> Text:
        """``{zh: …, en: …}``, or one text that is used in both languages."""
        if isinstance(node, yaml.ScalarNode):
            text = self.scalar(node, path) or ""
            return Text(text, text)
        entries = self.mapping(node, path, ("zh", "en"))
        found = {name: self.scalar(value, f"{path}.{name}") or "" for name, value in entries.items()}
        for name in ("zh", "en"):
            if not found.get(name):
                self.fault(
                    node,
                    f"{path}.{name}",
                    Text(f"缺少 {name}", f"{name} is missing"),
                    Text("两种语言都要写", "Write both languages"),
                )
        return Text(found.get("zh", ""), found.get("en", ""))

    def need(self, entries: dict[str, yaml.Node], node: yaml.Node, path: str, *names: str) -> None:
        for name in names:
            if name not in entries:
                self.fault(
                    node,
                    f"{path}.{name}".strip("."),
                    Text(f"缺少“{name}”", f"“{name}” is missing"),
                    Text("请补上", "Add it"),
                )


_SEE_DOCS = Text("写法见文档", "See the documentation for how to write it")


def load_yaml(text: str, file: str) -> tuple[yaml.Node, Source]:
    """The root node of a YAML text and the Source to check it with. Raises SourceErrors for what is not YAML."""
    source = Source(file)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        problem = InputError(
            Text(f"不是正确的 YAML：{error.problem}", f"this is not valid YAML: {error.problem}"),
            Text("请检查缩进、冒号和引号", "Check indentation, colons and quotation marks"),
            Where(file, line=mark.line + 1 if mark else 1),
        )
        raise SourceErrors((problem,)) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        problem = InputError(
            Text("不是正确的 YAML", f"this is not valid YAML: {str(error).splitlines()[0]}"),
            Text("请检查文件是否为文本", "Check that the file is text"),
            Where(file),
        )
        raise SourceErrors((problem,)) from None
    if root is None:
        source.fault(None, "", Text("文件是空的", "the file is empty"), _SEE_DOCS)
        source.finish()
    assert root is not None
    if _size(root, _MOST_NODES) >= _MOST_NODES or _has_cycle(root, frozenset()):
        source.fault(
            root, "", Text("别名展开后过大或自我引用", "its aliases grow too large or refer to themselves"), _SEE_DOCS
        )
        source.finish()
    return root, source


def read_yaml(path: Path) -> tuple[yaml.Node, Source]:
    """`load_yaml` of a UTF-8 file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        what = Text(f"打不开：{error.strerror}", f"it cannot be opened: {error.strerror}")
        raise SourceErrors((InputError(what, Text("请检查路径", "Check the path"), Where(str(path))),)) from None
    except UnicodeDecodeError:
        what = Text("不是 UTF-8 文本", "it is not UTF-8 text")
        raise SourceErrors((InputError(what, Text("请另存为 UTF-8", "Save it as UTF-8"), Where(path.name)),)) from None
    return load_yaml(text, path.name)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _size(root: yaml.Node, most: int) -> int:
    """The number of nodes with aliases expanded, counted no further than ``most``."""
    count, waiting = 0, [root]
    while waiting and count < most:
        count += 1
        waiting.extend(_children(waiting.pop()))
    return count


def _has_cycle(node: yaml.Node, above: frozenset[int]) -> bool:
    if id(node) in above:
        return True
    return any(_has_cycle(child, above | {id(node)}) for child in _children(node))
