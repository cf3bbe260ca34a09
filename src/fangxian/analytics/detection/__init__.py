"""Early warning (早期预警): which counts are too many? The methods in use around the world, for one series or a million.

Counts are an array of shape (series, time), or (time,) for one; a missing report is NaN. Every method is one function that returns a
`Detection`: expected count, upper bound and alarm for every series and time, where an alarm may be "cannot tell", with the reason.
Times are counted from 0. `METHODS` has them by name.

`compat` says whose definition counts where R's implementation and the papers differ: "R", the default, so that what people
compare with agrees to the last digit, or "paper". docs/capabilities/early-warning.md lists the differences.
"""

from fangxian.analytics.detection.cusum import cusum
from fangxian.analytics.detection.definitions import across_definitions
from fangxian.analytics.detection.ears import ears_c1, ears_c2, ears_c3
from fangxian.analytics.detection.essence import ewma, regression, switch
from fangxian.analytics.detection.farrington import farrington, farrington_flexible
from fangxian.analytics.detection.history import bayes, moving_percentile, rki
from fangxian.analytics.detection.likelihood_ratio import glr, lr
from fangxian.analytics.detection.methods import METHODS, Method, method
from fangxian.analytics.detection.outbreak_p import outbreak_p
from fangxian.analytics.detection.results import Alarm, Detection, DetectionError, Reason
from fangxian.analytics.detection.space_time import SpaceTimeDetection, stcd

__all__ = [
    "METHODS",
    "Alarm",
    "Detection",
    "DetectionError",
    "Method",
    "Reason",
    "SpaceTimeDetection",
    "across_definitions",
    "bayes",
    "cusum",
    "ears_c1",
    "ears_c2",
    "ears_c3",
    "ewma",
    "farrington",
    "farrington_flexible",
    "glr",
    "lr",
    "method",
    "moving_percentile",
    "outbreak_p",
    "regression",
    "rki",
    "stcd",
    "switch",
]
