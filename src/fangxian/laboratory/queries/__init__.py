"""The only readers of the laboratory that others use. Who is in a tube is masked, and shown to those alone who may know."""

from fangxian.laboratory.queries.boxes import box, boxes, custody, waiting_to_be_sealed
from fangxian.laboratory.queries.clocks import pool_clocks
from fangxian.laboratory.queries.decisions import member, members, positives, unmatched
from fangxian.laboratory.queries.lookups import outcomes, pool_members, samples_of, swabs
from fangxian.laboratory.queries.owed import test_done_by, tests_owed, tests_owed_by, told_by
from fangxian.laboratory.queries.points import point, points
from fangxian.laboratory.queries.tubes import busiest_day, counted, late, tube, tubes

__all__ = [
    "box",
    "boxes",
    "busiest_day",
    "counted",
    "custody",
    "late",
    "member",
    "members",
    "outcomes",
    "point",
    "points",
    "pool_clocks",
    "pool_members",
    "positives",
    "samples_of",
    "swabs",
    "test_done_by",
    "tests_owed",
    "tests_owed_by",
    "told_by",
    "tube",
    "tubes",
    "unmatched",
    "waiting_to_be_sealed",
]
