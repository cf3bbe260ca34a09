"""What a disease does to a person and passes on to others (自然史): probabilities by age, durations, infectiousness, immunity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtri

from fangxian.analytics.simulation.errors import SimulationError
from fangxian.analytics.simulation.population import LAYERS
from fangxian.text import Text

Floats = NDArray[np.float64]
DECADES = 10
#: In the order in which the kernel reads them.
DURATIONS = (
    "latent", "onset", "to_severe", "to_critical", "asymptomatic", "mild", "severe", "critical", "death",
)  # fmt: skip
FAMILIES = ("constant", "lognormal", "exponential", "gamma")
_QUANTILES = 8192
#: A duration is looked up at so many quantiles: few enough to stay in the processor's cache.
_STEPS = 2048
_LONGEST = 8000


@dataclass(frozen=True, slots=True)
class Duration:
    """Days with a distribution: constant, lognormal or gamma of this mean and sd, or exponential of this mean."""

    mean: float
    sd: float = 0.0
    family: str = "constant"

    def __post_init__(self) -> None:
        if self.family not in FAMILIES or not (0 <= self.mean < _LONGEST and self.sd >= 0):
            raise SimulationError(
                f"时长的分布应为 {'、'.join(FAMILIES)} 之一，均值与标准差不小于 0。",
                f"A duration is {', '.join(FAMILIES)}, its mean and sd at least 0.",
            )

    def quantiles(self) -> NDArray[np.int16]:
        """(2048,) whole days at equally likely quantiles; an exponential duration is rounded down, others to the nearest day."""
        at = (np.arange(_STEPS) + 0.5) / _STEPS
        if self.mean <= 0 or self.family == "constant" or (self.sd <= 0 and self.family != "exponential"):
            days = np.full(_STEPS, np.floor(self.mean + 0.5))
        elif self.family == "exponential":
            days = np.floor(-self.mean * np.log1p(-at))
        elif self.family == "gamma":
            shape = (self.mean / self.sd) ** 2
            days = np.floor(gammaincinv(shape, at) * self.mean / shape + 0.5)
        else:
            variance = np.log1p((self.sd / self.mean) ** 2)
            days = np.floor(np.exp(np.log(self.mean) - variance / 2 + np.sqrt(variance) * ndtri(at)) + 0.5)
        return np.asarray(np.minimum(days, _LONGEST), np.int16)


@dataclass(frozen=True, slots=True)
class Variant:
    """A strain (变异株) beside the first: how many times as transmissible and as severe, and so many infected from outside on a day."""

    name: Text
    transmission: float = 1.0
    severity: float = 1.0
    day: int = 0
    seeds: int = 0


class Source(NamedTuple):
    """Where a value comes from, and how sure that is: A official, B repost, C read in a publication, G as generally quoted."""

    source: str
    grade: str


class Course(NamedTuple):
    """A disease as the kernel reads it."""

    transmission: Floats
    weights: Floats
    most: float
    chances: Floats
    severity: Floats
    days: NDArray[np.int16]
    spreads: Floats
    places: Floats
    early: float
    share: float
    cap: float
    again: bool
    cross: Floats
    half_life: float


@dataclass(frozen=True)
class Disease:
    """One disease. Probabilities by decade of age (10,) are of all infected, each included in the one before.

    `transmission` is the probability of infection for a contact of one day, times the weight of the layer, the infector's own factor
    (gamma of mean 1 and shape `dispersion`; infinite: all alike), the factor of the household, class or workplace (the same of shape
    `place_dispersion`), the infectee's susceptibility, the season (`season` up and down over the year, most on day `peak`), and the
    viral load: `early` times as much for the first `share` of the infectious days, `cap` days at most, the mean over all days being 1.

    Whoever has recovered is immune, after `immunity` days half as much, and so on (infinite: for good); against another variant by
    `cross[had][met]`, of which the first row and column are the disease itself. `r0` is what `transmission` was fitted to, if it was,
    and `sources` says where the values come from.
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
    place_dispersion: float = float("inf")
    season: float = 0.0
    peak: int = 0
    immunity: float = float("inf")
    variants: tuple[Variant, ...] = ()
    cross: tuple[tuple[float, ...], ...] = ()
    r0: float | None = None
    sources: Mapping[str, Source] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("susceptible", "symptomatic", "severe", "critical", "dies"):
            values = getattr(self, name)
            if len(values) != DECADES or min(values) < 0 or (name != "susceptible" and max(values) > 1):
                raise SimulationError(
                    f"{name} 应为 {DECADES} 个年龄组的概率。",
                    f"{name} has {DECADES} probabilities, one for each decade of age.",
                )
        for more, less in pairwise(("symptomatic", "severe", "critical", "dies")):
            if any(b > a * (1 + 1e-9) for a, b in zip(getattr(self, more), getattr(self, less), strict=True)):
                raise SimulationError(
                    f"{less} 是全部感染者中的比例，各年龄组都不应大于 {more}。",
                    f"{less} is a share of all infected, and at no age above {more}.",
                )
        if (
            not self.transmission >= 0
            or len(self.layers) != len(LAYERS)
            or min(self.layers) < 0
            or not min(self.dispersion, self.place_dispersion, self.immunity) > 0
        ):
            raise SimulationError(
                "transmission、layers 不应为负，dispersion、place_dispersion、immunity 应大于 0。",
                "transmission and layers are at least 0, dispersion, place_dispersion and immunity above 0.",
            )
        if not 0 <= self.season <= 1:
            raise SimulationError("season 应为 0 至 1。", "season lies between 0 and 1.")
        if unknown := set(self.durations) - set(DURATIONS):
            raise SimulationError(
                f"没有名为 {sorted(unknown)[0]} 的时长；有 {'、'.join(DURATIONS)}。",
                f"There is no duration {sorted(unknown)[0]}; there are {', '.join(DURATIONS)}.",
            )
        kinds = 1 + len(self.variants)
        cross = np.asarray(self.cross or np.ones((kinds, kinds)), np.float64)
        if cross.shape != (kinds, kinds) or cross.min() < 0 or cross.max() > 1:
            raise SimulationError(
                f"cross 应为 {kinds}×{kinds} 的表，各值为 0 至 1：得过一种后对另一种的保护。",
                f"cross is a table of {kinds} by {kinds} from 0 to 1: how far one variant protects against another.",
            )
        if any(min(one.transmission, one.severity, one.day, one.seeds) < 0 for one in self.variants):
            raise SimulationError("变异株的各项不应为负。", "What is said of a variant is at least 0.")

    def chances(self) -> Floats:
        """(5, 10): susceptibility over its largest; symptomatic; severe of those; critical of those; dying of those."""
        susceptible = np.asarray(self.susceptible)
        steps = [
            np.ones(DECADES),
            *(np.asarray(one, np.float64) for one in (self.symptomatic, self.severe, self.critical, self.dies)),
        ]
        given = [np.divide(b, a, out=np.zeros(DECADES), where=a > 0) for a, b in pairwise(steps)]
        return np.stack([susceptible / max(susceptible.max(), 1e-12), *given])

    def seasons(self, days: int) -> Floats:
        """(days,) the season's factor over its largest."""
        wave = 1 + self.season * np.cos(2 * np.pi * (np.arange(days) - self.peak) / 365)
        return np.asarray(wave / (1 + self.season))

    @cached_property
    def course(self) -> Course:
        """As the kernel reads it: worked out once, since quantiles take a tenth of a run's time."""
        kinds = 1 + len(self.variants)
        cross = np.asarray(self.cross or np.ones((kinds, kinds)), np.float64)
        most = max(*self.susceptible, 1e-12)
        strains = np.array([1.0, *(one.transmission for one in self.variants)])
        return Course(
            self.transmission * strains * most * (1 + self.season), np.asarray(self.layers, np.float64), most, self.chances(),
            np.array([1.0, *(one.severity for one in self.variants)]),
            np.stack([_days(self.durations.get(name, Duration(0))) for name in DURATIONS]), _gamma(self.dispersion),
            _gamma(self.place_dispersion), float(self.early), float(self.share), float(self.cap),
            bool(np.isfinite(self.immunity) or cross.min() < 1), cross, float(self.immunity),
        )  # fmt: skip

    def introduced(self, seeds: int) -> NDArray[np.int64]:
        """(introductions, 3): day, variant, how many."""
        rows = [(0, 0, seeds), *((one.day, at, one.seeds) for at, one in enumerate(self.variants, 1))]
        return np.array(rows, np.int64)


