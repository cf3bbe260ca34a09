"""First come, first served: what a dispatcher does by hand. It is where a plan starts from, and what it must never be later than."""

from __future__ import annotations

from collections.abc import Iterable

from fangxian.analytics.allocation.problem import Party, Room
from fangxian.analytics.allocation.state import State


def served(state: State, rows: Iterable[int] | None = None) -> State:
    """Everybody (or only these parties) by priority, then deadline: the earliest arrival with a seat, the nearest room for their class."""
    done = state.copy()
    order = sorted(
        (row for row in (range(len(done.parties)) if rows is None else rows) if row not in done.taken),
        key=lambda row: (done.parties[row].priority, done.parties[row].deadline, done.parties[row].ready, row),
    )
    by_zone: dict[str, list[int]] = {}
    for number, run in enumerate(done.problem.trips):
        by_zone.setdefault(run.zone, []).append(number)
    for row in order:
        party = done.parties[row]
        near = sorted(
            (site for site in done.sites.values() if site.open),
            key=lambda site: done.problem.kilometres(party.zone, site),
        )
        choices = [
            (done.problem.arrives(done.problem.trips[trip], site), trip, site.name)
            for trip in by_zone.get(party.zone, ())
            if done.seats[trip] >= party.size and done.fits(party, trip)
            for site in near
            if done.trips[trip][1] in ("", site.name)
        ]
        for _, trip, site in sorted(choices):
            if (room := free_room(done, party, site)) is not None:
                done.take(row, trip, room)
                break
    return done


def free_room(state: State, party: Party, site: str) -> Room | None:
    """The tightest free room for a party: on a floor of its class, else on one that nobody has yet."""
    best: tuple[tuple[bool, int, int], Room] | None = None
    for floor, rooms in state.rooms.items():
        kind = state.floors.get(floor, "")
        if floor[0] != site or kind not in ("", party.kind):
            continue
        for room in rooms:
            if room.beds >= party.size and party.needs <= room.features:
                rank = (kind == "", room.beds, len(room.features))
                if best is None or rank < best[0]:
                    best = (rank, room)
                if rank == (False, party.size, len(party.needs)):
                    return room
    return best[1] if best else None
