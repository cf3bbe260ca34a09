"""One value of a line list: dates of every shape, ages, sexes, outcomes. Where two readings exist, none is guessed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from fangxian.standards.cn_ids import half_width
from fangxian.standards.linelist.rows import When
from fangxian.standards.tables import Cell, as_text
from fangxian.text import Text

DateOrder = Literal["ymd", "mdy", "dmy", "excel"]
DATE_ORDERS: tuple[DateOrder, ...] = ("ymd", "mdy", "dmy", "excel")
Bound = Literal["point", "start", "end"]


class ValueProblem(ValueError):
    """A value that means nothing here. ``code`` is the rejection's code, ``kept`` what stays if it is only a warning."""

    def __init__(self, code: str, reason: Text, remedy: Text, kept: str | None = None) -> None:
        self.code = code
        self.reason = reason
        self.remedy = remedy
        self.kept = kept
        super().__init__(reason.en)


_TIME = re.compile(r"[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp][Mm])?(?:\s*(Z|[+-]\d{2}:?\d{2}))?$")
_YMD = re.compile(r"(\d{4})([-/.\s])(\d{1,2})\2(\d{1,2})")
_COMPACT = re.compile(r"((?:1[89]|20)\d{2})(\d{2})(\d{2})")
_CHINESE = re.compile(r"(\d{4}|\d{2})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?")
_NUMERIC = re.compile(r"(\d{1,2})([-/.\s])(\d{1,2})\2(\d{4}|\d{2})")
_NAMED = re.compile(
    r"(?:(\d{1,2})[-\s.]*([A-Za-z]{3,9})|([A-Za-z]{3,9})\.?\s*(\d{1,2}))(?:st|nd|rd|th)?[-\s,.]+(\d{4}|\d{2})"
)
_YEAR_MONTH = re.compile(r"(\d{4})\s*(?:[-/.]|年)\s*(\d{1,2})\s*月?")
_YEAR = re.compile(r"(\d{4})\s*年?")
_DAY_ONLY = re.compile(r"(\d{1,2})(?:[-/.]|\s*月\s*)(\d{1,2})\s*[日号]?")
_SERIAL = re.compile(r"\d{4,6}(?:\.\d+)?")
_MONTHS = {
    name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)
}
_MONTHS |= {
    name: number
    for number, name in enumerate(
        "january february march april may june july august september october november december".split(), start=1
    )
} | {"sept": 9}

_WRITE_ISO = Text("请改写为 2020-01-31 这样的日期", "Write it like 2020-01-31")


def parse_when(
    cell: Cell, orders: tuple[DateOrder, ...], zone: ZoneInfo, *, bound: Bound = "point", date1904: bool = False
) -> When:
    """A date, or an aware moment when a time of day is given.

    Year-first, Chinese, named-month and workbook dates are always understood. Day/month order is only believed when
    ``orders`` declares it or the numbers allow one reading. A year and month alone become the first day for a ``start``
    bound and the last for an ``end``. Raises ValueProblem.
    """
    match cell:
        case dt.datetime():
            return cell.date() if cell.time() == dt.time.min else _aware(cell, zone)
        case dt.date():
            return cell
        case bool() | None | dt.time() | dt.timedelta():
            raise _unreadable()
        case int() | float():
            return _from_serial(float(cell), zone, date1904)
        case str():
            return _parse_text(as_text(cell), orders, zone, bound, date1904)


@lru_cache(maxsize=20_000)
def _parse_text(text: str, orders: tuple[DateOrder, ...], zone: ZoneInfo, bound: Bound, date1904: bool) -> When:
    text = half_width(text).strip()
    time = None
    offset = None
    if found := _TIME.search(text):
        time, offset = _time_of_day(found), found[5]
        text = text[: found.start()].strip()
    if (serial := _SERIAL.fullmatch(text)) and "excel" in orders and not _YEAR.fullmatch(text):
        return _from_serial(float(serial[0]), zone, date1904)
    day = _parse_day(text, orders, bound)
    if time is None:
        return day
    if offset:
        return dt.datetime.fromisoformat(f"{day.isoformat()}T{time.isoformat()}{offset}").astimezone(zone)
    return _aware(dt.datetime.combine(day, time), zone)


