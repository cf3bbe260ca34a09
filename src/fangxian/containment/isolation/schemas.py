"""What isolation gives out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fangxian.text import Text


@dataclass(frozen=True, slots=True)
class FreeBeds:
    """Beds of one class in a site: all of them, taken or kept for somebody, free now, and waiting to be cleaned."""

    cls: str
    pack: str
    name: Text
    all: int
    taken: int
    free: int
    cleaning: int


@dataclass(frozen=True, slots=True)
class IsolationSiteRow:
    """A site in the list. Free beds are those of rooms that are ready, by class; those of no class yet are under an empty one."""

    id: int
    code: str
    name: Text
    area: str
    area_name: str
    organisation: int
    ready_in: int
    open: bool
    beds: tuple[FreeBeds, ...]
    free: int
    all: int
    expected: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Occupant:
    """Somebody in a room, or for whom it is kept; masked."""

    code: str
    name: str
    cls: str
    link: str
    late: bool
    checked: int
    party: str


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room on the plan."""

    id: int
    number: str
    beds: int
    state: str
    why: str
    suits: tuple[str, ...]
    occupants: tuple[Occupant, ...]


@dataclass(frozen=True, slots=True)
class FloorView:
    """A floor on the plan: its zone, its passage, for which class it is, its rooms."""

    id: int
    building: str
    level: int
    zone: str
    passage: Text
    passage_kind: str
    cls: str
    pack: str
    class_name: Text
    rooms: tuple[RoomView, ...]


@dataclass(frozen=True, slots=True)
class IsolationSiteView:
    """A site with its floors, top down; `classes` are those that a floor may be for: (pack, key, name)."""

    row: IsolationSiteRow
    address: str
    floors: tuple[FloorView, ...]
    classes: tuple[tuple[str, str, Text], ...]
    checks: int
    may: frozenset[str]
    version: int


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a hand-over: which organisation, whose post, and, once confirmed, when and by whom."""

    organisation: str
    name: str
    at: datetime | None
    by: str
    may: bool


@dataclass(frozen=True, slots=True)
class Passing:
    """A hand-over that waits for one side or both."""

    to: str
    arranged_at: datetime
    sender: Side
    receiver: Side


@dataclass(frozen=True, slots=True)
class PlacementRow:
    """Somebody in isolation, in a list; masked."""

    id: int
    code: str
    name: str
    area: str
    area_name: str
    cls: str
    class_name: Text
    link: str
    since: datetime
    site: str
    site_name: Text | None
    room: str
    needs: tuple[str, ...]
    deadline: datetime | None
    passing_since: datetime | None
    passing_until: datetime | None
    leave_at: datetime | None
    extended: bool
    outcome: str
    holder: str


@dataclass(frozen=True, slots=True)
class KeptPast:
    """Somebody who should have been let go; masked. Without a site they are at home."""

    code: str
    name: str
    site_name: Text | None
    room: str
    leave_at: datetime


@dataclass(frozen=True, slots=True)
class PlacementCheck:
    """A look that was had at a person."""

    at: datetime
    temperature: float
    symptoms: str
    mood: str
    medicine: str
    note: str
    by: str


@dataclass(frozen=True, slots=True)
class PlacementDecision:
    """What was decided, why, and what the person concerned said to it."""

    id: int
    kind: str
    reason: str
    basis: str
    until: datetime | None
    other: str
    at: datetime
    by: str
    disputed_at: datetime | None
    disputed_by: str
    dispute: str
    answered_at: datetime | None
    answered_by: str
    answer: str
    upheld: bool | None


@dataclass(frozen=True, slots=True)
class ErrandView:
    """Something asked for, and what became of it."""

    id: int
    placement: str
    kind: str
    what: str
    due_at: datetime
    asked_by: str
    done_at: datetime | None
    done_by: str
    outcome: str


@dataclass(frozen=True, slots=True)
class PassedLink:
    """A link of the loop as it was passed: both sides by name, and when."""

    link: str
    at: datetime
    sender: str
    receiver: str


@dataclass(frozen=True, slots=True)
class PlacementView:
    """One person in isolation with everything that is known of their way; `missing` is what keeps them by the rule."""

    row: PlacementRow
    subject_kind: str
    subject: str
    person_id: int
    pack: str
    guardian: str
    together: tuple[str, ...]
    trip: str
    passing: Passing | None
    way: tuple[PassedLink, ...]
    checks: tuple[PlacementCheck, ...]
    decisions: tuple[PlacementDecision, ...]
    errands: tuple[ErrandView, ...]
    site_until: datetime | None
    home_until: datetime | None
    missing: tuple[Text, ...]
    extended_until: datetime | None
    early: bool
    version: int
    may: frozenset[str]


@dataclass(frozen=True, slots=True)
class RoundRow:
    """Somebody on the round of a site: how often looked at today of how often, and what else is due."""

    code: str
    name: str
    room: str
    building: str
    cls: str
    class_name: Text
    needs: tuple[str, ...]
    done: int
    wanted: int
    last: PlacementCheck | None
    test_due: bool
    leave_at: datetime | None
    overdue: bool
    #: Where the round goes on after them.
    after: str


@dataclass(frozen=True, slots=True)
class TripStop:
    """Where a trip picks somebody up: masked, and which confirmation is next (aboard, arrived, or nothing any more)."""

    code: str
    name: str
    area_name: str
    needs: tuple[str, ...]
    guardian: str
    deadline: datetime | None
    link: str
    sent: bool
    received: bool
    next: str


@dataclass(frozen=True, slots=True)
class TripView:
    """A trip with its stops, in the order of picking up."""

    id: int
    code: str
    plate: str
    seats: int
    driver: str
    site: str
    site_name: Text
    cls: str
    class_name: Text
    pack: str
    state: str
    leaves_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    cleaned_at: datetime | None
    clean_from: datetime | None
    stops: tuple[TripStop, ...]
    may: frozenset[str]


@dataclass(frozen=True, slots=True)
class VehicleView:
    """A vehicle, and whether it can leave: `trip` is under way, `dirty` waits to be cleaned."""

    id: int
    code: str
    plate: str
    area: str
    organisation: str
    seats: int
    trip: str
    dirty: bool


@dataclass(frozen=True, slots=True)
class RoomReserve:
    """Rooms of a place against what the protocol asks for: beds in use or to be ready within some hours, of how many wanted."""

    population: int
    wanted: int | None
    ready: Mapping[int, int]
    asked: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate of release says; `closed`: of the whole isolation, else of the time on the site."""

    code: str
    name: str
    document: str
    begun_at: datetime
    ended_at: datetime
    closed: bool
    site: Text | None
    basis: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Destination:
    """A site that takes people in, for whoever plans a trip."""

    code: str
    name: Text


