"""A long file of results as a job: taken in pieces, shown while it runs, and taken up again where it was."""

import shutil
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from fangxian.core import accounts, bulk, jobs
from fangxian.core.access import SYSTEM, Actor, actor_for
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Refusal
from fangxian.laboratory import finding, intake
from fangxian.laboratory.actions.telling import report_results
from fangxian.laboratory.schemas import ResultForm
from fangxian.laboratory.sheets import Line

KIND = "laboratory.results"
#: Rows of one transaction, and rows left out that are told one by one.
PIECE, NAMED = 2000, 100


@action
def start_results(
    by: Actor, path: Path, name: str, *, laboratory: int | None = None, mapping: Mapping[str, str] | None = None
) -> jobs.Job:
    """Keep a file of results and put it in the queue. `mapping` is that of `intake.read`.

    Raises Invalid where it is no such table, and what `report_results` would of the laboratory: nothing is kept or queued then.
    """
    lab = finding.laboratory(by, laboratory)
    rows = intake.read(path, name, mapping).rows()
    job = jobs.start(
        by, KIND, {"name": name, "laboratory": lab, "mapping": dict(mapping or {}), "rows": rows, "channel": by.channel}
    )
    kept = _kept(job.code)
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, kept)
    kept.chmod(0o600)
    record(by, "results.file_started", ("job", job.pk), data={"job": job.code, "rows": rows, "laboratory": lab})
    return job


@jobs.kind(KIND)
def _taking(job: jobs.Running) -> dict[str, Any]:
    """With the rights that the person has now, and in their language. The file goes when all of it has been dealt with."""
    owner = accounts.of_id(job.row.owner_id) if job.row.owner_id else None
    by = actor_for(owner, str(job.arguments["channel"])) if owner else SYSTEM
    kept = _kept(job.row.code)
    with translation.override(owner.language if owner else None):
        if not kept.exists():
            raise Conflict(
                _("The file is not kept any more."), remedy=_("Send it again: what was taken of it is recognised.")
            )
        sheet = intake.read(kept, str(job.arguments["name"]), job.arguments["mapping"])
        job.expect(job.arguments["rows"])
        lines = islice(sheet.lines, job.cursor, None)
        while piece := list(islice(lines, PIECE)):
            _take(by, job, piece)
            bulk.give_way()
    kept.unlink()
    return {}


@action
def _take(by: Actor, job: jobs.Running, piece: Sequence[Line[ResultForm]]) -> None:
    left = [(one.row, one.refusal) for one in piece if one.refusal is not None]
    good = [(one.row, one.form) for one in piece if one.form is not None]
    done = report_results(by, [form for _row, form in good], laboratory=job.arguments["laboratory"])
    left += [(good[place][0], refusal) for place, refusal in done.refused]
    told = {"taken": 0, "positive": 0, "repeated": 0, "unmatched": 0, "refused": 0, "refusals": [], **job.row.result}
    for name in ("taken", "positive", "repeated", "unmatched"):
        told[name] += getattr(done, name)
    told["refused"] += len(left)
    told["refusals"] = [*told["refusals"], *map(_said, sorted(left, key=lambda one: one[0]))][:NAMED]
    job.advance(job.cursor + len(piece), **told)


def _said(left: tuple[int, Refusal]) -> list[str]:
    row, refusal = left
    return [str(row), f"{refusal.message} {refusal.remedy}".strip()]


def _kept(code: str) -> Path:
    """Where the file of a job lies until all of it has been dealt with."""
    place: Path = settings.DATA_DIR / "results" / code
    return place
