"""The two kernels of tracing, over places in their order. They release the interpreter's lock, so threads share the work.

*Reach* needs no pairs: at a place the frontier's stays [a, b] become a staircase, the earliest a for every later b; a stay
[i, o] holds a contact of τ seconds if o − i ≥ τ and the earliest a among b ≥ i + τ is ≤ o − τ. Both run along with the
arrivals, so that the work is linear in the visits, whatever the venue's size. *Lines* names who with whom: each stay of the
frontier looks back from its own row, over blocks of rows of which it knows the latest departure.

What bounds *reach* is not arithmetic but the look at each visitor. One byte a person answers nearly all of it (see `Frontier`),
and what follows runs without branches that the processor would have to guess.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.kernel import kernel

#: A person not reached (exposure); an instant after all others.
NEVER = np.int32(2**31 - 1)
#: What a person is to the ring under hand: open (of whom 1 … 126 say when the first contact found so far began), one of the
#: frontier (128 … 254: when its window begins), or settled.
OPEN, FRONTIER, SETTLED = np.uint8(0), np.uint8(128), np.uint8(255)
#: Steps of time that codes tell apart: of open persons, and of the frontier.
REACHED, BEGUN = 126, 127
#: Rows in a block of `Blocks`, as a power of two.
BLOCK = 7


class Frontier(NamedTuple):
    """The persons from whom a ring is traced, each with one window: tables of P persons, and of 256 codes.

    `code` (P, uint8) says in one of 127 steps of `width` seconds from `first` when the window of a person begins, and in one of 126
    of an open person when the first contact begins that was found up to now. Of the codes: a contact that begins at `limit` or
    later is no earlier one; before `begins` a window has not begun, from `begun` on it has. `since` and `until` (P, int32) say it to
    the second, and are looked at only for stays that the code leaves in doubt. `left` (P, uint8; or none where no window ends
    before the last stay) with `lasts` and `ended` (256) say likewise until when a window lasts at least, and when it has ended.
    """

    code: NDArray[np.uint8]
    limit: NDArray[np.int32]
    begins: NDArray[np.int32]
    begun: NDArray[np.int32]
    since: NDArray[np.int32]
    until: NDArray[np.int32]
    left: NDArray[np.uint8]
    lasts: NDArray[np.int32]
    ended: NDArray[np.int32]
    first: int
    width: int


class Blocks(NamedTuple):
    """What a look back over the rows needs to know of each 64 of them, without reading them.

    `place`: that of the block's first row. `latest`: the last departure in the block. `before`: the last departure in the block
    and all blocks before it that hold rows of the same place as its last row.
    """

    place: NDArray[np.uint32]
    latest: NDArray[np.int32]
    before: NDArray[np.int32]


@kernel
def reach(places, bounds, person, arrival, departure, frontier, tau, exposed):  # type: ignore[no-untyped-def]
    """Lower exposed[p] to the start of the first contact of every open person p at `places`; `frontier.code` follows."""
    most = 0
    for q in places:
        most = max(most, bounds[q + 1] - bounds[q])
    begins, ends = np.empty(most + 1, np.int32), np.empty(most + 1, np.int32)
    late = np.empty(most, np.int64)
    around, visitors = np.empty(most + 1, np.int64), np.empty(most + 1, np.int64)
    for q in places:
        start, end = bounds[q], bounds[q + 1]
        who, since, until = person[start:end], arrival[start:end], departure[start:end]
        m, n = _parted(who, since, until, frontier, tau, around, visitors)
        if m == 0 or n == 0:
            continue
        steps = _staircase(around[:m], who, since, until, frontier, tau, begins, ends, late)
        if steps == 0:
            continue
        begins[steps] = ends[steps] = NEVER
        j = 0
        for k in range(n):
            row = visitors[k]
            i = np.uint32(row)
            while ends[j] < since[i] + tau:
                j += 1
            at = max(begins[j], since[i])
            if (at < frontier.limit[row >> 32]) & (begins[j] <= until[i] - tau):
                p = who[i]
                if at < exposed[p]:
                    exposed[p] = at
                    step = (np.int64(at) - frontier.first) // frontier.width
                    frontier.code[p] = 1 + min(max(step, 0), REACHED - 1)


@kernel
def _parted(person, arrival, departure, frontier, tau, around, visitors):  # type: ignore[no-untyped-def]
    """The rows at one place that matter: those of the frontier, and those of open persons whom a contact there may reach earlier.

    Each as its number and, 32 bits higher, the code of its person. Gives how many of each there are.
    """
    m = n = np.uint64(0)
    code, limit, begins = frontier.code, frontier.limit, frontier.begins
    for i in range(len(person)):
        kind = code[person[i]]
        last = departure[i] - tau
        row = (np.int64(kind) << 32) | i
        visitors[n] = row
        around[m] = row
        n += np.uint64((arrival[i] <= last) & (arrival[i] < limit[kind]))
        m += np.uint64((arrival[i] <= last) & (begins[kind] <= last))
    return m, n


@kernel
def _staircase(around, person, arrival, departure, frontier, tau, begins, ends, late):  # type: ignore[no-untyped-def]
    """The stays `around` of the frontier, clipped to their windows, as steps of rising begin and end; gives their number.

    Stays that begin with the window, not with the arrival, are out of order: they are sorted apart and merged in.
    """
    c = 0
    steps = np.uint64(0)
    top = np.int64(-(2**31))
    bounded = len(frontier.left) > 0
    for k in range(len(around)):
        i, code = np.uint32(around[k]), around[k] >> 32
        a, b = np.int64(arrival[i]), np.int64(departure[i])
        sure = frontier.begun[code] <= a
        if bounded:
            left = frontier.left[person[i]]
            sure &= frontier.lasts[left] >= b
            if frontier.ended[left] < a + tau:
                continue
        begins[steps] = a
        ends[steps] = b
        end = b if sure else np.int64(-(2**31))
        steps += np.uint64(end > top)
        top = max(top, end)
        if not sure:
            p = person[i]
            since, until = max(a, np.int64(frontier.since[p])), min(b, np.int64(frontier.until[p]))
            if until - since >= tau:
                late[c] = (since << 32) | (until & 0xFFFFFFFF)
                c += 1
    return _with_late(begins, ends, np.int64(steps), late[:c]) if c else np.int64(steps)


@kernel
def _with_late(begins, ends, steps, late):  # type: ignore[no-untyped-def]
    """A staircase with more stays merged in, given as begin and end in one number; its new number of steps."""
    late.sort()
    i, j = steps - 1, len(late) - 1
    for k in range(steps + len(late) - 1, -1, -1):
        if j < 0:
            break
        if i >= 0 and begins[i] > (late[j] >> 32):
            begins[k] = begins[i]
            ends[k] = ends[i]
            i -= 1
        else:
            begins[k] = np.int32(late[j] >> 32)
            ends[k] = np.int32(late[j] & 0xFFFFFFFF)
            j -= 1
    kept = 0
    for k in range(steps + len(late)):
        if kept == 0 or ends[k] > ends[kept - 1]:
            begins[kept] = begins[k]
            ends[kept] = ends[k]
            kept += 1
    return kept


@kernel
def lines(vias, since, until, starts, stops, own_rows, bounds, person, arrival, departure, blocks, code, tau):  # type: ignore[no-untyped-def]
    """Every contact of open persons with `vias`, each within the window since[k] to until[k], in the order of k.

    The stays of vias[k] are the rows own_rows[starts[k]] to own_rows[stops[k]]. Gives five arrays of one length: person, via, place,
    and the overlap's start and end.
    """
    room, n = 1 << 16, 0
    who, via, where = np.empty(room, np.uint32), np.empty(room, np.uint32), np.empty(room, np.uint32)
    begin, finish = np.empty(room, np.int32), np.empty(room, np.int32)
    most = 0
    for k in range(len(vias)):
        most = max(most, stops[k] - starts[k])
    rows, places, looks = np.empty(most + 1, np.int64), np.empty(most + 1, np.int64), np.empty(most + 1, np.int64)
    hits = np.empty((1 << BLOCK) + 1, np.int64)
    for k in range(len(vias)):
        # In three rounds over the stays of one via, so that the waits for far memory of each round overlap.
        mine = _within(own_rows[starts[k] : stops[k]], arrival, departure, since[k], until[k], tau, rows)
        for at in range(mine):
            places[at] = place_of(rows[at], bounds, blocks)
        for at in range(mine):
            needed = max(arrival[rows[at]], since[k]) + tau
            looks[at] = _first_block(rows[at] >> BLOCK, bounds[places[at]] >> BLOCK, blocks.before, needed)
        for at in range(mine):
            r, q = rows[at], places[at]
            a, b = max(arrival[r], since[k]), min(departure[r], until[k])
            end = bounds[q + 1]
            i = max(bounds[q], looks[at] << BLOCK)
            while i < end and arrival[i] <= b - tau:
                stop = min(end, ((i >> BLOCK) + 1) << BLOCK)
                if blocks.latest[i >> BLOCK] < a + tau:
                    i = stop
                    continue
                if n + (1 << BLOCK) > room:
                    room *= 2
                    who, via, where = _grown(who, room), _grown(via, room), _grown(where, room)
                    begin, finish = _grown(begin, room), _grown(finish, room)
                for hit in hits[: _overlapping(arrival[i:stop], departure[i:stop], a, b, tau, hits)]:
                    p = person[i + hit]
                    who[n] = p
                    via[n] = vias[k]
                    where[n] = q
                    begin[n] = max(a, arrival[i + hit])
                    finish[n] = min(b, departure[i + hit])
                    n += code[p] == OPEN
                i = stop
    return who[:n], via[:n], where[:n], begin[:n], finish[:n]


@kernel
def _within(own_rows, arrival, departure, since, until, tau, rows):  # type: ignore[no-untyped-def]
    """Those of one person's rows that hold `tau` seconds of its window: written to `rows`; their number."""
    n = np.uint64(0)
    for at in range(len(own_rows)):
        r = own_rows[at]
        rows[n] = r
        stayed = min(departure[r], until) - max(arrival[r], since)
        n += np.uint64((stayed >= tau) & (stayed >= 0))
    return np.int64(n)


