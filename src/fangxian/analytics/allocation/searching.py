"""From the outline to a plan: class by class on the floors that are settled, then parts of it anew while there is time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from fangxian.analytics.allocation.costs import Rates
from fangxian.analytics.allocation.flows import Sites
from fangxian.analytics.allocation.greedy import served
from fangxian.analytics.allocation.outline import Outline
from fangxian.analytics.allocation.placing import placed
from fangxian.analytics.allocation.state import State
from fangxian.analytics.allocation.watching import AGAIN, CLASSES, Watch

#: How exactly a part is solved.
_GAP = 0.002
#: A part that is placed anew gets this share of the time that is left, and at least so many seconds.
_AGAIN, _LEAST = 0.3, 1.0
#: Hours that are no lateness.
EXACT = 1e-5
#: So many zones are tried beside one that costs too much.
_RIVALS = 3


@dataclass(frozen=True, slots=True)
class Part:
    """Parties to be placed anew, and where trips may then take them."""

    names: tuple[str, ...]
    rows: list[int]
    sites: Callable[[State], Sites]


@dataclass(frozen=True)
class Search:
    """`zones`: who is to be placed, by zone. `most`: hours late by priority that no plan is to exceed."""

    rates: Rates
    outline: Outline
    zones: dict[str, list[int]]
    most: dict[int, float]
    watch: Watch

    def plan(self, state: State, simple: State, gap: float) -> State:
        """Everybody on trips and in rooms, within `gap` of the bound if there is time for it; at worst what is made of `simple`."""
        done = state.copy()
        done.floors |= self.outline.floors
        classes: dict[str, list[int]] = defaultdict(list)
        for row in (row for rows in self.zones.values() for row in rows):
            classes[state.parties[row].kind].append(row)
        rest = everybody = sum(map(len, classes.values()))
        for kind, rows in sorted(classes.items(), key=lambda item: -sum(state.parties[row].weight for row in item[1])):
            # What a class leaves of its share of the time goes to those that follow.
            seconds = self.watch.left * len(rows) / rest
            tried = self._class(done, kind, rows, seconds) if seconds else None
            by_hand = served(done, rows)
            done = min((one for one in (tried, by_hand) if one is not None), key=lambda one: self.rates.total(one)[1])
            done.leave_empty(kind)
            rest -= len(rows)
            self.watch.tell(CLASSES, 1 - rest / everybody)
        done = served(done)
        # A plan that is later than it may be gets half of the time to mend; else `simple` is made better instead, which is never later.
        best = self._improved(done, gap, 0.5 if self.beyond(done) > EXACT else 1.0)
        return self._improved(simple, gap) if self.beyond(best) > EXACT else best

    def beyond(self, state: State) -> float:
        """Hours late that are too many."""
        late = self.rates.total(state)[0].by_priority
        return sum(max(hours - self.most.get(priority, 0.0), 0.0) for priority, hours in late.items())

    def _class(self, state: State, kind: str, rows: list[int], seconds: float) -> State | None:
        """All of a class, with the hours that neither those who have a place nor, in outline, those who follow need."""
        hours = self.rates.hours(state, state.taken)
        follow = {party.kind for row, party in enumerate(state.parties) if row not in state.taken} - {kind}
        for (other, priority), late in self.outline.late.items():
            hours[priority] += late if other in follow else 0.0
        sites = self.outline.sites(self.rates, state)
        return placed(state, self.rates, rows, sites, seconds=seconds, gap=_GAP, caps=self._left(hours))

    def _left(self, hours: dict[int, float]) -> dict[int, float]:
        return {priority: max(most - hours.get(priority, 0.0), 0.0) for priority, most in self.most.items()}

    def _score(self, state: State) -> tuple[float, float]:
        """Hours too many, then the cost."""
        beyond = self.beyond(state)
        return (beyond if beyond > EXACT else 0.0), self.rates.total(state)[1]

    def _improved(self, state: State, gap: float, share: float = 1.0) -> State:
        """Parts anew, all else as it is, in a `share` of the time, until it is near enough to the bound or no part gets any better."""
        best, (beyond, cost) = state, self._score(state)
        tried: set[tuple[str, ...]] = set()
        whole = max(self.watch.left * share, _LEAST)
        spare = self.watch.left * (1 - share)
        while (beyond or cost - self.outline.bound > gap * cost) and (left := self.watch.left - spare) > 0:
            part = next((part for part in self._parts(best) if part.names not in tried), None)
            if part is None:
                break
            tried.add(part.names)
            if share == 1.0:
                self.watch.tell(AGAIN, max(1 - left / whole, 0.0))
            again = best.copy()
            again.release(row for row in part.rows if row in again.taken)
            own = set(part.rows)
            caps = self._left(self.rates.hours(best, (row for row in range(len(best.parties)) if row not in own)))
            seconds = min(left, max(left * _AGAIN, _LEAST))
            found = placed(again, self.rates, part.rows, part.sites(again), seconds=seconds, gap=_GAP, caps=caps)
            if found is not None and (better := self._score(found)) < (beyond, cost * (1 - 1e-6)):
                best, (beyond, cost), tried = found, better, {part.names}
                for kind in {best.parties[row].kind for row in part.rows}:
                    best.leave_empty(kind)
        return best

    def _parts(self, state: State) -> list[Part]:
        """Zones, alone and with those that live where theirs would, then classes; first what costs most beyond the outline."""
        by_zone: dict[str, float] = defaultdict(float)
        by_kind: dict[str, float] = defaultdict(float)
        lives: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        members: dict[str, list[int]] = defaultdict(list)
        for zone, rows in self.zones.items():
            for row in rows:
                kind, cost = state.parties[row].kind, self.rates.of(state, row)
                by_zone[zone] += cost
                by_kind[kind] += cost
                members[kind].append(row)
                if row in state.taken:
                    lives[zone][state.taken[row][1].site, kind] += 1
        for (zone, kind), cost in self.outline.costs.items():
            by_zone[zone] -= cost
            by_kind[kind] -= cost
        dear = sorted((zone for zone in by_zone if by_zone[zone] > 0), key=lambda zone: -by_zone[zone])
        together = [
            names for zone in dear for names in ((zone,), *((zone, other) for other in self._rivals(zone, lives)))
        ]
        return [
            *(Part(names, [row for name in names for row in self.zones[name]], self._anywhere) for names in together),
            *(
                Part(("", kind), members[kind], self._settled)
                for kind in sorted(by_kind, key=lambda kind: -by_kind[kind])
            ),
        ]

    def _rivals(self, zone: str, lives: dict[str, Counter[tuple[str, str]]]) -> list[str]:
        """The zones most of whose people live where those of this one would."""
        near = [(site, kind) for (where, kind), sites in self.outline.near.items() if where == zone for site in sites]
        ways = {other: sum(lives[other][place] for place in near) for other in self.zones if other != zone}
        return sorted(ways, key=lambda other: -ways[other])[:_RIVALS]

    def _anywhere(self, state: State) -> Sites:
        return lambda _, trip: self.rates.sites_of(trip, state)

    def _settled(self, state: State) -> Sites:
        return self.outline.sites(self.rates, state)
