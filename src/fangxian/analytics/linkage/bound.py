"""Which candidate pairs are worth comparing: an upper bound of each pair's weight, for millions of pairs at once.

Most candidates share nothing but a common name or a birth date. The bound grants a pair, field by field, no less than `compare` would,
and the best name wherever a syllable is shared; what it drops, `compare` would have kept apart.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import date
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.linkage.parameters import Parameters
from fangxian.analytics.linkage.records import Record

Ints = NDArray[np.int64]
_SEVERAL = -1
_CHUNK = 1_000_000


def promising(records: Sequence[Record], rows: Ints, parameters: Parameters) -> Ints:
    """Those rows (i, j) whose weight may exceed `parameters.review_weight`; shape (p, 2) in, (q, 2) out."""
    bound = _Bound(records, parameters)
    chunks = [rows[at : at + _CHUNK] for at in range(0, len(rows), _CHUNK)]
    kept = [chunk[bound(chunk[:, 0], chunk[:, 1]) > parameters.review_weight] for chunk in chunks]
    return np.concatenate(kept) if kept else rows


class _Bound:
    def __init__(self, records: Sequence[Record], parameters: Parameters) -> None:
        self.weights = parameters.weights
        self.syllables = np.array([_syllables(record) for record in records], np.uint64)
        self.paper = _coded([record.documented for record in records])
        self.phone = _coded([record.numbers for record in records])
        self.home = _coded([() if record.household is None else (record.household,) for record in records])
        self.area = _coded([(record.area,) if record.area else () for record in records])
        self.sex = _coded([(record.gender,) if record.gender else () for record in records])
        self.year = np.array([record.born_year for record in records], np.int64)
        self.known = np.array([record.born is not None for record in records], bool)
        self.day = np.array([r.born.toordinal() if isinstance(r.born, date) else 0 for r in records], np.int64)
        digits = "".join([record.born_digits or "0" * 8 for record in records])
        self.digits = np.frombuffer(digits.encode("ascii"), np.uint8).reshape(-1, 8)

    def __call__(self, i: Ints, j: Ints) -> NDArray[np.float64]:
        document, phone, sex = (self.weights[name] for name in ("document", "phone", "sex"))
        bound = np.where(self.syllables[i] & self.syllables[j], self.weights["name"][0], 0.0)
        bound = (
            bound
            + _agreement(self.paper, i, j, document[0], 0.0)
            + _agreement(self.phone, i, j, *phone)
            + _agreement(self.sex, i, j, *sex)
        )
        return bound + self._residence(i, j) + self._born(i, j)

    def _residence(self, i: Ints, j: Ints) -> NDArray[np.float64]:
        best = np.maximum(self.weights["residence"], self.weights["residence with phone"])
        elsewhere = _agreement(self.home, i, j, best[0], best[3])
        by_area = _agreement(self.area, i, j, best[1], best[2])
        same_home = (self.home[i] == self.home[j]) & (self.home[i] != 0)
        return np.where(same_home | (by_area == 0), elsewhere, by_area)

    def _born(self, i: Ints, j: Ints) -> NDArray[np.float64]:
        same, near, differ = self.weights["born"]
        years_apart = np.abs(self.year[i] - self.year[j])
        by_year = np.where(years_apart < 2, *self.weights["birth year"])
        x, y = self.digits[i], self.digits[j]
        wrong = (x != y).sum(axis=1)
        swapped = (x[:, 4:6] == y[:, 6:]).all(axis=1) & (x[:, 6:] == y[:, 4:6]).all(axis=1)
        may_be_near = (wrong < 3) | swapped | (np.abs(self.day[i] - self.day[j]) < 367)
        by_date = np.where(wrong == 0, same, np.where(may_be_near, near, differ))
        dated = (self.day[i] > 0) & (self.day[j] > 0)
        # Within a year a first of January may stand for an unknown day, so the better of the two is granted.
        level = np.where(dated, np.where(years_apart == 0, np.maximum(by_date, by_year), by_date), by_year)
        return np.where(self.known[i] & self.known[j], level, 0.0)


def _syllables(record: Record) -> int:
    """The folded syllables of a name as bits of 64: no bit in common, no syllable in common. All bits where letters count too."""
    if not record.names or not all(name.han or name.chinese for name in record.names):
        return 2**64 - 1
    bits = 0
    for syllable in {syllable for name in record.names for syllable in name.bag}:
        bits |= 1 << crc32(syllable.encode()) % 64
    return bits


def _coded(values: Iterable[Iterable[Hashable]]) -> Ints:
    """One number per record for its value: 0 for none, _SEVERAL for more than one."""
    codes: dict[Hashable, int] = {}
    found = []
    for held in values:
        one = list(held)
        found.append(codes.setdefault(one[0], len(codes) + 1) if len(one) == 1 else _SEVERAL if one else 0)
    return np.array(found, np.int64)


def _agreement(codes: Ints, i: Ints, j: Ints, same: float, differ: float) -> NDArray[np.float64]:
    a, b = codes[i], codes[j]
    may_agree = (a == b) | (a == _SEVERAL) | (b == _SEVERAL)
    return np.where((a == 0) | (b == 0), 0.0, np.where(may_agree, same, differ))
