"""Cases that were entered by mistake: zones that the rule proposed for them alone go with them; decided ones keep their cases."""

from collections.abc import Collection

from fangxian.cases import rests
from fangxian.containment.zones import subject, writing
from fangxian.containment.zones.models import Ground, Zone
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import record
from fangxian.duties import actions as duties


def kept(case_ids: Collection[int]) -> set[int]:
    """Those of the cases that are a ground of a zone with which a person has dealt."""
    grounds = Ground.objects.filter(case_id__in=list(case_ids))
    dealt = grounds.exclude(zone__state__in=(Zone.PROPOSED, Zone.WITHDRAWN)) | grounds.filter(
        zone__state=Zone.PROPOSED, zone__changes__by__isnull=False
    )
    return set(dealt.values_list("case_id", flat=True))


def let_go(by: Actor, case_ids: Collection[int], reason: str) -> None:
    """Take these cases out of the grounds of zones; a proposal that rests on nothing else is gone, with its duty."""
    grounds = Ground.objects.filter(case_id__in=list(case_ids))
    touched = set(grounds.values_list("zone_id", flat=True))
    grounds.delete()
    bare = Zone.objects.filter(pk__in=touched, state=Zone.PROPOSED, grounds__isnull=True)
    gone = list(bare.select_for_update(of=("self",)).order_by("pk"))
    for zone in gone:
        record(by, "zone.unmade", (subject.KIND, zone.pk), area=zone.area, data={"code": zone.code, "reason": reason})
    for zone in Zone.objects.filter(pk__in=touched, state=Zone.PROPOSED, grounds__isnull=False).distinct():
        writing.saved(zone)  # whoever is about to decide is to see that it rests on less
        writing.log(SYSTEM, zone, "proposed", said=reason)
    duties.withdraw(by, subject.KIND, [zone.pk for zone in gone], reason)
    Zone.objects.filter(pk__in=[zone.pk for zone in gone]).delete()


rests.register(kept, let_go)
