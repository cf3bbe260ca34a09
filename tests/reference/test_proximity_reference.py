"""Real logs of who stood beside whom: a school of 242 and a town of 469; every number against a count by hand."""

import csv
from collections import Counter, defaultdict
from datetime import datetime

import numpy as np
import pytest

from fangxian import protocols
from fangxian.analytics import copresence
from fangxian.analytics.copresence.proximity import Episodes, episodes
from fangxian.analytics.copresence.ranking import Contacts, Hazard, auc, rank
from fangxian.protocols.hazard import contact_hazard
from tests.support.reference import ABSENT, DATA

SCHOOL = DATA / "proximity" / "sociopatterns" / "primary_school_lyon_20s" / "primaryschool.csv"
TOWN = DATA / "proximity" / "haslemere"
Log = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]


def school() -> Log:
    """Badges that look every 20 s and see no further than 1.5 m."""
    rows = [line.split()[:3] for line in SCHOOL.read_text().splitlines()]
    at, one, other = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    return one, other, at, None


def town() -> Log:
    """Telephones that look every 5 minutes and tell the distance up to 50 m."""
    with (TOWN / "Kissler_DataS2.csv").open() as file:
        when = {
            int(row[0]): datetime.strptime(row[1].strip() + " +0100", "%a %d %b %Y %H:%M:%S %z")
            for row in csv.reader(file)
        }
    seconds = {step: int((at - when[1]).total_seconds()) for step, at in when.items()}
    step, one, other, metres = np.loadtxt(TOWN / "Kissler_DataS1.csv", delimiter=",", dtype=np.int64).T
    return one, other, np.array([seconds[int(k)] for k in step]), metres


LOGS = {"school": (school, 20, None), "town": (town, 300, 4)}


@pytest.fixture(params=LOGS, scope="module")
def log(request: pytest.FixtureRequest) -> tuple[Log, int, float | None]:
    if not SCHOOL.exists() or not TOWN.exists():
        pytest.skip(ABSENT)
    read, step, within = LOGS[request.param]
    return read(), step, within


def by_hand(log: Log, step: int, within: float | None) -> list[tuple[int, int, int, int]]:
    """Episodes (one, other, since, until), walking through each pair's sightings."""
    seen: dict[tuple[int, int], set[int]] = defaultdict(set)
    one, other, at, metres = log
    for k in range(len(at)):
        if within is None or (metres is not None and metres[k] <= within):
            a, b = int(one[k]), int(other[k])
            seen[min(a, b), max(a, b)].add(int(at[k]))
    found = []
    for pair, instants in seen.items():
        first, *later = sorted(instants)
        begin = before = first
        for t in later:
            if t - before > 2 * step:
                found.append((*pair, begin, before + step))
                begin = t
            before = t
        found.append((*pair, begin, before + step))
    return sorted(found)


def made(log: Log, step: int, within: float | None) -> Episodes:
    return episodes(*log, within=within, step=step, gap=2 * step)


def test_episodes_and_repeated_contacts_are_those_of_a_count_by_hand(log: tuple[Log, int, float | None]) -> None:
    hand, ours = by_hand(*log), made(*log)
    assert (
        list(zip(*(getattr(ours, name).tolist() for name in ("one", "other", "since", "until")), strict=True)) == hand
    )
    assert ours.sightings.sum() <= len(log[0][0])
    times = Counter((a, b) for a, b, _since, _until in hand)
    repeated = np.bincount(np.bincount(ours.pairs()))
    assert repeated.tolist() == [0, *(sum(n == k for n in times.values()) for k in range(1, max(times.values()) + 1))]
    days = {(a, b, since // 86_400) for a, b, since, _until in hand}
    again = sum(n > 1 for n in Counter((a, b) for a, b, _day in days).values())
    code = np.unique(np.stack([ours.pairs(), ours.since // 86_400]), axis=1)
    assert np.count_nonzero(np.bincount(code[0]) > 1) == again > 100


@pytest.mark.parametrize("tau", [60, 600])
def test_rings_are_those_of_a_count_by_hand(log: tuple[Log, int, float | None], tau: int) -> None:
    """Ring by ring from five persons, each contact only from the moment it was reached."""
    hand = by_hand(*log)
    cases = sorted({row[0] for row in hand})[:5]
    reached = dict.fromkeys(cases, min(row[2] for row in hand))
    rings, frontier = [], set(cases)
    for _ring in range(3):
        first: dict[int, int] = {}
        for a, b, since, until in hand:
            for via, person in ((a, b), (b, a)):
                begin = max(since, reached.get(via, 0))
                if via in frontier and person not in reached and until - begin >= tau:
                    first[person] = min(first.get(person, begin), begin)
        reached |= first
        rings.append(len(first))
        frontier = set(first)
    stays = made(*log).stays()
    index = copresence.Index.of(cases, [int(stays.arrival.min())] * 5, [2**31 - 2] * 5)
    people = copresence.trace(stays, index, tau=tau, rings=3).people
    assert [int((people.ring == ring).sum()) for ring in (1, 2, 3)] == rings
    assert dict(zip(people.person.tolist(), people.exposed_at.tolist(), strict=True)) == {
        person: at for person, at in reached.items() if person not in cases
    }
    assert sum(rings) > 0


def test_near_and_long_ranks_above_long_alone_on_real_contacts() -> None:
    """Infections by lot over the town's sightings, the hazard halved by each metre: who knows distances finds more of them."""
    if not TOWN.exists():
        pytest.skip(ABSENT)
    one, other, at, metres = town()
    assert metres is not None
    draw = np.random.default_rng(9)
    cases = draw.choice(np.unique(one), 30, replace=False)
    sides = [(np.isin(a, cases) & ~np.isin(b, cases), b, a) for a, b in ((one, other), (other, one))]
    person, via = (np.concatenate([side[k][side[0]] for side in sides]) for k in (1, 2))
    apart = np.concatenate([metres[side[0]] for side in sides]).astype(float)
    count = len(person)
    days = np.concatenate([at[side[0]] for side in sides]) / 86_400 - 1.5
    nothing = np.zeros(count, np.int8)
    made = Contacts(person, via, np.ones(count, np.uint8), np.full(count, 5.0), days, nothing, nothing, apart)
    truth = rank(made, Hazard(2, {-2: 0.5, -1: 1, 0: 1, 1: 0.7}, 5, per_metre=0.5))
    infected = draw.random(len(truth.risk)) < truth.risk
    assert infected.sum() > 20
    pack = contact_hazard(protocols.load("covid-19-cn-9"))
    assert pack is not None
    ours = rank(made, pack)
    order = np.argsort(ours.person)[np.argsort(np.argsort(truth.person))]
    by_risk, by_minutes = auc(ours.risk[order], infected), auc(truth.minutes, infected)
    assert by_risk > by_minutes + 0.03, (by_risk, by_minutes)
