"""What is done on a day: tests and their results, tracing, quarantine, isolation, rounds, zones. Queues keep whoever waits."""

from __future__ import annotations

from math import ceil

import numpy as np

from fangxian.analytics.kernel import kernel
from fangxian.analytics.simulation import hashing
from fangxian.analytics.simulation.hashing import uniform
from fangxian.analytics.simulation.illness import dies_for_want_of_a_bed
from fangxian.analytics.simulation.plan import (
    CONFINED_FOR,
    HOSPITAL_BEDS,
    INVESTIGATORS,
    ISOLATION_BEDS,
    LABORATORY,
    NEXT_AFTER,
    NEXT_CONFINED_FOR,
    NEXT_TRACED,
    REACHED,
    RESULT_AFTER,
    REVIEW,
    SENSITIVITY,
    SICK_CONFINED,
    TRACED,
    WELL,
    WELL_CONFINED,
    ZONE_AFTER,
    ZONE_CASES,
    ZONE_DAYS,
    ZONE_SINCE,
    ZONE_UNTIL,
)  # fmt: skip
from fangxian.analytics.simulation.plan import SICK as SICK_TEST
from fangxian.analytics.simulation.state import (
    AT_HOME,
    CASES,
    EVENTS,
    FOUND,
    FREED,
    HELD,
    ILL,
    IN_BEDS,
    ISOLATED,
    NEED_BEDS,
    NEVER,
    NEXT_RING,
    OPENS,
    PENDING,
    QUARANTINE,
    QUARANTINED,
    QUEUE,
    QUEUED,
    RESULT,
    SAMPLED,
    SAMPLES,
    SERVED,
    SHUT,
    SHUT_IN,
    SICK,
    SPECIMENS,
    TESTED,
    TOLD_AFTER,
    TRACE,
    TUBES,
    WORSE,
    WORSENED,
    due,
    with_room,
)  # fmt: skip

_LAYERS = 4
#: Places in `State.backlog`: samples that the laboratory has not done, cases nobody has traced.
_SAMPLES, _CASES = 0, 1


@kernel(forceinline=True)
def shut(zone, day, zones):  # type: ignore[no-untyped-def]
    """Whether a zone is closed today."""
    return zones[OPENS, zone] > day >= zones[SHUT, zone]


@kernel(forceinline=True)
def _positive(one, day, delay, bounded, person, events, lists, used, pool):  # type: ignore[no-untyped-def]
    """A positive sample of one of the ill: its result comes after the delay, and after the laboratory's queue."""
    person.found = PENDING
    if bounded:
        # Its place in the queue is drawn when the samples of the day have been counted.
        lists[SAMPLES, used[SPECIMENS]], lists[TOLD_AFTER, used[SPECIMENS]] = one, delay
        used[SPECIMENS] += 1
    else:
        due(events, used, pool, day + delay, one, RESULT, person.episode)


@kernel
def tests(day, orders, state, pool, daily, run):  # type: ignore[no-untyped-def]
    """Who of the ill is tested today, and keep the list of the ill to those who are. The list of events has room for all of them."""
    people, infected_on, lists, events, used = state.people, state.infected_on, state.lists, state.events, state.used
    chances, kept = orders.by_day[day], 0
    delay, bounded = int(chances[RESULT_AFTER]), orders.capacity[LABORATORY] < np.inf
    for place in range(used[ILL]):
        one = lists[SICK, place]
        person = people[one]
        if person.ends <= day:
            continue
        lists[SICK, kept] = one
        kept += 1
        if person.found != NEVER or infected_on[one] >= day:
            continue
        if person.entered == day - 1:
            chance = chances[SICK_CONFINED] if person.onset <= day else chances[WELL_CONFINED]
        else:
            chance = chances[SICK_TEST] if person.onset <= day and person.seeks else chances[WELL]
        if chance > 0.0 and uniform(run, one, day, hashing.TESTS) < chance:
            daily[day, TESTED] += 1
            if person.begins <= day and uniform(run, one, day, hashing.SENSED) < chances[SENSITIVITY]:
                _positive(one, day, delay, bounded, person, events, lists, used, pool)
    used[ILL] = kept


