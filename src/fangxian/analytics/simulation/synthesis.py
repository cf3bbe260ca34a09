"""A city from a table of jurisdictions (合成城市): households with parents, children and the old, classes, teams, care homes, hospitals,
acquaintances near and far, and the numbers of the buildings, compounds, townships, schools, workplaces and markets they belong to.

People are numbered by household, households by building, buildings by compound and compounds by township, so that what is near is near in
memory too. The same table, profile and seed give the same city.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from fangxian.analytics.simulation.errors import SimulationError
from fangxian.analytics.simulation.population import COMMUNITY, HOME, SCHOOL, WORK, Layering, Population

Ints = NDArray[Any]
_GROUP = 5


@dataclass(frozen=True, slots=True)
class Township:
    """A jurisdiction (街道、乡镇) of the table: its code, its name, and how many people live there."""

    code: str
    name: str
    people: int


def townships(path: Path) -> tuple[Township, ...]:
    """Read a table with the columns code, name, people. Raises SimulationError that names file, row and column."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            columns, told = tuple(rows.fieldnames or ()), list(enumerate(rows, 2))
    except (UnicodeDecodeError, csv.Error):
        raise SimulationError(
            f"{path.name}：不是 UTF-8 编码的 CSV；请另存为“CSV UTF-8”。",
            f"{path.name}: is no CSV in UTF-8; save it as “CSV UTF-8”.",
        ) from None
    missing = [name for name in ("code", "name", "people") if name not in columns]
    if missing:
        raise SimulationError(
            f"{path.name}：缺少列 {'、'.join(missing)}；应有 code、name、people。",
            f"{path.name}: lacks the column {', '.join(missing)}; there are to be code, name, people.",
        )
    found: dict[str, Township] = {}
    for number, row in told:
        code, people = (row["code"] or "").strip(), (row["people"] or "").strip()
        if not code or code in found:
            raise SimulationError(
                f"{path.name} 第 {number} 行 code：每个辖区应有自己的代码，得到“{code}”。",
                f"{path.name}, row {number}, code: every jurisdiction has a code of its own, not “{code}”.",
            )
        if not (people.isascii() and people.isdigit()):
            raise SimulationError(
                f"{path.name} 第 {number} 行 people：应为不小于 0 的整数，得到“{people}”。",
                f"{path.name}, row {number}, people: is a whole number of at least 0, not “{people}”.",
            )
        found[code] = Township(code, row["name"] or code, int(people))
    return tuple(found.values())


def profile(name: str) -> Mapping[str, Any]:
    """What a city is made of. Raises SimulationError for a profile that there is not."""
    known = _profiles()
    if name not in known:
        raise SimulationError(
            f"没有人口构成 {name}；有 {'、'.join(known)}。",
            f"There is no profile {name}; there are {', '.join(known)}.",
        )
    return known[name]


@cache
def _profiles() -> Mapping[str, Mapping[str, Any]]:
    text = files("fangxian.analytics.simulation").joinpath("profiles.yaml").read_text(encoding="utf-8")
    read: Mapping[str, Mapping[str, Any]] = yaml.safe_load(text)
    return read


def synthesise(
    places: Sequence[Township] | int, made_of: Mapping[str, Any] | str = "cn", *, seed: int = 1
) -> Population:
    """A city of these townships, or of so many people in townships of 40,000. Raises SimulationError for an empty one."""
    like = profile(made_of) if isinstance(made_of, str) else made_of
    sizes = [one.people for one in places] if not isinstance(places, int) else _even(places)
    people = sum(sizes)
    if people < 1 or people >= 2**31:
        raise SimulationError(
            f"人口应至少 1 人、少于 2147483648 人，得到 {people} 人。",
            f"A city has from 1 to 2147483647 people, not {people}.",
        )
    random = np.random.default_rng(seed)
    township = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    age, household = _households(random, township, like)
    return _Settling(random, age, household, township, like).city()


