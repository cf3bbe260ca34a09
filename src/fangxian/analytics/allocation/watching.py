"""How long a search may take, how far it is, and whether somebody wants it to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

#: Where on the bar each part of the work begins and ends.
ZONES, FLOORS, CLASSES, AGAIN = (0.0, 0.25), (0.25, 0.4), (0.4, 0.75), (0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Watch:
    """Until when (as perf_counter tells it), who is told the share of the work that is done, and whether it is to `stop` before."""

    end: float
    told: Callable[[float], None]
    stop: Callable[[], bool]

    @property
    def left(self) -> float:
        """Seconds; none once somebody wants it to end."""
        return 0.0 if self.stop() else max(self.end - perf_counter(), 0.0)

    def tell(self, part: tuple[float, float], share: float) -> None:
        """So much of a part is done."""
        self.told(part[0] + (part[1] - part[0]) * share)