@kernel
def rounds(day, city, orders, state, pool, daily, run):  # type: ignore[no-untyped-def]
    """Today's part of mass rounds. Of those who are not infected only how many are sampled counts."""
    lists, used = state.lists, state.used
    bounded, tubes = orders.capacity[LABORATORY] < np.inf, 0.0
    for row in range(len(orders.rounds)):
        rule = orders.rounds[row]
        since, every, attending, capacity, pooled = int(rule[0]), int(rule[2]), rule[3], rule[4], int(rule[5])
        delay, zoned = int(rule[6]), rule[7] > 0
        people = float(state.changes[SHUT_IN, day]) if zoned else float(len(city.decade))
        lasts = min(max(1, ceil(people * attending / capacity)), every)
        turn, which = (day - since) % every, (day - since) // every
        if not rule[0] <= day < rule[1] or turn >= lasts or people <= 0.0:
            continue
        sampled = min(people * attending / lasts, capacity)
        covered, positives = sampled * lasts / people, 0
        daily[day, SAMPLED] += int(sampled)
        for place in range(used[ILL]):
            one = lists[SICK, place]
            person, age = state.people[one], day - state.infected_on[one]
            if person.found != NEVER or age <= 0 or (zoned and not shut(city.zone[one], day, state.zones)):
                continue
            key = 4 * which + row
            mine = int(uniform(run, one, key, hashing.TURNS) * lasts)
            if mine != turn or uniform(run, one, key, hashing.ATTENDS) >= covered:
                continue
            if uniform(run, one, day, hashing.SCREENED) < orders.detects[row, min(age, orders.detects.shape[1] - 1)]:
                _positive(one, day, delay, bounded, person, state.events, lists, used, pool)
                positives += 1
        tubes += ceil(sampled / pooled)
        if pooled > 1:
            tubes += positives * pooled
    daily[day, TUBES] += int(tubes)


@kernel
def laboratory(day, orders, state, pool, daily, run):  # type: ignore[no-untyped-def]
    """Samples are done first come first served: each positive one of today has its place among those of today, behind the backlog."""
    capacity, today = orders.capacity[LABORATORY], float(daily[day, TESTED] + daily[day, TUBES])
    for place in range(state.used[SPECIMENS]):
        one = state.lists[SAMPLES, place]
        ahead = state.backlog[_SAMPLES] + today * uniform(run, one, day, hashing.COUNTS)
        waits = max(int(ahead / capacity) + state.lists[TOLD_AFTER, place], 1)
        due(state.events, state.used, pool, day + waits, one, RESULT, state.people[one].episode)
    state.used[SPECIMENS] = 0
    state.backlog[_SAMPLES] = max(state.backlog[_SAMPLES] + today - capacity, 0.0)


@kernel(forceinline=True)
def _confine(other, day, until, people, changes, daily):  # type: ignore[no-untyped-def]
    """Quarantine from today; longer, if it was to end before. Whether it begins today."""
    person = people[other]
    if person.found <= day or until <= day or person.ends <= day or until <= person.quarantined:
        return False
    last, begins = changes.shape[1] - 1, person.quarantined <= day
    if begins:
        daily[day, QUARANTINED] += 1
        changes[HELD, day] += 1
        person.entered = day
    else:
        changes[HELD, min(person.quarantined, last)] += 1
    changes[HELD, min(until, last)] -= 1
    person.quarantined = until
    return begins


@kernel
def _trace(one, day, ring, city, orders, state, pool, daily, run):  # type: ignore[no-untyped-def]
    """Contacts who are named and reached. The list of events has room for all of them."""
    people, changes, events, used, met = state.people, state.changes, state.events, state.used, city.met
    further = False
    for layer in range(_LAYERS):
        further = further or (ring == 1 and orders.by_layer[day, NEXT_TRACED, layer] > 0.0)
    days = orders.by_day[day, CONFINED_FOR if ring == 1 else NEXT_CONFINED_FOR]
    purpose = hashing.TRACES if ring == 1 else hashing.TRACED_ON
    until = min(day + int(days), NEVER - 2)
    for layer in range(_LAYERS):
        share = orders.by_layer[day, TRACED if ring == 1 else NEXT_TRACED, layer]
        if share <= 0.0:
            continue
        after = int(orders.by_layer[day, REACHED, layer] if ring == 1 else orders.by_day[day, NEXT_AFTER])
        begin, mine = city.begin[layer, one], city.own[layer, one]
        for place in range(city.degree[layer, one]):
            other = met[begin + place + (place >= mine)]
            if share < 1.0 and uniform(run, one, 4 * other + layer, purpose) >= share:
                continue
            if after == 0 and not further:
                _confine(other, day, until, people, changes, daily)
            else:
                due(events, used, pool, day + after, other, NEXT_RING if further else QUARANTINE, until)


