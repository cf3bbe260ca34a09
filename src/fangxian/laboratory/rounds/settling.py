"""What the duties of rounds are told: a grid in which everybody was asked, or everybody came; the day on which a next round is due."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.actions import emit
from fangxian.duties import actions as duties
from fangxian.duties import queries as duty_queries
from fangxian.laboratory.rounds import standing, subject
from fangxian.laboratory.rounds.events import RoundCounted
from fangxian.laboratory.rounds.models import Patch, Round

#: The hour of the day by which what follows a round is decided.
_MORNING = timedelta(hours=8)


def mopped_up(patches: Sequence[Patch]) -> None:
    """Settle, or owe again, the steps of grids whose people have all been asked, or have all come."""
    for patch in patches:
        missing = patch.people - patch.tested - patch.exempt
        reached, done = missing == patch.asked, missing == 0
        if (reached, done) == (patch.reached, patch.done):
            continue
        numbers = {"tested": patch.tested, "exempt": patch.exempt, "missing": missing}
        _tell(patch, subject.REACH, reached, patch.reached, numbers)
        _tell(patch, subject.SWAB, done, patch.done, numbers)
        patch.reached, patch.done = reached, done
        Patch.objects.filter(pk=patch.pk).update(reached=reached, done=done)


def _tell(patch: Patch, key: str, now: bool, before: bool, numbers: dict[str, int]) -> None:
    about = (subject.PATCH, patch.pk)
    if now and not before:
        if (step := duty_queries.open_step(subject.MOP_UP, about, key)) is not None:
            duties.complete(SYSTEM, step.pk, numbers, through=subject.STAGE)
    elif before and not now and patch.round.state == Round.UNDER_WAY:
        done = [
            step for duty in duty_queries.of_subject(*about) for step in duty.steps.all() if step.key == key
        ]  # fmt: skip
        if done:
            duties.reopen(SYSTEM, max(done, key=lambda step: step.attempt).pk, _("Somebody is missing again."))


def proposed(round_: Round) -> None:
    """After a round that is over: by when it is to be decided what follows, as far as the results say it yet.

    Whoever goes by its result is told also when it was decided: a result may turn out not to hold.
    """
    if round_.state != Round.ENDED:
        return
    emit(RoundCounted(round_.pk))
    if round_.decided:
        return
    told = standing.proposal(round_)
    if told.on is not None:
        duties.set_anchors(SYSTEM, subject.ROUND, {round_.pk: {"next_at": morning(told.on)}})


def morning(day: date) -> datetime:
    """The hour of a day by which it is decided."""
    return clock.local_midnight(day) + _MORNING
