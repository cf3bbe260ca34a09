"""What is done against it (防控措施): testing, tracing and isolation, and how far each layer is open, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.simulation.errors import SimulationError
from fangxian.analytics.simulation.population import LAYERS

Floats = NDArray[np.float64]
Layers = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Testing:
    """Chances of a test a day with symptoms and without, and on the day after quarantine begins; the result comes after `delay` days."""

    symptomatic: float = 0.0
    routine: float = 0.0
    symptomatic_quarantined: float = 0.0
    quarantined: float = 0.0
    sensitivity: float = 1.0
    delay: int = 1
    since: int = 0
    until: int = 1 << 14


@dataclass(frozen=True, slots=True)
class Tracing:
    """Contacts of somebody found positive: the share named by layer, after how many days, and quarantined until when from the result on."""

    share: Layers
    after: tuple[int, int, int, int] = (0, 0, 0, 0)
    days: int = 14
    since: int = 0
    until: int = 1 << 14


@dataclass(frozen=True, slots=True)
class Isolation:
    """What is left of transmission by layer from somebody found positive, and from or to somebody in quarantine."""

    found: Layers = (0.3, 0.1, 0.1, 0.1)
    quarantined: Layers = (0.6, 0.2, 0.2, 0.2)


@dataclass(frozen=True, slots=True)
class Closure:
    """From a day until before another, so much of a layer's transmission is left: a closed school, distance at work, masks."""

    layer: str
    left: float
    since: int
    until: int = 1 << 14


Measure = Testing | Tracing | Isolation | Closure


@dataclass(frozen=True, eq=False)
class Plan:
    """All measures of a scenario as the kernel reads them."""

    tests: Floats
    traces: Floats
    less: Floats
    open: Floats

    @classmethod
    def of(cls, measures: Sequence[Measure], days: int) -> Plan:
        """Raises SimulationError for shares that are none, or two measures of the same kind but closures."""
        kinds = [type(one) for one in measures if not isinstance(one, Closure)]
        if len(kinds) != len(set(kinds)):
            raise SimulationError(
                "检测、追踪、隔离各只能给出一次。", "Testing, tracing and isolation can be given once each."
            )
        testing = next((one for one in measures if isinstance(one, Testing)), Testing())
        tracing = next((one for one in measures if isinstance(one, Tracing)), Tracing((0.0, 0.0, 0.0, 0.0)))
        isolation = next((one for one in measures if isinstance(one, Isolation)), Isolation())
        chances = (
            testing.symptomatic, testing.routine, testing.symptomatic_quarantined, testing.quarantined, testing.sensitivity,
        )  # fmt: skip
        closures = [one for one in measures if isinstance(one, Closure)]
        shares = [*chances, *tracing.share, *isolation.found, *isolation.quarantined, *(one.left for one in closures)]
        if not all(0 <= one <= 1 for one in shares):
            raise SimulationError("各项比例应在 0 与 1 之间。", "Every share lies between 0 and 1.")
        if min(testing.delay, tracing.days, *tracing.after) < 0 or max(tracing.after) > tracing.days:
            raise SimulationError(
                "天数不应为负，追踪应早于隔离期满。",
                "Days are at least 0, and contacts are reached before their quarantine ends.",
            )
        left = np.ones((days, len(LAYERS)))
        for one in closures:
            if one.layer not in LAYERS:
                raise SimulationError(
                    f"没有场所层 {one.layer}；有 {'、'.join(LAYERS)}。",
                    f"There is no layer {one.layer}; there are {', '.join(LAYERS)}.",
                )
            left[max(one.since, 0) : max(one.until, 0), LAYERS.index(one.layer)] *= one.left
        return cls(
            np.array([*chances, testing.delay, testing.since, testing.until], np.float64),
            np.array([*tracing.share, *tracing.after, tracing.days, tracing.since, tracing.until], np.float64),
            np.array([isolation.found, isolation.quarantined]), left,
        )  # fmt: skip