@kernel
def _found(one, day, episode, city, orders, state, pool, daily):  # type: ignore[no-untyped-def]
    """A positive result is known: isolation begins, the zone may close, and the case joins the queue of the investigators."""
    person, changes = state.people[one], state.changes
    last = changes.shape[1] - 1
    daily[day, FOUND] += 1
    if person.episode == episode:
        person.found = day
        ends = min(np.int64(person.ends), last)
        if ends > day:
            changes[ISOLATED, day] += 1
            changes[ISOLATED, ends] -= 1
            if orders.capacity[ISOLATION_BEDS] < np.inf:
                changes[AT_HOME, day] += 1
                changes[AT_HOME, ends] -= 1
                state.lists[QUEUE, state.used[QUEUED] % len(state.people)] = one
                state.used[QUEUED] += 1
    if orders.zone[ZONE_DAYS] > 0 and orders.zone[ZONE_SINCE] <= day < orders.zone[ZONE_UNTIL]:
        _close(city.zone[one], day, city, orders.zone, state.zones, changes[SHUT_IN])
    ahead = 0.0
    if orders.capacity[INVESTIGATORS] < np.inf:
        ahead = state.backlog[_CASES] // orders.capacity[INVESTIGATORS]
        state.backlog[_CASES] += 1.0
    due(state.events, state.used, pool, day + int(orders.by_day[day, REVIEW] + ahead), one, TRACE, 0)


@kernel
def _close(zone, day, city, rule, zones, shut_in):  # type: ignore[no-untyped-def]
    """A zone closes when it has had so many cases; each further one keeps it closed for longer."""
    begins, ends, last = day + int(rule[ZONE_AFTER]), day + int(rule[ZONE_DAYS]), len(shut_in) - 1
    if zones[OPENS, zone] > day:
        shut_in[min(zones[OPENS, zone], last)] += city.zone_size[zone]
    else:
        if zones[OPENS, zone] > 0:
            zones[CASES, zone], zones[OPENS, zone] = 0, 0
        zones[CASES, zone] += 1
        if zones[CASES, zone] < rule[ZONE_CASES]:
            return
        zones[SHUT, zone] = begins
        shut_in[min(begins, last)] += city.zone_size[zone]
    shut_in[min(ends, last)] -= city.zone_size[zone]
    zones[OPENS, zone] = ends


@kernel
def beds(day, orders, state):  # type: ignore[no-untyped-def]
    """Free isolation beds go to whoever has waited longest and is still ill."""
    people, changes, lists, used = state.people, state.changes, state.lists, state.used
    used[IN_BEDS] -= changes[FREED, day]
    while used[SERVED] < used[QUEUED] and used[IN_BEDS] < orders.capacity[ISOLATION_BEDS]:
        person = people[lists[QUEUE, used[SERVED] % len(people)]]
        used[SERVED] += 1
        ends = min(np.int64(person.ends), changes.shape[1] - 1)
        if ends <= day or person.bedded or person.found > day:
            continue
        person.bedded = 1
        used[IN_BEDS] += 1
        changes[FREED, ends] += 1
        changes[AT_HOME, day] -= 1
        changes[AT_HOME, ends] += 1


@kernel
def what_is_due(day, city, course, orders, state, pool, daily, run):  # type: ignore[no-untyped-def]
    """What was to be done today. What it brings for today is done today too. The list of events comes back, longer if need be."""
    people, changes, events, degree = state.people, state.changes, state.events, city.degree
    free = orders.capacity[HOSPITAL_BEDS] - (changes[NEED_BEDS, day] - changes[WORSENED, day])
    event = events[day]
    while event >= 0:
        events[day] = pool[event].then
        one, kind, until = pool[event].who, pool[event].kind, np.int64(pool[event].until)
        if kind == QUARANTINE:
            _confine(one, day, until, people, changes, daily)
        elif kind == WORSE:
            free -= 1
            if free < 0:
                dies_for_want_of_a_bed(one, day, city, course, orders, state, daily, run)
        else:
            room = 2
            for layer in range(_LAYERS):
                room += degree[layer, one]
            if state.used[EVENTS] + room > len(pool):
                pool = with_room(pool, state.used[EVENTS], room)
            if kind == RESULT:
                _found(one, day, until, city, orders, state, pool, daily)
            elif kind == TRACE:
                _trace(one, day, 1, city, orders, state, pool, daily, run)
            elif _confine(one, day, until, people, changes, daily):
                _trace(one, day, 2, city, orders, state, pool, daily, run)
        event = events[day]
    return pool
