"""Gives every request its actor, and turns a refusal into a page (or a fragment) that says what to do."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fangxian.core.access import Actor, actor_for
from fangxian.core.errors import Refusal

NOBODY = Actor(None, "", (), "web")


class ActorMiddleware:
    """`request.actor`: who acts, with the grants in force at this moment."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        account = request.user
        request.actor = actor_for(account, "web") if account.is_authenticated else NOBODY  # type: ignore[attr-defined,arg-type]
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, fault: Exception) -> HttpResponse | None:
        if not isinstance(fault, Refusal):
            return None
        template = "web/parts/refusal.html" if getattr(request, "htmx", False) else "web/refusal.html"
        return render(request, template, {"refusal": fault}, status=fault.status)
