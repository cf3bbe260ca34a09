"""The description of the API is part of the repository: who changes it sees it change."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    from fangxian.api import api

    return json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/")))


def test_the_description_is_as_committed(described: dict[str, Any], same_as: Callable[[Path, str], None]) -> None:
    text = json.dumps(described, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    same_as(ROOT / "docs" / "reference" / "openapi.json", text)


def _operations(described: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, operations in described["paths"].items() for method, operation in operations.items()
    ]  # fmt: skip


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(described: dict[str, Any]) -> None:
    operations = _operations(described)
    names = [operation["operationId"] for _address, operation in operations]
    assert sorted(names) == sorted(set(names))
    assert [address for address, operation in operations if not operation.get("description")] == []
    assert [address for address, operation in operations if not operation.get("tags")] == []


def test_every_operation_needs_a_sign_in_but_that_itself_and_what_is_public(described: dict[str, Any]) -> None:
    free = {address for address, operation in _operations(described) if not operation.get("security")}
    public = {address for address in free if address.startswith("GET /api/v1/public/")}
    assert free - public == {"POST /api/v1/session"} and len(public) == 5


def test_every_operation_documents_its_refusals(described: dict[str, Any]) -> None:
    for address, operation in _operations(described):
        wanted = {"401", "403", "404", "422"} | ({"400", "409"} if not address.startswith("GET") else set())
        assert wanted <= set(operation["responses"]), address


def test_shapes_are_described_completely(described: dict[str, Any]) -> None:
    text = json.dumps(described)
    known = described["components"]["schemas"]
    referred = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert referred - set(known) == set()


def test_every_example_is_allowed_by_what_it_is_an_example_of(described: dict[str, Any]) -> None:
    checked = 0
    for address, operation in _operations(described):
        told = {status: part for status, part in operation["responses"].items() if status.startswith("2")}
        for where, part in {"request": operation.get("requestBody", {}), **told}.items():
            for media in part.get("content", {}).values():
                if "schema" in media:
                    schema = {**media["schema"], "components": described["components"]}
                    faults = [
                        fault.message for fault in jsonschema_rs.validator_for(schema).iter_errors(media["example"])
                    ]
                    assert faults == [], (address, where, media["example"])
                    checked += 1
    assert checked > 150
