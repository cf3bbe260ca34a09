"""What a map shows: features with a mark, words and a geometry; the same features stand beneath it as a list."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import JsonResponse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _

from fangxian.core.errors import Invalid

#: How a feature is drawn: each mark has a shape or hatching of its own (`js/map/marks.js`), its colour only repeats it.
MARKS = (
    "outline", "unit", "zone-1", "zone-2", "zone-3", "count-1", "count-2", "count-3", "count-4",
    "track", "stop", "cases", "place", "venue",
)  # fmt: skip
#: Marks that only give orientation: no line of the list, nothing to pick.
QUIET = ("outline",)
#: Corners that may be drawn by hand.
MOST_CORNERS = 200


@dataclass(frozen=True, slots=True)
class Feature:
    """Something on a map. `geometry` is GeoJSON in WGS84 (longitude, latitude), or None where its place is not known.

    `kind` says in words what the mark means and so makes the legend; `dashed` is for what is not, or not yet, in force;
    `label` is a number or a few letters drawn in the middle of a point; `count` makes a point larger.
    """

    key: str
    mark: str
    name: str
    geometry: Mapping[str, Any] | None = None
    kind: str = ""
    detail: str = ""
    url: str = ""
    label: str = ""
    count: int = 0
    dashed: bool = False

    @property
    def quiet(self) -> bool:
        return self.mark in QUIET


@dataclass(frozen=True, slots=True)
class Board:
    """A map on a page: `{% map board %}`.

    `source` is the address of the features as GeoJSON (`geojson`). `choose` names a field of the form around the map: the
    list then has a tick for each feature, and a click on the map sets it. `draw` names a field that takes the corners of
    a polygon as text (`corners`). `centre` (longitude, latitude) is where it opens if
    nothing has a place yet. `legend_of`: one feature for each meaning, where those of the list do not tell it.
    `listed=False` where the page has a list of its own, marked `data-map-of="<id>"`, with `data-key` on its lines.
    """

    id: str
    title: str
    source: str
    features: tuple[Feature, ...] = ()
    choose: str = ""
    chosen: frozenset[str] = frozenset()
    draw: str = ""
    drawn: str = ""
    centre: tuple[float, float] | None = None
    legend_of: tuple[Feature, ...] = ()
    listed: bool = True
    tiles: str = field(default_factory=lambda: settings.MAP_TILES)
    attribution: str = field(default_factory=lambda: settings.MAP_ATTRIBUTION)

    @property
    def lines(self) -> list[tuple[Feature, bool]]:
        """The features of the list, and whether each is ticked."""
        return [(one, one.key in self.chosen) for one in self.features if not one.quiet]

    @property
    def legend(self) -> list[Feature]:
        """One feature for each meaning, in the order in which they come."""
        told: dict[tuple[str, bool, str], Feature] = {}
        for one in self.legend_of or self.features:
            if one.kind:
                told.setdefault((one.mark, one.dashed, one.kind), one)
        return list(told.values())


def collection(features: Iterable[Feature]) -> dict[str, Any]:
    """The features as a GeoJSON FeatureCollection (RFC 7946); those without a geometry are left to the list."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": one.key,
                "geometry": one.geometry,
                "properties": {
                    "key": one.key, "mark": one.mark, "name": one.name, "kind": one.kind, "detail": one.detail,
                    "url": one.url, "label": one.label, "count": one.count, "dashed": one.dashed,
                },
            }
            for one in features
            if one.geometry
        ],
    }  # fmt: skip


def geojson(features: Iterable[Feature], *, public: bool = False) -> JsonResponse:
    """The answer of a map's address. What only some may see is not kept anywhere on the way."""
    answer = JsonResponse(collection(features), content_type="application/geo+json")
    if public:
        patch_cache_control(answer, public=True, max_age=60)
    else:
        patch_cache_control(answer, private=True, no_store=True)
    return answer


def corners(text: str, field_name: str = "outline") -> dict[str, Any] | None:
    """A polygon from its corners, one a line: "112.0012, 3.9011". Nothing written is no polygon. Raises Invalid naming the line."""
    written = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    ring = [_corner(number, line, field_name) for number, line in written]
    if not ring:
        return None
    if ring[0] == ring[-1]:
        ring.pop()
    if len(set(map(tuple, ring))) < 3:
        raise Invalid(
            _("An area needs three corners at least."),
            remedy=_("Add corners, one a line: longitude, latitude."), field=field_name,
        )  # fmt: skip
    if len(ring) > MOST_CORNERS:
        raise Invalid(
            _("An area drawn by hand has at most %(most)s corners.") % {"most": MOST_CORNERS},
            remedy=_("Leave corners out, or import the outline from a file."), field=field_name,
        )  # fmt: skip
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def as_corners(geometry: Mapping[str, Any] | None) -> str:
    """The outer ring of a polygon as `corners` reads it; of several polygons, the first."""
    if not geometry:
        return ""
    rings = geometry["coordinates"] if geometry["type"] == "Polygon" else geometry["coordinates"][0]
    return "\n".join(f"{lon:.6f}, {lat:.6f}" for lon, lat, *_height in rings[0][:-1])


def _corner(number: int, line: str, field_name: str) -> list[float]:
    try:
        lon, lat = (float(part) for part in line.replace("，", ",").split(","))
    except ValueError:
        lon = lat = float("nan")
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise Invalid(
            _("Line %(number)s of the corners cannot be read: %(line)s") % {"number": number, "line": line.strip()[:60]},
            remedy=_("Write longitude, latitude in degrees, as in 112.0012, 3.9011."), field=field_name,
        )  # fmt: skip
    return [lon, lat]
