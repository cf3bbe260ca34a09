"""A job as whoever started it watches it: a bar that moves, what has come of it so far, what was refused and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from fangxian.cases.actions.editing import EDIT_ALL
from fangxian.core import ids, jobs
from fangxian.laboratory.actions.filing import KIND as RESULTS
from fangxian.tracing.undoing import UNDO
from fangxian.web.parts import actor_of, fragment


@dataclass(frozen=True, slots=True)
class Words:
    """What a kind of job is called, what its numbers mean, and the page that it was started from."""

    title: Any
    counts: Mapping[str, Any]
    back: Callable[[jobs.Job], str]
    back_name: Any
    #: Whether what was left out are cases, by their codes; else rows of a file, by their numbers.
    of_cases: bool = True


KINDS: Mapping[str, Words] = {
    EDIT_ALL: Words(
        gettext_lazy("Many cases are changed"),
        {
            "changed": gettext_lazy("changed"),
            "same": gettext_lazy("were like that already"),
            "refused": gettext_lazy("not changed, with the reason below"),
        },
        lambda _job: reverse("web:cases"),
        gettext_lazy("Cases"),
    ),
    UNDO: Words(
        gettext_lazy("An import is taken back"),
        {
            "cases": gettext_lazy("cases"),
            "contacts": gettext_lazy("contacts"),
            "exposures": gettext_lazy("exposures"),
            "stays": gettext_lazy("journeys of passengers"),
            "people": gettext_lazy("people"),
            "kept": gettext_lazy("kept, because somebody has worked on it"),
        },
        lambda job: reverse("web:import", args=[job.arguments["code"]]),
        gettext_lazy("The import"),
    ),
    RESULTS: Words(
        gettext_lazy("A file of results is taken"),
        {
            "taken": gettext_lazy("taken"),
            "positive": gettext_lazy("of them positive"),
            "repeated": gettext_lazy("were on record already"),
            "unmatched": gettext_lazy("wait for a person to say whose they are"),
            "refused": gettext_lazy("left out, with the reason below"),
        },
        lambda _job: reverse("web:sample_results"),
        gettext_lazy("Results"),
        of_cases=False,
    ),
}
OTHER = Words(gettext_lazy("Work in progress"), {}, lambda _job: reverse("web:home"), gettext_lazy("My duties"))


@require_GET
def page(request: HttpRequest, code: str) -> HttpResponse:
    """How far it has come. `part=progress` is asked for again and again while it runs."""
    job = jobs.by_code(actor_of(request), ids.normalise_code(code))
    words = KINDS.get(job.kind, OTHER)
    context = progress(job) | {
        "title": words.title,
        "counts": [(name, job.result.get(key, 0)) for key, name in words.counts.items() if job.result.get(key)],
        "refusals": job.result.get("refusals", ()),
        "of_cases": words.of_cases,
        "back_url": words.back(job),
        "back_name": words.back_name,
    }
    if fragment(request, "progress"):
        answer = render(request, "web/jobs/progress.html", context)
        if not context["busy"]:
            answer["HX-Refresh"] = "true"
        return answer
    return render(request, "web/jobs/job.html", context)


@require_POST
def stop(request: HttpRequest, code: str) -> HttpResponse:
    """Stop after the piece that it is at."""
    jobs.stop(actor_of(request), ids.normalise_code(code))
    return redirect("web:job", code)


@require_POST
def resume(request: HttpRequest, code: str) -> HttpResponse:
    """Go on where it was stopped."""
    jobs.resume(actor_of(request), ids.normalise_code(code))
    return redirect("web:job", code)


def progress(job: jobs.Job) -> dict[str, Any]:
    """What the bar of a job needs (`web/jobs/progress.html`)."""
    busy = job.state in (jobs.Job.WAITING, jobs.Job.RUNNING)
    return {
        "job": job,
        "busy": busy,
        "stopping": job.stop_wanted and job.state == jobs.Job.RUNNING,
        "may_resume": job.state in (jobs.Job.STOPPED, jobs.Job.FAILED),
        "done": job.total if job.state == jobs.Job.DONE else min(job.cursor, job.total),
        "state": STATES[job.state],
    }


#: What a job is at: words, tone, picture.
STATES: Mapping[str, tuple[Any, str, str]] = {
    jobs.Job.WAITING: (gettext_lazy("waits for the worker"), "calm", "clock"),
    jobs.Job.RUNNING: (gettext_lazy("at work"), "accent", "clock"),
    jobs.Job.DONE: (gettext_lazy("done"), "good", "check"),
    jobs.Job.FAILED: (gettext_lazy("failed"), "late", "late"),
    jobs.Job.STOPPED: (gettext_lazy("stopped"), "soon", "waived"),
}
