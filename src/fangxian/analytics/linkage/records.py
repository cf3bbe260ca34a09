"""A person as somebody wrote them down, and the keys under which they can be found again."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

from fangxian.analytics.errors import AnalysisError
from fangxian.analytics.linkage.names import Name, name_keys, parse

_SEXES = {"m": "male", "男": "male", "1": "male", "f": "female", "女": "female", "2": "female"}


class LinkageError(AnalysisError):
    """A record that cannot be compared."""


class Document(NamedTuple):
    """An identity document: its kind, its number or the number's blind index, and whether the number passed its check.

    `valid` says that the number is well formed and the person's own; only valid numbers prove that two people are two.
    """

    kind: str
    number: str
    valid: bool = True


@dataclass(frozen=True)
class Record:
    """One registration of a person. What is unknown is None or empty and speaks neither for nor against.

    name: as written, in any script. latin: romanised or passport name. sex: male/female, M/F, 男/女; anything else is unknown.
    born: date, or the year alone. phones: digits or blind indexes; documents: `Document`s or (kind, number) pairs; both
    compare by equality. area: code of the place of residence, from the coarse to the fine (GB/T 2260), of which the first six digits are
    the county. household: any key that a shared home has. Raises LinkageError for a birth date of another type.
    """

    key: Hashable
    name: str
    latin: str | None = None
    sex: str | None = None
    born: date | int | None = None
    phones: tuple[str, ...] = ()
    documents: tuple[Document | tuple[str, str], ...] = ()
    area: str | None = None
    household: Hashable | None = None
    aliases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.born is not None and not isinstance(self.born, date | int):
            raise LinkageError(
                f"记录 {self.key} 的出生日期 {self.born!r} 不是日期也不是年份；请改为日期、年份或留空。",
                f"Record {self.key}: born {self.born!r} is neither a date nor a year; give a date, a year or None.",
            )

    @cached_property
    def names(self) -> tuple[Name, ...]:
        """Every way in which the name is known to be written."""
        texts = (self.name, self.latin, *self.aliases)
        return tuple(dict.fromkeys(name for text in texts if text for name in parse(text)))

    @cached_property
    def gender(self) -> str | None:
        return _SEXES.get((self.sex or "").strip().lower()[:1])

    @cached_property
    def born_digits(self) -> str:
        """The birth date as YYYYMMDD, empty if it is not fully known."""
        born = self.born
        return f"{born.year:04}{born.month:02}{born.day:02}" if isinstance(born, date) else ""

    @cached_property
    def born_year(self) -> int:
        """The year of birth; 0 if unknown."""
        return self.born.year if isinstance(self.born, date) else self.born or 0

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Telephone numbers or blind indexes, without punctuation and country code; obvious placeholders left out."""
        return frozenset(filter(None, map(_number, self.phones)))

    @cached_property
    def papers(self) -> tuple[Document, ...]:
        return tuple(dict.fromkeys(Document(*paper) for paper in self.documents if paper[1]))

    @cached_property
    def documented(self) -> frozenset[tuple[str, str]]:
        """Kind and number of every document."""
        return frozenset((paper.kind, paper.number) for paper in self.papers)

    @cached_property
    def proofs(self) -> frozenset[tuple[str, str]]:
        """Kind and number of the valid documents."""
        return frozenset((paper.kind, paper.number) for paper in self.papers if paper.valid)


def _number(phone: str) -> str | None:
    if not phone.isdecimal():
        if re.search("[A-Za-z]", phone):
            return phone  # a blind index
        phone = re.sub(r"\D", "", phone)
    digits = phone if len(phone) == 11 else re.sub(r"^(00)?86(?=1\d{10}$)", "", phone)
    return digits if len(digits) > 4 and len(set(digits)) > 1 else None


def blocking_keys(record: Record) -> frozenset[str]:
    """The keys of a record for an index table: two records of one person almost always share at least one.

    d: document, p: telephone, h: household, b: birth date (day and month in either order), n: and s: name as it sounds. A handful
    per record; the candidates of one person are the records that share any.
    """
    keys = {f"d:{paper.kind}:{paper.number}" for paper in record.papers}
    keys.update(f"p:{number}" for number in record.numbers)
    if record.household is not None:
        keys.add(f"h:{record.household}")
    if isinstance(record.born, date):
        day, month = record.born.day, record.born.month
        low, high = (day, month) if day < 13 and day < month else (month, day)
        keys.add(f"b:{record.born.year}-{low:02}-{high:02}")
    return frozenset(keys | name_keys(record.names))
