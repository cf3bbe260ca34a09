"""The only readers of isolation that others use. People are masked here; to see one is to reveal with a purpose."""

from fangxian.containment.isolation.queries.allocations import allocation, allocations, proposed
from fangxian.containment.isolation.queries.choosing import options
from fangxian.containment.isolation.queries.clocks import clocks_of
from fangxian.containment.isolation.queries.counting import kept_too_long, numbers, reserve, rooms
from fangxian.containment.isolation.queries.neighbours import (
    neighbour_draft,
    neighbour_notice,
    neighbour_notices,
    public_neighbour_notice,
    untold,
)
from fangxian.containment.isolation.queries.own import office, own
from fangxian.containment.isolation.queries.people import (
    between,
    decision_view,
    errand_view,
    errands,
    overdue,
    people,
    placement,
    releases,
    waiting,
    whose,
)
from fangxian.containment.isolation.queries.rounds import rounds
from fangxian.containment.isolation.queries.sites import destinations, site, sites
from fangxian.containment.isolation.queries.trips import trip, trips, vehicles

__all__ = [
    "allocation", "allocations", "between", "clocks_of", "decision_view", "destinations", "errand_view", "errands",
    "kept_too_long", "neighbour_draft", "neighbour_notice", "neighbour_notices", "numbers", "office", "options", "overdue", "own",
    "people", "placement", "proposed", "public_neighbour_notice", "releases", "reserve", "rooms", "rounds", "site",
    "sites", "trip", "trips", "untold", "vehicles", "waiting", "whose",
]  # fmt: skip
