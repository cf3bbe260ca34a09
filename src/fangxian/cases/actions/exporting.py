"""Data that leave the house: written as they are seen, and the journal says who took what."""

from dataclasses import asdict
from pathlib import Path

from django.utils.translation import gettext as _

from fangxian.cases import queries
from fangxian.cases.schemas import Filter
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Invalid, Refusal
from fangxian.registry.checking import invalid
from fangxian.standards.tables import TableError, write_csv, write_xlsx


@action
def export(by: Actor, wanted: Filter, path: Path) -> int:
    """Write the line list that a filter wants to a .csv or .xlsx file; how many rows. Masked exactly as on the screen.

    Raises Invalid for another kind of file, Refusal where the file cannot be written (nothing is left behind then).
    """
    table = queries.export(by, wanted)
    write = {".csv": write_csv, ".xlsx": write_xlsx}.get(path.suffix.lower())
    if write is None:
        raise Invalid(
            _("“%(suffix)s” is not a kind of file that is written here.") % {"suffix": path.suffix},
            remedy=_("Choose .csv or .xlsx."),
            field="path",
        )
    try:
        rows = write(path, table.columns, table.rows)
    except TableError as fault:
        refusal = invalid(fault, "path")
        raise Refusal(refusal.message, remedy=refusal.remedy, code="not_written", field="path") from fault
    used = {name: str(value) for name, value in asdict(wanted).items() if value}
    record(
        by, "cases.exported", ("outbreak", 0), area=wanted.area, data={"filter": used, "rows": rows, "file": path.name}
    )
    return rows
