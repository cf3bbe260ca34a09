"""Nowcasting (现时预测): what the newest days will look like when all their reports are in, and how long reports take.

`reporting_triangle` counts cases by day and delay, `chain_ladder` and `bayesian` complete it, `delay_distribution` gives the delays that it
implies. `fit_delay` fits incubation period, onset-to-report delay or serial interval, right truncation allowed for.
"""

from fangxian.analytics.nowcasting.bayesian import bayesian
from fangxian.analytics.nowcasting.chain_ladder import Nowcast, chain_ladder, delay_distribution
from fangxian.analytics.nowcasting.delays import Delay, fit_delay
from fangxian.analytics.nowcasting.triangle import NowcastError, reporting_triangle

__all__ = [
    "Delay",
    "Nowcast",
    "NowcastError",
    "bayesian",
    "chain_ladder",
    "delay_distribution",
    "fit_delay",
    "reporting_triangle",
]
