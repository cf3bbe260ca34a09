"""A case definition that changed: counts before and after it are not the same thing, and no baseline may mix them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fangxian.analytics.detection.methods import Method
from fangxian.analytics.detection.results import Alarm, Detection, Reason


def across_definitions(by: Method, counts: ArrayLike, changed: ArrayLike, **parameters: Any) -> Detection:
    """Judge counts whose definition changed: times before it by what was before, times from it on by what came since alone.

    `changed` is the first time of the new definition, one for all or one a series (0: never changed). Until there is history enough
    the method cannot tell, and the reason is DEFINITION.
    """
    given = np.atleast_2d(np.ma.filled(np.ma.asarray(counts, np.float64), np.nan))
    first = np.broadcast_to(np.asarray(changed, np.int64), len(given))[:, None]
    later = np.arange(given.shape[1]) >= first
    old = by(given, **parameters)
    new = by(np.where(later | (first == 0), given, np.nan), **parameters)
    lost = later & (first > 0) & ~new.judged & old.judged
    return replace(
        new,
        observed=given,
        expected=np.where(later, new.expected, old.expected),
        upperbound=np.where(later, new.upperbound, old.upperbound),
        alarm=np.where(lost, Alarm.CANNOT_TELL, np.where(later, new.alarm, old.alarm)).astype(np.int8),
        reason=np.where(lost, Reason.DEFINITION, np.where(later, new.reason, old.reason)).astype(np.int8),
        details={},
    )
