"""What it costs to put a party on a trip to a site: lateness before distance, and both before leaving them where they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from fangxian.analytics.allocation.problem import Party
from fangxian.analytics.allocation.results import Cost
from fangxian.analytics.allocation.state import State

#: An hour late weighs as much as the longest way there is, so many times: a minute weighs more than most detours.
_HOUR = 20.0
#: Whoever is not placed counts as placed so many hours after the last arrival of all.
_NEVER = 24.0


class Rates:
    """Costs of one problem; the unit is the person-kilometre."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.problem = state.problem
        self.open = [site.name for site in state.sites.values() if site.open]
        self._km = {
            (zone, site.name): self.problem.kilometres(zone, site)
            for zone in self.problem.zones
            for site in self.problem.sites
        }
        self.longest = max([*self._km.values(), 1.0])
        self.hour = _HOUR * self.longest
        self.last = max(
            (
                self.arrives(trip, site)
                for trip in range(len(self.problem.trips))
                for site in self.sites_of(trip, state)
            ),
            default=0.0,
        )

    @cached_property
    def _by_zone(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for number, trip in enumerate(self.problem.trips):
            found[trip.zone].append(number)
        return found

    def trips_of(self, party: Party, state: State) -> list[int]:
        """Trips that could take them as things stand."""
        return [
            trip
            for trip in self._by_zone.get(party.zone, ())
            if state.seats[trip] >= party.size and state.fits(party, trip)
        ]

    def sites_of(self, trip: int, state: State, among: Iterable[str] | None = None) -> list[str]:
        """Where a trip may go as things stand: where it goes in any case, else to any of these sites, or of all that are open."""
        site = state.trips[trip][1]
        return [site] if site else list(self.open if among is None else among)

    def way(self, zone: str, site: str) -> float:
        """Kilometres."""
        return self._km[zone, site]

    def kilometres(self, trip: int, site: str) -> float:
        return self.way(self.problem.trips[trip].zone, site)

    def arrives(self, trip: int, site: str) -> float:
        one = self.problem.trips[trip]
        return one.departs + self.problem.boarding + self.kilometres(trip, site) / self.problem.speed

    def late(self, party: Party, trip: int, site: str) -> float:
        """Hours."""
        return max(self.arrives(trip, site) - party.deadline, 0.0)

    def cost(self, party: Party, trip: int, site: str) -> float:
        return self.hour * party.weight * self.late(party, trip, site) + party.size * self.kilometres(trip, site)

    def unplaced(self, party: Party) -> float:
        return self.hour * party.weight * max(self.last + _NEVER - party.deadline, _NEVER)

    def of(self, state: State, row: int) -> float:
        """What a party costs as things stand."""
        party = state.parties[row]
        if row not in state.taken:
            return self.unplaced(party)
        trip, room = state.taken[row]
        return self.cost(party, trip, room.site)

    def hours(self, state: State, rows: Iterable[int]) -> dict[int, float]:
        """Hours late by priority, weighted; whoever has no place is late until long after the last arrival."""
        found: dict[int, float] = defaultdict(float)
        for row in rows:
            party = state.parties[row]
            if row in state.taken:
                trip, room = state.taken[row]
                found[party.priority] += party.weight * self.late(party, trip, room.site)
            else:
                found[party.priority] += self.unplaced(party) / self.hour
        return found

    def total(self, state: State) -> tuple[Cost, float]:
        """What a finished plan costs, and in one number."""
        late = kilometres = objective = 0.0
        for row, party in enumerate(state.parties):
            objective += self.of(state, row)
            if row in state.taken:
                trip, room = state.taken[row]
                late += party.weight * self.late(party, trip, room.site)
                kilometres += party.size * self.kilometres(trip, room.site)
        missing = sum(party.size for row, party in enumerate(state.parties) if row not in state.taken)
        by_priority = self.hours(state, range(len(state.parties)))
        return Cost(missing, late, kilometres, dict(sorted(by_priority.items()))), objective
