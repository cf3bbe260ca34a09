"""What pages that watch a long work have in common: it is stopped, and gone on with."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from fangxian.core import jobs
from fangxian.core.access import Actor
from fangxian.web.parts import actor_of

View = Callable[[HttpRequest, str], HttpResponse]


def stop_and_resume(job_of: Callable[[Actor, str], jobs.Job], page: str) -> tuple[View, View]:
    """Two views: stop after the piece that is being done, which is kept; and go on with what was stopped, or failed. `job_of` finds the
    job of an address for a person, `page` is where both lead back to."""

    @require_POST
    def stop(request: HttpRequest, code: str) -> HttpResponse:
        by = actor_of(request)
        jobs.stop(by, job_of(by, code).code)
        return redirect(page, code)

    @require_POST
    def resume(request: HttpRequest, code: str) -> HttpResponse:
        by = actor_of(request)
        jobs.resume(by, job_of(by, code).code)
        return redirect(page, code)

    return stop, resume
