"""Whose result is it? A person says so: of this tube, of this human, or of nobody here."""

from dataclasses import replace

from django.utils.translation import gettext as _

from fangxian.core import clock, ids
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.laboratory import finding, matching
from fangxian.laboratory.actions.collecting import collect
from fangxian.laboratory.actions.telling import report_result
from fangxian.laboratory.models import Tube, Unmatched
from fangxian.laboratory.schemas import TubeForm


@action
def match_result(by: Actor, unmatched: int, *, tube: str = "", person: str = "", outbreak: str = "") -> Tube:
    """Say whose a result is: of a `tube` on record, or of a `person` (code or identity number), of whom a tube is then entered.

    The result then holds like any other. Raises NotFound for an unknown tube or person, Conflict where somebody decided before.
    """
    row = _waiting(by, unmatched)
    form = matching.form_of(row)
    if bool(tube) == bool(person):
        raise Invalid(
            _("Say whose it is: one tube, or one person."),
            remedy=_("Choose a proposal, or type a code."),
            field="person",
        )
    found = finding.tube(by, tube) if tube else _entered(row, person, outbreak, by)
    report_result(SYSTEM, replace(form, code=found.code), laboratory=row.laboratory_id)
    row.tube_id = found.pk
    _decided(by, row, Unmatched.MATCHED, "")
    found.refresh_from_db()
    return found


@action
def dismiss_result(by: Actor, unmatched: int, reason: str) -> None:
    """The result is of nobody here (sent to the wrong place, a control sample …): set aside, for a reason."""
    _decided(by, _waiting(by, unmatched), Unmatched.DISMISSED, finding.reason(reason))


def _waiting(by: Actor, pk: int) -> Unmatched:
    row = Unmatched.objects.select_for_update().filter(pk=pk).first()
    if row is None or not by.may(finding.MATCH, row.area):
        raise NotFound(_("There is no such result to decide on."))
    if row.state != Unmatched.WAITING:
        raise Conflict(_("This was decided by %(who)s.") % {"who": row.by_name}, code="decided")
    return row


def _entered(row: Unmatched, person: str, outbreak: str, by: Actor) -> Tube:
    """A tube of whom a person says it is: under its own barcode, or a fresh one where it came without."""
    form = matching.form_of(row)
    sample = TubeForm(
        code=row.barcode or ids.new_code(), people=[person], reason="voluntary", area=row.area, outbreak=outbreak,
        organisation=row.laboratory_id, sampled_at=form.sampled_at or form.tested_at or row.at,
    )  # fmt: skip
    made = collect(SYSTEM, sample)
    record(by, "tube.matched", ("tube", made.pk), area=made.area, data={"code": made.code, "unmatched": row.pk})
    return made


def _decided(by: Actor, row: Unmatched, state: str, reason: str) -> None:
    row.state, row.reason, row.decided_at, row.by_name = state, reason, clock.now(), by.name
    row.save(update_fields=["state", "reason", "decided_at", "by_name", "tube"])
    record(
        by, "result.decided", (matching.KIND, row.pk), area=row.area,
        data={"state": state, "tube": row.tube_id, "reason": reason},
    )  # fmt: skip
