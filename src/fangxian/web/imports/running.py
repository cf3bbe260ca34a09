"""The last step: the import at work, stopped, gone on with, done; taken back as a whole; its files forgotten."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from fangxian.core import jobs
from fangxian.core.access import Actor
from fangxian.core.errors import NotFound
from fangxian.tracing import actions, queries
from fangxian.web.parts import actor_of, fragment
from fangxian.web.watched import stop_and_resume

COUNTS = {
    "cases": gettext_lazy("cases"),
    "links": gettext_lazy("contacts and links"),
    "stops": gettext_lazy("stops of a track"),
    "trips": gettext_lazy("journeys of passengers"),
    "rejected": gettext_lazy("left out, or corrected"),
}
KEPT = {
    "worked_on": gettext_lazy("somebody has worked on it"),
    "hangs_on": gettext_lazy("something that is kept hangs on it"),
    "elsewhere": gettext_lazy("it lies outside of your jurisdiction"),
}


@require_GET
def page(request: HttpRequest, code: str) -> HttpResponse:
    """How far it has come. `part=progress` is asked for again and again while it runs."""
    by = actor_of(request)
    row = queries.import_of(by, code)
    if row.job is None and row.forgotten_at is None:
        return redirect("web:import_columns", row.code)
    context = _context(by, row)
    if fragment(request, "progress"):
        answer = render(request, "web/imports/progress.html", context)
        if not context["busy"]:
            answer["HX-Refresh"] = "true"
        return answer
    return render(request, "web/imports/run.html", context)


@require_GET
def left_out(request: HttpRequest, code: str) -> FileResponse:
    """What was not taken, row by row, with reason and remedy."""
    path = queries.left_out(actor_of(request), code)
    if path is None:
        raise NotFound(
            _("There is no list of what was left out."), remedy=_("Everything was taken, or it was deleted.")
        )
    answer = FileResponse(path.open("rb"), as_attachment=True, filename=f"{code}-left-out.csv")
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
def undo(request: HttpRequest, code: str) -> HttpResponse:
    """Take back what the import brought in."""
    row = actions.undo_import(actor_of(request), code, request.POST.get("reason", ""))
    assert row.undo_job is not None
    return redirect("web:job", row.undo_job.code)


@require_POST
def forget(request: HttpRequest, code: str) -> HttpResponse:
    """Delete the files now."""
    actions.forget_import(actor_of(request), code)
    messages.success(request, _("The files, and what was typed for them, are deleted."))
    return redirect("web:imports")


def _job(by: Actor, code: str) -> jobs.Job:
    row = queries.import_of(by, code)
    if row.job is None:
        raise NotFound(_("This import has not begun."), remedy=_("Look at what would come of it, then start it."))
    return row.job


def _context(by: Actor, row: Any) -> dict[str, Any]:
    job = row.job
    state = job.state if job is not None else ""
    done = min(job.cursor, job.total) if job is not None and job.total else 0
    result = job.result if job is not None else {}
    return {
        "row": row,
        "job": job,
        "busy": state in ("waiting", "running"),
        "stopping": job is not None and job.stop_wanted and state == "running",
        "may_resume": state in ("stopped", "failed") and row.forgotten_at is None and row.undone_at is None,
        "undoing": row.undo_job if row.undone_at is None else None,
        "may_undo": state in ("done", "stopped", "failed") and row.undone_at is None and by.may("imports.undo"),
        "done": done,
        "total": job.total if job is not None else 0,
        "counts": [(name, result.get(key, 0)) for key, name in COUNTS.items() if result.get(key)],
        "left_out": queries.left_out(by, row.code) is not None,
        "kept": [(kind, code, KEPT.get(why, why)) for kind, code, why in row.kept],
    }


stop, resume = stop_and_resume(_job, "web:import")
