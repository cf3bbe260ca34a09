"""The situation: one set of numbers of a day and a jurisdiction, for whoever may look there."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest

from fangxian.cases import actions as cases
from fangxian.cases import queries as case_queries
from fangxian.cases.schemas import Filter
from fangxian.command.situation import actions as sitreps
from fangxian.command.situation import queries
from fangxian.command.situation.catalogue import catalogue
from fangxian.command.situation.frozen import freeze, thaw
from fangxian.command.situation.narrative import headline, paragraphs, text_of
from fangxian.command.situation.schemas import Situation
from fangxian.core import clock
from fangxian.core.access import SYSTEM, Actor, Grant
from fangxian.core.errors import Invalid, NotAllowed, NotFound
from fangxian.duties.sweep import sweep
from fangxian.tracing import actions as tracing
from tests.support.county import CITY, COUNTY, OTHER_COUNTY, PROVINCE, VILLAGE, with_pack
from tests.support.tracers import Tracers, hand_on

pytestmark = pytest.mark.django_db
#: The first day of the story: the outbreak is opened, and its first case reported, at eight in the morning.
FIRST = date(2024, 3, 4)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def at(number: int, hour: float) -> Any:
    """The clock on a day of the story, at a local hour."""
    return clock.at(clock.local_midnight(day(number)) + timedelta(hours=hour))


def reader(role: str, area: str) -> Actor:
    return Actor(None, f"{role} of {area}", (Grant(role, area),), "web")


@pytest.fixture
def county() -> Iterator[Tracers]:
    """Three days of an outbreak in two counties."""
    with with_pack():
        with at(0, 8):
            county = Tracers.at()
        with at(1, 9):
            elsewhere = {"area": OTHER_COUNTY, "organisation": county.other_clinic}
            suspected = county.case(classification="suspected", diagnosed_at=None, **elsewhere)
            county.case(classification="asymptomatic", onset_on=None)
            held, loose = (tracing.expose(SYSTEM, county.met()).contact for _one in range(2))
            tracing.expose(SYSTEM, county.met())
            tracing.hold(SYSTEM, held, "home")
        with at(1, 15):
            wrong = county.case()
        with at(2, 10):
            sweep()
            cases.amend(SYSTEM, suspected.code, {"classification": "confirmed"}, 1)
            for contact in (held, loose):
                tracing.become_case(SYSTEM, contact, county.card(person="", onset_on=day(1)))
            cases.record_outcome(SYSTEM, county.index.code, "recovered", day(2))
            cases.discard(SYSTEM, wrong.code, "实验室复核为阴性")
            late = clock.local_midnight(day(1)) + timedelta(hours=20)
            county.case(reported_at=late, diagnosed_at=late - timedelta(hours=1))
            hand_on()
        with at(2, 18):
            yield county


def told(number: int | None, area: str = PROVINCE, by: Actor = SYSTEM, outbreak: str = "") -> Situation:
    return queries.situation(by, outbreak=outbreak, area=area, day=None if number is None else day(number))


def values(situation: Situation, *keys: str) -> list[int]:
    return [situation.value(key) for key in keys]


def test_a_day_in_numbers(county: Tracers) -> None:
    now = told(None, outbreak=county.outbreak)
    new = (
        "cases.new",
        "cases.new.confirmed",
        "cases.new.suspected",
        "cases.new.controlled",
        "cases.new.uncontrolled",
        "cases.new.community",
    )
    assert values(now, *new) == [2, 3, 0, 1, 1, 0], "the suspected case is newly confirmed, and was reported yesterday"
    assert values(now, "cases.late_entered", "cases.discarded", "cases.recovered.new", "cases.died.new") == [1, 1, 1, 0]
    assert values(now, "cases.total", "cases.total.confirmed", "cases.total.asymptomatic", "cases.in_care") == [
        6,
        5,
        1,
        5,
    ]
    assert values(now, "contacts.watched", "contacts.unheld", "contacts.new", "contacts.became_case") == [1, 1, 0, 2]
    yesterday = told(1, outbreak=county.outbreak)
    assert values(yesterday, *new[:3]) == [3, 1, 1], "what is ruled out later stays in the numbers of its day"
    assert values(yesterday, "cases.total", "contacts.watched", "contacts.new", "cases.late_entered") == [4, 3, 3, 0]


def test_every_number_has_its_name_its_meaning_its_question_and_its_list(county: Tracers) -> None:
    now = told(None, outbreak=county.outbreak)
    for one in now.figures:
        module, _dot, function = one.query.rpartition(".")
        assert one.name.zh and one.name.en and one.means.zh and one.means.en
        if "zones" not in module:
            assert callable(getattr(import_module(module), function)), one.query
        assert one.arguments["outbreak"] == county.outbreak and one.arguments["area"] == PROVINCE
        assert "{" not in one.list
    lists = {one.key: one for one in now.figures}
    shown = case_queries.total(SYSTEM, Filter(outbreak=county.outbreak, classification=["confirmed"]))
    assert "classification=confirmed" in lists["cases.total.confirmed"].list
    assert lists["cases.total.confirmed"].value == shown
    assert {one.key for one in now.figures} <= catalogue().keys()


def test_what_changed_is_explained_to_the_last_one(county: Tracers) -> None:
    changes = {one.key: one for one in told(None, outbreak=county.outbreak).changes}
    assert {key: (one.was, one.now) for key, one in changes.items()} == {
        "cases.total": (4, 6), "cases.in_care": (4, 5), "contacts.watched": (3, 1),
    }  # fmt: skip
    for one in changes.values():
        assert one.was + sum(number for _name, number in one.because) == one.now
    assert [(name.en, number) for name, number in changes["cases.in_care"].because] == [
        ("New cases reported", 2), ("Entered late", 1), ("Recovered", -1), ("Ruled out", -1),
    ]  # fmt: skip


def test_a_day_is_told_the_same_however_late_it_is_asked(county: Tracers) -> None:
    with at(2, 0):
        then = told(1, outbreak=county.outbreak)
    later = told(1, outbreak=county.outbreak)
    for one in then.figures:
        if one.key.startswith("cases.") or one.key in ("contacts.watched", "contacts.new"):
            assert later.value(one.key) == one.value, one.key
    assert later.curves == then.curves


def test_counties_add_up_to_their_province_and_each_sees_its_own(county: Tracers) -> None:
    whole = told(None, CITY, outbreak=county.outbreak)
    parts = {one.code: one.values for one in whole.parts}
    assert set(parts) == {COUNTY, OTHER_COUNTY}
    for code in (COUNTY, OTHER_COUNTY):
        alone = told(None, code, outbreak=county.outbreak)
        for key in (
            "cases.new",
            "cases.total",
            "cases.in_care",
            "contacts.watched",
            "duties.missing",
            "review.missing",
        ):
            assert alone.value(key) == parts[code][key], (code, key)
    for one in whole.figures:
        if one.key in parts[COUNTY]:
            assert sum(values[one.key] for values in parts.values()) == one.value, one.key
    assert told(None, OTHER_COUNTY, outbreak=county.outbreak).value("cases.total") == 1


def test_nobody_looks_above_or_beside_their_own(county: Tracers) -> None:
    officer = reader("duty_officer", COUNTY)
    assert queries.situation(officer, outbreak=county.outbreak).area == COUNTY
    assert queries.situation(officer, outbreak=county.outbreak, area=VILLAGE).value("cases.total") > 0
    for area in (CITY, PROVINCE, "", OTHER_COUNTY):
        with pytest.raises(NotFound):
            queries.situation(officer, outbreak=county.outbreak, area=area)
        with pytest.raises(NotFound):
            queries.missing_by_name(officer, area, "case.review")
    with pytest.raises(NotAllowed):
        queries.situation(reader("grid_worker", VILLAGE), outbreak=county.outbreak)
    leader = queries.situation(reader("leader", CITY), outbreak=county.outbreak)
    mine = {one.key: one.value for one in leader.figures}
    assert mine == {one.key: one.value for one in told(None, CITY, outbreak=county.outbreak).figures}


def test_names_are_for_whoever_may_act_on_them(county: Tracers) -> None:
    found = queries.missing_by_name(reader("duty_officer", COUNTY), COUNTY, "case.investigation")
    assert found.by_name and found.steps
    others = queries.missing_by_name(Actor(None, "x", (Grant("leader", COUNTY),), "web"), COUNTY, "case.investigation")
    assert others.by_name, "a commander sees duties in the own area"


def test_days_that_cannot_be_told_are_refused_in_words(county: Tracers) -> None:
    for number in (3, -1):
        with pytest.raises(Invalid) as refused:
            told(number, outbreak=county.outbreak)
        assert refused.value.field == "day" and refused.value.remedy


def test_a_day_on_which_nothing_happened(county: Tracers) -> None:
    with at(6, 9):
        quiet = told(5, outbreak=county.outbreak)
        assert values(quiet, "cases.new", "cases.new.confirmed", "cases.discarded", "cases.total") == [0, 0, 0, 6]
        assert quiet.double_zero == 3
        assert text_of(paragraphs(quiet, True)[0]).startswith("3月9日0时至24时，江省无新报告病例。")
        assert "no new case reported" in text_of(paragraphs(quiet, False)[0])
        assert "已连续3天" in text_of(headline(quiet, True))


def test_sentences_are_those_of_the_figures(county: Tracers) -> None:
    now = told(None, outbreak=county.outbreak)
    for chinese in (True, False):
        for paragraph in paragraphs(now, chinese):
            for piece in paragraph:
                if piece.key:
                    assert int(piece.text.replace(",", "")) == now.value(piece.key)
    assert "新报告病例2例，新增确诊3例" in text_of(headline(now, True))
    english = text_of(paragraphs(now, False)[0])
    assert "2 new cases reported, 3 newly confirmed" in english and "1 case of earlier days came in late" in english
    assert "{" not in english and "|" not in english


def test_frozen_figures_are_the_same_figures(county: Tracers) -> None:
    now = told(None, outbreak=county.outbreak)
    assert thaw(freeze(now)) == now
    assert freeze(thaw(freeze(now))) == freeze(now)


def test_the_double_zero_of_the_situation_is_that_of_the_outbreak(county: Tracers) -> None:
    for hours in (0, 30, 80):
        with clock.at(clock.now() + timedelta(hours=hours)):
            streak = case_queries.double_zero(SYSTEM, county.outbreak).days
            assert told(None, outbreak=county.outbreak).double_zero == streak


def test_it_costs_the_same_for_more_cases(county: Tracers, django_assert_max_num_queries: Callable[..., Any]) -> None:
    by = reader("leader", CITY)
    told(None, CITY, by, county.outbreak)
    with django_assert_max_num_queries(30):
        told(None, CITY, by, county.outbreak)
    queries.picture(by, outbreak=county.outbreak, area=CITY)
    with django_assert_max_num_queries(3):
        queries.picture(by, outbreak=county.outbreak, area=CITY)


def test_a_day_that_was_reported_is_not_counted_again(
    county: Tracers, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    def yesterday(situation: Situation) -> dict[str, int | None]:
        return {one.key: one.was for one in situation.figures if one.key.startswith(("cases.", "double_zero"))}

    by = reader("leader", CITY)
    counted = yesterday(told(None, CITY, by, county.outbreak))
    assert any(counted.values())
    sitreps.draft(SYSTEM, county.outbreak, CITY, day(1))
    reported = clock.now() - clock.DAY
    county.case(
        reported_at=reported, diagnosed_at=reported, onset_on=day(0)
    )  # what comes in late does not change what was known then
    with django_assert_max_num_queries(22):
        assert yesterday(told(None, CITY, by, county.outbreak)) == counted


def test_a_picture_is_counted_anew_when_something_was_written(county: Tracers) -> None:
    by = reader("leader", CITY)
    before, _choices = queries.picture(by, outbreak=county.outbreak, area=CITY)
    county.case()
    after, _choices = queries.picture(by, outbreak=county.outbreak, area=CITY)
    assert after.value("cases.new") == before.value("cases.new") + 1


def test_curves_have_every_day_up_to_the_last(county: Tracers) -> None:
    now = told(None, outbreak=county.outbreak)
    days: list[date] = [one.day for one in now.curves["report"]]
    assert days == [day(number) for number in range(3)]
    assert sum(one.total for one in now.curves["report"]) == now.value("cases.total")
    assert now.curves["onset"][-1].day == day(2)
    assert isinstance(now.until, datetime)
