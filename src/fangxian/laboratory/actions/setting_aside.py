"""Tubes that come to nothing, or to another label: rejected by the laboratory, lost on the way, a barcode that cannot be read."""

from django.utils.translation import gettext as _

from fangxian.core.access import Actor
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Conflict
from fangxian.laboratory import finding, following
from fangxian.laboratory.events import TubesFailed
from fangxian.laboratory.models import Member, Tube


@action
def reject_tube(by: Actor, code: str, reason: str) -> Tube:
    """The laboratory cannot test this sample (leaking, empty, not labelled …): whoever is in it must be sampled again."""
    tube = finding.tube(by, code, lock=True)
    by.must(finding.TEST, tube.area, tube.laboratory_id)
    return _end(by, tube, Tube.REJECTED, "tube.rejected", reason)


@action
def lose_tube(by: Actor, code: str, reason: str) -> Tube:
    """The tube is lost or broken: whoever is in it must be sampled again."""
    tube = finding.tube(by, code, lock=True)
    if not by.may(finding.COLLECT, tube.area, tube.organisation_id):
        by.must(finding.TEST, tube.area, tube.laboratory_id)
    return _end(by, tube, Tube.LOST, "tube.lost", reason)


@action
def relabel_tube(by: Actor, code: str, fresh: str, reason: str) -> Tube:
    """Give a tube another barcode, where its own is damaged or on two tubes. A result under the old one still finds it."""
    tube = finding.tube(by, code, lock=True)
    if not by.may(finding.COLLECT, tube.area, tube.organisation_id):
        by.must(finding.TEST, tube.area, tube.laboratory_id)
    wanted = finding.barcode(fresh, "fresh")
    if Tube.objects.filter(code=wanted).exists() or Tube.objects.filter(former=wanted).exclude(pk=tube.pk).exists():
        raise Conflict(
            _("The barcode %(code)s is on another tube.") % {"code": wanted},
            remedy=_("Take a fresh label."),
            field="fresh",
        )
    before, tube.former, tube.code = tube.code, tube.code, wanted
    tube.save(update_fields=["code", "former"])
    record(
        by, "tube.relabelled", ("tube", tube.pk), area=tube.area,
        data={"from": before, "to": wanted, "reason": finding.reason(reason)},
    )  # fmt: skip
    return tube


def _end(by: Actor, tube: Tube, state: str, name: str, reason: str) -> Tube:
    if tube.state in Tube.ENDED:
        raise Conflict(
            _("Tube %(code)s is at its end already.") % {"code": tube.code},
            remedy=_("A result that is wrong is corrected or cancelled."), code="ended",
        )  # fmt: skip
    tube.why = finding.reason(reason)
    tube.state = state
    tube.save(update_fields=["state", "why"])
    Member.objects.filter(single=tube, state=Member.HELD).update(single=None)
    record(by, name, ("tube", tube.pk), area=tube.area, data={"code": tube.code, "reason": tube.why})
    following.tubes_ended([tube])
    emit(TubesFailed((tube.pk,)))
    return tube