@dataclass(frozen=True, slots=True)
class FreeRoom:
    """A room that somebody could have; `unclaimed`: its floor is for no class yet."""

    id: int
    building: str
    number: str
    unclaimed: bool
    suits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FreeSeat:
    """A trip with a seat."""

    code: str
    plate: str
    driver: str
    leaves_at: datetime
    site: Text


@dataclass(frozen=True, slots=True)
class Options:
    """What there is to choose from for somebody; `may_house` and `may_send` say whether it is the actor's to choose."""

    code: str
    room: str
    rooms: tuple[FreeRoom, ...]
    trips: tuple[FreeSeat, ...]
    sites: tuple[Destination, ...]
    may_house: bool
    may_send: bool


@dataclass(frozen=True, slots=True)
class LoopNumbers:
    """How many are at which link in a jurisdiction, how many are late on their way, how many past their release.

    `waiting` must be brought in by the duties and are not in the loop (应隔未隔).
    """

    links: Mapping[str, int]
    passing_late: int
    overdue: int
    due_today: int
    waiting: int


@dataclass(frozen=True, slots=True)
class ClassClocks:
    """People of one class on their way into rooms: when each was told, arrived, was housed; their floors, and on how many of these
    another class is that is kept apart from them."""

    cls: str
    name: Text
    people: int
    told_at: tuple[datetime, ...]
    arrived_at: tuple[datetime, ...]
    housed_at: tuple[datetime, ...]
    floors: tuple[str, ...]
    crossings: int
