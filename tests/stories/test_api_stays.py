"""A bus company's system sends its passengers by API, every quarter of an hour, in whatever form it has them."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from django.test import Client

from fangxian.core import accounts, clock
from fangxian.core.access import SYSTEM, Grant
from fangxian.registry.models import LakeKey
from fangxian.tracing import lakes
from tests.support.exchange import NOW, Exchange, Line, on_duty
from tests.support.world import CITY

ADDRESS = "/api/v1/stays?source=buses&batch={batch}&people={people}"
ROWS = [
    {"person": f"1390000000{one}", "place": "bus 7", "t_in": "2026-03-04T08:00:00+08:00", "t_out": "2026-03-04T08:30:00+08:00"}
    for one in range(4)
]  # fmt: skip
HEAD = "person,place,t_in,t_out"


@pytest.fixture(scope="module")
def duty_room(django_db_setup: None, django_db_blocker: object) -> Iterator[Exchange]:
    with on_duty(django_db_blocker) as exchange:
        yield exchange


@pytest.fixture
def buses(duty_room: Exchange, db: None) -> Iterator[Line]:
    with clock.at(NOW):
        account = accounts.create_account(SYSTEM, "buses", "汐州公交", grants=[Grant("stay_source", CITY)])
        duty_room.city.staff["buses"] = account
        duty_room.lines.pop("buses", None)
        yield duty_room.line("buses")


def send(line: Line, body: bytes, kind: str, batch: str = "1", people: str = "phone") -> Any:
    headers = {"Accept-Language": "en", "Authorization": f"Bearer {line.token}"}
    return Client().generic("POST", ADDRESS.format(batch=batch, people=people), body, kind, headers=headers)


def test_a_batch_is_taken_once_whatever_form_it_has(buses: Line) -> None:
    path = "/stays?source=buses&batch={}&people=phone"
    first = buses.post(path.format("json"), ROWS)
    assert first.status_code == 200, first.content
    told = first.json()
    assert (told["taken"], told["faulty"], told["repeated"], told["days"], told["refused"]) == (
        4,
        0,
        False,
        {"2026-03-04": 4},
        [],
    )
    again = buses.post(path.format("json"), ROWS).json()
    assert again == told | {"repeated": True} and LakeKey.objects.count() == 4
    reused = buses.post(path.format("json"), ROWS[:2])
    assert (reused.status_code, reused.json()["code"]) == (409, "batch_reused")
    lines = [HEAD, *(f"{row['person']},bus 8,1772582400,1772584200" for row in ROWS)]
    csv = send(buses, "\n".join(lines).encode(), "text/csv", "csv")
    assert csv.status_code == 200 and csv.json()["days"] == {"2026-03-04": 4}, csv.content
    table = pa.table({"person": ["013900000009"[1:]], "place": ["bus 9"], "t_in": [1772582400], "t_out": [1772584200]})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    arrow = send(buses, sink.getvalue(), "application/vnd.apache.arrow.stream", "arrow")
    assert arrow.json()["taken"] == 1, arrow.content
    assert sum(day.rows for day in lakes.lake().days()) == 9 and LakeKey.objects.count() == 5


def test_rows_at_fault_are_told_by_their_place_and_the_others_are_taken(buses: Line) -> None:
    rows: list[dict[str, Any]] = [dict(row) for row in ROWS]
    rows[0]["t_in"] = "this morning"
    rows[2]["t_out"] = "2026-03-04T07:00:00+08:00"
    rows[3]["person"] = "not a number"
    answer = buses.post("/stays?source=buses&batch=1&people=phone", rows)
    told = answer.json()
    assert (answer.status_code, told["rows"], told["taken"], told["faulty"]) == (200, 4, 1, 3)
    assert [(one["index"], one["problem"]["field"]) for one in told["refused"]] == [
        (0, "t_in"),
        (2, "t_out"),
        (3, "person"),
    ]
    csv = send(buses, f"{HEAD}\n13900000001,bus,1772582400,1772582399\n".encode(), "text/csv", "2").json()
    assert [(one["index"], one["problem"]["field"]) for one in csv["refused"]] == [(0, "t_out")]


def test_what_cannot_be_read_is_refused_and_nothing_is_taken(buses: Line, duty_room: Exchange) -> None:
    for body, kind, status, code in (
        (b"{", "application/json", 400, "malformed"), (b"{}", "application/json", 422, "invalid"),
        (b"[]", "application/json", 422, "invalid"), (b"\n", "text/csv", 422, "invalid"),
        (b"person,place\na,b\n", "text/csv", 422, "invalid"),
        (b"half an arrow", "application/vnd.apache.arrow.stream", 422, "invalid"), (b"<stays/>", "text/xml", 415, "not_json"),
    ):  # fmt: skip
        answer = send(buses, body, kind)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (kind, answer.content)
    large = send(buses, b"x" * (21 << 20), "text/csv")
    assert (large.status_code, large.json()["code"]) == (413, "too_large")
    assert send(buses, json.dumps(ROWS).encode(), "application/json", people="keys").status_code == 422, (
        "keys are the house's own"
    )
    for post in ("grid", "leader"):
        assert duty_room.line(post).post("/stays?source=buses&batch=1&people=phone", ROWS).status_code == 403
    assert lakes.lake().days() == [] and LakeKey.objects.count() == 0
    assert buses.get("/stays").status_code == 403, "a source sends; it does not look"
    assert buses.get("/cases").json()["rows"] == [] or buses.get("/cases").status_code == 403
