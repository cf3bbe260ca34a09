"""Series drawn as SVG, for page and file alike: what was told, what was expected, the bound above which it is too much, the alarms.

Pure: numbers and words in, text out. Colours are attributes, which a style sheet overrides by class; an alarm is a mark of its own
shape, not a colour alone.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

import numpy as np

from fangxian.analytics.detection import Alarm
from fangxian.surveillance.schemas import Judgement
from fangxian.surveillance.wording import amount

WIDTH, HEIGHT = 760, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 30, 34
_INK, _CALM, _ACCENT, _LATE, _LINE = "#17212b", "#5f6b78", "#0a5a8c", "#ae211a", "#dbe0e6"
Numbers = Sequence[float | None]
#: Where a value stands on the figure: (place, value) → (x, y).
At = Callable[[int, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Words:
    """What is written on a figure: its title, a sentence for those who do not see it, its legend, and how a day is written."""

    title: str
    description: str
    observed: str
    expected: str
    bound: str
    alarm: str
    method: str
    day: Callable[[date], str]


def sparkline(days: Sequence[date], values: Numbers, signals: frozenset[date], label: str) -> str:
    """A series at a glance, 160 × 36: a line, the newest value as a dot, a triangle where it gave a signal."""
    width, height, edge = 160, 36, 5
    known = [value for value in values if value is not None]
    if not known:
        return ""
    top, bottom = max(known), min(0.0, *known) if len(known) > 1 else 0.0
    span = (top - bottom) or 1.0

    def at(place: int, value: float) -> tuple[float, float]:
        x = edge + (width - 2 * edge) * place / max(1, len(values) - 1)
        return x, height - edge - (height - 2 * edge) * (value - bottom) / span

    parts = [f'<path class="spark-line" d="{_path(values, at)}" fill="none" stroke="{_ACCENT}" stroke-width="1.5"/>']
    for place, (day, value) in enumerate(zip(days, values, strict=True)):
        if day in signals and value is not None:
            x, y = at(place, value)
            parts.append(f'<path class="spark-alarm" d="M{x:.1f} {y - 4:.1f}l4 7h-8z" fill="{_LATE}"/>')
    last = max(place for place, value in enumerate(values) if value is not None)
    x, y = at(last, values[last] or 0.0)
    parts.append(f'<circle class="spark-last" cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{_INK}"/>')
    return f'<svg class="spark" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'


def chart(
    judged: Judgement, words: Words, unit: str, *, last: int = 120, width: int = WIDTH, height: int = HEIGHT
) -> str:
    """One series with its expectation, its bound and its alarms, over the `last` periods."""
    cut = slice(max(0, len(judged.series.days) - last), None)
    values, expected, upper = (_plain(one[cut]) for one in (judged.series.values, judged.expected, judged.upperbound))
    days: list[date] = judged.series.days[cut].tolist()
    alarm = judged.alarm[cut]
    most = max([value for one in (values, upper, expected) for value in one if value is not None], default=1.0) or 1.0

    def at(place: int, value: float) -> tuple[float, float]:
        x = _LEFT + (width - _LEFT - _RIGHT) * (place + 0.5) / max(1, len(days))
        return x, height - _BOTTOM - (height - _TOP - _BOTTOM) * min(value, most) / most

    slot = (width - _LEFT - _RIGHT) / max(1, len(days))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="series-chart" viewBox="0 0 {width} {height}" role="img"'
        f' font-family="Noto Sans CJK SC, Source Han Sans SC, sans-serif" font-size="12" fill="{_INK}">',
        f"<title>{escape(words.title)}</title><desc>{escape(words.description)}</desc>",
        *_grid(most, unit, width, at),
    ]
    for place, value in enumerate(values):
        if value is not None:
            x, y = at(place, value)
            parts.append(
                f'<rect class="told" x="{x - slot * 0.4:.1f}" y="{y:.1f}" width="{slot * 0.8:.1f}"'
                f' height="{height - _BOTTOM - y:.1f}" fill="{_ACCENT}" fill-opacity="0.55"/>'
            )
    parts += [
        f'<path class="expected" d="{_path(expected, at)}" fill="none" stroke="{_CALM}" stroke-width="1.5"/>',
        f'<path class="bound" d="{_path(upper, at)}" fill="none" stroke="{_LATE}" stroke-width="1.5" stroke-dasharray="5 3"/>',
    ]
    for place, (value, raised) in enumerate(zip(values, alarm, strict=True)):
        if raised == Alarm.YES and value is not None:
            x, y = at(place, value)
            parts.append(f'<path class="alarm" d="M{x:.1f} {y - 13:.1f}l5 9h-10z" fill="{_LATE}"/>')
    parts += [*_dates(days, words, height, at), *_legend(words), "</svg>"]
    return "".join(parts)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _plain(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _path(values: Numbers, at: At) -> str:
    """A line through what is known, broken where something is not."""
    steps, down = [], False
    for place, value in enumerate(values):
        if value is None:
            down = False
            continue
        x, y = at(place, value)
        steps.append(f"{'L' if down else 'M'}{x:.1f} {y:.1f}")
        down = True
    return "".join(steps)


def _grid(most: float, unit: str, width: int, at: At) -> list[str]:
    """Lines at round values: 1, 2 or 5 times a power of ten apart, five at most."""
    size = 10.0 ** math.floor(math.log10(most / 5))
    apart = next(size * factor for factor in (1, 2, 5, 10) if most <= size * factor * 5 * (1 + 1e-9))
    lines = []
    for place in range(int(most / apart * (1 + 1e-9)) + 1):
        _x, y = at(0, apart * place)
        lines.append(
            f'<path class="grid" d="M{_LEFT} {y:.1f}H{width - _RIGHT}" stroke="{_LINE}"/>'
            f'<text class="axis" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{amount(apart * place, unit)}</text>'
        )
    return lines


def _dates(days: Sequence[date], words: Words, height: int, at: At) -> list[str]:
    every = max(1, len(days) // 6)
    return [
        f'<text class="axis" x="{at(place, 0)[0]:.1f}" y="{height - 12}" text-anchor="middle">{escape(words.day(day))}</text>'
        for place, day in enumerate(days)
        if place % every == every // 2
    ]


def _legend(words: Words) -> list[str]:
    marks = (
        (f'<rect class="told" width="12" height="10" y="-9" fill="{_ACCENT}" fill-opacity="0.55"/>', words.observed),
        (f'<path class="expected" d="M0 -4H16" stroke="{_CALM}" stroke-width="1.5"/>', words.expected),
        (f'<path class="bound" d="M0 -4H16" stroke="{_LATE}" stroke-width="1.5" stroke-dasharray="5 3"/>', words.bound),
        (f'<path class="alarm" d="M6 -10l5 9h-10z" fill="{_LATE}"/>', words.alarm),
    )
    return [
        f'<g transform="translate({_LEFT + 150 * place} 18)">{mark}<text class="key" x="22">{escape(name)}</text></g>'
        for place, (mark, name) in enumerate(marks)
    ]
