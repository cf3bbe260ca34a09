"""What a disease does to a person and passes on to others (自然史): probabilities by age, durations, infectiousness over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.special import gammaincinv

from fangxian.analytics.simulation.errors import SimulationError
from fangxian.analytics.simulation.population import LAYERS
from fangxian.text import Text

Floats = NDArray[np.float64]
DECADES = 10
#: In the order in which the kernel reads them.
DURATIONS = (
    "latent", "onset", "to_severe", "to_critical", "asymptomatic", "mild", "severe", "critical", "death",
)  # fmt: skip
FAMILIES = ("constant", "lognormal", "exponential")
_QUANTILES = 8192


@dataclass(frozen=True, slots=True)
class Duration:
    """Days with a distribution: constant, lognormal of this mean and sd, or exponential."""

    mean: float
    sd: float = 0.0
    family: str = "constant"

    def row(self) -> tuple[float, float, float]:
        """Family, mean and sd as numbers."""
        family = FAMILIES.index(self.family)
        return (0.0 if family == 1 and self.sd <= 0 else float(family), float(self.mean), float(self.sd))


@dataclass(frozen=True)
class Disease:
    """One disease. Probabilities by decade of age (10,) are of all infected, each included in the one before.

    `transmission` is the probability of infection for a contact of one day, times the weight of the layer, the infector's own factor
    (gamma of mean 1 and shape `dispersion`; infinite: all alike), the infectee's susceptibility, and the viral load: `early` times as
    much for the first `share` of the infectious days, `cap` days at most, the mean over all days being 1.
    """

    name: Text
    source: str
    transmission: float
    layers: tuple[float, ...] = (1.0,) * len(LAYERS)
    dispersion: float = float("inf")
    early: float = 1.0
    share: float = 0.0
    cap: float = 0.0
    susceptible: tuple[float, ...] = (1.0,) * DECADES
    symptomatic: tuple[float, ...] = (1.0,) * DECADES
    severe: tuple[float, ...] = (0.0,) * DECADES
    critical: tuple[float, ...] = (0.0,) * DECADES
    dies: tuple[float, ...] = (0.0,) * DECADES
    durations: Mapping[str, Duration] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("susceptible", "symptomatic", "severe", "critical", "dies"):
            values = getattr(self, name)
            if len(values) != DECADES or min(values) < 0 or (name != "susceptible" and max(values) > 1):
                raise SimulationError(
                    f"{name} 应为 {DECADES} 个年龄组的概率。",
                    f"{name} has {DECADES} probabilities, one for each decade of age.",
                )
        if (
            not self.transmission >= 0
            or len(self.layers) != len(LAYERS)
            or min(self.layers) < 0
            or not self.dispersion > 0
        ):
            raise SimulationError(
                "transmission、layers 不应为负，dispersion 应大于 0。",
                "transmission and layers are at least 0, dispersion above 0.",
            )
        if unknown := set(self.durations) - set(DURATIONS):
            raise SimulationError(
                f"没有名为 {sorted(unknown)[0]} 的时长；有 {'、'.join(DURATIONS)}。",
                f"There is no duration {sorted(unknown)[0]}; there are {', '.join(DURATIONS)}.",
            )

    def chances(self) -> Floats:
        """(5, 10): susceptibility over its largest; symptomatic; severe of those; critical of those; dying of those."""
        susceptible = np.asarray(self.susceptible)
        steps = [
            np.ones(DECADES),
            *(np.asarray(one, np.float64) for one in (self.symptomatic, self.severe, self.critical, self.dies)),
        ]
        given = [np.divide(b, a, out=np.zeros(DECADES), where=a > 0) for a, b in pairwise(steps)]
        return np.stack([susceptible / max(susceptible.max(), 1e-12), *given])

    def times(self) -> Floats:
        """(9, 3): the durations as the kernel reads them."""
        return np.array([self.durations.get(name, Duration(0)).row() for name in DURATIONS])

    def spreads(self) -> Floats:
        """Quantiles of the infector's own factor, of mean 1."""
        if np.isinf(self.dispersion):
            return np.ones(1)
        found = gammaincinv(self.dispersion, (np.arange(_QUANTILES) + 0.5) / _QUANTILES) / self.dispersion
        return np.asarray(found / found.mean())


def disease(name: str) -> Disease:
    """One of the diseases that come with the product. Raises SimulationError for another."""
    known = _shipped()
    if name not in known:
        raise SimulationError(
            f"没有疾病 {name}；有 {'、'.join(known)}。", f"There is no disease {name}; there are {', '.join(known)}."
        )
    return known[name]


@cache
def _shipped() -> Mapping[str, Disease]:
    raw: dict[str, dict[str, Any]] = yaml.safe_load(
        files("fangxian.analytics.simulation").joinpath("diseases.yaml").read_text(encoding="utf-8")
    )
    return {key: _read(one) for key, one in raw.items()}


def _read(raw: dict[str, Any]) -> Disease:
    ages: dict[str, Any] = {
        name: tuple(raw[name]) for name in ("susceptible", "symptomatic", "severe", "critical", "dies")
    }
    return Disease(
        Text(**raw["name"]), raw["source"], raw["transmission"], tuple(raw["layers"][name] for name in LAYERS), raw["dispersion"],
        **raw["load"], **ages,
        durations={name: Duration(mean, sd, "lognormal") for name, (mean, sd) in raw["durations"].items()},
    )  # fmt: skip
