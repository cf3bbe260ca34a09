"""The reproduction number (再生数): is the outbreak growing, and how fast?

`estimate_r` gives the instantaneous reproduction number of EpiEstim in sliding windows from a given serial interval;
`estimate_r_parametric` from its mean and standard deviation, `estimate_r_uncertain` where these are not known well. `wallinga_teunis`
gives the cohort reproduction number, and `discr_si` a serial interval from its mean and standard deviation. One series
or many: incidence has the shape (day,) or (series, day).
"""

from fangxian.analytics.reproduction.cohort import wallinga_teunis
from fangxian.analytics.reproduction.renewal import (
    estimate_r,
    estimate_r_parametric,
    estimate_r_uncertain,
    overall_infectivity,
)
from fangxian.analytics.reproduction.results import QUANTILES, Reproduction
from fangxian.analytics.reproduction.serial_interval import ReproductionError, discr_si

__all__ = [
    "QUANTILES",
    "Reproduction",
    "ReproductionError",
    "discr_si",
    "estimate_r",
    "estimate_r_parametric",
    "estimate_r_uncertain",
    "overall_infectivity",
    "wallinga_teunis",
]
