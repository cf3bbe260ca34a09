"""Pages of samples: what each shows and costs, the swab point, files of results, whom they refuse, and that names stay inside."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.core import clock, jobs
from fangxian.laboratory import queries
from fangxian.laboratory.actions import filing, report_results
from fangxian.laboratory.models import Box, Member, Positive, Tube, Unmatched
from fangxian.registry.models import Person
from fangxian.web.laboratory import results
from tests.support import swabbing, web
from tests.support.swabbing import Swabbing
from tests.support.web import signed_in
from tests.support.world import World

pytestmark = pytest.mark.django_db
BUDGET = 12


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[World, Swabbing]]:
    with django_db_blocker.unblock(), web.city() as world, clock.at(web.NOW):
        yield world, swabbing.begin(world)


@pytest.fixture(autouse=True)
def at_the_hour(built: tuple[World, Swabbing]) -> Iterator[None]:
    with web.a_test():
        yield


@pytest.fixture
def city(built: tuple[World, Swabbing]) -> World:
    return built[0]


@pytest.fixture
def there(built: tuple[World, Swabbing]) -> Swabbing:
    return built[1]


def test_every_page_is_there_for_whom_it_is_for_and_within_its_budget(city: World, there: Swabbing) -> None:
    member = Member.objects.order_by("pk").first()
    assert member is not None
    pages = {
        "/samples/": "duty", "/samples/?state=collected": "sampler", "/samples/?late=1": "lab", "/samples/?value=positive": "investigator",
        "/samples/FXPOOL0001/": "investigator", "/samples/FXSINGLE01/": "reviewer", "/samples/FXGOODS001/": "lab",
        "/samples/boxes/": "lab", f"/samples/boxes/{there.sealed}/": "lab", f"/samples/boxes/{there.received}/": "sampler",
        f"/samples/boxes/seal/?point={there.point}": "sampler", "/samples/points/": "duty", f"/samples/points/{there.point}/": "sampler",
        f"/samples/points/{there.point}/labels/": "sampler", "/samples/results/": "lab", "/samples/positives/": "investigator",
        "/samples/positives/?all=1": "reviewer", "/samples/members/": "grid", "/samples/members/?all=1": "leader",
        f"/samples/members/{member.pk}/": "grid", "/samples/unmatched/": "investigator",
    }  # fmt: skip
    for language in ("en", "zh-hans"):
        costs = {}
        for address, post in pages.items():
            client = signed_in(city, post, language)
            client.get(address)
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(address)
            assert answer.status_code == 200, (address, answer.status_code)
            costs[address] = sum("SAVEPOINT" not in query["sql"] for query in asked)
            assert not any(" OFFSET " in query["sql"] for query in asked), address
        assert {address: cost for address, cost in costs.items() if cost > BUDGET} == {}


def test_names_are_for_those_who_may_know_and_masked_for_them_too(city: World) -> None:
    assert "柳**" in signed_in(city, "investigator").get("/samples/FXPOOL0001/").content.decode()
    assert "柳闻莺" not in signed_in(city, "investigator").get("/samples/FXPOOL0001/").content.decode()
    blind = signed_in(city, "lab").get("/samples/FXPOOL0001/").content.decode()
    assert "FXPOOL0001" in blind
    assert "柳" not in blind
    assert signed_in(city, "stranger").get("/samples/FXPOOL0001/").status_code == 404
    assert signed_in(city, "grid").get("/samples/").status_code == 403
    assert signed_in(city, "stranger").get("/samples/positives/").content.decode().count("FXSINGLE01") == 0


def test_the_swab_point_takes_a_tube_with_and_without_a_script(city: World, there: Swabbing) -> None:
    client, address = signed_in(city, "sampler", "en"), f"/samples/points/{there.point}/"
    form = {"kind": "pool-10", "reason": "round", "people": "\n".join(there.people[3:6]), "code": "fxnew00001"}
    assert client.post(address, form).status_code == 302
    tube = Tube.objects.get(code="FXNEW00001")
    assert (tube.people, tube.capacity, tube.kind) == (3, 10, "pool")
    kept: Any = {
        "HTTP_ACCEPT": "application/json", "HTTP_IDEMPOTENCY_KEY": "0123456789abcdef", "HTTP_X_KEPT_SECONDS": "5400",
        "HTTP_X_ACCOUNT": str(city.staff["sampler"].pk),
    }  # fmt: skip
    form |= {"code": "FXNEW00002", "people": there.people[7]}
    first, again = client.post(address, form, **kept), client.post(address, form, **kept)
    assert (first.status_code, first.json()) == (200, again.json())
    assert (web.NOW - Tube.objects.get(code="FXNEW00002").sampled_at).total_seconds() == 5400
    other: Any = {**kept, "HTTP_IDEMPOTENCY_KEY": "fedcba9876543210"}
    clash = client.post(address, form | {"people": there.people[8]}, **other)
    assert (clash.status_code, clash.json()["code"]) == (409, "duplicate_barcode")
    assert "another tube" in clash.json()["message"]
    typed = client.post(address, form | {"code": "FXNEW00003", "people": "nobody-here"})
    assert typed.status_code == 404
    assert b"FXNEW00003" in typed.content, "what was typed stands there still"
    somebody = {"kind": "single", "code": "FXNEW00004", "name": "Somebody New", "phone": "13900001111"}
    assert client.post(address, somebody).status_code == 302
    assert Tube.objects.get(code="FXNEW00004").people == 1


def test_tubes_kept_without_a_connection_come_together_each_once_and_each_with_its_answer(
    city: World, there: Swabbing
) -> None:
    client, address = signed_in(city, "sampler", "en"), f"/samples/points/{there.point}/"

    def entry(code: str, people: list[str], seconds: int = 600, **more: str) -> dict[str, Any]:
        fields = {"kind": "pool-10", "reason": "round", "people": "\n".join(people), "code": code, **more}
        return {"key": f"key-of-{code}", "seconds": str(seconds), "fields": list(fields.items())}

    def send(*kept: Any, account: str = "") -> Any:
        whose = {"HTTP_X_ACCOUNT": account or str(city.staff["sampler"].pk), "HTTP_ACCEPT": "application/json"}
        body = {"kept": kept}
        return client.post(f"{address}swabs/", body, content_type="application/json", **whose)  # type: ignore[arg-type]

    def answers(answer: Any) -> dict[str, str]:
        assert answer.status_code == 200, answer.content
        return {one["key"].removeprefix("key-of-"): one.get("said") or one["code"] for one in answer.json()["answers"]}

    newcomer = entry("FXLINE0008", [], name="Somebody Unknown")
    kept = [
        *(entry(f"FXLINE000{place}", there.people[place : place + 3], 60 * place) for place in range(1, 7)),
        entry("FXLINE0001", there.people[8:9]) | {"key": "another-key-of-1"}, newcomer, entry("FXLINE0009", ["nobody-here"]),
        entry("FXLINE0010", there.people[:1], 9_999_999), entry("FXLINE0011", [], name="Nameless", again="FXNONE0000"),
    ]  # fmt: skip
    people = Person.objects.count()
    with CaptureQueriesContext(connection) as made:
        first = answers(send(*kept))
    assert len(made) < 100, "eleven tubes, two with a newcomer"
    assert first == {
        **{f"FXLINE000{place}": f"FXLINE000{place}: 3 people." for place in range(1, 7)},
        "another-key-of-1": "duplicate_barcode", "FXLINE0008": "FXLINE0008: 1 people.", "FXLINE0009": "not_found",
        "FXLINE0010": "kept_too_long", "FXLINE0011": "not_found",
    }  # fmt: skip
    assert (web.NOW - Tube.objects.get(code="FXLINE0004").sampled_at).total_seconds() == 240
    assert Person.objects.count() == people + 1, "whoever is in a tube that was not taken is not on record either"
    assert answers(send(*kept)) == first, "the answer was lost: it is told again"
    assert Tube.objects.filter(code__startswith="FXLINE").count() == 7 and Person.objects.count() == people + 1
    alone = {"HTTP_IDEMPOTENCY_KEY": "key-of-FXLINE0002", "HTTP_ACCEPT": "application/json"}
    again = client.post(address, dict(kept[1]["fields"]), **alone)  # type: ignore[arg-type]
    assert (again.status_code, again.json()["said"]) == (200, first["FXLINE0002"]), "one key, whichever way it comes"
    changed = entry("FXLINE0003", there.people[:1])
    assert answers(send(changed)) == {"FXLINE0003": "key_reused"}
    assert send(kept[0], account="999999").json()["code"] == "other_account"
    damaged_ones: tuple[Any, ...] = ({}, {"kept": []}, {"kept": [{"key": "12345678"}]}, [1])
    for damaged in damaged_ones:
        refused = client.post(
            f"{address}swabs/", damaged, content_type="application/json", HTTP_ACCEPT="application/json"
        )
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid")


def test_labels_are_drawn_and_never_the_same_twice(city: World, there: Swabbing) -> None:
    client, address = signed_in(city, "sampler"), f"/samples/points/{there.point}/labels/"
    first, second = (client.post(address, {"count": "30"}).content.decode() for _time in range(2))
    assert first.count('class="bars"') == first.count('class="square"') == 30
    codes = {part.split('"')[0] for page in (first, second) for part in page.split('aria-label="QR ')[1:]}
    assert len(codes) == 60
    assert client.post(address, {"count": "many"}).status_code == 422


def test_a_box_is_sealed_handed_on_and_received_on_its_pages(city: World, there: Swabbing) -> None:
    sampler, lab = signed_in(city, "sampler", "en"), signed_in(city, "lab", "en")
    answer = sampler.post("/samples/boxes/seal/", {"point": there.point, "tube": ["FXTAKEN001"], "seal": "B-7"})
    assert answer.status_code == 302
    code = Box.objects.order_by("-pk").values_list("code", flat=True)[0]
    assert sampler.post(f"/samples/boxes/{code}/hand/", {"receiver": "Driver"}).status_code == 302
    assert sampler.post(f"/samples/boxes/{code}/receive/", {}).status_code == 403
    assert lab.post(f"/samples/boxes/{code}/receive/", {"codes": "FXSTRANGE1"}).status_code == 302
    page = lab.get(f"/samples/boxes/{code}/").content.decode()
    assert "FXTAKEN001" in page
    assert "FXSTRANGE1" in page
    assert sampler.post("/samples/boxes/seal/", {"point": there.point}).status_code == 422


def test_a_file_of_results_is_taken_row_by_row(city: World) -> None:
    rows = (
        "条码,检测结果,ORF1ab,N,备注\nFXFEVER001,阳性,21.5,20.9,\nFXTAKEN001,阴性,NoCt,-,\nFXNEG00001,阳性,,,\n"
        "NOBODY0001,阴性,,,\nFXPOOL0001,喜鹊,,,\n"
    )
    client = signed_in(city, "lab", "en")
    answer = client.post("/samples/results/", {"file": _file("results.csv", rows)})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "2 results taken, 1 of them positive" in page
    assert "1 belong to no tube and wait for a person; 2 rows were left out." in page
    assert "another result" in page
    assert "喜鹊" in page
    assert Tube.objects.get(code="FXFEVER001").ct == 20.9
    again = client.post("/samples/results/", {"file": _file("results.csv", rows)}).content.decode()
    assert "0 results taken, 0 of them positive; 2 were on record" in again
    bad = client.post("/samples/results/", {"file": _file("other.csv", "a,b\n1,2\n")})
    assert bad.status_code == 422
    assert "条码 / barcode" in bad.content.decode()
    named = {
        "file": _file("own.csv", "tube no.,outcome\nFXTAKEN001,negative\n"),
        "column_code": "tube no.",
        "column_value": "outcome",
    }
    assert "1 were on record" in client.post("/samples/results/", named).content.decode()


def test_what_waits_is_decided_on_its_page(city: World, there: Swabbing) -> None:
    client = signed_in(city, "investigator", "en")
    assert b"To be decided" in client.get("/samples/FXSINGLE01/").content
    assert client.post("/samples/FXSINGLE01/decline/", {"reason": ""}).status_code == 422
    assert client.post("/samples/FXSINGLE01/case/", {"symptomatic": "yes"}).status_code == 302
    assert Positive.objects.get(tube__code="FXSINGLE01").opened
    row = Unmatched.objects.get()
    (shown,) = queries.unmatched(city.actor("investigator"))
    assert shown.proposals[0].code == there.people[0]
    page = client.get("/samples/unmatched/").content.decode()
    assert "柳**" in page
    assert "柳闻莺" not in page
    assert client.post(f"/samples/unmatched/{row.pk}/", {"typed": "FXNOSUCH01", "of_tube": "1"}).status_code == 404
    assert client.post(f"/samples/unmatched/{row.pk}/", {"person": there.people[0]}).status_code == 302
    row.refresh_from_db()
    assert row.state == "matched"
    lab = signed_in(city, "lab", "en")
    assert lab.post("/samples/FXSINGLE02/correct/", {"value": "positive", "reason": "exchanged"}).status_code == 302
    assert lab.post("/samples/FXSINGLE02/cancel/", {"reason": "contaminated"}).status_code == 302
    assert lab.post("/samples/FXSINGLE02/nonsense/", {}).status_code == 404
    page = lab.get("/samples/FXSINGLE02/").content.decode()
    assert "contaminated" in page
    assert "exchanged" in page


def _file(name: str, text: str) -> BytesIO:
    file = BytesIO(text.encode())
    file.name = name
    return file


def _many(codes: list[str]) -> BytesIO:
    """These tubes, one that cannot be read, ten that are unknown."""
    rows = [*(f"{code},阴性" for code in codes), "FXTAKEN001,看不清", *(f"FXELSE{n:04},阴性" for n in range(10))]
    file = BytesIO("\n".join(["条码,结果", *rows]).encode())
    file.name = "results.csv"
    return file


def test_a_long_file_is_taken_as_a_job_that_is_watched_and_goes_on_where_it_was_interrupted(
    city: World, there: Swabbing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "AT_ONCE", 8)
    monkeypatch.setattr(filing, "PIECE", 5)
    client = signed_in(city, "lab")
    asked = client.post("/samples/results/", {"file": _many(["FXFEVER001", "FXTAKEN001"])})
    assert asked.status_code == 302 and asked["Location"].startswith("/jobs/")
    job = jobs.Job.objects.get(kind=filing.KIND)
    (kept,) = (settings.DATA_DIR / "results").iterdir()
    turns: list[int] = []

    def cut_off(*given: Any, **more: Any) -> Any:
        turns.append(1)
        if len(turns) == 2:
            raise KeyboardInterrupt
        return report_results(*given, **more)

    monkeypatch.setattr(filing, "report_results", cut_off)
    with pytest.raises(KeyboardInterrupt):
        jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.cursor, job.total, job.result["taken"]) == (5, 13, 2)
    assert Tube.objects.get(code="FXFEVER001").value == "negative" and kept.exists()

    jobs.run(job.pk, resume=True)
    job.refresh_from_db()
    assert (job.state, job.cursor) == (job.DONE, 13)
    counted = {name: job.result[name] for name in ("taken", "repeated", "unmatched", "refused")}
    assert counted == {"taken": 2, "repeated": 0, "unmatched": 10, "refused": 1}
    assert Unmatched.objects.filter(barcode__startswith="FXELSE").count() == 10
    assert not kept.exists()
    page = client.get(asked["Location"]).content.decode()
    assert "看不清" in page and ">4<" in page


def test_a_long_file_that_is_no_table_of_results_is_refused_before_anything_is_kept(city: World) -> None:
    file = BytesIO(("姓氏\n" + "王\n" * 3000).encode())
    file.name = "names.csv"
    answer = signed_in(city, "lab").post("/samples/results/", {"file": file})
    assert answer.status_code == 422 and not jobs.Job.objects.filter(kind=filing.KIND).exists()
