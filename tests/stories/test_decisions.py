"""Questions about measures: asked from the situation, answered by a job, read, decided by somebody, and compared with what came."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fangxian.analytics.deciding import Estimate, wording
from fangxian.analytics.simulation import Rounds, simulate
from fangxian.command.decisions import actions, asking, packs, queries
from fangxian.command.decisions.models import Batch, Question
from fangxian.command.decisions.schemas import QuestionForm
from fangxian.containment.zones import queries as zones
from fangxian.core import clock, jobs, journal
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.protocols import load
from tests.support import web
from tests.support.web import HTMX, signed_in
from tests.support.world import LANYUE, WANGCHAO, World

pytestmark = pytest.mark.django_db
BUDGET = 12
FORM = QuestionForm(
    name="望潮区怎么办", area=WANGCHAO, people=1200, infected=8, lead=3, days=50, measures=("testing", "community"), detail="coarse",
    runs=4,
)  # fmt: skip


@pytest.fixture(scope="module")
def city(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), web.city() as built, clock.at(web.NOW):
        built.cases.append(
            answered(built, replace(FORM, outbreak=built.outbreak, packs=("covid-19-cn-8", "covid-19-cn-9"))).code
        )
        yield built


@pytest.fixture(autouse=True)
def today(city: World) -> Iterator[None]:
    with web.a_test():
        yield


def answered(city: World, form: QuestionForm) -> Question:
    asked = actions.ask(city.actor("leader"), form)
    assert asked.job is not None
    done = jobs.run(asked.job.pk)
    assert done.state == "done", done.error
    return Question.objects.get(pk=asked.pk)


def test_a_question_begins_with_what_the_platform_knows(city: World) -> None:
    begins = queries.beginning(city.actor("duty"), WANGCHAO)
    assert begins.outbreak == city.outbreak and begins.cases == sum(begins.recent.values()) > 0
    assert begins.known["infected"].value == queries.HIDDEN * begins.cases and begins.known["investigators"].value > 0
    assert all(one.source.zh and one.source.en for one in begins.known.values()) and begins.pack in load_keys()
    assert begins.zones == tuple(zones.counted(city.actor("duty"), WANGCHAO))
    with pytest.raises(NotFound):
        queries.beginning(city.actor("duty"), LANYUE)


def load_keys() -> set[str]:
    return {key for key, _name in packs.comparable()}


def test_measures_are_carried_out_as_the_protocol_orders_when_and_as_strongly_as_asked() -> None:
    form = replace(
        FORM, measures=("tracing", "zones", "rounds"), pack="covid-19-cn-9", later={"rounds": 4}, strengths={"tracing": (0.1, 0.8)},
        beds=30, tests=200, rooms=40, investigators=5, prices={"tests": 3.5}, queued=True,
    )  # fmt: skip
    raw = asking.raw_of(form)
    rules = {
        kind: values
        for one in raw["scenario"]["measures"]
        for kind, values in one.items()
        if values.get("until") is None
    }
    assert rules["tracing"]["days"] == 10 and rules["zones"]["days"] == 7 and rules["rounds"]["every"] == 2
    assert rules["rounds"]["since"] == "$detected + 4"
    assert rules["rounds"]["capacity"] == FORM.people, "200 tubes would hold 2,000 samples"
    assert rules["capacity"] == {"hospital_beds": 30, "laboratory": 200, "isolation_beds": 40, "investigators": 5}
    assert raw["limits"] == [] and raw["choices"]["tracing"]["values"] == [0.1, 0.8]
    question = asking.read(raw)
    assert question.prices.items["tests"].price == 3.5 and question.prices.items["tests"].grade == "own"
    never = {one.key: one for one in question.choices}["zones"]
    assert never.said(never.values[0]).en == "never" and never.said(never.values[-1]).en == "1"
    made = question.scenario((0, 0, 1))
    assert next(one.since for one in made.measures if isinstance(one, Rounds)) == asking.WARM + FORM.lead + 4
    kept = asking.raw_of(replace(form, queued=False))
    assert {one["of"]: one["most"] for one in kept["limits"]} == {
        "peak_in_hospital": 30, "peak_tests": 200, "peak_in_quarantine": 40,
    }  # fmt: skip


def test_from_the_form_to_the_signature(city: World) -> None:
    browser = signed_in(city, "leader", "en")
    page = browser.get(reverse("web:decision_ask")).content.decode()
    assert "Measures on the table" in page and "Infected now" in page
    given = {
        "name": "A small one", "area": WANGCHAO, "outbreak": city.outbreak, "disease": "sars-cov-2-wild", "people": 1000, "infected": 5,
        "lead": 2, "days": 40, "measures": ["testing", "school"], "detail": "coarse", "effect": "infected", "cost": "disruption",
        "beds": "", "tests": "", "rooms": "", "runs": 4, "harsher": 1,
    }  # fmt: skip
    wrong = browser.post(reverse("web:decision_ask"), given | {"strength_testing": "5 lots"})
    assert wrong.status_code == 422 and "“lots” is no number." in wrong.content.decode()
    given |= {
        "strength_testing": "5, 40%",
        "later_school": "2",
        "price_tests": "7.25",
        "queued": "wait",
        "tests": "300",
    }
    refused = browser.post(reverse("web:decision_ask"), given | {"measures": [], "people": 5})
    assert refused.status_code == 422 and "Not complete yet." in refused.content.decode()
    assert not Question.objects.filter(name="A small one").exists()
    made = browser.post(reverse("web:decision_ask"), given)
    row = Question.objects.get(name="A small one")
    assert row.asked["choices"]["testing"]["values"] == [0.05, 0.4] and row.asked["prices"] == {"tests": 7.25}
    assert made["Location"] == reverse("web:decision", args=[row.code])
    waits = browser.get(made["Location"])
    assert "waits for the worker" in waits.content.decode()
    assert "<html" not in browser.get(made["Location"] + "?part=progress", **HTMX).content.decode()
    early = browser.post(reverse("web:decision_sign", args=[row.code]), {"policy": "0", "why": "too soon"})
    assert early.status_code == 409 or "no answer yet" in early.content.decode()
    assert jobs.run_waiting() == 1
    assert browser.get(made["Location"] + "?part=progress", **HTMX)["HX-Refresh"] == "true"
    page = browser.get(made["Location"]).content.decode()
    assert "Recommended:" in page and "<svg" in page and "Who bears it" in page and "entered with the question" in page
    view = queries.question(city.actor("leader"), row.code)
    assert view.answer is not None
    best = view.answer.knee
    refused = browser.post(reverse("web:decision_sign", args=[row.code]), {"policy": str(best), "why": ""})
    assert refused.status_code == 422 and "A reason is needed." in refused.content.decode()
    signed = browser.post(
        reverse("web:decision_sign", args=[row.code]), {"policy": str(best), "why": "Schools stay open."}
    )
    assert signed.status_code == 302
    page = browser.get(made["Location"]).content.decode()
    assert "as recommended" in page and "Schools stay open." in page


def test_what_was_decided_is_in_the_journal_and_covers_its_figures(city: World) -> None:
    by, code = city.actor("leader"), city.cases[-1]
    view = queries.question(by, code)
    assert view.answer is not None
    made = actions.choose_policy(by, code, view.answer.knee, "  稳妥、可承受  ")
    row = Question.objects.get(code=code)
    assert made.digest == actions.digest(row, view.answer.knee, "稳妥、可承受")
    row.answer = {**row.answer, "made": 0}  # type: ignore[dict-item]
    assert actions.digest(row, view.answer.knee, "稳妥、可承受") != made.digest
    (entry,) = journal.of("question", row.pk, actions=["decision.signed"])
    told = json.loads(entry.data)
    assert told["digest"] == made.digest and told["recommended"] is True
    beaten = next((place for place in range(6) if place not in view.answer.frontier), 6)
    with pytest.raises(Invalid) as refused:
        actions.choose_policy(by, code, beaten, "because")
    assert refused.value.field == "policy"


def test_nothing_that_is_counted_is_said_to_be_below_nothing(city: World) -> None:
    question = queries.question(city.actor("leader"), city.cases[-1]).asked
    assert wording.ranged(question, "deaths", Estimate(0.2, -0.4, 0.8)).en == "0 (0–1)"
    assert wording.amount(question, "deaths", -0.3).en == "0" and wording.amount(question, "deaths", -12).en == "−12"


def test_rights(city: World) -> None:
    code = city.cases[-1]
    with pytest.raises(NotFound):
        queries.question(city.actor("stranger"), code)
    assert queries.questions(city.actor("stranger")) == []
    with pytest.raises(NotAllowed):
        actions.ask(city.actor("stranger"), FORM)
    with pytest.raises(NotAllowed):
        actions.choose_policy(city.actor("duty"), code, 0, "not mine to sign")
    with pytest.raises(NotAllowed):
        actions.ask(city.actor("auditor"), FORM)
    assert signed_in(city, "grid").get(reverse("web:decisions")).status_code == 403
    assert signed_in(city, "stranger").get(reverse("web:decision", args=[code])).status_code == 404
    page = signed_in(city, "duty").get(reverse("web:decision", args=[code])).content.decode()
    assert reverse("web:decision_sign", args=[code]) not in page


@pytest.mark.parametrize(("wrong", "field"), [
    ({"measures": ()}, "measures"), ({"measures": ("prayer",)}, "measures"), ({"people": 100}, "people"), ({"lead": 50}, "lead"),
    ({"infected": 2000}, "infected"), ({"effect": "happiness"}, "effect"), ({"name": " "}, "name"), ({"packs": ("influenza-x",)}, "packs"),
    ({"strengths": {"masks": (0.1,)}}, "measures"), ({"strengths": {"testing": (0.5, 0.1)}}, "strength_testing"),
    ({"strengths": {"testing": (0.1, 1.5)}}, "strength_testing"), ({"later": {"testing": 60}}, "later_testing"), ({"pack": "x"}, "pack"),
    ({"investigators": -1}, "investigators"), ({"queued": True, "tests": 0}, ""), ({"prices": {"gold": 1.0}}, ""),
    ({"outbreak": "0000000000"}, ""), ({"area": "990199"}, ""),
])  # fmt: skip
def test_a_wrong_question_is_refused_with_words_and_leaves_nothing(
    city: World, wrong: dict[str, Any], field: str
) -> None:
    before = Question.objects.count()
    with pytest.raises((Invalid, NotFound)) as refused:
        actions.ask(city.actor("leader"), replace(FORM, **wrong))
    assert (refused.value.field == field or not field) and str(refused.value)
    assert Question.objects.count() == before


def test_a_limit_that_nobody_keeps_is_said_in_both_languages(city: World) -> None:
    asked = actions.ask(city.actor("leader"), replace(FORM, tests=0))
    assert asked.job is not None and jobs.run(asked.job.pk).state == "done"
    view = queries.question(city.actor("leader"), asked.code)
    assert view.fault is not None and "No policy keeps" in view.fault.en and "没有一种方案" in view.fault.zh
    page = signed_in(city, "leader").get(reverse("web:decision", args=[asked.code])).content.decode()
    assert "没有一种方案能满足" in page


def test_a_search_that_was_stopped_goes_on_where_it_was(city: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from fangxian.command.decisions import answering

    monkeypatch.setattr(answering, "CHUNK", 1)
    by = city.actor("leader")
    asked = actions.ask(by, FORM)
    assert asked.job is not None
    job = asked.job

    def stop(done: int, _total: int) -> None:
        if done > 24:  # the grid is through, and kept
            jobs.stop(by, job.code)

    stopped = jobs.run(job.pk, on_progress=stop)
    assert stopped.state == "stopped" and stopped.cursor > 0
    kept = sum(len(one.runs) for one in Batch.objects.filter(question=asked))
    assert kept == stopped.cursor
    jobs.resume(by, job.code)
    assert jobs.run_waiting() == 1
    whole = answered(city, FORM)
    resumed = Question.objects.get(pk=asked.pk)
    assert resumed.answer == whole.answer and not Batch.objects.filter(question=asked).exists()


def test_what_happened_stands_beside_what_was_expected(city: World) -> None:
    by, code = city.actor("leader"), city.cases[-1]
    with clock.at(web.NOW + timedelta(days=5)):
        rows = queries.since_then(by, queries.question(by, code))
        assert [row.day for row in rows] == [clock.today() - timedelta(days=back) for back in range(5, -1, -1)]
        assert sum(row.reported for row in rows) == sum(
            queries._reported(_outbreak(by, city), WANGCHAO, rows[0].day).values()
        )
        assert all(row.outside == (not row.low <= row.reported <= row.high) for row in rows)
        page = signed_in(city, "leader", "en").get(reverse("web:decision", args=[code])).content.decode()
    assert "What happened since" in page and 'id="happened-title"' in page


def _outbreak(by: Any, city: World) -> int:
    from fangxian.cases import queries as cases

    return cases.outbreak(by, city.outbreak).id


def test_two_policies_are_played_day_by_day(city: World) -> None:
    by, code = city.actor("leader"), city.cases[-1]
    view = queries.question(by, code)
    assert view.answer is not None
    least = view.answer.policies.index(view.answer.policy(view.asked.least))
    browser, address = signed_in(city, "leader", "en"), reverse("web:decision_days", args=[code])
    told = browser.get(f"{address}?policy={view.answer.knee}&policy={least}&policy=9999").json()
    assert told["today"] == asking.WARM and {int(place) for place in told["sides"]} == {view.answer.knee, least}
    for place, side in told["sides"].items():
        fan = next(one for one in view.answer.fans if one.setting == view.answer.policies[int(place)].setting)
        scenario = view.asked.scenario(fan.setting)
        run = simulate(
            scenario.build(),
            scenario.disease,
            scenario.measures,
            days=scenario.days,
            seeds=scenario.seeds,
            seed=fan.typical,
        )
        days = np.sum(side["townships"], axis=0)
        assert days.tolist() == run.daily[:, 0].tolist(), "the run that is nearest to the mean, place by place"
        assert sum(len(block) - 1 for block in side["blocks"]) == days.sum()
        assert all(
            block[1:] == sorted(block[1:]) and 0 <= block[0] < len(side["townships"]) for block in side["blocks"]
        )
    page = browser.get(reverse("web:decision", args=[code])).content.decode()
    assert "data-play=" in page and "New infections by week" in page
    assert browser.get(reverse("web:decision_parts", args=[code])).json()["type"] == "FeatureCollection"
    for name in ("web:decision_days", "web:decision_parts"):
        assert signed_in(city, "stranger").get(reverse(name, args=[code])).status_code == 404


def test_people_live_in_the_parts_of_a_place_as_they_do() -> None:
    told = asking.raw_of(FORM, {"9901": 100, "9902": 300})["scenario"]["population"]
    assert told["townships"] == {"9901": 300, "9902": 900}
    unknown = asking.raw_of(FORM, {"9901": 100, "9902": None, "9903": 7})["scenario"]["population"]
    assert set(unknown["townships"].values()) == {400}
    assert asking.raw_of(FORM, {"9901": 5})["scenario"]["population"]["people"] == FORM.people


def test_files_of_an_answer(city: World) -> None:
    browser, code = signed_in(city, "leader"), city.cases[-1]
    rows = list(
        csv.DictReader(io.StringIO(browser.get(reverse("web:decision_table", args=[code])).content.decode("utf-8-sig")))
    )
    assert len(rows) == 6 and sum(row["recommended"] == "1" for row in rows) == 1
    for form, begins in (("pdf", b"%PDF"), ("docx", b"PK"), ("html", b"<!doctype")):
        made = browser.get(reverse("web:decision_brief", args=[code, "zh", form]))
        assert made.content.startswith(begins)
        assert made.content == browser.get(reverse("web:decision_brief", args=[code, "zh", form])).content, (
            "the same bytes"
        )
    assert browser.get(reverse("web:decision_brief", args=[code, "fr", "pdf"])).status_code == 404


def test_protocols_are_compared_on_the_same_epidemics(city: World) -> None:
    view = queries.question(city.actor("leader"), city.cases[-1])
    assert view.answer is not None
    eighth, ninth = view.answer.compared
    assert (eighth.key, ninth.key) == ("covid-19-cn-8", "covid-19-cn-9")
    assert (
        eighth.effect_differs.value == 0
        and ninth.cost_differs.low <= ninth.cost_differs.value <= ninth.cost_differs.high
    )
    assert eighth.figures["quarantine_days"].value > ninth.figures["quarantine_days"].value, "21 days instead of 10"


@pytest.mark.parametrize(("pack", "days"), [("covid-19-cn-8", 21), ("covid-19-cn-9", 10), ("covid-19-who", 14)])
def test_a_pack_keeps_contacts_as_long_as_it_says(pack: str, days: int) -> None:
    tracing = next(one["tracing"] for one in packs.measures_of(load(pack)) if "tracing" in one)
    assert tracing["days"] == days


@pytest.mark.parametrize("path", ["", "ask/", "{code}/", "{code}/?policy=0&beside=1"])
def test_pages_ask_the_database_a_bounded_number_of_times(city: World, path: str) -> None:
    browser = signed_in(city, "leader")
    address = reverse("web:decisions") + path.format(code=city.cases[-1])
    assert browser.get(address).status_code == 200
    with CaptureQueriesContext(connection) as captured:
        browser.get(address)
    asked = [one["sql"] for one in captured if "SAVEPOINT" not in one["sql"]]
    assert len(asked) <= BUDGET, asked


def test_a_list_goes_on(city: World) -> None:
    by = city.actor("leader")
    for _place in range(3):
        actions.ask(by, FORM)
    first = queries.questions(by, limit=2)
    rest = queries.questions(by, after=first[-1].id, limit=50)
    codes = [row.code for row in (*first, *rest)]
    assert len(set(codes)) == len(codes) == Question.objects.count()
    with pytest.raises(Conflict):
        actions.choose_policy(by, first[0].code, 0, "not yet answered")
