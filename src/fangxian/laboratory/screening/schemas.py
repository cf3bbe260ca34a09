"""What screening takes in and gives out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from fangxian.core.errors import Refusal
from fangxian.registry.schemas import PersonForm
from fangxian.text import Text

#: Where somebody in a high-risk post is.
STATES: Mapping[str, Text] = {
    "post": Text("在岗", "at work"),
    "loop": Text("闭环中", "in the closed loop"),
    "watch": Text("脱离闭环观察", "under watch after the loop"),
}
#: What became of a test that was owed.
TURNS: Mapping[str, Text] = {
    "due": Text("待检", "due"),
    "done": Text("已检", "tested"),
    "missed": Text("漏检", "missed"),
    "excused": Text("免检", "not owed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerForm:
    """Somebody to be put on a roster: by code or identity number, or as a new person. `since`: their first day in the post."""

    person: str | PersonForm
    number: str = ""
    job: str = ""
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What came of a list of workers: those taken, how many stood on the roster already, those refused by their place."""

    taken: tuple[str, ...]
    repeated: int
    refused: tuple[tuple[int, Refusal], ...]


@dataclass(frozen=True, slots=True)
class ScreeningNumbers:
    """Tests due in the periods that run, and people who are past their time."""

    due: int
    late: int


@dataclass(frozen=True, slots=True)
class RosterView:
    """A roster with what its people owe now. `late`: people past their time; `since`: the hour since which the longest is."""

    id: int
    organisation_id: int
    organisation: str
    area: str
    area_name: str
    post: str
    post_name: Text
    how_often: Text
    source: Text
    grade: str
    people: int
    due: int
    done: int
    late: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """Somebody on a roster, masked."""

    id: int
    code: str
    name: str
    number: str
    job: str
    state: str
    organisation_id: int
    organisation: str
    post_name: Text
    since: date
    until: date | None
    last_tested_at: datetime | None


@dataclass(frozen=True, slots=True)
class TurnRow:
    """A test that is owed. `missed`: how many tests the worker owes that are past their time."""

    id: int
    worker: str
    name: str
    number: str
    job: str
    organisation_id: int
    organisation: str
    post_name: Text
    first: date
    last: date
    due_at: datetime
    state: str
    missed: int


@dataclass(frozen=True, slots=True)
class TurnTold:
    """A test owed, with the tube that did it (empty for whoever may not see tubes)."""

    first: date
    last: date
    due_at: datetime
    state: str
    done_at: datetime | None
    tube: str


@dataclass(frozen=True, slots=True)
class ShiftTold:
    """A closed-loop shift and the watch after it: which tests it asks for, and until when it lasts."""

    id: int
    begun_at: datetime
    ended_at: datetime | None
    outcome: str
    watch_until: datetime | None
    tests: tuple[tuple[datetime, str], ...]


@dataclass(frozen=True, slots=True)
class WorkerView:
    """One worker: the last tests owed, the newest first, and the shifts."""

    row: WorkerRow
    why: str
    how_often: Text
    turns: tuple[TurnTold, ...]
    shifts: tuple[ShiftTold, ...]
    may: Mapping[str, bool]
