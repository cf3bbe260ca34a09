"""Finding packs and overlays and turning them into a `Pack`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fangxian.text import Text

from .nodes import Node, parse_tree, read_tree
from .overlay import Overlay, apply, is_overlay, read_overlay
from .pack import Pack
from .problems import Flaw, PackError, Problem
from .reader import Reading, read, read_record, schema_of
from .soundness import problems_of
from .vocabulary import suggestion

SHIPPED = Path(str(files(__package__).joinpath("packs")))
OVERLAYS = SHIPPED / "overlays"
SHARED = SHIPPED / "shared"


@dataclass(frozen=True)
class PackInfo:
    """A pack or overlay as a list shows it.

    ``base`` is set for overlays. ``grades`` counts the cited values by grade, for an overlay those that it changes;
    ``needs_primary`` counts those for which the original has still to be consulted.
    """

    id: str
    path: Path
    name: Text
    edition: str
    status: str
    issued: str | None
    superseded_by: str | None
    base: str | None
    duties: int
    grades: dict[str, int]
    needs_primary: int


def load(ref: str | Path, *overlays: str | Path) -> Pack:
    """The pack called ``ref`` (or in the file ``ref``) with overlays applied in order, the later over the earlier.

    ``ref`` may itself be an overlay, which brings its base: the file of that name beside it, or the shipped pack.
    Raises `PackError` with every problem found. Shipped packs are read once and shared: packs never change.
    """
    names = [one for one in (ref, *overlays) if one in _names(SHIPPED) or one in _names(OVERLAYS)]
    if len(names) == 1 + len(overlays):
        return _shipped(*map(str, names))
    return _loaded(_find(ref), [_find(overlay) for overlay in overlays])


def restore(content: Mapping[str, Any]) -> Pack:
    """The pack of which `dump` made this content. Raises `PackError` where it was changed since."""
    with _as_pack_error():
        return build(parse_tree(json.dumps(content, ensure_ascii=False), f"{content.get('id')}.json"))


def available() -> list[PackInfo]:
    """The shipped packs, then the shipped overlays, by name."""
    return list(_available())


@cache
def _available() -> tuple[PackInfo, ...]:
    found = []
    for name in _names(SHIPPED):
        pack = load(name)
        found.append(
            PackInfo(
                pack.id,
                SHIPPED / f"{name}.yaml",
                pack.name,
                pack.edition,
                pack.status,
                pack.issued,
                pack.superseded_by,
                None,
                len(pack.duties),
                *counts(pack, pack.values),
            )
        )
    for name in _names(OVERLAYS):
        path = OVERLAYS / f"{name}.yaml"
        with _as_pack_error():
            overlay = read_overlay(read_tree(path))
        pack = load(path)
        found.append(
            PackInfo(
                overlay.id,
                path,
                overlay.name,
                pack.edition,
                overlay.status,
                overlay.issued,
                None,
                overlay.base,
                len(pack.duties),
                *counts(pack, overlay.changes),
            )
        )
    return tuple(found)


def counts(pack: Pack, paths: Any) -> tuple[dict[str, int], int]:
    """How many of the values at ``paths`` have each grade, and how many need the original to be consulted."""
    values = [pack.values[path] for path in paths]
    return {grade: sum(value.grade == grade for value in values) for grade in "ABCG"}, sum(
        v.needs_primary for v in values
    )


@lru_cache(maxsize=256)
def _shipped(name: str, *overlays: str) -> Pack:
    return _loaded(_find(name), [_find(overlay) for overlay in overlays])


def _loaded(path: Path, overlay_paths: Sequence[Path]) -> Pack:
    with _as_pack_error():
        tree = read_tree(path)
        trees = [read_tree(overlay) for overlay in overlay_paths]
        if is_overlay(tree):
            trees.insert(0, tree)
            base_name = read_overlay(tree).base
            beside = path.with_name(f"{base_name}.yaml")
            tree = read_tree(beside if beside.is_file() else _find(base_name))
        tree = with_shared(tree)
        base = build(tree)
        if not trees:
            return base
        overlays = [read_overlay(overlay) for overlay in trees]
        return apply(overlays, base, tree, build)


def build(tree: Node, overlays: Sequence[Overlay] = ()) -> Pack:
    """The pack that a tree describes. Raises `Flaw` with every problem."""
    reading = Reading()
    problems: list[Problem] = []
    schema = schema_of(Pack)
    for section, table in (("sources", reading.sources), ("facts", reading.facts)):
        node = tree.children().get(section)
        if node is None:
            continue
        try:
            rows = read(schema[section][1], node, section, reading)
        except Flaw as flaw:
            problems += flaw.problems
            continue
        for row in rows:
            if row.key in table:
                mark = reading.marks[f"{section}/{row.key}"]
                problems.append(
                    Problem(mark.file, mark.line, f"{section}/{row.key}", "名称已被占用", "the name is already taken")
                )
            table[row.key] = row
    try:
        pack: Pack = read_record(Pack, tree, "", reading)
    except Flaw as flaw:
        raise Flaw(*problems, *flaw.problems) from None
    problems += problems_of(pack, reading.marks)
    if problems:
        raise Flaw(*problems)
    return replace(
        pack,
        values=MappingProxyType(reading.values),
        overlays=tuple(overlay.id for overlay in overlays),
        jurisdictions=tuple(sorted({code for overlay in overlays for code in overlay.jurisdictions})),
    )


def with_shared(tree: Node) -> Node:
    """The tree with the shared parts named under ``include`` merged in, entry by entry; the pack's own entries stay."""
    given = dict(tree.children())
    include = given.pop("include", None)
    if include is None:
        return tree
    for item in include.items or (include,):
        path = SHARED / f"{item.scalar}.yaml"
        if item.scalar not in _names(SHARED):
            more = suggestion(item.scalar, _names(SHARED))
            raise item.flaw(
                "include", f"没有共享片段“{item.scalar}”{more.zh}", f"there is no shared part {item.scalar!r}{more.en}"
            )
        for section, shared in read_tree(path).children().items():
            own = given.get(section)
            entries = dict(own.children()) if own else {}
            for key, entry in shared.children().items():
                entries.setdefault(key, entry)
            given[section] = Node("map", own.mark if own else shared.mark, fields=entries)
    return replace(tree, fields=given)


@cache
def _names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder.glob("*.yaml")))


def _find(ref: str | Path) -> Path:
    path = Path(ref)
    if isinstance(ref, Path) or path.suffix in (".yaml", ".yml", ".json"):
        return path
    for folder in (SHIPPED, OVERLAYS):
        if ref in _names(folder):
            return folder / f"{ref}.yaml"
    more = suggestion(ref, (*_names(SHIPPED), *_names(OVERLAYS)))
    raise PackError([Problem(ref, 1, "", f"没有这个规程包{more.zh}", f"there is no such pack{more.en}")])


@contextmanager
def _as_pack_error() -> Iterator[None]:
    try:
        yield
    except Flaw as flaw:
        raise PackError(flaw.problems) from None
