"""Thousands of people to rooms and trips beside first come, first served: `.venv/bin/python -m benchmarks.allocation [people] [trips]`."""

from __future__ import annotations

import sys
from itertools import product
from time import process_time

import numpy as np

from fangxian.analytics.allocation import Person, Plan, Problem, Room, Site, Trip, plan

KINDS = ("close contact", "secondary contact", "arrival")


def city(people: int, trips: int, seed: int = 1, *, zones: int = 20, sites: int = 12, spare: float = 1.15) -> Problem:
    """A city of zones and isolation sites: notices through the morning, deadlines 4 to 12 hours later, one in five in a family."""
    random = np.random.default_rng(seed)
    names = [f"zone {i + 1}" for i in range(zones)]
    places = {name: tuple(random.uniform(-20, 20, 2).tolist()) for name in names}
    share = random.dirichlet(np.full(zones, 4.0))
    who: list[Person] = []
    while len(who) < people:
        zone = names[int(random.choice(zones, p=share))]
        kind = int(random.choice(3, p=(0.5, 0.35, 0.15)))
        ready = 8 + int(random.integers(0, 7)) / 2
        size = int(random.choice((1, 2, 3, 4), p=(0.88, 0.06, 0.04, 0.02)))
        needs = frozenset({"ground floor"}) if random.random() < 0.04 else frozenset()
        ride = frozenset({"wheelchair"}) if random.random() < 0.01 else frozenset()
        family = f"family {len(who)}" if size > 1 else ""
        who += [
            Person(
                f"p{len(who) + i}", zone, KINDS[kind], ready, ready + (4, 8, 12)[kind], family, needs, ride, kind + 1
            )
            for i in range(size)
        ]
    rooms: list[Room] = []
    for site in range(sites):
        for floor in range(int(np.ceil(people * spare / sites / 30))):
            features = frozenset({"ground floor"}) if floor < 2 else frozenset()
            rooms += [
                Room(
                    f"{site + 1}-{floor + 1}{n:02}",
                    f"site {site + 1}",
                    str(floor + 1),
                    4 if n < 3 else 2 if n < 6 else 1,
                    features,
                )
                for n in range(30)
            ]
    where = tuple(Site(f"site {i + 1}", tuple(random.uniform(-25, 25, 2).tolist())) for i in range(sites))
    counts = np.maximum(np.round(share * trips).astype(int), 3)
    while counts.sum() != trips:
        counts[int(np.argmax(counts))] += 1 if counts.sum() < trips else -1
    runs = [
        Trip(
            f"trip {zone + 1}.{n + 1}", names[zone], 8.5 + round(float(random.uniform(0, 9)), 1), int(random.choice((12, 20, 33, 45))),
            features=frozenset({"wheelchair"}) if n % 2 else frozenset(),
        )
        for zone in range(zones) for n in range(int(counts[zone]))
    ]  # fmt: skip
    return Problem(tuple(who), tuple(rooms), tuple(runs), where, places)


def main(people: int = 5000, trips: int = 300) -> None:
    for seed, spare in product((1, 2, 3), (1.15, 1.02)):
        problem = city(people, trips, seed, spare=spare)
        begun = process_time()
        done = plan(problem)
        print(
            f"city {seed}, {spare:.0%} beds: {len(problem.people):,} people, {len(problem.trips)} trips, {len(problem.rooms):,} rooms\n"
            f"  {done.seconds:.0f} s ({process_time() - begun:.0f} s of processor), cost {done.objective:,.0f}, bound {done.bound:,.0f},"
            f" gap {done.gap:.2%}\n"
            f"  beside first come, first served: without a place {done.cost.unplaced} ({done.greedy.unplaced}), hours late"
            f" {done.cost.late:.1f} ({done.greedy.late:.1f}), {done.cost.kilometres:,.0f} km ({done.greedy.kilometres:,.0f})\n"
            f"  hours late by priority, those without a place included: {_by_priority(done)}",
            flush=True,
        )


def _by_priority(done: Plan) -> str:
    return ", ".join(
        f"{p}: {hours:.1f} ({done.greedy.by_priority.get(p, 0):.1f})" for p, hours in done.cost.by_priority.items()
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
