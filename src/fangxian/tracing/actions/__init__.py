"""The only writers of tracing. Each checks the right, writes, leaves its line in the journal and tells of it."""

from fangxian.tracing.actions.becoming import become_case, hold_infector
from fangxian.tracing.actions.boarding import send_journeys
from fangxian.tracing.actions.exporting import export_contacts, export_found
from fangxian.tracing.actions.exposing import amend_exposure, expose, expose_many
from fangxian.tracing.actions.finding import confirm, confirm_all, find_contacts, start_confirming, strike
from fangxian.tracing.actions.following import clear, dismiss, hold, lose, not_reached, rule_out, visit
from fangxian.tracing.actions.importing import (
    begin_import,
    choose_columns,
    correct_import,
    forget_import,
    forget_old,
    set_recipe,
    start_import,
    undo_import,
)
from fangxian.tracing.actions.investigating import assign, close_investigation
from fangxian.tracing.actions.staying import SEND, drop_stays, forget_stays, send_stays, tidy_stays
from fangxian.tracing.actions.tracking import add_stay, add_stays, edit_stay, remove_stay
from fangxian.tracing.sourcing import find_shared_places

__all__ = [
    "SEND",
    "add_stay",
    "add_stays",
    "amend_exposure",
    "assign",
    "become_case",
    "begin_import",
    "choose_columns",
    "clear",
    "close_investigation",
    "confirm",
    "confirm_all",
    "correct_import",
    "dismiss",
    "drop_stays",
    "edit_stay",
    "export_contacts",
    "export_found",
    "expose",
    "expose_many",
    "find_contacts",
    "find_shared_places",
    "forget_import",
    "forget_old",
    "forget_stays",
    "hold",
    "hold_infector",
    "lose",
    "not_reached",
    "remove_stay",
    "rule_out",
    "send_journeys",
    "send_stays",
    "set_recipe",
    "start_confirming",
    "start_import",
    "strike",
    "tidy_stays",
    "undo_import",
    "visit",
]
