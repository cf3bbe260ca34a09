"""What tracing listens to: cases reported and corrected, people found to be one, duties that ended. Handled idempotently."""

from fangxian.cases.events import CaseChanged, CaseReclassified, CasesReported
from fangxian.core import outbox
from fangxian.core.access import SYSTEM
from fangxian.duties.events import DutiesClosed
from fangxian.laboratory import queries as laboratory
from fangxian.laboratory.events import MembersChanged, PoolPositive, PositiveDeclined, ResultsChanged
from fangxian.registry.events import PersonsMerged, PersonsUnmerged
from fangxian.tracing import subject
from fangxian.tracing.actions.becoming import meet_cases, recheck_case, rejoin
from fangxian.tracing.actions.following import release_if_over
from fangxian.tracing.actions.investigating import open_investigations
from fangxian.tracing.actions.readying import bind_to_cases, follow_members
from fangxian.tracing.testing import take_results, watch_again

#: Fields of a case from which its infectious window, or the last moment of its own infection, is worked out.
_TIMING = {"onset_on", "sampled_at", "diagnosed_at", "isolated_at", "last_negative_at", "reported_at"}


@outbox.handles(CasesReported)
def cases_reported(event: CasesReported) -> None:
    """Every case is investigated; whoever was watched as a contact is so no longer; whom a member of a pool met is proposed."""
    open_investigations(SYSTEM, event.case_ids)
    meet_cases(SYSTEM, event.outbreak_id, event.case_ids)
    bind_to_cases(SYSTEM, event.case_ids)


@outbox.handles(PoolPositive)
def pool_positive(event: PoolPositive) -> None:
    """Whom its members met is made ready, for the one of them who may be the case."""
    follow_members(SYSTEM, laboratory.pool_members(pools=[event.tube_id]))


@outbox.handles(MembersChanged)
def members_changed(event: MembersChanged) -> None:
    """The own tube decides: proposed, or deleted."""
    follow_members(SYSTEM, laboratory.pool_members(members=event.member_ids))


@outbox.handles(PositiveDeclined)
def positive_declined(event: PositiveDeclined) -> None:
    """A positive that makes nobody a case makes nobody a contact."""
    follow_members(SYSTEM, laboratory.pool_members(singles=[event.tube_id]))


@outbox.handles(CaseChanged)
def case_changed(event: CaseChanged) -> None:
    """A corrected date moves the infectious window, and with it who is a contact."""
    if any(name in _TIMING or name.startswith(("facts.", "dates.")) for name in event.fields):
        recheck_case(SYSTEM, event.case_id)


@outbox.handles(CaseReclassified)
def case_reclassified(event: CaseReclassified) -> None:
    """Another class may have another window; exposures to a case that was ruled out count for nothing."""
    recheck_case(SYSTEM, event.case_id)


@outbox.handles(DutiesClosed)
def duties_closed(event: DutiesClosed) -> None:
    """A contact whose observation is over is under watch no longer."""
    if event.subject_kind == subject.KIND:
        release_if_over(SYSTEM, list(zip(event.subject_ids, event.duty_ids, strict=True)))


@outbox.handles(PersonsMerged)
def persons_merged(event: PersonsMerged) -> None:
    """One human has one open contact."""
    rejoin(SYSTEM, (event.kept_id, event.other_id))


@outbox.handles(PersonsUnmerged)
def persons_unmerged(event: PersonsUnmerged) -> None:
    """Each goes on with the exposures that are theirs."""
    rejoin(SYSTEM, (event.kept_id, event.other_id))


@outbox.handles(ResultsChanged)
def results_changed(event: ResultsChanged) -> None:
    """A result does the test that is owed about a contact; one that was corrected takes it back, and the release that rested on it."""
    if event.corrected:
        watch_again(SYSTEM, event.tube_ids)
    take_results(SYSTEM, event.tube_ids)
