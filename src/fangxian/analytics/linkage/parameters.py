"""How much each agreement says: the parameters of the Fellegi–Sunter model, as data.

Source of the model: Fellegi and Sunter, A theory for record linkage, JASA 64, 1183-1210 (1969).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from fangxian.analytics.linkage.names import LEVELS as NAME_LEVELS
from fangxian.analytics.linkage.records import LinkageError

# Each field's levels, strongest agreement first. Birth year stands in for the birth date where only the year is sure. Residence
# is judged on its own scale when the telephone is shared, since people who share one mostly share a home, one person or not.
FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "document": ("same", "differ"),
        "name": NAME_LEVELS,
        "born": ("same", "near", "differ"),
        "birth year": ("same", "differ"),
        "sex": ("same", "differ"),
        "phone": ("same", "differ"),
        "residence": ("household", "area", "county", "differ"),
        "residence with phone": ("household", "area", "county", "differ"),
    }
)

# Levels that mean the same value on both sides.
_AGREEING = frozenset({"same", "household", "area"})

Probabilities = Mapping[str, Mapping[str, tuple[float, float]]]

# (m, u) per level: how often it is seen between two records of one person, and between two people. Orders of magnitude for a registry of
# a county to a prefecture; `estimate` replaces them with those of your own records.
_START: Probabilities = {
    "document": {"same": (0.99, 1e-7), "differ": (0.01, 1.0)},
    "name": {
        "same": (0.70, 2e-5),
        "sound": (0.20, 1e-4),
        "near": (0.05, 6e-4),
        "part": (0.02, 0.01),
        "surname": (0.01, 0.035),
        "differ": (0.02, 0.955),
    },
    "born": {"same": (0.92, 4e-5), "near": (0.07, 1.4e-3), "differ": (0.01, 0.998)},
    "birth year": {"same": (0.95, 0.04), "differ": (0.05, 0.96)},
    "sex": {"same": (0.985, 0.5), "differ": (0.015, 0.5)},
    "phone": {"same": (0.70, 1e-5), "differ": (0.30, 1.0)},
    "residence": {"household": (0.60, 1e-5), "area": (0.25, 3e-3), "county": (0.06, 0.1), "differ": (0.09, 0.9)},
    "residence with phone": {
        "household": (0.80, 0.5),
        "area": (0.12, 0.2),
        "county": (0.04, 0.1),
        "differ": (0.04, 0.2),
    },
}


@dataclass(frozen=True)
class Parameters:
    """m and u of every level, the prior, the thresholds, and the names and telephones that are too common to say much.

    prior: probability that two records taken at random are one person. merge_above: probability above which records are merged
    without asking; review_above: above which a person is asked. frequency: share of records with a name (as `Name.text`, and as
    `Name.sound`) or telephone that is commoner than the average. Raises LinkageError for values that are no probabilities.
    """

    probabilities: Probabilities = field(default_factory=lambda: _START)
    prior: float = 1e-6
    merge_above: float = 0.99
    review_above: float = 0.2
    frequency: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, levels in FIELDS.items():
            given = self.probabilities.get(name, {})
            if set(given) != set(levels) or any(not 0 < p <= 1 for pair in given.values() for p in pair):
                raise LinkageError(
                    f"字段 {name} 须为每个等级 {'、'.join(levels)} 给出 (m, u)，且在 0 与 1 之间。",
                    f"Field {name} needs (m, u), above 0 and up to 1, for each of its levels {', '.join(levels)}.",
                )
        if not 0 < self.prior < 1 or not 0 < self.review_above <= self.merge_above < 1:
            raise LinkageError(
                "须满足 0 < prior < 1 且 0 < review_above ≤ merge_above < 1。",
                "Need 0 < prior < 1 and 0 < review_above <= merge_above < 1.",
            )

    @cached_property
    def prior_weight(self) -> float:
        """Log-odds of the prior in bits."""
        return math.log2(self.prior / (1 - self.prior))

    @cached_property
    def review_weight(self) -> float:
        """The weight at which `review_above` is reached."""
        return math.log2(self.review_above / (1 - self.review_above)) - self.prior_weight

    @cached_property
    def weights(self) -> Mapping[str, tuple[float, ...]]:
        """Bits per level, in the order of FIELDS; a closer level never weighs less, and agreement never speaks against."""
        table: dict[str, tuple[float, ...]] = {}
        for name, levels in FIELDS.items():
            row: list[float] = []
            for level in levels:
                m, u = self.probabilities[name][level]
                bits = max(math.log2(m / u), 0.0) if level in _AGREEING else math.log2(m / u)
                row.append(min(bits, row[-1]) if row else bits)
            table[name] = tuple(row)
        return table

    def commonness(self, name: str, level: int, values: tuple[str, ...]) -> float:
        """Bits to take from an agreement on values that are commoner than the average; 0 for all others."""
        if not self.frequency:
            return 0.0
        share = max(self.frequency.get(value, 0.0) for value in values)
        usual = self.probabilities[name][FIELDS[name][level]][1]
        return math.log2(share / usual) if share > usual else 0.0

    def with_thresholds(self, merge_above: float, review_above: float) -> Parameters:
        return replace(self, merge_above=merge_above, review_above=review_above)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON or YAML."""
        return {
            "probabilities": {name: {k: list(v) for k, v in row.items()} for name, row in self.probabilities.items()},
            "prior": self.prior,
            "merge_above": self.merge_above,
            "review_above": self.review_above,
            "frequency": dict(self.frequency),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Parameters:
        """The opposite of `to_dict`."""
        rows = {
            name: {k: (float(v[0]), float(v[1])) for k, v in row.items()} for name, row in data["probabilities"].items()
        }
        return cls(**{**data, "probabilities": rows})


DEFAULT = Parameters()
