"""One run of an epidemic in a city: work in proportion to infections, not to people or their contacts."""

from __future__ import annotations

from math import exp
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.kernel import kernel
from fangxian.analytics.simulation import calendar, hashing, plan, response, state
from fangxian.analytics.simulation.hashing import uniform
from fangxian.analytics.simulation.illness import falls_ill, infects, might_infect, vaccinated
from fangxian.analytics.simulation.population import SCHOOL, WORK
from fangxian.analytics.simulation.response import shut
from fangxian.analytics.simulation.state import due, who_meets

__all__ = ["DAILY", "NEVER", "City", "spread"]
Array = NDArray[Any]
#: Columns of the days, and the day of whoever was never infected.
DAILY, NEVER = state.DAILY, np.int16(state.NEVER)

_LAYERS = 4
_WEEK = 7


class City(NamedTuple):
    """A population as the kernel reads it: `most` contacts that anybody has; `zone` (N,) and `zone_size` are empty where no zones are
    closed; `away` (2,) how many people go to school and to work."""

    decade: Array
    met: Array
    stretch: Array
    most: int
    zone: Array
    zone_size: Array
    away: Array


@kernel(inner=True)
def _openings(day, city, orders, closing, opened, daily):  # type: ignore[no-untyped-def]
    """What is left of each layer today, closures that wait for numbers included; days of school and work that are lost."""
    recent = 0
    for back in range(max(day - _WEEK, 0), day):
        recent += daily[back, state.FOUND]
    level = recent * 100_000 / len(city.decade)
    for layer in range(_LAYERS):
        opened[layer] = orders.by_layer[day, plan.OPEN, layer]
    at_school, at_work = 1.0 - orders.by_layer[day, plan.CLOSED, SCHOOL], 1.0 - orders.by_layer[day, plan.CLOSED, WORK]
    for row in range(len(orders.triggers)):
        rule = orders.triggers[row]
        layer = int(rule[0])
        closing[row] = rule[4] <= day < rule[5] and (level >= rule[2] or (closing[row] and level >= rule[3]))
        if closing[row]:
            kept = 1.0 - (1.0 - rule[1]) * orders.by_day[day, plan.KEPT]
            opened[layer] *= kept
            at_school *= kept if layer == SCHOOL else 1.0
            at_work *= kept if layer == WORK else 1.0
    daily[day, state.SCHOOL_DAYS] = int(city.away[0] * (1.0 - at_school) + 0.5)
    daily[day, state.WORK_DAYS] = int(city.away[1] * (1.0 - at_work) + 0.5)


@kernel(inner=True)
def _introduced(day, variant, many, row, now, new, run):  # type: ignore[no-untyped-def]
    """So many people who were never infected are infected from outside."""
    people, placed, at = len(now.people), 0, 0
    while placed < many and at < 64 * people:
        one = int(uniform(run, at, row, hashing.SEEDS) * people)
        at += 1
        if now.infected_on[one] == state.NEVER:
            infects(one, -1, day, variant, now.people, now.infected_on, now.infector)
            now.lists[state.FRESH, new + placed] = one
            placed += 1
    return new + placed


@kernel(inner=True)
def _poisson(mean, run, day, purpose):  # type: ignore[no-untyped-def]
    """A Poisson number, by multiplying uniform numbers in pieces that do not underflow."""
    total, drawn = 0, 0
    while mean > 0.0:
        piece = min(mean, 30.0)
        mean -= piece
        left, bound = 1.0, exp(-piece)
        while True:
            left *= uniform(run, drawn, day, purpose)
            drawn += 1
            if left < bound:
                break
            total += 1
    return total


@kernel(inner=True)
def _arrive(day, rule, now, new, daily, run):  # type: ignore[no-untyped-def]
    """Residents come back, some of them infected. Of the others only how many are tested and in quarantine counts."""
    travellers, quarantine = rule[0], int(rule[4])
    people, kept = len(now.people), int(travellers * (1.0 - rule[5]) + 0.5)
    if quarantine > 0:
        daily[day, state.QUARANTINED] += kept
        now.changes[state.HELD, day] += kept
        now.changes[state.HELD, min(day + quarantine, now.changes.shape[1] - 1)] -= kept
    if rule[3] > 0.0:
        daily[day, state.TESTED] += kept
    many, at, placed = _poisson(travellers * rule[1], run, day, hashing.ARRIVES), 0, 0
    while placed < many and at < 1000:
        one = int(uniform(run, 1000 * day + at, 1, hashing.ARRIVES) * people)
        at += 1
        if now.infected_on[one] == state.NEVER:
            infects(one, -1, day, 0, now.people, now.infected_on, now.infector)
            now.lists[state.FRESH, new + placed] = one
            daily[day, state.IMPORTED] += 1
            placed += 1
    return new + placed


