"""Drawings of figures over days or classes as SVG, laid one layer over another: bars, bands, lines, whiskers. Pure.

What differs in meaning differs in form: what is known is filled, what is expected hatched, what is weak dashed. Every mark that
stands for a value carries it as its title; a table beside the drawing has them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import groupby, pairwise
from math import ceil

from fangxian.command.axes import FONT, HEIGHT, INK, LEFT, RIGHT, WIDTH, Plot, dates, level, step, wide

_BLUE, _GREY = "#0a5a8c", "#5a6570"
_EDGE = f'stroke="{INK}" stroke-width="0.4"'
_OPACITY = {"band faint": 'fill-opacity="0.16"', "band near": 'fill-opacity="0.3"'}
_STROKES = {
    "halo": ("#fff", 5.2),
    "whisker": (INK, 1.2),
    "rule": (INK, 1.4),
    "line": (_BLUE, 2.2),
    "baseline": (_GREY, 2.2),
}
Values = Sequence[float | None]


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
    """A line through the values, dashed where `weak`; a gap where there is none."""

    label: str
    values: Values
    weak: Sequence[bool] = ()
    dotted: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A level line that other values are read against, such as R = 1."""

    label: str
    value: float


Layer = Bars | Whiskers | Band | Line | Rule


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
    height: int = HEIGHT, highest: float | None = None,
) -> str:  # fmt: skip
    """An SVG element with the layers one over another, the first at the back. `places` are days, or words for classes.

    `name` keeps its ids apart. Values above `highest` are cut off there: one wild interval must not flatten the rest.
    """
    reach = max((value for layer in layers for value in _reach(layer)), default=0)
    reach = reach if highest is None else min(reach, highest)
    counted = any(isinstance(layer, Bars) for layer in layers)  # there are no half cases
    apart = step(ceil(reach)) if reach > 3 or counted else 0.5
    plot = Plot(width, height, len(places), max(apart, ceil(round(reach / apart, 9)) * apart))
    lines = round(plot.top / apart)
    frame = f'x="{LEFT}" y="{plot.y(plot.top) - 1:g}" width="{width - LEFT - RIGHT}" height="{plot.base}"'
    clip = f'<clipPath id="{name}-frame"><rect {frame}/></clipPath>'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing" viewBox="0 0 {width} {height}" role="img"'
        f' aria-labelledby="{name}-title {name}-desc" font-family="{FONT}" font-size="12" fill="{INK}">',
        f'<title id="{name}-title">{escape(words.title)}</title>',
        f'<desc id="{name}-desc">{escape(words.description)} {escape(words.method)}</desc>',
        f'<defs>{clip}<pattern id="{name}-hatch" class="hatch" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<rect width="6" height="6" fill="#fff"/><path d="M-1 7L7-1M-1 1L1-1M5 7L7 5"'
        f' stroke="{_BLUE}" stroke-width="1.6"/></pattern></defs>',
        _legend(name, layers, words, width),
        *(level(plot, round(apart * place, 9)) for place in range(lines + 1)),
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
        case Bars(values=values) | Line(values=values):
            return [value for value in values if value is not None]
        case Whiskers(high=high) | Band(high=high):
            return [value for value in high if value is not None]


def _rect(kind: str, x: float, y: float, size: tuple[float, float], fill: str, title: str = "") -> str:
    inside = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<rect class="{kind}" x="{x:.5g}" y="{y:.5g}" width="{size[0]:.4g}" height="{size[1]:.5g}"'
        f' fill="{fill}" {_OPACITY.get(kind, _EDGE)}>{inside}</rect>'
    )


def _stroke(kind: str, path: str, *, dashed: str = "") -> str:
    colour, thick = _STROKES[kind]
    dash = f' stroke-dasharray="{dashed}"' if dashed else ""
    return f'<path class="{kind}" d="{path}" fill="none" stroke="{colour}" stroke-width="{thick}" stroke-linecap="round"{dash}/>'


def _drawn(name: str, plot: Plot, layer: Layer) -> str:
    match layer:
        case Bars():
            return "".join(_bar(name, plot, layer, place) for place in range(len(layer.values)))
        case Whiskers(low=low, high=high):
            return "".join(
                _stroke("whisker", f"M{_middle(plot, place):.5g} {plot.y(a):.5g}V{plot.y(b):.5g}")
                for place, (a, b) in enumerate(zip(low, high, strict=True))
                if a is not None and b is not None and b > a
            )
        case Band():
            return "".join(_area(plot, layer, run) for run in _runs(layer.low, layer.high))
        case Line():
            return _lines(plot, layer)
        case Rule(value=value):
            return _stroke("rule", f"M{LEFT} {plot.y(value):g}H{plot.width - RIGHT}")


def _middle(plot: Plot, place: int) -> float:
    return plot.x(place) + plot.slot / 2


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
        return "band faint" if layer.faint else "band near", _BLUE
    return ("expected", f"url(#{name}-hatch)") if layer.hatched else ("known", _BLUE)


def _runs(*rows: Values) -> list[list[int]]:
    """Stretches in which every row has a value."""
    there = [all(row[place] is not None for row in rows) for place in range(len(rows[0]))]
    return [[place for place, _on in run] for on, run in groupby(enumerate(there), lambda one: one[1]) if on]


def _area(plot: Plot, layer: Band, run: list[int]) -> str:
    def edge(values: Values, order: Sequence[int]) -> list[str]:
        return [
            f"{_middle(plot, place):.5g} {plot.y(value):.5g}" for place in order if (value := values[place]) is not None
        ]

    path = "L".join([*edge(layer.high, run), *edge(layer.low, run[::-1])])
    kind, fill = _look("", layer)
    return f'<path class="{kind}" d="M{path}Z" fill="{fill}" {_OPACITY[kind]}/>'


def _lines(plot: Plot, layer: Line) -> str:
    parts: list[str] = []
    halo: list[str] = []  # so that it is seen on bars of its own colour
    for run in _runs(layer.values):
        points = [(_middle(plot, place), plot.y(layer.values[place] or 0)) for place in run]
        for place, (a, b) in zip(run[1:], pairwise(points), strict=True):
            weak = bool(layer.weak) and layer.weak[place]
            dashed = "1 4" if layer.dotted else "5 4" if weak else ""
            path = f"M{a[0]:.5g} {a[1]:.5g}L{b[0]:.5g} {b[1]:.5g}"
            if not layer.dotted:
                halo.append(_stroke("halo", path))
            parts.append(_stroke("baseline" if layer.dotted else "line", path, dashed=dashed))
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
        case Line(dotted=dotted):
            return _stroke("baseline" if dotted else "line", f"M{x:g} 10h14", dashed="1 4" if dotted else "")
        case Rule():
            return _stroke("rule", f"M{x:g} 10h14")


def _below(plot: Plot, places: Sequence[date] | Sequence[str], chinese: bool) -> list[str]:
    days = [one for one in places if isinstance(one, date)]
    if days:
        return dates(plot, days, chinese)
    apart = max(1, ceil(24 / plot.slot))
    return [
        f'<text class="axis" x="{_middle(plot, place):.5g}" y="{plot.base + 16}" text-anchor="middle">'
        f"{escape(str(places[place]))}</text>"
        for place in range(0, len(places), apart)
    ]
