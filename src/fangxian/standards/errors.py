"""The error that every reader of other people's files raises.

A pure package cannot know the user's language, so what it says is always a pair; the face that shows it picks one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fangxian.text import Text

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Where:
    """A spot in the user's input: row and column of a table, line and field of a recipe, feature and property of a map.

    All count from 1.
    """

    file: str = ""
    row: int | None = None
    column: str = ""
    line: int | None = None
    field: str = ""
    feature: int | None = None

    @property
    def text(self) -> Text:
        zh, en = ([self.file], [self.file]) if self.file else ([], [])
        for number, zh_unit, en_unit in (
            (self.line, "行", "line"), (self.row, "行", "row"), (self.feature, "个要素", "feature"),
        ):  # fmt: skip
            if number is not None:
                zh.append(f"第 {number} {zh_unit}")
                en.append(f"{en_unit} {number}")
        for name, zh_kind, en_kind in ((self.column, "列", "column"), (self.field, "字段", "field")):
            if name:
                zh.append(f"{zh_kind}“{name}”")
                en.append(f"{en_kind} “{name}”")
        return Text("，".join(zh), ", ".join(en))


class InputError(ValueError):
    """A user's input that cannot be used: where it is, what happened and what to do about it, in both languages."""

    def __init__(self, what: Text, remedy: Text, where: Where | None = None) -> None:
        self.what = what
        self.remedy = remedy
        self.where = where or Where()
        super().__init__(self.text.en)

    @property
    def text(self) -> Text:
        """One line that can be shown as it is: “file, row, column: what happened. What to do.”"""
        place = self.where.text
        return Text(
            (f"{place.zh}：" if place.zh else "") + f"{self.what.zh}。{self.remedy.zh}。",
            (f"{place.en}: " if place.en else "") + f"{self.what.en}. {self.remedy.en}.",
        )

    @property
    def zh(self) -> str:
        return self.text.zh

    @property
    def en(self) -> str:
        return self.text.en
