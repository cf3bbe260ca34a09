"""The only readers of surveillance that others use: sources and what they owe, series, signals and alerts."""

from fangxian.surveillance.queries.alerts import alert, alerts, signals, unexplained
from fangxian.surveillance.queries.overview import board, changes, judged, sparks
from fangxian.surveillance.queries.series import series
from fangxian.surveillance.queries.sources import (
    breaks,
    charts,
    late_reports,
    my_sources,
    reports,
    sheet,
    source,
    sources,
    untested,
    versions,
)

__all__ = [
    "alert",
    "alerts",
    "board",
    "breaks",
    "changes",
    "charts",
    "judged",
    "late_reports",
    "my_sources",
    "reports",
    "series",
    "sheet",
    "signals",
    "source",
    "sources",
    "sparks",
    "unexplained",
    "untested",
    "versions",
]
