"""What is known of two people's time at a place, as a pack asks for it, and how much it weighs in the order of calling."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from fangxian.analytics.copresence.ranking import Air, Hazard
from fangxian.core.errors import Refusal
from fangxian.duties import packs
from fangxian.protocols import Cited, Pack, Text
from fangxian.protocols.conditions import reached
from fangxian.protocols.hazard import contact_hazard
from fangxian.protocols.vocabulary import units
from fangxian.registry.schemas import Spot, Traits
from fangxian.tracing import judging
from fangxian.tracing.finds import Value
from fangxian.tracing.meeting import Terms

#: The groups of a pack's parameters that a search goes by.
GROUPS = ("stays", "crowds")
#: Those that companions are looked for by.
COMPANION = "companion"
#: Where a pack has no numbers for the risk: an hour is an hour, whenever and wherever. It gives an order, no risk.
FLAT = Hazard(0.01, dict.fromkeys(range(-60, 121), 1.0), 5.0)
#: Kind of a place → the setting that packs ask about. What is not named here says nothing of how people meet there.
SETTINGS: Mapping[str, str] = {
    "home": "home", "office": "office", "factory": "workshop", "building_site": "workshop", "dormitory": "dormitory",
    "school": "classroom", "kindergarten": "classroom", "restaurant": "restaurant", "entertainment": "entertainment",
    "shop": "shop", "market": "market", "clinic": "clinic", "hospital": "clinic", "vehicle": "transport",
    "outdoors": "outdoors", "public": "public", "station": "public", "airport": "public", "port": "public",
    "sport": "public", "worship": "public", "hotel": "public", "cold_store": "workshop", "care_home": "home",
    "prison": "dormitory",
}  # fmt: skip
_AIR: Mapping[str, Air] = {
    "outdoors": Air.OUTDOORS,
    "street": Air.OUTDOORS,
    "farm": Air.OUTDOORS,
    "vehicle": Air.CLOSED,
}
#: Means of transport whose air is their own; metres of a carriage.
SEALED, CARRIAGE = frozenset({"aircraft", "sealed_train", "sealed_coach", "car"}), 25.0
#: Places of which nothing is known but a label.
_ANYWHERE = frozenset({"", "other", "compound", "building"})


def setting(kind: str) -> str:
    """The setting of a kind of place, empty where it says none."""
    return SETTINGS.get(kind, "")


def air(kind: str) -> Air:
    """The air of a kind of place: indoors, unless it is known to be otherwise."""
    return Air.UNKNOWN if kind in _ANYWHERE else _AIR.get(kind, Air.INDOORS)


def aboard(known: Mapping[str, Any]) -> tuple[Air, float]:
    """The air aboard, and metres between two seats as far as they tell: a row is about a metre, a carriage about 25."""
    air = Air.CLOSED if known["transport"] in SEALED else Air.VENTILATED
    if known.get("same_carriage") is False:
        return air, CARRIAGE
    return air, float(max(1, known["rows_apart"])) if "rows_apart" in known else float("nan")


def facts(
    minutes: int, place: Spot | None, one: Traits | None, other: Traits | None, prolonged: float, ref: str
) -> dict[str, Any]:
    """What records of stays tell of a time together. What they cannot tell (distance, masks, a shared table) stays open.

    The minutes are a fact only where the edition `ref` asks for them: else two stories that differ in them alone are one.
    """
    known: dict[str, Any] = {"prolonged": minutes >= prolonged}
    if judging.asks(ref, judging.MINUTES):
        known[judging.MINUTES] = minutes
    if place is not None and (kind := setting(place.kind)):
        known["setting"] = kind
    if share_home(one, other):
        known["household"] = True
    return known


def share_home(one: Traits | None, other: Traits | None) -> bool:
    """Whether two people are known to be of one household."""
    home = one.household_id if one is not None else None
    return home is not None and other is not None and home == other.household_id


def values(pack: Pack) -> dict[str, Value]:
    """The numbers that a pack gives to a search, by key. Raises Refusal for a pack that gives none."""
    groups = [one for one in pack.parameters if one.key in GROUPS]
    if len(groups) < len(GROUPS):
        raise Refusal(
            _("The protocol %(pack)s does not say what counts as having been together.") % {"pack": pack.id},
            remedy=_("Add the groups “stays” and “crowds” to its parameters."),
        )
    found = {}
    for one in (value for group in groups for value in group.values):
        cited, unit = one.value, units()[one.value.unit or "visit"]
        number = cited.delta.total_seconds() / 60 if unit.seconds else float(cited.number)
        name = units()["min"].name if unit.seconds else unit.name
        found[one.key] = Value(one.key, one.name, number, name, Text(cited.explain("zh"), cited.explain("en")))
    return found


@dataclass(frozen=True, slots=True)
class Company:
    """What makes a companion (时空伴随者): so many `minutes` at a time in one cell of `side` metres, `hours` there in `days`."""

    name: Text
    minutes: float
    hours: float
    side: float
    days: float
    cite: Cited

    @property
    def values(self) -> tuple[Value, ...]:
        """The rule as numbers of a search."""
        source = Text(self.cite.explain("zh"), self.cite.explain("en"))
        together = Text(
            f"{self.name.zh}：同一 {self.side:g} 米网格超过", f"{self.name.en}: in one cell of {self.side:g} m for over"
        )
        dwelt = Text(
            f"且任一方 {self.days:g} 天内在其中累计超过", f"and one of the two there within {self.days:g} days for over"
        )
        return (
            Value("grid_minutes", together, self.minutes, units()["min"].name, source),
            Value("stay_hours", dwelt, self.hours, units()["h"].name, source),
        )


def company(pack: Pack) -> Company | None:
    """The rule of companions, where the edition has one that is turned on; raises Refusal where it gives no cell for it."""
    rules = pack.exposure.categories if pack.exposure else ()
    for category, criterion in ((one, criterion) for one in rules if one.is_on for criterion in one.criteria):
        if limits := reached(criterion.when, "grid_minutes"):
            group = {one.key: one.value for group in pack.parameters if group.key == COMPANION for one in group.values}
            if not {"cell", "window"} <= set(group):
                raise Refusal(
                    _("The protocol %(pack)s does not say in which cells companions are looked for.") % {"pack": pack.id},
                    remedy=_("Add the group “companion” with “cell” and “window” to its parameters."),
                )  # fmt: skip
            hours, days = reached(criterion.when, "stay_hours_14d"), group["window"].delta / timedelta(days=1)
            side, cite = group["cell"].number, criterion.cite or category.cite
            return Company(category.name, limits[0].number, hours[0].number if hours else 0.0, side, days, cite)
    return None


def hazard(pack: Pack) -> tuple[Hazard, bool]:
    """What a pack makes of an hour beside a case, and whether that is a risk or only an order."""
    own = contact_hazard(pack)
    return (own, True) if own is not None else (FLAT, False)


def terms(tau: float, onward: float, rings: int, within: float | None, crowd: int) -> Terms:
    """Minutes and hours as the seconds of stays."""
    return Terms(
        max(1, round(tau * 60)), max(1, round(onward * 60)), rings, round(within * 3600) if within else None, crowd
    )


def prolonged(pack: str, area: str) -> float:
    """Minutes from which a time together is long, by the pack in force in an area."""
    return values(packs.pack(pack, area))["prolonged"].number