@kernel(inner=True)
def _received(day, rule, first, last, now, results, run):  # type: ignore[no-untyped-def]
    """Those who came back infected are tested and put in quarantine, or escape both."""
    for place in range(first, last):
        one = now.lists[state.FRESH, place]
        if uniform(run, one, day, hashing.LEAKS) < rule[5]:
            continue
        person = now.people[one]
        if rule[4] > 0:
            person.entered, person.quarantined = day, min(day + int(rule[4]), state.NEVER - 2)
        if person.begins <= day and uniform(run, one, day, hashing.SCREENED) < rule[3]:
            person.found = state.PENDING
            due(results, day + 1, one, state.RESULT, person.episode)


@kernel(inner=True)
def _look_up(day, met, infected_on, again, meetings, entries, others):  # type: ignore[no-untyped-def]
    """The next of today's meetings with somebody who might be infected, and whom; how many.

    Whom and whether is looked up for many at a time, since the processor waits for memory once for all that do not depend on each other.
    """
    first, many = calendar.together(meetings, day)
    for at in range(many):
        _one, place, _layer = who_meets(meetings.entries[first + at])
        others[at] = met[place]
    left = 0
    for at in range(many):
        other = others[at]
        entries[left], others[left] = meetings.entries[first + at], other
        left += again or infected_on[other] == state.NEVER
    return left


@kernel(inner=True)
def _transmit(day, city, course, orders, now, meetings, entries, others, opened, new, daily, run):  # type: ignore[no-untyped-def]
    """Those of a block of today's meetings that pass it on; `entries` and `others` hold a block."""
    people, infected_on, infector, fresh, dosed, zones = (
        now.people, now.infected_on, now.infector, now.lists[state.FRESH], now.dosed, now.zones,
    )  # fmt: skip
    decade, zone, chances, cross, less, vaccine = (
        city.decade, city.zone, course.chances, course.cross, orders.by_layer[day], orders.vaccine,
    )  # fmt: skip
    bounded, zoned, again = orders.capacity[plan.ISOLATION_BEDS] < np.inf, orders.zone[plan.ZONE_DAYS] > 0, course.again
    for at in range(_look_up(day, city.met, infected_on, again, meetings, entries, others)):
        other = others[at]
        one, _place, layer = who_meets(entries[at])
        ever = infected_on[other] != state.NEVER
        if ever and (not again or people[other].ends > day or infected_on[other] == day):
            continue
        rate = chances[0, decade[other]] * opened[layer]
        # The key names who, whom, where and when, so that it is the same number in every scenario.
        chance = uniform(run, one, (other * _LAYERS + layer) * 16384 + day, hashing.MEETS)
        if chance >= rate:
            continue
        by, whom = people[one], people[other]
        if by.found <= day:
            rate *= less[plan.WAITS if bounded and not by.bedded else plan.ISOLATED, layer]
        elif by.quarantined > day:
            rate *= less[plan.CONFINED, layer]
        if whom.quarantined > day:
            rate *= less[plan.CONFINED, layer]
        if zoned and (shut(zone[one], day, zones) or shut(zone[other], day, zones)):
            rate *= orders.zone[plan.ZONE_LEFT + layer]
        if len(dosed) > 0:
            rate *= 1.0 - vaccinated(day, dosed[other], vaccine, 0)
            rate *= 1.0 - vaccinated(day, dosed[one], vaccine, 2)
        if ever:
            rate *= 1.0 - cross[whom.variant, by.variant] * 0.5 ** ((day - whom.ends) / course.half_life)
        if chance < rate:
            daily[day, state.REINFECTED] += ever
            infects(other, one, day, by.variant, people, infected_on, infector)
            fresh[new] = other
            new += 1
    return new


@kernel(inner=True)
def _counted(day, new, orders, now, daily, run):  # type: ignore[no-untyped-def]
    """Those infected today, and what is held at the end of the day. Of those who are not infected only how many are tested counts."""
    changes, people, ill = now.changes, len(now.people), now.used[state.ILL]
    daily[day, state.INFECTED] = new
    now.used[state.KNOWN] += daily[day, state.FOUND]
    if orders.watched:
        for place in range(new):
            now.lists[state.SICK, ill + place] = now.lists[state.FRESH, place]
        now.used[state.ILL] += new
    for row in (state.NEED_BEDS, state.HELD, state.ISOLATED, state.AT_HOME, state.SHUT_IN):
        changes[row, day + 1] += changes[row, day]
    daily[day, state.IN_QUARANTINE], daily[day, state.IN_ISOLATION] = (
        changes[state.HELD, day],
        changes[state.ISOLATED, day],
    )
    daily[day, state.IN_HOSPITAL] = int(min(float(changes[state.NEED_BEDS, day]), orders.capacity[plan.HOSPITAL_BEDS]))
    daily[day, state.OVERFLOW] = changes[state.NEED_BEDS, day] - daily[day, state.IN_HOSPITAL]
    daily[day, state.WAITING_ISOLATION], daily[day, state.LOCKED] = (
        changes[state.AT_HOME, day],
        changes[state.SHUT_IN, day],
    )
    routine, confined = orders.by_day[day, plan.WELL], orders.by_day[day, plan.WELL_CONFINED]
    if routine > 0.0 or confined > 0.0:
        came = max(daily[day - 1, state.QUARANTINED] - now.used[state.CAME], 0) if day else 0
        # Whoever recovered unknown to anybody is tested like everybody else; who was found is not tested again.
        recovered = max(now.used[state.KNOWN] - changes[state.ISOLATED, day], 0)
        well = max(people - ill - recovered - came, 0)
        daily[day, state.TESTED] += int(well * routine + came * confined + uniform(run, day, 0, hashing.COUNTS))


