"""The clocks of a positive pool: from the swab to the result, its members told to stay, sampled alone, told of, decided about."""

from fangxian.core.access import Actor
from fangxian.laboratory import finding, subject
from fangxian.laboratory.models import HandOver, Member, Positive
from fangxian.laboratory.queries.decisions import steps_of
from fangxian.laboratory.schemas import PoolClocks


def pool_clocks(by: Actor, code: str) -> PoolClocks:
    """Every instant of a pool and of those of its members whom the actor may know of. Raises NotFound. Five queries."""
    tube = finding.tube(by, code, joined=("box",))
    box = tube.box
    handed = tuple(HandOver.objects.filter(box=box).order_by("pk").values_list("at", flat=True)) if box else ()
    members = list(Member.objects.filter(by.scope(finding.MEMBERS), pool=tube).select_related("single").order_by("pk"))
    steps = steps_of(members)
    singles = [one.single for one in members if one.single is not None]
    decided = Positive.objects.filter(tube__in=[one.pk for one in singles]).exclude(state=Positive.WITHDRAWN)
    positives = list(decided.select_related("case").order_by("pk")) if by.may(finding.PEOPLE, tube.area) else []
    holds = [steps.get((one.pk, subject.HOLD), (None, None)) for one in members]
    retests = [steps.get((one.pk, subject.RETEST), (None, None)) for one in members]
    return PoolClocks(
        code=tube.code, area=tube.area, people=tube.people, sampled_at=tube.sampled_at, sealed_at=box.sealed_at if box else None,
        handed_at=handed, received_at=tube.received_at,
        told_at=tube.resulted_at if tube.value == "positive" else None, due_at=tube.due_at, members=len(members),
        held_at=tuple(sorted(done for done, _due in holds if done)), hold_due_at=max((due for _done, due in holds if due), default=None),
        sampled_alone_at=tuple(sorted(one.sampled_at for one in singles)),
        told_alone_at=tuple(sorted(one.resulted_at for one in singles if one.resulted_at)),
        retest_due_at=max((due for _done, due in retests if due), default=None),
        free=sum(one.state in (Member.NEGATIVE, Member.FREED) for one in members),
        positive=sum(one.state == Member.POSITIVE for one in members),
        decided_at=tuple(one.decided_at for one in positives if one.decided_at),
        cases=tuple(one.case.code for one in positives if one.case is not None),
    )  # fmt: skip
