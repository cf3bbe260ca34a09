"""Traps in stays, each by itself: what is mended, what is marked, what is left out and how it is said."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from fangxian.analytics import copresence
from fangxian.analytics.copresence.clocks import skews
from fangxian.analytics.copresence.doubts import Doubt, two_places, words
from fangxian.analytics.copresence.mending import MendedFile, Rules
from fangxian.analytics.errors import AnalysisError

NOON = 12 * 3600


def mended(tmp_path: Path, rules: Rules, *rows: str, columns: str = "person,place,t_in,t_out") -> MendedFile:
    (tmp_path / "stays.csv").write_text("\n".join([columns, *rows]), encoding="utf-8")
    return MendedFile(tmp_path / "stays.csv", rules)


def rows_of(made: MendedFile) -> list[tuple]:
    stays = made.file.stays()
    place = np.repeat(np.arange(stays.places), np.diff(stays.place_rows))
    at = made.file.instants.written(np.stack([stays.arrival, stays.departure]).reshape(-1)).to_pylist()
    people, places = made.file.persons.of(stays.person).to_pylist(), made.file.places.of(place).to_pylist()
    return sorted(zip(people, places, at[: len(stays)], at[len(stays) :], strict=True))


def test_a_missing_check_out_ends_by_rule_at_closing_or_on_arriving_elsewhere(tmp_path: Path) -> None:
    rules = Rules(assume=7200, closing=22 * 3600)
    made = mended(
        tmp_path, rules, "a,bar,2022-03-05 12:00:00,", "b,bar,2022-03-05 21:00:00,", "c,bar,2022-03-05 12:00:00,",
        "c,shop,2022-03-05 12:40:00,2022-03-05 13:00:00", "d,bar,2022-03-05 22:00:00,", "e,bar,2022-03-05 12:00:00,",
        "e,bar,2022-03-05 12:10:00,", "e,shop,2022-03-05 12:20:00,2022-03-05 12:30:00",
    )  # fmt: skip
    ends = {(who, where): f"{end:%d %H:%M}" for who, where, _begin, end in rows_of(made)}
    assert ends == {
        ("a", "bar"): "05 14:00", ("b", "bar"): "05 22:00", ("c", "bar"): "05 12:40", ("c", "shop"): "05 13:00",
        ("d", "bar"): "06 00:00", ("e", "bar"): "05 12:20", ("e", "shop"): "05 12:30",
    }  # fmt: skip
    assert made.assumed == 6 and not made.file.faults
    refused = mended(tmp_path, Rules(), "a,bar,2022-03-05 12:00:00,", "b,bar,2022-03-05 12:00:00,2022-03-05 12:30:00")
    assert [(one.row, one.column, one.what.en) for one in refused.file.faults] == [(2, "t_out", "there is no value")]


def test_contacts_that_rest_on_an_assumption_are_marked(tmp_path: Path) -> None:
    made = mended(
        tmp_path,
        Rules(assume=3600),
        "a,bar,0,1800",
        "b,bar,0,",
        "c,bar,0,1800",
        "b,bar,90000,91800",
        "a,bar,90000,91800",
    )
    index = copresence.Index.of(made.file.persons.find(pa.array(["a"]))[0], [0], [200_000])
    lines = copresence.trace(made.file.stays(), index, tau=900).lines
    assert lines is not None
    table = made.lines(lines).to_pylist()
    assert [(one["person"], one["t_in"], one["doubt"]) for one in table] == [
        ("b", 0, "assumed"), ("b", 90000, ""), ("c", 0, ""),
    ]  # fmt: skip


def test_somebody_in_two_places_is_kept_in_both_and_marked(tmp_path: Path) -> None:
    rows = (
        "a,bar,0,3600",
        "a,gym,1800,5400",
        "b,gym,0,5400",
        "c,bar,0,1200",
        "d,mall,0,3600",
        "d,mall/zone-1,600,1800",
    )
    made = mended(tmp_path, Rules(), *rows)
    assert len(rows_of(made)) == 6
    people = made.file.persons.of(made.doubts.person).to_pylist()
    assert list(zip(people, made.doubts.since.tolist(), made.doubts.until.tolist(), strict=True)) == [("a", 1800, 3600)]
    index = copresence.Index.of(made.file.persons.find(pa.array(["a"]))[0], [0], [9000])
    lines = copresence.trace(made.file.stays(), index, tau=900).lines
    assert lines is not None
    assert {one["person"]: one["doubt"] for one in made.lines(lines).to_pylist()} == {"b": "two_places", "c": ""}
    assert "swapped or shared" in words(int(Doubt.TWO_PLACES | Doubt.ASSUMED)).en


def test_two_places_at_once_are_found_whatever_the_order() -> None:
    person, place = np.array([1, 0, 0, 0, 1]), np.array([5, 0, 1, 2, 5])
    arrival, departure = np.array([0, 0, 50, 60, 10]), np.array([100, 100, 70, 65, 20])
    for order in (np.arange(5), np.arange(5)[::-1]):
        found = two_places(person[order], place[order], arrival[order], departure[order])
        assert sorted(zip(found.since.tolist(), found.until.tolist(), strict=True)) == [(50, 70), (60, 65), (60, 65)]
        assert set(found.person.tolist()) == {0}


def test_journeys_that_nobody_can_make_are_marked(tmp_path: Path) -> None:
    made = mended(
        tmp_path, Rules(fastest=1000), "a,peking,0,3600,116.4,39.9", "a,canton,7200,9000,113.3,23.1", "a,canton2,9000,9600,113.301,23.1",
        "b,peking,0,3600,116.4,39.9", "b,canton,14400,16000,113.3,23.1", "c,peking,0,100,,",
        columns="person,place,t_in,t_out,lon,lat",
    )  # fmt: skip
    assert set(made.file.persons.of(made.doubts.person).to_pylist()) == {"a"}
    assert set(made.doubts.kind.tolist()) == {Doubt.TOO_FAST} and len(made.doubts) == 2


def test_rows_that_stand_twice_count_once_and_are_named(tmp_path: Path) -> None:
    made = mended(tmp_path, Rules(), "a,bar,0,3600", "b,bar,0,3600", "a,bar,0,3600", "a,bar,0,3600")
    assert len(rows_of(made)) == 2 and made.file.faulty == 0
    assert [(one.row, one.what.en) for one in made.file.faults] == [
        (row, "the same row stands above; it counts once") for row in (4, 5)
    ]


def test_a_clock_that_is_ahead_is_put_right_by_source_and_what_lies_in_the_future_is_named(tmp_path: Path) -> None:
    rows = (
        "a,bar,2022-03-05 12:10:00,2022-03-05 12:40:00,gate-3", "b,bar,2022-03-05 12:00:00,2022-03-05 12:30:00,gate-4",
        "c,bar,2029-03-05 12:00:00,2029-03-05 12:30:00,gate-4", "d,bar,1970-01-01 00:10:00,1970-01-01 00:40:00,gate-4",
    )  # fmt: skip
    columns = "person,place,t_in,t_out,source"
    made = mended(tmp_path, Rules(skew={"gate-3": 600}, now=1_700_000_000), *rows, columns=columns)
    assert [(who, f"{begin:%H:%M}", f"{end:%H:%M}") for who, _where, begin, end in rows_of(made)] == [
        ("a", "12:00", "12:30"), ("b", "12:00", "12:30"),
    ]  # fmt: skip
    assert [(one.row, one.what.en) for one in made.file.faults] == [
        (4, "lies in the future"), (5, "is before 2000; the clock was never set"),
    ]  # fmt: skip
    with pytest.raises(AnalysisError, match="has no gate-9"):
        mended(tmp_path, Rules(skew={"gate-9": 5}), *rows, columns=columns)


def test_the_skew_of_a_clock_is_estimated_from_people_who_go_to_and_fro() -> None:
    """Gate 2 is 7 minutes ahead; ways take 5 to 40 minutes, as long there as back; gate 4 is seldom visited."""
    draw = np.random.default_rng(5)
    rows, ahead = [], {2: 420}
    for person in range(400):
        at = float(draw.uniform(0, 3600))
        for stop in range(4):
            source = int(draw.integers(0, 4)) if person or stop else 4
            stay = float(draw.uniform(600, 5400))
            rows.append((person, source, at + ahead.get(source, 0), at + stay + ahead.get(source, 0)))
            at += stay + float(draw.gamma(4, 300))
    found = skews(*(np.array(column) for column in zip(*rows, strict=True)))
    assert found.source.tolist() == [0, 1, 2, 3]
    assert found.wrong.tolist() == [False, False, True, False]
    assert found.ahead[2] == pytest.approx(420, abs=4 * found.error[2])
    assert len(skews(*(np.zeros(0, np.int64) for _ in range(4))).source) == 0


def test_a_clock_that_is_wrong_is_told_by_name(tmp_path: Path) -> None:
    rows = []
    for person in range(60):
        for leg, place in enumerate(("bar", "gym", "bar", "shop", "gym", "shop")):
            at = leg * 7200 + person * 7 + (900 if place == "gym" else 0)
            rows.append(f"p{person},{place},{at},{at + 6000 + person % 5 * 60}")
    made = mended(tmp_path, Rules(), *rows)
    assert [(one["source"], round(one["ahead"] / 60)) for one in made.clocks] == [("gym", 15)]
    assert mended(tmp_path, Rules(skew={"gym": 900}), *rows).clocks == []


def test_instants_with_different_offsets_are_one_time(tmp_path: Path) -> None:
    china, london = (
        "2022-03-05T12:00:00+08:00,2022-03-05T12:30:00+08:00",
        "2022-03-05T04:00:00Z,2022-03-05T05:30:00+01:00",
    )
    made = mended(tmp_path, Rules(), f"a,bar,{china}", f"b,bar,{london}")
    assert {(begin, end) for _who, _where, begin, end in rows_of(made)} == {rows_of(made)[0][2:]}
    with pytest.raises(AnalysisError, match="all with, or all without a time zone"):
        mended(tmp_path, Rules(), "a,bar,2022-03-05T12:00:00+08:00,2022-03-05 12:30:00")
    odd = mended(
        tmp_path, Rules(), f"a,bar,{china}", "b,bar,2022-03-05 04:00:00,2022-03-05T04:30:00Z", f"c,bar,{london}"
    )
    assert [(one.row, one.column, one.what.en) for one in odd.file.faults] == [(3, "t_in", "is not an instant")]
    assert len(rows_of(odd)) == 2
