"""Where the rounds that follow each other stand: positives, results awaited, and what the pack's rule makes of it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from fangxian.core import clock
from fangxian.duties import packs
from fangxian.laboratory.models import Member, Positive
from fangxian.laboratory.rounds import rules
from fangxian.laboratory.rounds.models import NUMBERS, Listed, Patch, Round
from fangxian.laboratory.rounds.repeating import Held, clean_so_far, judge
from fangxian.laboratory.rounds.schemas import RoundCount, RoundProposal

#: Tested where they are isolated: no positive of the community (社会面).
_ISOLATED = "isolated"


def proposal(round_: Round) -> RoundProposal:
    """What the rule of the pack makes of this round and those before it. Six queries, however many rounds there were."""
    pack = packs.pack(round_.pack, round_.area)
    return judge(held(series(round_)), rules.stopping(pack))


def series_of(rounds: Sequence[Round]) -> dict[int, tuple[RoundProposal, int, int]]:
    """For each of these rounds (by id) the proposal, how many rounds in a row were clean so far, and how many the rule wants.

    Six queries, however many rounds there are and were before them.
    """
    firsts = {one.first_id or one.pk for one in rounds}
    known = Round.objects.filter(first__in=firsts) | Round.objects.filter(pk__in=firsts)
    rows = list(known.exclude(state=Round.CALLED_OFF).order_by("number"))
    told = dict(zip((row.pk for row in rows), held(rows), strict=True))
    found = {}
    for one in rounds:
        first = one.first_id or one.pk
        mine = [told[row.pk] for row in rows if first in (row.pk, row.first_id) and row.number <= one.number]
        rule = rules.stopping(packs.pack(one.pack, one.area))
        found[one.pk] = judge(mine, rule), clean_so_far(mine, rule), rule.clean
    return found


def series(round_: Round) -> list[Round]:
    """This round and those before it, the first one first; those called off were none."""
    first = round_.first_id or round_.pk
    rows = Round.objects.filter(first=first) | Round.objects.filter(pk=first)
    return list(rows.filter(number__lte=round_.number).exclude(state=Round.CALLED_OFF).order_by("number"))


def held(rounds: Sequence[Round]) -> list[Held]:
    """Rounds as the rule asks of them."""
    patches: dict[int, list[Patch]] = defaultdict(list)
    for patch in Patch.objects.filter(round__in=rounds):
        patches[patch.round_id].append(patch)
    found = positives(rounds)
    told = []
    for one in rounds:
        count = total(patches[one.pk])
        day = one.ended_at.astimezone(clock.zone()).date() if one.ended_at else None
        told.append(Held(one.number, day, len(found[one.pk]), count.waiting, count.share or 0.0))
    return told


def count(round_: Round) -> RoundCount:
    """The sum of its grids. One query."""
    return total(Patch.objects.filter(round=round_))


def total(patches: Iterable[Patch]) -> RoundCount:
    """The sum of grids."""
    rows = list(patches)
    return RoundCount(*(sum(getattr(one, name) for one in rows) for name in NUMBERS))


def positives(rounds: Sequence[Round]) -> dict[int, set[int]]:
    """People of the roll (ids) whom each of these rounds found, by its id: by a positive of their own from a tube of the round, or
    as members of its pools.

    Whoever is isolated or in hospital is no positive of the community, nor is a result that did not hold, or that a person judged
    to be of a past infection. Four queries.
    """
    found: dict[int, set[int]] = {one.pk: set() for one in rounds}
    begun = [one for one in rounds if one.started_at is not None]
    if not begun:
        return found
    since = min(one.started_at for one in begun if one.started_at)
    roll = Listed.objects.filter(round__in=begun).values("person")
    own = list(
        Positive.objects.filter(tube__sampled_at__gte=since, person__in=roll).values_list(
            "person", "tube__sampled_at", "state"
        )
    )
    against = {(person, at) for person, at, state in own if state in (Positive.DECLINED, Positive.WITHDRAWN)}
    judged = dict(against)
    pooled = Member.objects.filter(state=Member.POSITIVE, pool__sampled_at__gte=since, person__in=roll)
    hits = [(person, at) for person, at, _state in own if (person, at) not in against]
    hits += [
        (person, at) for person, at in pooled.values_list("person", "pool__sampled_at")
        if person not in judged or judged[person] < at
    ]  # fmt: skip
    people = {person for person, _at in hits}
    rolls = Listed.objects.filter(round__in=begun, person__in=people).exclude(exempt=_ISOLATED)
    on_roll = set(rolls.values_list("round", "person"))
    for one in begun:
        assert one.started_at is not None
        found[one.pk] = {
            person for person, at in hits
            if one.started_at <= at and (one.ended_at is None or at <= one.ended_at) and (one.pk, person) in on_roll
        }  # fmt: skip
    return found