def _aware(moment: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def _time_of_day(found: re.Match[str]) -> dt.time:
    hour, half = int(found[1]), (found[4] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        return dt.time(hour, int(found[2]), int(found[3] or 0))
    except ValueError:
        raise _unreadable() from None


def _parse_day(text: str, orders: tuple[DateOrder, ...], bound: Bound) -> dt.date:
    if found := _YMD.fullmatch(text):
        return _day(int(found[1]), int(found[3]), int(found[4]))
    if found := _COMPACT.fullmatch(text):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if found := _CHINESE.fullmatch(text):
        return _day(_year(found[1]), int(found[2]), int(found[3]))
    if found := _NUMERIC.fullmatch(text):
        return _by_order(int(found[1]), int(found[3]), found[4], orders)
    if found := _NAMED.fullmatch(text):
        month = _MONTHS.get((found[2] or found[3]).lower())
        if month:
            return _day(_year(found[5]), month, int(found[1] or found[4]))
    _refuse_partial(text, bound)
    if found := _YEAR_MONTH.fullmatch(text):
        first = _day(int(found[1]), int(found[2]), 1)
        return first if bound == "start" else (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    if found := _YEAR.fullmatch(text):
        year = int(found[1])
        return _day(year, 1, 1) if bound == "start" else _day(year, 12, 31)
    raise _unreadable()


def _refuse_partial(text: str, bound: Bound) -> None:
    """A date without its year, or (where one day is meant) without its day, is not completed by invention."""
    if _DAY_ONLY.fullmatch(text):
        raise ValueProblem("partial_date", Text("日期缺少年份", "the date has no year"), _WRITE_ISO)
    if bound == "point" and (_YEAR_MONTH.fullmatch(text) or _YEAR.fullmatch(text)):
        raise ValueProblem("partial_date", Text("日期缺少日", "the date has no day"), _WRITE_ISO)


def _by_order(first: int, second: int, year: str, orders: tuple[DateOrder, ...]) -> dt.date:
    declared = [order for order in orders if order in ("mdy", "dmy")]
    readings = {"mdy": (first, second), "dmy": (second, first)}
    possible = [order for order in (declared or readings) if readings[order][0] <= 12]
    if not possible:
        raise ValueProblem(
            "impossible_date",
            Text("按声明的顺序没有这一天", "no such day in the declared order"),
            Text("请更正，或在 dates 中加上另一种顺序", "Correct it, or add the other order to “dates”"),
        )
    if len(possible) > 1 and first != second and not declared:
        raise ValueProblem(
            "ambiguous_date",
            Text("分不清是月/日还是日/月", "it could be month/day or day/month"),
            Text("请在方案的 dates 中写 mdy 或 dmy", "Write mdy or dmy in “dates” of the recipe"),
        )
    month, day = readings[possible[0]]
    return _day(_year(year), month, day)


def _year(text: str) -> int:
    """Two digits are read as POSIX does: 69 to 99 are the 1900s, 00 to 68 the 2000s."""
    year = int(text)
    return year if len(text) == 4 else year + (1900 if year >= 69 else 2000)


def _day(year: int, month: int, day: int) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise ValueProblem(
            "impossible_date", Text("历法上没有这一天", "there is no such day in the calendar"), _WRITE_ISO
        ) from None


def _from_serial(serial: float, zone: ZoneInfo, date1904: bool) -> When:
    """A spreadsheet's day count (ECMA-376 18.17.4.1). Up to 1 March 1900 it counts a day that never was."""
    if not 60 < serial < 2_958_466:
        raise _unreadable()
    epoch = dt.datetime(1904, 1, 1) if date1904 else dt.datetime(1899, 12, 30)
    moment = epoch + dt.timedelta(seconds=round(serial * 86_400))
    return moment.date() if moment.time() == dt.time.min else _aware(moment, zone)


def _unreadable() -> ValueProblem:
    return ValueProblem("unreadable_date", Text("不是能看懂的日期", "it is not a date that can be read"), _WRITE_ISO)


_AGE = re.compile(r"(\d{1,4})(?:\.\d+)?\s*(?:岁|周岁|y|yr|yrs|years?|years? old)?", re.I)
_AGE_MONTHS = re.compile(r"(\d{1,3})\s*(?:个月|月龄|月|m|mo|mos|months?|天|日龄|d|days?|周|weeks?|w)(?:大)?", re.I)
_AGE_DECADE = re.compile(r"(\d{1,2}0|0)\s*(?:'?s|多岁|余岁|代)")
_AGE_BAND = re.compile(r"(\d{1,3})\s*(?:-|~|–|—|至|to)\s*(\d{1,3})\s*岁?", re.I)
_AGE_OVER = re.compile(r"(?:(?:>=?|≥)\s*(\d{1,3})|(\d{1,3})\s*(?:\+|岁?以上|岁?及以上))")
OLDEST = 120
"""The oldest age that is believed, in years; the longest documented human life is 122."""


def parse_age(cell: Cell) -> tuple[int | None, tuple[int, int] | None]:
    """(age in completed years, age band): exactly one of them is given. Raises ValueProblem."""
    text = half_width(as_text(cell))
    if found := _AGE.fullmatch(text):
        age = int(found[1])
        if age > OLDEST:
            raise _absurd_age()
        return age, None
    if found := _AGE_MONTHS.fullmatch(text):
        months = int(found[1]) if re.search(r"m|月", text, re.I) else 0
        return months // 12, None
    if found := _AGE_DECADE.fullmatch(text):
        low, high = int(found[1]), int(found[1]) + 9
    elif found := _AGE_BAND.fullmatch(text):
        low, high = int(found[1]), int(found[2])
    elif found := _AGE_OVER.fullmatch(text):
        low, high = int(found[1] or found[2]), OLDEST
    elif re.fullmatch(r"-\d+(?:\.\d+)?", text):
        raise _absurd_age()
    else:
        raise ValueProblem(
            "bad_number", Text("不是年龄", "it is not an age"), Text("请写周岁数", "Write completed years")
        )
    if low > high or low > OLDEST:
        raise _absurd_age()
    return None, (low, min(high, OLDEST))


def _absurd_age() -> ValueProblem:
    return ValueProblem(
        "age_absurd",
        Text(f"年龄不在 0 到 {OLDEST} 岁之间", f"the age is not between 0 and {OLDEST} years"),
        Text("请核对年龄或出生日期", "Check the age or the birth date"),
    )


def parse_whole(cell: Cell, low: int, high: int) -> int:
    """A whole number between two bounds. Raises ValueProblem."""
    try:
        number = float(half_width(as_text(cell)).replace(",", ""))
        if number == int(number) and low <= number <= high:
            return int(number)
    except (ValueError, OverflowError):
        pass
    raise ValueProblem(
        "bad_number",
        Text(f"不是 {low} 到 {high} 之间的整数", f"it is not a whole number between {low} and {high}"),
        Text("请更正", "Correct it"),
    )


def parse_degrees(cell: Cell, limit: float) -> float:
    """A longitude (limit 180) or latitude (limit 90) in decimal degrees. Raises ValueProblem."""
    try:
        degrees = float(half_width(as_text(cell)))
        if abs(degrees) <= limit:
            return degrees
    except ValueError:
        pass
    raise ValueProblem(
        "bad_coordinate",
        Text(f"不是 ±{limit:g} 以内的十进制度数", f"it is not a number of degrees within ±{limit:g}"),
        Text("请检查经度和纬度是否互换", "Check whether longitude and latitude are swapped"),
    )


SYNONYMS: Mapping[str, Mapping[str, str]] = {
    "sex": {
        word: sex
        for sex, words in {"male": "m male man boy 男 男性", "female": "f female woman girl 女 女性"}.items()
        for word in words.split()
    },
    "outcome": {
        word: outcome
        for outcome, words in {
            "recovered": "recovered recover discharged released cured 治愈 出院 痊愈 解除隔离",
            "died": "died dead death deceased 死亡 病死 去世",
            "in_care": "in_care hospitalised hospitalized isolated 在治 住院 治疗中 隔离中 在院",
            "lost": "lost 失访",
        }.items()
        for word in words.split()
    },
    "classification": {
        word: kind
        for kind, words in {
            "suspected": "suspected suspect 疑似 疑似病例",
            "probable": "probable 临床诊断 临床诊断病例",
            "confirmed": "confirmed 确诊 确诊病例 实验室确诊",
            "asymptomatic": "asymptomatic 无症状 无症状感染者 病原携带者",
        }.items()
        for word in words.split()
    },
    "severity": {
        word: severity
        for severity, words in {
            "mild": "mild minor 轻型 轻症 轻微",
            "moderate": "moderate normal ordinary 普通型 普通 中型",
            "severe": "severe serious 重型 重症",
            "critical": "critical 危重型 危重 危重症",
        }.items()
        for word in words.split()
    },
    "origin": {
        word: origin
        for origin, words in {
            "imported": "imported 输入 境外输入 输入性",
            "local": "local indigenous 本土 本地 本地感染",
        }.items()
        for word in words.split()
    },
}
"""Words that need no value map, by field: English and Chinese to our own terms."""


def parse_term(field: str, text: str) -> str:
    """One of our terms for a closed field (sex, outcome …). Raises ValueProblem for a word nobody mapped."""
    known = SYNONYMS[field]
    term = known.get(text.casefold())
    if term is None:
        terms = ", ".join(dict.fromkeys(known.values()))
        raise ValueProblem(
            "unmapped_value",
            Text(f"“{text}”没有对应的说法", f"nothing says what “{text}” means"),
            Text(
                f"请在该字段的 values 中写上“{text}: …”（可选 {terms}）",
                f"Add “{text}: …” to “values” of this field (one of {terms})",
            ),
        )
    return term
