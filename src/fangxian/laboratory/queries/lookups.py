"""What the stages above ask of samples; the caller has checked the right. No names."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from fangxian.laboratory.models import Member, Positive, Swab, Tube
from fangxian.laboratory.schemas import Outcome, PoolMember


def outcomes(tube_ids: Iterable[int], people: Collection[int] | QuerySet[Any, Any] | None = None) -> list[Outcome]:
    """What is told now of each person in these tubes, the oldest sample first; of these people alone, where they are named or a
    condition of another stage says who. One query."""
    rows = Swab.objects.filter(tube__in=list(tube_ids))
    if people is not None:
        rows = rows.filter(person_id__in=people)
    return [_outcome(row) for row in rows.select_related("tube").order_by("tube__sampled_at", "pk")]


def samples_of(person_ids: Iterable[int], *, limit: int = 50) -> list[Outcome]:
    """The latest samples of people (every record of one human), the newest first, with or without a result. One query."""
    rows = Swab.objects.filter(person__in=list(person_ids)).select_related("tube")
    return [_outcome(row) for row in rows.order_by("-pk")[:limit]]


def swabs(people: Iterable[int], since: datetime, until: datetime) -> list[Outcome]:
    """Swabs of these records of people that were taken from `since` until before `until` and did not come to nothing (rejected,
    lost), the oldest first, with or without a result. One query."""
    rows = Swab.objects.filter(person__in=list(people), tube__sampled_at__gte=since, tube__sampled_at__lt=until)
    kept = rows.exclude(tube__state__in=(Tube.REJECTED, Tube.LOST)).select_related("tube")
    return [_outcome(row) for row in kept.order_by("tube__sampled_at", "pk")]


def pool_members(
    *, pools: Collection[int] = (), members: Collection[int] = (), singles: Collection[int] = ()
) -> list[PoolMember]:
    """Members of these positive pools (keys of tubes), these members, or those whose own tube is one of these. Two queries."""
    wanted = Q(pool__in=pools) | Q(pk__in=members) | Q(single__in=singles)
    rows = list(Member.objects.filter(wanted).select_related("pool").order_by("pk"))
    positive = [row.single_id for row in rows if row.state == Member.POSITIVE]
    declined = set(
        Positive.objects.filter(tube__in=positive, state=Positive.DECLINED).values_list("tube_id", flat=True)
    )
    return [
        PoolMember(
            row.pk, row.pool_id, row.pool.code, row.person_id, row.area, row.pack, row.pool.outbreak_id,
            row.pool.sampled_at, Positive.DECLINED if row.single_id in declined else row.state,
        )
        for row in rows
    ]  # fmt: skip


def _outcome(row: Swab) -> Outcome:
    tube = row.tube
    return Outcome(
        tube.pk,
        tube.code,
        tube.kind,
        tube.people,
        row.person_id,
        tube.value,
        tube.ct,
        tube.sampled_at,
        tube.resulted_at,
    )
