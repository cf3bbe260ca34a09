"""Whatever is sent to the API, by whomever: it answers as its description says, and never fails (schemathesis)."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from schemathesis import Case, HookContext
from schemathesis.checks import CHECKS
from schemathesis.core.transport import Response

if TYPE_CHECKING:
    from tests.support.exchange import Exchange

DESCRIPTION = Path(__file__).resolve().parents[2] / "docs" / "reference" / "openapi.json"
schema = schemathesis.openapi.from_dict(json.loads(DESCRIPTION.read_text(encoding="utf-8")))
schema.config.phases.coverage.enabled = False  # it tries what `test_api_signing_in` does by hand, a hundred times over
CHECKED: Any = CHECKS.get_by_names(
    ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
)
#: What there is in the city, by the name under which requests say it; `code` by what stands before it in the address.
KNOWN: dict[str, list[Any]] = {}


@pytest.fixture(scope="module")
def sessions(duty_room: "Exchange") -> dict[str, str]:
    """Session cookies: of somebody who holds every role there is, and of a resident."""
    from django.conf import settings
    from django.test import Client

    duty_room.jack_of_all_trades()
    KNOWN.update(duty_room.things())
    found = {}
    for post in ("all", "resident"):
        client = Client()
        client.force_login(duty_room.city.staff[post])
        found[post] = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    return found


def _partly_known(context: HookContext, strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Half of what names something names something that there is, so that requests get beyond “not found”."""
    assert context.operation is not None
    noun = context.operation.path.split("/")[3]

    def with_known(value: Any) -> st.SearchStrategy[Any]:
        if not isinstance(value, dict):
            return st.just(value)
        kinds = {name: KNOWN.get(f"{noun}.{name}") or KNOWN.get(name) for name in value}
        known = {
            name: st.one_of(st.just(value[name]), st.sampled_from(found)) for name, found in kinds.items() if found
        }
        return st.fixed_dictionaries(known).map(lambda chosen: {**value, **chosen})

    return strategy.flatmap(with_known)


for place in ("path_parameters", "query", "body"):
    schema.hook(f"before_generate_{place}")(_partly_known)


def _checked(case: Case, cookie: str) -> None:
    from django.db import connection, transaction

    from fangxian.core import clock
    from tests.support.exchange import NOW

    with clock.at(NOW), transaction.atomic():
        answer = _sent(case, cookie)
        connection.check_constraints()  # what a commit would find
        transaction.set_rollback(True)
    assert answer.status_code != 401, "nobody is tested who is not signed in"
    case.validate_response(answer, checks=CHECKED)


def _sent(case: Case, cookie: str) -> Response:
    """The answer to a case, through the same door as every other test: a real one closes connections after each request."""
    from django.test import Client

    asked = requests.Request(**case.as_transport_kwargs(base_url="http://localhost")).prepare()
    headers: dict[str, Any] = {**asked.headers, "Cookie": cookie, "Accept-Encoding": "identity"}
    body = asked.body.encode() if isinstance(asked.body, str) else asked.body or b""
    found = Client(raise_request_exception=False).generic(
        str(asked.method), asked.path_url, body, str(headers.pop("Content-Type", "")), headers=headers
    )
    told = {name.lower(): [value] for name, value in found.headers.items()}
    return Response(found.status_code, told, found.content, asked, elapsed=0.0, verify=False)


@schema.parametrize()
@settings(
    max_examples=3, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_whoever_asks_is_answered_as_described(case: Case, sessions: dict[str, str], db: None) -> None:
    """Each request is sent twice, as making one up costs more than to send it: by who may do everything, and by who may do nothing."""
    for cookie in sessions.values():
        _checked(case, cookie)
