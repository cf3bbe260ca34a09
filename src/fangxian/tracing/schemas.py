"""What tracing takes in and gives out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from fangxian.analytics.chains import Place
from fangxian.lake import Receipt
from fangxian.protocols import Text
from fangxian.registry.schemas import PersonForm


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureForm:
    """One person's exposure to a case (`case`, ring 1) or to a contact (`contact_of`, ring 2), by their codes.

    `person`: the code of a person on record, or who it is. When: two instants, or a local `day`; unknown stays None.
    `facts`: what the pack's categories ask about, by the names of its vocabulary. `infector`: the source itself says that
    this was the transmission. `area`: where the contact will be looked after, if not where the person lives.
    `row` is where it stood in a file, for messages.
    """

    person: str | PersonForm
    case: str = ""
    contact_of: str = ""
    from_at: datetime | None = None
    to_at: datetime | None = None
    day: date | None = None
    minutes: float | None = None
    setting: str = ""
    place: str = ""
    place_text: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    relation: str = ""
    source: str = "interview"
    infector: bool = False
    area: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """An exposure on record and what the pack says of it. `contact` is empty where the person is not a contact by it.

    `missing` are the facts that were not known and could still make a difference; `infected` is the code of the case that
    the exposure is held to have caused.
    """

    exposure_id: int
    contact: str
    category: str
    basis: str
    why: Text
    missing: tuple[str, ...] = ()
    infected: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was left out: where it stood, which field, what is wrong, what to do."""

    row: int
    field: str
    message: str
    remedy: str
    code: str = "invalid"


@dataclass(frozen=True, slots=True)
class Exposed:
    """What became of many forms: codes of the persons newly under watch, the exposures kept, and the rows refused."""

    contacts: tuple[str, ...]
    exposures: tuple[Judged, ...]
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StayForm:
    """One stay on an activity track. A `place` on record by its code, or `place_text`; `to_at` None: passed through, or unknown."""

    from_at: datetime
    to_at: datetime | None = None
    place: str = ""
    place_text: str = ""
    place_kind: str = ""
    lon: float | None = None
    lat: float | None = None
    with_whom: str = ""
    masked: bool | None = None
    source: str = "interview"


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay as it is read. `in_window`: the case may have infected others there; None where the window is not known."""

    id: int
    from_at: datetime
    to_at: datetime | None
    place: str
    place_name: str
    place_kind: str
    lon: float | None
    lat: float | None
    with_whom: str
    masked: bool | None
    source: str
    in_window: bool | None
    #: The version that a change of the stay names.
    version: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something on a track that cannot well be true: `kind` overlap or too_fast, and the two stays."""

    kind: str
    stays: tuple[int, int]
    message: str


@dataclass(frozen=True, slots=True)
class Track:
    """The activity track (活动轨迹) of a case in order of time, its infectious window, what is doubtful, and what is not accounted for."""

    case: str
    area: str
    stays: tuple[Stay, ...]
    window: tuple[datetime, datetime | None] | None
    doubts: tuple[Doubt, ...]
    unaccounted: tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFilter:
    """Which contacts are wanted.

    `lacking`: person, place or control not clear yet, or any of them. `late`: with something past its time.
    """

    state: str = ""
    category: str = ""
    lacking: str = ""
    held: str = ""
    suspected: bool = False
    late: bool = False


#: The orders in which contacts can be read: by when they were identified.
ContactOrder = Literal["-identified", "identified"]


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A contact in the table of the four clear (四清), masked. The number is clear by being listed."""

    id: int
    code: str
    name: str
    area: str
    category: str
    ring: int
    state: str
    identified_at: datetime
    last_exposure_at: datetime
    person_clear_at: datetime | None
    place_clear_at: datetime | None
    control_clear_at: datetime | None
    held: str
    suspected_at: datetime | None
    case: str
    #: Steps past their time and not done: missed visits and tests, above all.
    late: int
    #: Who answers for what is due next: a person, else an organisation.
    holder: str = ""
    #: Whether the contact was moved: open, late, done, waived, missed; empty where the protocol asks for no transport.
    transport: str = ""
    #: The place as people of the county say it, in the reader's language.
    area_name: str = ""

    @property
    def clear(self) -> bool:
        return None not in (self.person_clear_at, self.place_clear_at, self.control_clear_at)


@dataclass(frozen=True, slots=True)
class Clearance:
    """Counts of the four clear over a whole selection: of `number` contacts under watch, how many are clear in each respect."""

    number: int
    person: int
    place: int
    control: int
    all: int


@dataclass(frozen=True, slots=True)
class FourClear:
    """The table: counts over the selection, by state and category too, one page of rows, and the key of the next page."""

    clear: Clearance
    by_state: Mapping[str, int]
    by_category: Mapping[str, int]
    rows: tuple[ContactRow, ...]
    after: tuple[datetime, int] | None


@dataclass(frozen=True, slots=True)
class Counts:
    """An outbreak's tracing in three numbers: exposures, the people exposed, and those of them who were put under watch."""

    exposures: int
    exposed: int
    contacts: int


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One line of a contact's diary: a step with what was found (or that it was missed), or an attempt to reach the person.

    `state` is open, done, waived, missed or void of a step; not_reached of an attempt.
    """

    at: datetime | None
    due_at: datetime | None
    duty: str
    step: str
    title: Text
    state: str
    evidence: Mapping[str, Any]
    who: str
    note: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One thing of a contact's follow-up on its day. `state`: done, late (done late), open, behind, missed, waived, not_reached."""

    at: datetime
    title: Text
    state: str


