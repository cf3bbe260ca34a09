"""The only writers of zones. Each checks the right, writes, leaves its line in the journal and tells of it."""

from fangxian.containment.zones.actions.deciding import annul, decide, edit, propose
from fangxian.containment.zones.actions.evaluating import evaluate, reconsider
from fangxian.containment.zones.actions.lifting import lift
from fangxian.containment.zones.actions.noticing import catch_up, publish
from fangxian.containment.zones.actions.testing import record_round, take_round

__all__ = [
    "annul",
    "catch_up",
    "decide",
    "edit",
    "evaluate",
    "lift",
    "propose",
    "publish",
    "reconsider",
    "record_round",
    "take_round",
]
