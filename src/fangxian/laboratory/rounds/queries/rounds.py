"""Reading rounds: a list, and one of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from fangxian.core.access import Actor, within
from fangxian.duties import packs
from fangxian.laboratory.rounds import finding, rules, standing
from fangxian.laboratory.rounds.models import NUMBERS, Listed, Patch, Round
from fangxian.laboratory.rounds.schemas import RoundCount, RoundGoal, RunningRound, TestingRound
from fangxian.registry import queries as registry
from fangxian.text import Text


def rounds(
    by: Actor, area: str = "", *, state: str = "", after: int | None = None, limit: int = 50
) -> list[TestingRound]:
    """Rounds of which the actor may know, the newest first; `after` is the id of the last one read. Three queries."""
    found = Round.objects.filter(finding.visible(by))
    if area:
        found = found.filter(within(area))
    if state:
        found = found.filter(state=state)
    if after is not None:
        found = found.filter(pk__lt=after)
    return _shown(by, list(found.order_by("-pk")[:limit]))


def running(by: Actor, area: str = "", *, outbreak: str = "", limit: int = 5) -> list[RunningRound]:
    """Rounds that go on in a jurisdiction, or are over and not decided on, those due first first; of an outbreak (its code) on
    request, and of none. Ten queries at most.
    """
    rows = list(_running(by, area, outbreak).order_by("due_at", "pk")[:limit])
    if not rows:
        return []
    wholly = [row for row in rows if by.may(finding.VIEW, row.area)]
    told = standing.series_of(wholly) if wholly else {}
    pools = _positive_pools(by, rows, area)
    return [
        RunningRound(shown, pools.get(row.pk, 0), *told.get(row.pk, (None, 0, 0)))
        for row, shown in zip(rows, _shown(by, rows, area), strict=True)
    ]


def any_running(by: Actor, area: str = "", *, outbreak: str = "") -> bool:
    """Whether there is any such round. One query."""
    return _running(by, area, outbreak).exists()


def _running(by: Actor, area: str, outbreak: str) -> QuerySet[Round]:
    there = Patch.objects.filter(by.scope(finding.VIEW), within(area), round=OuterRef("pk"))
    open_now = Q(state__in=(Round.ENROLLING, Round.UNDER_WAY)) | Q(state=Round.ENDED, decided="")
    found = Round.objects.filter(open_now, (within(area) & by.scope(finding.VIEW)) | Q(Exists(there)))
    return found.filter(Q(outbreak__isnull=True) | Q(outbreak__code=outbreak)) if outbreak else found


def _positive_pools(by: Actor, rows: Sequence[Round], area: str) -> dict[int, int]:
    """Pools by which somebody came to a round and that are positive, by round."""
    came = Listed.objects.filter(by.scope(finding.VIEW), within(area), round__in=[row.pk for row in rows])
    positive = came.filter(tube__value="positive", tube__people__gt=1).order_by()
    return dict(positive.values_list("round").annotate(n=Count("tube", distinct=True)))


def round_of(by: Actor, code: str, area: str = "") -> TestingRound:
    """One round, counted within a jurisdiction as far as the actor may see into it. Raises NotFound. Three queries."""
    return _shown(by, [finding.found(by, code)], area)[0]


def goals(area: str = "", outbreak_pack: str = "") -> list[RoundGoal]:
    """The goals that may be set for a round there: of the pack of an outbreak, else of the first in force."""
    pack = packs.pack(outbreak_pack, area) if outbreak_pack else packs.in_force(area)[0]
    return rules.goals(pack)


def _shown(by: Actor, rows: Sequence[Round], area: str = "") -> list[TestingRound]:
    seen = Patch.objects.filter(by.scope(finding.VIEW), within(area), round__in=[row.pk for row in rows]).order_by()
    summed: Iterable[Any] = seen.values("round").annotate(**{f"n_{name}": Sum(name) for name in NUMBERS})
    counts = {one["round"]: RoundCount(*(one[f"n_{name}"] for name in NUMBERS)) for one in summed}
    areas = registry.short_area_names(row.area for row in rows)
    return [
        TestingRound(
            row.pk, row.code, row.number, Text(row.name_zh, row.name_en or row.name_zh), row.area, areas[row.area], row.zone,
            row.state, row.pack, rules.goal(packs.pack(row.pack, row.area), row.goal), counts.get(row.pk, RoundCount()),
            row.planned_at, row.started_at, row.due_at, row.ended_at, row.reason, row.decided, row.decided_why, row.decided_by,
            {"run": by.may(finding.RUN, row.area), "people": by.may(finding.PEOPLE)},
        )
        for row in rows
    ]  # fmt: skip
