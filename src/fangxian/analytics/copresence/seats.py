"""Seats as tickets and notices write them (座位): 12A, 03车07F号, 3号车厢 15号中铺, 31-34排, 无座, and who sat how near to whom.

Coaches of Chinese trains: seats of multiple units are a row and a letter. Berths are numbered by twos (hard sleeper: upper,
middle and lower of each number, two numbers to a bay) or by fours (soft sleeper: upper and lower, four to a compartment).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

_CARRIAGE = re.compile(
    r"第?((?:[加A]?\d+)(?:\s*号?\s*(?:[-–—~至、,，和/]\s*)(?:[加A]?\d+))*)\s*号?(?:硬卧|软卧|卧铺|硬座|节)?(?:车厢|车箱|车(?![牌站上辆]))"
)
_ROWS = re.compile(r"(\d+)(?:\s*[-–—~至]\s*(\d+))?\s*排\s*((?:[A-HJ-L][、,，/和]?)*)")
_SEATS = re.compile(r"(?<!\d)R?0*([1-9]\d?)\s*(?:号|排)?\s*([A-HJ-L])(?:\s*[-–—、,，/和]\s*([A-HJ-L])(?![\d]))*")
_BERTH = re.compile(r"(\d+)\s*(?:号床|号|间)?\s*(?:软卧|硬卧|卧铺)?\s*(上下|上|中|下)铺?")
_NUMBER = re.compile(r"\d+")
_REMARK = re.compile(r"[(（][^)）]*[)）]")
_CREW = re.compile(r"(?:随车)?(?:保洁员?|列车员|乘务员|乘务|司机|机组|列车长|空姐)")
#: What says nothing of where somebody sat.
_FILLER = re.compile(
    r"座位号|座位|座次|一等座|二等座|商务座|特等座|硬座|软座|硬卧|软卧|卧铺|头等舱|经济舱|公务舱|商务舱|铺|座|号|排|车厢|转|和|或|至"
    r"|未知|不详|暂无|无座|站票|无|null|NULL|nan|[\s、,，/\\：:;；。()（）\-–—~]"
)
_HARD_SLEEPER_LAST = 22


@dataclass(frozen=True, slots=True)
class Seat:
    """Where somebody sat, as far as it is known.

    `carriages`: their labels without leading zeros ("7", "加1"), one, or several for staff and who moved. `rows`: from and to,
    both in it. `bay`: of a hard sleeper, `compartment`: of a soft one, counted from 1. `crew`: serves on board.
    """

    carriages: tuple[str, ...] = ()
    rows: tuple[tuple[int, int], ...] = ()
    bay: int | None = None
    compartment: int | None = None
    crew: bool = False


@dataclass(frozen=True, slots=True)
class Beside:
    """How near two seats are: each fact True, False, a number of rows, or None where it cannot be told.

    The names are those of the facts of protocol packs.
    """

    same_carriage: bool | None
    rows_apart: int | None
    same_compartment: bool | None
    neighbouring_bay: bool | None
    crew_serving: bool


def read_seat(carriage: str, seat: str) -> tuple[Seat, str]:
    """The seat that two columns of a list name, and the words in them that are no seat ("" where all was understood).

    Either column may hold what belongs into the other. A bare number is a carriage in the first, and in the second the
    number of a hard seat, which names no row.
    """
    carriages: list[str] = []
    rows: list[tuple[int, int]] = []
    berths: list[tuple[int, str]] = []
    unread: list[str] = []
    for words, bare in ((carriage, True), (seat, False)):
        rest = _CREW.sub(" ", _REMARK.sub(" ", words))
        rest = _taken(_CARRIAGE, rest, lambda found: carriages.extend(_carriages(found.group(1))))
        rest = _taken(_ROWS, rest, lambda found: rows.append(_rows(found.group(1), found.group(2) or found.group(1))))
        rest = _taken(_BERTH, rest, lambda found: berths.append((int(found.group(1)), found.group(2))))
        rest = _taken(_SEATS, rest, lambda found: rows.append(_rows(found.group(1), found.group(1))))
        left = _FILLER.sub("", _NUMBER.sub(" ", rest))
        if left:
            unread.append(left)
        elif bare and not carriages:
            carriages.extend(str(int(found)) for found in _NUMBER.findall(rest))
    bay = compartment = None
    if berths:
        number, level = berths[0]
        hard = level == "中" or ("软" not in carriage + seat and number <= _HARD_SLEEPER_LAST)
        bay, compartment = ((number + 1) // 2, None) if hard else (None, (number + 3) // 4)
    crew = bool(_CREW.search(carriage) or _CREW.search(seat))
    return Seat(tuple(dict.fromkeys(carriages)), tuple(dict.fromkeys(rows)), bay, compartment, crew), " ".join(unread)


def beside(one: Seat, other: Seat, *, carriages: bool = True) -> Beside:
    """How near two seats of one trip are. `carriages` False: of an aircraft or coach, which has none."""
    same = bool(set(one.carriages) & set(other.carriages)) if one.carriages and other.carriages else None
    if not carriages:
        same = None
    aboard = same if carriages else True
    apart: int | None = None
    if aboard and one.rows and other.rows:
        apart = min(max(a[0] - b[1], b[0] - a[1], 0) for a, b in product(one.rows, other.rows))
    compartment = bays = None
    if aboard and one.compartment and other.compartment:
        compartment = one.compartment == other.compartment
    if aboard and one.bay and other.bay:
        bays = abs(one.bay - other.bay) <= 1
    if same is False:
        compartment = bays = False
    return Beside(same, apart, compartment, bays, (one.crew or other.crew) and aboard is not False)


def _taken(pattern: re.Pattern[str], words: str, take: Callable[[re.Match[str]], None]) -> str:
    """The words without what the pattern finds, which `take` is told."""
    for found in pattern.finditer(words):
        take(found)
    return pattern.sub(" ", words)


def _carriages(words: str) -> list[str]:
    labels: list[str] = []
    before, between = None, ""
    for token in re.findall(r"[加A]?\d+|[-–—~至]|[、,，和/]", words):
        if not token[-1].isdigit():
            between = token
            continue
        label = token[0] + str(int(token[1:])) if token[0] in "加A" else str(int(token))
        if before is not None and between in "-–—~至" and between and before.isdigit() and label.isdigit():
            labels += [str(number) for number in range(int(before) + 1, min(int(label), int(before) + 30))]
        labels.append(label)
        before, between = label, ""
    return labels


def _rows(first: str, last: str) -> tuple[int, int]:
    return min(int(first), int(last)), max(int(first), int(last))
