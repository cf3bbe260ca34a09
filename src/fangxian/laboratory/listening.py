"""What the laboratory listens to: cases that were reported, duties that ended. Handled idempotently."""

from fangxian.cases import queries as cases
from fangxian.cases.events import CasesReported
from fangxian.core import outbox
from fangxian.core.access import SYSTEM
from fangxian.duties.events import DutiesClosed
from fangxian.laboratory import subject
from fangxian.laboratory.actions.deciding import met
from fangxian.laboratory.actions.holding import ended


@outbox.handles(CasesReported)
def cases_reported(event: CasesReported) -> None:
    """Whoever is a case now need not be decided on any more: the result belongs to that case."""
    found = cases.facts_of(event.case_ids)
    pack = cases.outbreak_pack(event.outbreak_id)
    met(SYSTEM, event.outbreak_id, pack, {one.person_id: one.id for one in found.values()})


@outbox.handles(DutiesClosed)
def duties_closed(event: DutiesClosed) -> None:
    """A member of a pool was told of, or lost, by another way than a tube."""
    if event.subject_kind == subject.MEMBER:
        ended(SYSTEM, list(event.subject_ids))
