"""The trend of an outbreak that grew for forty days: what the page says of it, to whom, and what it does not claim to know."""

import csv
import io
import math
import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from fangxian.analytics import reproduction
from fangxian.cases import actions as cases
from fangxian.cases import queries as case_queries
from fangxian.cases.schemas import CaseForm, Filter, OutbreakForm
from fangxian.command.trend import queries
from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Invalid, NotFound
from fangxian.tracing import actions as tracing
from fangxian.tracing.schemas import ExposureForm
from tests.support import web
from tests.support.tracers import hand_on
from tests.support.web import signed_in
from tests.support.world import CITY, COMMUNITY, LANYUE, PACK, STREET, WANGCHAO, World

pytestmark = pytest.mark.django_db

DAYS, GROWTH, MEAN_DELAY = 40, 0.1, 2.5


def grown(seed: int = 5) -> list[tuple[int, int]]:
    """Days before today of onset and of report: exponential growth, reports some days late, those still to come left out."""
    drawn = random.Random(seed)
    pairs = []
    for ago in range(DAYS, -1, -1):
        expected = 0.6 * math.exp(GROWTH * (DAYS - ago))
        number = int(expected) + (drawn.random() < expected % 1)
        pairs += [(ago, ago - round(drawn.expovariate(1 / MEAN_DELAY))) for _case in range(number)]
    return pairs


PAIRS = grown()


@pytest.fixture(scope="module")
def city(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), web.city() as built, clock.at(web.NOW - timedelta(minutes=1)):
        built.outbreak = cases.open_outbreak(
            SYSTEM, OutbreakForm(name_zh="望潮区新冠疫情", name_en="COVID-19 in Wangchao", pack=PACK, area=CITY)
        ).code
        midnight = clock.local_midnight(clock.today())
        forms = [
            CaseForm(
                person=built.person(f"第{place}人", area=WANGCHAO), source_ref=str(place), classification="confirmed",
                onset_on=clock.today() - timedelta(days=onset), reported_at=midnight - timedelta(days=report) + timedelta(minutes=1),
                origin="imported" if onset == DAYS else "local",
            )
            for place, (onset, report) in enumerate(PAIRS)
            if report >= 0
        ]  # fmt: skip
        forms.append(CaseForm(person=built.person("无症状者", area=WANGCHAO), classification="asymptomatic"))
        taken = cases.report_many(SYSTEM, built.outbreak, forms)
        assert not taken.refused
        code = {forms[one.index].source_ref: one.code for one in taken.cases}
        person = {
            one.code: one.person
            for one in case_queries.line_list(SYSTEM, Filter(outbreak=built.outbreak), limit=1000).rows
        }
        # Every third case was infected by one that fell ill four days before it.
        numbers = [place for place, (_onset, report) in enumerate(PAIRS) if report >= 0]
        senior = {PAIRS[place][0]: place for place in numbers}
        links = [(senior[PAIRS[b][0] + 4], b) for b in numbers[::3] if PAIRS[b][0] + 4 in senior]
        exposed = tracing.expose_many(
            SYSTEM, built.outbreak,
            [
                ExposureForm(
                    case=code[str(a)], person=person[code[str(b)]], infector=True,
                    day=clock.today() - timedelta(days=PAIRS[b][0] + 3),
                )
                for a, b in links
            ],
        )  # fmt: skip
        assert not exposed.refused
        hand_on()
        yield built


@pytest.fixture(autouse=True)
def at_the_hour(city: World) -> Iterator[None]:
    with web.a_test():
        yield


def told(city: World, post: str = "leader", **asked: Any) -> Any:
    return queries.trend(city.actor(post), outbreak=city.outbreak, **asked)


def test_it_says_that_it_grows_and_how_fast(city: World) -> None:
    trend = told(city)
    assert trend.r is not None and trend.r.r.low > 1
    assert trend.growth is not None and trend.growth.rate.low < GROWTH < trend.growth.rate.high
    assert trend.growth.doubling is not None
    assert trend.growth.doubling.low < math.log(2) / GROWTH < trend.growth.doubling.high
    assert trend.cases == sum(report >= 0 for _onset, report in PAIRS) + 1 and trend.without_onset == 1


def test_the_nowcast_expects_those_who_are_ill_and_not_reported(city: World) -> None:
    trend = told(city)
    true = np.bincount([DAYS - onset for onset, _report in PAIRS], minlength=DAYS + 1)
    late = [
        (one, int(true[-len(trend.days) :][place]))
        for place, one in enumerate(trend.days)
        if one.share and one.share < 0.95
    ]
    assert len(late) >= 4
    said = [one.low <= number <= one.high for one, number in late if one.low is not None and one.high is not None]
    assert sum(said) >= len(said) - 1, "the 95 % interval holds what came in later, but for a rare day"
    assert trend.unreported is not None and trend.unreported > 5


def test_r_is_that_of_the_library_on_the_days_that_are_complete(city: World) -> None:
    trend = told(city)
    assert trend.assumed is not None
    counts = np.array([one.reported for one in trend.days])
    si = reproduction.discr_si(np.arange(200), trend.assumed.mean, trend.assumed.sd)
    imported = np.array([one.imported for one in trend.days])
    plain = reproduction.estimate_r(counts, si[: max(60, len(counts))], window=trend.window, imported=imported)
    by_day = {
        trend.days[0].day + timedelta(days=int(end)): value for end, value in zip(plain.end, plain.mean, strict=True)
    }
    complete = [one for one in trend.days if one.share == 1.0][-1].day
    checked = [one for one in trend.reproduction if one.day <= complete]
    assert len(checked) > 10
    for one in checked:
        assert one.r.value == pytest.approx(by_day[one.day], rel=1e-9)


