"""Multi-point trigger (人物地多点触发): many sources, none of which is sure alone, fused into one alert for each place.

`panel` checks and keeps what was reported, `fuse` judges every day of it; `Fusion` takes in one day after the other. `counties` draws
places to try it on, `evaluation` says how good a rule is there.
"""

from fangxian.analytics.multipoint.counties import Counties, counties
from fangxian.analytics.multipoint.fusing import Fusion, Today, fuse
from fangxian.analytics.multipoint.learning import TRUSTED, taught, trust
from fangxian.analytics.multipoint.neighbours import nearness
from fangxian.analytics.multipoint.panel import MultipointError, Panel, Source, panel
from fangxian.analytics.multipoint.results import Alert, Alerts, Grade

__all__ = [
    "TRUSTED",
    "Alert",
    "Alerts",
    "Counties",
    "Fusion",
    "Grade",
    "MultipointError",
    "Panel",
    "Source",
    "Today",
    "counties",
    "fuse",
    "nearness",
    "panel",
    "taught",
    "trust",
]
