"""Which days are like which: weekdays, public holidays, and the weeks around the Spring Festival (春节).

Lunar dates are those of the Chinese calendar (GB/T 33661-2017) for 2000-2050. Days off in lieu (调休) are announced year by year and
differ; they are not known here, so that a working Sunday counts as a Sunday.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Days = NDArray[np.datetime64]

#: Kinds 0-6 are Monday to Sunday; then public holidays, the week before the Spring Festival, its week, and the nine days after.
HOLIDAY, BEFORE, FESTIVAL, AFTER = 7, 8, 9, 10
KINDS = 11

#: The first day of the first month, 2000-2050, as month and day.
_SPRING = (
    "0205 0124 0212 0201 0122 0209 0129 0218 0207 0126 0214 0203 0123 0210 0131 0219 0208 0128 0216 0205 0125 0212 0201 0122 0210 "
    "0129 0217 0206 0126 0213 0203 0123 0211 0131 0219 0208 0128 0215 0204 0124 0212 0201 0122 0210 0130 0217 0206 0126 0214 0202 0123"
)
#: Dragon Boat (端午) and Mid-Autumn (中秋), 2000-2050.
_DRAGON_BOAT = (
    "0606 0625 0615 0604 0622 0611 0531 0619 0608 0528 0616 0606 0623 0612 0602 0620 0609 0530 0618 0607 0625 0614 0603 0622 0610 "
    "0531 0619 0609 0528 0616 0605 0624 0612 0601 0620 0610 0530 0618 0607 0527 0614 0603 0622 0611 0531 0619 0608 0529 0615 0604 0623"
)
_MID_AUTUMN = (
    "0912 1001 0921 0911 0928 0918 1006 0925 0914 1003 0922 0912 0930 0919 0908 0927 0915 1004 0924 0913 1001 0921 0910 0929 0917 "
    "1006 0925 0915 1003 0922 0912 1001 0919 0908 0927 0916 1004 0924 0913 1002 0920 0910 0928 0917 1005 0925 0915 1004 0922 0911 0930"
)
#: New Year, Tomb Sweeping (清明, 4-6 April), the First of May and the National Day with the days that are usually off.
_FIXED = "0101 0404 0405 0501 0502 0503 1001 1002 1003 1004 1005 1006 1007"


def _dated(words: str) -> Days:
    return np.array([f"{2000 + i}-{word[:2]}-{word[2:]}" for i, word in enumerate(words.split())], "datetime64[D]")


SPRING_FESTIVALS = _dated(_SPRING)
_FIRST = int(np.datetime64("2000-01-01").astype(np.int64))
_OTHERS = np.concatenate((_dated(_DRAGON_BOAT), _dated(_MID_AUTUMN)))


def kinds(days: ArrayLike, *, holidays: bool = True) -> NDArray[np.int8]:
    """The kind of each day: 0-6 Monday to Sunday, else `HOLIDAY`, `BEFORE`, `FESTIVAL` or `AFTER`; lunar days from 2000 to 2050.

    Without `holidays`, the weekday of each.
    """
    wanted = np.asarray(days, "datetime64[D]")
    if not holidays:
        return _weekdays(wanted)
    since = wanted.astype(np.int64) - _FIRST
    table = _table()
    if ((since >= 0) & (since < len(table))).all():
        return table[since]
    return _worked_out(wanted)


def _weekdays(wanted: Days) -> NDArray[np.int8]:
    return ((wanted.astype(np.int64) + 3) % 7).astype(np.int8)  # 1970-01-01 was a Thursday


@cache
def _table() -> NDArray[np.int8]:
    """The kinds of all days of the years whose lunar days are known: looked up day by day, they are worked out once."""
    return _worked_out(np.arange(_FIRST, np.datetime64("2051-01-01").astype(np.int64)).astype("datetime64[D]"))


def _worked_out(wanted: Days) -> NDArray[np.int8]:
    found = _weekdays(wanted)
    months = wanted.astype("datetime64[M]")
    day_of_year = (months.astype(np.int64) % 12 + 1) * 100 + (wanted - months.astype("datetime64[D]")).astype(int) + 1
    fixed = np.isin(day_of_year, [int(word) for word in _FIXED.split()])
    found[fixed | np.isin(wanted, _OTHERS)] = HOLIDAY
    nearest = SPRING_FESTIVALS[np.clip(months.astype("datetime64[Y]").astype(int) - 30, 0, len(SPRING_FESTIVALS) - 1)]
    since = (wanted - nearest).astype(int)
    for kind, first, last in ((BEFORE, -7, -1), (FESTIVAL, 0, 6), (AFTER, 7, 15)):
        found[(since >= first) & (since <= last)] = kind
    return found