@lru_cache(maxsize=256)
def _days(duration: Duration) -> NDArray[np.int16]:
    """Its quantiles, which are the same for thousands of candidates of a calibration."""
    return duration.quantiles()


@lru_cache(maxsize=64)
def _gamma(shape: float) -> Floats:
    """Quantiles of a factor of mean 1."""
    if np.isinf(shape):
        return np.ones(1)
    found = gammaincinv(shape, (np.arange(_QUANTILES) + 0.5) / _QUANTILES) / shape
    return np.asarray(found / found.mean())


def names() -> tuple[str, ...]:
    """The diseases that come with the product."""
    return tuple(_shipped())


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
        name: tuple(raw[name]) if isinstance(raw[name], list) else (raw[name],) * DECADES
        for name in ("susceptible", "symptomatic", "severe", "critical", "dies")
    }
    return Disease(
        Text(**raw["name"]), raw["source"], raw["transmission"], tuple(raw["layers"][name] for name in LAYERS),
        raw.get("dispersion", float("inf")), **raw.get("load", {}), **ages,
        durations={name: Duration(mean, sd, "lognormal") for name, (mean, sd) in raw["durations"].items()},
        place_dispersion=raw.get("place_dispersion", float("inf")), season=raw.get("season", 0.0), peak=raw.get("peak", 0),
        immunity=raw.get("immunity", float("inf")), r0=raw.get("r0"),
        sources={value: Source(**one) for value, one in raw.get("sources", {}).items()},
    )  # fmt: skip
