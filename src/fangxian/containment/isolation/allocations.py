"""What is asked of an allocation (分流转运与房间分配), and what it proposes: trips, rooms, and what is missing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fangxian.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationForm:
    """Rooms and trips for everybody of an area who was told and waits. Trips leave from `leaves_from` on, for so many `hours`."""

    area: str
    leaves_from: datetime | None = None
    hours: int = 12


@dataclass(frozen=True, slots=True)
class ProposedTrip:
    """A run of a vehicle. `trip` is its code where it is planned already; `riders` are those whom this plan puts on it."""

    key: str
    trip: str
    plate: str
    site: Text
    class_name: Text
    leaves_at: datetime
    seats: int
    riders: int


@dataclass(frozen=True, slots=True)
class ProposedPlace:
    """Where one person goes by the plan, and why there; without a trip, what is missing. `rank` is the place in the list.

    `state`: `open` to be accepted, `done` if they have a seat or a room by now, `past` if they are no longer waiting.
    """

    rank: int
    code: str
    name: str
    area_name: str
    state: str
    trip: str
    plate: str
    site: Text
    room: str
    leaves_at: datetime | None
    arrives_at: datetime | None
    late_minutes: int
    kilometres: float
    why: Text


@dataclass(frozen=True, slots=True)
class RoomShortage:
    """What is short, for how many people, from when; opening one of the sites `opens` would do away with it."""

    what: str
    missing: int
    since: datetime
    opens: tuple[str, ...]
    text: Text


@dataclass(frozen=True, slots=True)
class AllocationView:
    """A plan as it stands: how far its computing is, and what came of it.

    `late_hours` weighted by priority, `kilometres` of all people, `gap` to what no plan is below (0.01 is one hundredth);
    `by_hand_late` and `by_hand_unplaced` are those of first come, first served. `accepting` is the code of the job that makes bookings.
    """

    code: str
    area: str
    state: str
    done: int
    total: int
    error: str
    created_at: datetime
    people: int
    placed: int
    unplaced: int
    late_hours: float
    kilometres: float
    gap: float
    by_hand_late: float
    by_hand_unplaced: int
    trips: tuple[ProposedTrip, ...]
    shortages: tuple[RoomShortage, ...]
    accepting: str
    accepting_state: str
    accepted: int
    to_accept: int
    refused: tuple[tuple[str, str], ...]


def text_of(stored: dict[str, Any]) -> Text:
    """A text as a job keeps it."""
    return Text(str(stored["zh"]), str(stored["en"]))
