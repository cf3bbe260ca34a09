"""Contacts and candidates as files: written as they are seen, and the journal says who took what, and what for."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.registry.files import Sheet, writer
from fangxian.standards.tables import Cell
from fangxian.tracing import finding, searching
from fangxian.tracing.finds import CandidateFilter, CandidateRow
from fangxian.tracing.queries import finding as queries
from fangxian.tracing.queries.four_clear import counted, every
from fangxian.tracing.schemas import ContactFilter, ContactOrder, ContactRow

_CHUNK = 1000


def export_contacts(
    by: Actor,
    outbreak: str,
    wanted: ContactFilter,
    path: Path,
    sheet: Sheet[ContactRow],
    *,
    order: ContactOrder = "-identified",
) -> int:
    """Write the contacts of an outbreak that a filter wants to a .csv or .xlsx file, masked as on the screen; how many rows.

    The journal is written first, with the actor's purpose. Raises NotAllowed without the right, NotFound for an outbreak that the
    actor does not see, Invalid for another kind of file, Refusal where it cannot be written.
    """
    by.must("exports.make")
    write = writer(path)
    _contacts_noted(by, outbreak, wanted, path.name, list(sheet.headings))
    return write(sheet.headings.values(), map(sheet.line, every(by, outbreak, wanted, order=order)))


def export_found(by: Actor, search: str, wanted: CandidateFilter, path: Path, sheet: Sheet[CandidateRow]) -> int:
    """Write the candidates that a filter wants to a .csv or .xlsx file, masked as on the screen; how many rows.

    The journal is written first, with the actor's purpose. Raises NotAllowed without the right, Invalid for another kind of
    file, Refusal where it cannot be written.
    """
    by.must("exports.make")
    write = writer(path)
    _noted(by, search, wanted, path.name, list(sheet.headings.values()))
    return write(sheet.headings.values(), _rows(by, search, wanted, sheet))


@action
def _contacts_noted(by: Actor, outbreak: str, wanted: ContactFilter, name: str, columns: Sequence[str]) -> None:
    found, rows = counted(by, outbreak, wanted)
    used = {field: str(value) for field, value in asdict(wanted).items() if value}
    data = {"filter": used, "rows": rows, "file": name, "columns": list(columns)}
    record(by, "contacts.exported", ("outbreak", found), data=data)


@action
def _noted(by: Actor, search: str, wanted: CandidateFilter, name: str, headings: Sequence[str]) -> None:
    row = searching.search(by, search)
    if searching.is_ready(row):
        searching.must_stand(row)
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


def _rows(by: Actor, search: str, wanted: CandidateFilter, sheet: Sheet[CandidateRow]) -> Iterator[tuple[Cell, ...]]:
    after, view = 0, queries.search(by, search)
    while rows := queries.found(by, view, wanted, after=after, limit=_CHUNK):
        after = rows[-1].rank
        yield from map(sheet.line, rows)
