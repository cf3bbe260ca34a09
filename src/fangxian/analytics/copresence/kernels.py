"""The two kernels of tracing, over places in their order. They release the interpreter's lock, so threads share the work.

*Reach* needs no pairs: at a place the frontier's stays [a, b] become a staircase, the earliest a for every later b; a stay
[i, o] holds a contact of τ seconds if o − i ≥ τ and the earliest a among b ≥ i + τ is ≤ o − τ. Both run along with the
arrivals, so that the work is linear in the visits, whatever the venue's size. *Lines* names who with whom: for each stay of
the frontier a binary search and a look back over the longest stay that the place has seen.
"""

import numpy as np
from numba import njit

#: A person not reached (exposure), not in the frontier (since).
NEVER = np.int32(2**31 - 1)
#: What a person is to the ring under hand.
OPEN, FRONTIER, SETTLED = np.uint8(0), np.uint8(1), np.uint8(2)


@njit(nogil=True, cache=True)
def reach(places, bounds, person, arrival, departure, role, since, until, tau, exposed):  # type: ignore[no-untyped-def]
    """Lower exposed[p] to the start of the first contact of every open person p at `places`."""
    most = 0
    for q in places:
        most = max(most, bounds[q + 1] - bounds[q])
    begins, ends = np.empty(most, np.int32), np.empty(most, np.int32)
    late = np.empty(most, np.int64)
    for q in places:
        steps = _staircase(
            bounds[q], bounds[q + 1], person, arrival, departure, role, since, until, tau, begins, ends, late
        )
        if steps == 0:
            continue
        j = 0
        for i in range(bounds[q], bounds[q + 1]):
            needed = arrival[i] + tau
            while j < steps and ends[j] < needed:
                j += 1
            if j == steps:
                break
            if departure[i] >= needed and begins[j] <= departure[i] - tau:
                p = person[i]
                if role[p] == OPEN:
                    exposed[p] = min(exposed[p], max(begins[j], arrival[i]))


@njit(nogil=True, cache=True)
def _staircase(start, end, person, arrival, departure, role, since, until, tau, begins, ends, late):  # type: ignore[no-untyped-def]
    """The frontier's stays at one place, clipped to their windows, as steps of rising begin and end; gives their number.

    Stays that begin with the window, not with the arrival, are out of order: they are sorted apart and merged in.
    """
    n = c = 0
    for i in range(start, end):
        if departure[i] - arrival[i] < tau:  # before the look at the person: most stays go here, and memory is far
            continue
        p = person[i]
        if role[p] != FRONTIER:
            continue
        b = min(departure[i], until[p])
        if since[p] <= arrival[i]:
            if b - arrival[i] >= tau:
                begins[n] = arrival[i]
                ends[n] = b
                n += 1
        elif b - since[p] >= tau:
            late[c] = (np.int64(since[p]) << 32) | (np.int64(b) & 0xFFFFFFFF)
            c += 1
    if c:
        late[:c].sort()
        i, j, k = n - 1, c - 1, n + c - 1
        while j >= 0:
            if i >= 0 and begins[i] > (late[j] >> 32):
                begins[k] = begins[i]
                ends[k] = ends[i]
                i -= 1
            else:
                begins[k] = np.int32(late[j] >> 32)
                ends[k] = np.int32(late[j] & 0xFFFFFFFF)
                j -= 1
            k -= 1
    steps = 0
    for i in range(n + c):
        if steps == 0 or ends[i] > ends[steps - 1]:
            begins[steps] = begins[i]
            ends[steps] = ends[i]
            steps += 1
    return steps