@kernel(inline="always")
def _first_block(block, first, before, needed):  # type: ignore[no-untyped-def]
    """The first block of a place, from this one backwards, before which nobody stays on until `needed`."""
    while block > first and before[block - 1] >= needed:
        block -= 1
    return block


@kernel
def _overlapping(arrival, departure, a, b, tau, hits):  # type: ignore[no-untyped-def]
    """Which of some rows share `tau` seconds with a to b: written to `hits`; their number."""
    n = np.uint64(0)
    for i in range(len(arrival)):
        hits[n] = i
        n += np.uint64(min(b, departure[i]) - max(a, arrival[i]) >= tau)
    return np.int64(n)


@kernel(inline="always")
def place_of(row, bounds, blocks):  # type: ignore[no-untyped-def]
    """The place whose row it is."""
    q = np.int64(blocks.place[row >> BLOCK])
    while bounds[q + 1] <= row:
        q += 1
    return q


@kernel
def summarised(bounds, departure, place, latest, before):  # type: ignore[no-untyped-def]
    """Fill in what `Blocks` knows of the rows."""
    q = 0
    running = np.int32(-(2**31))
    for block in range(len(place)):
        start, end = block << BLOCK, min(len(departure), (block + 1) << BLOCK)
        while bounds[q + 1] <= start:
            q += 1
        place[block] = q
        last = q
        while bounds[last + 1] < end:
            last += 1
        most = departure[start]
        for i in range(start, end):
            most = max(most, departure[i])
        latest[block] = most
        running = max(running, most) if bounds[last] < start else most
        before[block] = running


