"""Who is to be taken where: people, trips, rooms, promises. Times are hours on any one clock, places kilometres in the plane."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import hypot, isfinite

from fangxian.analytics.errors import AnalysisError

Place = tuple[float, float]


class AllocationError(AnalysisError):
    """A problem that contradicts itself: what, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to be taken to a room. `kind`: class of people (人员分类) that never mixes with another on a floor or in a vehicle.

    Not before `ready`, in the room by `deadline` (hours). Those of one `family` ride together and share a room. `needs` must be among the
    features of the room, `ride` among those of the vehicle. `priority`: deadline class, 1 the most urgent; an hour late of each further
    one counts a quarter.
    """

    name: str
    zone: str
    kind: str
    ready: float
    deadline: float
    family: str = ""
    needs: frozenset[str] = frozenset()
    ride: frozenset[str] = frozenset()
    priority: int = 1


@dataclass(frozen=True, slots=True)
class Room:
    """A free room: one person or one family lives in it. `floor` is what one class has to itself, within its site."""

    name: str
    site: str
    floor: str
    beds: int = 1
    features: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Site:
    """An isolation site (集中隔离点). One that is not `open` takes nobody, but is named where opening it would help."""

    name: str
    place: Place
    district: str = ""
    open: bool = True


@dataclass(frozen=True, slots=True)
class Trip:
    """A run of a vehicle from a zone, at a time; `site` and `kind` where they are settled already, else the plan settles them."""

    name: str
    zone: str
    departs: float
    seats: int
    site: str = ""
    kind: str = ""
    features: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Promise:
    """What a person has been told; it is kept."""

    person: str
    trip: str
    room: str


@dataclass(frozen=True, slots=True)
class Party:
    """People who go together: a family, or one person. `people` are rows of the problem; the others what holds for all of them."""

    people: tuple[int, ...]
    zone: str
    kind: str
    ready: float
    deadline: float
    needs: frozenset[str]
    ride: frozenset[str]
    weight: float
    priority: int

    @property
    def size(self) -> int:
        return len(self.people)


@dataclass(frozen=True)
class Problem:
    """All of it. `zones` and `sites` have places; `floors` says which class a floor is in use for, by (site, floor).

    `speed` (km/h) and `boarding` (hours) turn a distance into an arrival. Raises AllocationError for what contradicts itself.
    """

    people: tuple[Person, ...]
    rooms: tuple[Room, ...]
    trips: tuple[Trip, ...]
    sites: tuple[Site, ...]
    zones: Mapping[str, Place]
    promises: tuple[Promise, ...] = ()
    floors: Mapping[tuple[str, str], str] = field(default_factory=dict)
    speed: float = 30.0
    boarding: float = 0.5

    def __post_init__(self) -> None:
        for zh, en, names in (
            ("人员", "person", [one.name for one in self.people]), ("房间", "room", [one.name for one in self.rooms]),
            ("车次", "trip", [one.name for one in self.trips]), ("隔离点", "site", [one.name for one in self.sites]),
            ("承诺的人员", "person with a promise", [one.person for one in self.promises]),
        ):  # fmt: skip
            twice = next((name for name, times in Counter(names).items() if times > 1), None)
            if twice is not None:
                _refuse(f"{zh} {twice} 出现两次", f"the {en} {twice} is there twice", "请只留一个", "Keep one of them")
        sites = {one.name for one in self.sites}
        for room in self.rooms:
            _known(room.site, sites, f"房间 {room.name} 的隔离点", f"the site of room {room.name}")
            if room.beds < 1:
                _refuse(
                    f"房间 {room.name} 没有床位", f"room {room.name} has no bed", "床位至少为 1", "Beds are at least 1"
                )
        for trip in self.trips:
            _known(trip.zone, self.zones, f"车次 {trip.name} 的片区", f"the zone of trip {trip.name}")
            if trip.site:
                _known(trip.site, sites, f"车次 {trip.name} 的隔离点", f"the site of trip {trip.name}")
            if trip.seats < 1:
                _refuse(
                    f"车次 {trip.name} 没有座位",
                    f"trip {trip.name} has no seat",
                    "座位至少为 1",
                    "Seats are at least 1",
                )
        for person in self.people:
            _known(person.zone, self.zones, f"{person.name} 的片区", f"the zone of {person.name}")
            if not person.kind or person.priority < 1:
                _refuse(
                    f"{person.name} 没有人员分类，或优先级小于 1", f"{person.name} has no class, or a priority below 1",
                    "请写明分类；优先级从 1 起", "Give the class; priorities begin with 1",
                )  # fmt: skip
        times = [time for one in self.people for time in (one.ready, one.deadline)] + [
            one.departs for one in self.trips
        ]
        if not all(map(isfinite, times)) or not (self.speed > 0 and self.boarding >= 0):
            _refuse(
                "有时刻不是数，或车速不大于 0",
                "a time is no number, or the speed is not above 0",
                "请核对时刻与车速",
                "Check times and speed",
            )
        self._check_promises()
        _ = self.parties

    def _check_promises(self) -> None:
        people, trips, rooms = ({one.name for one in each} for each in (self.people, self.trips, self.rooms))
        for one in self.promises:
            _known(one.person, people, "承诺的人员", "the person of a promise")
            _known(one.trip, trips, f"对 {one.person} 承诺的车次", f"the trip promised to {one.person}")
            _known(one.room, rooms, f"对 {one.person} 承诺的房间", f"the room promised to {one.person}")

    @property
    def parties(self) -> tuple[Party, ...]:
        """Families and single people, in the order of their first member. Raises AllocationError where a family cannot stay together."""
        together: dict[str, list[int]] = defaultdict(list)
        for row, person in enumerate(self.people):
            together[f"family {person.family}" if person.family else f"person {person.name}"].append(row)
        return tuple(_party([self.people[row] for row in rows], tuple(rows)) for rows in together.values())

    def kilometres(self, zone: str, site: Site) -> float:
        """As the crow flies."""
        x, y = self.zones[zone]
        return hypot(x - site.place[0], y - site.place[1])

    def arrives(self, trip: Trip, site: Site) -> float:
        """When those who ride are in their rooms."""
        return trip.departs + self.boarding + self.kilometres(trip.zone, site) / self.speed


def _party(members: list[Person], rows: tuple[int, ...]) -> Party:
    first = members[0]
    for other in members[1:]:
        if (other.kind, other.zone) != (first.kind, first.zone):
            _refuse(
                f"一家的 {first.name} 与 {other.name} 分类或片区不同，不能同车同住",
                f"{first.name} and {other.name} of one family differ in class or zone: they cannot ride and live together",
                "请先决定是否同住并统一分类，或去掉 family",
                "Decide whether they stay together and give them one class, or leave out the family",
            )  # fmt: skip
    return Party(
        rows, first.zone, first.kind, max(one.ready for one in members), min(one.deadline for one in members),
        frozenset().union(*(one.needs for one in members)), frozenset().union(*(one.ride for one in members)),
        sum(4.0 ** (1 - one.priority) for one in members), min(one.priority for one in members),
    )  # fmt: skip


def _known(name: str, names: Iterable[str], zh: str, en: str) -> None:
    if name not in names:
        _refuse(
            f"{zh} {name} 不在其中",
            f"{en}, {name}, is not among those given",
            "请补上或改名",
            "Add it, or correct the name",
        )


def _refuse(zh: str, en: str, remedy_zh: str, remedy_en: str) -> None:
    raise AllocationError(f"{zh}；{remedy_zh}。", f"{en[:1].upper()}{en[1:]}. {remedy_en}.")
