"""The line list as a table for other programs: exactly what the screen shows, masked as there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from fangxian.cases.models import Case
from fangxian.cases.queries.linelist import filtered, ordered, rows
from fangxian.cases.schemas import CaseRow, Filter, Order
from fangxian.core.access import Actor
from fangxian.registry.files import Sheet
from fangxian.standards.tables import Cell

_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Export:
    """A table: the names of its columns in both languages, and its rows, read as they are asked for."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Cell, ...]]


def export(
    by: Actor, wanted: Filter | None = None, *, order: Order = "-reported", sheet: Sheet[CaseRow] | None = None
) -> Export:
    """The line list as a table, in the order of the list. Instants are local times. Names are masked, as in the list itself.

    Without a sheet every column is there, under headings in both languages, its values as they are kept. Raises NotAllowed
    without the right to export. `actions.export` writes it to a file and leaves a line in the journal.
    """
    by.must("exports.make")
    if sheet is None:
        names = tuple(_columns())
        sheet = Sheet(dict(zip(names, _headings(), strict=True)), lambda row: [getattr(row, name) for name in names])
    return Export(tuple(sheet.headings.values()), _rows(ordered(filtered(by, wanted or Filter()), order), sheet))


def _rows(found: Any, sheet: Sheet[CaseRow]) -> Iterator[tuple[Cell, ...]]:
    chunk: list[Case] = []
    for case in found.iterator(chunk_size=_CHUNK):
        chunk.append(case)
        if len(chunk) == _CHUNK:
            yield from map(sheet.line, rows(chunk))
            chunk = []
    yield from map(sheet.line, rows(chunk))


def _headings() -> tuple[str, ...]:
    """Each heading in both languages, as a file is passed on to people who read either."""
    with override("zh-hans"):
        chinese = _columns().values()
    with override("en"):
        english = _columns().values()
    return tuple(f"{zh} {en}" for zh, en in zip(chinese, english, strict=True))


def _columns() -> dict[str, str]:
    """Field of `CaseRow` → heading."""
    return {
        "code": _("Case code"),
        "source_ref": _("Source number"),
        "outbreak": _("Outbreak"),
        "name": _("Name"),
        "sex": _("Sex"),
        "age": _("Age"),
        "area": _("Area code"),
        "area_name": _("Area"),
        "organisation": _("Reported by"),
        "classification": _("Classification"),
        "origin": _("Origin"),
        "onset_on": _("Onset"),
        "diagnosed_at": _("Diagnosed"),
        "reported_at": _("Reported"),
        "severity": _("Severity"),
        "hospital": _("Hospital"),
        "outcome": _("Outcome"),
        "outcome_on": _("Date of outcome"),
        "review": _("Review"),
    }
