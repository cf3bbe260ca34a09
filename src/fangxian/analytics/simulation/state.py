"""What the kernel holds of a run: a record for each person, counts, and what an entry of a calendar means.

Records and not one array for each field: what is asked of a person at random lies in one line of the processor's cache.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.kernel import kernel
from fangxian.analytics.simulation.calendar import enter

Array = NDArray[Any]
_U = np.uint64
#: Columns of the days. Those named `in_` and `waiting_`, `overflow` and `locked` are people at the end of a day, the others people
#: (tests, tubes, doses, school days) of the day.
DAILY = (
    "infected", "onsets", "severe", "deaths", "tests", "found", "quarantined", "in_quarantine", "in_hospital", "in_isolation",
    "waiting_laboratory", "waiting_tracing", "waiting_isolation", "overflow", "locked", "sampled", "tubes", "imported", "reinfected",
    "doses", "school_days", "work_days",
)  # fmt: skip
(
    INFECTED, ONSETS, SEVERE, DEATHS, TESTED, FOUND, QUARANTINED, IN_QUARANTINE, IN_HOSPITAL, IN_ISOLATION, WAITING_LABORATORY,
    WAITING_TRACING, WAITING_ISOLATION, OVERFLOW, LOCKED, SAMPLED, TUBES, IMPORTED, REINFECTED, DOSES, SCHOOL_DAYS, WORK_DAYS,
) = range(len(DAILY))  # fmt: skip
#: Days that never come; PENDING: a positive sample has been taken, and nobody knows yet.
NEVER, PENDING = 32767, 32766
#: What may be due on a day.
RESULT, QUARANTINE, TRACE, NEXT_RING, WORSE = range(5)
#: Places in `State.used`; KNOWN: ever found, CAME: of the ill, who came into quarantine yesterday.
ILL, QUEUED, SERVED, SPECIMENS, IN_BEDS, KNOWN, CAME = range(7)
#: Places in `State.backlog`: samples that the laboratory has not done, cases nobody has traced, hospital beds left today.
SAMPLES_WAIT, CASES_WAIT, BEDS_LEFT = range(3)
#: Rows of `State.changes`: severe, of whom turned so today, in quarantine, in isolation, waiting for isolation, beds freed, in zones.
NEED_BEDS, WORSENED, HELD, ISOLATED, AT_HOME, FREED, SHUT_IN = range(7)
#: Rows of `State.lists`: infected today, ill, waiting for isolation, positive samples of today, and after how many days they are told.
FRESH, SICK, QUEUE, SAMPLES, TOLD_AFTER = range(5)
#: Rows of `State.zones`: first day closed, day on which it opens again, cases found in it since.
SHUT, OPENS, CASES = range(3)

#: One person: when infectiousness begins and illness ends, onset, found, day on which quarantine began, day until which it lasts; the
#: variant of the latest infection, how many infections there were before, whether care is sought for symptoms, whether in an isolation bed.
PERSON = np.dtype([
    ("begins", np.int16), ("ends", np.int16), ("onset", np.int16), ("found", np.int16), ("entered", np.int16),
    ("quarantined", np.int16), ("variant", np.uint8), ("episode", np.uint8), ("seeks", np.uint8), ("bedded", np.uint8),
])  # fmt: skip


class State(NamedTuple):
    """`people` (N,) records; `infected_on`, `infector` (N,); `changes` (7, days + 2) in how many are held; `lists` (5, N) of people;
    `zones` (3, zones); `dosed` (N,) or empty; counts; samples and cases that wait."""

    people: Array
    infected_on: Array
    infector: Array
    changes: Array
    lists: Array
    zones: Array
    dosed: Array
    used: Array
    backlog: Array


def new(people: int, days: int, zones: int, dosed: Array) -> State:
    """The state before the first day. Lists that a scenario does not need are never touched, and so take no memory."""
    persons = np.zeros(people, PERSON)
    for name in ("begins", "ends", "onset", "found"):
        persons[name] = NEVER
    persons["entered"] = -2
    return State(
        persons, np.full(people, NEVER, np.int16), np.full(people, -1, np.int32), np.zeros((7, days + 2), np.int64),
        np.empty((5, people), np.int32), np.zeros((3, zones), np.int32), dosed, np.zeros(7, np.int64), np.zeros(3, np.float64),
    )  # fmt: skip


@kernel(inner=True, forceinline=True)
def due(calendar, day, who, kind, until):  # type: ignore[no-untyped-def]
    """Enter what is due for whom, and until when (quarantine) or for which infection (result); the calendar has room."""
    if day < len(calendar.days):
        enter(calendar, day, _U(who) << _U(32) | _U(until) << _U(8) | _U(kind))


@kernel(inner=True, forceinline=True)
def event(entry):  # type: ignore[no-untyped-def]
    """Who, what and until when of such an entry."""
    return np.int64(entry >> _U(32)), np.int64(entry & _U(255)), np.int64(entry >> _U(8) & _U(65535))


@kernel(inner=True, forceinline=True)
def meeting(by, place, layer):  # type: ignore[no-untyped-def]
    """An entry: who might infect whoever stands at a place of the city's lists, in which layer."""
    return _U(by) << _U(33) | _U(place) << _U(2) | _U(layer)


@kernel(inner=True, forceinline=True)
def who_meets(entry):  # type: ignore[no-untyped-def]
    """Who, at which place of the lists, and in which layer, of such an entry."""
    return np.int64(entry >> _U(33)), np.int64(entry >> _U(2) & _U(2147483647)), np.int64(entry & _U(3))
