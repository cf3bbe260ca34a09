"""Results that were wrong: corrected or cancelled, with what followed from them undone where all can see it."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Conflict
from fangxian.duties import packs
from fangxian.laboratory import finding, following, rules
from fangxian.laboratory.events import ResultsChanged
from fangxian.laboratory.models import Result, Tube
from fangxian.laboratory.schemas import ResultForm


@action
def correct_result(
    by: Actor, code: str, value: str, reason: str, *, cts: Mapping[str, float | None] | None = None,
    tested_at: datetime | None = None, reference: str = "",
) -> Tube:  # fmt: skip
    """Correct the result of a tube, for a reason that stays on record. What followed from the wrong one is undone, and what
    follows from the right one is done."""
    tube = _resulted(by, code)
    form = ResultForm(code=tube.code, value=value, cts=cts or {}, reference=reference, status=Result.CORRECTED)
    reading = rules.read(rules.cuts(packs.pack(tube.pack, tube.area)), value, form.cts)
    if (reading.value, reading.ct) == (tube.value, tube.ct):
        raise Conflict(_("That is the result on record."), remedy=_("There is nothing to correct."), code="same_result")
    change(by, tube, reading, form, tested_at, finding.reason(reason), "entry")
    return tube


@action
def cancel_result(by: Actor, code: str, reason: str) -> Tube:
    """Cancel the result of a tube, for a reason: it has none now, and what followed from it is undone. The tube waits again."""
    tube = _resulted(by, code)
    change(by, tube, None, ResultForm(code=tube.code, status=Result.CANCELLED), None, finding.reason(reason), "entry")
    return tube


def _resulted(by: Actor, code: str) -> Tube:
    tube = finding.tube(by, code, lock=True)
    by.must(finding.TEST, tube.area, tube.laboratory_id)
    if not tube.value:
        raise Conflict(
            _("Tube %(code)s has no result.") % {"code": tube.code}, remedy=_("Enter it first."), field="code"
        )
    return tube


def change(
    by: Actor, tube: Tube, reading: rules.Reading | None, form: ResultForm, tested_at: datetime | None, reason: str, source: str
) -> None:  # fmt: skip
    """Put another result, or none, in the place of the one that held; the tube is locked by the caller."""
    now, before = clock.now(), (tube.value, tube.ct)
    number = Result.objects.filter(tube=tube).count() + 1
    Result.objects.create(
        tube=tube, number=number, status=Result.CANCELLED if reading is None else Result.CORRECTED,
        value=reading.value if reading else "", cts=dict(form.cts), tested_at=tested_at, reference=form.reference.strip()[:60],
        source=source, reason=reason[:300], at=now, by_id=by.account_id, by_name=by.name,
    )  # fmt: skip
    ended = tube.state == Tube.RESULTED
    tube.value, tube.ct = (reading.value, reading.ct) if reading else ("", None)
    tube.resulted_at = now if reading else None
    tube.state = Tube.RESULTED if reading else Tube.RECEIVED if tube.received_at else Tube.COLLECTED
    if not reading and tube.box_id is not None and tube.received_at is None:
        tube.state = Tube.SEALED
    tube.save(update_fields=["value", "ct", "resulted_at", "state"])
    record(
        by, "tube.corrected" if reading else "tube.cancelled", ("tube", tube.pk), area=tube.area,
        data={"code": tube.code, "before": list(before), "now": [tube.value, tube.ct], "reason": reason},
    )  # fmt: skip
    if tube.value != before[0]:
        following.undo(by, tube, reason)
    if reading is None:
        following.waits_again(tube)
    elif not ended:
        following.tubes_ended([tube])
    if reading is not None and tube.value != before[0]:
        if tube.value == "positive":
            following.positives(by, [tube])
        if tube.people == 1:
            following.members_told([tube])
    emit(ResultsChanged((tube.pk,), corrected=tube.value != before[0]))
