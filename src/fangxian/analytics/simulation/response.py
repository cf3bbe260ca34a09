"""What is done on a day: tests and their results, tracing, quarantine, isolation, rounds, zones. Queues keep whoever waits."""

from __future__ import annotations

from math import ceil

import numpy as np

from fangxian.analytics.kernel import kernel
from fangxian.analytics.simulation import hashing, plan, state
from fangxian.analytics.simulation.calendar import COUNT, DONE, close, following, lacks
from fangxian.analytics.simulation.hashing import uniform
from fangxian.analytics.simulation.illness import dies_for_want_of_a_bed
from fangxian.analytics.simulation.state import CASES_WAIT, SAMPLES_WAIT, due, event

_LAYERS = 4


@kernel(inner=True, forceinline=True)
def shut(zone, day, zones):  # type: ignore[no-untyped-def]
    """Whether a zone is closed today."""
    return zones[state.OPENS, zone] > day >= zones[state.SHUT, zone]


@kernel(inner=True, forceinline=True)
def _positive(one, day, delay, bounded, person, results, lists, used):  # type: ignore[no-untyped-def]
    """A positive sample of one of the ill: its result comes after the delay, and after the laboratory's queue."""
    person.found = state.PENDING
    if bounded:
        # Its place in the queue is drawn when the samples of the day have been counted.
        lists[state.SAMPLES, used[state.SPECIMENS]], lists[state.TOLD_AFTER, used[state.SPECIMENS]] = one, delay
        used[state.SPECIMENS] += 1
    else:
        due(results, day + delay, one, state.RESULT, person.episode)


@kernel(inner=True)
def tests(day, orders, now, results, daily, run):  # type: ignore[no-untyped-def]
    """Who of the ill is tested today, and keep the list of the ill to those who are. The calendar of results has room for all of them."""
    people, infected_on, lists, used = now.people, now.infected_on, now.lists, now.used
    chances, kept = orders.by_day[day], 0
    delay, bounded = int(chances[plan.RESULT_AFTER]), orders.capacity[plan.LABORATORY] < np.inf
    used[state.CAME] = 0
    for place in range(used[state.ILL]):
        one = lists[state.SICK, place]
        person = people[one]
        if person.ends <= day:
            continue
        lists[state.SICK, kept] = one
        kept += 1
        if person.found != state.NEVER or infected_on[one] >= day:
            continue
        if person.entered == day - 1:
            used[state.CAME] += 1
            chance = chances[plan.SICK_CONFINED] if person.onset <= day else chances[plan.WELL_CONFINED]
        else:
            chance = chances[plan.SICK] if person.onset <= day and person.seeks else chances[plan.WELL]
        if chance > 0.0 and uniform(run, one, day, hashing.TESTS) < chance:
            daily[day, state.TESTED] += 1
            if person.begins <= day and uniform(run, one, day, hashing.SENSED) < chances[plan.SENSITIVITY]:
                _positive(one, day, delay, bounded, person, results, lists, used)
    used[state.ILL] = kept


@kernel(inner=True)
def rounds(day, city, orders, now, results, daily, run):  # type: ignore[no-untyped-def]
    """Today's part of mass rounds. Of those who are not infected only how many are sampled counts."""
    lists, used = now.lists, now.used
    bounded, tubes = orders.capacity[plan.LABORATORY] < np.inf, 0.0
    for row in range(len(orders.rounds)):
        rule = orders.rounds[row]
        since, every, attending, capacity, pooled = int(rule[0]), int(rule[2]), rule[3], rule[4], int(rule[5])
        delay, zoned = int(rule[6]), rule[7] > 0
        people = float(now.changes[state.SHUT_IN, day]) if zoned else float(len(city.decade))
        lasts = min(max(1, ceil(people * attending / capacity)), every)
        turn, which = (day - since) % every, (day - since) // every
        if not rule[0] <= day < rule[1] or turn >= lasts or people <= 0.0:
            continue
        sampled = min(people * attending / lasts, capacity)
        covered, positives = sampled * lasts / people, 0
        daily[day, state.SAMPLED] += int(sampled)
        for place in range(used[state.ILL]):
            one = lists[state.SICK, place]
            person, age = now.people[one], day - now.infected_on[one]
            if person.found != state.NEVER or age <= 0 or (zoned and not shut(city.zone[one], day, now.zones)):
                continue
            key = 4 * which + row
            mine = int(uniform(run, one, key, hashing.TURNS) * lasts)
            if mine != turn or uniform(run, one, key, hashing.ATTENDS) >= covered:
                continue
            if uniform(run, one, day, hashing.SCREENED) < orders.detects[row, min(age, orders.detects.shape[1] - 1)]:
                _positive(one, day, delay, bounded, person, results, lists, used)
                positives += 1
        tubes += ceil(sampled / pooled)
        if pooled > 1:
            tubes += positives * pooled
    daily[day, state.TUBES] += int(tubes)


