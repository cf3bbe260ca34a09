"""The engines that trace stays, each over the same world, and what they find in one order of rows."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from fangxian.analytics import copresence
from fangxian.analytics.copresence import Index, Traced
from fangxian.analytics.copresence.stays import Piece

KINDS = (np.uint32, np.uint32, np.int32, np.int32)


@dataclass(frozen=True)
class World:
    """Stays in a few pieces, as a lake or a file would give them."""

    parts: tuple[Piece, ...]

    @classmethod
    def of(cls, rows: Sequence[tuple[int, ...]], pieces: int = 1) -> World:
        columns = [np.array([row[k] for row in rows], kind) for k, kind in enumerate(KINDS)]
        return cls(tuple(tuple(column[k::pieces] for column in columns) for k in range(pieces)))  # type: ignore[misc]

    @property
    def rows(self) -> int:
        return sum(len(part[0]) for part in self.parts)

    def splits(self) -> range:
        return range(len(self.parts))

    def pieces(self, split: int) -> Iterable[Piece]:
        return [self.parts[split]]


def native(world: World, index: Index, tau: int, rings: int, lines: bool = True) -> Traced:
    columns = [np.concatenate(column) for column in zip(*world.parts, strict=True)]
    return copresence.trace(copresence.Stays.of(*columns), index, tau=tau, rings=rings, lines=lines)


def duckdb(world: World, index: Index, tau: int, rings: int, lines: bool = True) -> Traced:
    from fangxian.lake.duck import Database

    database = Database(world.parts, tau=tau, threads=1)
    try:
        return database.trace(index, rings=rings, lines=lines)
    finally:
        database.close()


def people_of(traced: Traced) -> list[tuple[int, ...]]:
    """Person, ring, exposed at: in the order in which they are given, which is part of what is promised."""
    people = traced.people
    return list(zip(people.person.tolist(), people.ring.tolist(), people.exposed_at.tolist(), strict=True))


def lines_of(traced: Traced) -> list[tuple[int, ...]]:
    """Person, ring, via, place, from, to; sorted."""
    assert traced.lines is not None
    columns: list[list[Any]] = [
        getattr(traced.lines, name).tolist() for name in "person ring via place t_in t_out".split()
    ]
    return sorted(zip(*columns, strict=True))


def needs_spark() -> None:
    """Skip, and say why, where Spark cannot run."""
    pytest.importorskip("pyspark", reason="needs the extra `spark` (pip install 'fangxian[spark]')")
    if shutil.which("java") is None:
        pytest.skip("needs Java 17 (Debian: openjdk-17-jre-headless)")
