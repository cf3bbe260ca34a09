"""A roster as employers send it: one person a row, whatever its columns are called. What cannot be read is named by row and column."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.core.errors import Invalid, Refusal
from fangxian.laboratory.screening.schemas import WorkerForm
from fangxian.laboratory.sheets import Line, lines
from fangxian.registry.schemas import PersonForm
from fangxian.standards.errors import InputError
from fangxian.standards.tables import Cell, as_identifier, as_text, open_table

#: Field → what its column may be called.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "姓名"),
    "document": ("document", "id_number", "证件号", "证件号码", "身份证号", "身份证号码"),
    "phone": ("phone", "电话", "联系电话", "手机号", "手机号码"),
    "number": ("number", "staff_number", "工号", "员工编号"),
    "job": ("job", "post", "岗位", "工种"),
    "since": ("since", "begins", "上岗日期", "入职日期"),
}
#: What a check of the person calls its fields.
_FIELDS = {"documents": "document", "phones": "phone", "person": "document"}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that was opened: which column was taken for what, those that were not taken, and its rows."""

    taken: Mapping[str, str]
    ignored: tuple[str, ...]
    lines: Iterator[Line[WorkerForm]]

    def column(self, refusal: Refusal) -> str:
        """The column at fault, as the file calls it; empty where it is the row as a whole."""
        field = refusal.field or ""
        return self.taken.get(_FIELDS.get(field, field), "")


def read(path: Path, name: str) -> Sheet:
    """Open a CSV or workbook. Raises Invalid for what is no such table, naming the column that is missing."""
    try:
        table = open_table(path)
    except InputError as fault:
        raise Invalid(
            f"{name}: {fault.text.in_(get_language() or 'zh')}", remedy=_("Send CSV or Excel with one person a row."), field="file"
        ) from fault  # fmt: skip
    at = {
        field: place for field, names in COLUMNS.items()
        if (place := next((found for one in names if (found := table.index(one)) is not None), None)) is not None
    }  # fmt: skip
    for field in ("name", "document"):
        if field not in at:
            english, chinese = COLUMNS[field][0], next(one for one in COLUMNS[field] if not one.isascii())
            raise Invalid(
                _("%(file)s has no column “%(column)s”.") % {"file": name, "column": f"{chinese} / {english}"},
                remedy=_("The file has: %(list)s.") % {"list": ", ".join(table.columns)}, field="file",
            )  # fmt: skip
    taken = {field: table.columns[place] for field, place in at.items()}
    return Sheet(taken, tuple(one for one in table.columns if one not in taken.values()), lines(table, at, _form))


def _form(cells: Mapping[str, Cell]) -> WorkerForm:
    def text(field: str) -> str:
        return as_identifier(cells.get(field))[:120]

    document = text("document")
    if not document:
        raise Invalid(
            _("There is no identity number."),
            remedy=_("Without it swabs cannot be put to the person."),
            field="document",
        )
    person = PersonForm(
        name=text("name"), documents=(("", document),), phones=(phone,) if (phone := text("phone")) else ()
    )
    return WorkerForm(person=person, number=text("number"), job=text("job"), since=_day(cells.get("since")))


def _day(cell: Cell) -> date | None:
    if cell is None or as_text(cell) == "":
        return None
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = as_text(cell).replace("/", "-")
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise Invalid(
            _("“%(value)s” is no day.") % {"value": text[:40]}, remedy=_("Write it as 2026-03-04."), field="since"
        ) from None
