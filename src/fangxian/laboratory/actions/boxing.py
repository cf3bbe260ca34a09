"""The chain of custody: tubes sealed into a box, the box handed on, and received where it is tested."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from fangxian.core import bulk, clock, ids
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.duties import actions as duties
from fangxian.duties import packs
from fangxian.laboratory import finding, following, rules, subject
from fangxian.laboratory.models import Box, HandOver, Tube
from fangxian.laboratory.schemas import BoxForm
from fangxian.registry import queries as registry

#: Tubes of one box; what a person can carry holds fewer.
MOST = 5000


@action
def seal_box(by: Actor, form: BoxForm) -> Box:
    """Seal tubes into a box, which opens the duty of delivering it. All of them or none.

    Raises NotFound for an unknown barcode, Conflict where a tube is in another box already or is at its end, Invalid where the
    tubes are of different packs or there is no laboratory to send them to.
    """
    point = finding.point(form.point) if form.point else None
    sender = form.organisation if form.organisation is not None else point.organisation_id if point else None
    if sender is None:
        sender = next((one.organisation_id for one in by.grants if one.organisation_id), None)
    target = form.laboratory if form.laboratory is not None else point.laboratory_id if point else None
    if sender is None:
        raise Invalid(_("Who sends the box?"), remedy=_("Name a swab point or an organisation."), field="organisation")
    if target is None:
        raise Invalid(_("Which laboratory is it for?"), remedy=_("Name the laboratory."), field="laboratory")
    body = registry.organisation(sender)
    area = point.area if point else body.area
    by.must(finding.COLLECT, area, sender)
    laboratory, at = registry.organisation(target), finding.past(form.sealed_at, "sealed_at")
    rows = _to_be_sealed(by, form.tubes, at)
    box = Box.objects.create(
        code=ids.new_code(), seal=finding.plain(form.seal, 40), organisation_id=body.pk, laboratory_id=laboratory.pk, area=area,
        pack=rows[0].pack, tubes=len(rows), waiting=len(rows), first_sampled_at=min(one.sampled_at for one in rows),
        sealed_at=at,
    )  # fmt: skip
    Tube.objects.filter(pk__in=[one.pk for one in rows]).update(box=box, laboratory_id=laboratory.pk, state=Tube.SEALED)
    record(
        by, "box.sealed", (subject.BOX, box.pk), area=area,
        data={"code": box.code, "seal": box.seal, "tubes": [one.code for one in rows], "laboratory": laboratory.pk},
    )  # fmt: skip
    duties.open_due(by, subject.SEALED, [subject.of_box(box)])
    return box


def _to_be_sealed(by: Actor, codes: Sequence[str], at: datetime) -> list[Tube]:
    wanted = list(dict.fromkeys(finding.barcode(code, "tubes") for code in codes))
    if not 0 < len(wanted) <= MOST:
        raise Invalid(
            _("A box holds 1 to %(n)s tubes.") % {"n": MOST}, remedy=_("Scan the tubes that go into it."), field="tubes"
        )
    known = finding.tubes(wanted, lock=True)
    if unknown := [code for code in wanted if code not in known or not finding.may_see(by, known[code])]:
        raise NotFound(
            _("Not on record: %(codes)s.") % {"codes": ", ".join(unknown[:5])},
            remedy=_("Record who is in these tubes first, or leave them out."), field="tubes",
        )  # fmt: skip
    rows = sorted({one.pk: one for one in known.values()}.values(), key=lambda one: one.pk)
    if taken := [one.code for one in rows if one.state != Tube.COLLECTED]:
        raise Conflict(
            _("Already sealed in, or at their end: %(codes)s.") % {"codes": ", ".join(taken[:5])},
            remedy=_("Leave them out of this box."), field="tubes",
        )  # fmt: skip
    if len({one.pack for one in rows}) > 1:
        raise Invalid(
            _("These tubes are tested under different protocols."), remedy=_("Seal a box for each."), field="tubes"
        )
    if any(one.sampled_at > at for one in rows):
        raise Invalid(_("A tube was taken after the box was sealed."), remedy=_("Check the time."), field="sealed_at")
    return rows


@action
def hand_over_box(
    by: Actor, code: str, receiver: str, *, sender: str = "", at: datetime | None = None, note: str = ""
) -> Box:
    """The box goes from hand to hand: who gives it (empty: whoever has it now) and who takes it. Raises Conflict once it arrived."""
    box = finding.box(by, code, lock=True)
    if not by.may(finding.COLLECT, box.area, box.organisation_id):
        by.must(finding.TEST, box.area, box.laboratory_id)
    if box.state == Box.RECEIVED:
        raise Conflict(_("The laboratory has received this box already."), code="received")
    receiver, sender = finding.plain(receiver, 80), finding.plain(sender, 80) or _holder(box)
    if not receiver:
        raise Invalid(_("Who takes the box?"), remedy=_("Give a name or a vehicle."), field="receiver")
    _link(by, box, sender, receiver, at, note)
    Box.objects.filter(pk=box.pk).update(state=Box.UNDER_WAY)
    box.state = Box.UNDER_WAY
    return box


@action
def receive_box(
    by: Actor, code: str, tubes: Sequence[str] | None = None, *, sender: str = "", at: datetime | None = None, note: str = ""
) -> Box:  # fmt: skip
    """The laboratory takes the box in. `tubes` are the barcodes found in it; without them it was found complete.

    What was sealed in and is not there goes back among the tubes collected, and is named as missing; what is there and was not
    sealed in is taken in too, and named. The clock of the results starts.
    """
    box = finding.box(by, code, lock=True)
    by.must(finding.TEST, box.area, box.laboratory_id)
    if box.state == Box.RECEIVED:
        raise Conflict(
            _("This box was received at %(at)s.") % {"at": _hour(box.received_at)}, code="received",
            remedy=_("Nothing of yours was lost; reload to see what was entered."),
        )  # fmt: skip
    _link(by, box, finding.plain(sender, 80) or _holder(box), by.name, at, note)
    box.received_at = finding.past(at, "at")
    sealed = {one.code: one for one in Tube.objects.select_for_update().filter(box=box, state=Tube.SEALED)}
    found = set(sealed) if tubes is None else {finding.barcode(one, "tubes") for one in tubes}
    here = {one.pk: one for one in finding.tubes(found, lock=True).values()}
    missing = [one for one in sealed.values() if one.pk not in here]
    surplus = [one for one in here.values() if one.box_id != box.pk and one.state in (Tube.COLLECTED, Tube.SEALED)]
    following.leaves_box([one for one in surplus if one.box_id is not None])
    Tube.objects.filter(pk__in=[one.pk for one in missing]).update(box=None, state=Tube.COLLECTED)
    _take_in([*(one for one in sealed.values() if one.pk in here), *surplus], box)
    box.missing = sorted(one.code for one in missing)
    box.surplus = sorted({one.code for one in surplus} | (found - {one.code for one in here.values()} - {
        one.former for one in here.values()
    }))  # fmt: skip
    box.state = Box.RECEIVED
    box.waiting = Tube.objects.filter(box=box).exclude(state__in=Tube.ENDED).count()
    box.save(update_fields=["state", "received_at", "missing", "surplus", "waiting"])
    record(
        by, "box.received", (subject.BOX, box.pk), area=box.area,
        data={"code": box.code, "tubes": len(here), "missing": box.missing, "surplus": box.surplus},
    )  # fmt: skip
    if (step := following.open_step(subject.TRANSPORT, (subject.BOX, box.pk), subject.DELIVER)) is not None:
        duties.complete(SYSTEM, step.pk, at=box.received_at, through=subject.STAGE)
    duties.open_due(by, subject.RECEIVED, [subject.of_box(box)])
    following.box_done([box.pk])
    return box


def _take_in(tubes: Sequence[Tube], box: Box) -> None:
    """The tubes are in the laboratory; where the pack counts from the receipt, that is when their results are due."""
    pack = packs.pack(box.pack, box.area)
    rows = [
        (Tube.RECEIVED, box.pk, box.laboratory_id, box.received_at,
         rules.due_at(pack, one.reason, one.sampled_at, box.received_at), one.pk)
        for one in tubes
    ]  # fmt: skip
    bulk.update(Tube, ("state", "box_id", "laboratory_id", "received_at", "due_at"), rows)


def _link(by: Actor, box: Box, sender: str, receiver: str, at: datetime | None, note: str) -> None:
    moment = finding.past(at, "at")
    last = HandOver.objects.filter(box=box).order_by("-pk").first()
    if moment < (last.at if last else box.sealed_at):
        raise Invalid(
            _("A hand-over cannot lie before the one before it (%(at)s).") % {"at": _hour(last.at if last else box.sealed_at)},
            remedy=_("Check the time."), field="at",
        )  # fmt: skip
    HandOver.objects.create(
        box=box,
        sender=sender,
        receiver=receiver,
        at=moment,
        note=finding.plain(note, 300),
        by_id=by.account_id,
        by_name=by.name,
    )
    record(
        by, "box.handed_over", (subject.BOX, box.pk), area=box.area,
        data={"from": sender, "to": receiver, "at": moment.isoformat(), "note": finding.plain(note, 300)},
    )  # fmt: skip


def _holder(box: Box) -> str:
    """Whoever has the box now."""
    last = HandOver.objects.filter(box=box).order_by("-pk").first()
    return last.receiver if last else registry.organisation(box.organisation_id).name_zh[:80]


def _hour(at: datetime | None) -> str:
    return at.astimezone(clock.zone()).strftime("%Y-%m-%d %H:%M") if at else ""
