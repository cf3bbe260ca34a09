"""Faults of a pack that say where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fangxian.text import Text


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something was written: a file and its line, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in a pack: where it is, which field, what is wrong and what to do about it."""

    file: str
    line: int
    field: str
    zh: str
    en: str

    def in_(self, lang: str) -> str:
        """``file:line: field: message`` in the given language."""
        where = f"{self.file}:{self.line}"
        colon = "：" if lang.lower().startswith("zh") else ": "
        return colon.join(part for part in (where, self.field, Text(self.zh, self.en).in_(lang)) if part)


class PackError(ValueError):
    """A pack or overlay that cannot be used. Holds every problem found, in the order of the file.

    ``file``, ``line``, ``field``, ``zh`` and ``en`` are those of the first problem.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.file, problem.line)))
        first = self.problems[0]
        self.file, self.line, self.field, self.zh, self.en = first.file, first.line, first.field, first.zh, first.en
        super().__init__("\n".join(problem.in_("en") for problem in self.problems))

    def in_(self, lang: str) -> str:
        """All problems, one a line, in the given language."""
        return "\n".join(problem.in_(lang) for problem in self.problems)


class Flaw(Exception):
    """Raised while reading; carries problems up to the nearest container, which goes on with its other fields."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__(*problems)
