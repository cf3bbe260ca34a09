"""The only readers of testing rounds that others use."""

from fangxian.laboratory.rounds.queries.coverage import patches, split, workers
from fangxian.laboratory.rounds.queries.following import result_of, what_follows
from fangxian.laboratory.rounds.queries.people import exempt, households_missing, missing, newcomers, on_roll
from fangxian.laboratory.rounds.queries.points import appointments, points
from fangxian.laboratory.rounds.queries.rounds import any_running, goals, round_of, rounds, running

__all__ = [
    "any_running",
    "appointments",
    "exempt",
    "goals",
    "households_missing",
    "missing",
    "newcomers",
    "on_roll",
    "patches",
    "points",
    "result_of",
    "round_of",
    "rounds",
    "running",
    "split",
    "what_follows",
    "workers",
]
