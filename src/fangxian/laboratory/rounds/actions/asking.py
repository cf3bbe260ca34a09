"""Whoever has not come is asked: they will come, cannot come, or need not. Only a swab makes them tested."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid
from fangxian.laboratory import finding as laboratory
from fangxian.laboratory.rounds import counting, finding, settling
from fangxian.laboratory.rounds.models import Listed, Round
from fangxian.laboratory.rounds.schemas import ANSWERS, EXEMPTIONS, OF_THE_HOUSE
from fangxian.registry.vocabulary import must_be

#: People behind one door, asked at once.
MOST = 50
_PERSON = "person"


@action
def note_answer(by: Actor, listed: Sequence[int], answer: str, note: str = "") -> None:
    """Note what missing people (of one door, say) answered: comes, door, absent, refuses. It makes nobody tested."""
    must_be(answer, ANSWERS, "answer")
    rows = _rows(by, listed)
    now, note = clock.now(), laboratory.plain(note, 300)
    Listed.objects.filter(pk__in=[one.pk for one in rows]).update(
        answer=answer, note=note, answered_at=now, by_name=by.name
    )
    _told(by, rows, "round.asked", {"answer": answer})


@action
def excuse(by: Actor, listed: Sequence[int], why: str, note: str, tested_at: datetime | None = None) -> None:
    """Say why missing people need not come; it stays on record. `tested_at`: of those tested elsewhere, when: within the round.

    Should one of them be swabbed after all, they count as tested. Raises Invalid naming the field, Conflict where somebody is not
    missing any more.
    """
    must_be(why, [key for key in EXEMPTIONS if key not in OF_THE_HOUSE], "why")
    rows = _rows(by, listed)
    note = laboratory.reason(note, "note")
    if why == "elsewhere":
        note = f"{_within(rows[0].round, tested_at):%Y-%m-%d %H:%M} {note}"[:300]
    Listed.objects.filter(pk__in=[one.pk for one in rows]).update(exempt=why, note=note, by_name=by.name)
    _told(by, rows, "round.exempted", {"why": why, "note": note})


@action
def count_in(by: Actor, listed_id: int, reason: str) -> None:
    """An exemption does not hold: the person is to come after all."""
    (row,) = finding.listed(by, [listed_id])
    finding.must_be(row.round, [Round.UNDER_WAY])
    if not row.exempt or row.exempt == "duplicate":
        raise Conflict(_("This person is not exempt."), remedy=_("Look at the list again."), code="not_exempt")
    before, reason = row.exempt, laboratory.reason(reason)
    Listed.objects.filter(pk=row.pk).update(exempt="", note=reason, by_name=by.name)
    _told(by, [row], "round.counted_in", {"before": before, "reason": reason})


def _rows(by: Actor, listed: Sequence[int]) -> list[Listed]:
    """These people, who are all missing in one round that is under way."""
    wanted = sorted(set(listed))
    if not 0 < len(wanted) <= MOST:
        raise Invalid(_("1 to %(n)s people at once.") % {"n": MOST}, remedy=_("Choose fewer."), field="listed")
    rows = finding.listed(by, wanted)
    if len({one.round_id for one in rows}) > 1:
        raise Invalid(_("These people are of different rounds."), remedy=_("One round at a time."), field="listed")
    finding.must_be(rows[0].round, [Round.UNDER_WAY])
    if any(one.tube_id is not None or one.exempt for one in rows):
        raise Conflict(
            _("Somebody of these is not missing any more."), remedy=_("Look at the list again."), code="not_missing"
        )
    return rows


def _within(round_: Round, at: datetime | None) -> datetime:
    """When somebody was tested elsewhere, in local time."""
    if at is None:
        raise Invalid(_("When was it?"), remedy=_("Give date and time of the test elsewhere."), field="tested_at")
    at = laboratory.past(at, "tested_at")
    if round_.started_at is None or at < round_.started_at:
        raise Invalid(
            _("That was before this round began."), remedy=_("Only a test within the round counts; ask them to come."),
            field="tested_at",
        )  # fmt: skip
    return at.astimezone(clock.zone())


def _told(by: Actor, rows: Sequence[Listed], name: str, data: dict[str, str]) -> None:
    for one in rows:
        told = {"round": one.round.code, **data}
        record(by, name, (_PERSON, one.person_id), area=one.area, data=told)
    counting.recount(counting.locked(one.patch_id for one in rows))
    settling.proposed(rows[0].round)
