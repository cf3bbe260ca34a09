"""What this stage takes in and gives out. A date is a local calendar day, an instant is aware."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, get_args

from fangxian.core.errors import Refusal
from fangxian.registry.schemas import PersonForm

SEVERITIES = ("mild", "moderate", "severe", "critical")
ORIGINS = ("imported", "local", "unknown")
OUTCOMES = ("recovered", "died", "transferred")
DISCARDED = "discarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutbreakForm:
    """An outbreak to be opened: its names, the pack in force for it, and the jurisdiction that handles it."""

    name_zh: str
    name_en: str = ""
    pack: str
    area: str
    opened_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseForm:
    """A report card (传染病报告卡). `person` is the code of somebody registered, or whoever is to be.

    `outbreak` is a code (`report_many` is told it once instead). `facts` are answers by the names of the protocol
    vocabulary; `classification` is the reporter's own word, needed only where the facts do not meet a definition.
    `organisation` reports (empty: that of the account, else the county's reviewer on its behalf). `area` is where the
    case is handled (empty: where the person lives). `dates` are further clock anchors, such as `rash_at`.
    """

    person: PersonForm | str
    outbreak: str = ""
    organisation: int | None = None
    area: str = ""
    source_ref: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    classification: str = ""
    origin: str = "unknown"
    onset_on: date | None = None
    sampled_at: datetime | None = None
    diagnosed_at: datetime | None = None
    reported_at: datetime | None = None
    isolated_at: datetime | None = None
    last_negative_at: datetime | None = None
    dates: Mapping[str, datetime] = field(default_factory=dict)
    severity: str = ""
    hospital: int | None = None
    admitted_at: datetime | None = None
    outcome: str = ""
    outcome_on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReportedCase:
    """A form of `report_many` that became a case. `index` is its place among the forms."""

    index: int
    id: int
    code: str
    person_id: int


@dataclass(frozen=True, slots=True)
class Reported:
    """What became of a piece of an import: the cases, and the forms refused, each with its place and why."""

    cases: tuple[ReportedCase, ...]
    refused: tuple[tuple[int, Refusal], ...]


@dataclass(frozen=True, slots=True)
class Edited:
    """One row of a bulk edit: the case's code, and the refusal if it was not changed."""

    code: str
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """What a bulk edit would do to one case: field → [old, new] as the journal would keep it, or why it would be refused."""

    code: str
    version: int
    changes: Mapping[str, Sequence[Any]]
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """A case as the stages above need it: no person by name, everything a pack asks for."""

    id: int
    code: str
    outbreak_id: int
    person_id: int
    pack: str
    area: str
    classification: str
    onset_on: date | None
    reported_at: datetime
    facts: Mapping[str, Any]
    anchors: Mapping[str, datetime]


Order = Literal[
    "-reported", "reported", "-onset", "onset", "-diagnosed", "diagnosed", "-outcome", "outcome", "-area", "area"
]
#: Every order that the line list can be read in.
ORDERS: tuple[Order, ...] = get_args(Order)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which cases of the line list. What is left empty does not narrow it.

    `text` is a case code or source number, or, for who may reveal persons, the beginning of a name. `late` asks for cases
    whose open review step is past its time. Day ranges are inclusive; `reviewed` is a review state.
    """

    outbreak: str = ""
    area: str = ""
    classification: Sequence[str] = ()
    origin: str = ""
    reviewed: str = ""
    late: bool = False
    onset_from: date | None = None
    onset_to: date | None = None
    reported_from: date | None = None
    reported_to: date | None = None
    severity: str = ""
    #: A case outcome, or `in_care` for those without one.
    outcome: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A line of the line list. The name is masked."""

    id: int
    code: str
    source_ref: str
    outbreak: str
    person: str
    name: str
    sex: str
    age: int | None
    area: str
    area_name: str
    organisation: str
    classification: str
    origin: str
    onset_on: date | None
    diagnosed_at: datetime | None
    reported_at: datetime
    severity: str
    hospital: str
    outcome: str
    outcome_on: date | None
    review: str
    version: int


@dataclass(frozen=True, slots=True)
class CasePage:
    """Some lines, and the cursor with which to ask for the next ones (empty at the end)."""

    rows: tuple[CaseRow, ...]
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many on one local day, by classification; days without any are listed too."""

    day: date
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Curve:
    """An epidemic curve: consecutive days, and how many cases have no such date."""

    days: tuple[DayCount, ...]
    undated: int


@dataclass(frozen=True, slots=True)
class DoubleZero:
    """A double-zero streak (双零). `last_on` is the day of the newest case that counts, None where there never was one."""

    days: int
    last_on: date | None
    broken_today: bool


@dataclass(frozen=True, slots=True)
class Interval:
    """One of the three intervals of 7-1-7: its dates, its length and its target in days; None where not known yet.

    `met` stays None until it can be told: also an interval still running is missed once it is longer than its target.
    """

    key: str
    name: Mapping[str, str]
    from_on: date | None
    to_on: date | None
    days: int | None
    target_days: int
    met: bool | None


@dataclass(frozen=True, slots=True)
class SevenOneSeven:
    """7-1-7 of an outbreak. `dates` are those recorded; `proposed` what the cases suggest for those that are not."""

    dates: Mapping[str, date]
    proposed: Mapping[str, date]
    intervals: tuple[Interval, ...]
