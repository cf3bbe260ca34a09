"""One run of an epidemic in a city: work in proportion to infections, not to people or their contacts.

When somebody is infected, the whole course is known: who they might infect and when is drawn at once by skipping over all contacts and
days (geometric steps), at the highest rate that could hold. What has been drawn lies in a calendar, and is thinned on its day by what
then holds: is the other still susceptible, is either isolated or in quarantine, is the place open. That is exact as long as
the rate that was drawn at bounds the true one (thinning; Lewis and Shedler 1979, Nav Res Logist Q 26:403).
"""

from __future__ import annotations

from math import ceil, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.kernel import kernel
from fangxian.analytics.simulation import hashing
from fangxian.analytics.simulation.hashing import duration, uniform

Array = NDArray[Any]
#: Columns of the days.
DAILY = ("infected", "onsets", "severe", "deaths", "tests", "found", "quarantined", "in_quarantine", "in_hospital")
NEVER = np.int16(32767)
_TEST, _RESULT, _QUARANTINE = 0, 1, 2
_LAYERS = 4


@kernel
def _longer(a: Array) -> Array:
    b = np.empty(2 * len(a), a.dtype)
    b[: len(a)] = a
    return b


@kernel
def _next_test(run, who, since, ends, onset, entered, tests):  # type: ignore[no-untyped-def]
    """The first day from `since` on, and before the end of illness, on which this person is tested as things stand; −1: none."""
    for day in range(since, ends):
        if uniform(run, who, day, hashing.TESTS) < _chance(day, onset, entered, tests):
            return day
    return -1


@kernel
def _chance(day, onset, entered, tests):  # type: ignore[no-untyped-def]
    if day < tests[6] or day >= tests[7]:
        return 0.0
    if entered == day - 1:
        return tests[2] if onset <= day else tests[3]
    return tests[0] if onset <= day else tests[1]


