"""The only writers of the laboratory. Every function is one unit of work: right, write, journal, event, or nothing at all."""

from fangxian.laboratory.actions.boxing import hand_over_box, receive_box, seal_box
from fangxian.laboratory.actions.collecting import collect, collect_many
from fangxian.laboratory.actions.correcting import cancel_result, correct_result
from fangxian.laboratory.actions.deciding import decline_positive, open_case
from fangxian.laboratory.actions.filing import start_results
from fangxian.laboratory.actions.matching import dismiss_result, match_result
from fangxian.laboratory.actions.points import close_point, open_point, print_labels
from fangxian.laboratory.actions.setting_aside import lose_tube, reject_tube, relabel_tube
from fangxian.laboratory.actions.telling import report_result, report_results

__all__ = [
    "cancel_result",
    "close_point",
    "collect",
    "collect_many",
    "correct_result",
    "decline_positive",
    "dismiss_result",
    "hand_over_box",
    "lose_tube",
    "match_result",
    "open_case",
    "open_point",
    "print_labels",
    "receive_box",
    "reject_tube",
    "relabel_tube",
    "report_result",
    "report_results",
    "seal_box",
    "start_results",
]
