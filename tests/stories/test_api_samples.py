"""Programs and samples: a swab point's batch, sent twice; a laboratory's batch; what each may not see."""

from typing import Any

import pytest

from fangxian.core import access
from fangxian.laboratory.models import Swab, Tube
from tests.support import swabbing
from tests.support.exchange import Exchange

pytestmark = pytest.mark.django_db


@pytest.fixture
def there(exchange: Exchange) -> swabbing.Swabbing:
    for post in ("sampler", "lab"):  # whose accounts of another test are gone
        exchange.lines.pop(post, None)
    return swabbing.begin(exchange.city)


def test_a_batch_of_tubes_sent_twice_is_taken_once_and_its_results_are_told(
    exchange: Exchange, there: swabbing.Swabbing
) -> None:
    sampler, lab, line = exchange.line("sampler"), exchange.line("lab"), exchange.line("investigator")
    tubes: list[dict[str, Any]] = [
        {"code": f"API-{place:06}", "kind": "pool", "capacity": 5, "people": there.people[place : place + 3], "point": there.point}
        for place in range(6)
    ]  # fmt: skip
    tubes += [{"code": "API-000000", "people": there.people[9:10], "point": there.point}, {"code": 5}]
    answer = sampler.post("/tubes/batch", {"tubes": tubes}, Idempotency_Key="batch-0001")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (len(told["taken"]), [one["index"] for one in told["refused"]]) == (6, [6, 7])
    assert told["refused"][0]["problem"]["code"] == "duplicate_barcode"
    again = sampler.post("/tubes/batch", {"tubes": tubes}, Idempotency_Key="batch-0001")
    assert (again["Idempotent-Replayed"], again.json()) == ("true", told)
    assert sampler.post("/tubes/batch", {"tubes": tubes[:6]}).json()["repeated"] == [one["code"] for one in tubes[:6]]
    assert Swab.objects.filter(tube__code__startswith="API-").count() == 18
    results = [{"code": one["code"], "value": "negative"} for one in tubes[:5]]
    results += [{"code": "API-000005", "cts": {"orf1ab": 30.1, "n": 28.8}}, {"code": "API-999999", "value": "negative"}]
    done = lab.post("/results", {"results": results}).json()
    assert {key: done[key] for key in ("taken", "repeated", "unmatched", "positive")} == {
        "taken": 6, "repeated": 0, "unmatched": 1, "positive": 1,
    }  # fmt: skip
    assert lab.post("/results", {"results": results}).json()["repeated"] == 6
    shown = line.get("/tubes/API-000005").json()
    assert (shown["row"]["value"], [one["state"] for one in shown["inside"]]) == ("positive", ["held"] * 3)
    assert lab.get("/tubes/API-000005").json()["inside"] is None
    assert exchange.line("stranger").get("/tubes/API-000005").status_code == 404
    assert exchange.line("clinic").post("/results", {"results": results}).status_code in (403, 422)
    page = line.get("/tubes?limit=2").json()
    more = line.get(f"/tubes?limit=2&cursor={page['cursor']}").json()
    assert {row["code"] for row in page["rows"]}.isdisjoint(row["code"] for row in more["rows"])


def test_a_box_and_a_decision_by_the_api(exchange: Exchange, there: swabbing.Swabbing) -> None:
    sampler, lab, line = exchange.line("sampler"), exchange.line("lab"), exchange.line("investigator")
    box = sampler.post("/boxes", {"tubes": ["FXTAKEN001"], "point": there.point})
    assert box.status_code == 201, box.content
    code = box.json()["code"]
    assert sampler.post(f"/boxes/{code}/hand-over", {"receiver": "Driver"}).json()["state"] == "under_way"
    assert lab.post(f"/boxes/{code}/receive", {}).json()["state"] == "received"
    assert [one["receiver"] for one in lab.get(f"/boxes/{code}/hand-overs").json()["rows"]] == ["Driver", "钟明澈"]
    waiting = line.get("/positives?state=waiting").json()["rows"]
    assert [one["tube"] for one in waiting] == ["FXSINGLE01"]
    case = line.post("/tubes/FXSINGLE01/case", {"symptomatic": False}).json()["case"]
    assert line.get(f"/cases/{case}").json()["row"]["classification"] == "asymptomatic"
    assert access.actor_for(exchange.city.staff["lab"], "api").may("samples.test")
    assert Tube.objects.get(code="FXTAKEN001").state == "received"
