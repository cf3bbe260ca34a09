"""What isolation listens to: watches and duties that ended. Handled idempotently."""

from fangxian.containment.isolation import subject
from fangxian.containment.isolation.actions import duty_ended, neighbours_freed, retime, watch_ended, watched_again
from fangxian.containment.isolation.events import PlacementMoved
from fangxian.containment.isolation.models import Placement
from fangxian.core import outbox
from fangxian.core.access import SYSTEM
from fangxian.duties.events import DutiesClosed, DutiesRetimed
from fangxian.tracing.events import ContactEnded, ContactWatchedAgain


@outbox.handles(ContactEnded)
def contact_ended(event: ContactEnded) -> None:
    """Whoever is watched no longer must be let go."""
    watch_ended(SYSTEM, event.contact_id, event.state)


@outbox.handles(ContactWatchedAgain)
def contact_watched_again(event: ContactWatchedAgain) -> None:
    """Whoever was to be let go and is still there stays."""
    watched_again(SYSTEM, event.contact_id)


@outbox.handles(PlacementMoved)
def placement_moved(event: PlacementMoved) -> None:
    """Neighbours are told until the last of those at home is free."""
    if event.link == Placement.CLOSED:
        neighbours_freed(SYSTEM, event.placement_id)


@outbox.handles(DutiesClosed)
def duties_closed(event: DutiesClosed) -> None:
    """So must travellers and patients whose duties have ended; of contacts tracing says so."""
    if event.subject_kind in (subject.TRAVELLER, subject.CASE):
        for duty_id, subject_id in zip(event.duty_ids, event.subject_ids, strict=True):
            duty_ended(SYSTEM, event.subject_kind, subject_id, duty_id)


@outbox.handles(DutiesRetimed)
def duties_retimed(event: DutiesRetimed) -> None:
    """A new exposure puts a release off."""
    retime(SYSTEM, event.subject_kind, event.subject_ids)
