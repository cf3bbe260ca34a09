"""Where the rounds that follow each other stand: positives, results awaited, and what the pack's rule makes of it."""

from collections.abc import Iterable

from fangxian.core import clock
from fangxian.duties import packs
from fangxian.laboratory.models import Member, Positive
from fangxian.laboratory.rounds import rules
from fangxian.laboratory.rounds.models import NUMBERS, Listed, Patch, Round
from fangxian.laboratory.rounds.repeating import Held, judge
from fangxian.laboratory.rounds.schemas import RoundCount, RoundProposal


def proposal(round_: Round) -> RoundProposal:
    """What the rule of the pack makes of this round and those before it. Three queries a round, two more."""
    pack = packs.pack(round_.pack, round_.area)
    return judge([held(one) for one in series(round_)], rules.stopping(pack))


def series(round_: Round) -> list[Round]:
    """This round and those before it, the first one first; those called off were none."""
    first = round_.first_id or round_.pk
    rows = Round.objects.filter(first=first) | Round.objects.filter(pk=first)
    return list(rows.filter(number__lte=round_.number).exclude(state=Round.CALLED_OFF).order_by("number"))


def held(round_: Round) -> Held:
    """A round as the rule asks of it."""
    told = count(round_)
    day = round_.ended_at.astimezone(clock.zone()).date() if round_.ended_at else None
    return Held(round_.number, day, len(positives(round_)), told.waiting, told.share or 0.0)


def count(round_: Round) -> RoundCount:
    """The sum of its grids. One query."""
    return total(Patch.objects.filter(round=round_))


def total(patches: Iterable[Patch]) -> RoundCount:
    """The sum of grids."""
    rows = list(patches)
    return RoundCount(*(sum(getattr(one, name) for one in rows) for name in NUMBERS))


def positives(round_: Round) -> set[int]:
    """People of the roll (ids) whom this round found: a positive of their own from a tube of the round, or by way of its pools.

    Whoever is isolated or in hospital is no positive of the community (社会面), nor is a result that did not hold or that a person
    judged to be of a past infection. Two queries.
    """
    roll = Listed.objects.filter(round=round_).exclude(exempt="isolated")
    if round_.started_at is None:
        return set()
    alone = Positive.objects.filter(
        tube__sampled_at__gte=round_.started_at, state__in=(Positive.WAITING, Positive.CASE), person__in=roll.values("person")
    )  # fmt: skip
    pooled = Member.objects.filter(
        state=Member.POSITIVE, pool__sampled_at__gte=round_.started_at, person__in=roll.values("person")
    )
    if round_.ended_at is not None:
        alone = alone.filter(tube__sampled_at__lte=round_.ended_at)
        pooled = pooled.filter(pool__sampled_at__lte=round_.ended_at)
    declined = Positive.objects.filter(
        state__in=(Positive.DECLINED, Positive.WITHDRAWN), person__in=pooled.values("person")
    )
    judged = declined.filter(tube__sampled_at__gte=round_.started_at).values("person")
    return {
        *alone.values_list("person", flat=True),
        *pooled.exclude(person__in=judged).values_list("person", flat=True),
    }
