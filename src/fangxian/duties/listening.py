"""What the engine listens to: posts that fall vacant, whose open work needs a new owner."""

from fangxian.core import outbox
from fangxian.core.access import SYSTEM
from fangxian.duties.actions import reassign
from fangxian.registry.events import AppointmentEnded


@outbox.handles(AppointmentEnded)
def post_fell_vacant(event: AppointmentEnded) -> None:
    """No open step stays with somebody who no longer holds the post (责任到人)."""
    reassign(SYSTEM, event.role, event.area, event.account_id, event.organisation_id)
