"""From one link of the loop to the next: who gives and who takes is said beforehand, both confirm, and only then it has happened."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from fangxian.containment.isolation import ruling
from fangxian.containment.isolation.events import PlacementMoved
from fangxian.containment.isolation.models import HandOver, Placement
from fangxian.core import accounts, clock
from fangxian.core.access import Actor
from fangxian.core.actions import emit, record
from fangxian.core.errors import Conflict, Invalid
from fangxian.registry import queries as registry

#: The role at whose door somebody at home is.
GRID = "grid_worker"
#: From where one may come to a link.
BEFORE = {
    Placement.ABOARD: (Placement.TOLD,),
    Placement.ARRIVED: (Placement.TOLD, Placement.ABOARD),
    Placement.HOME: (Placement.TOLD, Placement.HOUSED),
    Placement.CLOSED: (Placement.HOUSED,),
}


@dataclass(frozen=True, slots=True)
class Party:
    """A side of a hand-over: the organisation, and the post or person in it."""

    organisation_id: int
    name: str


def post(role: str, area: str) -> Party:
    """Whoever answers for a role in a place: the person who holds the post, else the organisation."""
    found = registry.Responsibility().of(role, area)
    named = account_name(found.account_id)
    return Party(
        found.organisation_id, named or registry.organisation_names([found.organisation_id])[found.organisation_id]
    )


def body(organisation_id: int, name: str = "") -> Party:
    """An organisation, or somebody in it."""
    return Party(organisation_id, name or registry.organisation_names([organisation_id])[organisation_id])


def account_name(account_id: int | None) -> str:
    """The name of an account; empty for none."""
    return accounts.of_id(account_id).name if account_id is not None else ""


def open_of(row: Placement, *, lock: bool = False) -> HandOver | None:
    """The hand-over that waits, if there is one."""
    rows = HandOver.objects.select_for_update() if lock else HandOver.objects.all()
    return rows.filter(placement=row, ended_at__isnull=True).first()


def arrange(by: Actor, row: Placement, to: str, sender: Party, receiver: Party) -> HandOver:
    """Say who gives and who takes. Raises Conflict where one waits already or the person is not there yet."""
    waiting = open_of(row)
    if waiting is not None:
        raise Conflict(
            _("A hand-over waits already: %(sender)s to %(receiver)s.")
            % {"sender": waiting.sender_name, "receiver": waiting.receiver_name},
            remedy=_("Confirm it, or call it off with a reason."), code="hand_over_waits",
        )  # fmt: skip
    if row.link not in BEFORE[to]:
        raise Conflict(
            _("This comes later: the person is not there yet, or has been already."),
            remedy=_("Reload the page to see where they are."), code="out_of_order",
        )  # fmt: skip
    made = HandOver.objects.create(
        placement=row, from_link=row.link, to_link=to, arranged_at=clock.now(), sender_id=sender.organisation_id,
        sender_name=sender.name[:120], receiver_id=receiver.organisation_id, receiver_name=receiver.name[:120],
    )  # fmt: skip
    record(
        by, "isolation.arranged", ("placement", row.pk), area=row.area,
        data={"to": to, "sender": made.sender_name, "receiver": made.receiver_name},
    )  # fmt: skip
    return made


def confirm(by: Actor, row: Placement, hand_over: HandOver, side: str, at: datetime | None) -> bool:
    """Say that it was given (`sent`) or taken (`received`); whether both have said so now, and the person is at the next link.

    Said twice it is a Conflict that names who was first. The caller has checked the right and holds the person locked.
    """
    at = checked(at, row)
    if getattr(hand_over, f"{side}_at") is not None:
        raise Conflict(
            _("Already confirmed by %(who)s.") % {"who": getattr(hand_over, f"{side}_by_name")},
            remedy=_("Nothing of yours was lost; reload to see what was entered."), code="already_settled",
        )  # fmt: skip
    for name, value in (("at", at), ("by_id", by.account_id), ("by_name", by.name)):
        setattr(hand_over, f"{side}_{name}", value)
    record(
        by, f"isolation.{side}", ("placement", row.pk), area=row.area,
        data={"to": hand_over.to_link, "at": at.isoformat()},
    )  # fmt: skip
    if hand_over.sent_at is None or hand_over.received_at is None:
        hand_over.save()
        pass_between(row, at)
        row.save()
        return False
    hand_over.ended_at = max(hand_over.sent_at, hand_over.received_at)
    hand_over.save()
    move(by, row, hand_over.to_link, hand_over.ended_at)
    return True


def move(by: Actor, row: Placement, link: str, at: datetime) -> None:
    """The person is at another link. The caller has made sure that this follows."""
    before, row.link, row.since = row.link, link, at
    row.passing_since = row.passing_until = None
    if link in Placement.PASSING:
        pass_between(row, at)
    if link == Placement.CLOSED:
        row.closed_at, row.leave_at = at, None
        row.outcome = row.outcome or "released"
    row.version += 1
    row.save()
    record(
        by, "isolation.moved", ("placement", row.pk), area=row.area, basis=ruling.basis(row.pack, row.area),
        data={"from": before, "to": link, "at": at.isoformat(), "room": row.room_id, "outcome": row.outcome},
    )  # fmt: skip
    emit(PlacementMoved(row.pk, row.area, link))


def call_off(by: Actor, row: Placement, hand_over: HandOver, reason: str) -> None:
    """A hand-over does not take place; the person stays where they are. Not after either side has confirmed it."""
    if hand_over.sent_at is not None or hand_over.received_at is not None:
        raise Conflict(
            _("One side has confirmed it already, so the person is on the way."),
            remedy=_("Have the other side confirm it."), code="on_the_way",
        )  # fmt: skip
    hand_over.ended_at, hand_over.called_off = clock.now(), reasoned(reason)
    hand_over.save()
    record(
        by, "isolation.called_off", ("placement", row.pk), area=row.area,
        data={"to": hand_over.to_link, "reason": hand_over.called_off},
    )  # fmt: skip


def pass_between(row: Placement, at: datetime) -> None:
    """From this instant on the person is between two links."""
    row.passing_since = at
    row.passing_until = at + ruling.of(row.pack, row.area).between.delta


def checked(at: datetime | None, row: Placement) -> datetime:
    """A time that is not to come, and not before the person came to the link at which they are."""
    now = clock.now()
    at = at or now
    if at > now + timedelta(minutes=2):
        raise Invalid(_("This lies in the future."), remedy=_("Give the time at which it happened."), field="at")
    return max(min(at, now), row.since)


def reasoned(text: str) -> str:
    """A reason of at least two characters. Raises Invalid."""
    text = (text or "").strip()
    if len(text) < 2 or "\0" in text:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="reason")
    return text[:300]
