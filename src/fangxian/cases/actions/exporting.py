"""Data that leave the house: written as they are seen, and the journal says who took what."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from fangxian.cases import queries
from fangxian.cases.schemas import CaseRow, Filter, Order
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.registry.files import Sheet, writer


def export(
    by: Actor, wanted: Filter, path: Path, *, order: Order = "-reported", sheet: Sheet[CaseRow] | None = None
) -> int:
    """Write the line list that a filter wants to a .csv or .xlsx file; how many rows. Masked as on the screen.

    The journal is written first, with the actor's purpose: no data leave without a trace. Raises NotAllowed without the
    right, Invalid for another kind of file, Refusal where the file cannot be written (nothing of it is left behind then).
    """
    table = queries.export(by, wanted, order=order, sheet=sheet)
    write = writer(path)
    _noted(by, wanted, path.name, list(sheet.headings) if sheet else [])
    return write(table.columns, table.rows)


@action
def _noted(by: Actor, wanted: Filter, name: str, columns: Sequence[str]) -> None:
    used = {field: str(value) for field, value in asdict(wanted).items() if value}
    data: dict[str, object] = {"filter": used, "rows": queries.total(by, wanted), "file": name}
    if columns:
        data["columns"] = list(columns)
    record(by, "cases.exported", ("outbreak", queries.outbreak_id(wanted.outbreak) or 0), area=wanted.area, data=data)
