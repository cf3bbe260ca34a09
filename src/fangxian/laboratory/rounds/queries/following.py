"""What follows a round: the proposal of the pack's rule, for whoever decides."""

from fangxian.core.access import Actor
from fangxian.laboratory.rounds import finding, standing
from fangxian.laboratory.rounds.models import Round
from fangxian.laboratory.rounds.schemas import RoundProposal, RoundResult


def what_follows(by: Actor, code: str) -> RoundProposal:
    """What the rule makes of the rounds so far: wait, next (from which day), or stop, with the reason written out.

    Only the whole of a round decides: for whoever may run it. Raises NotAllowed.
    """
    row = finding.found(by, code)
    by.must(finding.RUN, row.area)
    return standing.proposal(row)


def result_of(round_id: int) -> RoundResult | None:
    """What a round that is over came to, as far as its results are in; None while it is not over. Six queries."""
    row = Round.objects.filter(pk=round_id, state=Round.ENDED).first()
    if row is None:
        return None
    assert row.started_at is not None and row.ended_at is not None, "it was held"
    count, found = standing.count(row), standing.positives([row])[row.pk]
    return RoundResult(
        row.code, row.zone, row.started_at, row.ended_at, count.tested, count.missing, count.waiting, len(found)
    )
