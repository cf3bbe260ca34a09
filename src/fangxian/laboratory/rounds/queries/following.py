"""What follows a round: the proposal of the pack's rule, for whoever decides."""

from fangxian.core.access import Actor
from fangxian.laboratory.rounds import finding, standing
from fangxian.laboratory.rounds.schemas import RoundProposal


def what_follows(by: Actor, code: str) -> RoundProposal:
    """What the rule makes of the rounds so far: wait, next (from which day), or stop, with the reason written out.

    Only the whole of a round decides: for whoever may run it. Raises NotAllowed.
    """
    row = finding.found(by, code)
    by.must(finding.RUN, row.area)
    return standing.proposal(row)
