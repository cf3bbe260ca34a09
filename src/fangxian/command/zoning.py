"""Zones where there is nobody to decide: in a replay and in the demonstration somebody else's policy takes the decisions.

What is proposed is put into force and told. The round that a rule asks for is taken to have been held, everybody tested and
negative, on the first day on which nothing else is missing: lists of cases tell of no rounds. What may come down comes down.
"""

from collections.abc import Callable

from fangxian.containment.zones import actions, queries
from fangxian.containment.zones.schemas import LiftStatus, ZoneFilter, ZoneRow
from fangxian.core import clock
from fangxian.core.access import Actor

#: What a round can bring about.
_ROUNDS = frozenset({"negative_round_day", "negative_round_age"})
_PAGE = 500


def accept(by: Actor, reason: str, keep: Callable[[ZoneRow], bool] = lambda row: False) -> int:
    """Put every proposal into force but those to keep for a person, and publish it; how many that were."""
    done = 0
    while waiting := [row for row in queries.proposals(by) if not keep(row)]:
        for row in waiting:
            version = actions.decide(by, row.code, row.version, True, reason).version
            actions.publish(by, row.code, version)
        done += len(waiting)
    return done


def come_down(by: Actor, reason: str, tested: Callable[[ZoneRow], int] = lambda row: 1) -> int:
    """Bring down whatever may come down today, holding the round that is the last thing missing; how many decisions that were."""
    done, ahead = 0, True
    while ahead:
        ahead = False
        for row in _in_force(by):
            if row.due or (row.earliest == clock.today() and _round_is_missing(by, row, tested)):
                done += _lift(by, row, reason)
                ahead = True
    return done


def counts(by: Actor) -> dict[str, int]:
    """How many zones were ever proposed, and how many are lifted."""
    proposed = lifted = 0
    cursor = ""
    while True:
        page = queries.zones(by, ZoneFilter(), cursor=cursor, limit=_PAGE)
        proposed += len(page.rows)
        lifted += sum(row.state == "lifted" for row in page.rows)
        if not (cursor := page.cursor):
            return {"proposed": proposed, "lifted": lifted}


def _in_force(by: Actor) -> list[ZoneRow]:
    return [row for row in queries.in_force(by) if isinstance(row, ZoneRow)]


def _round_is_missing(by: Actor, row: ZoneRow, tested: Callable[[ZoneRow], int]) -> bool:
    """Whether a round was all that was missing, which is now held."""
    for way in queries.lift_status(by, row.code):
        missing = {part.fact for part in way.parts if part.met is not True}
        if missing and missing <= _ROUNDS:
            actions.record_round(by, row.code, clock.today(), max(1, tested(row)), 0)
            return True
    return False


def _lift(by: Actor, row: ZoneRow, reason: str) -> int:
    way: LiftStatus | None = next((one for one in queries.lift_status(by, row.code) if one.met), None)
    if way is None:
        return 0
    actions.lift(by, row.code, row.version, way.rule, reason)
    return 1
