"""How many queries each question costs: a number that grows is seen, and one that grows with the data is refused."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.support.exchange import Exchange

COUNTS = Path(__file__).with_name("query_counts.json")
DESCRIPTION = Path(__file__).resolve().parents[2] / "docs" / "reference" / "openapi.json"
#: Statements of one question, those of the sign-in among them.
BUDGET = 12
#: What some questions must be asked with.
ASKED_WITH = {
    "/steps/missing": "kind=case.review",
    "/coverage/hours": "kind=case.review&area=990101",
    "/coverage/gaps": "area=990101&subject=contact",
    "/areas/{code}/below": "level=grid",
    "/places/nearest": "lon=121.5&lat=29.8",
    "/exposures": "case={case}",
    "/zones/past": "instant=2026-03-04T09:30:00%2B08:00",
    "/zones/units": "area=990101",
    "/isolation-reserve": "area=990101",
    "/zones/unplaced": "outbreak={outbreak}",
}


@pytest.fixture(scope="module")
def things(duty_room: "Exchange") -> dict[str, Any]:
    duty_room.jack_of_all_trades()
    duty_room.line("all")
    return {name: found[0] for name, found in duty_room.things().items() if found}


def _questions(things: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every address that can be asked, as it is described and as it is asked."""
    described = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    for address, operations in described["paths"].items():
        if "get" in operations:
            path = address.removeprefix("/api/v1")
            asked = path + (f"?{ASKED_WITH[path]}" if path in ASKED_WITH else "")
            noun = path.split("/")[1]
            names = {name.removeprefix(f"{noun}."): thing for name, thing in things.items() if "." not in name}
            names |= {
                name.removeprefix(f"{noun}."): thing for name, thing in things.items() if name.startswith(f"{noun}.")
            }
            if all(part.strip("{}") in names for part in asked.split("/") if part.startswith("{")):
                yield path, asked.format_map(names)


def test_what_a_question_costs(
    exchange: "Exchange", things: dict[str, Any], same_as: Callable[[Path, str], None]
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    line, counts = exchange.line("all"), {}
    for path, asked in _questions(things):
        line.get(asked)  # what is read once and kept does not count
        with CaptureQueriesContext(connection) as captured:
            answer = line.get(asked)
        assert answer.status_code in (200, 401, 403, 404), (asked, answer.content)
        if answer.status_code == 200:
            counts[path] = sum("SAVEPOINT" not in query["sql"] for query in captured)
    assert len(counts) > 40
    assert {path: count for path, count in counts.items() if count > BUDGET} == {}
    if connection.vendor == "sqlite":  # PostgreSQL opens cursors and copies where SQLite selects and inserts
        same_as(COUNTS, json.dumps(counts, indent=1, sort_keys=True) + "\n")


def test_a_list_costs_no_more_for_more_rows(exchange: "Exchange", things: dict[str, Any]) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for path in (
        "/cases",
        "/steps",
        "/steps/mine",
        f"/outbreaks/{things['outbreak']}/contacts",
        "/appointments",
        "/organisations",
    ):
        exchange.line("all").get(path)
        costs = []
        for limit in (1, 5):
            with CaptureQueriesContext(connection) as captured:
                rows = exchange.line("all").get(f"{path}?limit={limit}").json()["rows"]
            assert len(rows) == limit or path == "/steps/mine", path
            costs.append(len(captured))
        assert costs[0] == costs[1], path


def test_the_next_page_is_read_from_where_the_first_ended(exchange: "Exchange", things: dict[str, Any]) -> None:
    """However deep, a page costs what the first one costs: nothing is counted through, and nothing read to be thrown away."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    line, went_on = exchange.line("all"), 0
    for path, asked in _questions(things):
        separator = "&" if "?" in asked else "?"
        answer = line.get(f"{asked}{separator}limit=1")
        first = answer.json() if answer.status_code == 200 and answer["Content-Type"] == "application/json" else None
        if not isinstance(first, dict) or not first.get("cursor"):
            continue
        with CaptureQueriesContext(connection) as captured:
            second = line.get(f"{asked}{separator}limit=1&cursor={first['cursor']}").json()
        assert second["rows"] != first["rows"], path
        lists = [query["sql"] for query in captured if " ORDER BY " in query["sql"] and " LIMIT " in query["sql"]]
        assert lists, f"{path} reads the whole list for each page"
        assert not any(" OFFSET " in query["sql"] for query in captured), path
        went_on += 1
    assert went_on > 5
