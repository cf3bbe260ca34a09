"""Chengdu's rule of 2021: ten minutes in one square of 800 metres, thirty hours there; and where three cases were infected."""

import sys

import h3  # type: ignore[import-untyped]
import numpy as np
import pytest

from fangxian.analytics import copresence
from fangxian.analytics.copresence.grids import centres, grid
from fangxian.analytics.errors import AnalysisError

HOUR = 3600
CASE, NEIGHBOUR, PASSER, FAR = range(4)


def positions(person: int, lon: float, lat: float, begin: float, end: float, every: int = 300) -> list[tuple]:
    return [(person, at, lon, lat) for at in range(int(begin * HOUR), int(end * HOUR) + 1, every)]


@pytest.fixture
def telephones() -> tuple[copresence.Stays, copresence.Index]:
    """The case and a neighbour live in one square; a passer-by spends 20 minutes there, another person is a square further."""
    home = (112.0010, 3.9010)
    told = [
        *positions(CASE, *home, 0, 40), *positions(NEIGHBOUR, home[0] + 0.001, home[1], 4, 36, every=1200),
        *positions(PASSER, *home, 10, 10.34, every=60), *positions(FAR, home[0] + 0.02, home[1], 0, 40),
    ]  # fmt: skip
    person, at, lon, lat = (np.array(column) for column in zip(*told, strict=True))
    who, cell, begin, end = copresence.cell_stays(person, at, copresence.cells(lon, lat))
    places = np.unique(cell, return_inverse=True)[1]
    return copresence.Stays.of(who, places, begin, end), copresence.Index.of([CASE], [0], [40 * HOUR])


def test_companions_by_either_and_by_both(telephones: tuple[copresence.Stays, copresence.Index]) -> None:
    stays, index = telephones
    assert {*copresence.companions(stays, index).person.tolist()} == {NEIGHBOUR, PASSER}
    assert {*copresence.companions(stays, index, by="both").person.tolist()} == {NEIGHBOUR}
    assert {*copresence.companions(stays, index, minutes=21, hours=None).person.tolist()} == {NEIGHBOUR}
    assert len(copresence.companions(stays, index, hours=41)) == 0


def test_how_often_a_telephone_reports_does_not_matter() -> None:
    often = copresence.cell_stays(np.zeros(121, int), np.arange(0, 7201, 60), np.full(121, 5))
    seldom = copresence.cell_stays(np.zeros(5, int), np.arange(0, 7201, 1800), np.full(5, 5))
    assert [column.tolist() for column in often] == [column.tolist() for column in seldom] == [[0], [5], [0], [7200]]


def test_hexagons_instead_of_squares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neighbours 30 m apart share a hexagon of H3's resolution 8 (edge about 530 m), somebody 3 km away does not."""
    lon, lat = np.array([104.06, 104.0603, 104.09, 104.06]), np.array([30.66, 30.66, 30.66, 30.66])
    found = copresence.cells(lon, lat, "h3:8")
    assert found[0] == found[1] == found[3] == h3.str_to_int(h3.latlng_to_cell(30.66, 104.06, 8)) != found[2]
    there = centres(found, "h3:8")
    assert abs(there[0][0] - 104.06) < 0.01 and abs(there[1][0] - 30.66) < 0.01
    for wrong in ("h3:16", "h3:", "wide", "-3", "nan"):
        with pytest.raises(AnalysisError, match="metres"):
            grid(wrong)
    assert grid("800") == 800
    monkeypatch.setitem(sys.modules, "h3.api", None)
    with pytest.raises(AnalysisError, match="pip install h3"):
        copresence.cells(lon, lat, "h3:8")


def test_persons_of_any_number_and_positions_in_any_order() -> None:
    """Telephones numbered sparsely, a second told twice, another cell between, a long silence."""
    person = np.array([10**12, 5, 10**12, 10**12, 10**12, 10**12, 10**12])
    at = np.array([7200, 0, 0, 60, 60, 120, 5000])
    cell = np.array([1, 1, 1, 1, 2, 1, 1])
    made = zip(*(column.tolist() for column in copresence.cell_stays(person, at, cell)), strict=True)
    assert list(made) == [
        (5, 1, 0, 0), (10**12, 1, 0, 60), (10**12, 2, 60, 60), (10**12, 1, 120, 120), (10**12, 1, 5000, 5000),
        (10**12, 1, 7200, 7200),
    ]  # fmt: skip


def test_a_position_that_is_none_is_refused() -> None:
    with pytest.raises(AnalysisError, match="swapped"):
        copresence.cells(np.array([3.9]), np.array([112.0]))


def test_the_place_that_three_cases_share_comes_first() -> None:
    """A hall where the cases spent an evening, a station that everybody passes through, homes of their own."""
    hall, station = 0, 1
    rows = [(person, hall, 100 * HOUR, 103 * HOUR) for person in (0, 1, 2)]
    rows += [(person, station, 90 * HOUR + person * 60, 90 * HOUR + person * 60 + 600) for person in range(100)]
    rows += [(person, 10 + person, 110 * HOUR, 118 * HOUR) for person in range(100)]
    stays = copresence.Stays.of(*(np.array(column) for column in zip(*rows, strict=True)))
    found = copresence.sources(stays, copresence.Index.of([0, 1, 2], [80 * HOUR] * 3, [120 * HOUR] * 3))
    assert found.place.tolist() == [hall, station]
    assert found.cases.tolist() == [3, 3]
    assert found.expected[0] == pytest.approx(3 * 3 / (3 + 1 / 6 + 8))
    assert found.lift[0] == pytest.approx(3 / 0.09) and found.lift[1] == pytest.approx(1)
    early = np.array([1.0, 0, 0, 0])  # infections a day before the end of the window, none earlier
    assert copresence.sources(
        stays, copresence.Index.of([0, 1, 2], [80 * HOUR] * 3, [120 * HOUR] * 3), weight=early
    ).place.tolist() == [hall]
