"""Wastewater made comparable from day to day (污水监测归一化): by the flow and the people behind it, or by how faecal the sample is.

Source: CDC National Wastewater Surveillance System, data analytics; PMMoV (pepper mild mottle virus) as the measure of faecal
strength after Rosario et al., Appl Environ Microbiol 75 (2009) 7261-7267.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
_LITRES = 1000.0


def per_person(copies: ArrayLike, flow: ArrayLike, population: ArrayLike) -> Floats:
    """Gene copies that one person sheds into the sewer in a day: copies/L × flow (m³/d) × 1000 ÷ people.

    Arrays of one shape; NaN where any of them is missing, or where nobody is served.
    """
    return ratio(np.asarray(copies, np.float64) * np.asarray(flow, np.float64) * _LITRES, population)


def ratio(part: ArrayLike, whole: ArrayLike) -> Floats:
    """Part over whole, such as copies per copy of PMMoV, or positive of tested; NaN where the whole is missing or 0."""
    below = np.asarray(whole, np.float64)
    above = np.asarray(part, np.float64)
    found: Floats = np.full(np.broadcast(above, below).shape, np.nan)
    np.divide(above, below, out=found, where=below > 0)
    return found
