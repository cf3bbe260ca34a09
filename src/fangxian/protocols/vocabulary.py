"""The words that packs are written in (``vocabulary.yaml``): units, anchors, facts, moments, roles and so on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml
from rapidfuzz import process

from fangxian.text import Text


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measurement; ``seconds`` is set for durations only."""

    key: str
    name: Text
    measures: str
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A named fact that conditions may ask about: yes/no, a number in ``unit``, or one of ``values``."""

    key: str
    name: Text
    unit: str | None = None
    values: dict[str, Text] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """ "number", "choice" or "yes/no"."""
        return "number" if self.unit else "choice" if self.values else "yes/no"


@cache
def _tables() -> dict[str, dict[str, dict[str, Any]]]:
    text = files(__package__).joinpath("vocabulary.yaml").read_text("utf-8")
    tables: dict[str, dict[str, dict[str, Any]]] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return tables


@cache
def terms(section: str) -> MappingProxyType[str, Text]:
    """The closed list of a section ("anchors", "moments", "roles" …) with the name of each term."""
    return MappingProxyType({key: Text(row["zh"], row["en"]) for key, row in _tables()[section].items()})


@cache
def units() -> MappingProxyType[str, Unit]:
    """All units by their key, such as ``h`` or ``case``."""
    rows = _tables()["units"].items()
    return MappingProxyType(
        {key: Unit(key, Text(row["zh"], row["en"]), row["measures"], row.get("seconds")) for key, row in rows}
    )


@cache
def facts() -> MappingProxyType[str, Fact]:
    """The facts that every pack knows."""
    return MappingProxyType({key: _fact(key, row) for key, row in _tables()["facts"].items()})


def _fact(key: str, row: dict[str, Any]) -> Fact:
    values = {value: Text(name["zh"], name["en"]) for value, name in row.get("values", {}).items()}
    return Fact(key, Text(row["zh"], row["en"]), row.get("unit"), values)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that ``word`` was probably meant to be, if any is close enough."""
    found = process.extractOne(word, list(known), score_cutoff=65)
    return found[0] if found else None


def suggestion(word: str, known: Iterable[str]) -> Text:
    """ "Did you mean …?", or the words to choose from when they are few, or nothing."""
    known = list(known)
    close = nearest(word, known)
    if close:
        return Text(f"，是否为“{close}”？", f"; did you mean {close!r}?")
    if 0 < len(known) <= 12:
        return Text("，可用：" + "、".join(known), "; known: " + ", ".join(known))
    return Text("", "")
