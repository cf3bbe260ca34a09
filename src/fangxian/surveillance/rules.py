"""What the protocol says of signals and alerts: until somebody knows what it is, an alert is of unknown cause."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fangxian.analytics.multipoint.results import ODDS
from fangxian.duties import packs
from fangxian.protocols import Pack

#: The pack that holds the duties of reporting and verifying, and the parameters of detection; overlays may change them by place.
PACK = "unknown-pneumonia"
#: Days on either side of the same day of other years at which methods look, and over which new days are judged.
_SEASON = 60
GRADES = ("blue", "yellow", "orange", "red")


def pack(area: str = "") -> Pack:
    """The pack as it holds in a jurisdiction."""
    return packs.pack(PACK, area)


def weight(area: str, key: str) -> float:
    """A value of the group `alerts`: a probability between 0 and 1 where it is written in percent."""
    cited = pack(area).parameter("alerts", key)
    return cited.number / 100 if cited.unit == "%" else cited.number


def method_values(area: str, method: str) -> Mapping[str, float]:
    """The values that the pack gives for a method of detection, by name."""
    wanted = method.replace("-", "_")
    for group in pack(area).parameters:
        if group.key == wanted:
            return {one.key: one.value.number for one in group.values}
    return {}


def looks_back(area: str, method: str) -> timedelta:
    """How much of a series a method must see to judge its newest days: its years, and the season that lies before the first of them."""
    years = method_values(area, method).get("years", 0)
    return timedelta(days=int(years * 366) + _SEASON) if years else timedelta()


def said(area: str, method: str) -> str:
    """A method with its parameters, as they stand under a figure: `ears-c2 baseline=7 z=3`."""
    values = " ".join(f"{key}={number:g}" for key, number in method_values(area, method).items())
    return f"{method} {values}".strip()


def grade(area: str, probability: float) -> str:
    """The colour of an alert of this probability; empty below blue."""
    reached = [one for one in GRADES if probability >= weight(area, one)]
    return reached[-1] if reached else ""


def grade_of_odds(odds: float) -> str:
    """The colour of an alert that fusing raised, by Jeffreys' scale of the posterior odds."""
    return GRADES[sum(odds >= one for one in ODDS)]


def higher(one: str, other: str) -> str:
    """The graver of two colours."""
    rank: dict[str, Any] = {key: place for place, key in enumerate(("", *GRADES))}
    return max(one, other, key=lambda key: rank[key])
