"""What is to come, day by day: entries of eight bytes, written one behind the other and read in that order.

A day's entries lie in blocks of the same store, and a day that is over gives its blocks back; so what is read lies together in memory,
and the store is as large as what is to come, not as what has been.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.kernel import kernel

Array = NDArray[Any]
BLOCK = 128
#: Columns of `Calendar.days`; DONE: how many entries have been read.
_FIRST, _LAST, COUNT, DONE = range(4)
#: Places in `Calendar.blocks`: blocks ever taken, the first of those given back, how many those are.
_TAKEN, _FREE, _FREED = range(3)


class Calendar(NamedTuple):
    """`entries` (blocks × 128,) uint64; `then` (blocks,) the next block of the same day; `days` (days, 4); `blocks` (3,)."""

    entries: Array
    then: Array
    days: Array
    blocks: Array


def empty(days: int, room: int) -> Calendar:
    """A calendar of so many days; `room` is a guess, since it grows."""
    blocks = 16 + room // BLOCK
    return Calendar(
        np.empty(blocks * BLOCK, np.uint64), np.empty(blocks, np.int32), np.zeros((days, 4), np.int32),
        np.array([0, -1, 0], np.int64),
    )  # fmt: skip


@kernel(inner=True)
def lacks(calendar, more):  # type: ignore[no-untyped-def]
    """Whether there might be no room for so many entries, whatever their days."""
    blocks, then = calendar.blocks, calendar.then
    return len(then) - blocks[_TAKEN] + blocks[_FREED] < more // BLOCK + 1 + min(more, len(calendar.days))


@kernel
def with_room(calendar, more):  # type: ignore[no-untyped-def]
    """The calendar, or a longer copy, with room for so many entries."""
    if not lacks(calendar, more):
        return calendar
    held, blocks = calendar.blocks[_TAKEN], len(calendar.then)
    longer = blocks + max(blocks, more // BLOCK + 1 + min(more, len(calendar.days)))
    entries, then = np.empty(longer * BLOCK, np.uint64), np.empty(longer, np.int32)
    for at in range(held):
        then[at] = calendar.then[at]
    for at in range(held * BLOCK):
        entries[at] = calendar.entries[at]
    return Calendar(entries, then, calendar.days, calendar.blocks)


@kernel(inner=True, forceinline=True)
def enter(calendar, day, entry):  # type: ignore[no-untyped-def]
    """Write an entry behind the others of a day. There is room, and the day is one of the calendar."""
    days, many = calendar.days, np.int64(calendar.days[day, COUNT])
    if many % BLOCK == 0:
        block = _taken(calendar.then, calendar.blocks)
        if many == 0:
            days[day, _FIRST] = block
        else:
            calendar.then[days[day, _LAST]] = block
        days[day, _LAST] = block
    calendar.entries[np.int64(days[day, _LAST]) * BLOCK + many % BLOCK] = entry
    days[day, COUNT] = many + 1


@kernel(inner=True, forceinline=True)
def following(calendar, day):  # type: ignore[no-untyped-def]
    """The next entry of a day that has one, which is then done."""
    days, done = calendar.days, np.int64(calendar.days[day, DONE])
    block = np.int64(days[day, _FIRST])
    if done > 0 and done % BLOCK == 0:
        days[day, _FIRST] = calendar.then[block]
        _give_back(block, calendar.then, calendar.blocks)
        block = np.int64(days[day, _FIRST])
    days[day, DONE] = done + 1
    return calendar.entries[block * BLOCK + done % BLOCK]


@kernel(inner=True)
def together(calendar, day):  # type: ignore[no-untyped-def]
    """The next entries of a day that lie together, which are then done: where in the store they begin, and how many, at most a block."""
    days, done = calendar.days, int(calendar.days[day, DONE])
    if done > 0:
        block = np.int64(days[day, _FIRST])
        days[day, _FIRST] = calendar.then[block]
        _give_back(block, calendar.then, calendar.blocks)
    many = min(int(days[day, COUNT]) - done, BLOCK)
    days[day, DONE] = done + many
    return np.int64(days[day, _FIRST]) * BLOCK, many


@kernel(inner=True)
def close(calendar, day):  # type: ignore[no-untyped-def]
    """A day all of whose entries are done gives its last block back; nothing more may be entered on it."""
    if calendar.days[day, COUNT] > 0:
        _give_back(calendar.days[day, _FIRST], calendar.then, calendar.blocks)


@kernel(inner=True, forceinline=True)
def _taken(then, blocks):  # type: ignore[no-untyped-def]
    """A block of those that were given back, or else a new one."""
    if blocks[_FREED] == 0:
        blocks[_TAKEN] += 1
        return blocks[_TAKEN] - 1
    block = blocks[_FREE]
    blocks[_FREE] = then[block]
    blocks[_FREED] -= 1
    return block


@kernel(inner=True, forceinline=True)
def _give_back(block, then, blocks):  # type: ignore[no-untyped-def]
    then[block] = blocks[_FREE]
    blocks[_FREE] = block
    blocks[_FREED] += 1
