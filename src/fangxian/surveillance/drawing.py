"""Series drawn: what was told, what was expected, the bound above which it is too much, and the alarms; and a series at a glance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

import numpy as np

from fangxian.analytics.detection import Alarm
from fangxian.drawing import Bars, Line, Marks, Words, draw
from fangxian.drawing.axes import BLUE, INK, RED, Values, path
from fangxian.surveillance.schemas import Judgement
from fangxian.surveillance.wording import amount

WIDTH, HEIGHT = 760, 300
#: The least distance of two lines of the grid: counts have no halves, shares are said with a decimal of a percent.
_LEAST = {"count": 1.0, "share": 0.001}


@dataclass(frozen=True, slots=True)
class Legend:
    """What the parts of a figure are called."""

    observed: str
    expected: str
    bound: str
    alarm: str


def sparkline(days: Sequence[date], values: Values, signals: frozenset[date], label: str) -> str:
    """A series at a glance, 160 × 36: a line, the newest value as a dot, a triangle where it gave a signal."""
    width, height, edge = 160, 36, 5
    known = [value for value in values if value is not None]
    if not known:
        return ""
    top, bottom = max(known), min(0.0, *known) if len(known) > 1 else 0.0
    span = (top - bottom) or 1.0
    points = [
        None
        if value is None
        else (
            edge + (width - 2 * edge) * place / max(1, len(values) - 1),
            height - edge - (height - 2 * edge) * (value - bottom) / span,
        )
        for place, value in enumerate(values)
    ]
    parts = [f'<path class="spark-line" d="{path(points)}" fill="none" stroke="{BLUE}" stroke-width="1.5"/>']
    for day, point in zip(days, points, strict=True):
        if day in signals and point is not None:
            parts.append(f'<path class="spark-alarm" d="M{point[0]:.1f} {point[1] - 4:.1f}l4 7h-8z" fill="{RED}"/>')
    x, y = next(point for point in reversed(points) if point is not None)
    parts.append(f'<circle class="spark-last" cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{INK}"/>')
    return f'<svg class="spark" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'


def chart(judged: Judgement, words: Words, legend: Legend, unit: str, *, last: int = 120) -> str:
    """One series with its expectation, its bound and its alarms, over the `last` periods."""
    cut = slice(max(0, len(judged.series.days) - last), None)
    values, expected, upper = (_plain(one[cut]) for one in (judged.series.values, judged.expected, judged.upperbound))
    days: list[date] = judged.series.days[cut].tolist()
    raised = [value if alarm == Alarm.YES else None for value, alarm in zip(values, judged.alarm[cut], strict=True)]
    layers = (
        Bars(legend.observed, values), Line(legend.expected, expected, look="baseline"), Line(legend.bound, upper, look="bound"),
        Marks(legend.alarm, raised),
    )  # fmt: skip
    return draw(
        "series", days, layers, words, width=WIDTH, height=HEIGHT, least=_LEAST.get(unit, 0.1), said=lambda value: amount(value, unit)
    )  # fmt: skip


def _plain(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]
