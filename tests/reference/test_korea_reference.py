"""Korea 2020: how many of the recorded infections would places alone have found? Less than a quarter; many times chance.

The published routes name places to the district and stops of a day without hours, so a shared place is the same coordinates on
the same day, and for 1,025 of the 1,343 recorded pairs the route of one of the two was never published.
"""

import csv

import numpy as np
import pytest

from fangxian.analytics import copresence
from tests.support.reference import ABSENT, DATA

KOREA = DATA / "korea_covid_2020"
ROUTES = KOREA / "kaggle_route_full" / "PatientRoute.csv"
DAY = 86_400
Pairs = set[tuple[str, str]]


def recorded() -> Pairs:
    """(infector, infected) as the authorities recorded them; the two who are written down as their own infectors left out."""
    with (KOREA / "kaggle_v8" / "PatientInfo.csv").open(encoding="utf-8-sig") as file:
        rows = [(row["infected_by"], row["patient_id"]) for row in csv.DictReader(file) if row["infected_by"].strip()]
    return {
        (by.strip(), who)
        for words, who in rows
        for by in words.split(",")
        if by.strip().isdigit() and by.strip() != who
    }


@pytest.fixture(scope="module")
def routes() -> tuple[list[str], copresence.Stays]:
    if not ROUTES.exists():
        pytest.skip(ABSENT)
    with ROUTES.open(encoding="utf-8-sig") as file:
        rows = [
            (row["patient_id"], row["latitude"] + "," + row["longitude"], row["date"]) for row in csv.DictReader(file)
        ]
    people = sorted({row[0] for row in rows})
    code, places = {name: at for at, name in enumerate(people)}, sorted({row[1] for row in rows})
    place = {name: at for at, name in enumerate(places)}
    date = np.array(["-".join(part.zfill(2) for part in reversed(row[2].split("/"))) for row in rows], "datetime64[D]")
    begin = (date - date.min()).astype(np.int64) * DAY
    stays = copresence.Stays.of([code[row[0]] for row in rows], [place[row[1]] for row in rows], begin, begin + DAY - 1)
    return people, stays


def shared(routes: tuple[list[str], copresence.Stays], infectors: list[str]) -> Pairs:
    """(infector, whoever was at one place on one day with him)."""
    people, stays = routes
    number = {name: at for at, name in enumerate(people)}
    found: Pairs = set()
    for name in infectors:
        reached = copresence.trace(
            stays, copresence.Index.of([number[name]], [0], [400 * DAY]), tau=3600, lines=False
        ).people
        found |= {(name, people[who]) for who in reached.person.tolist()}
    return found


def test_recall_of_places_against_recorded_infections(routes: tuple[list[str], copresence.Stays]) -> None:
    pairs, known = recorded(), set(routes[0])
    both = {pair for pair in pairs if set(pair) <= known}
    found = shared(routes, sorted({pair[0] for pair in both}))
    hits = both & found
    assert (len(pairs), len(both), len(hits)) == (1343, 318, 72)
    assert len(hits) / len(both) == pytest.approx(0.226, abs=0.001)
    stays = routes[1]
    when = np.stack([np.repeat(np.arange(stays.places), np.diff(stays.place_rows)), stays.arrival, stays.person])
    visits = np.unique(when, axis=1)[:2]
    together = np.unique(visits, axis=1, return_counts=True)[1]
    chance = (together * (together - 1)).sum() / (len(known) * (len(known) - 1))
    assert chance < 0.004 and len(hits) / len(both) > 55 * chance
    assert len(found & pairs) / len(found) < 0.11  # nine of ten who share a place and day are no recorded infection
