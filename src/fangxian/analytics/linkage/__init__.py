"""Duplicate people (重复人员) across scripts: 汉字, pinyin and Latin names, swapped, misheard and mistyped.

`blocking_keys` finds the candidates, `compare` weighs two records by the Fellegi–Sunter model and says why, `matches` does it
for one person, `pairs` and `clusters` for a whole list, `estimate` learns the weights from it. Above `Parameters.merge_above`
records may be merged unasked, above `review_above` a person is asked, and a veto (`Match.veto`) always asks.
"""

from fangxian.analytics.linkage.estimation import estimate
from fangxian.analytics.linkage.parameters import DEFAULT, Parameters
from fangxian.analytics.linkage.records import Document, LinkageError, Record, blocking_keys
from fangxian.analytics.linkage.scoring import FieldMatch, Match, Veto, compare, reason, veto
from fangxian.analytics.linkage.search import candidates, clusters, matches, pairs

__all__ = [
    "DEFAULT",
    "Document",
    "FieldMatch",
    "LinkageError",
    "Match",
    "Parameters",
    "Record",
    "Veto",
    "blocking_keys",
    "candidates",
    "clusters",
    "compare",
    "estimate",
    "matches",
    "pairs",
    "reason",
    "veto",
]
