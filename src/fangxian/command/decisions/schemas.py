"""What a question is asked with, and how it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from fangxian.analytics.deciding import Answer
from fangxian.analytics.deciding import Question as Asked
from fangxian.core.jobs import Job
from fangxian.text import Text


@dataclass(frozen=True, slots=True)
class QuestionForm:
    """A question as a person asks it.

    `infected` people are infected on the first day, `lead` days pass until measures are in force, and `later` more for those named;
    `measures` are those on the table (`asking.measures`), carried out as the protocol `pack` orders. `detail` (coarse, usual, fine) is
    how many values of each are weighed, unless `strengths` lists them; `runs` how often each policy is tried at last. Of `beds`, `tests`
    a day, `rooms` for isolation and `investigators` none means without a limit; `queued`: what exceeds them waits, else whatever exceeds
    them is ruled out. `prices` take the place of those of the table; `packs` are protocols to be compared.
    """

    name: str
    area: str
    outbreak: str = ""
    disease: str = "sars-cov-2-wild"
    people: int = 20_000
    infected: int = 10
    lead: int = 3
    days: int = 120
    measures: tuple[str, ...] = ("testing", "tracing", "community")
    detail: str = "usual"
    effect: str = "infected"
    cost: str = "cost"
    beds: int | None = None
    tests: int | None = None
    rooms: int | None = None
    investigators: int | None = None
    queued: bool = False
    runs: int = 12
    harsher: float = 1.3
    packs: tuple[str, ...] = ()
    pack: str = ""
    strengths: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    later: Mapping[str, int] = field(default_factory=dict)
    prices: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownNumber:
    """A number of a place that the platform knows, and where it has it from."""

    value: int
    source: Text


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the platform knows of a place for a question to begin with: `people` live there, `recent` cases by day of report, `zones` in
    force by level, the protocol (`pack`) in force there; and by field of the form (`infected`, `tests`, `rooms`, `investigators`) the
    number `known`; and the open `outbreaks`, from which one is chosen.
    """

    area: str
    area_name: str
    outbreak: str
    outbreak_name: Text | None
    people: int | None
    recent: Mapping[date, int]
    cases: int
    zones: tuple[tuple[Text, int], ...] = ()
    pack: str = ""
    known: Mapping[str, KnownNumber] = field(default_factory=dict)
    outbreaks: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question in a list. `state`: waiting, running, stopped, failed, refused, answered, decided."""

    id: int
    code: str
    name: str
    area: str
    outbreak: str
    owner: str
    created_at: datetime
    finished_at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What was decided: the policy with its values, by whom, why, and the digest of all that it rested on."""

    policy: int
    setting: tuple[float, ...]
    values: Mapping[str, float]
    is_recommended: bool
    why: str
    by: str
    at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question with its answer, if there is one; `fault` says why there is none."""

    row: QuestionRow
    asked: Asked
    begins_on: date
    job: Job | None
    answer: Answer | None
    fault: Text | None
    decisions: tuple[DecisionView, ...]


@dataclass(frozen=True, slots=True)
class ExpectedDay:
    """A day since the question was asked: cases reported, and how many cases were expected to be found under the policy decided on."""

    day: date
    reported: int
    median: float
    low: float
    high: float
    outside: bool
