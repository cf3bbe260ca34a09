"""Single values of a line list: every shape of date that is certain is read, every other one refused with its reason."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from fangxian.standards.linelist.values import DateOrder, ValueProblem, parse_age, parse_degrees, parse_term, parse_when
from fangxian.standards.tables import Cell

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = dt.date(2020, 1, 19)


def read(cell: Cell, *orders: DateOrder, **options: object) -> object:
    return parse_when(cell, orders or ("ymd",), SHANGHAI, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "2020-01-19",
        "2020/1/19",
        "2020.1.19",
        "20200119",
        "2020年1月19日",
        "2020 年 01 月 19 号",
        "20年1月19日",
        "２０２０－０１－１９",
        "19 Jan 2020",
        "19-Jan-20",
        "January 19, 2020",
        "Jan. 19 2020",
        "19/1/2020",
        "1/19/20",
        "2020-01-19 00:00:00",
    ],
)
def test_dates_with_one_reading_need_no_declaration(text: str) -> None:
    when = read(text)
    assert (when.date() if isinstance(when, dt.datetime) else when) == DAY


def test_day_and_month_follow_the_declared_order() -> None:
    assert read("3/4/2020", "mdy") == dt.date(2020, 3, 4)
    assert read("3/4/2020", "dmy") == dt.date(2020, 4, 3)
    assert read("4/4/2020") == dt.date(2020, 4, 4)
    assert read("19/1/2020", "mdy", "dmy") == DAY


@pytest.mark.parametrize(
    ("cell", "orders", "code"),
    [
        ("3/4/2020", ("ymd",), "ambiguous_date"),
        ("19/1/2020", ("mdy",), "impossible_date"),
        ("2020-02-30", ("ymd",), "impossible_date"),
        ("32/13/2020", ("dmy",), "impossible_date"),
        ("2020年1月", ("ymd",), "partial_date"),
        ("2020-01", ("ymd",), "partial_date"),
        ("2020", ("ymd",), "partial_date"),
        ("1月19日", ("ymd",), "partial_date"),
        ("19/1", ("dmy",), "partial_date"),
        ("43849", ("ymd",), "unreadable_date"),
        ("yesterday", ("ymd",), "unreadable_date"),
        ("2020-01-19 25:00", ("ymd",), "unreadable_date"),
        ("19 Foo 2020", ("ymd",), "unreadable_date"),
        (True, ("ymd",), "unreadable_date"),
        (5, ("ymd",), "unreadable_date"),
    ],
)
def test_other_dates_say_why_they_are_refused(cell: Cell, orders: tuple[DateOrder, ...], code: str) -> None:
    with pytest.raises(ValueProblem) as caught:
        read(cell, *orders)
    assert caught.value.code == code
    assert caught.value.reason.zh and caught.value.remedy.zh


def test_spreadsheet_dates() -> None:
    assert read(43849) == DAY
    assert read(43849.0) == DAY
    assert read("43849", "excel") == DAY
    assert read(42387, date1904=True) == DAY
    assert read(43849.5) == dt.datetime(2020, 1, 19, 12, tzinfo=SHANGHAI)
    assert read(dt.datetime(2020, 1, 19)) == DAY
    assert read(DAY) == DAY


def test_a_time_of_day_makes_an_aware_moment() -> None:
    assert read("2020-01-19 14:30") == dt.datetime(2020, 1, 19, 14, 30, tzinfo=SHANGHAI)
    assert read("2020-01-19T06:30:00Z") == dt.datetime(2020, 1, 19, 14, 30, tzinfo=SHANGHAI)
    assert read("1/19/20 2:30 PM", "mdy") == dt.datetime(2020, 1, 19, 14, 30, tzinfo=SHANGHAI)
    assert read("2020年1月19日 14:30") == dt.datetime(2020, 1, 19, 14, 30, tzinfo=SHANGHAI)


def test_a_month_is_enough_for_the_bounds_of_a_period() -> None:
    assert read("2020-02", bound="start") == dt.date(2020, 2, 1)
    assert read("2020年2月", bound="end") == dt.date(2020, 2, 29)
    assert read("2019", bound="end") == dt.date(2019, 12, 31)


@pytest.mark.parametrize(
    ("cell", "age", "band"),
    [
        ("35", 35, None),
        (35.0, 35, None),
        ("35岁", 35, None),
        ("0.5", 0, None),
        ("6个月", 0, None),
        ("18 months", 1, None),
        ("3天", 0, None),
        ("50s", None, (50, 59)),
        ("0s", None, (0, 9)),
        ("60-69", None, (60, 69)),
        ("80+", None, (80, 120)),
        ("≥65", None, (65, 120)),
    ],
)
def test_ages(cell: Cell, age: int | None, band: tuple[int, int] | None) -> None:
    assert parse_age(cell) == (age, band)


@pytest.mark.parametrize(
    ("cell", "code"), [("999", "age_absurd"), ("-1", "age_absurd"), ("69-60", "age_absurd"), ("old", "bad_number")]
)
def test_absurd_ages(cell: Cell, code: str) -> None:
    with pytest.raises(ValueProblem) as caught:
        parse_age(cell)
    assert caught.value.code == code


def test_words_in_both_languages() -> None:
    assert [parse_term("sex", word) for word in ("M", "男", "Female")] == ["male", "male", "female"]
    assert parse_term("outcome", "治愈") == "recovered"
    with pytest.raises(ValueProblem) as caught:
        parse_term("outcome", "Alive")
    assert "in_care" in caught.value.remedy.en


def test_degrees() -> None:
    assert parse_degrees("-13.21", 180) == -13.21
    for wrong in ("114.3", "n", "nan", "inf"):
        with pytest.raises(ValueProblem):
            parse_degrees(wrong, 90)
