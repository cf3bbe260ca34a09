"""What time itself does: late steps climb the jurisdiction tree, releases that have come due happen, the rollup is folded.

Set-based, so that a million open steps cost one indexed statement. Run every minute by `fangxian work`; running it twice, or
after a week's silence, does no harm: it looks at what is late now.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

from django.db import connection

from fangxian.core import clock
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, emit, record
from fangxian.duties import coverage, packs
from fangxian.duties.actions import release
from fangxian.duties.events import StepsEscalated
from fangxian.duties.models import Duty, Step
from fangxian.duties.planning import RELEASE
from fangxian.registry.levels import LEVELS

#: Steps in one journal line, and releases in one transaction; more would be unwieldy.
_CHUNK = 5000


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did: steps escalated, subjects released, rollup rows folded."""

    escalated: int
    released: int
    folded: int


def sweep() -> Swept:
    """Do all three, each in a transaction of its own. Releases first: who may go home is not late."""
    due = _due_for_release()
    chunks = (due[start : start + _CHUNK] for start in range(0, len(due), _CHUNK))
    released = sum(release_met(SYSTEM, chunk) for chunk in chunks)
    return Swept(escalate(SYSTEM), released, coverage.fold())


def _due_for_release() -> list[int]:
    """The duties whose time has come, first of all; of those that were not ready then, only such as wait for somebody else.

    For the others nothing changes but by work done on them, and whoever does it asks for the release again (`actions.release`).
    """
    gates = Step.objects.filter(key=RELEASE, state=Step.OPEN, due_at__lte=clock.now()).order_by("due_at")
    rows = gates.values_list("duty_id", "escalated_to", "duty__pack", "kind")
    return [duty for duty, late_since, pack, kind in rows if not late_since or _waits_for_others(pack, kind)]


@lru_cache(maxsize=1024)
def _waits_for_others(pack: str, kind: str) -> bool:
    release_rule = packs.by_reference(pack).duty(kind).release
    return release_rule is not None and any(need.of is not None for need in release_rule.needs)


@action
def release_met(by: Actor, duty_ids: Sequence[int]) -> int:
    """Release those of these subjects whose rule is met; how many were."""
    return release(by, list(Duty.objects.select_for_update().filter(pk__in=duty_ids).order_by("id")))


@action
def escalate(by: Actor) -> int:
    """Tell the next jurisdiction up of every step whose alarm has come; how many there were.

    A step is late at its due time, and again every `alarm_every` seconds: from its post's jurisdiction to the one above, up to
    the province, where it stays (with nobody further to tell) until it is settled.
    """
    now = clock.now()
    told: dict[str, list[tuple[int, list[Any]]]] = defaultdict(list)
    late = Step.objects.filter(state=Step.OPEN, alarm_at__lte=now)
    for every in late.order_by().values_list("alarm_every", flat=True).distinct():
        with connection.cursor() as cursor:
            cursor.execute(
                _ESCALATE, {"now": _stamp(now), "next": _stamp(now + timedelta(seconds=every)), "every": every}
            )
            for step_id, duty_id, key, attempt, area in cursor.fetchall():
                told[area].append((step_id, [duty_id, key, attempt]))
    for area, rows in sorted(told.items()):
        for start in range(0, len(rows), _CHUNK):
            chunk = rows[start : start + _CHUNK]
            steps = [named for _pk, named in chunk]
            record(
                by, "duty.escalated", ("area", int(area or 0)), area=area, data={"steps": steps, "at": now.isoformat()}
            )
            emit(StepsEscalated(area, tuple(pk for pk, _named in chunk)))
    return sum(map(len, told.values()))


def _stamp(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


_LENGTHS = sorted(length for length in LEVELS if length)
_CURRENT = "CASE escalated_to WHEN '' THEN post_area ELSE escalated_to END"
#: The code of the jurisdiction above: cut to the next shorter length of a level.
_PARENT = (
    f"CASE length({_CURRENT}) "
    + " ".join(f"WHEN {own} THEN substr({_CURRENT}, 1, {above})" for above, own in pairwise(_LENGTHS))
    + f" ELSE {_CURRENT} END"
)
_ESCALATE = f"""
UPDATE duties_step
SET escalated_to = {_PARENT},
    alarm_at = CASE WHEN length({_CURRENT}) <= {_LENGTHS[1]} THEN NULL ELSE %(next)s END
WHERE state = 'open' AND alarm_at <= %(now)s AND alarm_every = %(every)s
RETURNING id, duty_id, key, attempt, escalated_to
"""
