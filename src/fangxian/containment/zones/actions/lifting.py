"""Coming down: the decision to bring a zone down a level or to lift it, never before its rule is met."""

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.containment.zones import measuring, settling, writing
from fangxian.containment.zones.actions.evaluating import evaluate
from fangxian.containment.zones.actions.noticing import issue
from fangxian.containment.zones.models import Ground, Notice, Zone
from fangxian.containment.zones.rights import DECIDE
from fangxian.containment.zones.schemas import NoticeForm
from fangxian.core import clock
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action
from fangxian.core.errors import Conflict, Invalid


@action
def lift(by: Actor, code: str, version: int, rule: str, reason: str, notice: NoticeForm | None = None) -> Zone:
    """Bring a zone down by one of its rules, to a lower level or to none, and tell the public so.

    The rule is asked once more at this moment, with every case reported since. Raises Conflict while it is not met, naming what
    is missing and the first day on which it can be.
    """
    zone = writing.found(by, code, DECIDE, version)
    writing.must_be(zone, Zone.IN_FORCE)
    assert zone.decided_at is not None, "a zone in force was decided on"
    known = set(Ground.objects.filter(zone=zone).values_list("case_id", flat=True))
    fresh = set(cases.infected_since(zone.outbreak_id, zone.decided_at)) - known
    evaluate(SYSTEM, sorted(fresh))
    ways = {one.rule: one for one in measuring.status(zone)}
    if rule not in ways:
        raise Invalid(
            _("“%(rule)s” is no way down from this level.") % {"rule": rule},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(ways) or "–"},
            field="rule",
        )
    way = ways[rule]
    language = get_language() or "zh"
    if not way.met:
        day = way.earliest.isoformat() if way.earliest else _("not known yet")
        raise Conflict(
            _("Not yet: %(missing)s.") % {"missing": "; ".join(one.in_(language) for one in way.missing)},
            remedy=_("The earliest possible day is %(day)s.") % {"day": day},
            code="not_due",
            detail={
                "missing": [one.in_(language) for one in way.missing],
                "earliest": way.earliest.isoformat() if way.earliest else None,
            },
        )
    zone.reason, now = writing.reason(reason), clock.now()
    if way.to:
        zone.level, zone.level_since, zone.downgraded = way.to, now, True
        what, kind = "downgraded", Notice.DOWNGRADED
    else:
        zone.state, zone.ended_at = Zone.LIFTED, now
        what, kind = "lifted", Notice.LIFTED
    writing.saved(zone)
    writing.log(by, zone, what, said=zone.reason, data={"rule": rule})
    settling.reviewed(zone, zone.reason)
    if not way.to or _is_last(zone, way.to):
        settling.ended(zone, zone.reason)
    issue(by, zone, kind, notice)
    return zone


def _is_last(zone: Zone, level: str) -> bool:
    """Whether there is nothing left to review: from the lowest level a zone is lifted with the others."""
    rules = writing.pack_of(zone).zones
    return rules is not None and rules.levels[-1].key == level