@kernel
def spread(
    city: Any, course: Any, orders: Any, introduced: Array, now: Any, calendars: Any, run: np.uint64, daily: Array
) -> None:  # fmt: skip
    """Fill `daily` (days, columns) and the state `now`: for each person by whom and on which day they were infected (−1: from outside).
    `calendars`: empty ones of as many days for meetings, results and the agenda."""
    used, (meetings, results, agenda) = now.used, calendars
    opened, closing = np.empty(_LAYERS), np.zeros(len(orders.triggers), np.bool_)
    entries, others = np.empty(calendar.BLOCK, np.uint64), np.empty(calendar.BLOCK, np.int64)
    today = np.empty(0, np.int64)
    for day in range(len(daily)):
        new, arriving = np.int64(0), -1
        _openings(day, city, orders, closing, opened, daily)
        for row in range(len(introduced)):
            if introduced[row, 0] == day:
                new = _introduced(day, introduced[row, 1], introduced[row, 2], row, now, new, run)
        begun = new
        for row in range(len(orders.arrivals)):
            if orders.arrivals[row, 6] <= day < orders.arrivals[row, 7]:
                arriving = row
                new = _arrive(day, orders.arrivals[row], now, new, daily, run)
        arrived = new
        if orders.watched:
            results = calendar.with_room(results, used[state.ILL])
            response.tests(day, orders, now, results, daily, run)
            if len(orders.rounds) > 0:
                response.rounds(day, city, orders, now, results, daily, run)
            agenda = calendar.with_room(agenda, results.days[day, calendar.COUNT])
            response.told(day, city, orders, now, results, agenda, daily)
        while not response.what_is_due(day, city, course, orders, now, agenda, daily, run):
            agenda = calendar.with_room(agenda, city.most)
        if orders.capacity[plan.ISOLATION_BEDS] < np.inf:
            response.beds(day, orders, now)
        while meetings.days[day, calendar.DONE] < meetings.days[day, calendar.COUNT]:
            new = _transmit(day, city, course, orders, now, meetings, entries, others, opened, new, daily, run)
        calendar.close(meetings, day)
        agenda = calendar.with_room(agenda, new)
        falls_ill(day, today, np.int64(0), begun, city, course, orders, now, agenda, daily, run)
        if arriving >= 0:
            ago = np.empty(arrived - begun, np.int64)
            for place in range(begun, arrived):
                drawn = uniform(run, now.lists[state.FRESH, place], day, hashing.AGO)
                ago[place - begun] = int(drawn * (orders.arrivals[arriving, 2] + 1))
            falls_ill(day, ago, begun, arrived, city, course, orders, now, agenda, daily, run)
            results = calendar.with_room(results, arrived - begun)
            _received(day, orders.arrivals[arriving], begun, arrived, now, results, run)
        falls_ill(day, today, arrived, new, city, course, orders, now, agenda, daily, run)
        drawn_for = np.int64(0)
        while drawn_for < new:
            drawn_for, room = might_infect(drawn_for, new, day, city, course, now, meetings, run)
            meetings = calendar.with_room(meetings, room)
        _counted(day, new, orders, now, daily, run)
        if orders.capacity[plan.LABORATORY] < np.inf:
            results = calendar.with_room(results, used[state.SPECIMENS])
            response.laboratory(day, orders, now, results, daily, run)
            daily[day, state.WAITING_LABORATORY] = int(now.backlog[state.SAMPLES_WAIT])
        if orders.capacity[plan.INVESTIGATORS] < np.inf:
            left = now.backlog[state.CASES_WAIT] - orders.capacity[plan.INVESTIGATORS]
            now.backlog[state.CASES_WAIT] = max(left, 0.0)
            daily[day, state.WAITING_TRACING] = int(now.backlog[state.CASES_WAIT])
