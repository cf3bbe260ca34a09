"""What testing rounds take in and give out. An instant is aware; a share lies between 0 and 1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from fangxian.text import Text

#: Why somebody need not come. The last two are set by the house alone.
EXEMPTIONS: Mapping[str, Text] = {
    "elsewhere": Text("时限内已在别处检测", "tested elsewhere within the round"),
    "isolated": Text("隔离或住院，在其处检测", "isolated or in hospital, tested there"),
    "ill": Text("病情不宜采样", "too ill to be swabbed"),
    "away": Text("已离开本地", "has left the place"),
    "died": Text("已去世", "has died"),
    "infant": Text("婴儿", "infant"),
    "duplicate": Text("重复登记，以另一条为准", "on record twice, the other counts"),
}
OF_THE_HOUSE = ("infant", "duplicate")
#: What a missing person says when they are asked.
ANSWERS: Mapping[str, Text] = {
    "comes": Text("会来采样", "will come"),
    "door": Text("不便出门，需上门", "cannot come: at the door"),
    "absent": Text("未联系上", "not reached"),
    "refuses": Text("拒绝采样", "refuses"),
}
STATES: Mapping[str, Text] = {
    "planned": Text("已计划", "planned"),
    "enrolling": Text("正在生成名册", "the roll is being made"),
    "under_way": Text("进行中", "under way"),
    "ended": Text("已结束", "ended"),
    "called_off": Text("已取消", "called off"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PointPlan:
    """A swab point of a round: its code, how many people an hour it takes, from which hour of the day to which (0 to 24)."""

    point: str
    per_hour: int
    opens: int = 8
    closes: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundForm:
    """A round to be planned. Whom it covers: jurisdictions (codes), and people (codes); of a zone see `api` and the page.

    `goal` names a value of the pack (`complete`, `complete_lockdown` …); empty is the first that it has.
    """

    name_zh: str
    name_en: str = ""
    areas: Sequence[str] = ()
    people: Sequence[str] = ()
    outbreak: str = ""
    goal: str = ""
    points: Sequence[PointPlan] = ()


@dataclass(frozen=True, slots=True)
class Homes:
    """Whose homes a round covers, as other stages work it out: ids of buildings, codes of jurisdictions, and those of which only
    people without a building on record are meant."""

    buildings: tuple[int, ...] = ()
    areas: tuple[str, ...] = ()
    roofless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoundGoal:
    """A time within which a round is to be complete, with its clause."""

    key: str
    name: Text
    hours: int
    source: str
    grade: str


@dataclass(frozen=True, slots=True)
class RoundCount:
    """How far a round, or a part of it, has come. Everybody on the roll is tested, exempt, or missing."""

    people: int = 0
    tested: int = 0
    exempt: int = 0
    asked: int = 0
    waiting: int = 0

    @property
    def missing(self) -> int:
        return self.people - self.tested - self.exempt

    @property
    def share(self) -> float | None:
        """Tested or exempt, of all."""
        return (self.tested + self.exempt) / self.people if self.people else None

    # As `{% coverage_bar %}` reads them.
    @property
    def due(self) -> int:
        return self.people

    @property
    def in_time(self) -> int:
        return self.tested

    @property
    def late(self) -> int:
        return 0

    @property
    def waived(self) -> int:
        return self.exempt


@dataclass(frozen=True, slots=True)
class RoundResult:
    """What a round that is over came to: people tested, missing, waiting for a result that decides, and positives found.

    `zone` is the code of the zone in which it was held; empty where it was held in none.
    """

    code: str
    zone: str
    started_at: datetime
    ended_at: datetime
    tested: int
    missing: int
    waiting: int
    positives: int


@dataclass(frozen=True, slots=True)
class RoundPart:
    """A jurisdiction of a round, or what a grid worker answers for."""

    area: str
    name: str
    count: RoundCount
    #: Who answers for it, where it is a grid.
    holder: str = ""


@dataclass(frozen=True, slots=True)
class TestingRound:
    """A round as a list and its page show it."""

    id: int
    code: str
    number: int
    name: Text
    area: str
    area_name: str
    zone: str
    state: str
    pack: str
    goal: RoundGoal
    count: RoundCount
    planned_at: datetime
    started_at: datetime | None
    due_at: datetime | None
    ended_at: datetime | None
    reason: str
    decided: str
    decided_why: str
    decided_by: str
    may: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RoundPointView:
    """A point of a round: its plan, what was booked, and its queue as the swabs of the last half hour tell it."""

    code: str
    name: Text
    area: str
    per_hour: int
    opens: int
    closes: int
    booked: int
    #: People swabbed since the round began, and in the last half hour.
    swabbed: int
    lately: int
    #: Booked up to now and not swabbed here, and the minutes they would take at the pace of the last half hour; None without one.
    queue: int
    minutes: int | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class MissingRow:
    """Somebody who has not come, masked. `moved`: they live elsewhere by now; `slot` is when they were expected."""

    id: int
    code: str
    name: str
    address: str
    area: str
    area_name: str
    household: str
    door: int
    answer: str
    note: str
    answered_at: datetime | None
    moved: bool
    slot: datetime | None
    slot_point: str

    @property
    def after(self) -> tuple[str, int, int]:
        return self.area, self.door, self.id


@dataclass(frozen=True, slots=True)
class ExemptRow:
    """Somebody who need not come, masked, and why."""

    id: int
    code: str
    name: str
    area: str
    area_name: str
    exempt: str
    note: str
    by_name: str


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who came to live in a grid after a round began, masked."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class RoundProposal:
    """What the pack's rule makes of the rounds so far: `wait`, `next` or `stop`, from which day on, and why."""

    what: str
    on: date | None
    why: tuple[Text, ...]
    source: str
    grade: str


@dataclass(frozen=True, slots=True)
class RunningRound:
    """A round that is under way, or over and not decided on: how far it has come where the reader looks, and the pools found positive.

    `proposal`, `clean` rounds in a row so far, and how many are `wanted` by the rule, for whoever looks after the whole of it.
    """

    round: TestingRound
    pools: int
    proposal: RoundProposal | None
    clean: int
    wanted: int


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A building, or a community without buildings on record, in the notice to residents: the hours and the point."""

    place: str
    point: Text
    first: datetime
    last: datetime
    people: int
