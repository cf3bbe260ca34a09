"""A real outbreak played through the platform, day by day on the virtual clock (复盘).

Each day knows only what had become known by then: a case is reported on the day its list says so, without what the list tells of
later days; isolation, diagnosis and outcome are entered when they happened; a link is recorded on the day its infector is known,
so that who falls ill afterwards was a contact first. Nobody's work is invented: steps for which the list has no proof stay
open and become late, which is what the replay shows. Zones alone are decided on, by the policy of `zoning`: what the rule proposes
is put into force at 18:00, and comes down when it may. Time passes between the days, and the sweep with it.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from fangxian.cases import actions as cases
from fangxian.cases import queries as case_queries
from fangxian.cases.actions.outbreaks import MILESTONES
from fangxian.cases.schemas import OutbreakForm
from fangxian.command import zoning
from fangxian.command.situation import actions as situation
from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Refusal
from fangxian.duties import queries as duties
from fangxian.duties.sweep import sweep
from fangxian.registry import actions as registry
from fangxian.registry.schemas import Division
from fangxian.standards.linelist import (
    CaseRow,
    ContactRow,
    Recipe,
    Rejection,
    StopRow,
    day_of,
    jurisdictions,
    read,
)
from fangxian.text import Text
from fangxian.tracing import queries as tracing_queries
from fangxian.tracing.intake import Intake, first_known

CHUNK = 1000
Progress = Callable[[str, int, int], None]

#: What a report card may tell of later days, and with which other field it goes together.
_LATER = ("onset_on", "sampled_at", "diagnosed_at", "isolated_at", "admitted_at")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay came to. `duties` by kind: opened, done, late (open and past their time), open."""

    outbreak: str
    until: date
    cases: int
    contacts: int
    contacts_followed: int
    exposures: int
    stops: int
    chains: Mapping[str, int]
    max_out_degree: int
    serial_interval: Mapping[str, Any]
    duties: Mapping[str, Mapping[str, int]]
    escalated: int
    coverage_gaps: int
    #: Daily reports drafted along the way: one for each day that was played.
    sitreps: int
    double_zero_days: int
    seven_one_seven: Mapping[str, Any]
    zones: Mapping[str, int]
    rejected_rows: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def replay(
    recipe: Recipe, data: Path, *, today: date, until: date | None = None, on_progress: Progress = lambda *_: None
) -> Replayed:
    """Play the recipe's outbreak into this (empty) installation, until a day or the end of what the list tells.

    Raises RecipeError where the recipe and the files do not fit. Rows that cannot be taken are in `rejected_rows`.
    """
    return _Replay(recipe, data, today, until, on_progress).run()


