"""The line list and the numbers: what is seen by whom, page by page, day by day, and what leaves the house."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import translation

from fangxian.cases import actions, queries
from fangxian.cases.models import Case
from fangxian.cases.schemas import CaseForm, Filter, Order, OutbreakForm
from fangxian.core import clock, journal
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from fangxian.core.models import Entry
from fangxian.duties import subjects
from fangxian.standards.tables import open_table
from tests.support.county import CITY, COUNTY, OTHER_COUNTY, PROVINCE, START, SUSPECTED, County, with_pack

pytestmark = pytest.mark.django_db
NOW = START + timedelta(days=20, hours=4)
TODAY = date(2024, 3, 24)


@pytest.fixture
def county() -> Iterator[County]:
    with with_pack(), clock.at(NOW):
        yield County.at(START)


def _ago(days: int, hour: int = 0) -> datetime:
    return NOW - timedelta(days=days, hours=hour)


def _card(county: County, days: int, **more) -> CaseForm:
    """A card reported so many days ago, with an onset two days before."""
    return county.form(
        **{
            "reported_at": _ago(days),
            "diagnosed_at": _ago(days, 1),
            "onset_on": _ago(days).date() - timedelta(days=2),
            **more,
        }
    )


@pytest.fixture
def cases(county: County) -> dict[str, Case]:
    """Six cases that differ in everything a filter asks for."""
    made = {
        "old": _card(county, 15, source_ref="L-1", origin="imported", severity="mild"),
        "dead": _card(county, 12, outcome="died", outcome_on=TODAY - timedelta(days=9), severity="critical"),
        "suspected": _card(county, 9, facts=SUSPECTED, diagnosed_at=None),
        "elsewhere": _card(county, 6, area=OTHER_COUNTY, organisation=county.other_clinic),
        "undated": _card(county, 4, onset_on=None, person=county.person(name="欧阳娜娜")),
        "new": _card(county, 2, person=county.person(name="Maria de Souza")),
    }
    found = {name: actions.report(SYSTEM, form) for name, form in made.items()}
    for level in ("county", "city", "province"):
        actions.review(county.actor(level), found["old"].code, "approve")
    return found


def _names(cases: dict[str, Case], page) -> list[str]:
    by_code = {case.code: name for name, case in cases.items()}
    return [by_code[row.code] for row in page.rows]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, ["new", "undated", "elsewhere", "suspected", "dead", "old"]),
        ({"area": COUNTY}, ["new", "undated", "suspected", "dead", "old"]),
        ({"area": OTHER_COUNTY}, ["elsewhere"]),
        ({"classification": ["suspected"]}, ["suspected"]),
        ({"origin": "imported"}, ["old"]),
        ({"reviewed": "province"}, ["old"]),
        ({"severity": "critical"}, ["dead"]),
        ({"outcome": "died"}, ["dead"]),
        ({"outcome": "in_care", "area": OTHER_COUNTY}, ["elsewhere"]),
        ({"late": True, "area": COUNTY}, ["new", "undated", "suspected", "dead"]),
        (
            {"reported_from": TODAY - timedelta(days=6), "reported_to": TODAY - timedelta(days=4)},
            ["undated", "elsewhere"],
        ),
        ({"onset_from": TODAY - timedelta(days=8), "onset_to": TODAY - timedelta(days=4)}, ["new", "elsewhere"]),
        ({"text": "L-1"}, ["old"]),
        ({"text": "欧阳"}, ["undated"]),
        ({"text": "ouyang"}, ["undated"]),
        ({"text": "maria"}, ["new"]),
        ({"text": "100%_"}, []),
        ({"outbreak": "0000000000"}, []),
    ],
)
def test_filters(county: County, cases: dict[str, Case], wanted: dict, names: list[str]) -> None:
    page = queries.line_list(county.actor("province"), Filter(**wanted))
    assert _names(cases, page) == names
    assert queries.total(county.actor("province"), Filter(**wanted)) == len(names)


def test_a_code_is_found_however_it_was_typed(county: County, cases: dict[str, Case]) -> None:
    code = cases["dead"].code
    typed = f"{code[:4].lower()}-{code[4:]}"
    assert _names(cases, queries.line_list(SYSTEM, Filter(text=typed))) == ["dead"]


def test_names_are_searched_only_by_who_may_see_them(county: County, cases: dict[str, Case]) -> None:
    assert queries.line_list(county.actor("officer"), Filter(text="欧阳")).rows == ()
    assert len(queries.line_list(county.actor("investigator"), Filter(text="欧阳")).rows) == 1


@pytest.mark.parametrize("order", ["-reported", "reported", "-onset", "onset"])
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_pages_follow_each_other_without_gap_or_repetition(
    county: County, cases: dict[str, Case], order: Order, limit: int
) -> None:
    whole = _names(cases, queries.line_list(SYSTEM, order=order))
    paged: list[str] = []
    cursor = ""
    while True:
        page = queries.line_list(SYSTEM, order=order, cursor=cursor, limit=limit)
        paged += _names(cases, page)
        if not (cursor := page.cursor):
            break
    assert paged == whole
    assert len(whole) == 6
    if "onset" in order:
        assert whole[-1] == "undated"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"order": "name"}, "order"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "eyJhIjoxfQ"}, "cursor"),
        ({"wanted": Filter(onset_from=TODAY, onset_to=TODAY - timedelta(days=1))}, "onset_to"),
        ({"wanted": Filter(reported_from=TODAY, reported_to=TODAY - timedelta(days=1))}, "reported_to"),
    ],
)
def test_what_cannot_be_asked_is_refused(county: County, cases: dict[str, Case], arguments: dict, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        queries.line_list(SYSTEM, **arguments)
    assert refused.value.field == field


def test_everybody_sees_their_own_jurisdiction_and_nobody_a_name(county: County, cases: dict[str, Case]) -> None:
    seen = {
        post: set(_names(cases, queries.line_list(county.actor(post))))
        for post in ("clinic", "other_clinic", "county", "other_county", "city")
    }
    ours = {"old", "dead", "suspected", "undated", "new"}
    assert seen["county"] == ours
    assert seen["clinic"] == ours, "what it reported itself"
    assert seen["other_county"] == {"elsewhere"}
    assert seen["other_clinic"] == {"elsewhere"}, "what it reported, wherever the patient lives"
    assert seen["city"] == ours | {"elsewhere"}
    names = {row.name for row in queries.line_list(SYSTEM).rows}
    assert "欧阳**" in names
    assert not any("娜" in name or "aria" in name for name in names)
    with pytest.raises(NotFound):
        queries.case(county.actor("other_county"), cases["new"].code)


def test_a_line_says_what_the_card_says(county: County, cases: dict[str, Case]) -> None:
    with translation.override("en"):
        (row,) = queries.line_list(SYSTEM, Filter(text="L-1")).rows
        assert (row.area_name, row.organisation, row.age) == ("Hekou Village", "Dong clinic", 44)
    assert (row.outbreak, row.review, row.version) == (county.outbreak, "province", cases["old"].version + 3)


def test_a_page_costs_few_queries(county: County, cases: dict[str, Case], django_assert_max_num_queries) -> None:
    actor = county.actor("province")
    with django_assert_max_num_queries(8):
        queries.line_list(actor, Filter(area=CITY, late=True, text="ouyang"))
    with django_assert_max_num_queries(12):
        queries.case(actor, cases["new"].code)


def test_the_engine_can_say_what_a_case_is_called(county: County, cases: dict[str, Case]) -> None:
    case = cases["undated"]
    described = subjects.describe("case", [case.pk])[case.pk]
    assert (described.title, described.code, described.url) == ("欧阳**", case.code, f"/cases/{case.code}/")


# ── numbers by day ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_epidemic_curve_has_every_day_and_says_what_is_undated(county: County, cases: dict[str, Case]) -> None:
    actions.discard(SYSTEM, cases["new"].code, "not a case")
    curve = queries.epicurve(SYSTEM, county.outbreak)
    assert curve.undated == 1
    assert (curve.days[0].day, curve.days[-1].day) == (TODAY - timedelta(days=17), TODAY - timedelta(days=8))
    assert len(curve.days) == 10
    assert {day.day: day.counts for day in curve.days if day.total} == {
        TODAY - timedelta(days=17): {"confirmed": 1},
        TODAY - timedelta(days=14): {"confirmed": 1},
        TODAY - timedelta(days=11): {"suspected": 1},
        TODAY - timedelta(days=8): {"confirmed": 1},
    }
    reported = queries.epicurve(SYSTEM, county.outbreak, "report", COUNTY)
    assert (sum(day.total for day in reported.days), reported.undated) == (4, 0)
    assert reported.days[0].day == TODAY - timedelta(days=15)


def test_days_are_local_days(county: County) -> None:
    late_in_the_evening = datetime(2024, 3, 20, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
    after_midnight = datetime(2024, 3, 20, 16, 1, tzinfo=UTC)
    for moment in (late_in_the_evening, after_midnight):
        actions.report(SYSTEM, county.form(reported_at=moment, diagnosed_at=None, onset_on=None))
    curve = queries.epicurve(SYSTEM, county.outbreak, "report")
    assert [(day.day, day.total) for day in curve.days] == [(date(2024, 3, 20), 1), (date(2024, 3, 21), 1)]
    found = queries.line_list(SYSTEM, Filter(reported_from=date(2024, 3, 21), reported_to=date(2024, 3, 21)))
    assert [row.reported_at for row in found.rows] == [after_midnight]


def test_daily_numbers_stay_as_they_were_counted(county: County, cases: dict[str, Case]) -> None:
    with clock.at(_ago(5)):
        actions.amend(SYSTEM, cases["suspected"].code, {"classification": "confirmed"}, 1)
    actions.discard(SYSTEM, cases["elsewhere"].code, "not a case")
    numbers = {day.day: dict(day.counts) for day in queries.daily_numbers(SYSTEM, county.outbreak) if day.total}
    assert numbers == {
        TODAY - timedelta(days=15): {"confirmed": 1},
        TODAY - timedelta(days=12): {"confirmed": 1},
        TODAY - timedelta(days=9): {"suspected": 1, "died": 1},
        TODAY - timedelta(days=6): {"confirmed": 1},
        TODAY - timedelta(days=5): {"confirmed": 1},
        TODAY - timedelta(days=4): {"confirmed": 1},
        TODAY - timedelta(days=2): {"confirmed": 1},
    }
    assert queries.daily_numbers(SYSTEM, county.outbreak, "98") == ()


def test_double_zero_counts_whole_days_since_the_newest_case(county: County) -> None:
    def streak() -> tuple[int, date | None, bool]:
        found = queries.double_zero(SYSTEM, county.outbreak)
        return found.days, found.last_on, found.broken_today

    assert streak() == (19, None, False), "from the day after the opening through yesterday"
    case = actions.report(SYSTEM, _card(county, 6, facts=SUSPECTED))
    assert streak() == (5, TODAY - timedelta(days=6), False)
    actions.report(SYSTEM, _card(county, 3, facts={"pcr_positive": True, "symptomatic": False}))
    assert streak() == (5, TODAY - timedelta(days=6), False), "an infection without symptoms does not break it"
    actions.amend(SYSTEM, case.code, {"classification": "confirmed"}, 1)
    assert streak() == (0, TODAY, True)
    with clock.at(NOW + timedelta(days=1)):
        assert streak() == (0, TODAY, False)
    with clock.at(NOW + timedelta(days=3)):
        assert streak() == (2, TODAY, False)
        actions.discard(SYSTEM, case.code, "not a case")
        assert streak() == (2, TODAY, False), "what was published stays published"
        assert queries.double_zero(SYSTEM, county.outbreak, OTHER_COUNTY).days == 22


# ── outbreaks ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_seven_one_seven_is_proposed_recorded_and_judged(county: County, cases: dict[str, Case]) -> None:
    before = queries.seven_one_seven(SYSTEM, county.outbreak)
    assert before.dates == {}
    assert before.proposed == {
        "emerged_on": TODAY - timedelta(days=17),
        "detected_on": TODAY - timedelta(days=15),
        "notified_on": TODAY - timedelta(days=15),
    }
    assert [one.met for one in before.intervals] == [None, None, None]
    reviewer = county.actor("province")
    actions.set_milestones(reviewer, county.outbreak, before.proposed)
    told_later = {"notified_on": TODAY - timedelta(days=13)}
    for unsaid in ("", " x "):
        with pytest.raises(Invalid) as refused:
            actions.set_milestones(reviewer, county.outbreak, told_later, unsaid)
        assert refused.value.field == "reason"
    with pytest.raises(Invalid, match=r"reason|理由"):
        actions.set_milestones(reviewer, county.outbreak, {"notified_on": None})
    actions.set_milestones(reviewer, county.outbreak, told_later, " The fax was sent on Monday ")
    actions.set_milestones(reviewer, county.outbreak, told_later)  # nothing changes, nothing to explain
    after = queries.seven_one_seven(reviewer, county.outbreak)
    assert [(one.key, one.days, one.target_days, one.met) for one in after.intervals] == [
        ("detect", 2, 7, True),
        ("notify", 2, 1, False),
        ("respond", None, 7, False),
    ]
    assert after.proposed == {}
    actions.set_milestones(reviewer, county.outbreak, {"responded_on": TODAY - timedelta(days=6)})
    assert queries.seven_one_seven(reviewer, county.outbreak).intervals[2].met is True
    lines = Entry.objects.filter(action="outbreak.dated").order_by("seq")
    assert json.loads(lines[1].data) == {
        "changes": {"notified_on": ["2024-03-09", "2024-03-11"]},
        "reason": "The fax was sent on Monday",
    }
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("days", "field"),
    [
        ({"emerged_on": TODAY + timedelta(days=1)}, "emerged_on"),
        ({"detected_on": TODAY, "notified_on": TODAY - timedelta(days=1)}, "notified_on"),
        ({"celebrated_on": TODAY}, "celebrated_on"),
    ],
)
def test_milestones_that_cannot_be(county: County, days: dict, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.set_milestones(county.actor("province"), county.outbreak, days)
    assert refused.value.field == field


def test_who_opens_closes_and_sees_outbreaks(county: County) -> None:
    with pytest.raises(NotAllowed):
        actions.open_outbreak(county.actor("investigator"), OutbreakForm(name_zh="x", pack="river-fever", area=COUNTY))
    with pytest.raises(NotAllowed):
        actions.open_outbreak(county.actor("county"), OutbreakForm(name_zh="x", pack="river-fever", area=CITY))
    own = actions.open_outbreak(county.actor("county"), OutbreakForm(name_zh="x", pack="river-fever", area=COUNTY))
    assert {one.code for one in queries.outbreaks(county.actor("county"))} == {own.code, county.outbreak}
    assert {one.code for one in queries.outbreaks(county.actor("other_county"))} == {county.outbreak}
    for ask in (queries.outbreak, queries.double_zero, queries.epicurve, queries.seven_one_seven):
        with pytest.raises(NotFound):
            ask(county.actor("other_county"), own.code)
    with pytest.raises(NotAllowed):
        actions.close_outbreak(county.actor("investigator"), own.code, "over")
    with pytest.raises(NotFound):
        actions.close_outbreak(county.actor("other_county"), own.code, "over")
    actions.close_outbreak(county.actor("county"), own.code, "over")
    with pytest.raises(Conflict):
        actions.close_outbreak(county.actor("county"), own.code, "over")
    assert [one.code for one in queries.outbreaks(SYSTEM, open_only=True)] == [county.outbreak]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name_zh": " "}, "name_zh"),
        ({"pack": "no-such-pack"}, "pack"),
        ({"area": "123"}, "area"),
        ({"opened_at": NOW + timedelta(days=1)}, "opened_at"),
    ],
)
def test_an_outbreak_that_cannot_be_opened(county: County, wrong: dict, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.open_outbreak(
            SYSTEM, OutbreakForm(**{"name_zh": "x", "pack": "river-fever", "area": PROVINCE, **wrong})
        )
    assert refused.value.field == field
    assert refused.value.remedy


# ── export ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_an_export_holds_what_the_screen_shows_and_is_journalled(
    county: County, cases: dict[str, Case], tmp_path: Path, suffix: str, language: str
) -> None:
    actor = county.actor("county")
    with translation.override(language):
        target = tmp_path / f"list{suffix}"
        assert actions.export(actor, Filter(classification=["confirmed"]), target) == 4
        shown = queries.line_list(actor, Filter(classification=["confirmed"])).rows
        expected = queries.export(actor).columns
    table = open_table(target)
    assert table.columns == tuple(expected)
    rows = [dict(zip(table.columns, row.cells, strict=True)) for row in table]
    first = list(table.columns)
    assert [row[first[0]] for row in rows] == [row.code for row in shown]
    assert [row[first[3]] for row in rows] == [row.name for row in shown]
    assert not any("娜" in str(cell) for row in rows for cell in row.values())
    entry = Entry.objects.get(action="cases.exported")
    data = json.loads(entry.data)
    assert (entry.actor, data["rows"], data["file"]) == ("县审王", 4, target.name)
    assert data["filter"] == {"classification": "['confirmed']"}


def test_a_formula_in_a_source_number_stays_text(county: County, tmp_path: Path) -> None:
    actions.report(SYSTEM, county.form(source_ref="=HYPERLINK(1)"))
    actions.export(SYSTEM, Filter(), tmp_path / "list.csv")
    with (tmp_path / "list.csv").open(encoding="utf-8-sig", newline="") as file:
        assert not list(csv.reader(file))[1][1].startswith("=")


def test_an_export_that_cannot_be(county: County, cases: dict[str, Case], tmp_path: Path) -> None:
    with pytest.raises(NotAllowed):
        actions.export(county.actor("clinic"), Filter(), tmp_path / "list.csv")
    with pytest.raises(Invalid) as refused:
        actions.export(SYSTEM, Filter(), tmp_path / "list.pdf")
    assert refused.value.field == "path"
    with pytest.raises(Refusal) as not_written:
        actions.export(SYSTEM, Filter(), tmp_path / "nowhere" / "list.csv")
    assert not_written.value.code == "not_written"
    assert list(tmp_path.iterdir()) == []
    assert [one for one in journal.verify() if isinstance(one, journal.Fault)] == []
