"""The only writers of the laboratory. Every function is one unit of work: right, write, journal, event, or nothing at all."""

from fangxian.laboratory.actions.boxing import hand_over, receive, seal
from fangxian.laboratory.actions.collecting import collect, collect_many
from fangxian.laboratory.actions.correcting import cancel, correct
from fangxian.laboratory.actions.deciding import decline, open_case
from fangxian.laboratory.actions.matching import dismiss, match
from fangxian.laboratory.actions.points import close_point, open_point, print_labels
from fangxian.laboratory.actions.setting_aside import lose, reject, relabel
from fangxian.laboratory.actions.telling import report, report_many

__all__ = [
    "cancel",
    "close_point",
    "collect",
    "collect_many",
    "correct",
    "decline",
    "dismiss",
    "hand_over",
    "lose",
    "match",
    "open_case",
    "open_point",
    "print_labels",
    "receive",
    "reject",
    "relabel",
    "report",
    "report_many",
    "seal",
]
