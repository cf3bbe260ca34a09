"""The only writers of testing rounds. Every function is one unit of work: right, write, journal, event, or nothing at all."""

from fangxian.laboratory.rounds.actions.asking import answer, count_in, exempt
from fangxian.laboratory.rounds.actions.deciding import go_on, stop
from fangxian.laboratory.rounds.actions.following import people_joined, tubes_touched
from fangxian.laboratory.rounds.actions.planning import plan
from fangxian.laboratory.rounds.actions.running import call_off, end, start

__all__ = [
    "answer",
    "call_off",
    "count_in",
    "end",
    "exempt",
    "go_on",
    "people_joined",
    "plan",
    "start",
    "stop",
    "tubes_touched",
]
