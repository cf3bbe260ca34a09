"""How much places hear of each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fangxian.analytics.multipoint.panel import Floats, MultipointError


def nearness(coordinates: ArrayLike, reach: float) -> Floats:
    """A Gaussian of the distance between places: (places, places) from plane coordinates (places, 2), `reach` in the same unit.

    Nothing is heard from beyond three times `reach`. For `near` of `fuse`. Raises MultipointError for coordinates that are none.
    """
    at = np.asarray(coordinates, np.float64)
    if at.ndim != 2 or at.shape[1] != 2 or not np.isfinite(at).all() or not reach > 0:
        raise MultipointError(
            "坐标应为“地点 × 2”的平面坐标，距离尺度大于 0。",
            "Coordinates are plane, places × 2, without gaps; the reach is above 0.",
        )
    apart = np.hypot(*(at[:, None, :] - at[None, :, :]).transpose(2, 0, 1)) / reach
    weight = np.where(apart <= 3, np.exp(-(apart**2) / 2), 0.0)
    np.fill_diagonal(weight, 0.0)
    return weight
