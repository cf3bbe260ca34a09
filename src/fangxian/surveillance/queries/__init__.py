"""The only readers of surveillance that others use: sources and what they owe, series, signals and alerts."""

from fangxian.surveillance.queries.alerts import alert, alerts, signals, unexplained
from fangxian.surveillance.queries.series import series
from fangxian.surveillance.queries.sources import (
    breaks,
    late_reports,
    my_sources,
    reports,
    source,
    sources,
    untested,
    versions,
)

__all__ = [
    "alert",
    "alerts",
    "breaks",
    "late_reports",
    "my_sources",
    "reports",
    "series",
    "signals",
    "source",
    "sources",
    "unexplained",
    "untested",
    "versions",
]
