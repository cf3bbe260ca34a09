"""Back to the beginning of the loop (重新隔离): whoever had left a site and must be on one again waits to be told, as everybody does."""

from fangxian.containment.isolation import rights, ruling, subject
from fangxian.containment.isolation.actions.beginning import NOTIFICATION, REACH, TRANSFER
from fangxian.containment.isolation.models import Decision, Placement
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.duties import actions as duties
from fangxian.duties import planning
from fangxian.duties import queries as duty_queries


def owed_again(by: Actor, contact_id: int, reason: str) -> None:
    """Reaching a contact and bringing them in are owed once more, with clocks that start now.

    So they are on the list of those who wait (应隔未隔) until somebody has told them. Nothing is owed again that never was: the
    contacts of contacts stay at home.
    """
    for duty in duty_queries.of_subject(subject.CONTACT, contact_id):
        if duty.kind == NOTIFICATION:
            newest = planning.latest(list(duty.steps.all()))
            for key in (REACH, TRANSFER):
                if key in newest:
                    duties.reopen(rights.trusted(by), newest[key].pk, reason, anew=True)


def belongs_on_a_site(row: Placement, stay: ruling.Stay) -> bool:
    """Whether somebody at home, who was on a site before, is by the rule to be on one now.

    Not whoever a decision let go early, unless they were exposed again after it.
    """
    if row.link != Placement.HOME or row.site_id is None or row.outcome:
        return False
    if stay.released or not stay.goes_home or stay.site_until is None or stay.site_until <= clock.now():
        return False
    early = (
        Decision.objects.filter(placement=row, kind=Decision.EARLY).order_by("-pk").values_list("at", flat=True).first()
    )
    return early is None or (stay.exposed_at is not None and stay.exposed_at > early)
