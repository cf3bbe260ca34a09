"""The only writers of testing rounds. Every function is one unit of work: right, write, journal, event, or nothing at all."""

from fangxian.laboratory.rounds.actions.asking import count_in, excuse, note_answer
from fangxian.laboratory.rounds.actions.deciding import another_round, stop_rounds
from fangxian.laboratory.rounds.actions.following import people_joined, tubes_touched
from fangxian.laboratory.rounds.actions.planning import plan_round
from fangxian.laboratory.rounds.actions.running import call_off_round, end_round, start_round

__all__ = [
    "another_round",
    "call_off_round",
    "count_in",
    "end_round",
    "excuse",
    "note_answer",
    "people_joined",
    "plan_round",
    "start_round",
    "stop_rounds",
    "tubes_touched",
]
