"""The land of the fictional city: counties, townships, communities and grids that tile, compounds with their buildings, streets, venues.

It lies in the open sea (112° E, 3.9° N), so that nobody takes it for a place where somebody lives. All of it is drawn on one
lattice that is bent a little, so that neighbours share their corners and nothing looks ruled.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import pi, sin
from typing import Any

from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action
from fangxian.registry import actions as registry
from fangxian.registry.actions import PlaceForm

LON, LAT = 112.0, 3.9
#: Size of a county in degrees.
_WIDE, _HIGH = 0.05, 0.07
#: Steps of the lattice in one unit of the plan: every line is drawn through its points.
_STEPS = 24
#: Buildings of a compound, in rows of three.
BUILDINGS = 6
_COMPOUNDS = (
    "金水湾", "听涛苑", "望海花园", "松涛里", "榕树下", "海棠居", "明月轩", "清风里", "渔火新村", "锦绣园", "白鹭洲", "紫荆园",
    "东篱小区", "南浦家园", "西溪里", "北辰苑", "芳草地", "云栖里", "星河湾", "长虹新村", "和光里", "兰亭苑", "杏花村", "远帆小区",
)  # fmt: skip
_COMPOUNDS_EN = (
    "Golden Bay", "Surf Court", "Seaview Gardens", "Pine Lane", "Banyan Court", "Begonia Court", "Moon Court", "Breeze Lane",
    "Fishing Lights", "Brocade Gardens", "Egret Isle", "Bauhinia Gardens", "East Hedge", "South Quay Homes", "West Brook",
    "North Star Court", "Meadow", "Cloud Rest", "Star River Bay", "Rainbow Village", "Gentle Light", "Orchid Court",
    "Apricot Village", "Far Sails",
)  # fmt: skip
#: Venues of each county: kind, name, English name, where on the plan of the county. A bus is nowhere on it. On the ground the
#: county's name stands before them, so that no two are called alike.
VENUES = (
    ("shop", "满仓超市", "Mancang Supermarket", (0.30, 0.30)),
    ("market", "老码头农贸市场", "Old Wharf Market", (0.80, 0.30)),
    ("shop", "百川书店", "Rivers Bookshop", (0.30, 0.80)),
    ("vehicle", "3 路公交", "Bus 3", None),
    ("public", "文化活动室", "Community Hall", (0.80, 0.80)),
    ("restaurant", "海味小馆", "Seafood Kitchen", (0.46, 0.46)),
    ("entertainment", "星光影城", "Starlight Cinema", (0.96, 0.46)),
)  # fmt: skip

#: A piece of the plan: u and v from and to, counties side by side in u, from south to north in v.
Box = tuple[float, float, float, float]


@dataclass(slots=True)
class Landscape:
    """What was drawn: buildings by grid (their codes, the first being number 1), venues by county and name."""

    buildings: dict[str, list[str]] = field(default_factory=dict)
    venues: dict[tuple[str, str], str] = field(default_factory=dict)


def boxes(counties: tuple[str, ...]) -> dict[str, Box]:
    """The plan: a county is split into two townships side by side, each into two communities, each into two grids, one above the other."""
    plan: dict[str, Box] = {}
    for place, county in enumerate(counties):
        plan[county] = (place, place + 1, 0, 1)
        for t in (0, 1):
            township = f"{county}{t + 1:03}"
            left = place + t / 2
            plan[township] = (left, left + 0.5, 0, 1)
            for v in (0, 1):
                village = f"{township}{v + 1:03}"
                plan[village] = (left, left + 0.5, v / 2, v / 2 + 0.5)
                for g in (0, 1):
                    low = v / 2 + g / 4
                    plan[f"{village}{g + 1:03}"] = (left, left + 0.5, low, low + 0.25)
    return plan


@action
def draw(by: Actor, city: str, counties: Mapping[str, tuple[str, str]]) -> Landscape:
    """Outline the divisions and enter the places, as one unit of work. `counties`: code → the names that its venues bear."""
    plan = boxes(tuple(counties))
    drawn = {**plan, city: (0, len(counties), 0, 1)}
    features = [
        {"type": "Feature", "properties": {"code": code}, "geometry": outline(box)} for code, box in drawn.items()
    ]
    registry.import_outlines(SYSTEM, {"type": "FeatureCollection", "features": features})
    land = Landscape()
    grids = [code for code in plan if len(code) == 15]
    for number, grid in enumerate(grids):
        land.buildings[grid] = _compound(grid, plan[grid], _COMPOUNDS[number % 24], _COMPOUNDS_EN[number % 24])
    for village, box in plan.items():
        if len(village) == 12:
            _street(village, box)
    for place, (county, (county_zh, county_en)) in enumerate(counties.items()):
        for kind, zh, en, at in VENUES:
            form = PlaceForm(
                kind=kind, name_zh=county_zh + zh, name_en=f"{county_en} {en}",
                area=county if at is None else _community(plan, place, at),
            )  # fmt: skip
            if at is not None:
                u, v = place + at[0], at[1]
                form = replace(form, outline=outline((u, u + 0.03, v, v + 0.025)))
            land.venues[county, zh] = registry.create_place(SYSTEM, form).code
    return land


def outline(box: Box) -> Mapping[str, Any]:
    """A piece of the plan as GeoJSON, through the points of the lattice so that it shares its sides with its neighbours."""
    left, right, low, high = box
    south = [(u, low) for u in _between(left, right)]
    east = [(right, v) for v in _between(low, high)]
    north = [(u, high) for u in reversed(_between(left, right))]
    west = [(left, v) for v in reversed(_between(low, high))]
    corners = [*south[:-1], *east[:-1], *north[:-1], *west]
    return {"type": "Polygon", "coordinates": [[list(_bent(u, v)) for u, v in corners]]}


def _bent(u: float, v: float) -> tuple[float, float]:
    """A point of the plan on the Earth (degrees), the lattice bent as coasts and rivers would."""
    lon = LON + (u - 1.5) * _WIDE + 0.0032 * sin(2 * pi * (0.9 * v + 0.21 * u)) + 0.0011 * sin(2 * pi * 2.3 * v)
    lat = LAT + (v - 0.5) * _HIGH + 0.0041 * sin(2 * pi * (0.43 * u + 0.1)) + 0.0013 * sin(2 * pi * (1.7 * u + 0.3 * v))
    return round(lon, 6), round(lat, 6)


def _between(start: float, end: float) -> list[float]:
    """Both ends, and the points of the lattice between them."""
    first, last = int(start * _STEPS + 1e-9) + 1, int(end * _STEPS - 1e-9)
    return [start, *(step / _STEPS for step in range(first, last + 1) if start < step / _STEPS < end), end]


def _compound(grid: str, box: Box, zh: str, en: str) -> list[str]:
    """A compound in the middle of a grid, and its buildings in two rows of three."""
    left, _right, low, _high = box
    walls = (left + 0.12, left + 0.36, low + 0.05, low + 0.2)
    form = PlaceForm(kind="compound", name_zh=zh, name_en=en, area=grid, outline=outline(walls))
    compound = registry.create_place(SYSTEM, form).code
    codes = []
    for number in range(BUILDINGS):
        row, column = divmod(number, 3)
        u, v = walls[0] + 0.02 + 0.075 * column, walls[2] + 0.02 + 0.065 * row
        form = PlaceForm(
            kind="building", name_zh=f"{number + 1}号楼", name_en=f"Building {number + 1}", area=grid, parent=compound,
            address=f"{zh}{number + 1}号楼", outline=outline((u, u + 0.05, v, v + 0.04)),
        )  # fmt: skip
        codes.append(registry.create_place(SYSTEM, form).code)
    return codes


def _street(village: str, box: Box) -> None:
    """A street through the middle of a community, between its two grids."""
    left, right, low, high = box
    middle = (low + high) / 2
    shape = outline((left + 0.02, right - 0.02, middle - 0.006, middle + 0.006))
    registry.create_place(
        SYSTEM, PlaceForm(kind="street", name_zh="中街", name_en="Middle Street", area=village, outline=shape)
    )


def _community(plan: Mapping[str, Box], place: int, at: tuple[float, float]) -> str:
    """The community in which a point of a county's plan lies."""
    u, v = place + at[0], at[1]
    return next(
        code
        for code, (left, right, low, high) in plan.items()
        if len(code) == 12 and left <= u < right and low <= v < high
    )
