"""The only writers of screening. Every function is one unit of work: right, write, journal, event, or nothing at all."""

from fangxian.laboratory.screening.actions.counting import count_swabs, recount, take_results
from fangxian.laboratory.screening.actions.owing import owe
from fangxian.laboratory.screening.actions.rosters import enrol, leave, open_roster
from fangxian.laboratory.screening.actions.shifts import begin_shift, end_shift, watch_ended

__all__ = [
    "begin_shift",
    "count_swabs",
    "end_shift",
    "enrol",
    "leave",
    "open_roster",
    "owe",
    "recount",
    "take_results",
    "watch_ended",
]