@kernel
def spread(
    decade: Array, met: Array, begin: Array, degree: Array, own: Array, transmission: float, weights: Array, chances: Array,
    times: Array, spreads: Array, most_susceptible: float, load: Array, tests: Array, traces: Array, less: Array, left: Array,
    seeds: int, run: np.uint64, daily: Array, infector: Array, infected_on: Array,
) -> None:  # fmt: skip
    """Fill `daily` (days, 9), and for each person (N,) by whom and on which day they were infected (−1: seed or not at all; NEVER)."""
    people, days = len(decade), len(daily)
    begins, ends = np.full(people, NEVER, np.int16), np.full(people, NEVER, np.int16)
    onset, found = np.full(people, NEVER, np.int16), np.full(people, NEVER, np.int16)
    quarantined, tested = np.zeros(people, np.int16), np.full(people, -1, np.int16)
    entered, waiting = np.full(people, -2, np.int16), np.zeros(people, np.bool_)
    room = max(1024, people // 8)
    source, target, layer, after = (
        np.empty(room, np.int32),
        np.empty(room, np.int32),
        np.empty(room, np.uint8),
        np.empty(room, np.int32),
    )
    meets, number = np.full(days + 1, -1, np.int32), 0
    who, kind, until, behind = (
        np.empty(room, np.int32),
        np.empty(room, np.uint8),
        np.empty(room, np.int16),
        np.empty(room, np.int32),
    )
    events, told = np.full(days + 2, -1, np.int32), 0
    beds, held = np.zeros(days + 2, np.int64), np.zeros(days + 2, np.int64)
    fresh = np.empty(people, np.int32)
    measured = tests[:4].max() > 0
    infected_so_far = 0
    for day in range(days):
        new = 0
        if day == 0:
            at = 0
            while new < min(seeds, people):
                one = int(uniform(run, at, 0, hashing.SEEDS) * people)
                at += 1
                if infected_on[one] == NEVER:
                    infected_on[one] = 0
                    fresh[new] = one
                    new += 1
        # What was to be done today. What it brings for today is done today too.
        event = events[day]
        while event >= 0:
            events[day] = behind[event]
            one = who[event]
            if kind[event] == _QUARANTINE:
                if found[one] == NEVER and until[event] > day and ends[one] > day:
                    if quarantined[one] <= day:
                        daily[day, 6] += 1
                        held[day] += 1
                        entered[one] = day
                        held[min(until[event], days + 1)] -= 1
                        quarantined[one] = until[event]
                    elif until[event] > quarantined[one]:
                        held[min(quarantined[one], days + 1)] += 1
                        held[min(until[event], days + 1)] -= 1
                        quarantined[one] = until[event]
                    if measured and infected_on[one] < day and ends[one] > day and not waiting[one]:
                        again = _next_test(run, one, day + 1, min(ends[one], days), onset[one], entered[one], tests)
                        if again >= 0:
                            if told == len(who):
                                who, kind, until, behind = _longer(who), _longer(kind), _longer(until), _longer(behind)
                            who[told], kind[told], behind[told], events[again] = one, _TEST, events[again], told
                            told += 1
            elif kind[event] == _TEST:
                if not waiting[one] and tested[one] != day and ends[one] > day:
                    result = -1
                    if uniform(run, one, day, hashing.TESTS) < _chance(day, onset[one], entered[one], tests):
                        tested[one] = day
                        daily[day, 4] += 1
                        if begins[one] <= day and uniform(run, one, day, hashing.SENSED) < tests[4]:
                            waiting[one] = True
                            result = day + int(tests[5])
                    if not waiting[one]:
                        result = _next_test(run, one, day + 1, min(ends[one], days), onset[one], entered[one], tests)
                    if 0 <= result < days:
                        if told == len(who):
                            who, kind, until, behind = _longer(who), _longer(kind), _longer(until), _longer(behind)
                        who[told], kind[told] = one, _RESULT if waiting[one] else _TEST
                        behind[told], events[result] = events[result], told
                        told += 1
            else:
                found[one] = day
                daily[day, 5] += 1
                if traces[9] <= day < traces[10]:
                    for kindred in range(_LAYERS):
                        if traces[kindred] <= 0:
                            continue
                        when = day + int(traces[4 + kindred])
                        for place in range(degree[kindred, one]):
                            if when >= days:
                                break
                            other = met[begin[kindred, one] + place + (place >= own[kindred, one])]
                            if (
                                found[other] == NEVER
                                and uniform(run, one, 4 * other + kindred, hashing.TRACES) < traces[kindred]
                            ):
                                if told == len(who):
                                    who, kind, until, behind = (
                                        _longer(who),
                                        _longer(kind),
                                        _longer(until),
                                        _longer(behind),
                                    )
                                who[told], kind[told], until[told] = other, _QUARANTINE, day + int(traces[8])
                                behind[told], events[when] = events[when], told
                                told += 1
            event = events[day]
        # Who might have been infected today, and was.
        event = meets[day]
        while event >= 0:
            other = target[event]
            if infected_on[other] == NEVER:
                one, kindred = source[event], layer[event]
                rate = chances[0, decade[other]] * left[day, kindred]
                if found[one] <= day:
                    rate *= less[0, kindred]
                elif quarantined[one] > day:
                    rate *= less[1, kindred]
                if quarantined[other] > day:
                    rate *= less[1, kindred]
                if uniform(run, one, (np.int64(other) * _LAYERS + kindred) * 16384 + day, hashing.MEETS) < rate:
                    infected_on[other], infector[other] = day, one
                    fresh[new] = other
                    new += 1
            event = after[event]
        daily[day, 0] = new
        infected_so_far += new
        # The course of those infected today.
        for place in range(new):
            one = fresh[place]
            age = decade[one]
            start = day + duration(run, one, hashing.LATENT, times[0, 0], times[0, 1], times[0, 2])
            end = start
            if uniform(run, one, 0, hashing.SYMPTOMS) < chances[1, age]:
                ill = start + duration(run, one, hashing.ONSET, times[1, 0], times[1, 1], times[1, 2])
                onset[one] = min(ill, NEVER)
                if ill < days:
                    daily[ill, 1] += 1
                if uniform(run, one, 0, hashing.SEVERE) < chances[2, age]:
                    bad = ill + duration(run, one, hashing.TO_SEVERE, times[2, 0], times[2, 1], times[2, 2])
                    leaves, dies = 6, False
                    worst = bad
                    if uniform(run, one, 0, hashing.CRITICAL) < chances[3, age]:
                        worst = bad + duration(run, one, hashing.TO_CRITICAL, times[3, 0], times[3, 1], times[3, 2])
                        dies = uniform(run, one, 0, hashing.DIES) < chances[4, age]
                        leaves = 8 if dies else 7
                    end = worst + duration(run, one, hashing.ENDS, times[leaves, 0], times[leaves, 1], times[leaves, 2])
                    if bad < days:
                        daily[bad, 2] += 1
                        beds[bad] += 1
                        beds[min(end, days + 1)] -= 1
                    if dies and end < days:
                        daily[end, 3] += 1
                else:
                    end = ill + duration(run, one, hashing.ENDS, times[5, 0], times[5, 1], times[5, 2])
            else:
                end = start + max(1, duration(run, one, hashing.ENDS, times[4, 0], times[4, 1], times[4, 2]))
            begins[one], ends[one] = min(start, NEVER), min(end, NEVER)
            first, last = max(start, day + 1), min(end, days)
            if measured:
                again = _next_test(run, one, day + 1, last, onset[one], entered[one], tests)
                if again >= 0:
                    if told == len(who):
                        who, kind, until, behind = _longer(who), _longer(kind), _longer(until), _longer(behind)
                    who[told], kind[told], behind[told], events[again] = one, _TEST, events[again], told
                    told += 1
            if first >= last:
                continue
            lasts = end - start
            high = min(load[2], load[1] * lasts)
            share = high / lasts
            turn = min(max(start + ceil(high), first), last)
            own_factor = spreads[int(uniform(run, one, 0, hashing.SPREADS) * len(spreads))]
            for phase in range(2):
                since, to = (first, turn) if phase == 0 else (turn, last)
                if to <= since:
                    continue
                base = (
                    transmission
                    * own_factor
                    * most_susceptible
                    * (load[0] if phase == 0 else 1.0)
                    / (1.0 + share * (load[0] - 1.0))
                )
                for kindred in range(_LAYERS):
                    many, rate = degree[kindred, one], min(base * weights[kindred], 0.999999)
                    if many == 0 or rate < 1e-9:
                        continue
                    step, at, drawn = 1.0 / log(1.0 - rate), -1, 0
                    while True:
                        skipped = (
                            log(uniform(run, one, ((phase * _LAYERS + kindred) << 24) + drawn, hashing.SKIPS)) * step
                        )
                        drawn += 1
                        if skipped >= many * (to - since):
                            break
                        at += 1 + int(skipped)
                        if at >= many * (to - since):
                            break
                        if number == len(source):
                            source, target, layer, after = (
                                _longer(source),
                                _longer(target),
                                _longer(layer),
                                _longer(after),
                            )
                        when, whom = since + at // many, at % many
                        source[number], layer[number] = one, kindred
                        target[number] = met[begin[kindred, one] + whom + (whom >= own[kindred, one])]
                        after[number], meets[when] = meets[when], number
                        number += 1
        # Of those who are not infected only how many are tested counts.
        held[day + 1] += held[day]
        beds[day + 1] += beds[day]
        daily[day, 7], daily[day, 8] = held[day], beds[day]
        if measured and tests[6] <= day < tests[7]:
            came = daily[day - 1, 6] if day else 0
            well = max(people - infected_so_far - came, 0)
            daily[day, 4] += int(well * tests[1] + came * tests[3] + uniform(run, day, 0, hashing.COUNTS))
