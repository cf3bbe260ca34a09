"""The only writers of this stage. Every function is one unit of work: right, write, journal, event, or nothing at all."""

from fangxian.cases.actions.amending import (
    amend,
    amend_many,
    discard,
    isolate,
    record_outcome,
    transfer,
)
from fangxian.cases.actions.editing import bulk_edit, preview_edit, start_edit_all
from fangxian.cases.actions.exporting import export
from fangxian.cases.actions.outbreaks import close_outbreak, open_outbreak, set_milestones
from fangxian.cases.actions.reporting import report, report_many
from fangxian.cases.actions.reviewing import correct, review
from fangxian.cases.actions.withdrawing import withdraw_cases

__all__ = [
    "amend",
    "amend_many",
    "bulk_edit",
    "close_outbreak",
    "correct",
    "discard",
    "export",
    "isolate",
    "open_outbreak",
    "preview_edit",
    "record_outcome",
    "report",
    "report_many",
    "review",
    "set_milestones",
    "start_edit_all",
    "transfer",
    "withdraw_cases",
]
