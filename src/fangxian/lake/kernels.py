"""Kernels of the lake: stays of a day into order, which of them a projection keeps, and a checksum of rows in any order."""

import numpy as np

from fangxian.analytics.kernel import kernel


@kernel
def sort(first, last, bounds, since, who, begin, length):  # type: ignore[no-untyped-def]
    """Sort the rows of places first…last by arrival (not before `since`), in place."""
    for q in range(first, last):
        start, end = bounds[q], bounds[q + 1]
        size = end - start
        if size > 1:
            key = np.empty(size, np.int64)
            for i in range(size):
                key[i] = (np.int64(begin[start + i] - since) << 31) | i
            key.sort()
            order = key & 0x7FFFFFFF
            w, b, n = who[start:end][order], begin[start:end][order], length[start:end][order]
            who[start:end] = w
            begin[start:end] = b
            length[start:end] = n


@kernel
def keep(first, last, bounds, who, begin, length, carried, over, until, ends, shortest, persons, kept):  # type: ignore[no-untyped-def]
    """Mark in `kept` the rows of places first…last that may be part of a merged stay of `shortest` seconds.

    Those are the rows of every run of overlapping or touching stays of one person at one place that is long enough, or that
    may go on in another day: that reaches `ends`, or that a stay of an earlier day runs into. Such earlier stays of place q
    are carried[q]…carried[q + 1] in `over` (person) and `until`.
    """
    root = np.full(persons, -1, np.int64)  # the first row of the person's run at hand; -2: it began on an earlier day
    place = np.full(persons, -1, np.int64)
    reach = np.zeros(persons, np.int64)
    for q in range(first, last):
        for i in range(carried[q], carried[q + 1]):
            p = over[i]
            if place[p] != q:
                place[p], root[p], reach[p] = q, -2, until[i]
            elif until[i] > reach[p]:
                reach[p] = until[i]
        start, end = bounds[q], bounds[q + 1]
        head = np.empty(end - start, np.int64)
        longest = np.empty(end - start, np.int64)  # of a run's first row: until when the run lasts
        for i in range(start, end):
            p = who[i]
            leaves = np.int64(begin[i]) + length[i]
            if place[p] == q and begin[i] <= reach[p]:
                head[i - start] = root[p]
                reach[p] = max(reach[p], leaves)
                if root[p] >= 0:
                    longest[root[p] - start] = reach[p]
            else:
                place[p], root[p], reach[p] = q, i, leaves
                head[i - start] = i
                longest[i - start] = leaves
        for i in range(start, end):
            r = head[i - start]
            kept[i] = r < 0 or longest[r - start] - begin[r] >= shortest or longest[r - start] >= ends


@kernel
def checksum(person, place, t_in, seconds):  # type: ignore[no-untyped-def]
    """A 64-bit sum over the rows that is the same in every order, and that a lost, doubled or altered row changes."""
    total = np.uint64(0)
    for i in range(len(person)):
        x = (np.uint64(person[i]) << np.uint64(32)) | np.uint64(place[i])
        y = (np.uint64(np.uint32(t_in[i])) << np.uint64(32)) | np.uint64(np.uint32(seconds[i]))
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB) + y
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        total += x ^ (x >> np.uint64(31))
    return total