def test_last_week_is_told_from_what_was_reported_last_week(city: World) -> None:
    then = clock.today() - timedelta(days=7)
    trend = told(city, day=then)
    assert trend.days[-1].day == then
    assert sum(one.reported for one in trend.days) == sum(report >= 7 and onset >= 7 for onset, report in PAIRS)
    with pytest.raises(Invalid, match="这一天还没有到"):
        told(city, day=clock.today() + timedelta(days=1))


def test_forecasts_are_checked_against_what_came(city: World) -> None:
    trend = told(city)
    assert len(trend.forecast) == 14 and trend.skill is not None
    assert len(trend.skill.origins) >= 2 and trend.skill.score < trend.skill.as_before
    for one in trend.forecast:
        assert one.wide[0] <= one.half[0] <= one.median <= one.half[1] <= one.wide[1]


def test_delays_and_links_are_told(city: World) -> None:
    trend = told(city)
    delays = {one.key: one for one in trend.delays}
    assert delays["report"].mean.low < MEAN_DELAY + 0.5 and delays["report"].n == sum(
        report >= 0 for _o, report in PAIRS
    )
    assert delays["serial"].median == pytest.approx(4, abs=0.6)
    assert trend.spread is not None and sum(trend.spread.counts) == trend.spread.n
    assert "clusters" in trend.unknown, "no outline is on record here, and it says so"


def test_everybody_sees_their_own_place(city: World) -> None:
    assert told(city, "duty").area == WANGCHAO and told(city).area == CITY
    assert told(city, area=LANYUE).cases == 0
    with pytest.raises(NotFound):
        told(city, "duty", area=LANYUE)
    assert signed_in(city, "duty").get(f"/trend/?area={LANYUE}").status_code == 404
    assert signed_in(city, "grid").get("/trend/").status_code == 403


def test_where_there_is_too_little_it_says_so(city: World) -> None:
    trend = told(city, area=LANYUE)
    assert trend.r is None and set(trend.unknown) >= {"curve", "reproduction", "growth", "forecast", "report"}
    text = signed_in(city, "leader", "en").get(f"/trend/?outbreak={city.outbreak}&area={LANYUE}").content.decode()
    assert "R cannot be told: There is no case yet whose day of onset is known." in text
    assert text.count("Cannot tell:") == 5, "links are told of the whole outbreak, as a chain crosses borders"


def test_the_reader_may_assume_something_else(city: World) -> None:
    mine = told(city, mean_si=8.0, sd_si=3.0)
    assert mine.assumed is not None and mine.assumed.is_own
    assert mine.r is not None and mine.r.r.value > told(city).r.r.value, (
        "the slower each infects, the more each must have"
    )
    page = signed_in(city, "leader", "en").get(f"/trend/?outbreak={city.outbreak}&mean_si=8&sd_si=3&window=5")
    assert "given by the reader" in page.content.decode()
    for wrong, said in (
        ("window=99", "less than or equal to 28"), ("mean_si=4", "Give both, or neither."), ("mean_si=x&sd_si=1", "Enter a number"),
        ("day=2031-01-01", "has not come yet"), ("day=soon", "Enter a valid date"),
    ):  # fmt: skip
        page = signed_in(city, "leader", "en").get(f"/trend/?outbreak={city.outbreak}&{wrong}")
        assert page.status_code == 422 and said in page.content.decode(), wrong


@pytest.mark.parametrize("key", ["curve", "reproduction", "forecast", "report", "serial", "spread"])
def test_every_figure_is_a_file_with_its_method(city: World, key: str) -> None:
    leader = signed_in(city, "leader", "en")
    page = leader.get(f"/trend/?outbreak={city.outbreak}")
    shown = next(one for one in page.context["figures"] if one.key == key)
    table = leader.get(f"/trend/{key}.csv?outbreak={city.outbreak}").content.decode("utf-8-sig").splitlines()
    comments = [line for line in table if line.startswith("#")]
    assert any(line.startswith("# Method: ") for line in comments) and any(
        line.startswith("# Published: ") for line in comments
    )
    rows = list(csv.reader(io.StringIO("\n".join(table[len(comments) :]))))
    assert tuple(tuple(row) for row in rows[1:]) == shown.table.rows
    drawing = leader.get(f"/trend/{key}.svg?outbreak={city.outbreak}")
    assert drawing["Content-Type"] == "image/svg+xml" and drawing.content.decode() == str(shown.wide)
    assert "Method: " in drawing.content.decode()
    assert leader.get(f"/trend/{key}.exe").status_code == 404 and leader.get("/trend/nothing.svg").status_code == 404


def test_a_protocol_without_a_serial_interval_asks_for_it(city: World) -> None:
    made = cases.open_outbreak(
        SYSTEM,
        OutbreakForm(name_zh="不明原因肺炎", name_en="Pneumonia of unknown cause", pack="unknown-pneumonia", area=CITY),
    )
    forms = [
        CaseForm(
            person=city.person(f"某{n}", area=(COMMUNITY, STREET)[n % 2]), classification="suspected",
            onset_on=clock.today() - timedelta(days=n % 12 + 1), reported_at=clock.now() - timedelta(days=n % 12),
        )
        for n in range(40)
    ]  # fmt: skip
    assert not cases.report_many(SYSTEM, made.code, forms).refused
    asked = queries.trend(city.actor("leader"), outbreak=made.code)
    assert asked.assumed is None and "serial interval" in asked.unknown["reproduction"].en
    given = queries.trend(city.actor("leader"), outbreak=made.code, mean_si=5.0, sd_si=3.0)
    assert given.reproduction and given.days[0].day == date(2026, 2, 20)
