"""Drawings of figures over days or classes as SVG, laid one layer over another: bars, bands, lines, whiskers. Pure.

What differs in meaning differs in form: what is known is filled, what is expected hatched, what is weak dashed. Every mark that
stands for a value carries it as its title; a table beside the drawing has them all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import groupby, pairwise
from math import ceil
from typing import Literal

from fangxian.drawing.axes import (
    BLUE,
    GREY,
    HEIGHT,
    INK,
    LEFT,
    RED,
    RIGHT,
    WIDTH,
    Plot,
    Values,
    dates,
    level,
    opened,
    step,
    wide,
)

_EDGE = f'stroke="{INK}" stroke-width="0.4"'
_OPACITY = {"band faint": 'fill-opacity="0.16"', "band near": 'fill-opacity="0.3"'}
#: Colour, thickness and dashes of what is drawn as a stroke.
_STROKES = {
    "halo": ("#fff", 5.2, ""), "whisker": (INK, 1.2, ""), "rule": (INK, 1.4, ""), "line": (BLUE, 2.2, ""), "baseline": (GREY, 2.2, "1 4"),
    "bound": (RED, 1.5, "5 3"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar for each value, from `base` (else from 0) upwards; `hatched` for what is expected and not known."""

    label: str
    values: Values
    base: Values | None = None
    hatched: bool = False


@dataclass(frozen=True, slots=True)
class Whiskers:
    """A stroke from the low end of each interval to its high end."""

    label: str
    low: Values
    high: Values