@njit(nogil=True, cache=True)
def lines(vias, since, until, own, own_rows, bounds, person, arrival, departure, longest, role, tau):  # type: ignore[no-untyped-def]
    """Every contact of open persons with `vias`, each within the window since[k] to until[k], in the order of k.

    Gives five arrays of one length: person, via, place, and the overlap's start and end.
    """
    room, n = 1024, 0
    who, via, where = np.empty(room, np.uint32), np.empty(room, np.uint32), np.empty(room, np.uint32)
    begin, finish = np.empty(room, np.int32), np.empty(room, np.int32)
    for k in range(len(vias)):
        for at in range(own[vias[k]], own[vias[k] + 1]):
            r = own_rows[at]
            a, b = max(arrival[r], since[k]), min(departure[r], until[k])
            if b - a < tau or b < a:
                continue
            q = np.searchsorted(bounds, np.int64(r), side="right") - 1
            first = bounds[q] + np.searchsorted(arrival[bounds[q] : bounds[q + 1]], a + tau - longest[q])
            for i in range(first, bounds[q + 1]):
                if arrival[i] > b - tau:
                    break
                x, y = max(a, arrival[i]), min(b, departure[i])
                if y - x < tau or role[person[i]] != OPEN:
                    continue
                if n == room:
                    room *= 2
                    who, via, where = _grown(who, room), _grown(via, room), _grown(where, room)
                    begin, finish = _grown(begin, room), _grown(finish, room)
                who[n] = person[i]
                via[n] = vias[k]
                where[n] = q
                begin[n] = x
                finish[n] = y
                n += 1
    return who[:n], via[:n], where[:n], begin[:n], finish[:n]


@njit(nogil=True, cache=True)
def first(person, t_in, exposed):  # type: ignore[no-untyped-def]
    """Lower exposed[p] to the first of each person's instants."""
    for i in range(len(person)):
        exposed[person[i]] = min(exposed[person[i]], t_in[i])


@njit(nogil=True, cache=True)
def _grown(array, room):  # type: ignore[no-untyped-def]
    larger = np.empty(room, array.dtype)
    larger[: len(array)] = array
    return larger


@njit(nogil=True, cache=True)
def touched(vias, since, until, own, own_rows, bounds, arrival, departure, tau, flags):  # type: ignore[no-untyped-def]
    """Mark the places where a via stayed for τ seconds of its window."""
    for k in range(len(vias)):
        for at in range(own[vias[k]], own[vias[k] + 1]):
            r = own_rows[at]
            if min(departure[r], until[k]) - max(arrival[r], since[k]) >= tau:
                flags[np.searchsorted(bounds, np.int64(r), side="right") - 1] = 1


@njit(nogil=True, cache=True)
def cumulated(order, person, via, t_in, t_out, tau, within, keep):  # type: ignore[no-untyped-def]
    """Keep the overlaps of pairs who come to `tau` seconds in all within some window of `within` seconds.

    `order`: overlaps by via, person and start. The fullest window begins with an overlap, so no other need be looked at.
    Seconds that a pair spent in two places at once (clocks err) count once.
    """
    n = len(order)
    for i in range(n):
        begin = t_in[order[i]]
        end = np.int64(begin) + within
        total, until = np.int64(0), np.int64(begin)
        j = i
        while (
            j < n and person[order[j]] == person[order[i]] and via[order[j]] == via[order[i]] and t_in[order[j]] < end
        ):
            till = min(np.int64(t_out[order[j]]), end)
            total += max(till - max(np.int64(t_in[order[j]]), until), 0)
            until = max(until, till)
            j += 1
        if total >= tau:
            for k in range(i, j):
                keep[order[k]] = True


@njit(nogil=True, cache=True)
def dwell(person, place, own, own_rows, bounds, arrival, departure):  # type: ignore[no-untyped-def]
    """How many seconds in all each of some persons was at one place: an array as long as `person` and `place`."""
    total = np.zeros(len(person), np.int64)
    for i in range(len(person)):
        mine = own_rows[own[person[i]] : own[person[i] + 1]]
        at = np.searchsorted(mine, bounds[place[i]])
        while at < len(mine) and mine[at] < bounds[place[i] + 1]:
            total[i] += departure[mine[at]] - arrival[mine[at]]
            at += 1
    return total
