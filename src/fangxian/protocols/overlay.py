"""Local overlays (地方补充规定): a jurisdiction's own values over a published guideline, one value at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from fangxian.text import Text

from .citation import Cited
from .nodes import Node
from .pack import Pack
from .phrases import leaf_head
from .problems import Flaw, Problem
from .reader import Reading, read_record
from .vocabulary import suggestion, units


@dataclass(frozen=True)
class Overlay:
    """What an overlay file says. ``changes``: the path of each value it sets, and the new value as written."""

    id: str = field(metadata={"yaml": "overlay"})
    base: str
    edition: str
    name: Text
    jurisdictions: tuple[str, ...]
    status: Literal["in_force", "historical", "draft"]
    issued: str | None = None
    ended: str | None = None
    note: Text | None = None
    changes: Mapping[str, Node] = field(default_factory=dict, metadata={"yaml": None})
    sources: Mapping[str, Node] = field(default_factory=dict, metadata={"yaml": None})
    node: Node | None = field(default=None, metadata={"yaml": None}, repr=False)


def is_overlay(tree: Node) -> bool:
    """Whether a file is an overlay rather than a pack."""
    return "overlay" in tree.children()


def read_overlay(tree: Node) -> Overlay:
    """Read an overlay file. Raises `Flaw`."""
    given = dict(tree.children())
    changes, sources = given.pop("set", None), given.pop("sources", None)
    overlay: Overlay = read_record(Overlay, replace(tree, fields=given), "", Reading())
    if changes is None or not changes.children():
        raise tree.flaw("set", "补充规定没有设置任何值（set）", "the overlay sets no value ('set')")
    for code in overlay.jurisdictions:
        if code != "CN" and not (code.isdecimal() and len(code) in (2, 4, 6, 9, 12)):
            raise given["jurisdictions"].flaw(
                "jurisdictions", f"“{code}”不是行政区划代码", f"{code!r} is no division code"
            )
    return replace(overlay, changes=changes.children(), sources=sources.children() if sources else {}, node=tree)


def apply(
    overlays: Sequence[Overlay], base: Pack, tree: Node, build: Callable[[Node, Sequence[Overlay]], Pack]
) -> Pack:
    """The base with overlays applied in order. Raises `Flaw` where one contradicts the base.

    Overlays that set different values may come in any order; of two that set the same, the later counts, so that a
    city follows its province.
    """
    problems = [problem for overlay in overlays for problem in _contradictions(overlay, base, tree)]
    if problems:
        raise Flaw(*problems)
    tree = _with_sources(overlays, tree)
    for overlay in overlays:
        for path, node in overlay.changes.items():
            tree = tree.replaced(path, node)
    pack = build(tree, overlays)
    problems = [
        problem
        for overlay in overlays
        for path, node in overlay.changes.items()
        for problem in _misfits(path, node, base.values[path], pack.values.get(path))
    ]
    if problems:
        raise Flaw(*problems)
    return pack


def _contradictions(overlay: Overlay, base: Pack, tree: Node) -> list[Problem]:
    assert overlay.node is not None
    given = overlay.node.children()
    problems: list[Problem] = []
    if overlay.base != base.id:
        problems.append(
            given["base"].problem(
                "base",
                f"此补充规定针对“{overlay.base}”，不能用于“{base.id}”",
                f"this overlay is for {overlay.base!r} and cannot be used on {base.id!r}",
            )
        )
    elif overlay.edition != base.edition:
        problems.append(
            given["edition"].problem(
                "edition",
                f"此补充规定针对第 {overlay.edition} 版，而规程包为第 {base.edition} 版，请核对后修改 edition",
                f"written for edition {overlay.edition}, but the pack is edition {base.edition}: check it anew",
            )
        )
    if problems:
        return problems
    for path, node in overlay.changes.items():
        old = tree.at(path)
        if path not in base.values or old is None:
            more = suggestion(path, base.values)
            problems.append(
                node.problem(path, f"“{base.id}”中没有这个值{more.zh}", f"{base.id!r} has no such value{more.en}")
            )
        elif node.is_null:
            problems.append(
                node.problem(
                    path, "补充规定只能改值，不能删去条款", "an overlay changes values: it cannot remove a clause"
                )
            )
        elif node.kind == old.kind == "scalar" and leaf_head(old.scalar) != leaf_head(node.scalar):
            problems.append(
                node.problem(path, f"只能改“{old.scalar}”中的数值", f"only the number in {old.scalar!r} may change")
            )
        elif node.kind == "list":
            problems.append(node.problem(path, "应为单个值", "must be a single value"))
    return problems


def _misfits(path: str, node: Node, old: Cited, new: Cited | None) -> Iterator[Problem]:
    if new is None or _measured(old) != _measured(new):
        was = old.text
        yield node.problem(path, f"原值为“{was.zh}”，单位或类型不符", f"does not fit the value it replaces, {was.en!r}")
    elif old.clause and not new.clause:
        yield node.problem(
            path,
            f"原值引用“{old.clause}”，补充规定须写明自己的条款（§）",
            f"replaces a value that cites {old.clause!r}: give the clause of the local rule (§)",
        )


def _measured(cited: Cited) -> tuple[str, str]:
    unit = units().get(cited.unit or "")
    shape = (
        "yes/no"
        if isinstance(cited.value, bool)
        else "number"
        if isinstance(cited.value, int | float)
        else ("rule" if cited.value is None else "days or words")
    )
    return shape, unit.measures if unit else ""


def _with_sources(overlays: Sequence[Overlay], tree: Node) -> Node:
    own = tree.children()["sources"]
    problems: list[Problem] = []
    added: dict[str, Node] = {}
    for overlay in overlays:
        for key, node in overlay.sources.items():
            if key in own.children() or key in added:
                problems.append(
                    node.problem(f"sources/{key}", "来源名称已被占用", "the name of the source is already taken")
                )
            added[key] = node
    if problems:
        raise Flaw(*problems)
    together = {**own.children(), **{key: added[key] for key in sorted(added)}}
    return replace(tree, fields={**tree.children(), "sources": replace(own, fields=together)})
