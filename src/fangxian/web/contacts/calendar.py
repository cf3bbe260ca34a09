"""The follow-up calendar as a table: what is followed up by day, the worst of each day first. For many contacts, or for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext_lazy

from fangxian.core import clock
from fangxian.tracing.queries.calendar import WORST, standing
from fangxian.tracing.schemas import FollowUp, FollowUps, Visit
from fangxian.web.saying import instant, said

#: What a day looks like: tone, picture, words.
STATES = {
    "done": ("good", "check", gettext_lazy("done")),
    "late": ("soon", "check", gettext_lazy("done late")),
    "missed": ("late", "missed", gettext_lazy("missed")),
    "behind": ("late", "late", gettext_lazy("late")),
    "not_reached": ("soon", "phone", gettext_lazy("not reached")),
    "waived": ("waived", "waived", gettext_lazy("waived")),
    "open": ("calm", "open", gettext_lazy("open")),
}

LEGEND = tuple((key, *one) for key, one in STATES.items())


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of a row: the state that counts, in words too, and how many things there were. No state: nothing was due."""

    state: str
    tone: str
    picture: str
    tip: str
    number: int
    today: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: its head, where it leads, what stands below it, and one cell for each day."""

    head: str
    url: str
    below: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """The table. `heading` says what the rows are."""

    days: tuple[tuple[date, bool], ...]
    rows: tuple[Row, ...]

    @property
    def missing(self) -> int:
        """Days of rows on which something was missed or is late."""
        return sum(cell.tone == "late" for row in self.rows for cell in row.cells)


def of_contacts(found: FollowUps) -> Grid:
    """A row for each contact of a case."""
    rows = [
        Row(
            one.contact.name,
            reverse("web:contact", args=[one.contact.code]),
            one.contact.code,
            _cells(found.days, one.days),
        )
        for one in found.rows
    ]
    return Grid(_days(found.days), tuple(rows))


def of_contact(lines: Sequence[FollowUp]) -> Grid:
    """A row for each thing that is followed up with one contact: visits, tests, attempts to reach them."""
    by_title: dict[str, dict[date, list[Visit]]] = {}
    for line in lines:
        moment = line.due_at or line.at
        if moment is not None and line.state != "void":
            visit = Visit(moment, line.title, standing(line.state, line.due_at, line.at))
            by_title.setdefault(said(line.title), {}).setdefault(_local(moment), []).append(visit)
    known = sorted(day for days in by_title.values() for day in days)
    span = [known[0] + timedelta(days=offset) for offset in range((known[-1] - known[0]).days + 1)] if known else []
    return Grid(_days(span), tuple(Row(title, "", "", _cells(span, days)) for title, days in by_title.items()))


def _cells(days: Sequence[date], visits: Mapping[date, Sequence[Visit]]) -> tuple[Cell, ...]:
    return tuple(_cell(visits.get(day, ()), day) for day in days)


def _cell(visits: Sequence[Visit], day: date) -> Cell:
    today = day == clock.today()
    if not visits:
        return Cell("", "", "", "", 0, today)
    worst = min(visits, key=lambda one: WORST.index(one.state))
    tone, picture, _words = STATES[worst.state]
    tip = "; ".join(f"{said(one.title)}: {STATES[one.state][2]} ({instant(one.at)})" for one in visits)
    return Cell(worst.state, tone, picture, tip, len(visits), today)


def _days(days: Sequence[date]) -> tuple[tuple[date, bool], ...]:
    return tuple((day, day == clock.today()) for day in days)


def _local(moment: datetime) -> date:
    return moment.astimezone(clock.zone()).date()
