"""Thousands of people to rooms and trips beside first come, first served, in easy cities and in hard ones.

`.venv/bin/python -m benchmarks.allocation [--people 5000] [--trips 300] [--seconds 45] [words of the names of cities…]`
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import process_time

import numpy as np

from fangxian.analytics.allocation import Person, Plan, Problem, Promise, Room, Site, Trip, plan

KINDS = ("close contact", "secondary contact", "arrival")


def city(
    people: int, trips: int, seed: int = 1, *, zones: int = 20, sites: int = 12, spare: float = 1.15, families: float = 0.12,
    needy: float = 0.04, wheelchairs: float = 0.01, wide: float = 1.0, seats: tuple[int, ...] = (12, 20, 33, 45),
) -> Problem:  # fmt: skip
    """A city of zones and isolation sites: notices through the morning, deadlines 4 to 12 hours later.

    `spare`: beds of a person; `families`, `needy`, `wheelchairs`: shares of the parties; `wide`: 1 for a city 50 km across.
    """
    random = np.random.default_rng(seed)
    names = [f"zone {i + 1}" for i in range(zones)]
    places = {name: tuple((wide * random.uniform(-20, 20, 2)).tolist()) for name in names}
    share = random.dirichlet(np.full(zones, 4.0))
    who: list[Person] = []
    while len(who) < people:
        zone = names[int(random.choice(zones, p=share))]
        kind = int(random.choice(3, p=(0.5, 0.35, 0.15)))
        ready = 8 + int(random.integers(0, 7)) / 2
        size = int(random.choice((1, 2, 3, 4), p=(1 - families, families / 2, families / 3, families / 6)))
        needs = frozenset({"ground floor"}) if random.random() < needy else frozenset()
        ride = frozenset({"wheelchair"}) if random.random() < wheelchairs else frozenset()
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
    where = tuple(Site(f"site {i + 1}", tuple((wide * random.uniform(-25, 25, 2)).tolist())) for i in range(sites))
    counts = np.maximum(np.round(share * trips).astype(int), 3)
    while counts.sum() != trips:
        counts[int(np.argmax(counts))] += 1 if counts.sum() < trips else -1
    runs = [
        Trip(
            f"trip {zone + 1}.{n + 1}", names[zone], 8.5 + round(float(random.uniform(0, 9)), 1), int(random.choice(seats)),
            features=frozenset({"wheelchair"}) if n % 2 else frozenset(),
        )
        for zone in range(zones) for n in range(int(counts[zone]))
    ]  # fmt: skip
    return Problem(tuple(who), tuple(rooms), tuple(runs), where, places)


def closing(people: int, trips: int, seconds: float) -> Problem:
    """City 1 when half of the people have been told and the fullest site closes: those told of other sites are promised theirs."""
    before = city(people, trips, 1)
    told = plan(before, seconds=seconds).assignments
    (full, _), *_ = Counter(one.site for one in told).most_common(1)
    families = {one.name: one.family or one.name for one in before.people}
    half = set(sorted(set(families.values()))[::2])
    return replace(
        before,
        sites=tuple(replace(site, open=site.name != full) for site in before.sites),
        promises=tuple(
            Promise(one.person, one.trip, one.room) for one in told if one.site != full and families[one.person] in half
        ),
    )


def cities(people: int, trips: int, seconds: float) -> dict[str, Callable[[], Problem]]:
    """By name; built when they are wanted."""
    return {
        **{
            f"city {seed}, {spare:.0%} beds": partial(city, people, trips, seed, spare=spare)
            for seed in (1, 2, 3) for spare in (1.15, 1.02)
        },
        "tight: nine beds for ten people": partial(city, people, trips, 4, spare=0.9),
        "seats short": partial(city, people, trips, 5, seats=(12, 16, 20, 24)),
        "families and special needs": partial(city, people, trips, 6, families=0.25, needy=0.08, wheelchairs=0.05),
        "long ways": partial(city, people, trips, 7, wide=3.0),
        "a site closes": partial(closing, people, trips, seconds),
    }  # fmt: skip


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--trips", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=45.0)
    asked = parser.parse_args()
    for name, made in cities(asked.people, asked.trips, asked.seconds).items():
        if asked.words and not any(word in name for word in asked.words):
            continue
        problem = made()
        begun = process_time()
        done = plan(problem, seconds=asked.seconds)
        print(
            f"{name}: {len(problem.people):,} people, {len(problem.trips)} trips, {len(problem.rooms):,} rooms,"
            f" {len(problem.promises):,} promises\n"
            f"  gap {done.gap:.2%} in {done.seconds:.0f} s ({process_time() - begun:.0f} s of processor), cost {done.objective:,.0f},"
            f" bound {done.bound:,.0f}\n"
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
    main()
