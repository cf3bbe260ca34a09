"""The epidemic curve (流行曲线) as one SVG for page, PDF and Word alike: bars by day, stacked by class.

Pure: days and words in, text out, the same bytes for the same input. Classes differ by pattern as well as by colour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from math import ceil

from fangxian.drawing.axes import HEIGHT, INK, WIDTH, Plot, dates, level, opened, said_day, step, wide

#: Class → ink of its pattern; what is drawn with it is in `_PATTERNS`.
_COLOURS = {"confirmed": "#0a5a8c", "probable": "#0a5a8c", "suspected": "#17212b", "asymptomatic": "#5a6570"}
_PATTERNS = {
    "confirmed": '<rect width="6" height="6" fill="{0}"/>',
    "probable": '<rect width="6" height="6" fill="#fff"/><path d="M-1 7L7-1M-1 1L1-1M5 7L7 5" stroke="{0}" stroke-width="2.2"/>',
    "suspected": '<rect width="6" height="6" fill="#fff"/><circle cx="3" cy="3" r="1.7" fill="{0}"/>',
    "asymptomatic": '<rect width="6" height="6" fill="#fff"/><path d="M0 1.5H6M0 4.5H6" stroke="{0}" stroke-width="1.3"/>',
}
_OTHER = '<rect width="6" height="6" fill="#fff"/><path d="M1.5 0V6M4.5 0V6" stroke="{0}" stroke-width="1.3"/>'


@dataclass(frozen=True, slots=True)
class Words:
    """What a curve is called: its title, what it shows in a sentence, and its axes; `chinese` says how days are written."""

    title: str
    description: str
    days: str
    cases: str
    chinese: bool


def epicurve(
    days: Sequence[tuple[date, Mapping[str, int]]], classes: Sequence[tuple[str, str]], words: Words, *, name: str = "curve",
    width: int = WIDTH, height: int = HEIGHT,
) -> str:  # fmt: skip
    """The curve as an SVG element. `classes` are (key, label) from the bottom of a bar to its top; `name` keeps its ids apart."""
    used = [(key, label) for key, label in classes if any(counts.get(key) for _day, counts in days)] or list(
        classes[:1]
    )
    highest = max((sum(counts.values()) for _day, counts in days), default=0)
    apart = step(highest)
    top = max(apart, ceil(highest / apart) * apart)
    plot = Plot(width, height, len(days), top)
    parts = [
        opened("epicurve", name, (width, height), words.title, words.description),
        f"<defs>{''.join(_pattern(name, key) for key, _label in used)}</defs>",
        _legend(name, used, words),
        *(level(plot, apart * place) for place in range(round(top / apart) + 1)),
        *(_bar(plot, place, day, counts, used, name, words) for place, (day, counts) in enumerate(days)),
        *dates(plot, [day for day, _counts in days], words.chinese),
        f'<text class="axis" x="{width / 2:g}" y="{height - 6}" text-anchor="middle">{escape(words.days)}</text>',
        "</svg>",
    ]
    return "".join(parts)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _pattern(name: str, key: str) -> str:
    drawn = _PATTERNS.get(key, _OTHER).format(_COLOURS.get(key, _COLOURS["asymptomatic"]))
    return f'<pattern id="{name}-{key}" class="of-{key}" width="6" height="6" patternUnits="userSpaceOnUse">{drawn}</pattern>'


def _legend(name: str, used: Sequence[tuple[str, str]], words: Words) -> str:
    parts, x = [f'<text class="axis" x="4" y="14">{escape(words.cases)}</text>'], 8.0 + wide(words.cases) + 16
    for key, label in used:
        parts.append(
            f'<rect class="box" x="{x:g}" y="4" width="12" height="12" fill="url(#{name}-{key})" stroke="{INK}" stroke-width="0.6"/>'
            f'<text x="{x + 17:g}" y="14">{escape(label)}</text>'
        )
        x += 17 + wide(label) + 16
    return "".join(parts)


def _bar(
    plot: Plot, place: int, day: date, counts: Mapping[str, int], used: Sequence[tuple[str, str]], name: str, words: Words
) -> str:  # fmt: skip
    total = sum(counts.values())
    if not total:
        return ""
    told = ", ".join(f"{label} {counts[key]}" for key, label in used if counts.get(key))
    parts, below = [], 0
    for key, _label in used:
        if number := counts.get(key, 0):
            top = plot.y(below + number)
            gap = 1 if plot.slot > 4 else 0
            parts.append(
                f'<rect class="box" x="{plot.x(place) + gap / 2:.4g}" y="{top:.5g}" width="{plot.slot - gap:.4g}"'
                f' height="{plot.y(below) - top:.5g}" fill="url(#{name}-{key})" stroke="{INK}" stroke-width="0.5"/>'
            )
            below += number
    return f"<g><title>{escape(said_day(day, words.chinese))}: {escape(told)}</title>{''.join(parts)}</g>"
