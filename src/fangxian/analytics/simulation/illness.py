"""The course of an infection, known when it begins, and whom it might be passed on to.

Who might be infected and when is drawn at once, by skipping over all contacts and days (in steps of an exponential variable over their
hazards), at the highest rate that could hold. What has been drawn lies in a calendar, and is thinned on its day by what then
holds: is the other still susceptible, is either isolated or in quarantine, is the place open. That is exact as long as
the rate that was drawn at bounds the true one (thinning; Lewis and Shedler 1979, Nav Res Logist Q 26:403).
"""

from __future__ import annotations

from math import ceil, log, log1p

import numpy as np

from fangxian.analytics.kernel import kernel
from fangxian.analytics.simulation import hashing, plan, state
from fangxian.analytics.simulation.calendar import enter, lacks
from fangxian.analytics.simulation.hashing import uniform
from fangxian.analytics.simulation.state import due, meeting

_LAYERS = 4
#: Layers of households, classes and workplaces, which may have factors of their own.
_GROUPED = 3
#: Rows of `Course.days`.
_LATENT, _ONSET, _TO_SEVERE, _TO_CRITICAL, _ASYMPTOMATIC, _MILD, _SEVERE, _CRITICAL, _DEATH = range(9)


@kernel(inner=True, forceinline=True)
def _lasts(run, who, episode, purpose, quantiles, row):  # type: ignore[no-untyped-def]
    return np.int64(quantiles[row, int(uniform(run, who, episode, purpose) * quantiles.shape[1])])


@kernel(inner=True, forceinline=True)
def _hazard(rate):  # type: ignore[no-untyped-def]
    """−log(1 − rate); by its series where that is exact to ten digits, since logarithms are what drawing costs."""
    if rate > 0.01:
        return -log1p(-min(rate, 0.999999))
    return rate * (1.0 + rate * (0.5 + rate * (1 / 3 + rate * (0.25 + rate * 0.2))))


@kernel(inner=True)
def vaccinated(day, dosed_on, vaccine, effect):  # type: ignore[no-untyped-def]
    """How far a vaccination protects on a day: against infection (effect 0), severe illness (1), passing it on (2)."""
    lag, interval, half_life = vaccine[6], vaccine[7], vaccine[8]
    effective = dosed_on + lag
    if dosed_on == state.NEVER or day < effective:
        return 0.0
    dose = 0
    if day >= effective + interval:
        dose, effective = 1, effective + interval
    return vaccine[2 * effect + dose] * 0.5 ** ((day - effective) / half_life)


@kernel(borrows=True)
def rollout(decade, coverage, a_day, since, run, dosed):  # type: ignore[no-untyped-def]
    """Fill the day of everybody's first dose (N,), the oldest first; state.NEVER for who takes none."""
    given = 0
    for age in range(len(coverage) - 1, -1, -1):
        for one in range(len(decade)):
            if decade[one] == age and uniform(run, one, 0, hashing.DOSES) < coverage[age]:
                dosed[one] = min(since + int(given / a_day), state.NEVER - 1)
                given += 1


@kernel(inner=True)
def falls_ill(day, since, first, last, city, course, orders, now, agenda, daily, run):  # type: ignore[no-untyped-def]
    """The course of those infected today from place `first` to before `last`, `since` days ago. The agenda has room for each."""
    days = len(daily)
    people, fresh, dosed, changes = now.people, now.lists[state.FRESH], now.dosed, now.changes
    decade, chances, severity, lasting, vaccine = (
        city.decade, course.chances, course.severity, course.days, orders.vaccine,
    )  # fmt: skip
    seeking, bounded = orders.by_day[day, plan.SEEKING], orders.capacity[plan.HOSPITAL_BEDS] < len(people)
    for place in range(first, last):
        one = fresh[place]
        person, age = people[one], decade[one]
        episode = np.int64(person.episode)
        begun = day - since[place - first] if len(since) > 0 else day
        start = begun + _lasts(run, one, episode, hashing.LATENT, lasting, _LATENT)
        onset = state.NEVER
        if uniform(run, one, episode, hashing.SYMPTOMS) < chances[1, age]:
            onset = start + _lasts(run, one, episode, hashing.ONSET, lasting, _ONSET)
            if day <= onset < days:
                daily[onset, state.ONSETS] += 1
            worse = chances[2, age] * severity[person.variant]
            if len(dosed) > 0:
                worse *= 1.0 - vaccinated(begun, dosed[one], vaccine, 1)
            if uniform(run, one, episode, hashing.SEVERE) < worse:
                bad = max(onset + _lasts(run, one, episode, hashing.TO_SEVERE, lasting, _TO_SEVERE), day)
                worst, stage, dies = bad, _SEVERE, False
                if uniform(run, one, episode, hashing.CRITICAL) < chances[3, age]:
                    worst = bad + _lasts(run, one, episode, hashing.TO_CRITICAL, lasting, _TO_CRITICAL)
                    dies = uniform(run, one, episode, hashing.DIES) < chances[4, age]
                    stage = _DEATH if dies else _CRITICAL
                end = worst + _lasts(run, one, episode, hashing.ENDS, lasting, stage)
                if bad < days:
                    daily[bad, state.SEVERE] += 1
                    changes[state.NEED_BEDS, bad] += 1
                    changes[state.WORSENED, bad] += 1
                    changes[state.NEED_BEDS, min(end, days + 1)] -= 1
                    if bad > day and bounded:
                        due(agenda, bad, one, state.WORSE, 0)
                if dies and end < days:
                    daily[end, state.DEATHS] += 1
            else:
                end = onset + _lasts(run, one, episode, hashing.ENDS, lasting, _MILD)
        else:
            end = start + max(1, _lasts(run, one, episode, hashing.ENDS, lasting, _ASYMPTOMATIC))
        # 32765 is the last day that can be held; state.NEVER and PENDING lie behind it.
        person.onset = state.NEVER if onset == state.NEVER else min(onset, state.NEVER - 2)
        person.begins, person.ends = min(start, state.NEVER - 2), min(end, state.NEVER - 2)
        person.seeks = seeking >= 1.0 or uniform(run, one, episode, hashing.SEEKS) < seeking


