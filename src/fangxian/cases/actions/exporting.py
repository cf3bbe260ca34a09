"""Data that leave the house: written as they are seen, and the journal says who took what."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from django.utils.translation import gettext as _

from fangxian.cases import queries
from fangxian.cases.schemas import Filter, Order, Sheet
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Invalid, Refusal
from fangxian.registry.checking import invalid
from fangxian.standards.tables import Cell, TableError, write_csv, write_xlsx

_WRITERS: Mapping[str, Callable[[Path, Sequence[str], Iterable[Sequence[Cell]]], int]] = {
    ".csv": write_csv,
    ".xlsx": write_xlsx,
}


def export(by: Actor, wanted: Filter, path: Path, *, order: Order = "-reported", sheet: Sheet | None = None) -> int:
    """Write the line list that a filter wants to a .csv or .xlsx file; how many rows. Masked as on the screen.

    The journal is written first, with the actor's purpose: no data leave without a trace. Raises NotAllowed without the
    right, Invalid for another kind of file, Refusal where the file cannot be written (nothing of it is left behind then).
    """
    table = queries.export(by, wanted, order=order, sheet=sheet)
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise Invalid(
            _("“%(suffix)s” is not a kind of file that is written here.") % {"suffix": path.suffix},
            remedy=_("Choose .csv or .xlsx."),
            field="path",
        )
    _noted(by, wanted, path.name, list(sheet.headings) if sheet else [])
    try:
        return write(path, table.columns, table.rows)
    except TableError as fault:
        refusal = invalid(fault, "path")
        raise Refusal(refusal.message, remedy=refusal.remedy, code="not_written", field="path") from fault


@action
def _noted(by: Actor, wanted: Filter, name: str, columns: Sequence[str]) -> None:
    used = {field: str(value) for field, value in asdict(wanted).items() if value}
    data: dict[str, object] = {"filter": used, "rows": queries.total(by, wanted), "file": name}
    if columns:
        data["columns"] = list(columns)
    record(by, "cases.exported", ("outbreak", queries.outbreak_id(wanted.outbreak) or 0), area=wanted.area, data=data)
