"""The only writers of duties: open, complete, waive, hand over, send back, re-time, close. Each leaves its line in the journal."""

from fangxian.duties.actions.doing import complete, hand_over, reassign, send_back, waive
from fangxian.duties.actions.ending import close, end_all, release, set_anchors
from fangxian.duties.actions.opening import open_due

__all__ = [
    "close",
    "complete",
    "end_all",
    "hand_over",
    "open_due",
    "reassign",
    "release",
    "send_back",
    "set_anchors",
    "waive",
]
