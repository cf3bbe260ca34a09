"""Who could not be placed, what they lack, and which closed site would do away with it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from fangxian.analytics.allocation.costs import Rates
from fangxian.analytics.allocation.greedy import served
from fangxian.analytics.allocation.problem import Party
from fangxian.analytics.allocation.results import Shortage, Unplaced
from fangxian.analytics.allocation.state import State
from fangxian.text import Text, listed

#: How many closed sites are tried, by what they hold.
_TRIED = 12


def shortages(state: State, done: State, rates: Rates) -> tuple[tuple[Unplaced, ...], tuple[Shortage, ...]]:
    """Reasons for those without a place in a finished plan, and what is short where, for which class.

    `state` is where planning began. A closed site is said to do away with a shortage if first come, first served with it open leaves
    none of those people behind.
    """
    missing: dict[tuple[str, str, str], list[Party]] = defaultdict(list)
    for row, party in enumerate(done.parties):
        if row not in done.taken:
            missing[_lack(done, rates, party), party.zone, party.kind].append(party)
    if not missing:
        return (), ()
    closed = sorted((site for site in state.sites.values() if not site.open), key=lambda site: -_beds(state, site.name))
    helped = {site.name: _left(state, site.name) for site in closed[:_TRIED]}
    people, short = [], []
    for (what, zone, kind), parties in sorted(missing.items()):
        count = sum(party.size for party in parties)
        since = min(_wanted_from(done, party) for party in parties)
        opens = tuple(name for name, left in helped.items() if what == "rooms" and not left.get((zone, kind), 0))
        thing = {
            "rooms": Text("房间", "rooms"),
            "seats": Text("座位", "seats"),
            "features": Text("合适的条件", "places with what they need"),
        }[what]
        text = Text(f"{zone} 的 {kind} 缺 {count} 个{thing.zh}", f"{count} {thing.en} short for {kind} in {zone}")
        if opens:
            either = listed([Text(name, name) for name in opens], "或", " or ")
            text = Text(f"{text.zh}；启用 {either.zh} 即可解决", f"{text.en}; opening {either.en} removes it")
        short.append(Shortage(what, count, zone, kind, since, opens, text))
        people += [Unplaced(done.problem.people[i].name, text) for party in parties for i in party.people]
    return tuple(people), tuple(short)


def _lack(done: State, rates: Rates, party: Party) -> str:
    """What a party without a place lacks: no vehicle or no room at all has what it needs, or the seats are gone, or the rooms."""
    trips = [trip for trip in range(len(done.trips)) if done.problem.trips[trip].zone == party.zone
             and done.problem.trips[trip].departs >= party.ready and party.ride <= done.problem.trips[trip].features]  # fmt: skip
    fitting = [
        room for room in done.problem.rooms
        if done.sites[room.site].open and room.beds >= party.size and party.needs <= room.features
    ]  # fmt: skip
    if not trips or not fitting:
        return "features" if party.needs or party.ride or party.size > 1 else ("rooms" if trips else "seats")
    if any(done.seats[trip] >= party.size and done.fits(party, trip) for trip in trips):
        return "rooms"
    return "seats"


def _wanted_from(done: State, party: Party) -> float:
    """When the first trip leaves that they could have taken: from then on the place is missing."""
    times = [trip.departs for trip in done.problem.trips if trip.zone == party.zone and trip.departs >= party.ready]
    return min(times, default=party.ready)


def _beds(state: State, site: str) -> int:
    return sum(len(rooms) for (where, _), rooms in state.rooms.items() if where == site)


def _left(state: State, site: str) -> dict[tuple[str, str], int]:
    """People without a place by zone and class, first come, first served with this site open."""
    opened = state.copy()
    opened.sites = state.sites | {site: replace(state.sites[site], open=True)}
    left: dict[tuple[str, str], int] = defaultdict(int)
    done = served(opened)
    for row, party in enumerate(done.parties):
        if row not in done.taken:
            left[party.zone, party.kind] += party.size
    return left
