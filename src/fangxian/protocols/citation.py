"""Cited values: no number without the document it comes from, the clause, and how far that has been checked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal

from fangxian.text import Text

from .vocabulary import terms, units

Value = int | float | str | bool | tuple[int | float, ...] | None
GRADES = ("A", "B", "C", "G")
GENERAL = "general"
DAY, DAILY = "day", "daily"  # the unit of test days, and the word for every day of a stage
WORDS = {
    "same_day": Text("当天", "the same day"), "next_day": Text("次日", "the next day"),
    "building": Text("楼栋", "building"), "compound": Text("小区", "residential compound"), "street": Text("街段", "street"),
    "cell": Text("六边形网格（H3）", "H3 cell"), "grid": Text("网格", "grid"), "village": Text("村（社区）", "village or community"),
    "township": Text("乡镇（街道）", "township"), "county": Text("县（市、区）", "county"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """A document that values are taken from. ``date`` is as precise as it is known: ``2022-06-28`` or ``2022``."""

    key: str
    title: Text
    date: str
    publisher: Text
    number: str | None = None
    via: str | None = None  # where it was read, when not in the original
    kind: Literal["legal", "practice"] = "practice"  # "legal" when the document binds by law; a value may say otherwise

    @property
    def text(self) -> Text:
        """Title, document number and date on one line."""
        tail = [part for part in (self.number, self.date) if part]
        return Text("，".join([f"《{self.title.zh}》", *tail]), ", ".join([self.title.en, *tail]))


GENERAL_KNOWLEDGE = Source(
    GENERAL, Text("一般知识", "General knowledge"), "", Text("本软件作者", "The authors of this software")
)


@dataclass(frozen=True, slots=True)
class Cited:
    """A value of a guideline with its pedigree.

    ``value`` is a number, a word, a yes/no, several numbers (test days) or None when a rule is cited as a whole.
    ``grade``: A official page read, B faithful repost read, C secondary page only, G general knowledge.
    """

    value: Value
    unit: str | None
    source: str
    grade: str
    clause: str | None = None
    quote_checked: bool = False
    kind: str = "practice"
    note: Text | None = None
    document: Source = field(default=GENERAL_KNOWLEDGE, repr=False, compare=False)

    @property
    def published(self) -> bool:
        """May be shown as what the document says. Never so for grade G."""
        return self.grade != "G"

    @property
    def needs_primary(self) -> bool:
        """The original has to be consulted: the clause is unknown, or the grade is C or G."""
        return self.clause is None or self.grade in ("C", "G")

    @property
    def number(self) -> float:
        """The value as a number. Raises TypeError when it is none."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise TypeError(f"{self.value!r} is not a number")
        return self.value

    @property
    def delta(self) -> timedelta:
        """The value as a length of time. Raises TypeError when its unit does not measure time."""
        unit = units().get(self.unit or "")
        if unit is None or unit.seconds is None:
            raise TypeError(f"{self.unit!r} does not measure time")
        return timedelta(seconds=self.number * unit.seconds)

    @property
    def text(self) -> Text:
        """The bare value as people write it: 7 天, 7 days."""
        if isinstance(self.value, bool):
            return Text("是", "yes") if self.value else Text("否", "no")
        if self.value is None:
            return Text("（整条）", "(the rule as a whole)")
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        zh, en = "、".join(map(str, values)), ", ".join(map(str, values))
        if self.unit == DAY:
            return Text("每天", "daily") if self.value == DAILY else Text(f"第 {zh} 天", f"day {en}")
        return WORDS.get(zh, Text(zh, en)).joined(self._unit, " " if self.unit else "")

    @property
    def _unit(self) -> Text:
        return units()[self.unit].name if self.unit else Text("", "")

    def explain(self, lang: str) -> str:
        """Where the value comes from and how far it can be trusted, in one sentence."""
        return self._pedigree.in_(lang)

    @property
    def _pedigree(self) -> Text:
        lead = Text("", "") if self.value is None else self.text.joined(Text("：", ": "))
        grade = terms("grades")[self.grade]
        if not self.published:
            origin = (
                Text("", "")
                if self.source == GENERAL
                else Text(
                    f"，归于{self.document.text.zh}但未找到",
                    f", attributed to {self.document.text.en} but not found there",
                )
            )
            parts = [Text(f"{grade.zh}{origin.zh}（G 级）", f"{grade.en}{origin.en} (grade G)")]
        else:
            clause = (
                Text(f"，{self.clause}", f", {self.clause}")
                if self.clause
                else Text("，条款号待核对原文", ", clause to be filled in from the original")
            )
            checked = Text("，引文已核对", ", quotation checked") if self.quote_checked else Text("", "")
            parts = [
                self.document.text.joined(clause)
                .joined(Text(f"（{self.grade} 级：{grade.zh}）", f" (grade {self.grade}: {grade.en})"))
                .joined(checked)
            ]
        if self.note:
            parts.append(self.note)
        return lead.joined(Text("；".join(p.zh for p in parts), "; ".join(p.en for p in parts)))

    def of(self, value: Value, unit: str | None = None) -> Cited:
        """The same pedigree for another value of the same rule."""
        return replace(self, value=value, unit=unit)
