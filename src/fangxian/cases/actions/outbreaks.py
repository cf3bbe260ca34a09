"""Outbreaks opened and closed, and the dates of 7-1-7."""

from collections.abc import Mapping
from datetime import date
from itertools import pairwise

from django.utils.translation import gettext as _

from fangxian.cases.models import Outbreak
from fangxian.cases.schemas import OutbreakForm
from fangxian.core import clock, ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.duties import packs
from fangxian.protocols import PackError
from fangxian.registry.levels import LEVELS

#: The moments of 7-1-7 in their order, which is the order in which they must lie.
MILESTONES = ("emerged_on", "detected_on", "notified_on", "responded_on")


@action
def open_outbreak(by: Actor, form: OutbreakForm) -> Outbreak:
    """Open an outbreak. Raises Invalid for a missing name, an unknown pack or area, or an opening in the future."""
    by.must("cases.outbreak", form.area)
    name = form.name_zh.strip() or form.name_en.strip()
    if not name:
        raise Invalid(_("An outbreak needs a name."), remedy=_("Name the disease and the place."), field="name_zh")
    if form.area and len(form.area) not in LEVELS:
        raise Invalid(
            _("“%(code)s” is not the code of a jurisdiction.") % {"code": form.area},
            remedy=_("Leave it empty for the whole country."),
            field="area",
        )
    try:
        packs.pack(form.pack, form.area)
    except PackError as fault:
        raise Invalid(
            _("There is no protocol pack “%(name)s”.") % {"name": form.pack},
            remedy=_("`fangxian protocols list` shows those there are."),
            field="pack",
        ) from fault
    opened_at = form.opened_at or clock.now()
    if opened_at > clock.now():
        raise Invalid(_("This lies in the future."), remedy=_("Leave it empty for now."), field="opened_at")
    outbreak = Outbreak.objects.create(
        code=ids.new_code(),
        name_zh=form.name_zh.strip() or name,
        name_en=form.name_en.strip() or name,
        pack=form.pack,
        area=form.area,
        opened_at=opened_at,
    )
    data = {"code": outbreak.code, "name": outbreak.name_zh, "pack": form.pack, "at": opened_at.isoformat()}
    record(by, "outbreak.opened", ("outbreak", outbreak.pk), area=outbreak.area, data=data)
    return outbreak


@action
def adopt_alert(by: Actor, code: str, alert: str) -> Outbreak:
    """Say of which alert an outbreak was noticed. The first one stays: whoever was later has only confirmed it."""
    outbreak = _locked(by, code)
    if not outbreak.alert:
        outbreak.alert = alert
        outbreak.save(update_fields=["alert"])
        record(
            by,
            "outbreak.alert",
            ("outbreak", outbreak.pk),
            area=outbreak.area,
            data={"code": outbreak.code, "alert": alert},
        )
    return outbreak


@action
def close_outbreak(by: Actor, code: str, reason: str) -> Outbreak:
    """Close an outbreak, with the reason: no more cases can be reported in it. What is open about its cases stays open."""
    outbreak = _locked(by, code)
    if outbreak.closed_at:
        raise Conflict(_("This outbreak is already closed."))
    reason = reason.strip()[:300]
    if len(reason) < 2:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="reason")
    outbreak.closed_at = clock.now()
    outbreak.save(update_fields=["closed_at"])
    record(by, "outbreak.closed", ("outbreak", outbreak.pk), area=outbreak.area, data={"reason": reason})
    return outbreak


@action
def set_milestones(by: Actor, code: str, days: Mapping[str, date | None], reason: str = "") -> Outbreak:
    """Record dates of 7-1-7, any of `MILESTONES`; None takes one away. To change what is on record a reason is needed.

    Raises Invalid for a date in the future or before the one that it must follow, and for a missing reason.
    """
    outbreak = _locked(by, code)
    before = {name: getattr(outbreak, name) for name in MILESTONES}
    for name, day in days.items():
        if name not in MILESTONES:
            raise Invalid(
                _("“%(name)s” is no date of 7-1-7.") % {"name": name},
                remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(MILESTONES)},
                field=name,
            )
        if day is not None and day > clock.today():
            raise Invalid(_("This lies in the future."), remedy=_("Give the day on which it was."), field=name)
        setattr(outbreak, name, day)
    known = [(name, getattr(outbreak, name)) for name in MILESTONES if getattr(outbreak, name)]
    for (_first, earlier), (name, later) in pairwise(known):
        if later < earlier:
            raise Invalid(
                _("Emergence, detection, notification and response must follow each other."),
                remedy=_("Check the dates and correct the one that is wrong."),
                field=name,
            )
    changes = {
        name: [str(old or ""), str(getattr(outbreak, name) or "")]
        for name, old in before.items()
        if old != getattr(outbreak, name)
    }
    reason = reason.strip()[:300]
    if len(reason) < 2 and any(before[name] for name in changes):
        raise Invalid(
            _("A date of 7-1-7 that is on record is changed only with a reason."),
            remedy=_("Write one sentence; it stays on record."),
            field="reason",
        )
    if changes:
        outbreak.save(update_fields=list(changes))
        data = {"changes": changes} | ({"reason": reason} if reason else {})
        record(by, "outbreak.dated", ("outbreak", outbreak.pk), area=outbreak.area, data=data)
    return outbreak


def _locked(by: Actor, code: str) -> Outbreak:
    outbreak = Outbreak.objects.select_for_update().filter(code=ids.normalise_code(code)).first()
    if outbreak is None or not by.may("cases.view", outbreak.area):
        raise NotFound(_("There is no such outbreak."))
    by.must("cases.outbreak", outbreak.area)
    return outbreak
