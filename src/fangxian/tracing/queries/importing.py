"""The import page's readers: one's own imports, a file's columns and guesses, and what would come of it, fault by fault."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Conflict
from fangxian.standards.errors import InputError
from fangxian.standards.linelist import CaseRow, ContactRow, RecipeError, Rejection, TripRow, parse_recipe, read
from fangxian.standards.linelist.mapping import TableOf, describe
from fangxian.standards.tables import Table, open_table
from fangxian.tracing.importing import opened, rejections_file
from fangxian.tracing.imports import folder, owned
from fangxian.tracing.models import Import

#: Rows of a preview: as many as are read in a breath; of a longer list the rest is looked at when it is taken in.
LOOKED_AT = 20_000
#: Faults shown at once.
SHOWN = 200


@dataclass(slots=True)
class Preview:
    """What a list would come to: how many rows of each kind, the faults (the first `SHOWN`), and how many there are by severity.

    `mistakes` are those of the recipe, in which case nothing was read. `known` cases are on record already. `whole` is whether
    the list was looked at to its end; `total` counts the rows that were.
    """

    rows: dict[str, int] = field(default_factory=lambda: {"cases": 0, "links": 0, "stops": 0, "trips": 0})
    faults: list[Rejection] = field(default_factory=list)
    severities: dict[str, int] = field(default_factory=dict)
    mistakes: tuple[InputError, ...] = ()
    known: int = 0
    total: int = 0
    whole: bool = True

    @property
    def faulty(self) -> int:
        return sum(self.severities.values())


def imports(by: Actor, *, limit: int = 30) -> list[Import]:
    """One's own imports, the newest first; one query."""
    by.must("imports.make")
    found = Import.objects.filter(owner_id=by.account_id or 0).select_related("job", "outbreak")
    return list(found.order_by("-pk")[:limit])


def import_of(by: Actor, code: str) -> Import:
    """One's own import. Raises NotFound."""
    return owned(by, code)


def columns(by: Actor, code: str) -> tuple[TableOf, ...]:
    """The tables of an import with their columns, samples and what each is taken for."""
    row = _there(owned(by, code))
    return describe(row.recipe, _tables(row))


def corrections(by: Actor, code: str) -> Mapping[str, Mapping[int, Mapping[str, str]]]:
    """What was put right so far: file → row → column → value."""
    row = owned(by, code)
    return opened(bytes(row.corrections or b""))


def preview(by: Actor, code: str, *, most: int = LOOKED_AT, shown: int = SHOWN) -> Preview:
    """Read the list as the import would, and say what would come of it. Nothing is written."""
    row = _there(owned(by, code))
    found = Preview()
    try:
        recipe = parse_recipe(row.recipe, f"{row.code}.yaml")
        rows = read(recipe, folder(row.code), today=clock.today(), corrections=opened(bytes(row.corrections or b"")))
    except RecipeError as fault:
        found.mistakes = fault.problems
        return found
    ids: set[str] = set()
    for one in rows:
        if found.total >= most:
            found.whole = False
            break
        found.total += 1
        if isinstance(one, Rejection):
            found.severities[one.severity] = found.severities.get(one.severity, 0) + 1
            if len(found.faults) < shown:
                found.faults.append(one)
        elif isinstance(one, CaseRow):
            found.rows["cases"] += 1
            ids.add(one.id)
        else:
            found.rows[
                "links" if isinstance(one, ContactRow) else "trips" if isinstance(one, TripRow) else "stops"
            ] += 1
    wanted = sorted(ids)
    for start in range(0, len(wanted), 5000):
        found.known += len(cases.codes_by_source(row.outbreak.code, wanted[start : start + 5000]))
    if not found.whole:
        found.total = sum(1 for table in _tables(row) for _row in table)
    return found


def left_out(by: Actor, code: str) -> Path | None:
    """The list of what a finished import did not take; None where it took everything, or the list is gone."""
    row = owned(by, code)
    path = rejections_file(row.job.code) if row.job is not None else None
    return path if path is not None and path.exists() else None


def _there(row: Import) -> Import:
    if row.forgotten_at is not None:
        raise Conflict(_("The files of this import were deleted."), remedy=_("Drop them again."), code="forgotten")
    return row


def _tables(row: Import) -> list[Table]:
    return [open_table(folder(row.code) / one["name"]) for one in row.files]
