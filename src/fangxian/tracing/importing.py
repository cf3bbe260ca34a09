"""A line list imported by its recipe, as a job: shown while it runs, stopped when asked, and taken up again where it was.

The list is read in its order (cases, contacts, stops, trips), some thousand rows a transaction; the cursor, the number of rows dealt
with, moves in the same transaction. What is not taken is listed in a file beside the job, row by row, as CSV.

Each transaction is one unit of work between two lines of the journal, `import.piece` and `import.taken`: whatever stands between
them was done by this import. That is how it can be undone as a whole (`tracing.undoing`).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.cases import queries as case_queries
from fangxian.core import accounts, clock, ids, jobs, outbox, secrets
from fangxian.core.access import SYSTEM, Actor, actor_for
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.registry import actions as registry
from fangxian.standards.linelist import (
    CaseRow,
    ContactRow,
    Corrections,
    LineListRow,
    Recipe,
    RecipeError,
    Rejection,
    StopRow,
    TripRow,
    parse_recipe,
    read,
)
from fangxian.standards.tables import write_csv
from fangxian.tracing.actions.staying import SEND
from fangxian.tracing.boarding import board
from fangxian.tracing.intake import Intake

KIND = "import"
CHUNK = 10_000
#: What the journal calls an import (by the key of its job), and the beginning and the end of each of its units of work.
SUBJECT, PIECE, TAKEN = "import", "import.piece", "import.taken"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an import was asked for: the recipe's text, the folder of its files, the outbreak, and how the files looked then.

    `total` is how many rows there are (0: nobody has counted them), `corrections` the sealed ones of the import page, in hex.
    """

    recipe: str
    name: str
    folder: str
    outbreak: str
    files: str
    total: int = 0
    corrections: str = ""


def prepare(
    by: Actor, recipe: Recipe, text: str, folder: Path, outbreak: str, *, total: int = 0, corrections: bytes = b""
) -> jobs.Job:
    """Put an import in the queue. Raises RecipeError or Invalid where recipe, files and outbreak do not fit: nothing is queued."""
    by.must("imports.make")
    if any(table.rows == "trips" for table in recipe.tables):
        by.must(SEND)
    case_queries.outbreak(by, outbreak)
    read(recipe, folder, today=clock.today())  # opens every file and checks every column
    wanted = Wanted(
        text, recipe.file, str(folder.resolve()), outbreak, _fingerprint(folder, recipe), total, corrections.hex()
    )
    return jobs.start(by, KIND, {name: getattr(wanted, name) for name in Wanted.__slots__})


def of_code(by: Actor, code: str) -> jobs.Job:
    """An import by the code of its job. Raises NotFound for a code that is of no import, Conflict for one that is done."""
    job = jobs.by_code(by, ids.normalise_code(code))
    if job.kind != KIND:
        raise NotFound(_("There is no such import."), remedy=_("Its code was shown when it began."))
    if job.state == job.DONE:
        raise Conflict(
            _("This import is done already."), remedy=_("To import the list again, start anew with its recipe.")
        )
    return job


@jobs.kind(KIND)
def run(job: jobs.Running) -> dict[str, Any]:
    """Do an import, or what is left of it."""
    wanted = Wanted(**job.arguments)
    by = actor_for(accounts.of_id(job.row.owner_id), "job") if job.row.owner_id else SYSTEM
    folder = Path(wanted.folder)
    try:
        recipe = parse_recipe(wanted.recipe, wanted.name)
        rows = read(recipe, folder, today=clock.today(), corrections=opened(bytes.fromhex(wanted.corrections)))
    except RecipeError as fault:
        raise Invalid(str(fault), remedy=_("Correct the recipe and start again.")) from fault
    if _fingerprint(folder, recipe) != wanted.files:
        raise Conflict(
            _("The files have changed since this import began."),
            remedy=_("What was taken stays. Start a new import: rows that are there already are recognised."),
        )
    if job.cursor and settings.INLINE:
        outbox.deliver()  # what the run that was interrupted had committed, and told nobody of
    area = _home(by, case_queries.outbreak(by, wanted.outbreak).area)
    left_out = _LeftOut(rejections_file(job.row.code), job.cursor)
    if wanted.total and not job.row.total:
        job.expect(wanted.total)
    importer = _Importer(job, Intake(by, wanted.outbreak, recipe.time_zone, area), left_out)
    importer.go(rows)
    left_out.finish()
    return importer.counts


def _home(by: Actor, area: str) -> str:
    """Where rows without a place of their own are put: where the outbreak is handled, or the importer's own part of it."""
    return area if area and by.may("cases.report", area) else next(iter(by.areas("cases.report")), area)


