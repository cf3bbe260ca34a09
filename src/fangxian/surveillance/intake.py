"""A file of numbers, one a row: source, date, measure, count, and class or ward where there are any. What cannot be read is named."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.core.errors import Invalid, Refusal
from fangxian.standards.errors import InputError
from fangxian.standards.tables import Cell, Table, as_text, open_table
from fangxian.surveillance.kinds import Kind
from fangxian.surveillance.schemas import ObservationForm, SourceView

#: Column → what it may be called.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "source": ("source", "来源", "监测来源"),
    "date": ("date", "日期", "day"),
    "measure": ("measure", "指标", "项目"),
    "count": ("count", "value", "数值", "例数", "数量"),
    "unit": ("unit", "class", "班级", "病区"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the file: its number, and the number it holds or why it cannot be read."""

    row: int
    form: ObservationForm | None
    refusal: Refusal | None = None


def read(path: Path, name: str, sources: list[SourceView], *, confirmed: bool = False) -> Iterator[Line]:
    """The rows of a CSV or workbook. A source may be given by its code or by its name, a measure by its key or by its name.

    Raises Invalid for what is no such table, naming the column that is missing.
    """
    try:
        table = open_table(path)
    except InputError as fault:
        raise Invalid(
            f"{name}: {fault.text.in_(get_language() or 'zh')}", remedy=_("Send CSV or Excel with the columns named below.")
        ) from fault  # fmt: skip
    at = {key: found for key, names in _COLUMNS.items() if (found := _column(table, names)) is not None}
    for key in ("source", "date", "measure", "count"):
        if key not in at:
            raise Invalid(
                _("%(file)s has no column “%(column)s”.") % {"file": name, "column": key},
                remedy=_("The columns are source, date, measure, count, and unit for a class or ward."), field=key,
            )  # fmt: skip
    known: dict[str, SourceView] = {}
    for one in sources:
        known |= {one.code: one, one.name.zh: one, one.name.en: one}
    for row in table:
        cells = {key: row.cells[place] for key, place in at.items()}
        if all(as_text(cell) == "" for cell in cells.values()):
            continue
        try:
            yield Line(row.number, _form(cells, known, confirmed))
        except Refusal as refusal:
            yield Line(row.number, None, refusal)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _column(table: Table, names: tuple[str, ...]) -> int | None:
    return next((found for name in names if (found := table.index(name)) is not None), None)


def _form(cells: Mapping[str, Cell], known: Mapping[str, SourceView], confirmed: bool) -> ObservationForm:
    source = known.get(as_text(cells["source"]))
    text = as_text(cells["count"]).replace(",", "")
    try:
        value = float(text)
    except ValueError:
        raise Invalid(
            _("“%(value)s” is no number.") % {"value": text[:40]}, remedy=_("Enter figures only; nothing is 0."), field="count"
        ) from None  # fmt: skip
    measure = as_text(cells["measure"])
    return ObservationForm(
        source=source.code if source else as_text(cells["source"])[:40], day=_day(cells["date"]),
        measure=_measure(measure, source.kind) if source else measure, value=value,
        unit=as_text(cells["unit"]) if "unit" in cells else "", confirmed=confirmed,
    )  # fmt: skip


def _day(cell: Cell) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = as_text(cell).replace("/", "-").replace(".", "-")
    try:
        year, month, day = (int(part) for part in text.split("-"))
        return date(year, month, day)
    except ValueError:
        raise Invalid(
            _("“%(value)s” is no day.") % {"value": text[:40]}, remedy=_("Write it as 2026-03-04."), field="date"
        ) from None  # fmt: skip


def _measure(text: str, kind: Kind) -> str:
    return next((key for key, one in kind.measures.items() if text in (key, one.name.zh, one.name.en)), text)
