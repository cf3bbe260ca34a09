"""Who sees a zone: whoever works in it or in a place that holds it. Proposals are for those who draw and decide."""

from django.db.models import Q

from fangxian.containment.zones.models import Zone
from fangxian.core.access import Actor, within
from fangxian.registry.levels import upwards

VIEW, EDIT, DECIDE = "zones.view", "zones.edit", "zones.decide"
#: What is not for everybody at work: what may yet come to nothing, and what did.
_INNER = (Zone.PROPOSED, Zone.DECLINED)


def visible(by: Actor) -> Q:
    """The zones that the actor may know of. A grid worker sees the zone of the community that the grid is a part of."""
    if by.is_system:
        return Q()
    outer, inner = Q(pk__in=()), Q(pk__in=())
    for area in by.areas(VIEW):
        outer |= within(area) | Q(area__in=upwards(area))
    for right in (EDIT, DECIDE):
        for area in by.areas(right):
            inner |= within(area)
    return (outer & ~Q(state__in=_INNER)) | inner


def may_see(by: Actor, zone: Zone) -> bool:
    """The same for one zone."""
    if by.is_system or by.may(EDIT, zone.area) or by.may(DECIDE, zone.area):
        return True
    return zone.state not in _INNER and any(
        zone.area.startswith(area) or zone.area in upwards(area) for area in by.areas(VIEW)
    )
