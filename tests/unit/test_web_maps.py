"""What maps are made of: corners as text, features as GeoJSON, the legend; where tiles may come from."""

import json
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from fangxian.core.errors import Invalid
from fangxian.site.basemap import tile_origin
from fangxian.web import maps
from fangxian.web.maps import Board, Feature

MARKS_JS = Path(maps.__file__).parent / "static" / "web" / "js" / "map" / "marks.js"
degrees = st.tuples(st.integers(-180_000_000, 180_000_000), st.integers(-90_000_000, 90_000_000))


@given(st.lists(degrees, min_size=3, max_size=20, unique=True))
def test_corners_are_read_as_they_were_written(ring: list[tuple[int, int]]) -> None:
    points = [[lon / 1e6, lat / 1e6] for lon, lat in ring]
    polygon = {"type": "Polygon", "coordinates": [[*points, points[0]]]}
    assert maps.corners(maps.as_corners(polygon)) == polygon


def test_nothing_drawn_is_no_area_and_a_closed_ring_is_closed_once() -> None:
    assert maps.corners(" \n\n") is None and maps.as_corners(None) == ""
    closed = maps.corners("112,3\n113，3\n113,4\n112,3")
    assert closed == maps.corners("112,3\n113,3\n113,4")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("112,3\n113,3", "three corners"),
        ("112,3\n112,3\n112,3\n112,3", "three corners"),
        ("112,3\n\n113;3\n113,4", "Line 3"),
        ("112,3\n113,93\n113,4", "Line 2"),
        ("112,3\nnan,3\n113,4", "Line 2"),
        ("112,3,0\n113,3\n113,4", "Line 1"),
        ("\n".join(f"{112 + n / 1000},{n % 7}" for n in range(201)), "200 corners"),
    ],
)
def test_corners_that_cannot_be_read_are_named(text: str, said: str) -> None:
    with override("en"), pytest.raises(Invalid, match=said) as refused:
        maps.corners(text)
    assert refused.value.field == "outline" and refused.value.remedy


def test_what_has_no_place_is_in_the_list_only() -> None:
    here = Feature("a", "zone-1", "Building 3", {"type": "Point", "coordinates": [112, 3]}, "high")
    nowhere = Feature("b", "zone-1", "Building 4", None, "high")
    outline = Feature("c", "outline", "county", here.geometry)
    board = Board("m", "Map", "/m.json", (here, nowhere, outline), choose="units", chosen=frozenset("b"))
    assert board.lines == [(here, False), (nowhere, True)] and board.legend == [here]
    answer = maps.geojson(board.features)
    assert [one["id"] for one in json.loads(answer.content)["features"]] == ["a", "c"]
    assert "no-store" in answer["Cache-Control"] and answer["Content-Type"] == "application/geo+json"


def test_the_browser_draws_every_mark() -> None:
    drawn = MARKS_JS.read_text(encoding="utf-8").split("export const MARKS = {")[1].split("};")[0]
    known = {line.split(":")[0].strip().strip('"') for line in drawn.strip().splitlines()}
    assert known == set(maps.MARKS)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("", []),
        ("https://tiles.example/{z}/{x}/{y}.png", ["https://tiles.example"]),
        ("https://{s}.tiles.example:8443/a/{z}/{x}/{y}.png?k=1", ["https://*.tiles.example:8443"]),
        ("/tiles/{z}/{x}/{y}.png", []),
    ],
)
def test_images_may_come_from_the_basemap_and_nowhere_else(address: str, origin: list[str]) -> None:
    assert tile_origin(address) == origin


@pytest.mark.parametrize(
    "address",
    [
        "tiles.example/{z}/{x}/{y}",
        "https://tiles.example/",
        "javascript:{z}{x}{y}",
        "https://a b/{z}/{x}/{y}",
        "//a/{z}/{x}/{y}",
    ],
)
def test_what_is_no_address_of_tiles_is_refused(address: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="FANGXIAN_MAP_TILES"):
        tile_origin(address)
