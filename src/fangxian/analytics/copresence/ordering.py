"""Kernels that bring stays into order. Arrays are changed in place; every loop is linear but for the sort within a place."""

import numpy as np

from fangxian.analytics.kernel import kernel


@kernel
def count(place, counts):  # type: ignore[no-untyped-def]
    """Add the stays of each place to counts[place + 1]."""
    for i in range(len(place)):
        counts[place[i] + 1] += 1


@kernel
def scatter(person, place, arrival, departure, cursor, who, since, until):  # type: ignore[no-untyped-def]
    """Put each stay where its place's next row is."""
    for i in range(len(place)):
        k = cursor[place[i]]
        cursor[place[i]] = k + 1
        who[k] = person[i]
        since[k] = arrival[i]
        until[k] = departure[i]


@kernel
def sort_and_merge(first, last, rows, who, since, until, at_least, kept, longest, persons):  # type: ignore[no-untyped-def]
    """Sort the stays of places first…last by arrival, merge those of one person that overlap or touch, drop the short ones.

    What is left of place q stands at the front of its rows; `kept[q]` says how many.
    """
    last_row = np.full(persons, -1, np.int64)
    for q in range(first, last):
        start, end = rows[q], rows[q + 1]
        size = end - start
        if size > 1:
            key = np.empty(size, np.int64)
            for i in range(size):
                key[i] = (np.int64(since[start + i]) << 31) | i
            key.sort()
            order = key & 0x7FFFFFFF
            w, s, u = who[start:end][order], since[start:end][order], until[start:end][order]
            who[start:end] = w
            since[start:end] = s
            until[start:end] = u
        kept[q], longest[q] = _merge(start, end, who, since, until, at_least, last_row)


@kernel
def _merge(start, end, who, since, until, at_least, last_row):  # type: ignore[no-untyped-def]
    """Merge the sorted rows start…end of one place; gives how many are left at their front, and the longest of them.

    `last_row`: for each person the latest row of the place under hand; what stands there of other places is recognised.
    """
    k = start
    for i in range(start, end):
        p = who[i]
        before = last_row[p]
        if before >= start and before < k and who[before] == p and since[i] <= until[before]:
            until[before] = max(until[before], until[i])
            continue
        who[k] = p
        since[k] = since[i]
        until[k] = until[i]
        last_row[p] = k
        k += 1
    most = np.int32(0)
    left = start
    for i in range(start, k):
        if np.int64(until[i]) - since[i] >= at_least:
            most = max(most, until[i] - since[i])
            who[left] = who[i]
            since[left] = since[i]
            until[left] = until[i]
            left += 1
    return left - start, most


@kernel
def join(first, last, one, other, rows, at_least, who, since, until, kept, longest, persons):  # type: ignore[no-untyped-def]
    """Bring two lists of sorted stays together at places first…last: `one` and `other` are (bounds, person, arrival, departure).

    The result, merged as by `sort_and_merge`, stands from rows[q] on in `who`, `since` and `until`.
    """
    last_row = np.full(persons, -1, np.int64)
    for q in range(first, last):
        i, i_end = one[0][q], one[0][q + 1]
        j, j_end = other[0][q], other[0][q + 1]
        k = rows[q]
        while i < i_end or j < j_end:
            if j == j_end or (i < i_end and one[2][i] <= other[2][j]):
                who[k], since[k], until[k] = one[1][i], one[2][i], one[3][i]
                i += 1
            else:
                who[k], since[k], until[k] = other[1][j], other[2][j], other[3][j]
                j += 1
            k += 1
        kept[q], longest[q] = _merge(rows[q], k, who, since, until, at_least, last_row)


@kernel
def close_gaps(rows, kept, who, since, until):  # type: ignore[no-untyped-def]
    """Move the rows that were kept together; gives the new bounds of places."""
    bounds = np.zeros(len(rows), np.int64)
    k = 0
    for q in range(len(kept)):
        start = rows[q]
        for i in range(start, start + kept[q]):
            who[k] = who[i]
            since[k] = since[i]
            until[k] = until[i]
            k += 1
        bounds[q + 1] = k
    return bounds


@kernel
def invert(person, bounds):  # type: ignore[no-untyped-def]
    """The rows of each person, in order; `bounds` (P + 1 zeros) is filled with where each person's begin and end."""
    for i in range(len(person)):
        bounds[person[i] + 1] += 1
    for p in range(len(bounds) - 1):
        bounds[p + 1] += bounds[p]
    cursor = bounds[:-1].copy()
    rows = np.empty(len(person), np.uint32)
    for i in range(len(person)):
        p = person[i]
        rows[cursor[p]] = i
        cursor[p] += 1
    return rows


@kernel
def scatter_positions(person, at, cell, cursor, when, where):  # type: ignore[no-untyped-def]
    """Put each position where its person's next is."""
    for i in range(len(person)):
        k = cursor[person[i]]
        cursor[person[i]] = k + 1
        when[k] = at[i]
        where[k] = cell[i]


@kernel
def spells(first, last, bounds, when, where, end, gap, kept):  # type: ignore[no-untyped-def]
    """Make the positions of persons first…last into stays, in order of time: where, `when` begun and `end`.

    What is made of person p stands at the front of its rows; `kept[p]` says how many.
    """
    for p in range(first, last):
        start, stop = bounds[p], bounds[p + 1]
        if start == stop:
            continue
        order = np.argsort(when[start:stop], kind="mergesort")  # alike instants stay in the order of the input
        times, places = when[start:stop][order], where[start:stop][order]
        k = start - 1
        for i in range(stop - start):
            if i == 0 or places[i] != places[i - 1] or times[i] - times[i - 1] > gap:
                k += 1
                when[k] = times[i]
                where[k] = places[i]
            end[k] = times[i]
        kept[p] = k + 1 - start
