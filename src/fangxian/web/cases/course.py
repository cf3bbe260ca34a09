"""The clinical course of a case on one axis of time: what happened when, and over what the infectious window lies.

Positions along the axis are in percent, so that the drawing takes any width without its words being stretched.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from fangxian.cases.queries import CaseDetail
from fangxian.core import clock
from fangxian.protocols.vocabulary import terms
from fangxian.web.saying import OUTCOME, SEVERITY, day, instant, said

#: Heights in pixels: the words of marks stand in lanes above the axis, the bars below it.
_LANE, _BAR = 18, 22
#: A label takes about so many percent of a desk's width; nearer ones go to another lane.
_APART = 15.0
#: Lanes of words at most; then they stand where they must.
_LANES = 4
#: About so many days are named along the axis.
_TICKS = 9


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened: where, in which lane its words stand, what and when."""

    x: str
    y: int
    anchor: str
    name: str
    when: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that lasted; `is_open` while it still does."""

    x: str
    width: str
    y: int
    kind: str
    name: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Course:
    """The drawing. `axis` is the height of the axis, `window` the infectious window, `said` all of it in words."""

    height: int
    axis: int
    ticks: tuple[tuple[str, str], ...]
    marks: tuple[Mark, ...]
    bars: tuple[Bar, ...]
    window: tuple[str, str] | None
    now: str
    said: str


def draw_course(case: CaseDetail) -> Course | None:
    """The course as far as it is known; None where nothing is dated."""
    events = sorted(_events(case), key=lambda one: one[0])
    if not events:
        return None
    now = clock.now()
    last = _outcome_at(case) or now
    moments = [at for at, _name, _when in events]
    window = case.infectious
    first = min([*moments, *([window.start] if window else [])]) - timedelta(hours=12)
    stop = max([*moments, min(last, now), *([window.end] if window and window.end else [])]) + timedelta(days=1)
    length = (stop - first).total_seconds()

    def percent(moment: datetime) -> float:
        return 100 * min(1.0, max(0.0, (moment - first).total_seconds() / length))

    placed = list(_placed([(percent(at), name, when) for at, name, when in events]))
    lanes = 1 + max(lane for lane, *_rest in placed)
    axis = lanes * 2 * _LANE + 8
    marks = tuple(
        Mark(f"{x:.3f}%", axis - 10 - lane * 2 * _LANE, "end" if x > 82 else "start", name, when)
        for lane, x, name, when in placed
    )
    bars = tuple(
        Bar(f"{percent(begin):.3f}%", f"{max(0.6, percent(end) - percent(begin)):.3f}%", axis + 8 + place * (_BAR + 4), kind, name, is_open)
        for place, (kind, name, begin, end, is_open) in enumerate(_stretches(case, last))
    )  # fmt: skip
    height = axis + 8 + len(bars) * (_BAR + 4) + 20
    shaded = (percent(window.start), percent(window.end or now)) if window else None
    return Course(
        height, axis, tuple(_ticks(first, stop, percent)), marks, bars,
        (f"{shaded[0]:.3f}%", f"{max(0.0, shaded[1] - shaded[0]):.3f}%") if shaded else None,
        f"{percent(now):.3f}%" if now <= stop else "", "; ".join(f"{when} {name}" for _at, name, when in events),
    )  # fmt: skip


def _events(case: CaseDetail) -> Iterator[tuple[datetime, str, str]]:
    """What is dated: instant, name, when in words. A day without an hour lies at its noon and is said as a day."""
    row = case.row
    dated: Sequence[tuple[str, datetime | None]] = (
        (_("sampled"), case.sampled_at), (_("diagnosed"), row.diagnosed_at), (_("reported"), row.reported_at),
        (_("isolated"), case.isolated_at), (_("admitted"), case.admitted_at), (_("last negative test"), case.last_negative_at),
        *((said(terms("anchors").get(key, key)), at) for key, at in case.dates.items()),
    )  # fmt: skip
    for name, at in dated:
        if at is not None:
            yield at, name, instant(at)
    days: Sequence[tuple[str, date | None]] = (
        (_("onset"), row.onset_on), (str(OUTCOME.get(row.outcome, row.outcome)), row.outcome_on),
    )  # fmt: skip
    for name, on in days:
        if on is not None:
            yield clock.local_noon(on), name, day(on)


def _stretches(case: CaseDetail, last: datetime) -> Iterator[tuple[str, str, datetime, datetime, bool]]:
    """What lasted: kind, words, begin, end, whether it still does."""
    is_open = not case.row.outcome
    severity = str(SEVERITY.get(case.row.severity, ""))
    if case.row.onset_on is not None:
        words = _("ill: %(severity)s") % {"severity": severity} if severity else _("ill")
        yield "ill", words, clock.local_noon(case.row.onset_on), last, is_open
    if case.isolated_at is not None:
        yield "isolated", _("isolated"), case.isolated_at, last, is_open
    if case.admitted_at is not None:
        yield "hospital", case.row.hospital or _("in hospital"), case.admitted_at, last, is_open


def _outcome_at(case: CaseDetail) -> datetime | None:
    return clock.local_noon(case.row.outcome_on) if case.row.outcome and case.row.outcome_on else None


def _placed(events: Sequence[tuple[float, str, str]]) -> Iterator[tuple[int, float, str, str]]:
    """A lane for each label, so that neighbours do not cover each other: the lowest that is free."""
    ends = [-_APART] * _LANES
    for x, name, when in events:
        lane = next((place for place, end in enumerate(ends) if x - end >= _APART), ends.index(min(ends)))
        ends[lane] = x
        yield lane, x, name, when


def _ticks(first: datetime, stop: datetime, percent: Any) -> Iterator[tuple[str, str]]:
    """Local midnights, every day or every few."""
    begin, end = (moment.astimezone(clock.zone()).date() for moment in (first, stop))
    every = max(1, -(-(end - begin).days // _TICKS))
    for offset in range(1, (end - begin).days + 1, every):
        on = begin + timedelta(days=offset)
        yield f"{percent(clock.local_midnight(on)):.3f}%", day(on)