class _Importer:
    def __init__(self, job: jobs.Running, intake: Intake, left_out: "_LeftOut") -> None:
        self.job, self.intake, self.left_out = job, intake, left_out
        self.counts = {"cases": 0, "links": 0, "stops": 0, "trips": 0, "rejected": 0, **job.row.result}

    def go(self, rows: Iterator[LineListRow | Rejection]) -> None:
        rest = islice(rows, self.job.cursor, None)
        cursor = self.job.cursor
        while chunk := list(islice(rest, self._size())):
            begin, cursor = cursor, cursor + len(chunk)
            aboard = self._board([row for row in chunk if isinstance(row, TripRow)])
            with transaction.atomic():
                refused = aboard + _piece(self.intake.by, self, chunk, begin)
                self.counts["rejected"] += len(refused)
                self.job.advance(cursor, **self.counts)
            self.left_out.add(cursor, refused)

    def _board(self, rows: list[TripRow]) -> list[Rejection]:
        """Take journeys into the lake, which is no part of the transaction: before it, and once however often."""
        told: list[Rejection] = []
        if rows:
            job, intake = self.job.row, self.intake
            naming = partial(_named, job=job)
            told = board(intake.by, intake.outbreak, rows, intake.zone, group_of(job.code), naming)
        self.counts["trips"] += len(rows) - sum(one.severity == "dropped_row" for one in told)
        return told

    def _size(self) -> int:
        """Rows of one transaction: fewer for a short list, so that somebody who watches sees it move and can stop it."""
        return min(CHUNK, max(250, self.job.row.total // 20)) if self.job.row.total else CHUNK

    def take(self, chunk: list[LineListRow | Rejection]) -> list[Rejection]:
        """Take these rows in; those refused."""
        refused = [row for row in chunk if isinstance(row, Rejection)]
        for name, kind, take in (
            ("cases", CaseRow, self.intake.report),
            ("links", ContactRow, self.intake.expose),
            ("stops", StopRow, self.intake.walk),
        ):
            rows: list[Any] = [row for row in chunk if isinstance(row, kind)]
            if rows:
                left_out = take(rows)
                refused += left_out
                self.counts[name] += len(rows) - len(left_out)
        return refused


@action
def _piece(by: Actor, importer: _Importer, chunk: list[LineListRow | Rejection], begin: int) -> list[Rejection]:
    """One unit of work: what the journal has between its two lines was done by the import."""
    job, intake = importer.job.row, importer.intake
    told = {"job": job.code, "rows": [begin, begin + len(chunk)]}
    record(by, PIECE, (SUBJECT, job.pk), area=intake.area, data=told)
    intake.exposures.clear()
    refused = importer.take(chunk)
    record(
        by, TAKEN, (SUBJECT, job.pk), area=intake.area, data={"job": job.code, "exposures": _ranges(intake.exposures)}
    )  # fmt: skip
    return refused


@action
def _named(by: Actor, kind: str, labels: Sequence[str], *, job: jobs.Job) -> list[int]:
    """The lake keys of passengers. Whoever is entered on the way stands between two lines of the import, as in its pieces."""
    record(by, PIECE, (SUBJECT, job.pk), data={"job": job.code, "passengers": len(labels)})
    keys = registry.keys_of_labels(by, kind, labels)
    record(by, TAKEN, (SUBJECT, job.pk), data={"job": job.code, "exposures": []})
    return keys


def group_of(code: str) -> str:
    """What the lake calls everything that an import brought into it, by the code of its job."""
    return f"import:{code}"


def _ranges(ids: Iterable[int]) -> list[list[int]]:
    """Ids as ranges, first and last: those of one piece are hardly ever torn apart."""
    found: list[list[int]] = []
    for one in sorted(ids):
        if found and found[-1][1] == one - 1:
            found[-1][1] = one
        else:
            found.append([one, one])
    return found


def opened(sealed: bytes) -> Corrections:
    """Corrections as the reader of the list wants them."""
    told = json.loads(secrets.unseal(sealed)) if sealed else {}
    return {file: {int(row): columns for row, columns in rows.items()} for file, rows in told.items()}


class _LeftOut:
    """What was not taken, kept piece by piece beside the job, and written as a table at its end.

    Pieces that were noted but not committed when the process died are forgotten: they come again.
    """

    def __init__(self, listing: Path, cursor: int) -> None:
        self.listing, self.notes = listing, listing.with_suffix(".part")
        kept = [line for line in self._lines() if line["cursor"] <= cursor]
        self.notes.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")

    def add(self, cursor: int, refused: list[Rejection]) -> None:
        if refused:
            line = {"cursor": cursor, "rows": [rejection_cells(one) for one in refused]}
            with self.notes.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def finish(self) -> None:
        rows = [row for line in self._lines() for row in line["rows"]]
        if rows:
            write_csv(self.listing, REJECTION_COLUMNS, rows)
        self.notes.unlink()

    def _lines(self) -> list[dict[str, Any]]:
        if not self.notes.exists():
            return []
        found = []
        for text in self.notes.read_text(encoding="utf-8").splitlines():
            try:
                found.append(json.loads(text))
            except ValueError:  # the line that was being written when the power went
                break
        return found


REJECTION_COLUMNS = ("file", "row", "column", "value", "severity", "reason", "remedy")


def rejection_cells(one: Rejection) -> tuple[str | int, ...]:
    """A rejection as a line of the list that goes back to whoever sent the file."""
    language = get_language() or settings.LANGUAGE_CODE
    return (
        one.file, one.row, one.column, one.value, one.severity, one.reason.in_(language), one.remedy.in_(language),
    )  # fmt: skip


def rejections_file(code: str) -> Path:
    """Where a job's list of what was not taken is (it is there only if there was anything)."""
    folder: Path = settings.DATA_DIR / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{code}-rejected.csv"


def _fingerprint(folder: Path, recipe: Recipe) -> str:
    """What the recipe's files hold, so that an import is not resumed on other files than it began with."""
    from fangxian.standards.linelist.files import find_file

    digest = hashlib.sha256()
    for table in recipe.tables:
        for spec in (table.file, *(join.file for join in table.joins)):
            with find_file(spec, folder, recipe.folder).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
