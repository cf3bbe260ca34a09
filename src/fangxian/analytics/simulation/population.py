"""A synthetic city (合成人口): people with ages, and the layers in which they meet.

A layer is either groups, in which everybody meets everybody (household, class, workplace), or acquaintances drawn at random. Both are
held alike: who is met stands in one list, of which a person has a stretch; in a group the person's own place in it is left out. So a
group of n takes n entries and not n².
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.kernel import kernel
from fangxian.analytics.simulation.errors import SimulationError

Ints = NDArray[Any]
HOME, SCHOOL, WORK, COMMUNITY = range(4)
_HELD = ("age", "met", "begin", "degree", "own")
LAYERS = ("home", "school", "work", "community")
#: One person in one layer. Those of a person lie side by side: whoever asks for one asks for all.
STRETCH = np.dtype([("begin", np.int32), ("degree", np.int32), ("own", np.int32)])
#: Ages from and to which people are in a class or at work.
SCHOOL_AGES, WORK_AGES = (6, 22), (22, 65)
#: In years: whoever is said to be older is a slip.
OLDEST = 130
#: People of a building, a compound (小区) and a township (街道) where a city does not say: an assumption.
BLOCKS = {"building": 60, "compound": 1_500, "township": 40_000}
#: Shares of five-year age groups from 0–4 to 95 and over: roughly those of a Chinese city; an assumption that a scenario may replace.
AGES = (
    0.048, 0.055, 0.052, 0.048, 0.060, 0.072, 0.092, 0.080, 0.073, 0.078, 0.083, 0.073, 0.054, 0.050, 0.035, 0.022, 0.014, 0.007, 0.003,
    0.001,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Population:
    """`age` (N,) in years; `met` the lists of all layers; `stretch` (N, layers): where a person's stretch of it begins, how many they
    meet there, and their own place in it, which is skipped (the degree, where they are not in it). `places` (N,) by name: the number
    of everybody's building, compound and so on; where a city has none, neighbours by number stand for them."""

    age: Ints
    met: Ints
    stretch: Ints
    places: Mapping[str, Ints] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.age)

    @property
    def begin(self) -> Ints:
        """(layers, N)."""
        return np.asarray(self.stretch["begin"].T)

    @property
    def degree(self) -> Ints:
        """(layers, N)."""
        return np.asarray(self.stretch["degree"].T)

    @property
    def own(self) -> Ints:
        """(layers, N)."""
        return np.asarray(self.stretch["own"].T)

    @cached_property
    def decade(self) -> Ints:
        """(N,) of age; the last is that of 90 and over."""
        return np.asarray(np.minimum(self.age // 10, 9), np.uint8)

    @cached_property
    def most(self) -> int:
        """How many contacts whoever has most has."""
        return int(self.degree.sum(axis=0, dtype=np.int64).max(initial=0))

    @cached_property
    def away(self) -> Ints:
        """(2,) how many people go to school and to work."""
        return np.array([np.count_nonzero(self.degree[layer]) for layer in (SCHOOL, WORK)])

    @property
    def edges(self) -> int:
        """Pairs that meet, over all layers."""
        return int(self.degree.sum(dtype=np.int64)) // 2

    def zone(self, level: str) -> Ints:
        """(N,) the number of everybody's building, compound or township."""
        if level in self.places:
            return self.places[level]
        return (np.arange(len(self), dtype=np.int32) // BLOCKS[level]).astype(np.int32)

    def save(self, path: Path) -> None:
        """Write the city into a file (.npz), whole or not at all."""
        made = path.with_name(path.name + ".part")
        arrays: dict[str, Any] = {name: getattr(self, name) for name in _HELD}
        arrays |= {f"place.{name}": of for name, of in self.places.items()}
        with made.open("wb") as file:
            np.savez(file, **arrays)
        made.replace(path)

    @classmethod
    def load(cls, path: Path) -> Population:
        """A city that was saved. Raises SimulationError for another file, or people who do not exist."""
        try:
            with np.load(path, allow_pickle=False) as held:
                arrays = {name: held[name] for name in held.files}
            places = {name[6:]: of for name, of in arrays.items() if name.startswith("place.")}
            stretch = np.empty(arrays["begin"].shape[::-1], STRETCH)
            for name in STRETCH.names or ():
                stretch[name] = arrays[name].T
            city = cls(arrays["age"], arrays["met"], stretch, places)
        except (OSError, KeyError, ValueError, AttributeError, BadZipFile):
            raise SimulationError(
                f"{path.name} 不是保存的人口文件；请用 fangxian population build 生成。",
                f"{path.name} is no saved population; make one with fangxian population build.",
            ) from None
        city._sound(path.name)
        return city

    def _sound(self, name: str) -> None:
        people = len(self)
        whole = self.stretch.shape == (people, len(LAYERS)) and self.age.shape == (people,) and people > 0
        whole = whole and all(of.shape == (people,) for of in self.places.values())
        whole = whole and all(np.issubdtype(of.dtype, np.integer) for of in (self.age, self.met, *self.places.values()))
        if whole:
            whole = 0 <= int(self.age.min()) <= int(self.age.max()) <= OLDEST
            ends = self.begin.astype(np.int64) + self.degree + (self.own < self.degree)
            whole = whole and min(int(self.begin.min()), int(self.degree.min()), int(self.own.min())) >= 0
            whole = whole and int(np.where(self.degree > 0, ends, 0).max()) <= len(self.met)
        if not whole or (len(self.met) and not 0 <= int(self.met.min()) <= int(self.met.max()) < people):
            raise SimulationError(
                f"{name}：文件不完整，或提到不存在的人；人口为 {people} 人。请重新生成。",
                f"{name}: is incomplete, or names people that do not exist among {people}. Make it anew.",
            )

    def contacts(self, person: int, layer: int) -> Ints:
        """Whom a person meets in a layer."""
        begin, degree, own = self.stretch[person, layer].tolist()
        place = np.arange(degree)
        return np.asarray(self.met[begin + place + (place >= own)])


class Layering:
    """The layers of a city in the making. `room` for the lists saves copying them, where it is known."""

    def __init__(self, people: int, room: int = 0) -> None:
        self.stretch = np.zeros((people, len(LAYERS)), STRETCH)
        self.met = np.empty(room, np.int32)
        self.offset = 0

    def groups(self, layer: int, who: Ints, number: Ints) -> None:
        """Everybody of a number meets everybody else of it; `who` (n,) and their numbers, which do not fall."""
        first = np.flatnonzero(np.r_[True, number[1:] != number[:-1]]) if len(who) else np.empty(0, np.int64)
        self.sized(layer, who, np.diff(np.r_[first, len(who)]).astype(np.int32))

    def sized(self, layer: int, who: Ints, sizes: Ints) -> None:
        """The same by sizes, which add up to the people."""
        _grouped(who, sizes, self.offset, self.stretch[:, layer])
        self._with_room(len(who))[: len(who)] = who
        self.offset += len(who)

    def pairs(self, layer: int, drawn: Ints, other: Ints) -> None:
        """Pairs that meet: `drawn` (N,) how many of the `other` belong to each, who stand in that order; nobody meets themselves.

        A layer has pairs once, and no groups.
        """
        met, filled = self._with_room(2 * len(other)), np.zeros(len(self.stretch), np.int32)
        self.offset += _acquainted(drawn, other, self.offset, self.stretch[:, layer], filled, met)

    def _with_room(self, more: int) -> Ints:
        """What is free of the lists: at least so much."""
        if self.offset + more > len(self.met):
            longer = np.empty(max(self.offset + more, 2 * self.offset), np.int32)
            longer[: self.offset] = self.met[: self.offset]
            self.met = longer
        return self.met[self.offset :]

    def population(self, age: Ints, places: Mapping[str, Ints] | None = None) -> Population:
        """The city."""
        return Population(age, self.met[: self.offset], self.stretch, places or {})


def build(
    people: int, *, seed: int = 1, home: float = 2, school: float = 20, work: float = 16, community: float = 20,
    ages: tuple[float, ...] = AGES,
) -> Population:  # fmt: skip
    """A city of so many people. `home`, `school` and `work` are mean group sizes, `community` the mean number of acquaintances.

    Sizes and acquaintances are Poisson, as in Covasim's hybrid network (Kerr and others 2021, PLoS Comput Biol 17:e1009149). The same
    seed gives the same city. Raises SimulationError for an empty city or sizes below 0.
    """
    if (
        people < 1
        or not all(size >= 0 for size in (home, school, work, community))
        or min(ages) < 0
        or not sum(ages) > 0
    ):
        raise SimulationError(
            f"人口应至少 1 人，各层平均人数与年龄构成不小于 0，得到 {people} 人。",
            f"A city has at least one person, and mean sizes and shares of ages of at least 0; not {people} people.",
        )
    random = np.random.default_rng(seed)
    shares = np.asarray(ages, np.float64) / np.sum(ages)
    age = (5 * random.choice(len(shares), people, p=shares) + random.integers(0, 5, people)).astype(np.uint8)
    everybody = np.arange(people, dtype=np.int32)
    members = {
        HOME: (everybody, home),
        SCHOOL: (random.permutation(everybody[(age >= SCHOOL_AGES[0]) & (age < SCHOOL_AGES[1])]), school),
        WORK: (random.permutation(everybody[(age >= WORK_AGES[0]) & (age < WORK_AGES[1])]), work),
    }
    sizes = {layer: _sizes(random, len(who), size) for layer, (who, size) in members.items() if size > 0 and len(who)}
    drawn = random.poisson(community / 2 if people > 1 else 0, people).astype(np.int32)
    layering = Layering(people, sum(len(members[layer][0]) for layer in sizes) + 2 * int(drawn.sum()))
    for layer, of in sizes.items():
        layering.sized(layer, members[layer][0], of)
    layering.pairs(COMMUNITY, drawn, random.integers(0, people, drawn.sum(), dtype=np.int32))
    return layering.population(age)


def of_pairs(age: Any, pairs: Mapping[str, tuple[Any, Any]]) -> Population:
    """A city whose people (ages, N) and pairs by layer (two arrays of people, from 0) are given.

    Raises SimulationError for people that do not exist.
    """
    years = _years(age)
    layering = Layering(len(years))
    for layer, (first, second) in pairs.items():
        one, other = (np.asarray(a) for a in (first, second))
        numbers = all(np.issubdtype(a.dtype, np.integer) or not a.size for a in (one, other))
        if layer not in LAYERS or one.shape != other.shape or one.ndim != 1 or not numbers:
            raise SimulationError(
                f"层 {layer} 应为 {'、'.join(LAYERS)} 之一，两列等长的人员编号（整数，自 0 起）。",
                f"Layer {layer} is to be one of {', '.join(LAYERS)}, with two columns of equal length: numbers of people, from 0.",
            )
        wrong = (one < 0) | (other < 0) | (one >= len(years)) | (other >= len(years))
        if wrong.any():
            row = int(wrong.argmax())
            raise SimulationError(
                f"层 {layer} 第 {row + 1} 对提到不存在的人（{one[row]}、{other[row]}）；人口为 {len(years)} 人，自 0 编号。",
                f"Pair {row + 1} of layer {layer} names people that do not exist ({one[row]}, {other[row]}); the city has {len(years)}.",
            )
        one, other = one.astype(np.int32), other.astype(np.int32)
        order = np.argsort(one, kind="stable")
        layering.pairs(LAYERS.index(layer), np.bincount(one, minlength=len(years)).astype(np.int32), other[order])
    return layering.population(years)


def _years(age: Any) -> Ints:
    """Ages as a city holds them. Raises SimulationError where there is nobody, or somebody of an age that nobody has."""
    years = np.asarray(age)
    if years.ndim != 1 or not len(years):
        raise SimulationError("城市至少应有 1 人。", "A city has at least one person.")
    if not np.issubdtype(years.dtype, np.number) or not ((years >= 0) & (years <= OLDEST)).all():
        raise SimulationError(f"年龄应为 0 至 {OLDEST} 的数。", f"Ages are numbers from 0 to {OLDEST}.")
    return years.astype(np.uint8)


def _sizes(random: np.random.Generator, people: int, mean: float) -> Ints:
    """Group sizes that add up to the people."""
    found = random.poisson(mean, int(1.2 * people / mean) + 100)
    while found.sum() < people:
        found = np.concatenate((found, random.poisson(mean, 100)))
    found = found[found > 0]
    last = int(np.searchsorted(np.cumsum(found), people))
    found = found[: last + 1].copy()
    found[-1] -= found.sum() - people
    return found.astype(np.int32)


@kernel(borrows=True)
def _grouped(who: Ints, sizes: Ints, offset: int, stretch: Ints) -> None:
    at = 0
    for size in sizes:
        for place in range(size):
            person = stretch[who[at + place]]
            person.begin, person.degree, person.own = offset + at, size - 1, place
        at += size


@kernel(borrows=True)
def _acquainted(drawn: Ints, other: Ints, offset: int, stretch: Ints, filled: Ints, met: Ints) -> int:
    """Pairs both ways, by counting sort; nobody is acquainted with themselves. `filled` (N,) zeros; how many entries there are."""
    pair = 0
    for one in range(len(drawn)):
        for another in other[pair : pair + drawn[one]]:
            filled[one] += another != one
            filled[another] += another != one
        pair += drawn[one]
    total = 0
    for at in range(len(stretch)):
        person, many = stretch[at], filled[at]
        person.begin, person.degree, person.own = offset + total, many, many
        filled[at] = total
        total += many
    pair = 0
    for one in range(len(drawn)):
        for another in other[pair : pair + drawn[one]]:
            if another != one:
                met[filled[one]], met[filled[another]] = another, one
                filled[one] += 1
                filled[another] += 1
        pair += drawn[one]
    return total
