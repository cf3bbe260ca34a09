"""A series watched by a control chart: how often it may alarm by chance is chosen, and it alarms that often and when something changes."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from django.urls import reverse
from django.utils.translation import override

from fangxian.core.access import SYSTEM
from fangxian.core.errors import Invalid, NotAllowed, NotFound
from fangxian.core.journal import of as journal_of
from fangxian.surveillance import actions, charting, queries
from fangxian.surveillance.models import Signal, Source
from fangxian.surveillance.schemas import ReportForm, Series
from tests.support import sentinels, web
from tests.support.web import signed_in
from tests.support.world import World

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 4)
LONG_AGO = date(2025, 10, 1)


@pytest.fixture(scope="module")
def city(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), web.city() as built:
        yield built


@pytest.fixture(autouse=True)
def at_the_hour(city: World) -> Iterator[None]:
    with web.a_test(), override("en"):
        yield


def watched(city: World, days: int = 120) -> Source:
    one = sentinels.source(city, "hotline", "cdc", since=LONG_AGO)
    sentinels.history(one, days)
    return one


def series(values: np.ndarray, first: date = date(2024, 1, 1)) -> Series:
    days = np.datetime64(first) + np.arange(len(values))
    return Series("S", "calls", "", "day", days, values.astype(float))


@pytest.mark.parametrize("method", charting.CHARTS)
@pytest.mark.parametrize("dispersion", [0.0, 0.15])
def test_a_chart_alarms_by_chance_as_rarely_as_was_chosen(method: str, dispersion: float) -> None:
    random = np.random.default_rng(4)
    week = np.array([9.0, 8, 8, 7, 8, 4, 3])
    mean = np.tile(week, 3000)
    counts = random.poisson(mean * (random.gamma(1 / dispersion, dispersion, len(mean)) if dispersion else 1))
    past, future = series(counts[:420]), series(counts)
    if dispersion and not charting.CHARTS[method]:
        with pytest.raises(Invalid, match="vary") as refused:
            charting.learnt(past, method, 100)
        assert refused.value.field == "method"
        return
    chart, first, last = charting.learnt(past, method, 100)
    assert (first, last) == (date(2024, 1, 1), date(2025, 2, 9)), "the newest two weeks are not learnt from"
    assert np.allclose(chart.usual, week, rtol=0.35)
    assert (chart.dispersion > 0.05) == bool(dispersion)
    known = charting.Chart(method, 100, week.tolist(), dispersion, chart.limit)
    alarm = charting.judged(future, known).alarm == 1
    starts = int((alarm & ~np.concatenate(([False], alarm[:-1]))).sum())  # an excursion is one false alarm
    assert 60 < len(counts) / starts < 220
    rare = charting.learnt(past, method, 1000)[0]
    assert rare.limit > chart.limit
    assert charting.score(rare, 8.0, 8.0) > charting.score(chart, 8.0, 8.0) > 2.3
    counts[-20:] += 12
    assert (charting.judged(series(counts), chart).alarm[-18:] == 1).any()


def test_who_registers_sources_chooses_and_everybody_reads_what_it_means(city: World) -> None:
    one = watched(city)
    by = city.actor("duty")
    kept = actions.choose_chart(by, one.code, "calls", "lr-nb", 365)
    (shown,) = queries.charts(SYSTEM, one.code)
    assert (shown.measure, shown.method, shown.run_length, shown.limit) == ("calls", "lr-nb", 365, kept.limit)
    assert shown.learnt_until == TODAY - timedelta(days=14)
    judged = queries.judged(SYSTEM, one.code, "calls")
    assert judged.method == "lr-nb" and judged.parameters.startswith("lr-nb arl=365 limit=")
    line = journal_of("source", one.pk)[-1]
    assert line.action == "source.chart" and line.content["run_length"] == 365
    assert actions.choose_chart(by, one.code, "calls", "cusum", 100).pk == kept.pk
    actions.drop_chart(by, one.code, "calls")
    assert queries.charts(SYSTEM, one.code) == []
    with pytest.raises(NotFound):
        actions.drop_chart(by, one.code, "calls")
    with pytest.raises((NotAllowed, NotFound)):
        actions.choose_chart(city.actor("clinic"), one.code, "calls", "cusum", 100)


def test_its_alarm_is_a_signal_beside_what_the_kind_is_judged_by(city: World) -> None:
    one = watched(city)
    actions.choose_chart(SYSTEM, one.code, "calls", "cusum", 365)
    actions.detect(SYSTEM, [one.pk])
    assert not Signal.objects.filter(source=one, kind="chart").exists()
    for back in range(4, -1, -1):
        values = {"calls": 60.0}
        actions.report(
            SYSTEM, ReportForm(source=one.code, day=TODAY - timedelta(days=back), values=values, confirmed=True)
        )
    actions.detect(SYSTEM, [one.pk])
    signal = Signal.objects.filter(source=one, kind="chart").latest("day")
    assert signal.day == TODAY and signal.evidence > 0 and signal.alert is not None
    assert signal.method.startswith("cusum arl=365")
    client = signed_in(city, "duty", "en")
    assert client.get(f"/surveillance/{signal.alert.code}/").status_code == 200
    page = client.get(reverse("web:surveillance_one", args=[one.code, "calls"])).content.decode()
    assert "Judged by CUSUM" in page
    actions.drop_chart(SYSTEM, one.code, "calls")
    actions.detect(SYSTEM, [one.pk])
    signal.refresh_from_db()
    assert signal.evidence == 0 and signal.reason == "corrected"


@pytest.mark.parametrize(
    ("measure", "method", "length", "field"),
    [
        ("visits", "cusum", 365, "measure"),
        ("calls", "tarot", 365, "method"),
        ("calls", "cusum", 5, "run_length"),
        ("calls", "cusum", 10_000, "run_length"),
    ],
)
def test_what_cannot_be_chosen_is_named(city: World, measure: str, method: str, length: int, field: str) -> None:
    one = watched(city)
    with pytest.raises(Invalid) as refused:
        actions.choose_chart(SYSTEM, one.code, measure, method, length)
    assert refused.value.field == field


def test_too_short_a_series_learns_nothing(city: World) -> None:
    one = watched(city, days=30)
    with pytest.raises(Invalid, match="too short") as refused:
        actions.choose_chart(SYSTEM, one.code, "calls", "cusum", 365)
    assert refused.value.field == "measure"


def test_on_the_page_of_the_source(city: World) -> None:
    one = watched(city)
    client = signed_in(city, "duty", "en")
    address = f"/sources/{one.code}/"
    assert "once in so many reports" in client.get(address).content.decode()
    chosen = client.post(f"{address}chart/", {"measure": "calls", "method": "cusum", "run_length": "365"})
    assert chosen.status_code == 302
    text = client.get(address).content.decode()
    assert "alarms by chance once in 365 reports" in text
    assert (
        client.post(f"{address}chart/", {"measure": "calls", "method": "cusum", "run_length": "x"}).status_code == 422
    )
    assert client.post(f"{address}chart/", {"measure": "calls", "method": ""}).status_code == 302
    assert "alarms by chance once in 365" not in client.get(address).content.decode()
