"""The columns of one table read as our fields: each value converted, each failure listed, nothing else lost."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from fangxian.standards import cn_ids
from fangxian.standards.linelist import values
from fangxian.standards.linelist.checks import SEVERITIES
from fangxian.standards.linelist.recipe import ANY_OTHER, SEVERAL, Field, TableSpec
from fangxian.standards.linelist.rows import Rejection, SetSeverity, When, day_of
from fangxian.standards.linelist.values import Bound, DateOrder, ValueProblem
from fangxian.standards.tables import EXACT_NUMBER, Cell, as_identifier, as_text
from fangxian.text import Text

_BOUNDS: dict[str, Bound] = {"exposure_start": "start", "exposure_end": "end", "start": "start", "end": "end"}
_DATES = frozenset(
    "exposure_start exposure_end onset sampled_at diagnosed_at confirmed_at reported_at hospitalised_at isolated_at "
    "outcome_at died_at start end".split()
)
_IDENTIFIERS = frozenset(("id", "from_id", "to_id", "person_id", "infected_by"))
_NUMBERED = _IDENTIFIERS | {"id_number", "phone"}
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d{1,2}")


@dataclass(frozen=True, slots=True)
class Context:
    """What holds for every column of one table. ``areas`` is empty when any area code will do."""

    file: str
    zone: ZoneInfo
    today: dt.date
    dates: tuple[DateOrder, ...]
    missing: frozenset[str]
    lookups: Mapping[str, Mapping[str, str]]
    areas: frozenset[str]
    severities: Mapping[str, SetSeverity]
    date1904: bool

    def rejection(
        self, code: str, row: int, column: str, value: str, reason: Text, remedy: Text, field: str
    ) -> Rejection | None:
        """A rejection as severe as the recipe wants it; None when it wants none."""
        severity = self.severities.get(code, SEVERITIES[code])
        if severity == "off":
            return None
        return Rejection(
            file=self.file,
            row=row,
            column=column,
            value=value,
            code=code,
            reason=reason,
            remedy=remedy,
            severity=severity,
            field=field,
        )


class Reader:
    """Reads rows of one table as field values."""

    def __init__(
        self, spec: TableSpec, context: Context, index: Callable[[str], int | None], needed: tuple[str, ...]
    ) -> None:
        self._context = context
        self._needed = needed
        self._columns = [Column(name, field, context, index) for name, field in spec.fields.items()]
        self._labels = {name: field.label for name, field in spec.fields.items()}

    def label(self, field: str) -> str:
        """The column in the user's file that a field comes from; the field itself when it comes from none."""
        return self._labels.get(field) or field

    def read(self, number: int, cells: tuple[Cell, ...]) -> tuple[dict[str, object] | None, list[Rejection]]:
        """(field values, rejections) of a row; None when a needed field is missing. `SEVERAL` fields come as tuples."""
        found: dict[str, object] = {}
        complaints: list[Rejection] = []
        for column in self._columns:
            before = len(complaints)
            value = column.value(number, cells, complaints)
            if value is not None and value != ():
                found[column.name] = value
                continue
            needed = column.name in self._needed
            if (column.field.when_missing or ("reject" if needed else None)) == "reject":
                rejection = self._context.rejection(
                    "missing_required",
                    number,
                    self.label(column.name),
                    "",
                    Text(f"缺少必需的“{column.name}”", f"the required “{column.name}” is missing"),
                    Text(
                        "请补上；若这样的行可以略过，在该字段写 when_missing: skip",
                        "Fill it in, or write “when_missing: skip” to pass over such rows",
                    ),
                    column.name,
                )
                return None, [*complaints, rejection] if rejection else complaints
            if column.field.when_missing == "skip":
                return None, complaints[before:]
        if isinstance(found.get("age"), tuple):
            found["age"], found["age_band"] = found["age"]  # type: ignore[misc]
        return found, complaints


