"""What zones listen to: cases reported, corrected and ruled out, tracks that changed, testing rounds that ended. Idempotent."""

from fangxian.cases.events import CaseChanged, CaseReclassified, CasesReported
from fangxian.cases.schemas import DISCARDED
from fangxian.containment.zones.actions import evaluate, reconsider, take_round
from fangxian.core import outbox
from fangxian.core.access import SYSTEM
from fangxian.laboratory.rounds.events import RoundCounted, RoundEnded
from fangxian.tracing.events import TrackChanged

#: Fields of a case on which its infectious window rests, and so which of its stays count.
_TIMING = {"onset_on", "sampled_at", "diagnosed_at", "isolated_at", "last_negative_at", "reported_at", "area"}


@outbox.handles(CasesReported)
def cases_reported(event: CasesReported) -> None:
    """Where a case lives is known at once."""
    evaluate(SYSTEM, event.case_ids)


@outbox.handles(TrackChanged)
def track_changed(event: TrackChanged) -> None:
    """Where a case was active may call for another zone."""
    evaluate(SYSTEM, (event.case_id,))


@outbox.handles(CaseChanged)
def case_changed(event: CaseChanged) -> None:
    """A corrected date moves the infectious window."""
    if any(name in _TIMING or name.startswith("facts.") for name in event.fields):
        evaluate(SYSTEM, (event.case_id,))


@outbox.handles(CaseReclassified)
def case_reclassified(event: CaseReclassified) -> None:
    """A case that was ruled out is no ground any more; one that was taken up again is."""
    if event.now == DISCARDED:
        reconsider(SYSTEM, event.case_id)
    else:
        evaluate(SYSTEM, (event.case_id,))


@outbox.handles(RoundEnded)
def round_ended(event: RoundEnded) -> None:
    """Everybody of the zone was tested, or not."""
    take_round(SYSTEM, event.round_id)


@outbox.handles(RoundCounted)
def round_counted(event: RoundCounted) -> None:
    """A result that was awaited is in, or one did not hold."""
    take_round(SYSTEM, event.round_id)
