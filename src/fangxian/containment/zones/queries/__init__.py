"""The only readers of zones that others use. Cases are shown by code to whoever may see them, people masked."""

from fangxian.containment.zones.queries.listing import counted, due_for_lift, in_force, proposals, zones, zones_at
from fangxian.containment.zones.queries.mapping import geojson, pickable
from fangxian.containment.zones.queries.numbers import LIFTED_IN_IT, numbers
from fangxian.containment.zones.queries.one import drawn, history, lift_status, zone
from fangxian.containment.zones.queries.people import inside, membership
from fangxian.containment.zones.queries.public import public_areas, public_notice, public_notices
from fangxian.containment.zones.queries.unplaced import unplaced

__all__ = [
    "LIFTED_IN_IT",
    "counted",
    "drawn",
    "due_for_lift",
    "geojson",
    "history",
    "in_force",
    "inside",
    "lift_status",
    "membership",
    "numbers",
    "pickable",
    "proposals",
    "public_areas",
    "public_notice",
    "public_notices",
    "unplaced",
    "zone",
    "zones",
    "zones_at",
]