def _even(people: int) -> list[int]:
    many = max(1, round(people / 40_000))
    return [people * (at + 1) // many - people * at // many for at in range(many)]


def _households(random: np.random.Generator, township: Ints, like: Mapping[str, Any]) -> tuple[Ints, Ints]:
    """(N,) ages, and the number of everybody's household: no child lives alone, couples and siblings are of like age."""
    people = len(township)
    shares = np.asarray(like["ages"], np.float64)
    ages = np.sort(
        _GROUP * random.choice(len(shares), people, p=shares / shares.sum()) + random.integers(0, _GROUP, people)
    )
    chances = np.asarray(like["households"], np.float64) / np.sum(like["households"])
    kinds = np.arange(1, len(chances) + 1)
    sizes = random.choice(kinds, int(1.2 * people / (chances @ kinds)) + 50, p=chances)
    sizes = sizes[: int(np.searchsorted(np.cumsum(sizes), people)) + 1]
    household = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)[:people]
    # Nobody lives with people of another township.
    _all, household = np.unique(township.astype(np.int64) * len(sizes) + household, return_inverse=True)
    household = household.astype(np.int32)
    first = np.flatnonzero(np.r_[True, household[1:] != household[:-1]])
    position = np.arange(people) - np.repeat(first, np.diff(np.r_[first, people]))
    members = np.bincount(household)[household]
    children = int(np.searchsorted(ages, 18))
    old = people - int(np.searchsorted(ages, 65))
    # Whoever stands third or fourth is most often a child; the first never is, unless there are too few others.
    childlike = np.select([position == 0, position == 1, position <= 3], [-9.0, -1.5, 1.0], 0.0)
    young = np.zeros(people, np.bool_)
    young[np.argsort(childlike + random.normal(0, 0.7, people))[people - children :]] = True
    # The old live alone, as couples, or with their children.
    oldlike = np.select([young, members <= 2, position >= 3], [-99.0, 1.0, 0.8], 0.0)
    oldest = np.zeros(people, np.bool_)
    oldest[np.argsort(oldlike + random.normal(0, 0.8, people))[people - old :]] = True
    # Within a kind, ages go by a number of the household, so that couples and siblings are close.
    of_home = random.random(int(household[-1]) + 1)[household] + random.normal(0, 0.04, people)
    age = np.empty(people, np.uint8)
    ends = (0, children, people - old, people)
    for kind, begin, end in zip((young, ~young & ~oldest, oldest), ends, ends[1:], strict=False):
        who = np.flatnonzero(kind)
        age[who[np.argsort(of_home[who])]] = ages[begin:end]
    return age, household