@dataclass(frozen=True, slots=True)
class Band:
    """The area between two lines; `faint` for the wider of two."""

    label: str
    low: Values
    high: Values
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line through the values, dashed where `weak`; a gap where there is none. A `baseline` is what they are compared with, a `bound`
    what they should not exceed."""

    label: str
    values: Values
    weak: Sequence[bool] = ()
    look: Literal["line", "baseline", "bound"] = "line"


@dataclass(frozen=True, slots=True)
class Marks:
    """A triangle above each value: an alarm."""

    label: str
    values: Values


@dataclass(frozen=True, slots=True)
class Rule:
    """A level line that other values are read against, such as R = 1."""

    label: str
    value: float


Layer = Bars | Whiskers | Band | Line | Marks | Rule


@dataclass(frozen=True, slots=True)
class Words:
    """What a drawing is called, what it shows in a sentence, its two axes, and a line below it: how it was made."""

    title: str
    description: str
    below: str
    beside: str
    chinese: bool
    method: str = ""


def draw(
    name: str, places: Sequence[date] | Sequence[str], layers: Sequence[Layer], words: Words, *, width: int = WIDTH,
    height: int = HEIGHT, highest: float | None = None, least: float | None = None, said: Callable[[float], str] = "{:g}".format,
) -> str:  # fmt: skip
    """An SVG element with the layers one over another, the first at the back. `places` are days, or words for classes.

    `name` keeps its ids apart. Values above `highest` are cut off there: one wild interval must not flatten the rest. Lines are at least
    `least` apart (else 1 where bars count something, 0.5 elsewhere), their values `said` beside them.
    """
    reach = max((value for layer in layers for value in _reach(layer)), default=0)
    reach = reach if highest is None else min(reach, highest)
    if least is None:  # there are no half cases
        least = 1 if reach > 3 or any(isinstance(layer, Bars) for layer in layers) else 0.5
    apart = step(reach, least)
    top = max(apart, ceil(round(reach / apart, 9)) * apart)
    levels = [round(apart * place, 9) for place in range(round(top / apart) + 1)]
    left = max(LEFT, 10 + max(wide(said(value)) for value in levels))
    least_places = 4 if places and isinstance(places[0], str) else 7
    plot = Plot(width, height, len(places), top, left, least_places)
    frame = f'x="{left:g}" y="{plot.y(top) - 1:g}" width="{width - left - RIGHT:g}" height="{plot.base}"'
    parts = [
        opened("drawing", name, (width, height), words.title, f"{words.description} {words.method}"),
        f'<defs><clipPath id="{name}-frame"><rect {frame}/></clipPath>'
        f'<pattern id="{name}-hatch" class="hatch" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<rect width="6" height="6" fill="#fff"/><path d="M-1 7L7-1M-1 1L1-1M5 7L7 5"'
        f' stroke="{BLUE}" stroke-width="1.6"/></pattern></defs>',
        _legend(name, layers, words, width),
        *(level(plot, value, said(value)) for value in levels),
        f'<g clip-path="url(#{name}-frame)">',
        *(_drawn(name, plot, layer) for layer in layers),
        "</g>",
        *_below(plot, places, words.chinese),
        f'<text class="axis" x="{width / 2:g}" y="{height - 6}" text-anchor="middle">{escape(words.below)}</text>',
        "</svg>",
    ]
    return "".join(parts)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _reach(layer: Layer) -> list[float]:
    match layer:
        case Rule(value=value):
            return [value]
        case Bars(values=values) | Line(values=values) | Marks(values=values):
            return [value for value in values if value is not None]
        case Whiskers(high=high) | Band(high=high):
            return [value for value in high if value is not None]


def _rect(kind: str, x: float, y: float, size: tuple[float, float], fill: str, title: str = "") -> str:
    inside = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<rect class="{kind}" x="{x:.5g}" y="{y:.5g}" width="{size[0]:.4g}" height="{size[1]:.5g}"'
        f' fill="{fill}" {_OPACITY.get(kind, _EDGE)}>{inside}</rect>'
    )


def _stroke(kind: str, path: str, dashed: str = "") -> str:
    colour, thick, dashes = _STROKES[kind]
    dash = f' stroke-dasharray="{dashed or dashes}"' if dashed or dashes else ""
    return f'<path class="{kind}" d="{path}" fill="none" stroke="{colour}" stroke-width="{thick}" stroke-linecap="round"{dash}/>'


def _triangle(x: float, y: float) -> str:
    return f'<path class="alarm" d="M{x:.5g} {y:.5g}l5 9h-10z" fill="{RED}"/>'


def _drawn(name: str, plot: Plot, layer: Layer) -> str:
    match layer:
        case Bars():
            return "".join(_bar(name, plot, layer, place) for place in range(len(layer.values)))
        case Whiskers(low=low, high=high):
            return "".join(
                _stroke("whisker", f"M{plot.middle(place):.5g} {plot.y(a):.5g}V{plot.y(b):.5g}")
                for place, (a, b) in enumerate(zip(low, high, strict=True))
                if a is not None and b is not None and b > a
            )
        case Band():
            return "".join(_area(plot, layer, run) for run in _runs(layer.low, layer.high))
        case Line():
            return _lines(plot, layer)
        case Marks(values=values):
            return "".join(
                _triangle(plot.middle(place), plot.y(value) - 13)
                for place, value in enumerate(values)
                if value is not None
            )
        case Rule(value=value):
            return _stroke("rule", f"M{plot.left:g} {plot.y(value):g}H{plot.width - RIGHT}")


def _bar(name: str, plot: Plot, layer: Bars, place: int) -> str:
    value, base = layer.values[place], (layer.base[place] if layer.base else 0) or 0
    if value is None or value <= base:
        return ""
    gap = 1 if plot.slot > 4 else 0
    size = (plot.slot - gap, plot.y(base) - plot.y(value))
    kind, fill = _look(name, layer)
    return _rect(kind, plot.x(place) + gap / 2, plot.y(value), size, fill, f"{layer.label}: {value - base:.3g}")


def _look(name: str, layer: Bars | Band) -> tuple[str, str]:
    """The class of an area, and what it is filled with."""
    if isinstance(layer, Band):
        return "band faint" if layer.faint else "band near", BLUE
    return ("expected", f"url(#{name}-hatch)") if layer.hatched else ("known", BLUE)


def _runs(*rows: Values) -> list[list[int]]:
    """Stretches in which every row has a value."""
    there = [all(row[place] is not None for row in rows) for place in range(len(rows[0]))]
    return [[place for place, _on in run] for on, run in groupby(enumerate(there), lambda one: one[1]) if on]


def _area(plot: Plot, layer: Band, run: list[int]) -> str:
    def edge(values: Values, order: Sequence[int]) -> list[str]:
        return [
            f"{plot.middle(place):.5g} {plot.y(value):.5g}" for place in order if (value := values[place]) is not None
        ]

    path = "L".join([*edge(layer.high, run), *edge(layer.low, run[::-1])])
    kind, fill = _look("", layer)
    return f'<path class="{kind}" d="M{path}Z" fill="{fill}" {_OPACITY[kind]}/>'


def _lines(plot: Plot, layer: Line) -> str:
    parts: list[str] = []
    halo: list[str] = []  # so that it is seen on bars of its own colour
    for run in _runs(layer.values):
        points = [(plot.middle(place), plot.y(layer.values[place] or 0)) for place in run]
        for place, (a, b) in zip(run[1:], pairwise(points), strict=True):
            weak = bool(layer.weak) and layer.weak[place]
            path = f"M{a[0]:.5g} {a[1]:.5g}L{b[0]:.5g} {b[1]:.5g}"
            if layer.look == "line":
                halo.append(_stroke("halo", path))
            parts.append(_stroke(layer.look, path, "5 4" if weak else ""))
    return "".join([*halo, *parts])


def _legend(name: str, layers: Sequence[Layer], words: Words, width: int) -> str:
    """What the layers are called, on a second line where the first is full."""
    parts, x = [f'<text class="axis" x="4" y="14">{escape(words.beside)}</text>'], 8.0 + wide(words.beside) + 16
    line = 0
    for layer in layers:
        if not layer.label or not _reach(layer):
            continue
        if not line and x + 19 + wide(layer.label) > width:
            line, x = 1, LEFT
        one = _key(name, layer, x) + f'<text x="{x + 19:g}" y="14">{escape(layer.label)}</text>'
        parts.append(f'<g transform="translate(0 16)">{one}</g>' if line else one)
        x += 19 + wide(layer.label) + 14
    return "".join(parts)


def _key(name: str, layer: Layer, x: float) -> str:
    match layer:
        case Bars() | Band():
            kind, fill = _look(name, layer)
            return _rect(kind, x, 4, (12, 12), fill)
        case Whiskers():
            return _stroke("whisker", f"M{x + 6:g} 4V16")
        case Line(look=look):
            return _stroke(look, f"M{x:g} 10h14")
        case Marks():
            return _triangle(x + 6, 5)
        case Rule():
            return _stroke("rule", f"M{x:g} 10h14")


def _below(plot: Plot, places: Sequence[date] | Sequence[str], chinese: bool) -> list[str]:
    days = [one for one in places if isinstance(one, date)]
    if days:
        return dates(plot, days, chinese)
    apart = max(1, ceil(24 / plot.slot))
    return [
        f'<text class="axis" x="{plot.middle(place):.5g}" y="{plot.base + 16}" text-anchor="middle">'
        f"{escape(str(places[place]))}</text>"
        for place in range(0, len(places), apart)
    ]
