"""Rounds of testing everybody in a zone (全员核酸轮次), as evidence for coming down: told by hand, or taken from a testing round."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from fangxian.containment.zones import settling, writing
from fangxian.containment.zones.models import Round, Zone
from fangxian.containment.zones.rights import EDIT
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action
from fangxian.core.errors import Invalid
from fangxian.laboratory.rounds import queries as rounds
from fangxian.laboratory.rounds.schemas import RoundResult


@action
def record_round(by: Actor, code: str, day: date, tested: int, positives: int, untested: int = 0) -> Round:
    """Record a round of testing everybody in a zone: how many were tested, how many were positive, how many were not tested.

    Only a round without anybody positive or untested is “everybody negative”; one with a positive starts the days anew.
    """
    zone = writing.found(by, code, EDIT)
    writing.must_be(zone, Zone.IN_FORCE)
    today = clock.today()
    assert zone.decided_at is not None, "a zone in force was decided on"
    if not zone.decided_at.astimezone(clock.zone()).date() <= day <= today:
        raise Invalid(
            _("A round is held while the zone is in force, and not in the future."),
            remedy=_("Give the day on which the samples were taken."),
            field="day",
        )
    for name, value, most in (
        ("tested", tested, 10**8),
        ("positives", positives, tested),
        ("untested", untested, 10**8),
    ):
        if not (1 if name == "tested" else 0) <= value <= most:
            raise Invalid(
                _("This number is not possible."),
                remedy=_("At least one person tested, and no more positives than tested."),
                field=name,
            )
    made = Round.objects.create(
        zone=zone, day=day, tested=tested, positives=positives, untested=untested, recorded_at=clock.now(),
        by_id=by.account_id, by_name=by.name,
    )  # fmt: skip
    told = {"day": day.isoformat(), "tested": tested, "positives": positives, "untested": untested}
    writing.log(by, zone, "round", data=told)
    settling.tested(zone, f"{day.isoformat()}: {tested}/{positives}/{untested}")
    return made


@action
def take_round(by: Actor, round_id: int) -> Round | None:
    """Bring to a zone in force what a testing round held in it came to, as it is now; None where it is no round of such a zone.

    While results are awaited it is shown and counts for nothing. Repeating it changes nothing.
    """
    told = rounds.result_of(round_id)
    zone = Zone.objects.filter(code=told.zone).first() if told is not None and told.zone else None
    if told is None or zone is None:
        return None
    writing.hold(zone.outbreak_id)
    zone = Zone.objects.select_for_update().get(pk=zone.pk)
    if zone.state != Zone.IN_FORCE or zone.decided_at is None or _day(told.started_at) < _day(zone.decided_at):
        return None
    now = _numbers(told)
    row = Round.objects.filter(zone=zone, held=told.code).first()
    if row is not None and all(getattr(row, name) == value for name, value in now.items()):
        return row
    row = row or Round(zone=zone, held=told.code, by_id=by.account_id, by_name=by.name)
    for name, value in now.items():
        setattr(row, name, value)
    row.recorded_at = clock.now()
    row.save()
    shown = {**now, "day": row.day.isoformat(), "round": told.code}
    writing.log(by, zone, "round", data=shown)
    if not row.waiting:
        settling.tested(zone, f"{told.code} {row.day.isoformat()}: {row.tested}/{row.positives}/{row.untested}")
    return row


def _numbers(told: RoundResult) -> dict[str, date | int]:
    """A round is of the day on which it was over, as the rule that asks for further rounds counts it too."""
    return {
        "day": _day(told.ended_at), "tested": told.tested, "positives": told.positives, "untested": told.missing,
        "waiting": told.waiting,
    }  # fmt: skip


def _day(at: datetime) -> date:
    return at.astimezone(clock.zone()).date()