class _Settling:
    """The layers of a city, one after another."""

    def __init__(
        self, random: np.random.Generator, age: Ints, household: Ints, township: Ints, like: Mapping[str, Any]
    ) -> None:  # fmt: skip
        self.random, self.age, self.household, self.township, self.like = random, age, household, township, like
        self.people = len(age)
        self.cared_for = np.zeros(self.people, np.bool_)
        self.layering = Layering(self.people)
        self.places: dict[str, Ints] = {"township": township, "household": household}

    def city(self) -> Population:
        """All of it."""
        self._neighbourhoods()
        self._schools()
        self._work(self._care())
        at_home = np.flatnonzero(~self.cared_for).astype(np.int32)
        self.layering.groups(HOME, at_home, self.household[at_home])
        self._acquaintances()
        return self.layering.population(self.age, self.places)

    def _neighbourhoods(self) -> None:
        of = self.like["places"]
        for name in ("building", "compound"):
            self.places[name] = _within(self.township, self.household // int(of[name]))
        self.places["market"] = _within(self.township, np.arange(self.people) // int(of["market"]))

    def _schools(self) -> None:
        of = self.like["school"]
        pupils = np.flatnonzero((self.age >= of["from"]) & (self.age < of["to"])).astype(np.int32)
        # A class is of one township and year.
        year = self.township[pupils].astype(np.int64) * 256 + self.age[pupils]
        order = np.lexsort((self.random.random(len(pupils)), year))
        pupils, year = pupils[order], year[order]
        classes = _chunks(year, int(of["class"]))
        self.layering.groups(SCHOOL, pupils, classes)
        self.places["school"] = self._numbered(
            pupils, _within(self.township[pupils], classes // max(1, round(of["pupils"] / of["class"])))
        )

    def _care(self) -> Ints:
        """Residents of care homes and those who look after them share a unit, which is where residents live; whoever works there or in a
        hospital works nowhere else. Who is left works elsewhere."""
        care, work, hospital = self.like["care"], self.like["work"], self.like["hospital"]
        grown = (self.age >= work["from"]) & (self.age < work["to"])
        employed = np.flatnonzero(grown & (self.random.random(self.people) < work["employed"])).astype(np.int32)
        employed = self.random.permutation(employed)
        old = np.flatnonzero(self.age >= care["of"])
        residents = old[self.random.random(len(old)) < care["share"]].astype(np.int32)
        self.cared_for[residents] = True
        units = -(-len(residents) // int(care["unit"]))
        staff = employed[: units * int(care["staff"])]
        together = np.concatenate((residents, staff))
        unit = np.concatenate(
            (np.arange(len(residents)) // int(care["unit"]), np.arange(len(staff)) % max(units, 1))
        ).astype(np.int32)
        order = np.argsort(unit, kind="stable")
        self.layering.groups(WORK, together[order], unit[order])
        self.places["care_home"] = self._numbered(together, unit // max(1, round(care["home"] / care["unit"])))
        rest = employed[len(staff) :]
        nurses = rest[: int(hospital["staff"] * self.people)]
        teams = (np.arange(len(nurses)) // int(hospital["team"])).astype(np.int32)
        self.layering.groups(WORK, nurses, teams)
        self.places["hospital"] = self._numbered(nurses, teams // max(1, round(hospital["site"] / hospital["team"])))
        return rest[len(nurses) :]

    def _work(self, workers: Ints) -> None:
        of = self.like["work"]
        local = self.random.random(len(workers)) < of["local"]
        other = self.township[self.random.integers(0, self.people, len(workers))]
        where = np.where(local, self.township[workers], other)
        order = np.argsort(where, kind="stable")
        workers, where = workers[order], where[order]
        sizes = self.random.poisson(of["team"] - 1, len(workers) + 1) + 1
        team = np.repeat(np.arange(len(sizes)), sizes)[: len(workers)]
        team = _within(where, team)
        self.layering.groups(WORK, workers, team)
        self.places["workplace"] = self._numbered(
            workers, _within(where, team // max(1, round(of["site"] / of["team"])))
        )

    def _acquaintances(self) -> None:
        of, compound = self.like["community"], self.places["compound"]
        drawn = self.random.poisson(of["acquaintances"] / 2, self.people)
        one = np.repeat(np.arange(self.people, dtype=np.int32), drawn)
        near = self.random.random(len(one))
        other = self.random.random(len(one))
        first, many = np.zeros(len(one), np.int64), np.full(len(one), self.people, np.int64)
        for held, zone in ((near < of["compound"] + of["township"], self.township), (near < of["compound"], compound)):
            counts = np.bincount(zone)
            begin = np.cumsum(counts) - counts
            mine = zone[one[held]]
            first[held], many[held] = begin[mine], counts[mine]
        self.layering.pairs(COMMUNITY, drawn.astype(np.int32), (first + other * many).astype(np.int32))

    def _numbered(self, who: Ints, number: Ints) -> Ints:
        """(N,) numbers of places, −1 for who is not there."""
        found = np.full(self.people, -1, np.int32)
        found[who] = number
        return found


def _within(zone: Ints, number: Ints) -> Ints:
    """Numbers from 0 on for pairs of two numbers that do not fall, so that no place lies in two zones."""
    changes = (
        np.r_[False, (zone[1:] != zone[:-1]) | (number[1:] != number[:-1])] if len(zone) else np.zeros(0, np.bool_)
    )
    return np.asarray(np.cumsum(changes), np.int32)


def _chunks(cell: Ints, size: int) -> Ints:
    """Numbers of groups of about one size that lie within a cell; cells do not fall."""
    if not len(cell):
        return np.zeros(0, np.int32)
    first = np.flatnonzero(np.r_[True, cell[1:] != cell[:-1]])
    counts = np.diff(np.r_[first, len(cell)])
    many = np.maximum(1, np.round(counts / size)).astype(np.int64)
    place = np.arange(len(cell)) - np.repeat(first, counts)
    group = place * np.repeat(many, counts) // np.repeat(counts, counts)
    return np.asarray(group + np.repeat(np.cumsum(many) - many, counts), np.int32)
