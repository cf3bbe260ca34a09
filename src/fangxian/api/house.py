"""Where the routers of the stages are put together, and where what none of them knows is answered."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, path
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from fangxian.api import (
    accounts,
    cases,
    decisions,
    duties,
    examples,
    finding,
    isolation,
    jobs,
    journal,
    journeys,
    laboratory,
    lists,
    people,
    protocols,
    public,
    refusing,
    registry,
    rounds,
    screening,
    situation,
    stays,
    surveillance,
    tracing,
    trend,
    venues,
    zones,
)
from fangxian.api.signing import ANYBODY_SIGNED_IN

View = Callable[..., HttpResponseBase]


class Api(NinjaAPI):
    """Answers in JSON also where there is no such address, and where an address does not know the method."""

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        found: list[Any] = super()._get_urls()
        for pattern in found:
            pattern.callback = _in_json(pattern.callback)
        return [*found, path("<path:rest>", _nowhere)]

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The description, with the refusals that every operation may answer."""
        described = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        described["components"]["schemas"]["Problem"] = refusing.Problem.model_json_schema()
        for operations in described["paths"].values():
            for method, operation in operations.items():
                told = refusing.statuses(method, body="requestBody" in operation)
                operation["responses"] |= {status: _refusal(status) for status in told}
        examples.put(described)
        return described


def _refusal(status: int) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": HTTPStatus(status).phrase, "content": content}


def _in_json(view: View) -> View:
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = view(request, *args, **kwargs)
        if not isinstance(found, HttpResponseNotAllowed):
            return found
        allowed = ", ".join(sorted(found["Allow"].split(", ")))
        told = refusing.refused(refusing.no_such_method(allowed))
        told["Allow"] = allowed
        return told

    answer.csrf_exempt = True  # type: ignore[attr-defined]  # asked for by `signing.Session`
    return answer


def _nowhere(_request: HttpRequest, rest: str) -> HttpResponse:
    return refusing.refused(refusing.no_such_address())


_nowhere.csrf_exempt = True  # type: ignore[attr-defined]

api = Api(
    title="Fangxian 防线",
    version="1.0",
    description="Every action and query of the platform.",
    urls_namespace="api",
    auth=ANYBODY_SIGNED_IN,
    parser=refusing.JsonParser(),
    docs_url=None,
)
refusing.install(api)
for stage in (
    accounts,
    duties,
    registry,
    people,
    lists,
    cases,
    tracing,
    finding,
    stays,
    journeys,
    situation,
    surveillance,
    laboratory,
    rounds,
    screening,
    trend,
    decisions,
    venues,
    zones,
    isolation,
    public,
    protocols,
    journal,
    jobs,
):
    api.add_router("", stage.router)
