"""217,653 positions of two GeoLife users: the same stays as scikit-mobility finds, to the second; and what noise and silence do."""

import csv
import gzip

import numpy as np
import pytest

from fangxian.analytics import copresence
from fangxian.analytics.copresence.grids import cells
from fangxian.analytics.copresence.staypoints import staypoints
from tests.support.reference import ABSENT, DATA

GEOLIFE = DATA / "trajectories" / "skmob" / "geolife_sample.txt.gz"
Positions = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def positions() -> Positions:
    if not GEOLIFE.exists():
        pytest.skip(ABSENT)
    with gzip.open(GEOLIFE, "rt") as file:
        rows = [
            (int(row["uid"]), row["datetime"], float(row["lng"]), float(row["lat"])) for row in csv.DictReader(file)
        ]
    at = np.array([row[1] for row in rows], "datetime64[s]").astype(np.int64)
    return (
        np.array([row[0] for row in rows]),
        at,
        np.array([row[2] for row in rows]),
        np.array([row[3] for row in rows]),
    )


def test_stays_are_those_of_scikit_mobility(positions: Positions) -> None:
    """`_stay_locations_array` of scikit-mobility at commit 9433d05, 0.2 km and 20 minutes, without limits of silence or speed."""
    found = staypoints(*positions, radius=200, least=20 * 60, gap=None, fastest=None, until="elsewhere")
    by = {user: found.person == user for user in (1, 5)}
    assert {user: int(mine.sum()) for user, mine in by.items()} == {1: 161, 5: 252}
    assert {user: (int(found.since[mine].sum()), int(found.until[mine].sum())) for user, mine in by.items()} == {
        1: (197_506_145_843, 197_510_417_152), 5: (309_564_244_290, 309_576_588_681),
    }  # fmt: skip
    first = np.nonzero(by[1])[0][:2]
    assert found.lat[first].tolist() == pytest.approx([39.978253, 40.013819], abs=1e-9)
    assert found.lon[first].tolist() == pytest.approx([116.3272755, 116.306532], abs=1e-9)


def test_a_silence_is_no_stay_and_ends_when_last_seen(positions: Positions) -> None:
    """With the definition for tracing a night with the telephone off is not time spent: hours fall, no stay bridges a silence."""
    loose = staypoints(*positions, radius=200, least=20 * 60, gap=None, fastest=None, until="elsewhere")
    strict = staypoints(*positions, radius=200, least=20 * 60)
    hours = [float((one.until - one.since).sum()) / 3600 for one in (loose, strict)]
    assert 0 < hours[1] < hours[0] / 2
    person, at = positions[0], positions[1]
    for k in range(len(strict)):
        mine = np.sort(at[(person == strict.person[k]) & (at >= strict.since[k]) & (at <= strict.until[k])])
        assert mine[0] == strict.since[k] and mine[-1] == strict.until[k] and np.diff(mine).max(initial=0) <= 3 * 3600


def test_positions_become_stays_and_those_a_trace(positions: Positions) -> None:
    """A second user who walks 30 m beside the first is met at each of the first one's stays."""
    person, at, lon, lat = (column[positions[0] == 1] for column in positions)
    both = (np.r_[person, person + 1], np.r_[at, at], np.r_[lon, lon], np.r_[lat, lat + 30 / 111_195])
    found = staypoints(*both, radius=200, least=20 * 60)
    alone = int((found.person == 1).sum())
    place = np.unique(cells(found.lon, found.lat, 400), return_inverse=True)[1]
    base = int(found.since.min())
    stays = copresence.Stays.of(found.person, place, found.since - base, found.until - base)
    lines = copresence.trace(stays, copresence.Index.of([1], [0], [2**31 - 2]), tau=15 * 60).lines
    assert lines is not None and set(lines.person.tolist()) == {2}
    assert len(lines) >= 0.85 * alone  # a cell's border runs between some


def test_a_jump_that_nobody_can_make_is_noise() -> None:
    """An hour at home, a position 200 km away for one second in between, then silence: one stay, and the jump is not in it."""
    at = np.r_[np.arange(0, 3601, 60), 1830, 50_000]
    lon = np.r_[np.full(61, 116.3), 118.6, 116.3]
    found = staypoints(np.zeros(63), at, lon, np.full(63, 39.9), radius=200, least=600)
    assert (found.noise, found.since.tolist(), found.until.tolist(), found.positions.tolist()) == (1, [0], [3600], [61])
    kept = staypoints(np.zeros(63), at, lon, np.full(63, 39.9), radius=200, least=600, fastest=None)
    assert len(kept) == 2
    moved = staypoints(
        np.zeros(4),
        np.arange(4) * 3600,
        np.array([116.3, 116.3, 118.6, 118.6]),
        np.full(4, 39.9),
        radius=200,
        least=600,
    )
    assert (moved.noise, len(moved)) == (0, 2)  # 200 km in an hour and no way back: a journey
