"""From the first sign to the end: signals of a place add up, an alert is triaged, verified, and becomes an outbreak or a label."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils.translation import override

from fangxian.cases import queries as cases
from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.duties import queries as duties
from fangxian.surveillance import actions, fusing, queries
from fangxian.surveillance.models import Alert, Observation, Signal, Source
from fangxian.surveillance.schemas import ObservationForm, ReportForm, RumourForm
from tests.support import sentinels, web
from tests.support.tracers import hand_on
from tests.support.web import NOW
from tests.support.world import LANYUE, WANGCHAO, World

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 4)
YESTERDAY = date(2026, 3, 3)
LONG_AGO = date(2025, 12, 1)


@pytest.fixture(scope="module")
def city(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), web.city() as built:
        yield built


@pytest.fixture(autouse=True)
def at_the_hour(city: World) -> Iterator[None]:
    with web.a_test(), override("en"):
        yield


def watched(city: World, kind: str, days: int = 60, body: str = "cdc") -> Source:
    one = sentinels.source(city, kind, body, since=LONG_AGO)
    sentinels.history(one, days)
    return one


def tell(one: Source, day: date = TODAY, **values: float) -> None:
    actions.report(SYSTEM, ReportForm(source=one.code, day=day, values=values, confirmed=True))


def raised(city: World) -> Any:
    """An alert of two sources, as it stands."""
    calls, labs = watched(city, "hotline"), watched(city, "laboratory")
    tell(calls, calls=44)
    tell(labs, tested=100, positive=30)
    actions.detect(SYSTEM, [calls.pk, labs.pk])
    (row,) = queries.alerts(city.actor("duty"))
    return queries.alert(city.actor("duty"), row.code)


def test_ordinary_numbers_raise_nothing(city: World) -> None:
    sources = [watched(city, kind) for kind in ("hotline", "pharmacy", "emergency", "laboratory")]
    actions.detect(SYSTEM, [one.pk for one in sources])
    assert queries.alerts(city.actor("duty")) == [] and queries.unexplained() == []


def test_signals_of_several_sources_add_up_to_one_alert_that_says_why(city: World) -> None:
    alone = watched(city, "hotline")
    tell(alone, calls=44)
    actions.detect(SYSTEM, [alone.pk])
    (first,) = queries.alerts(city.actor("duty"))
    assert first.grade == "yellow", "one source at its bound"
    labs = watched(city, "laboratory")
    tell(labs, tested=100, positive=30)
    actions.detect(SYSTEM, [labs.pk])
    (both,) = queries.alerts(city.actor("duty"))
    assert (both.code, both.probability > first.probability) == (first.code, True), "it joins the alert of the county"
    assert both.grade in ("orange", "red")
    assert "Wangchao hotline" in both.why.en and "Wangchao laboratory" in both.why.en and "望潮区" in both.why.zh
    view = queries.alert(city.actor("duty"), both.code)
    assert [note.what for note in view.notes] == ["raised", "regraded"]
    assert {signal.source for signal in view.signals} == {alone.code, labs.code}
    assert sum(signal.evidence for signal in view.signals if signal.measure in ("calls", "positive")) <= 6.001
    assert queries.unexplained() == [] and duties.gaps("9901") == []
    assert both.due_at == clock.now() + timedelta(hours=4), "triage first"


def rising(city: World) -> list[Source]:
    """Three sources with the history that fusing needs, each a little above the usual for four days."""
    sources = [watched(city, kind, days=100) for kind in ("hotline", "laboratory", "emergency")]
    for day in (TODAY - timedelta(days=back) for back in range(4, -1, -1)):
        for one, values in zip(
            sources, ({"calls": 17}, {"tested": 100, "positive": 7}, {"visits": 200, "respiratory": 38, "severe": 1}), strict=True
        ):  # fmt: skip
            tell(one, day, **values)
    actions.detect(SYSTEM, [sources[0].pk])
    return sources


def test_with_history_sources_are_fused_and_what_each_adds_is_said(city: World) -> None:
    sources = rising(city)
    (row,) = queries.alerts(city.actor("duty"))
    view = queries.alert(city.actor("duty"), row.code)
    counted = [one for one in view.signals if one.evidence > 0]
    assert {one.method for one in counted} == {"multipoint"}
    assert {one.source for one in counted} == {one.code for one in sources}, "judged together, whichever told last"
    assert "Sources fused" in row.why.en and "多点融合" in row.why.zh
    assert row.grade in ("yellow", "orange", "red") and row.probability > 0.75
    assert queries.unexplained() == []
    assert actions.detect(SYSTEM, [one.pk for one in sources]) == 0
    again = queries.alert(city.actor("duty"), row.code)
    assert (again.version, len(again.signals)) == (view.version, len(view.signals))


def test_what_is_fused_and_no_longer_holds_says_so(city: World) -> None:
    sources = rising(city)
    for day in (TODAY - timedelta(days=back) for back in range(5)):
        tell(sources[0], day, calls=12)
        tell(sources[1], day, tested=100, positive=3)
        tell(sources[2], day, visits=200, respiratory=30, severe=1)
    actions.detect(SYSTEM, [one.pk for one in sources])
    (row,) = queries.alerts(city.actor("duty"))
    view = queries.alert(city.actor("duty"), row.code)
    assert {one.state for one in view.signals} == {"renewed"} and row.probability < 0.02
    assert queries.unexplained() == []


def test_confirmed_alerts_teach_what_shows_outbreaks(city: World) -> None:
    rising(city)
    before = fusing.fused(WANGCHAO)
    for back in (30, 45, 60):
        Alert.objects.create(
            code=f"label{back}", area=WANGCHAO, origin="signals", grade="red", probability=0.9, why_zh="", why_en="", pack="",
            raised_at=NOW - timedelta(days=back), state=Alert.CONFIRMED,
        )  # fmt: skip
    after = fusing.fused(WANGCHAO)
    assert before is not None and after is not None
    assert after.log_odds < before.log_odds, "nothing was to be seen at any of the three"


def ended(source: Source, state: str, number: int) -> None:
    """Alerts in which a source spoke, as they ended."""
    for back in range(number):
        day = TODAY - timedelta(days=(20 if state == Alert.CONFIRMED else 25) + 10 * back)
        alert = Alert.objects.create(
            code=f"{state[:4]}{source.pk}{back}", area=WANGCHAO, origin="signals", grade="blue", probability=0.1, why_zh="", why_en="",
            pack="", raised_at=NOW - (TODAY - day), state=state, label="chance" if state == "dismissed" else "",
        )  # fmt: skip
        Signal.objects.create(
            source=source,
            kind="excess",
            measure="calls",
            day=day,
            area=source.area,
            method="",
            evidence=1,
            at=NOW,
            alert=alert,
        )


def test_a_source_that_misled_counts_less_and_is_told_of(city: World) -> None:
    calls, labs = watched(city, "hotline"), watched(city, "laboratory")
    tell(calls, calls=44)
    with transaction.atomic():
        actions.detect(SYSTEM, [calls.pk])
        (fresh,) = queries.signals(city.actor("duty"), source=calls.code)
        transaction.set_rollback(True)
    ended(calls, Alert.DISMISSED, 9)
    ended(calls, Alert.CONFIRMED, 1)
    ended(labs, Alert.CONFIRMED, 5)
    actions.detect(SYSTEM, [calls.pk])
    (row,) = queries.alerts(city.actor("duty"), state="open")
    record = queries.alert(city.actor("duty"), row.code).records[calls.code]
    assert (record.right, record.ended) == (1, 10) and 1 / 3 <= record.weight < 0.7
    learnt = queries.signals(city.actor("duty"), source=calls.code)[0]
    assert (
        learnt.evidence == pytest.approx(min(3.0, 0.5 * learnt.score * record.weight))
        and learnt.evidence < fresh.evidence
    )


def test_dismissals_and_confirmations_teach_the_fusing_which_source_to_trust(city: World) -> None:
    hotline, laboratory, _emergency = rising(city)
    ended(hotline, Alert.DISMISSED, 6)
    before = {one.source: one.evidence for one in fused_parts(city)}
    Alert.objects.filter(code__startswith="dism").update(area="", origin="rumour")  # as if nobody had judged them
    without = {one.source: one.evidence for one in fused_parts(city)}
    assert before == without, "where all were wrong, none is better than the others"
    Alert.objects.filter(code__startswith="dism").update(area=WANGCHAO, origin="signals")
    ended(laboratory, Alert.CONFIRMED, 2)
    after = {one.source: one.evidence for one in fused_parts(city)}
    assert after[hotline] < without[hotline] and after[laboratory] > without[laboratory]


def fused_parts(city: World) -> Sequence[fusing.Part]:
    found = fusing.fused(WANGCHAO)
    assert found is not None and found.raised
    return found.parts


def test_judging_twice_says_nothing_twice(city: World) -> None:
    view = raised(city)
    sources = list(Source.objects.values_list("pk", flat=True))
    assert actions.detect(SYSTEM, sources) == 0
    again = queries.alert(city.actor("duty"), view.row.code)
    assert (again.version, len(again.signals)) == (view.version, len(view.signals))


def test_a_corrected_number_takes_its_signal_back_in_words(city: World) -> None:
    one = watched(city, "hotline")
    tell(one, calls=44)
    actions.detect(SYSTEM, [one.pk])
    tell(one, calls=14)
    actions.detect(SYSTEM, [one.pk])
    (signal,) = queries.signals(city.actor("duty"), source=one.code, kind="excess")
    assert (signal.state, signal.evidence) == ("corrected", 0)
    (alert,) = queries.alerts(city.actor("duty"))
    assert alert.probability < 0.02, "what it rests on is gone; a person says so"


def test_a_verified_alert_opens_an_outbreak(city: World) -> None:
    view = raised(city)
    code, by, field = view.row.code, city.actor("duty"), city.actor("investigator")
    with pytest.raises(Conflict, match="Nobody has verified"):
        actions.confirm_alert(by, code, view.version, "中风险", name_zh="望潮区不明原因呼吸道疾病")
    with pytest.raises(NotAllowed):
        actions.triage_alert(field, code, view.version)
    version = actions.triage_alert(by, code, view.version, "两个来源同时升高").version
    with pytest.raises(Conflict, match="changed meanwhile"):
        actions.triage_alert(by, code, view.version)
    with clock.at(NOW + timedelta(hours=6)):
        with pytest.raises(Invalid) as refused:
            actions.verify_alert(field, code, version, {"ill": 12})
        assert refused.value.field == "seen"
        version = actions.verify_alert(
            field, code, version, {"ill": 12, "severe": 1, "seen": "同一市场摊主，三日内发病"}
        ).version
    with clock.at(NOW + timedelta(hours=9)):
        actions.confirm_alert(
            by, code, version, "高风险，建议启动响应", name_zh="望潮区不明原因肺炎", name_en="Unknown pneumonia"
        )
        hand_on()
        hand_on()
    opened = [one for one in cases.outbreaks(SYSTEM) if one.alert == code]
    assert [(one.name_en, one.area, one.pack) for one in opened] == [
        ("Unknown pneumonia", WANGCHAO, "unknown-pneumonia")
    ]
    assert cases.seven_one_seven(SYSTEM, opened[0].code).dates["detected_on"] == TODAY
    ended = queries.alert(by, code)
    assert (ended.row.state, [note.what for note in ended.notes[-3:]]) == (
        "confirmed",
        ["triaged", "verified", "confirmed"],
    )
    (duty,) = duties.of_subject("alert", ended.row.id)
    assert (duty.state, duty.outcome, [step.state for step in duty.steps.all()]) == (
        "closed",
        "confirmed",
        ["done"] * 3,
    )
    assert ended.may == frozenset()


def test_a_confirmed_alert_may_belong_to_an_outbreak_that_is_there(city: World) -> None:
    view, by = raised(city), city.actor("duty")
    version = actions.triage_alert(by, view.row.code, view.version).version
    version = actions.verify_alert(by, view.row.code, version, {"seen": "与已知病例有联系"}).version
    before = len(cases.outbreaks(SYSTEM))
    actions.confirm_alert(by, view.row.code, version, "属已知疫情", outbreak=city.outbreak)
    hand_on()
    assert len(cases.outbreaks(SYSTEM)) == before
    assert cases.outbreak(SYSTEM, city.outbreak).alert == view.row.code


def test_a_dismissed_alert_keeps_its_reason_as_a_label_and_does_not_come_back_tomorrow(city: World) -> None:
    view, by = raised(city), city.actor("duty")
    with pytest.raises(Invalid):
        actions.dismiss_alert(by, view.row.code, view.version, "tired", "不想管")
    actions.dismiss_alert(by, view.row.code, view.version, "reporting", "热线扩容，来电口径变化")
    ended = queries.alert(by, view.row.code)
    assert (ended.row.state, ended.label) == ("dismissed", "reporting")
    (duty,) = duties.of_subject("alert", ended.row.id)
    assert (duty.state, duty.outcome) == ("closed", "refuted")
    calls = Source.objects.get(kind="hotline")
    with clock.at(NOW + timedelta(days=1)):
        tell(calls, TODAY + timedelta(days=1), calls=43)
        actions.detect(SYSTEM, [calls.pk])
        assert len(queries.alerts(by)) == 1
        (signal, *_others) = queries.signals(by, source=calls.code)
        assert signal.state == "dismissed"
        assert queries.unexplained() == []


def test_three_pupils_of_one_class_are_a_cluster_by_the_rule(city: World) -> None:
    sentinels.school(city)
    one = sentinels.source(city, "school", "school", units=("一班", "二班"), since=date(2026, 1, 5), owed_from=TODAY)
    rows = [
        ObservationForm(source=one.code, day=TODAY, measure=measure, unit=unit, value=value)
        for measure, unit, value in (
            ("absent", "一班", 4),
            ("ill", "一班", 3),
            ("absent", "二班", 1),
            ("ill", "二班", 1),
        )
    ]
    assert not actions.report_many(city.actor("school"), rows).refused
    actions.detect(SYSTEM, [one.pk])
    (signal,) = queries.signals(city.actor("duty"), kind="threshold")
    assert (signal.unit, signal.observed, signal.state) == ("一班", 3, "in_alert")
    assert signal.method.startswith("influenza-school@") and signal.method.endswith(" class_day")
    (alert,) = queries.alerts(city.actor("duty"))
    assert alert.grade == "yellow" and "threshold of a cluster" in alert.why.en


def test_a_source_that_falls_silent_is_a_signal_and_one_that_is_late_is_explained_when_it_comes(city: World) -> None:
    one = watched(city, "hotline", days=4)
    with clock.at(NOW + timedelta(days=1)):
        actions.owe(SYSTEM)
        actions.notice_silence(SYSTEM)
        (late,) = queries.signals(city.actor("duty"), source=one.code)
        assert (late.kind, late.state, late.day) == ("late", "weak", TODAY), "by itself it is the duty's to chase"
        tell(one, TODAY, calls=9)
        actions.notice_silence(SYSTEM)
        (late,) = queries.signals(city.actor("duty"), source=one.code)
        assert late.state == "received"
    with clock.at(NOW + timedelta(days=4)):
        actions.owe(SYSTEM)
        actions.notice_silence(SYSTEM)
        silent = queries.signals(city.actor("duty"), source=one.code)[0]
        assert (silent.kind, silent.observed) == ("silent", 3) and queries.unexplained() == []


def test_a_weekly_source_that_is_silent_for_weeks_is_accounted_for(city: World) -> None:
    one = sentinels.source(city, "animal", "cdc", since=LONG_AGO, owed_from=TODAY - timedelta(days=21))
    with clock.at(NOW + timedelta(days=7)):
        actions.owe(SYSTEM)
        actions.notice_silence(SYSTEM)
        (silent,) = queries.signals(city.actor("duty"), source=one.code)
        assert (silent.kind, silent.state) == ("silent", "weak"), "it began before the days that are weighed together"
        assert queries.unexplained() == []


def test_a_changed_definition_is_no_outbreak(city: World) -> None:
    one = watched(city, "laboratory")
    for back in (2, 1):
        tell(one, TODAY - timedelta(days=back), tested=100, positive=30)
    actions.note_break(city.actor("duty"), one.code, "positive", TODAY - timedelta(days=2), "改用核酸法")
    actions.detect(SYSTEM, [one.pk])
    assert queries.signals(city.actor("duty"), kind="excess") == [], (
        "of the positives and of what is computed from them"
    )


def test_what_somebody_heard_is_triaged_like_any_alert(city: World) -> None:
    form = RumourForm(area=WANGCHAO, told="渔港村多人腹泻，一人送医", heard_from="村医来电", ill=7)
    alert = actions.report_rumour(city.actor("investigator"), form)
    view = queries.alert(city.actor("duty"), alert.code)
    assert (view.row.origin, view.row.grade) == ("rumour", "blue") and view.may == {"triage", "dismiss"}
    assert duties.of_subject("alert", alert.pk)[0].kind == "alert.verification"
    with pytest.raises(Invalid):
        actions.report_rumour(city.actor("investigator"), RumourForm(area=WANGCHAO, told="？"))
    with pytest.raises(NotAllowed):
        actions.report_rumour(city.actor("investigator"), RumourForm(area=LANYUE, told="揽月县多人发热"))
    with pytest.raises(NotFound):
        queries.alert(city.actor("stranger"), alert.code)


def test_methods_that_look_at_years_see_years(city: World) -> None:
    since = TODAY - timedelta(days=5 * 366 + 60)
    one = sentinels.source(city, "emergency", "cdc", since=since, measures=("visits", "respiratory", "severe"))
    days = [since + timedelta(days=at) for at in range((TODAY - since).days + 1)]
    Observation.objects.bulk_create(
        Observation(source=one, measure="severe", day=day, value=1 + day.toordinal() % 2, known_at=NOW, channel="file", by_name="")
        for day in days
    )  # fmt: skip
    judged = queries.judged(city.actor("duty"), one.code, "severe")
    assert (judged.method, judged.alarm[-1], judged.why_not) == ("moving-percentile", 0, None)
    herd = sentinels.source(city, "animal", "cdc", since=since)
    weeks = [day for day in days if day.weekday() == herd.weekday]
    Observation.objects.bulk_create(
        Observation(source=herd, measure="ill", day=day, value=2 + at % 3, known_at=NOW, channel="file", by_name="")
        for at, day in enumerate(weeks)
    )
    judged = queries.judged(city.actor("duty"), herd.code, "ill")
    assert (judged.method, judged.why_not) == ("farrington-flexible", None)