@kernel
def mark(persons, since, until, first, width, code, begins, ends, left, bounded):  # type: ignore[no-untyped-def]
    """Write the windows of `persons` into the tables of a frontier, coded in steps of `width` seconds from `first`."""
    for k in range(len(persons)):
        p = persons[k]
        code[p] = FRONTIER + min(max((np.int64(since[k]) - first) // width, 0), BEGUN - 1)
        begins[p] = since[k]
        ends[p] = until[k]
        if bounded:
            left[p] = 1 + min(max((np.int64(until[k]) - first) // width, -1), BEGUN)


@kernel
def first(person, t_in, exposed):  # type: ignore[no-untyped-def]
    """Lower exposed[p] to the first of each person's instants."""
    for i in range(len(person)):
        exposed[person[i]] = min(exposed[person[i]], t_in[i])


@kernel
def _grown(array, room):  # type: ignore[no-untyped-def]
    larger = np.empty(room, array.dtype)
    larger[: len(array)] = array
    return larger


@kernel
def touched(vias, since, until, own, own_rows, bounds, arrival, departure, blocks, tau, flags):  # type: ignore[no-untyped-def]
    """Mark the places where a via stayed for τ seconds of its window."""
    for k in range(len(vias)):
        for at in range(own[vias[k]], own[vias[k] + 1]):
            r = np.int64(own_rows[at])
            if min(departure[r], until[k]) - max(arrival[r], since[k]) >= tau:
                flags[place_of(r, bounds, blocks)] = 1


@kernel
def cumulated(groups, person, t_in, t_out, tau, within, keep):  # type: ignore[no-untyped-def]
    """Keep the overlaps of pairs who come to `tau` seconds in all within some window of `within` seconds.

    `groups`: where the overlaps of each via begin, and where the last one's end. The fullest window begins with an overlap, so
    no other need be looked at. Seconds that a pair spent in two places at once (clocks err) count once.
    """
    for g in range(len(groups) - 1):
        start, n = groups[g], groups[g + 1] - groups[g]
        who, begins, ends = person[start : start + n], t_in[start : start + n], t_out[start : start + n]
        order = np.argsort((who.astype(np.int64) << 32) | (begins.astype(np.int64) + 2**31))
        for i in range(n):
            p, begin = who[order[i]], np.int64(begins[order[i]])
            end = begin + within
            total, until = np.int64(0), begin
            j = i
            while j < n and who[order[j]] == p and begins[order[j]] < end:
                till = min(np.int64(ends[order[j]]), end)
                total += max(till - max(np.int64(begins[order[j]]), until), 0)
                until = max(until, till)
                j += 1
            if total >= tau:
                for k in range(i, j):
                    keep[start + order[k]] = True


@kernel
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
