"""What the engine of duties is told of a zone: its level, its clock anchors, and that it was drawn."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from django.db.models import Max
from django.utils.translation import get_language

from fangxian.cases.schemas import DISCARDED
from fangxian.containment.zones.models import Ground, Zone
from fangxian.core.access import within
from fangxian.duties import packs, subjects
from fangxian.duties.subjects import Described, Subject

KIND = "zone"
DRAWN = "zone.drawn"
#: Duties whose steps this stage keeps to its own actions: a notice is published, a review ends in a decision.
NOTICE, REVIEW = "zone.notice", "zone.review"
STAGE = "zones"
_CHUNK = 2000


def anchors(zone: Zone) -> dict[str, datetime]:
    """The clock anchors of a zone in force: when it was drawn, and when the last infection inside became known."""
    assert zone.decided_at is not None, "only a zone in force has duties"
    last = (
        Ground.objects.filter(zone=zone)
        .exclude(case__classification=DISCARDED)
        .aggregate(last=Max("infected_at"))["last"]
    )
    return {
        "identified_at": zone.decided_at,
        "last_infection_at": max(filter(None, [last, zone.decided_at])),
    }


def of(zone: Zone) -> Subject:
    """A zone as the engine sees it, under the rules of its pack in force where it lies."""
    return Subject(
        kind=KIND,
        id=zone.pk,
        area=zone.area,
        pack=packs.by_reference(zone.pack).id,
        facts={"zone_level": zone.level},
        anchors=anchors(zone),
    )


def _everything(area: str) -> Iterator[tuple[str, Subject]]:
    """Every zone that ever was in force within an area, some at a time. What it was drawn as is what it is owed for."""
    last = 0
    drawn = Zone.objects.filter(within(area), decided_at__isnull=False).exclude(state=Zone.DECLINED)
    while chunk := list(drawn.filter(pk__gt=last).order_by("pk")[:_CHUNK]):
        last = chunk[-1].pk
        for zone in chunk:
            first = zone.changes.filter(what="accepted").order_by("at", "id").values_list("level", flat=True).first()
            zone.level = first or zone.level
            yield DRAWN, of(zone)


def _described(wanted: Iterable[int]) -> Mapping[int, Described]:
    chinese = (get_language() or "zh").startswith("zh")
    rows = Zone.objects.filter(pk__in=list(wanted)).values_list("pk", "code", "name_zh", "name_en")
    return {pk: Described(zh if chinese else en, code, f"/zones/{code}/") for pk, code, zh, en in rows}


subjects.register(KIND, provider=_everything, describer=_described, right="zones.view")
subjects.reserve(NOTICE, STAGE)
subjects.reserve(REVIEW, STAGE)
