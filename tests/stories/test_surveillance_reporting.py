"""Sources and what they owe: zero counts, late is chased, wrong is named, corrected keeps its history, everybody is tested or named."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from django.utils.translation import override

from fangxian.core import clock, journal
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.duties import queries as duties
from fangxian.duties.sweep import sweep
from fangxian.surveillance import actions, queries
from fangxian.surveillance.calendars import calendar_of
from fangxian.surveillance.models import Report
from fangxian.surveillance.schemas import ObservationForm, ReportForm, SourceForm, UntestedForm
from tests.support import sentinels
from tests.support.web import NOW, signed_in
from tests.support.world import LANYUE, World

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 4)
YESTERDAY = date(2026, 3, 3)


@pytest.fixture(autouse=True)
def in_english(at_the_hour: None) -> Iterator[None]:
    with override("en"):
        yield


def told(code: str, day: date = YESTERDAY, *, named: tuple[UntestedForm, ...] = (), **values: float) -> ReportForm:
    numbers = values or {"visits": 0, "fever": 0, "ili": 0, "tested": 0}
    return ReportForm(source=code, day=day, values=numbers, untested=named)


def test_a_zero_report_counts_and_does_the_duty(city: World) -> None:
    one = sentinels.source(city, owed_from=YESTERDAY)
    clinic = city.actor("clinic")
    mine = [step for step in duties.my_steps(clinic) if step.kind == "report.due"]
    assert [(step.due_at, step.organisation_id) for step in mine] == [
        (clock.local_midnight(TODAY) + timedelta(hours=9), city.bodies["clinic"]),
        (clock.local_midnight(TODAY) + timedelta(hours=33), city.bodies["clinic"]),
    ], "yesterday's by nine today, today's by nine tomorrow"
    report = actions.report(clinic, told(one.code))
    assert report.received_at == clock.now()
    (shown, _today) = sorted(queries.reports(clinic, one.code, YESTERDAY, TODAY), key=lambda row: row.day)
    assert (shown.state, dict(shown.values)) == ("received", {"visits": 0, "fever": 0, "ili": 0, "tested": 0})
    assert len([step for step in duties.my_steps(clinic) if step.kind == "report.due"]) == 1
    assert duties.gaps("9901") == []


def test_numbers_that_are_missing_are_not_zero(city: World) -> None:
    one = sentinels.source(city, owed_from=YESTERDAY)
    actions.report(city.actor("clinic"), told(one.code, visits=12, fever=3))
    shown = queries.reports(city.actor("clinic"), one.code, YESTERDAY, YESTERDAY)[0]
    assert (shown.state, shown.missing) == ("late", ("ili", "tested")), (
        "half past two: due at nine, and half of it is here"
    )
    actions.report(city.actor("clinic"), told(one.code, ili=0, tested=3))
    assert queries.reports(city.actor("clinic"), one.code, YESTERDAY, YESTERDAY)[0].state == "received"


def test_a_late_source_is_chased_up_the_line(city: World) -> None:
    one = sentinels.source(city, owed_from=YESTERDAY)
    assert [late.source for late in queries.late_reports(city.actor("duty"))] == [one.code]
    sweep()
    (step,) = [step for step in duties.open_steps(SYSTEM, kinds=("report.due",)) if step.escalated_to]
    assert step.escalated_to == "9901", "five and a half hours late: from the county to the city"
    with clock.at(NOW + timedelta(hours=1)):
        actions.report(city.actor("clinic"), told(one.code))
    settled = duties.of_subject("report", step.duty.subject_id)[0]
    assert (settled.state, settled.outcome) == ("closed", "reported")
    done = settled.steps.all()[0]
    assert done.done_at is not None and done.due_at is not None and done.done_at > done.due_at, (
        "done, and late for ever"
    )
    assert queries.late_reports(city.actor("duty")) == []


def test_everybody_with_fever_is_tested_or_named(city: World) -> None:
    one = sentinels.source(city, owed_from=YESTERDAY)
    clinic = city.actor("clinic")
    actions.report(clinic, told(one.code, visits=80, fever=10, ili=4, tested=8))
    assert queries.reports(clinic, one.code, YESTERDAY, YESTERDAY)[0].missing == ("untested",)
    two = (UntestedForm("F-0303-17", "拒绝采样"), UntestedForm("F-0303-22", "未等候即离开"))
    actions.report(clinic, told(one.code, named=two, tested=8))
    assert queries.reports(clinic, one.code, YESTERDAY, YESTERDAY)[0].state == "received"
    actions.settle_untested(clinic, one.code, YESTERDAY, "F-0303-22", "3月4日上午返院采样，阴性")
    assert {row.reference: row.settled[:4] for row in queries.untested(clinic, one.code)} == {
        "F-0303-17": "",
        "F-0303-22": "3月4日",
    }


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"visits": -1}, "visits", "negative"),
        ({"visits": 2.5}, "visits", "whole number"),
        ({"visits": float("nan")}, "visits", "counted"),
        ({"visits": 5, "ili": 6}, "ili", "part"),
        ({"ili_share": 0.2}, "measure", "computed"),
        ({"absent": 3}, "measure", "does not report"),
        ({"visits:一班": 3}, "unit", "no class"),
    ],
)
def test_what_cannot_be_is_named(city: World, values: dict[str, Any], field: str, words: str) -> None:
    one = sentinels.source(city, owed_from=YESTERDAY)
    with pytest.raises(Invalid, match=words) as refused:
        actions.report(city.actor("clinic"), told(one.code, **values))
    assert refused.value.field == field and refused.value.remedy
    assert not Report.objects.filter(source=one, received_at__isnull=False).exists()


def test_days_outside_of_the_series_are_named(city: World) -> None:
    one = sentinels.source(city, since=date(2026, 2, 1))
    for day, words in ((TODAY + timedelta(days=1), "future"), (date(2026, 1, 31), "begins on 2026-02-01")):
        with pytest.raises(Invalid, match=words):
            actions.report(city.actor("clinic"), told(one.code, day))
    actions.retire_source(city.actor("duty"), one.code, "门诊合并")
    with clock.at(NOW + timedelta(days=2)), pytest.raises(Invalid, match="ended on 2026-03-04"):
        actions.report(city.actor("clinic"), told(one.code, date(2026, 3, 5)))


def test_a_pile_keeps_what_is_right_and_names_what_is_not(city: World) -> None:
    one = sentinels.source(city, since=date(2026, 2, 1))
    rows = [
        ObservationForm(source=one.code, day=YESTERDAY, measure="visits", value=100),
        ObservationForm(source=one.code, day=YESTERDAY, measure="visits", value=101),
        ObservationForm(source="7K2M9QXTB4", day=YESTERDAY, measure="visits", value=1),
        ObservationForm(source=one.code, day=YESTERDAY, measure="fever", value=-2),
        ObservationForm(source=one.code, day=YESTERDAY, measure="ili", value=0),
    ]
    taken = actions.report_many(city.actor("clinic"), rows)
    assert (taken.new, taken.corrected, taken.unchanged) == (2, 0, 0)
    assert [(place, refusal.code) for place, refusal in taken.refused] == [
        (1, "duplicate_in_list"), (2, "not_found"), (3, "invalid")
    ]  # fmt: skip
    again = actions.report_many(city.actor("clinic"), rows)
    assert (again.new, again.unchanged) == (0, 2), "sent twice is told once"


def test_a_correction_keeps_what_was_said_before(city: World) -> None:
    one = sentinels.source(city, owed_from=YESTERDAY)
    actions.report(city.actor("clinic"), told(one.code, visits=50, fever=5, ili=2, tested=5))
    actions.report(
        city.actor("clinic"), ReportForm(source=one.code, day=YESTERDAY, values={"ili": 4}, reason="漏登两例")
    )
    kept = [row for row in queries.versions(SYSTEM, one.code, YESTERDAY) if row.measure == "ili"]
    assert [(row.version, row.value, row.reason) for row in kept] == [(1, 2, ""), (2, 4, "漏登两例")]
    assert queries.reports(SYSTEM, one.code, YESTERDAY, YESTERDAY)[0].values["ili"] == 4
    assert not [fault for fault in journal.verify() if isinstance(fault, journal.Fault)], "and the chain holds"


def test_an_implausible_number_asks_once(city: World) -> None:
    one = sentinels.source(city, since=date(2026, 2, 1))
    sentinels.history(one, 20)
    with pytest.raises(Conflict) as asked:
        actions.report(city.actor("clinic"), told(one.code, TODAY, visits=1200))
    assert (asked.value.code, asked.value.field) == ("implausible", "visits")
    form = ReportForm(source=one.code, day=TODAY, values={"visits": 1200}, confirmed=True)
    actions.report(city.actor("clinic"), form)
    assert queries.reports(SYSTEM, one.code, TODAY, TODAY)[0].values["visits"] == 1200


def test_only_ones_own_source_and_only_who_may(city: World) -> None:
    body = sentinels.school(city)
    one = sentinels.source(city)
    assert body and queries.my_sources(city.actor("school")) == []
    with pytest.raises(NotFound):
        actions.report(city.actor("school"), told(one.code))
    with pytest.raises(NotFound):
        actions.report(city.actor("stranger"), told(one.code))
    with pytest.raises(NotFound):
        queries.reports(city.actor("stranger"), one.code, YESTERDAY, TODAY)
    with pytest.raises(NotAllowed):
        actions.note_break(city.actor("investigator"), one.code, "ili", TODAY, "新定义")
    with pytest.raises(NotAllowed):
        actions.register_source(city.actor("duty"), SourceForm(
            kind="hotline", name_zh="揽月热线", organisation=city.bodies["cdc"], area=LANYUE
        ))  # fmt: skip


def test_a_calendar_knows_holidays_and_a_change_excuses_what_is_no_longer_due(city: World) -> None:
    sentinels.school(city)
    one = sentinels.source(city, "school", "school", units=("一班", "二班"), owed_from=date(2026, 2, 27))
    owed = [report.day for report in Report.objects.filter(source=one).order_by("day")]
    assert owed == [date(2026, 2, 27), date(2026, 3, 2), YESTERDAY, TODAY], "working days only"
    holiday = (date(2026, 3, 2), YESTERDAY)
    changed = actions.change_source(city.actor("duty"), one.code, {"closures": (holiday,)}, one.version)
    assert not calendar_of(changed).owes(YESTERDAY)
    assert [late.day for late in queries.late_reports(city.actor("duty"))] == [date(2026, 2, 27), TODAY]
    with pytest.raises(Conflict, match="meanwhile"):
        actions.change_source(city.actor("duty"), one.code, {"lag": 1}, one.version)


def test_what_is_due_tomorrow_is_opened_tomorrow_once(city: World) -> None:
    one = sentinels.source(city)
    before = Report.objects.filter(source=one).count()
    with clock.at(NOW + timedelta(days=3)):
        assert actions.owe(SYSTEM) == 3
        assert actions.owe(SYSTEM) == 0
        assert Report.objects.filter(source=one).count() == before + 3
        assert duties.gaps("9901") == []


def test_a_series_has_every_day_and_what_is_computed_from_it(city: World) -> None:
    one = sentinels.source(city, since=date(2026, 2, 20))
    actions.report(city.actor("clinic"), told(one.code, date(2026, 2, 21), visits=50, ili=5))
    actions.report(city.actor("clinic"), told(one.code, visits=0, ili=0))
    found = {row.measure: row for row in queries.series(city.actor("duty"), source=one.code)}
    assert str(found["ili"].days[0]) == "2026-02-20" and len(found["ili"].days) == 13
    assert np.nansum(found["ili"].values) == 5 and int(np.isnan(found["ili"].values).sum()) == 11
    assert found["ili_share"].values[1] == pytest.approx(0.1)
    assert np.isnan(found["ili_share"].values[-2]), "nobody came: there is no share, and no division by nothing"


def test_wastewater_is_made_comparable_by_flow_and_by_pmmov(city: World) -> None:
    one = sentinels.source(
        city, "wastewater", "cdc", measures=("copies", "flow", "population", "pmmov"), since=date(2026, 2, 1), weekday=0
    )
    for week, (copies, flow) in enumerate(((1000, 40_000), (500, 80_000))):
        day = date(2026, 2, 23) + timedelta(days=7 * week)
        more = {"population": 200_000} if not week else {}
        actions.report(
            SYSTEM, ReportForm(source=one.code, day=day, values={"copies": copies, "flow": flow, "pmmov": 1e6, **more})
        )
    found = {row.measure: row.values[-2:] for row in queries.series(SYSTEM, source=one.code)}
    assert found["per_person"].tolist() == pytest.approx([200_000, 200_000]), (
        "rain dilutes; what people shed is the same"
    )
    assert found["to_pmmov"].tolist() == pytest.approx([1e-3, 5e-4])


def test_with_hundreds_of_sources_the_late_come_first_and_every_one_is_on_some_page(
    city: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fangxian.web.sources.entering._PAGE", 3)
    rows = [sentinels.source(city, "hotline", "cdc", name_zh=f"热线{at}") for at in range(8)]
    owing = {rows[at].code for at in (1, 4, 6, 7)}
    past = clock.now() - timedelta(hours=1)
    Report.objects.filter(source__in=rows).update(received_at=past)
    Report.objects.filter(source__code__in=owing).update(received_at=None, due_at=past)
    client, address = signed_in(city, "duty"), "/sources/"
    pages: list[list[str]] = []
    mine = [one.code for one in queries.my_sources(city.actor("duty"))]
    while address and len(pages) < 20:
        context = client.get(address).context
        pages.append([one.code for one, _turn in context["sources"]])
        address = f"/sources/?after={context['after']}" if context["after"] else ""
    assert [len(page) for page in pages[:-1]] == [3] * (len(pages) - 1)
    flat = [code for page in pages for code in page]
    assert sorted(flat) == sorted(mine) and len(set(flat)) == len(flat)
    late = [one.code for one in queries.my_sources(city.actor("duty"), late=True)]
    assert flat[: len(late)] == late and owing <= set(late)
    found = [one.code for one, _turn in client.get("/sources/", {"text": "热线5"}).context["sources"]]
    assert found == [rows[5].code]
    assert [one.code for one, _turn in client.get("/sources/", {"text": rows[2].code.lower()}).context["sources"]] == [
        rows[2].code
    ]
    some = client.get("/sources/", {"text": "热线"}).context
    assert {one.code for one, _turn in some["sources"]} < {row.code for row in rows} and some["after"].startswith(
        "late:"
    )
    assert "没有这个名称" in client.get("/sources/", {"text": "%_"}).content.decode()
    for nonsense in ("late:x", "rest:", "-1", "9" * 30, "late:0:0"):
        assert client.get("/sources/", {"after": nonsense}).status_code == 200