@kernel(inner=True)
def might_infect(begun, new, day, city, course, now, meetings, run):  # type: ignore[no-untyped-def]
    """Enter in the calendar whom those infected today might infect, beginning at a place of their list. Where it ended, and how much room
    it lacked to go on."""
    people, fresh, days, stretch = now.people, now.lists[state.FRESH], len(meetings.days), city.stretch
    spreads, places, strains, weights = course.spreads, course.places, course.transmission, course.weights
    for at_place in range(begun, new):
        one = np.int64(fresh[at_place])
        person = people[one]
        start, end = np.int64(person.begins), np.int64(person.ends)
        first, last = max(start, day + 1), min(end, days)
        if first >= last:
            continue
        room = 0
        for layer in range(_LAYERS):
            room += stretch[one, layer].degree
        if lacks(meetings, room * (last - first)):
            return at_place, room * (last - first)
        high = min(course.cap, course.share * (end - start))
        turn = min(max(start + ceil(high), first), last)
        episode = np.int64(person.episode)
        factor = spreads[int(uniform(run, one, episode, hashing.SPREADS) * len(spreads))]
        factor *= strains[person.variant] / (1.0 + high / (end - start) * (course.early - 1.0))
        drawn = episode << 24
        ahead = -log(uniform(run, one, drawn, hashing.SKIPS))
        for phase in range(2):
            since, to = (first, turn) if phase == 0 else (turn, last)
            if to <= since:
                continue
            base = factor * course.early if phase == 0 else factor
            for layer in range(_LAYERS):
                known = stretch[one, layer]
                many, rate = np.int64(known.degree), base * weights[layer]
                if layer < _GROUPED and len(places) > 1:
                    rate *= places[int(uniform(run, known.begin, layer, hashing.PLACES) * len(places))]
                if many == 0 or rate <= 0.0:
                    continue
                hazard, cells, at = _hazard(rate), many * (to - since), -1
                while ahead < hazard * (cells - at - 1):
                    at = min(at + 1 + int(ahead / hazard), cells - 1)
                    when, whom = since + at // many, at % many
                    enter(meetings, when, meeting(one, known.begin + whom + (whom >= known.own), layer))
                    drawn += 1
                    ahead = -log(uniform(run, one, drawn, hashing.SKIPS))
                ahead -= hazard * (cells - at - 1)
    return new, 0


@kernel(inner=True)
def dies_for_want_of_a_bed(one, day, city, course, orders, now, daily, run):  # type: ignore[no-untyped-def]
    """Somebody turns severe while all hospital beds are taken: critical, they die so many times as probably."""
    age, person = city.decade[one], now.people[one]
    episode = np.int64(person.episode)
    critical = uniform(run, one, episode, hashing.CRITICAL) < course.chances[3, age]
    at, chance = uniform(run, one, episode, hashing.DIES), course.chances[4, age]
    if critical and chance <= at < chance * orders.capacity[plan.UNBEDDED] and day < person.ends < len(daily):
        daily[person.ends, state.DEATHS] += 1


@kernel(inner=True, forceinline=True)
def infects(one, by, day, variant, people, infected_on, infector):  # type: ignore[no-untyped-def]
    """Somebody is infected, perhaps not for the first time."""
    person = people[one]
    if infected_on[one] != state.NEVER:
        person.episode += 1
        person.found, person.bedded = state.NEVER, 0
    person.variant = variant
    infected_on[one], infector[one] = day, by
