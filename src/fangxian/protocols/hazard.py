"""A pack's numbers for ranking contacts by risk, as `analytics.copresence` takes them."""

from __future__ import annotations

from fangxian.analytics.copresence.ranking import Air, Hazard, Masks
from fangxian.protocols.pack import Pack


def contact_hazard(pack: Pack) -> Hazard | None:
    """The hazard of contacts (parameter groups `contact_risk` and `infectiousness`); None where the pack has none."""
    groups = {group.key: group for group in pack.parameters}
    if not {"contact_risk", "infectiousness"} <= groups.keys():
        return None
    risk = {one.key: one.value.number for one in groups["contact_risk"].values}
    days = {_day(one.key): one.value.number / 100 for one in groups["infectiousness"].values}
    return Hazard(
        risk["per_hour"] / 100, days, pack.parameter("contact_risk", "incubation").delta.total_seconds() / 86_400,
        {Air.CLOSED: risk["closed_air"], Air.VENTILATED: 1 / risk["ventilated"], Air.OUTDOORS: 1 / risk["outdoors"]},
        {Masks.ONE: risk["one_masked"] / 100, Masks.BOTH: risk["both_masked"] / 100}, 1 / risk["per_metre"],
    )  # fmt: skip


def _day(key: str) -> int:
    when, _, number = key.partition("_")
    return -int(number) if when == "before" else int(number)