@dataclass(frozen=True, slots=True)
class Watched:
    """A contact with its follow-up by local day."""

    contact: ContactRow
    days: Mapping[date, Sequence[Visit]]


@dataclass(frozen=True, slots=True)
class FollowUps:
    """The follow-up calendar of a case: consecutive days, the contacts with what is missing first, and how many are not listed."""

    days: Sequence[date]
    rows: Sequence[Watched]
    further: int


@dataclass(frozen=True, slots=True)
class ExposureView:
    """An exposure as it is read, with the clause that decided.

    `of` is the code of the case or contact on the other side; empty, like what is said of infections, where the case is not
    for the reader to know of. `contact` is the code of the exposed person's watch.
    """

    id: int
    of: str
    of_kind: str
    person: str
    setting: str
    place: str
    place_code: str
    from_at: datetime | None
    to_at: datetime | None
    minutes: float | None
    facts: Mapping[str, Any]
    category: str
    basis: str
    why: Text
    clause: Text
    missing: tuple[str, ...]
    infected: str
    infected_how: str
    infected_why: str
    contact: str
    relation: str
    source: str
    version: int
    #: The line of the journal that tells of it, or of the contact that it made.
    entry: int | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the pack would say of an exposure that is not on record yet: category (empty: no contact by it), name, reasons, clause.

    `missing` are the facts that are not known and could still make a difference.
    """

    category: str
    name: Text
    basis: str
    why: Text
    clause: Text
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChainNode:
    """A case in a transmission chain, masked, as it is drawn: `generation` is its column, `order` its row.

    `kind` is case, elsewhere or unlisted. A case elsewhere is not for the reader to know of: its `code` (~1, ~2 …) holds
    for this drawing only, and there is neither label nor area. An unlisted infector is no case on record: `code` is the
    person's, and there is neither area nor classification.
    """

    code: str
    label: str
    area: str
    onset: date | None
    classification: str
    generation: int
    order: int
    out_degree: int
    cluster: int | None
    infector: str
    kind: str = "case"


@dataclass(frozen=True, slots=True)
class ChainLink:
    """Who infected whom, by whom that was said and why. `exposure_id` is 0 where nothing but that is known.

    `tree` is False for a second infector and for what closes a loop. Of a link with a case elsewhere only the two are told.
    """

    exposure_id: int
    infector: str
    infectee: str
    how: str
    why: str
    setting: str
    tree: bool


@dataclass(frozen=True, slots=True)
class ChainGraph:
    """Nodes and links to draw, with the loops that cannot be true (codes of the cases in each)."""

    nodes: tuple[ChainNode, ...]
    links: tuple[ChainLink, ...]
    loops: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ChainPicture:
    """A graph with a place for each of its nodes, in their order, and how many cases are not on it."""

    graph: ChainGraph
    places: tuple[Place, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class AttackRate:
    """Of `contacts` whose follow-up is over, `cases` fell ill: the secondary attack rate (续发率) with a 95 % Wilson interval."""

    group: str
    contacts: int
    cases: int
    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class InvestigationView:
    """The field investigation of a case: who is at it since when, and its end."""

    case: str
    team_id: int
    team: str
    lead_id: int | None
    lead: str
    opened_at: datetime
    closed_at: datetime | None
    summary: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A stay of a case within its infectious window, for the stages above: where (a place on record, or a point), when."""

    case_id: int
    from_at: datetime
    to_at: datetime
    place_id: int | None
    place_text: str
    place_kind: str
    lon: float | None
    lat: float | None

    @property
    def minutes(self) -> int:
        return int((self.to_at - self.from_at).total_seconds() // 60)


@dataclass(frozen=True, slots=True)
class LastContact:
    """A contact of a case, and when it last was exposed to it."""

    case_id: int
    contact_id: int
    state: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyForm:
    """One journey of one passenger (乘坐记录), from boarding to alighting (aware instants).

    `trip`: the number of the train, flight or vehicle; `transport` a word for it, where the number does not tell; `carriage` and
    `seat` as the ticket has them. Who travelled: an identity number, a telephone, or the source's own `number`; one of them.
    """

    trip: str
    start: datetime
    end: datetime
    id_number: str = ""
    phone: str = ""
    number: str = ""
    transport: str = ""
    carriage: str = ""
    seat: str = ""


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why something was not taken, or not as it was meant: the field at fault, what is wrong with it, what to do."""

    field: str
    what: Text
    remedy: Text


@dataclass(frozen=True, slots=True)
class Boarded:
    """What became of a passenger list: the receipt of its batch, and by place from 0 who was `refused`, and whose seat nobody can
    read (`doubtful`: aboard all the same)."""

    receipt: Receipt
    refused: Mapping[int, Unfit]
    doubtful: Mapping[int, Unfit]
