"""What the rule of zones cannot see: stays without a place on record or a point, residences known too roughly."""

from datetime import timedelta

from fangxian.cases import queries as cases
from fangxian.containment.zones import evidence
from fangxian.containment.zones.schemas import Unplaced
from fangxian.core import clock
from fangxian.core.access import Actor

#: How far back it is looked for: longer ago nothing is drawn any more.
LOOK_BACK = timedelta(days=14)


def unplaced(by: Actor, outbreak: str, area: str = "") -> list[Unplaced]:
    """Stays and residences of the cases of the last fourteen days that cannot be put on the map: somebody has to say where that is.

    Only of cases that the actor may see. Raises NotAllowed without the right to draw zones there.
    """
    by.must("zones.edit", area or None)
    outbreak_id = cases.outbreak_id(outbreak)
    if outbreak_id is None:
        return []
    known = cases.infected_since(outbreak_id, clock.now() - LOOK_BACK, area)
    gathered = evidence.gather(known)
    return [
        Unplaced(gathered.cases[one.case_id].code, one.what, one.from_at, one.to_at)
        for one in gathered.loose
        if by.may("cases.view", gathered.cases[one.case_id].area)
    ]
