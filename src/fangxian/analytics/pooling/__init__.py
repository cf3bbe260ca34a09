"""Pooled testing (混检): which design takes the fewest tubes or hours, and who the carriers are.

>>> from fangxian.analytics.pooling import choose
>>> choice = choose(1000, 0.01)
>>> choice.chosen.design.name, choice.chosen.pools, round(choice.chosen.tests_per_sample, 2)  # doctest: +SKIP
"""

from fangxian.analytics.pooling.assay import Assay
from fangxian.analytics.pooling.choosing import METHODS, Choice, Estimate, Forecast, Laboratory, choose, forecast
from fangxian.analytics.pooling.decoding import CLEAR, SURE, Decoded, decode
from fangxian.analytics.pooling.designs import Array, Combinatorial, Design, Dorfman, Halving, Household, Individual
from fangxian.analytics.pooling.drawing import drawn
from fangxian.analytics.pooling.errors import PoolingError
from fangxian.analytics.pooling.reading import Layout, read_design, read_results, write_design

__all__ = [
    "CLEAR",
    "METHODS",
    "SURE",
    "Array",
    "Assay",
    "Choice",
    "Combinatorial",
    "Decoded",
    "Design",
    "Dorfman",
    "Estimate",
    "Forecast",
    "Halving",
    "Household",
    "Individual",
    "Laboratory",
    "Layout",
    "PoolingError",
    "choose",
    "decode",
    "drawn",
    "forecast",
    "read_design",
    "read_results",
    "write_design",
]
