"""The only writers of isolation: sites and rooms, the loop link by link, the daily round, decisions, transport."""

from fangxian.containment.isolation.actions.allocating import accept, allocate
from fangxian.containment.isolation.actions.beginning import take_out, tell
from fangxian.containment.isolation.actions.caring import ask_errand, check, finish_errand
from fangxian.containment.isolation.actions.certifying import certify, revealing
from fangxian.containment.isolation.actions.deciding import extend, release_early, stay_together
from fangxian.containment.isolation.actions.disputing import answer, dispute, object_to
from fangxian.containment.isolation.actions.driving import (
    add_vehicle,
    board,
    cancel_trip,
    cleaned,
    end_trip,
    plan_trip,
    start_trip,
)
from fangxian.containment.isolation.actions.ending import duty_ended, retime, watch_ended, watched_again
from fangxian.containment.isolation.actions.informing import Handed, hand_letter, holder_of, open_letter
from fangxian.containment.isolation.actions.moving import bring, call_off, keep_at_home, let_go, receive, send
from fangxian.containment.isolation.actions.neighbours import neighbours_freed, tell_neighbours, withdraw_notice
from fangxian.containment.isolation.actions.rooming import keep_room, settle_in
from fangxian.containment.isolation.actions.sites import (
    add_floor,
    close_site,
    designate,
    mark_room,
    open_site,
    set_readiness,
)

__all__ = [
    "Handed", "accept", "add_floor", "add_vehicle", "allocate", "answer", "ask_errand", "board", "bring", "call_off",
    "cancel_trip", "certify", "check", "cleaned", "close_site", "designate", "dispute", "duty_ended", "end_trip",
    "extend", "finish_errand", "hand_letter", "holder_of", "keep_at_home", "keep_room", "let_go", "mark_room",
    "neighbours_freed", "object_to", "open_letter", "open_site", "plan_trip", "receive", "release_early", "retime",
    "revealing", "send", "set_readiness", "settle_in", "start_trip", "stay_together", "take_out", "tell",
    "tell_neighbours", "watch_ended", "watched_again", "withdraw_notice",
]  # fmt: skip
