"""What the engine of duties is told of rounds: a grid with people still missing, a round that is over."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.core.access import within
from fangxian.duties import subjects
from fangxian.duties.subjects import Described, Subject
from fangxian.laboratory.rounds.models import Patch, Round
from fangxian.registry import queries as registry

#: The name under which the stage keeps these duties to its own actions.
STAGE = "rounds"
PATCH, ROUND = "patch", "round"
MOP_UP, FOLLOWING = "round.mop_up", "round.next"
STARTED, ENDED = "round.started", "round.ended"
REACH, SWAB, DECIDE = "reach", "swab", "decide"
COMPLETED, CLOSED = "completed", "closed"
_CHUNK = 2000


def of_patch(patch: Patch, round_: Round) -> Subject:
    """A grid of a round that is under way."""
    assert round_.started_at is not None and round_.due_at is not None, "it has begun"
    return Subject(PATCH, patch.pk, patch.area, round_.pack, anchors={"round_due_at": round_.due_at})


def of_round(round_: Round) -> Subject:
    """A round that is over; the day on which something follows is told when it is known."""
    return Subject(ROUND, round_.pk, round_.area, round_.pack)


def _patches(area: str) -> Iterator[tuple[str, Subject]]:
    rows = Patch.objects.filter(within(area), round__state__in=(Round.UNDER_WAY, Round.ENDED)).select_related("round")
    for one in _all(rows):
        yield STARTED, of_patch(one, one.round)


def _rounds(area: str) -> Iterator[tuple[str, Subject]]:
    for one in _all(Round.objects.filter(within(area), state=Round.ENDED)):
        yield ENDED, of_round(one)


def _all(rows: QuerySet[Any]) -> Iterator[Any]:
    last = 0
    while chunk := list(rows.filter(pk__gt=last).order_by("pk")[:_CHUNK]):
        last = chunk[-1].pk
        yield from chunk


def _described_patches(ids: Iterable[int]) -> Mapping[int, Described]:
    rows = list(Patch.objects.filter(pk__in=list(ids)).select_related("round"))
    called = registry.short_area_names(one.area for one in rows)
    return {
        one.pk: Described(
            _("%(place)s: %(n)s missing") % {"place": called[one.area], "n": one.people - one.tested - one.exempt},
            one.round.code, f"/rounds/{one.round.code}/mop-up/{one.area}/",
        )
        for one in rows
    }  # fmt: skip


def _described_rounds(ids: Iterable[int]) -> Mapping[int, Described]:
    chinese = (get_language() or "zh").startswith("zh")
    rows = Round.objects.filter(pk__in=list(ids)).values_list("pk", "code", "name_zh", "name_en", "number")
    return {
        pk: Described(
            _("%(name)s, round %(n)s") % {"name": zh if chinese or not en else en, "n": number},
            code,
            f"/rounds/{code}/",
        )
        for pk, code, zh, en, number in rows
    }


subjects.register(PATCH, provider=_patches, describer=_described_patches, right="rounds.people")
subjects.register(ROUND, provider=_rounds, describer=_described_rounds, right="rounds.view")
for _kind in (MOP_UP, FOLLOWING):
    subjects.reserve(_kind, STAGE)
