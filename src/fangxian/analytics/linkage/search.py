"""All pairs worth a look among many records, and the groups they form."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.linkage.bound import promising
from fangxian.analytics.linkage.parameters import DEFAULT, Parameters
from fangxian.analytics.linkage.records import LinkageError, Record, blocking_keys
from fangxian.analytics.linkage.scoring import Match, match, veto

# A key shared by more records than this (a hospital's telephone, the commonest names) says too little to compare them all for it; namesakes
# that are one person share another key as well.
LARGEST_BLOCK = 500


def candidates(records: Sequence[Record], largest_block: int = LARGEST_BLOCK) -> NDArray[np.int64]:
    """Rows (i, j), i < j, of records that share a blocking key; shape (p, 2), each pair once."""
    blocks: dict[str, list[int]] = {}
    for i, record in enumerate(records):
        for key in blocking_keys(record):
            blocks.setdefault(key, []).append(i)
    by_size: dict[int, list[list[int]]] = {}
    for rows in blocks.values():
        if 1 < len(rows) <= largest_block:
            by_size.setdefault(len(rows), []).append(rows)
    codes = [np.zeros(0, np.int64)]
    for size, same_size in by_size.items():
        first, second = np.triu_indices(size, 1)
        table = np.array(same_size)
        codes.append(np.unique(table[:, first] * len(records) + table[:, second]))
    code = np.unique(np.concatenate(codes))
    return np.column_stack(np.divmod(code, max(len(records), 1)))


def pairs(records: Iterable[Record], parameters: Parameters = DEFAULT) -> Iterator[Match]:
    """Matches to merge or to review among records, in the order of the records. Raises LinkageError for a key used twice."""
    listed = list(records)
    seen: set[Hashable] = set()
    for record in listed:
        if record.key in seen:
            raise LinkageError(
                f"记录编号 {record.key} 重复；每条记录须有自己的编号。",
                f"Record key {record.key} is used twice; every record needs its own.",
            )
        seen.add(record.key)
    rows = promising(listed, candidates(listed), parameters)
    for i, j in zip(rows[:, 0].tolist(), rows[:, 1].tolist(), strict=True):
        found = match(listed[i], listed[j], parameters)
        if found is not None:
            yield found


def matches(record: Record, others: Iterable[Record], parameters: Parameters = DEFAULT) -> list[Match]:
    """Those of the others that may be the same person, likeliest first: the search for one person among its candidates."""
    found = [hit for other in others if (hit := match(record, other, parameters)) is not None]
    return sorted(found, key=_surest)


def clusters(matches: Iterable[Match]) -> list[frozenset[Hashable]]:
    """Records that are one person: groups of two or more keys, joined by matches decided "merge", largest first.

    The surest matches join first. A match that would bring two records that veto each other into one group is not followed, so no group
    holds such a pair even by way of others.
    """
    group: dict[Hashable, list[Record]] = {}
    for sure in sorted((m for m in matches if m.decision == "merge"), key=_surest):
        ours = group.setdefault(sure.a.key, [sure.a])
        theirs = group.setdefault(sure.b.key, [sure.b])
        if ours is theirs or any(_forbidden(x, y) for x in ours for y in theirs):
            continue
        ours.extend(theirs)
        for record in theirs:
            group[record.key] = ours
    joined = {
        id(members): frozenset(record.key for record in members) for members in group.values() if len(members) > 1
    }
    return sorted(joined.values(), key=lambda keys: (-len(keys), sorted(map(str, keys))))


def _surest(pair: Match) -> tuple[float, list[str]]:
    return -pair.weight, sorted((str(pair.a.key), str(pair.b.key)))


def _forbidden(a: Record, b: Record) -> bool:
    found = veto(a, b)
    # Records that neither name nor document connects may be joined by a third that both agree with, such as one with an alias.
    return found is not None and found.code != "unnamed"
