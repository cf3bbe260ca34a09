"""What the engine of duties is told of the laboratory: a box on its way, a positive result, a member of a positive pool."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from fangxian.core.access import within
from fangxian.duties import subjects
from fangxian.duties.subjects import Described, Subject
from fangxian.laboratory.models import Box, Member, Positive
from fangxian.registry import queries as registry

#: The name under which the stage keeps these duties to its own actions.
STAGE = "laboratory"
BOX, SAMPLE, MEMBER = "box", "sample", "member"
TRANSPORT, RESULT, REPORT, FOLLOW_UP = "sample.transport", "sample.result", "sample.report", "pool.followup"
SEALED, RECEIVED, POSITIVE, POOL = "box.sealed", "sample.received", "sample.positive", "pool.positive"
DELIVER, REPORTED, DECIDE, HOLD, RETEST = "deliver", "result", "decide", "hold", "retest"
_CHUNK = 2000


def of_box(box: Box) -> Subject:
    """A box: whoever sent it answers until a laboratory has it, which then answers for the results."""
    anchors: dict[str, datetime] = {"sampled_at": box.first_sampled_at}
    if box.received_at is not None:
        anchors["received_at"] = box.received_at
    holders = {"sampler": box.organisation_id, "lab": box.laboratory_id}
    return Subject(BOX, box.pk, box.area, box.pack, anchors=anchors, holders=holders)


def of_positive(one: Positive) -> Subject:
    """A positive result of one person, by the key of its tube."""
    return Subject(SAMPLE, one.tube_id, one.area, one.tube.pack, anchors={"detected_at": one.at})


def of_member(one: Member) -> Subject:
    """Somebody of a positive pool, where they live."""
    return Subject(MEMBER, one.pk, one.area, one.pack, anchors={"detected_at": one.since})


def _boxes(area: str) -> Iterator[tuple[str, Subject]]:
    for box in _all(Box.objects.filter(within(area))):
        yield SEALED, of_box(box)
        if box.received_at is not None:
            yield RECEIVED, of_box(box)


def _positives(area: str) -> Iterator[tuple[str, Subject]]:
    # Of a person who had a case already there was nothing to decide.
    for one in _all(
        Positive.objects.filter(within(area)).exclude(state=Positive.CASE, opened=False).select_related("tube")
    ):
        yield POSITIVE, of_positive(one)


def _members(area: str) -> Iterator[tuple[str, Subject]]:
    for one in _all(Member.objects.filter(within(area))):
        yield POOL, of_member(one)


def _all(rows: QuerySet[Any]) -> Iterator[Any]:
    last = 0
    while chunk := list(rows.filter(pk__gt=last).order_by("pk")[:_CHUNK]):
        last = chunk[-1].pk
        yield from chunk


def _described_boxes(ids: Iterable[int]) -> Mapping[int, Described]:
    rows = Box.objects.filter(pk__in=list(ids)).values_list("pk", "code", "tubes")
    return {
        pk: Described(_("Box of %(n)s tubes") % {"n": tubes}, code, f"/samples/boxes/{code}/")
        for pk, code, tubes in rows
    }


def _described_positives(ids: Iterable[int]) -> Mapping[int, Described]:
    rows = list(Positive.objects.filter(tube__in=list(ids)).values_list("tube_id", "tube__code", "person_id"))
    doors = registry.doors(person for _pk, _code, person in rows)
    return {pk: Described(doors[person][0], code, f"/samples/{code}/", doors[person][1]) for pk, code, person in rows}


def _described_members(ids: Iterable[int]) -> Mapping[int, Described]:
    rows = list(Member.objects.filter(pk__in=list(ids)).values_list("pk", "pool__code", "person_id"))
    doors = registry.doors(person for _pk, _code, person in rows)
    return {
        pk: Described(doors[person][0], code, f"/samples/members/{pk}/", doors[person][1]) for pk, code, person in rows
    }


subjects.register(BOX, provider=_boxes, describer=_described_boxes, right="samples.view")
subjects.register(SAMPLE, provider=_positives, describer=_described_positives, right="samples.view")
subjects.register(MEMBER, provider=_members, describer=_described_members)
for _kind in (TRANSPORT, RESULT, REPORT):
    subjects.reserve(_kind, STAGE)
