"""How much several signals of one place come to where history is too short to fuse them (`fusing`).

Each source adds to the log odds of an outbreak there, once.

Posterior log odds = log odds beforehand + the strongest evidence of each source that gave a signal − a little for each that reports
as usual: where many look, somebody always sees something. The evidence of a number is in proportion to its
standard deviations above what was expected and bounded, so that no source alone decides; people, goods and places add up alike.
The values are the pack's.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from fangxian.surveillance import rules


class Weighed(Protocol):
    """What is asked of a signal."""

    @property
    def source_id(self) -> int: ...

    @property
    def evidence(self) -> float: ...


S = TypeVar("S", bound=Weighed)


def strongest(signals: Iterable[S]) -> list[S]:
    """The strongest signal of each source, the strongest source first."""
    best: dict[int, S] = {}
    for one in signals:
        if one.source_id not in best or one.evidence > best[one.source_id].evidence:
            best[one.source_id] = one
    return sorted(best.values(), key=lambda one: (-one.evidence, one.source_id))


def probability(area: str, signals: Sequence[Weighed], quiet: int) -> float:
    """The probability of an outbreak, given these signals and so many sources that report as usual."""
    prior = rules.weight(area, "prior")
    odds = math.log(prior / (1 - prior)) - quiet * rules.weight(area, "quiet")
    return with_odds(odds, signals)


def with_odds(log_odds: float, signals: Sequence[Weighed]) -> float:
    """The probability, given these log odds and the signals on top of them."""
    return 1 / (1 + math.exp(-log_odds - sum(one.evidence for one in strongest(signals))))
