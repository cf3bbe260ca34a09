"""What a line list becomes: frozen rows with provenance, and the list of everything that could not be taken as it was.

A date is a ``datetime.date`` where the source gave a day and an aware ``datetime.datetime`` where it gave a time of
day; use `day_of` and `moment_of` rather than comparing the two.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from fangxian.standards.errors import Where
from fangxian.text import Text

When = dt.date | dt.datetime
Sex = Literal["male", "female"]
Outcome = Literal["recovered", "died", "in_care", "lost"]
Classification = Literal["suspected", "probable", "confirmed", "asymptomatic"]
CaseSeverity = Literal["mild", "moderate", "severe", "critical"]
Origin = Literal["imported", "local"]
ContactsAre = Literal["infections", "contacts", "links"]
Severity = Literal["dropped_row", "dropped_value", "warning"]
SetSeverity = Literal["dropped_row", "dropped_value", "warning", "off"]
"""What a recipe may say about a check: how serious it is, or that it is not made."""


def day_of(when: When) -> dt.date:
    """The calendar day, in the zone in which the moment was written."""
    return when.date() if isinstance(when, dt.datetime) else when


def moment_of(when: When, zone: ZoneInfo, *, end: bool = False) -> dt.datetime:
    """A moment: a day begins at midnight of ``zone``, and with ``end`` it lasts until the midnight after it."""
    if isinstance(when, dt.datetime):
        return when
    return dt.datetime.combine(when + dt.timedelta(days=1) if end else when, dt.time.min, tzinfo=zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One case (病例) of a line list. ``file`` and ``row`` say where it stands; what is unknown is None.

    ``area`` is a jurisdiction code, ``lon`` and ``lat`` are degrees (WGS 84 unless the recipe's source says otherwise),
    ``age`` is in completed years and ``age_band`` the first and last year of the band when only that is known.
    """

    file: str
    row: int
    id: str
    name: str | None = None
    sex: Sex | None = None
    age: int | None = None
    age_band: tuple[int, int] | None = None
    birth_year: int | None = None
    birth_date: dt.date | None = None
    phone: str | None = None
    id_number: str | None = None
    address: str | None = None
    area: str | None = None
    lon: float | None = None
    lat: float | None = None
    exposure_start: When | None = None
    exposure_end: When | None = None
    onset: When | None = None
    sampled_at: When | None = None
    diagnosed_at: When | None = None
    confirmed_at: When | None = None
    reported_at: When | None = None
    hospitalised_at: When | None = None
    isolated_at: When | None = None
    outcome: Outcome | None = None
    outcome_at: When | None = None
    died_at: When | None = None
    classification: Classification | None = None
    severity: CaseSeverity | None = None
    origin: Origin | None = None
    place: str | None = None
    occupation: str | None = None
    infected_by: tuple[str, ...] = ()
    contact_count: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow:
    """One link between two people (密接): ``from_id`` is a case that was read before, unless a recipe says otherwise.

    ``kind`` is what the list means by it: ``infections`` (infector → infectee), ``contacts`` (case → person exposed)
    or ``links`` (no direction known).
    """

    file: str
    row: int
    from_id: str
    to_id: str
    kind: ContactsAre = "contacts"
    name: str | None = None
    sex: Sex | None = None
    age: int | None = None
    age_band: tuple[int, int] | None = None
    phone: str | None = None
    id_number: str | None = None
    area: str | None = None
    setting: str | None = None
    place: str | None = None
    start: When | None = None
    end: When | None = None
    relation: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureRow:
    """Where and when a person may have been infected, when no infector is named (a market, a journey, an animal)."""

    file: str
    row: int
    person_id: str
    setting: str | None = None
    place: str | None = None
    area: str | None = None
    lon: float | None = None
    lat: float | None = None
    start: When | None = None
    end: When | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRow:
    """One stop of an activity track (活动轨迹): where a person was, from when to when."""

    file: str
    row: int
    person_id: str
    place: str | None = None
    kind: str | None = None
    area: str | None = None
    lon: float | None = None
    lat: float | None = None
    start: When | None = None
    end: When | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TripRow:
    """One journey of one passenger (乘坐记录): the number of the train, flight or vehicle, the seat as the ticket has it, and from
    boarding to alighting. The passenger is named by a document, a telephone, or the list's own number."""

    file: str
    row: int
    trip: str
    start: When
    end: When
    person_id: str | None = None
    id_number: str | None = None
    phone: str | None = None
    transport: str | None = None
    carriage: str | None = None
    seat: str | None = None
    note: str | None = None


LineListRow = CaseRow | ContactRow | ExposureRow | StopRow | TripRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """One thing that was not taken as it was: the row, the value, or (a warning) nothing.

    ``value`` quotes the source and may be personal. ``person`` is the identifier of the row when it was readable.
    ``code`` is stable and listed in `fangxian.standards.linelist.checks.SEVERITIES`.
    """

    file: str
    row: int
    column: str
    value: str
    code: str
    reason: Text
    remedy: Text
    severity: Severity
    field: str = ""
    person: str = ""

    @property
    def where(self) -> Where:
        return Where(self.file, row=self.row, column=self.column)
