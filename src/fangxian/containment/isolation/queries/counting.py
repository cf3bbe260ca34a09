"""Numbers of isolation: how many at each link, who is late on the way, whose release is overdue; and the reserve of rooms."""

from collections.abc import Mapping

from django.db.models import Count, Q

from fangxian.containment.isolation import rights
from fangxian.containment.isolation.actions.beginning import NOTIFICATION, TRANSFER
from fangxian.containment.isolation.models import Floor, Placement, Room, Site
from fangxian.containment.isolation.queries.rows import in_the_loop, visible_within
from fangxian.containment.isolation.schemas import LoopNumbers, RoomReserve
from fangxian.containment.isolation.words import LINKS
from fangxian.core import clock
from fangxian.core.access import Actor, within
from fangxian.duties import packs
from fangxian.duties import queries as duties
from fangxian.registry import queries as registry

#: The group of a pack that says how many rooms there must be, and its parts that say which share of them how soon.
RESERVE, ROOMS = "isolation_sites", "rooms"
_SHARES: Mapping[str, tuple[int, int]] = {"third": (1, 3), "half": (1, 2), "all": (1, 1)}


def numbers(by: Actor, area: str = "") -> LoopNumbers:
    """How many people are at each link in a place, of those that the actor may know of, and how many are not in it; two queries."""
    now = clock.now()
    tonight = clock.local_midnight(clock.today() + clock.DAY)
    found = visible_within(by, area).filter(closed_at__isnull=True)
    told = found.aggregate(
        **{key: Count("pk", filter=Q(link=key)) for key in LINKS if key != Placement.CLOSED},
        passing_late=Count("pk", filter=Q(passing_until__lte=now)),
        overdue=Count("pk", filter=Q(leave_at__lte=now)),
        due_today=Count("pk", filter=Q(leave_at__gt=now, leave_at__lte=tonight)),
    )
    return LoopNumbers(
        {key: told.get(key, 0) for key in LINKS if key != Placement.CLOSED},
        told["passing_late"],
        told["overdue"],
        told["due_today"],
        duties.count_outstanding(by, area, NOTIFICATION, TRANSFER, but=in_the_loop("contact")),
    )


def kept_too_long(by: Actor, area: str = "") -> int:
    """How many people are in the loop past their release, of those that the actor may know of; one query."""
    return int(visible_within(by, area).filter(closed_at__isnull=True, leave_at__lte=clock.now()).count())


def rooms(by: Actor, area: str, hours: int) -> int:
    """How many rooms of a place are in use or can be ready within some hours; one query."""
    by.must(rights.VIEW, area)
    return sum(number for ready_in, number in _rooms(area).items() if ready_in <= hours)


def reserve(by: Actor, area: str) -> RoomReserve:
    """The rooms of a place against the reserve that its protocol asks for: how many are ready in how many hours, how many should be."""
    by.must(rights.VIEW, area)
    where, counted = registry.area(area), _rooms(area)
    group = next((found for pack in packs.in_force(area) for found in pack.parameters if found.key == RESERVE), None)
    wanted, asked = None, {}
    if group is not None and where.population:
        rate = group[ROOMS].value
        per_10k = float(rate[0] if isinstance(rate, tuple) else rate)  # type: ignore[arg-type]
        wanted = round(per_10k * where.population / 10_000)
        for key, (part, whole) in _SHARES.items():
            asked[round(group[key].delta.total_seconds() / 3600)] = -(-wanted * part // whole)
    hours = sorted({0, *counted, *asked})
    return RoomReserve(
        where.population or 0, wanted, {one: sum(n for h, n in counted.items() if h <= one) for one in hours}, asked
    )


def _rooms(area: str) -> dict[int, int]:
    """Rooms for observation by the hours in which they are ready."""
    sites = Site.objects.filter(within(area), closed_at__isnull=True)
    there = Room.objects.filter(floor__zone=Floor.OBSERVATION, floor__site__in=sites).exclude(state=Room.OUT).order_by()
    told = there.values_list("floor__site__ready_in").annotate(n=Count("pk"))
    return {int(hours): int(number) for hours, number in told}
