"""What cases listen to: alerts that were found to be true. Idempotent."""

from contextlib import suppress
from datetime import date

from fangxian.cases.actions.outbreaks import adopt_alert, open_outbreak, set_milestones
from fangxian.cases.models import Outbreak
from fangxian.cases.schemas import OutbreakForm
from fangxian.core import outbox
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Refusal
from fangxian.surveillance.events import AlertConfirmed


@outbox.handles(AlertConfirmed)
def alert_confirmed(event: AlertConfirmed) -> None:
    """The outbreak that the alert belongs to takes it on; where there is none, one is opened, detected on the day of the alert."""
    if Outbreak.objects.filter(alert=event.code).exists():
        return
    known = Outbreak.objects.filter(code=event.outbreak).first() if event.outbreak else None
    if known is None:
        form = OutbreakForm(name_zh=event.name_zh, name_en=event.name_en, pack=event.pack, area=event.area)
        known = open_outbreak(SYSTEM, form)
        with suppress(Refusal):  # a date that stands against another is for people to enter
            set_milestones(SYSTEM, known.code, {"detected_on": date.fromisoformat(event.detected_on)})
    adopt_alert(SYSTEM, known.code, event.code)
