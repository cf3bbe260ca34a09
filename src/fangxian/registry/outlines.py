"""Outlines of divisions and places: GeoJSON (RFC 7946) polygons in degrees, WGS 84, checked before they are kept."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from fangxian.standards.errors import InputError, Where
from fangxian.text import Text

#: Corners of one outline. A county drawn to ten metres has some thousand; more is a file made for another purpose.
MOST_CORNERS = 10_000
#: Outlines in one file, and its size in bytes.
MOST_FEATURES, MOST_BYTES = 20_000, 64 * 1024 * 1024
#: About a centimetre: finer than any survey of a border.
DIGITS = 7
#: A GeoJSON Polygon or MultiPolygon, as it comes from outside: `checked` says whether it is one.
Outline = Annotated[Mapping[str, Any], "GeoJSON Polygon or MultiPolygon (WGS 84)"]
_SIMPLIFY = Text("请先简化图形（如 QGIS 的“简化”）", "Simplify the shape first (as with “Simplify” in QGIS)")
_DRAW = Text("请在绘图软件中修正后重试", "Mend it in the program that drew it, then try again")


def checked(outline: object, where: Where | None = None) -> dict[str, Any]:
    """A Polygon or MultiPolygon as it is kept: closed rings, sound, on the Earth, corners rounded to a centimetre.

    Raises InputError, at `where`, for anything else.
    """
    where = where or Where(field="outline")
    kind = outline.get("type") if isinstance(outline, Mapping) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise InputError(
            Text("不是 GeoJSON 的 Polygon 或 MultiPolygon", "this is no GeoJSON Polygon or MultiPolygon"),
            Text("请给出面，而不是点或线", "Give an area, not a point or a line"),
            where,
        )
    assert isinstance(outline, Mapping)
    parts = [outline.get("coordinates")] if kind == "Polygon" else outline.get("coordinates")
    if not isinstance(parts, list | tuple) or not parts:
        raise _no_rings(where)
    rings = [[_ring(ring, where) for ring in _rings(part, where)] for part in parts]
    corners = sum(len(ring) for part in rings for ring in part)
    if corners > MOST_CORNERS:
        raise InputError(
            Text(
                f"有 {corners} 个顶点，最多 {MOST_CORNERS} 个", f"{corners} corners; at most {MOST_CORNERS} are taken"
            ),
            _SIMPLIFY,
            where,
        )
    made = {"type": kind, "coordinates": rings[0] if kind == "Polygon" else rings}
    drawn = shape(made)
    if not drawn.is_valid or drawn.area <= 0:
        told = explain_validity(drawn) if not drawn.is_valid else "no area"
        raise InputError(
            Text(f"图形自相交或没有面积（{told}）", f"the shape crosses itself or has no area ({told})"), _DRAW, where
        )
    return made


def drawn(outline: Mapping[str, Any] | None) -> BaseGeometry | None:
    """An outline that was checked, as a shape; None where there is none."""
    return shape(outline) if outline else None


def written(geometry: BaseGeometry) -> dict[str, Any]:
    """A shape as GeoJSON, corners rounded to a centimetre."""
    found: dict[str, Any] = json.loads(json.dumps(mapping(shapely.set_precision(geometry, 10**-DIGITS))))
    return found


def point_in(outline: Mapping[str, Any]) -> tuple[float, float]:
    """A point inside of the outline (longitude, latitude), near its middle."""
    inside = shape(outline).representative_point()
    return round(inside.x, DIGITS), round(inside.y, DIGITS)


def features(source: Path | Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The features of a FeatureCollection, numbered from 1. Raises InputError where the file is none."""
    file = source.name if isinstance(source, Path) else ""
    content = _content(source, file) if isinstance(source, Path) else source
    if not isinstance(content, Mapping) or content.get("type") != "FeatureCollection":
        raise InputError(
            Text("不是 GeoJSON 的 FeatureCollection", "this is no GeoJSON FeatureCollection"),
            Text("请从地图软件导出为 GeoJSON（WGS 84）", "Export it as GeoJSON (WGS 84) from the mapping program"),
            Where(file),
        )
    found = content.get("features")
    if not isinstance(found, Sequence) or not found or len(found) > MOST_FEATURES:
        raise InputError(
            Text(f"要素应有 1 至 {MOST_FEATURES} 个", f"from 1 to {MOST_FEATURES} features are taken"),
            Text("请拆分文件，或核对导出", "Split the file, or check the export"),
            Where(file, field="features"),
        )
    for number, feature in enumerate(found, 1):
        if not isinstance(feature, Mapping):
            raise InputError(Text("不是要素", "this is no feature"), _DRAW, Where(file, feature=number))
        yield number, feature


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _content(path: Path, file: str) -> Any:
    if path.stat().st_size > MOST_BYTES:
        raise InputError(
            Text(f"文件超过 {MOST_BYTES // 1024**2} MB", f"the file is larger than {MOST_BYTES // 1024**2} MB"),
            _SIMPLIFY,
            Where(file),
        )
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as fault:
        raise InputError(
            Text("不是 UTF-8 编码的文本", "this is no text in UTF-8"),
            Text("GeoJSON 须为 UTF-8", "GeoJSON is written in UTF-8: export it again"),
            Where(file),
        ) from fault
    except json.JSONDecodeError as fault:
        raise InputError(
            Text(f"不是 JSON（第 {fault.colno} 个字符处）", f"this is no JSON (at character {fault.colno})"),
            Text("请重新导出文件", "Export the file again"),
            Where(file, line=fault.lineno),
        ) from fault


def _rings(part: object, where: Where) -> Sequence[Any]:
    if not isinstance(part, list | tuple) or not part:
        raise _no_rings(where)
    return part


def _no_rings(where: Where) -> InputError:
    return InputError(Text("没有坐标", "there are no coordinates"), _DRAW, where)


def _ring(ring: object, where: Where) -> list[list[float]]:
    corners = [_corner(one, where) for one in _rings(ring, where)]
    if len(corners) < 4 or corners[0] != corners[-1]:
        raise InputError(
            Text(
                "环没有闭合（首尾应相同，至少 4 个顶点）",
                "a ring is not closed (first and last corner alike, 4 at least)",
            ),
            Text("请把首个顶点再写一次作为末尾", "Repeat the first corner at the end"),
            where,
        )
    return corners


def _corner(one: object, where: Where) -> list[float]:
    try:
        lon, lat = (_degrees(number) for number in one[:2])  # type: ignore[index]
    except (TypeError, ValueError, OverflowError, KeyError):
        raise InputError(
            Text(f"“{str(one)[:40]}”不是坐标", f"“{str(one)[:40]}” is no position"),
            Text("坐标为 [经度, 纬度] 两个数", "A position is two numbers: [longitude, latitude]"),
            where,
        ) from None
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise InputError(
            Text(f"坐标 {lon:g}, {lat:g} 不在地球上", f"{lon:g}, {lat:g} is no place on the Earth"),
            Text(
                "应为十进制度，经度在前、纬度在后（WGS 84）；投影坐标请先转换",
                "Degrees are wanted, longitude first (WGS 84); convert projected coordinates first",
            ),
            where,
        )
    return [round(lon, DIGITS), round(lat, DIGITS)]


def _degrees(number: object) -> float:
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise TypeError("no number")
    return float(number)
