"""The only writers of duties: open, complete, waive, hand over, send back, re-time, close. Each leaves its line in the journal."""

from fangxian.duties.actions.doing import ask_for_help, complete, hand_over, reassign, send_back, waive
from fangxian.duties.actions.ending import close, end_all, release, set_anchors, withdraw
from fangxian.duties.actions.opening import open_due
from fangxian.duties.actions.photographing import attach, expire, look
from fangxian.duties.actions.together import Done, complete_many
from fangxian.duties.actions.undoing import reopen

__all__ = [
    "Done",
    "ask_for_help",
    "attach",
    "close",
    "complete",
    "complete_many",
    "end_all",
    "expire",
    "hand_over",
    "look",
    "open_due",
    "reassign",
    "release",
    "reopen",
    "send_back",
    "set_anchors",
    "waive",
    "withdraw",
]
