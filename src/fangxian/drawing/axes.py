"""What drawings have in common: the frame, round lines, paths, as many days as have room. Pure: numbers in, SVG out.

Colours are written as attributes, which a page's style sheet overrides by class (so it follows the dark mode), and paper keeps.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 40, 8, 34, 40
INK, LINE, BLUE, GREY, RED = "#17212b", "#c3cad1", "#0a5a8c", "#5a6570", "#ae211a"
FONT = "Noto Sans CJK SC, Source Han Sans SC, sans-serif"
#: Values by place; None where there is none.
Values = Sequence[float | None]
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@dataclass(frozen=True, slots=True)
class Plot:
    """The frame of a drawing: its size in px, how many days lie side by side, and the value at its top; below it is 0. `left` is the
    room for the values beside it; of fewer than `least` days each is no wider than if there were so many."""

    width: int
    height: int
    days: int
    top: float
    left: float = LEFT
    least: int = 7

    @property
    def slot(self) -> float:
        """How wide a day is."""
        return (self.width - self.left - RIGHT) / max(self.least, self.days)

    @property
    def base(self) -> int:
        """Where 0 is."""
        return self.height - BOTTOM

    def x(self, place: float) -> float:
        """Where a day begins; a few of them stand in the middle."""
        return self.left + (place + max(0, self.least - self.days) / 2) * self.slot

    def middle(self, place: float) -> float:
        """Where the middle of a day is."""
        return self.x(place) + self.slot / 2

    def y(self, value: float) -> float:
        """How high a value lies."""
        return self.base - value * (self.base - TOP) / self.top


def step(highest: float, least: float = 1) -> float:
    """A round distance of the lines, 1, 2 or 5 times a power of ten and at least `least`, so that there are no more than six."""
    if highest <= 5 * least:
        return least
    size = 10.0 ** floor(log10(highest / 5))
    apart = next(factor * size for factor in (1, 2, 5, 10) if highest <= factor * size * 5 * (1 + 1e-9))
    return int(apart) if apart >= 1 else round(apart, 12)


def opened(kind: str, name: str, size: tuple[float, float], title: str, description: str, *, role: str = "img") -> str:
    """The beginning of an SVG element of a class, with what it is called and shows for those who do not see it; `name` keeps its ids
    apart. The element is still to be closed."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{kind}" viewBox="0 0 {size[0]:g} {size[1]:g}" role="{role}"'
        f' aria-labelledby="{name}-title {name}-desc" font-family="{FONT}" font-size="12" fill="{INK}">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
    )


def path(points: Iterable[tuple[float, float] | None]) -> str:
    """A line through points, broken where there is none."""
    steps, down = [], False
    for point in points:
        if point is not None:
            steps.append(f"{'L' if down else 'M'}{point[0]:.5g} {point[1]:.5g}")
        down = point is not None
    return "".join(steps)


def wide(text: str) -> float:
    """About how wide a text of 12 px is: a Han character is as wide as it is high."""
    return sum(12.0 if ord(letter) > 0x2E7F else 6.6 for letter in text)


def said_day(day: date, chinese: bool) -> str:
    """A day on an axis, as each language writes it: 3月4日, 4 Mar."""
    return f"{day.month}月{day.day}日" if chinese else f"{day.day} {_MONTHS[day.month - 1]}"


def level(plot: Plot, value: float, said: str = "") -> str:
    """A line across the drawing with its value, as it is said; that of 0 is thicker."""
    y, thick = plot.y(value), 1 if value else 1.5
    return (
        f'<line class="grid" x1="{plot.left:g}" y1="{y:g}" x2="{plot.width - RIGHT}" y2="{y:g}" stroke="{LINE}" stroke-width="{thick}"/>'
        f'<text class="axis" x="{plot.left - 6:g}" y="{y + 4:g}" text-anchor="end">{said or f"{value:g}"}</text>'
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
        for middle, said in ((plot.middle(place), said_day(days[place], chinese)) for place in shown)
        if middle > 24
    ]