class Column:
    """One field and the cells it comes from."""

    def __init__(self, name: str, field: Field, context: Context, index: Callable[[str], int | None]) -> None:
        self.name = name
        self.field = field
        self._context = context
        self._sources = [
            (
                piece.label,
                [(text, index(column) if column else None) for text, column in piece.parts],
            )
            for piece in field.pieces
        ]
        self._missing = context.missing | {word.casefold() for word in field.missing}
        self._orders = field.dates or context.dates
        self._translations = {key.strip().casefold(): value for key, value in field.values.items()}
        self._lookup = context.lookups[field.lookup] if field.lookup else None

    def value(self, row: int, cells: tuple[Cell, ...], complaints: list[Rejection]) -> object:
        """The value of this field in a row, or None (an empty tuple for a `SEVERAL` field)."""
        several: list[object] = []
        for label, cell, text in self._given(cells):
            for part in self._found(text):
                whole = cell if part is text else part
                value = self._converted(row, label, whole, part, complaints)
                if value is None:
                    continue
                if self.name not in SEVERAL:
                    return value
                several.append(value)
            if several and not self.field.every:
                break
        own = self.field.constant if self.field.constant is not None else self.field.default
        if not several and own is not None:
            filled = self._converted(row, "", own, own, complaints, own=True)
            return (filled,) if self.name in SEVERAL else filled
        return tuple(dict.fromkeys(several)) if self.name in SEVERAL else None

    def _given(self, cells: tuple[Cell, ...]) -> Iterator[tuple[str, Cell, str]]:
        """(column, cell, text) of each source that is not missing; a template's cell is its text."""
        for label, parts in self._sources:
            texts: list[str] = []
            cell: Cell = None
            for literal, index in parts:
                if literal:
                    texts.append(literal)
                if index is None:
                    continue
                cell = cells[index]
                text = as_identifier(cell)
                if not text or text.casefold() in self._missing:
                    break
                texts.append(text)
            else:
                whole = "".join(texts)
                yield label, cell if len(texts) == 1 and cell is not None else whole, whole

    def _found(self, text: str) -> Iterable[str]:
        """What the pattern finds in a text; the text itself without a pattern."""
        pattern, prefix = self.field.find, self.field.prefix
        if pattern is None:
            return (prefix + text if prefix else text,)
        found = (match[1] if pattern.groups else match[0] for match in pattern.finditer(text))
        return (prefix + part for part in found if part)

    def _converted(
        self, row: int, label: str, cell: Cell, text: str, complaints: list[Rejection], *, own: bool = False
    ) -> object:
        """A value in our terms, or None with a complaint. What is the recipe's ``own`` needs no translation."""
        try:
            if not own and (self._translations or self._lookup is not None):
                translated = self._translated(text)
                if translated is None:
                    return None
                if translated != text:
                    return self._typed(translated, translated)
            return self._typed(cell, text)
        except ValueProblem as problem:
            rejection = self._context.rejection(
                problem.code, row, label, text, problem.reason, problem.remedy, self.name
            )
            if rejection is not None:
                complaints.append(rejection)
            return problem.kept if rejection is None or rejection.severity == "warning" else None

    def _translated(self, text: str) -> str | None:
        if text.casefold() in self._translations or ANY_OTHER in self._translations:
            mapped = self._translations.get(text.casefold(), self._translations.get(ANY_OTHER))
            if mapped is None:
                return None
            text = mapped
        if self._lookup is None:
            return text
        if text not in self._lookup:
            raise ValueProblem(
                "unknown_lookup",
                Text(
                    f"对照表 {self.field.lookup} 中没有“{text}”",
                    f"the lookup “{self.field.lookup}” does not have “{text}”",
                ),
                Text(f"请在对照表中加上“{text}”", f"Add “{text}” to the lookup"),
            )
        return self._lookup[text]

    def _typed(self, cell: Cell, text: str) -> object:
        name = self.name
        if name in _NUMBERED and self._damaged(cell, text):
            raise ValueProblem(
                "damaged_number",
                Text(
                    "号码被表格软件当作数字，末几位已丢失",
                    "a spreadsheet took this number for a quantity and lost its last digits",
                ),
                Text("请在来源处把该列设为文本后重新导出", "Set the column to text at the source and export again"),
            )
        if name in _DATES:
            bound = _BOUNDS.get(name, "point")
            zone, date1904 = self._context.zone, self._context.date1904
            return self._date(values.parse_when(cell, self._orders, zone, bound=bound, date1904=date1904))
        match name:
            case "birth_date":
                return self._birth_date(cell)
            case "sex" | "outcome" | "classification" | "severity" | "origin":
                return values.parse_term(name, text)
            case "age":
                return values.parse_age(cell)
            case "birth_year":
                return values.parse_whole(cell, 1850, self._context.today.year)
            case "contact_count":
                return values.parse_whole(cell, 0, 1_000_000)
            case "lon":
                return values.parse_degrees(cell, 180)
            case "lat":
                return values.parse_degrees(cell, 90)
            case "phone" | "id_number" | "area":
                return self._chinese(text)
            case _:
                return cn_ids.half_width(text) if name in _IDENTIFIERS else text

    def _damaged(self, cell: Cell, text: str) -> bool:
        return (isinstance(cell, int | float) and abs(cell) >= EXACT_NUMBER) or bool(_SCIENTIFIC.fullmatch(text))

    def _date(self, when: When) -> When:
        if day_of(when) > self._context.today:
            raise ValueProblem(
                "future_date",
                Text(f"日期 {day_of(when)} 在将来", f"the date {day_of(when)} is in the future"),
                Text(
                    "请更正；若两位年份读错，请写四位", "Correct it; write four digits if a two-digit year was misread"
                ),
            )
        return when

    def _birth_date(self, cell: Cell) -> dt.date:
        """Nobody is born in the future: a two-digit year that says so means the century before."""
        born = day_of(values.parse_when(cell, self._orders, self._context.zone, date1904=self._context.date1904))
        if born > self._context.today and not re.search(r"\d{4}", as_text(cell)):
            born = born.replace(year=born.year - 100)
        return day_of(self._date(born))

    def _chinese(self, text: str) -> str:
        """A telephone, document or area number in its normal form. A telephone nobody can read is kept as written."""
        try:
            match self.name:
                case "phone":
                    return cn_ids.parse_phone(text).number
                case "id_number":
                    return cn_ids.parse_document(text, today=self._context.today).number
            code = cn_ids.area_code(text)
        except cn_ids.IdError as error:
            kept = text if self.name == "phone" else None
            raise ValueProblem(f"bad_{self.name}", error.what, error.remedy, kept) from None
        if self._context.areas and code not in self._context.areas:
            raise ValueProblem(
                "unknown_area",
                Text(
                    f"辖区 {code} 不在方案的 jurisdictions 中",
                    f"the area {code} is not among the recipe's jurisdictions",
                ),
                Text("请加上该辖区，或更正代码", "Add the area, or correct the code"),
                kept=code,
            )
        return code
