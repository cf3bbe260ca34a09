"""The import page's writers: files taken in, columns given their meaning, values put right, the job started, undone, forgotten.

The files are personal data. They lie in a folder of the installation that nobody is served from, readable by its owner alone,
and are deleted when the import has been left alone for `settings.IMPORTS_KEPT` days.
"""

import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.core import clock, ids, jobs, secrets
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotAllowed
from fangxian.registry.checking import invalid
from fangxian.standards.linelist import RecipeError, dump, guess, parse_recipe
from fangxian.standards.linelist.mapping import Choice, edited
from fangxian.standards.tables import Table, TableError, open_table
from fangxian.tracing import importing
from fangxian.tracing.imports import RIGHT, folder, owned
from fangxian.tracing.models import Import
from fangxian.tracing.undoing import UNDO

#: The largest file that is taken, in bytes, and the most files of one import.
MOST_BYTES, MOST_FILES = 50 << 20, 8
#: The longest value that is typed in place, and the most of them.
_LONGEST, _MOST_CORRECTIONS = 300, 20_000


@action
def begin_import(by: Actor, outbreak: str, files: Sequence[tuple[str, Iterable[bytes]]]) -> Import:
    """Take files (name, pieces of their content) to be imported into an outbreak, and draft a recipe for them.

    Raises Invalid, naming the file and what to do, for one that is no table, is protected, empty or too large; then nothing of
    any of them is kept.
    """
    by.must(RIGHT)
    if by.account_id is None:
        raise NotAllowed(_("Files are dropped by accounts."), remedy=_("At the machine use `fangxian import`."))
    found = cases.outbreak(by, outbreak)
    if not files or len(files) > MOST_FILES:
        raise Invalid(
            _("From 1 to %(n)s files are taken at once.") % {"n": MOST_FILES},
            remedy=_("Choose the files of one list: its cases, its contacts."),
            field="files",
        )
    code = ids.new_code()
    place = folder(code)
    place.mkdir(parents=True, mode=0o700)
    try:
        told = [_stored(place, name, pieces) for name, pieces in files]
        draft = guess([_table(place / one["name"]) for one in told], title=told[0]["name"], pack=found.pack)
        row = Import.objects.create(
            code=code, owner_id=by.account_id, outbreak_id=found.id, files=told, recipe=dump(draft.recipe),
            grounds={file: {name: asdict(one) for name, one in rows.items()} for file, rows in draft.grounds.items()},
            created_at=clock.now(), changed_at=clock.now(),
        )  # fmt: skip
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    record(by, "import.begun", ("import_page", row.pk), area=found.area, data={"code": code, "files": told})
    return row


@action
def choose_columns(by: Actor, code: str, choices: Mapping[str, Choice]) -> Import:
    """Give the columns of the files their meaning; the recipe is changed so. File name → what was chosen."""
    row = _open(by, code)
    return _with(by, row, edited(row.recipe, choices))


@action
def set_recipe(by: Actor, code: str, text: str) -> Import:
    """Replace the recipe by one from the command line, or typed. Raises Invalid with every mistake where it is none."""
    row = _open(by, code)
    if len(text) > 200_000:
        raise Invalid(_("This is too long for a recipe."), remedy=_("Give the YAML file itself."), field="recipe")
    try:
        parse_recipe(text, f"{row.code}.yaml")
    except RecipeError as fault:
        raise Invalid(str(fault), remedy=_("Correct the recipe; the one before stays."), field="recipe") from fault
    return _with(by, row, text)


@action
def correct_import(by: Actor, code: str, values: Mapping[tuple[str, int, str], str]) -> Import:
    """Put values right without touching the file: (file, row, column) → what stands there instead ("" takes it away)."""
    row = _open(by, code)
    told = _told(row)
    known = {one["name"] for one in row.files}
    for (file, number, column), value in values.items():
        if file not in known or number < 1 or len(value) > _LONGEST or len(column) > _LONGEST:
            raise Invalid(
                _("This cannot stand in row %(row)s of %(file)s.") % {"row": number, "file": file[:80]},
                remedy=_("Write at most %(n)s characters.") % {"n": _LONGEST},
                field=column[:80],
            )
        told.setdefault(file, {}).setdefault(str(number), {})[column] = value.strip()
    if sum(len(columns) for rows in told.values() for columns in rows.values()) > _MOST_CORRECTIONS:
        raise Invalid(
            _("This is more than can be put right by hand."),
            remedy=_("Correct it where the list comes from, and drop the file again."),
        )
    row.corrections = secrets.seal(json.dumps(told, ensure_ascii=False))
    _changed(row, "corrections")
    return row


@action
def start_import(by: Actor, code: str, total: int = 0) -> Import:
    """Hand the import to the worker. Raises Invalid with every mistake of the recipe; nothing is queued then."""
    row = _open(by, code)
    try:
        recipe = parse_recipe(row.recipe, f"{row.code}.yaml")
        row.job = importing.prepare(
            by, recipe, row.recipe, folder(row.code), row.outbreak.code, total=total,
            corrections=bytes(row.corrections or b""),
        )  # fmt: skip
    except RecipeError as fault:
        raise Invalid(str(fault), remedy=_("Give the columns their meaning first."), field="recipe") from fault
    _changed(row, "job")
    record(by, "import.started", ("import_page", row.pk), data={"code": row.code, "job": row.job.code})
    return row


