"""What drawings over days have in common: the frame, round lines, as many days as have room. Pure: numbers in, SVG out.

Colours are written as attributes, which a page's style sheet overrides by class (so it follows the dark mode), and paper keeps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from math import ceil

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 40, 8, 34, 40
INK, LINE = "#17212b", "#c3cad1"
FONT = "Noto Sans CJK SC, Source Han Sans SC, sans-serif"
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@dataclass(frozen=True, slots=True)
class Plot:
    """The frame of a drawing: its size in px, how many days lie side by side, and the value at its top; below it is 0."""

    width: int
    height: int
    days: int
    top: float

    @property
    def slot(self) -> float:
        """How wide a day is."""
        return (self.width - LEFT - RIGHT) / max(7, self.days)

    @property
    def base(self) -> int:
        """Where 0 is."""
        return self.height - BOTTOM

    def x(self, place: float) -> float:
        """Where a day begins; a few of them stand in the middle."""
        return LEFT + (place + max(0, 7 - self.days) / 2) * self.slot

    def y(self, value: float) -> float:
        """How high a value lies."""
        return self.base - value * (self.base - TOP) / self.top


def step(highest: int) -> int:
    """A round distance of the lines, so that there are no more than six."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if highest <= factor * size * 5:
                return factor * size
        size *= 10


def wide(text: str) -> float:
    """About how wide a text of 12 px is: a Han character is as wide as it is high."""
    return sum(12.0 if ord(letter) > 0x2E7F else 6.6 for letter in text)


def said_day(day: date, chinese: bool) -> str:
    """A day on an axis, as each language writes it: 3月4日, 4 Mar."""
    return f"{day.month}月{day.day}日" if chinese else f"{day.day} {_MONTHS[day.month - 1]}"


def level(plot: Plot, value: float) -> str:
    """A line across the drawing with its value; that of 0 is thicker."""
    y, thick = plot.y(value), 1 if value else 1.5
    return (
        f'<line class="grid" x1="{LEFT}" y1="{y:g}" x2="{plot.width - RIGHT}" y2="{y:g}" stroke="{LINE}" stroke-width="{thick}"/>'
        f'<text class="axis" x="{LEFT - 6}" y="{y + 4:g}" text-anchor="end">{value:g}</text>'
    )


def dates(plot: Plot, days: Sequence[date], chinese: bool) -> list[str]:
    """As many days as have room below the axis; the last one always."""
    if not days:
        return []
    apart = max(1, ceil(58 / plot.slot))
    shown = range(len(days) - 1, -1, -apart)
    return [
        f'<text class="axis" x="{min(middle, plot.width - wide(said) / 2):.5g}" y="{plot.base + 16}" text-anchor="middle">'
        f"{escape(said)}</text>"
        for middle, said in ((plot.x(place) + plot.slot / 2, said_day(days[place], chinese)) for place in shown)
        if middle > 24
    ]