@kernel(inner=True)
def laboratory(day, orders, now, results, daily, run):  # type: ignore[no-untyped-def]
    """Samples are done first come first served: each positive one of today has its place among those of today, behind the backlog."""
    capacity, today = orders.capacity[plan.LABORATORY], float(daily[day, state.TESTED] + daily[day, state.TUBES])
    for place in range(now.used[state.SPECIMENS]):
        one = now.lists[state.SAMPLES, place]
        ahead = now.backlog[SAMPLES_WAIT] + today * uniform(run, one, day, hashing.COUNTS)
        waits = max(int(ahead / capacity) + now.lists[state.TOLD_AFTER, place], 1)
        due(results, day + waits, one, state.RESULT, now.people[one].episode)
    now.used[state.SPECIMENS] = 0
    now.backlog[SAMPLES_WAIT] = max(now.backlog[SAMPLES_WAIT] + today - capacity, 0.0)


@kernel(inner=True, forceinline=True)
def _confine(other, day, until, people, changes, daily):  # type: ignore[no-untyped-def]
    """Quarantine from today; longer, if it was to end before. Whether that changes anything."""
    person = people[other]
    if person.found <= day or until <= day or person.ends <= day or until <= person.quarantined:
        return False
    last = changes.shape[1] - 1
    if person.quarantined <= day:
        daily[day, state.QUARANTINED] += 1
        changes[state.HELD, day] += 1
        person.entered = day
    else:
        changes[state.HELD, min(person.quarantined, last)] += 1
    changes[state.HELD, min(until, last)] -= 1
    person.quarantined = until
    return True


@kernel(inner=True)
def _trace(one, day, ring, city, orders, now, agenda, daily, run):  # type: ignore[no-untyped-def]
    """Contacts who are named and reached. The agenda has room for all of them."""
    people, changes, met = now.people, now.changes, city.met
    further = False
    for layer in range(_LAYERS):
        further = further or (ring == 1 and orders.by_layer[day, plan.NEXT_TRACED, layer] > 0.0)
    days = orders.by_day[day, plan.CONFINED_FOR if ring == 1 else plan.NEXT_CONFINED_FOR]
    purpose = hashing.TRACES if ring == 1 else hashing.TRACED_ON
    until = min(day + int(days), state.NEVER - 2)
    for layer in range(_LAYERS):
        share = orders.by_layer[day, plan.TRACED if ring == 1 else plan.NEXT_TRACED, layer]
        if share <= 0.0:
            continue
        after = int(orders.by_layer[day, plan.REACHED, layer] if ring == 1 else orders.by_day[day, plan.NEXT_AFTER])
        known = city.stretch[one, layer]
        begin, mine = known.begin, known.own
        for place in range(known.degree):
            other = np.int64(met[begin + place + (place >= mine)])
            if share < 1.0 and uniform(run, one, 4 * other + layer, purpose) >= share:
                continue
            if after == 0 and not further:
                _confine(other, day, until, people, changes, daily)
            else:
                due(agenda, day + after, other, state.NEXT_RING if further else state.QUARANTINE, until)


