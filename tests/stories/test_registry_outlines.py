"""Outlines of divisions and places: what is taken, and what is told of a file that is not right."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Invalid
from fangxian.registry import actions, outlines, queries
from fangxian.registry.actions import PlaceForm
from tests.support.quarter import box
from tests.support.town import NOW, TOWNSHIP, VILLAGE, actor, settle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def town() -> Iterator[None]:
    with clock.at(NOW), translation.override("en"):
        settle()
        yield


def collection(*features: tuple[Any, Any]) -> dict[str, Any]:
    rows = [{"type": "Feature", "properties": {"code": code}, "geometry": shape} for code, shape in features]
    return {"type": "FeatureCollection", "features": rows}


def test_divisions_and_places_by_their_codes(tmp_path: Path):
    place = actions.create_place(SYSTEM, PlaceForm(kind="compound", name_zh="金水湾", area=VILLAGE))
    file = tmp_path / "town.geojson"
    file.write_text(json.dumps(collection((TOWNSHIP, box(112.0, 3.9, 0.1)), (place.code, box(112.01, 3.91)))))
    done = actions.import_outlines(SYSTEM, file)
    assert (done.divisions, done.places, done.unchanged, done.faults) == (1, 1, 0, ())
    assert queries.outlines_of([TOWNSHIP])[TOWNSHIP]["type"] == "Polygon"
    spot = queries.spots([place.pk])[place.pk]
    assert spot.cell and spot.lon == pytest.approx(112.0105), (
        "a place without a point is put in the middle of its outline"
    )
    again = actions.import_outlines(SYSTEM, file)
    assert (again.divisions, again.places, again.unchanged) == (0, 0, 2)


def test_one_fault_and_nothing_is_written_but_all_are_told(tmp_path: Path):
    open_ring = {"type": "Polygon", "coordinates": [box(112, 3)["coordinates"][0][:-1]]}
    bow_tie = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    metres = {"type": "Polygon", "coordinates": [[[500000, 3400000], [1, 1], [1, 0], [500000, 3400000]]]}
    file = tmp_path / "bad.geojson"
    given = collection(
        (TOWNSHIP, box(112.0, 3.9)), (VILLAGE, open_ring), ("hello", box(1, 1)), ("990199", box(1, 1)), (TOWNSHIP, box(2, 2)),
        (VILLAGE, bow_tie), (VILLAGE, metres), (VILLAGE, {"type": "Point", "coordinates": [1, 1]}), (VILLAGE, None),
    )  # fmt: skip
    file.write_text(json.dumps(given))
    done = actions.import_outlines(SYSTEM, file)
    assert (done.divisions, done.places) == (0, 0) and queries.outlines_of([TOWNSHIP]) == {}
    told = [fault.text.en for fault in done.faults]
    assert [fault.where.feature for fault in done.faults] == [2, 3, 4, 5, 6, 7, 8, 9]
    for sentence, part in zip(
        told,
        ("not closed", "neither the code", "there is no 990199", "given by feature 1", "crosses itself", "no place on the Earth",
         "no GeoJSON Polygon", "no GeoJSON Polygon"),
        strict=True,
    ):  # fmt: skip
        assert part in sentence and "bad.geojson, feature" in sentence
        assert sentence.count(".") >= 2, "what happened, and what to do"


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("{", "no JSON"), ("[]", "no GeoJSON FeatureCollection"), ('{"type": "FeatureCollection", "features": []}', "from 1 to"),
        ("\ufeff" + json.dumps({"type": "Feature"}), "no GeoJSON FeatureCollection"),
        ('{"type": "FeatureCollection", "features": [3]}', "no feature"),
    ],
)  # fmt: skip
def test_files_that_are_none(tmp_path: Path, content: str, part: str):
    file = tmp_path / "no.geojson"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(Invalid) as refused:
        actions.import_outlines(SYSTEM, file)
    assert part.lower() in str(refused.value).lower() and "no.geojson" in str(refused.value)


def test_too_many_corners_and_numbers_that_are_none():
    many = [[112 + n / 1e6, 3.9] for n in range(outlines.MOST_CORNERS)] + [[112.5, 4], [112, 3.9]]
    for ring in (many, [[True, 1], [1, 1], [1, 0], [True, 1]], [["1", 1]] * 4, [[10**400, 1]] * 4, [[1]] * 4, 7):
        with pytest.raises(Invalid) as refused:
            actions.outline_division(SYSTEM, TOWNSHIP, {"type": "Polygon", "coordinates": [ring]})
        assert refused.value.remedy


def test_whole_and_parts():
    compound = actions.create_place(SYSTEM, PlaceForm(kind="compound", name_zh="甲小区", area=VILLAGE))
    other = actions.create_place(SYSTEM, PlaceForm(kind="compound", name_zh="乙小区", area=VILLAGE))
    one, two = (
        actions.create_place(SYSTEM, PlaceForm(kind="building", name_zh="1号楼", area=VILLAGE, parent=whole.code))
        for whole in (compound, other)
    )
    assert one.pk != two.pk, "every compound has its building 1"
    assert queries.parts_of([compound.pk]) == {compound.pk: {compound.pk, one.pk}}
    assert list(queries.spots([one.pk], with_parents=True)) == [one.pk, compound.pk]
    with pytest.raises(Invalid) as circle:
        actions.amend_place(
            SYSTEM, compound.code, PlaceForm(kind="compound", name_zh="甲小区", area=VILLAGE, parent=one.code)
        )
    assert circle.value.field == "parent"
    home = actions.create_household(SYSTEM, VILLAGE, "1号楼101", one.code)
    assert home.building_id == one.pk
    assert actions.house(SYSTEM, home.code, two.code).building_id == two.pk
    with pytest.raises(Invalid):
        actions.create_household(SYSTEM, "990102001", "1号", one.code)


def test_a_registrar_draws_only_at_home():
    done = actions.import_outlines(actor("registrar", "990102"), collection((TOWNSHIP, box(112.0, 3.9))))
    assert len(done.faults) == 1 and queries.outlines_of([TOWNSHIP]) == {}
