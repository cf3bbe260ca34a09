"""Candidates as a file: written as they are seen, and the journal says who took what, and what for."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Invalid, Refusal
from fangxian.registry.checking import invalid
from fangxian.standards.tables import Cell, TableError, write_csv, write_xlsx
from fangxian.tracing import finding, searching
from fangxian.tracing.finds import CandidateFilter, CandidateSheet
from fangxian.tracing.queries import finding as queries

_WRITERS: Mapping[str, Callable[[Path, Sequence[str], Iterable[Sequence[Cell]]], int]] = {
    ".csv": write_csv,
    ".xlsx": write_xlsx,
}
_CHUNK = 1000


def export_found(by: Actor, search: str, wanted: CandidateFilter, path: Path, sheet: CandidateSheet) -> int:
    """Write the candidates that a filter wants to a .csv or .xlsx file, masked as on the screen; how many rows.

    The journal is written first, with the actor's purpose. Raises NotAllowed without the right, Invalid for another kind of
    file, Refusal where it cannot be written.
    """
    by.must("exports.make")
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise Invalid(
            _("“%(suffix)s” is not a kind of file that is written here.") % {"suffix": path.suffix},
            remedy=_("Choose .csv or .xlsx."), field="path",
        )  # fmt: skip
    _noted(by, search, wanted, path.name, sheet.headings)
    try:
        return write(path, sheet.headings, _rows(by, search, wanted, sheet))
    except TableError as fault:
        refusal = invalid(fault, "path")
        raise Refusal(refusal.message, remedy=refusal.remedy, code="not_written", field="path") from fault


@action
def _noted(by: Actor, search: str, wanted: CandidateFilter, name: str, headings: Sequence[str]) -> None:
    row = searching.search(by, search)
    rows = queries.filtered(by, row.pk, wanted).count()
    data = {
        "state": wanted.state,
        "ring": wanted.ring,
        "category": wanted.category,
        "rows": rows,
        "file": name,
        "columns": list(headings),
    }
    record(by, "contacts.exported", (finding.SUBJECT, row.pk), area=row.area, data=data)


def _rows(by: Actor, search: str, wanted: CandidateFilter, sheet: CandidateSheet) -> Iterator[list[Any]]:
    zone, after, view = clock.zone(), 0, queries.search(by, search)
    while rows := queries.found(by, view, wanted, after=after, limit=_CHUNK):
        after = rows[-1].rank
        for row in rows:
            yield [one.astimezone(zone) if isinstance(one, datetime) else one for one in sheet.cells(row)]
