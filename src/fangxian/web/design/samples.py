"""Sample maps of the design system: a quarter of a city that is not there, in the open sea."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from fangxian.web.maps import Board, Feature

#: South-west corner of the quarter, and the length of a block, in degrees.
_LON, _LAT, _BLOCK = 112.0, 3.9, 0.004


def _blocks(x: float, y: float, width: float = 1, height: float = 1) -> dict[str, Any]:
    """A rectangle counted in blocks from the south-west corner."""
    west, south = _LON + x * _BLOCK, _LAT + y * _BLOCK
    east, north = west + width * _BLOCK, south + height * _BLOCK
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


def _point(x: float, y: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [_LON + x * _BLOCK, _LAT + y * _BLOCK]}


def shown() -> Board:
    """Every mark of the map, to be looked at."""
    high, medium, low = _("high-risk area"), _("medium-risk area"), _("low-risk area")
    line = {
        "type": "LineString",
        "coordinates": [_point(x, y)["coordinates"] for x, y in ((1.5, 1.4), (3.4, 2.5), (5.5, 1.2))],
    }
    features = (
        Feature("outline", "outline", "望潮区", _blocks(-0.5, -0.5, 8, 5)),
        Feature("a", "zone-1", _("Building 3, Yugang"), _blocks(1, 1), high, _("day 4 of 7")),
        Feature("b", "zone-2", _("Yugang market"), _blocks(3, 2), medium, _("day 4 of 7")),
        Feature("c", "zone-3", _("Rest of the county"), _blocks(0, 0, 7, 4), low),
        Feature("d", "zone-1", _("Building 8, Lighthouse Road"), _blocks(5, 2.2, 1, 0.8), _("proposed"), dashed=True),
        Feature("track", "track", _("Activity track"), line, _("track"), _("3 stays")),
        Feature("s1", "stop", _("at home"), _point(1.5, 1.4), _("stay"), "08:00–11:30", label="1"),
        Feature("s2", "stop", _("Yugang market"), _point(3.4, 2.5), _("stay"), "12:10–13:00", label="2"),
        Feature("s3", "stop", _("Bus 17"), _point(5.5, 1.2), _("stay"), "13:10–13:40", label="3"),
        Feature("n", "cases", _("Yugang Community"), _point(2.4, 0.6), _("cases"), label="12", count=12),
        Feature("p", "place", _("Fever clinic"), _point(6.3, 3.4), _("place")),
        Feature("v", "venue", _("Tide Cinema"), _point(4.6, 3.4), _("venue notice")),
    )  # fmt: skip
    return Board("sample-map", _("Areas, cases and a track"), reverse("web:design_map", args=["shown"]), features)


def chosen() -> Board:
    """Units to be ticked in a form, and an area to be drawn."""
    units = tuple(
        Feature(f"u{number}", "unit", _("Building %(n)s") % {"n": number + 1}, _blocks(number % 4, number // 4, 0.8, 0.8), _("building"))
        for number in range(8)
    )  # fmt: skip
    return Board(
        "sample-choice", _("Choose buildings, or draw"), reverse("web:design_map", args=["chosen"]), units, choose="units",
        chosen=frozenset({"u2", "u3"}), draw="outline",
    )  # fmt: skip


BOARDS = {"shown": shown, "chosen": chosen}