@kernel(inner=True)
def _found(one, day, episode, city, orders, now, agenda, daily):  # type: ignore[no-untyped-def]
    """A positive result is known: isolation begins, the zone may close, and the case joins the queue of the investigators."""
    person, changes = now.people[one], now.changes
    last = changes.shape[1] - 1
    daily[day, state.FOUND] += 1
    if person.episode == episode:
        person.found = day
        ends = min(np.int64(person.ends), last)
        if ends > day:
            changes[state.ISOLATED, day] += 1
            changes[state.ISOLATED, ends] -= 1
            if orders.capacity[plan.ISOLATION_BEDS] < np.inf:
                changes[state.AT_HOME, day] += 1
                changes[state.AT_HOME, ends] -= 1
                now.lists[state.QUEUE, now.used[state.QUEUED] % len(now.people)] = one
                now.used[state.QUEUED] += 1
    if orders.zone[plan.ZONE_DAYS] > 0 and orders.zone[plan.ZONE_SINCE] <= day < orders.zone[plan.ZONE_UNTIL]:
        _close(city.zone[one], day, city, orders.zone, now.zones, changes[state.SHUT_IN])
    ahead = 0.0
    if orders.capacity[plan.INVESTIGATORS] < np.inf:
        ahead = now.backlog[CASES_WAIT] // orders.capacity[plan.INVESTIGATORS]
        now.backlog[CASES_WAIT] += 1.0
    due(agenda, day + int(orders.by_day[day, plan.REVIEW] + ahead), one, state.TRACE, 0)


@kernel(inner=True)
def _close(zone, day, city, rule, zones, shut_in):  # type: ignore[no-untyped-def]
    """A zone closes when it has had so many cases; each further one keeps it closed for longer."""
    begins, ends, last = day + int(rule[plan.ZONE_AFTER]), day + int(rule[plan.ZONE_DAYS]), len(shut_in) - 1
    if zones[state.OPENS, zone] > day:
        shut_in[min(zones[state.OPENS, zone], last)] += city.zone_size[zone]
    else:
        if zones[state.OPENS, zone] > 0:
            zones[state.CASES, zone], zones[state.OPENS, zone] = 0, 0
        zones[state.CASES, zone] += 1
        if zones[state.CASES, zone] < rule[plan.ZONE_CASES]:
            return
        zones[state.SHUT, zone] = begins
        shut_in[min(begins, last)] += city.zone_size[zone]
    shut_in[min(ends, last)] -= city.zone_size[zone]
    zones[state.OPENS, zone] = ends


@kernel(inner=True)
def beds(day, orders, now):  # type: ignore[no-untyped-def]
    """Free isolation beds go to whoever has waited longest and is still ill."""
    people, changes, lists, used = now.people, now.changes, now.lists, now.used
    used[state.IN_BEDS] -= changes[state.FREED, day]
    while used[state.SERVED] < used[state.QUEUED] and used[state.IN_BEDS] < orders.capacity[plan.ISOLATION_BEDS]:
        person = people[lists[state.QUEUE, used[state.SERVED] % len(people)]]
        used[state.SERVED] += 1
        ends = min(np.int64(person.ends), changes.shape[1] - 1)
        if ends <= day or person.bedded or person.found > day:
            continue
        person.bedded = 1
        used[state.IN_BEDS] += 1
        changes[state.FREED, ends] += 1
        changes[state.AT_HOME, day] -= 1
        changes[state.AT_HOME, ends] += 1


@kernel(inner=True)
def told(day, city, orders, now, results, agenda, daily):  # type: ignore[no-untyped-def]
    """Today's results, all before anybody is traced, whatever the order in which they were filed. The agenda has room for each."""
    for _result in range(results.days[day, COUNT]):
        one, _kind, episode = event(following(results, day))
        _found(one, day, episode, city, orders, now, agenda, daily)
    close(results, day)
    needed = now.changes[state.NEED_BEDS, day] - now.changes[state.WORSENED, day]
    now.backlog[state.BEDS_LEFT] = orders.capacity[plan.HOSPITAL_BEDS] - needed


@kernel(inner=True)
def what_is_due(day, city, course, orders, now, agenda, daily, run):  # type: ignore[no-untyped-def]
    """Go on with what is to be done today. What it brings for today is done today too. Whether all is done, or the agenda wants room for
    another's contacts."""
    while agenda.days[day, DONE] < agenda.days[day, COUNT]:
        if lacks(agenda, city.most):
            return False
        one, kind, until = event(following(agenda, day))
        if kind == state.QUARANTINE:
            _confine(one, day, until, now.people, now.changes, daily)
        elif kind == state.WORSE:
            now.backlog[state.BEDS_LEFT] -= 1
            if now.backlog[state.BEDS_LEFT] < 0:
                dies_for_want_of_a_bed(one, day, city, course, orders, now, daily, run)
        elif kind == state.TRACE or _confine(one, day, until, now.people, now.changes, daily):
            _trace(one, day, 1 if kind == state.TRACE else 2, city, orders, now, agenda, daily, run)
    close(agenda, day)
    return True
