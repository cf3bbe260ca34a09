"""Rooms that have the same to offer, as numbers: those on floors that a class has, and those of floors that nobody has yet."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf

from fangxian.analytics.allocation.programme import Floats, Programme
from fangxian.analytics.allocation.state import Floor, State

Need = tuple[int, frozenset[str]]
"""Beds and features that a party wants, or that a room has."""
Stock = tuple[str, str, Need]
"""Rooms that have the same to offer to a class at a site."""
Come = dict[Stock, list[int]]
"""Variables of the parties that come to a site, by class and by what they want."""
Prices = Mapping[Stock, float]
"""What a room is worth to others."""
#: Floors of a site that have the same rooms: which of them is settled for a class makes no difference.
Alike = tuple[str, tuple[tuple[Need, int], ...]]


@dataclass(frozen=True)
class Rooms:
    """Free rooms of floors that are settled for a class, and floors that nobody has, by what they have; and who may want them."""

    settled: dict[Stock, int]
    alike: dict[Alike, list[Floor]]
    kinds: tuple[str, ...]
    _has: dict[tuple[str, str], tuple[Need, ...]]

    @classmethod
    def of(cls, state: State, kinds: Iterable[str]) -> Rooms:
        """As things stand, on the sites that are open."""
        settled: Counter[Stock] = Counter()
        alike: dict[Alike, list[Floor]] = defaultdict(list)
        kinds = tuple(sorted(kinds))
        for where, rooms in state.rooms.items():
            if not rooms or not state.sites[where[0]].open:
                continue
            has = Counter((room.beds, room.features) for room in rooms)
            if kind := state.floors.get(where):
                for need, count in has.items():
                    settled[where[0], kind, need] += count
            else:
                alike[where[0], tuple(sorted(has.items(), key=_order))].append(where)
        at: dict[tuple[str, str], set[Need]] = defaultdict(set)
        for site, kind, need in settled:
            at[site, kind].add(need)
        for site, offered in alike:
            for kind in kinds:
                at[site, kind] |= {need for need, _ in offered}
        return cls(dict(settled), dict(alike), kinds, {where: tuple(sorted(has)) for where, has in at.items()})

    def fitting(self, site: str, kind: str, want: Need) -> list[Stock]:
        """What a party could live in at a site."""
        return [(site, kind, has) for has in self._has.get((site, kind), ()) if has[0] >= want[0] and want[1] <= has[1]]

    def price(self, site: str, kind: str, want: Need, prices: Prices) -> float:
        """What the cheapest room that fits is worth to others; infinite where there is none at all."""
        return min((prices.get(stock, 0.0) for stock in self.fitting(site, kind, want)), default=inf)

    def worth(self, prices: Prices) -> float:
        """What all rooms are worth at these prices, each floor that nobody has given to the class that values it most."""
        return sum(count * prices.get(stock, 0.0) for stock, count in self.settled.items()) + sum(
            len(floors)
            * max(sum(count * prices.get((site, kind, need), 0.0) for need, count in offered) for kind in self.kinds)
            for (site, offered), floors in self.alike.items()
        )

    def house(self, programme: Programme, come: Come) -> Housing:
        """Whoever comes has a room that fits, on a floor of their class."""
        counts: dict[tuple[Alike, str], int] = {}
        supply: dict[Stock, list[tuple[int, float]]] = defaultdict(list)
        for one, floors in self.alike.items():
            for kind in self.kinds:
                counts[one, kind] = programme.variable(0.0, float(len(floors)), whole=True)
                for need, rooms in one[1]:
                    supply[one[0], kind, need].append((counts[one, kind], -float(rooms)))
            programme.limit([(counts[one, kind], 1.0) for kind in self.kinds], float(len(floors)))
        inside: dict[Stock, list[tuple[int, float]]] = defaultdict(list)
        for (site, kind, want), variables in come.items():
            uses = []
            for stock in self.fitting(site, kind, want):
                used = programme.variable()
                uses.append((used, -1.0))
                inside[stock].append((used, 1.0))
            programme.equal([*((variable, 1.0) for variable in variables), *uses], 0.0)
        limits = {
            stock: programme.limit([*terms, *supply.get(stock, ())], float(self.settled.get(stock, 0)))
            for stock, terms in inside.items()
        }
        return Housing(self, counts, limits)


@dataclass(frozen=True, slots=True)
class Housing:
    """Variables for how many floors each class gets, and the row that limits each stock."""

    rooms: Rooms
    counts: dict[tuple[Alike, str], int]
    limits: dict[Stock, int]

    def prices(self, marginals: Floats) -> dict[Stock, float]:
        return {stock: float(marginals[row]) for stock, row in self.limits.items()}

    def floors(self, values: Floats) -> dict[Floor, str]:
        """So many floors of each kind for each class; those that no class wants stay unsettled."""
        floors: dict[Floor, str] = {}
        for one, where in self.rooms.alike.items():
            left = iter(where)
            for kind in self.rooms.kinds:
                floors |= {next(left): kind for _ in range(round(float(values[self.counts[one, kind]])))}
        return floors


def _order(item: tuple[Need, int]) -> tuple[int, list[str]]:
    return item[0][0], sorted(item[0][1])
