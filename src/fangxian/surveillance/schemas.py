"""What surveillance takes in and gives out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fangxian.core.errors import Refusal
from fangxian.surveillance.kinds import Kind, Measure
from fangxian.text import Text

#: What a dismissed alert was instead: the labels from which the weights of sources can be fitted.
LABELS: Mapping[str, Text] = {
    "chance": Text("随机波动", "chance"),
    "season": Text("季节性上升", "the season"),
    "reporting": Text("报告方式变化或补报", "reporting changed, or came late"),
    "error": Text("数据错误", "an error in the data"),
    "other_cause": Text("其他原因（非传染病）", "another cause, not infectious"),
    "untrue": Text("不属实", "not true"),
}
#: What is asked in the field (现场核实): key → label.
FINDINGS: Mapping[str, Text] = {
    "ill": Text("患病人数", "People ill"),
    "severe": Text("其中重症", "Of them severely"),
    "dead": Text("死亡", "Deaths"),
    "samples": Text("已采样份数", "Samples taken"),
    "link": Text("共同暴露或流行病学联系", "Common exposure or link"),
    "seen": Text("现场所见与判断", "What was seen, and what it means"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceForm:
    """A source as it registers itself.

    What is left empty comes from its kind. `since` is the first day of its series, which may lie before `owed_from`, the first day
    for which a report is owed (today). `closures` are pairs of first and last day without reports.
    """

    kind: str
    name_zh: str
    organisation: int
    area: str
    name_en: str = ""
    place: str = ""
    measures: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    rhythm: str = ""
    due: time | None = None
    lag: int | None = None
    weekday: int = 0
    closures: tuple[tuple[date, date], ...] = ()
    since: date | None = None
    owed_from: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationForm:
    """One number of one source about one day. `confirmed` says that an unusual one was looked at twice."""

    source: str
    day: date
    measure: str
    value: float
    unit: str = ""
    confirmed: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UntestedForm:
    """A fever patient who was not tested: the clinic's own visit number, and why."""

    reference: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportForm:
    """What a source says of one day. `values` by measure, or `measure:unit` for a class or ward."""

    source: str
    day: date
    values: Mapping[str, float]
    untested: tuple[UntestedForm, ...] = ()
    confirmed: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a pile of numbers: how many are new, corrected, the same as before; and those left out, by their place."""

    new: int
    corrected: int
    unchanged: int
    refused: tuple[tuple[int, Refusal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RumourForm:
    """What somebody heard (事件与传闻): entered as it was told, judged by the duty officer."""

    area: str
    told: str
    heard_from: str = ""
    ill: int | None = None
    dead: int | None = None


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source for whoever works with it. `late` counts the reports that are past their hour."""

    id: int
    code: str
    kind: Kind
    name: Text
    organisation_id: int
    organisation: str
    area: str
    area_name: str
    measures: tuple[Measure, ...]
    units: tuple[str, ...]
    rhythm: str
    due: time
    lag: int
    weekday: int
    closures: tuple[tuple[date, date], ...]
    since: date
    owed_from: date
    until: date | None
    last_day: date | None
    late: int
    version: int


@dataclass(frozen=True, slots=True)
class ReportView:
    """What a source has told, or owes, about a day. `state`: owed, late, partial, received, excused."""

    source: str
    day: date
    due_at: datetime | None
    received_at: datetime | None
    state: str
    values: Mapping[str, float]
    missing: tuple[str, ...]
    untested: int
    unnamed: int


@dataclass(frozen=True, slots=True)
class Series:
    """One measure of one source by day: `values` is NaN where nothing was told. `days` are datetime64[D], one a period."""

    source: str
    measure: str
    unit: str
    period: str
    days: NDArray[np.datetime64]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A series with what its method expects of each day; NaN where it cannot tell. `alarm` is -1 there, else 0 or 1."""

    series: Series
    method: str
    parameters: str
    expected: NDArray[np.float64]
    upperbound: NDArray[np.float64]
    alarm: NDArray[np.int8]
    why_not: Text | None = None


@dataclass(frozen=True, slots=True)
class Spark:
    """One series as a line of a table: its last days, the newest value, what is usual, and on which days it gave a signal."""

    source_id: int
    source: str
    name: Text
    kind: Text
    area_name: str
    measure: str
    measure_name: Text
    unit: str
    days: tuple[date, ...]
    values: tuple[float | None, ...]
    signals: frozenset[date]

    @property
    def latest(self) -> float | None:
        """The newest number that was told."""
        return next((value for value in reversed(self.values) if value is not None), None)

    @property
    def usual(self) -> float | None:
        """The median of what was told before the newest."""
        known = [value for value in self.values if value is not None][:-1]
        return float(np.median(known)) if known else None


@dataclass(frozen=True, slots=True)
class SignalView:
    """One signal. `state`: in_alert, or why it is in none, or counts no more (weak, corrected, renewed, received)."""

    id: int
    source: str
    source_name: Text
    source_kind: str
    kind: str
    measure: str
    measure_name: Text
    unit: str
    day: date
    area: str
    area_name: str
    method: str
    observed: float | None
    expected: float | None
    upperbound: float | None
    score: float
    evidence: float
    alert: str
    state: str


@dataclass(frozen=True, slots=True)
class AlertRow:
    """A line of the list of alerts; `due_at` is the next clock, `holder` who answers for it."""

    id: int
    code: str
    area: str
    area_name: str
    origin: str
    grade: str
    probability: float
    why: Text
    raised_at: datetime
    state: str
    ended_at: datetime | None
    due_at: datetime | None = None
    holder: str = ""


@dataclass(frozen=True, slots=True)
class NoteView:
    """One line of an alert's history."""

    at: datetime
    what: str
    by_name: str
    said: Text


@dataclass(frozen=True, slots=True)
class Record:
    """Of `ended` alerts in which a source spoke `right` were confirmed, the others dismissed; what it shows counts `weight` times."""

    right: int = 0
    ended: int = 0
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert with what it rests on, what was done, and what may be done by the reader."""

    row: AlertRow
    signals: tuple[SignalView, ...]
    notes: tuple[NoteView, ...]
    findings: Mapping[str, Any]
    label: str
    reason: str
    version: int
    prior: float
    quiet: int
    quiet_each: float
    #: What is known of each source in it, by its code.
    records: Mapping[str, Record]
    #: Their series.
    sparks: tuple[Spark, ...]
    may: frozenset[str] = field(default_factory=frozenset)