class _Replay:
    def __init__(self, recipe: Recipe, data: Path, today: date, until: date | None, on_progress: Progress) -> None:
        self.recipe, self.until, self.on_progress = recipe, until, on_progress
        self.by = replace(SYSTEM, name="replay", channel="replay")
        self.rejected: list[Rejection] = []
        self.reports: dict[date, list[CaseRow]] = defaultdict(list)
        self.rows: dict[str, CaseRow] = {}
        self.links: list[ContactRow] = []
        self.links_on: dict[date, list[ContactRow]] = defaultdict(list)
        self.stops: dict[str, list[StopRow]] = defaultdict(list)
        self.later: dict[date, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
        self.escalated = self.walked = self.sitreps = 0
        for row in read(recipe, data, today=today, progress=lambda name, rows: on_progress(name, rows, 0)):
            self._sort(row)
        self.divisions = [
            Division(code=one.code, name=one.name.zh, name_en=one.name.en) for one in jurisdictions(recipe, data)
        ]

    def _sort(self, row: object) -> None:
        if isinstance(row, Rejection):
            self.rejected.append(row)
        elif isinstance(row, CaseRow):
            known = first_known(row)
            if known is None:
                self.rejected.append(_without_date(row))
            else:
                self.reports[day_of(known)].append(row)
                self.rows[row.id] = row
        elif isinstance(row, ContactRow):
            self.links.append(row)
        elif isinstance(row, StopRow):
            self.stops[row.person_id].append(row)

    def run(self) -> Replayed:
        days = sorted(self.reports)
        first = days[0] if days else clock.today()
        with clock.at(self._at(first, 8)):
            registry.import_divisions(self.by, self.divisions)
            self.area = min((one.code for one in self.divisions), key=len, default="")
            outbreak = cases.open_outbreak(
                self.by,
                OutbreakForm(
                    name_zh=self.recipe.outbreak.zh, name_en=self.recipe.outbreak.en, pack=self.recipe.pack, area=""
                ),
            )
        self.outbreak = outbreak.code
        self.intake = Intake(self.by, outbreak.code, self.recipe.time_zone, self.area)
        for day in days:
            for row in self.reports[day]:
                self._foresee(row, day)
        for link in self.links:
            self._place(link, first)
        last = self.until or max([*days, *self.later, *self.links_on], default=first)
        number = (last - first).days + 1
        for place in range(number):
            day = first + timedelta(days=place)
            self._day(day)
            self.on_progress(day.isoformat(), place + 1, number)
        return self._result(outbreak.code, last)

    def _foresee(self, row: CaseRow, day: date) -> None:
        """Put off what the list tells of days after the report."""
        form = Intake(self.by, "", self.recipe.time_zone, "").case_form(row)
        for name in _LATER:
            value = getattr(form, name)
            if value is not None and _day(value) > day:
                self.later[_day(value)].append((row.id, {name: value}))
        if form.outcome and form.outcome_on and form.outcome_on > day:
            self.later[form.outcome_on].append((row.id, {"outcome": form.outcome, "outcome_on": form.outcome_on}))

    def _place(self, link: ContactRow, first: date) -> None:
        """A link becomes known on the day its infector does (or, if that one is no case, the infected), or when the exposure
        was over, if that came later.

        Where the link itself has no time, the exposure that the list gives for the person exposed is taken.
        """
        infector, exposed = self.rows.get(link.from_id), self.rows.get(link.to_id)
        if exposed is not None and link.start is None and link.end is None:
            link = replace(link, start=exposed.exposure_start, end=exposed.exposure_end)
        first_told = infector or exposed  # of an infector who is not listed nothing else is told
        known = first_known(first_told) if first_told else None
        days = [day_of(when) for when in (known, link.start, link.end) if when is not None]
        self.links_on[max(days, default=first)].append(link)

    def _day(self, day: date) -> None:
        reports = self.reports.get(day, [])
        with clock.at(self._at(day, 12)):
            for start in range(0, len(reports), CHUNK):
                chunk = [_as_known_on(row, day) for row in reports[start : start + CHUNK]]
                self.rejected += self.intake.report(chunk)
        with clock.at(self._at(day, 18)):
            self._amend(self.later.get(day, []))
            known = [row for row in reports if row.id in self.intake.codes]
            links = self.links_on.get(day, [])
            for start in range(0, len(links), CHUNK):
                self.rejected += self.intake.expose(links[start : start + CHUNK])
            stops = [stop for row in known for stop in self.stops.pop(row.id, [])]
            if stops:
                refused = self.intake.walk(stops)
                self.rejected += refused
                self.walked += len(stops) - len(refused)
            zoning.accept(self.by, "复盘：按规程划定")
            zoning.come_down(self.by, "复盘：符合解除条件")
        for hour in (19, 23):
            with clock.at(self._at(day, hour)):
                self.escalated += sweep().escalated
        with clock.at(self._at(day, 0) + timedelta(days=1)):
            situation.draft(self.by, self.outbreak, "", day)
            self.sitreps += 1

    def _amend(self, later: list[tuple[str, dict[str, Any]]]) -> None:
        """What became known that day of cases that had been reported."""
        known = [(number, code, changes) for number, changes in later if (code := self.intake.codes.get(number))]
        for place, refusal in cases.amend_many(self.by, [(code, changes) for _number, code, changes in known]):
            number, _code, changes = known[place]
            self.rejected.append(_refused_value(self.rows[number], next(iter(changes)), refusal))

    def _at(self, day: date, hour: int) -> datetime:
        return datetime(day.year, day.month, day.day, hour, tzinfo=self.recipe.time_zone)

    def _result(self, outbreak: str, last: date) -> Replayed:
        with clock.at(self._at(last, 23) + timedelta(minutes=59)):
            self._date(outbreak)
            chains = tracing_queries.chains(self.by, outbreak)
            counts = tracing_queries.counts(self.by, outbreak)
            serial = chains.serial_interval
            return Replayed(
                outbreak=outbreak,
                until=last,
                cases=case_queries.count(self.by, outbreak),
                contacts=counts.exposed,
                contacts_followed=counts.contacts,
                exposures=counts.exposures,
                stops=self.walked,
                chains={"count": chains.count, "largest": chains.largest, "depth": chains.depth},
                max_out_degree=chains.max_out_degree,
                serial_interval={"n": serial.n, "mean": serial.mean, "median": serial.median, "sd": serial.sd},
                duties=duties.summary(),
                escalated=self.escalated,
                coverage_gaps=len(duties.gaps()),
                sitreps=self.sitreps,
                double_zero_days=case_queries.double_zero(self.by, outbreak).days,
                seven_one_seven=asdict(case_queries.seven_one_seven(self.by, outbreak)),
                zones=zoning.counts(self.by),
                rejected_rows=[_listed(one) for one in self.rejected],
            )

    def _date(self, outbreak: str) -> None:
        """Take the dates of 7-1-7 that the cases propose, so that its intervals can be told; the response is known to nobody.

        Where the first onset of a list lies after its first report (a case found before it fell ill), emergence stays open.
        """
        proposed = case_queries.seven_one_seven(self.by, outbreak).proposed
        days = [name for name in MILESTONES if name in proposed]
        if days[:1] == [MILESTONES[0]] and any(proposed[name] < proposed[days[0]] for name in days):
            days = days[1:]
        cases.set_milestones(self.by, outbreak, {name: proposed[name] for name in days})


def _as_known_on(row: CaseRow, day: date) -> CaseRow:
    """The row without what it tells of later days."""
    hidden: dict[str, Any] = {
        name: None
        for name in ("onset", "sampled_at", "diagnosed_at", "confirmed_at", "hospitalised_at", "isolated_at")
        if (value := getattr(row, name)) is not None and day_of(value) > day
    }
    ended = row.outcome_at or row.died_at
    if ended is not None and day_of(ended) > day:
        hidden |= {"outcome": None, "outcome_at": None, "died_at": None}
    return replace(row, **hidden) if hidden else row


def _day(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


def _without_date(row: CaseRow) -> Rejection:
    return Rejection(
        file=row.file, row=row.row, column="reported_at", value="", code="no_date",
        reason=Text("没有任何日期，无法重演", "there is no date at all, so it cannot be replayed"),
        remedy=Text("请至少填一个日期", "Give at least one date"), severity="dropped_row", person=row.id,
    )  # fmt: skip


def _refused_value(row: CaseRow, name: str, refusal: Refusal) -> Rejection:
    return Rejection(
        file=row.file, row=row.row, column=name, value=str(getattr(row, name, "")), code=refusal.code,
        reason=Text(str(refusal.message), str(refusal.message)), remedy=Text(str(refusal.remedy), str(refusal.remedy)),
        severity="dropped_value", field=name, person=row.id,
    )  # fmt: skip


def _listed(one: Rejection) -> dict[str, Any]:
    """A rejection as the result lists it. Quoted values are not repeated: they may be personal."""
    from django.utils.translation import get_language

    language = get_language() or settings.LANGUAGE_CODE
    return {
        "file": one.file, "row": one.row, "column": one.column, "code": one.code, "severity": one.severity,
        "reason": one.reason.in_(language), "remedy": one.remedy.in_(language),
    }  # fmt: skip