@action
def undo_import(by: Actor, code: str, reason: str) -> Import:
    """Hand the undoing of a whole import to the worker: see `undoing`. Raises Conflict while either runs, or where it was undone."""
    by.must("imports.undo")
    row = owned(by, code, lock=True)
    reason = reason.strip()[:300]
    if len(reason) < 2:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="reason")
    if row.job is None or row.undone_at is not None:
        raise Conflict(_("There is nothing of this import to undo."), remedy=_("Reload the page."))
    if row.job.state in (jobs.Job.RUNNING, jobs.Job.WAITING):
        raise Conflict(_("This import is still running."), remedy=_("Stop it first; then undo what it has done."))
    _must_not_be_undone_now(row)
    row.undo_job = jobs.start(by, UNDO, {"import": row.pk, "code": row.code, "reason": reason})
    _changed(row, "undo_job")
    record(by, "import.undo_started", ("import_page", row.pk), data={"job": row.undo_job.code, "reason": reason})
    return row


@action
def forget_import(by: Actor, code: str) -> None:
    """Delete the files of an import, and what was typed for it, now. What it brought in stays."""
    row = owned(by, code, lock=True)
    if row.job is not None and row.job.state in (jobs.Job.RUNNING, jobs.Job.WAITING):
        raise Conflict(_("This import is still running."), remedy=_("Stop it first."))
    _must_not_be_undone_now(row)
    _forget(by, row)


@action
def forget_old(by: Actor) -> int:
    """Delete the files of imports that nobody has worked on for `settings.IMPORTS_KEPT` days; of how many. For the worker."""
    before = clock.now() - timedelta(days=settings.IMPORTS_KEPT)
    busy = (jobs.Job.RUNNING, jobs.Job.WAITING)
    rows = Import.objects.select_for_update(of=("self",)).filter(forgotten_at__isnull=True, changed_at__lt=before)
    old = list(rows.exclude(job__state__in=busy).select_related("job")[:100])
    for row in old:
        _forget(by, row)
    return len(old)


def _must_not_be_undone_now(row: Import) -> None:
    if row.undo_job is not None and row.undo_job.state in (jobs.Job.RUNNING, jobs.Job.WAITING):
        raise Conflict(_("This import is being taken back."), remedy=_("Watch its progress instead."))


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _open(by: Actor, code: str) -> Import:
    """One's own import that can still be prepared. Raises Conflict where it has begun, or its files are gone."""
    row = owned(by, code, lock=True)
    if row.job is not None:
        raise Conflict(_("This import has begun already."), remedy=_("To import the list again, drop it anew."))
    if row.forgotten_at is not None:
        raise Conflict(_("The files of this import were deleted."), remedy=_("Drop them again."), code="forgotten")
    return row


def _stored(place: Path, name: str, pieces: Iterable[bytes]) -> dict[str, Any]:
    """Write one file; its name there and its size. It is a table, or refused."""
    name = re.sub(r"[^\w.\-() ]", "_", name.replace("\\", "/").rpartition("/")[2]).strip(" .")[-80:] or "list"
    path = place / name
    if path.exists():
        raise Invalid(
            _("Two of the files are called %(name)s.") % {"name": name}, remedy=_("Rename one of them."), field="files"
        )
    size = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for piece in pieces:
            size += len(piece)
            if size > MOST_BYTES:
                raise Invalid(
                    _("%(name)s is larger than %(n)s MB.") % {"name": name, "n": MOST_BYTES >> 20},
                    remedy=_("Divide the list, or import it with the command line: `fangxian import`."),
                    code="too_large",
                    field="files",
                )
            file.write(piece)
    if not size:
        raise Invalid(
            _("%(name)s is empty.") % {"name": name},
            remedy=_("Check that it was saved, and drop it again."),
            field="files",
        )
    next(iter(_table(path)), None)
    return {"name": name, "size": size}


def _table(path: Path) -> Table:
    try:
        return open_table(path)
    except TableError as fault:
        raise invalid(fault, "files") from fault


def _told(row: Import) -> dict[str, dict[str, dict[str, str]]]:
    return json.loads(secrets.unseal(row.corrections)) if row.corrections else {}


def _with(by: Actor, row: Import, text: str) -> Import:
    row.recipe = text
    _changed(row, "recipe")
    record(by, "import.recipe", ("import_page", row.pk), data={"code": row.code})
    return row


def _changed(row: Import, *fields: str) -> None:
    row.changed_at = clock.now()
    row.save(update_fields=[*fields, "changed_at"])


def _forget(by: Actor, row: Import) -> None:
    shutil.rmtree(folder(row.code), ignore_errors=True)
    if row.job is not None:
        importing.rejections_file(row.job.code).unlink(missing_ok=True)
    row.corrections, row.forgotten_at = None, clock.now()
    row.save(update_fields=["corrections", "forgotten_at"])
    record(by, "import.forgotten", ("import_page", row.pk), data={"code": row.code})
