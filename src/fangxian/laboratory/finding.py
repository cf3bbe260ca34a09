"""What the actions of the laboratory look up, with the refusals that go with it."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from fangxian.core import clock, ids
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, NotFound
from fangxian.laboratory.models import Box, Point, Tube
from fangxian.registry import queries as registry

COLLECT, TEST, VIEW, PEOPLE, DECIDE, MATCH, POINTS, MEMBERS = (
    "samples.collect", "samples.test", "samples.view", "samples.people", "samples.decide", "samples.match",
    "samples.points", "samples.members",
)  # fmt: skip
_BARCODE = re.compile(r"[0-9A-Z][0-9A-Z.-]{4,31}")
#: Clocks of two machines may differ by this much before an instant counts as lying in the future.
_SLACK = timedelta(minutes=1)


def barcode(text: str, field: str = "code") -> str:
    """A barcode in normal form: upper case, no spaces. Raises Invalid for what no label bears."""
    code = "".join((text or "").split()).upper()
    if not _BARCODE.fullmatch(code):
        raise Invalid(
            _("“%(code)s” is no barcode.") % {"code": text[:40]},
            remedy=_("Scan it again, or type the 5 to 32 letters and digits below the bars."), field=field,
        )  # fmt: skip
    return code


def past(at: datetime | None, field: str) -> datetime:
    """The instant itself, or now. Raises Invalid for what lies ahead, or says no zone."""
    now = clock.now()
    if at is None:
        return now
    if at.tzinfo is None:
        raise Invalid(_("This is not an instant with a time zone."), remedy=_("Give date, time and zone."), field=field)
    if at > now + _SLACK:
        raise Invalid(_("This lies in the future."), remedy=_("Give the time at which it happened."), field=field)
    return min(at, now)


def reason(text: str, field: str = "reason") -> str:
    """A reason of at least two characters. Raises Invalid."""
    text = plain(text, 300)
    if len(text) < 2:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field=field)
    return text


def plain(text: str, longest: int) -> str:
    """A text as a column holds it."""
    return (text or "").replace("\0", "").strip()[:longest]


def may_see(by: Actor, tube: Tube) -> bool:
    """Whoever took it, tests it, or looks after the place it comes from."""
    return by.may(VIEW, tube.area, tube.organisation_id) or (
        tube.laboratory_id is not None and by.may(VIEW, tube.area, tube.laboratory_id)
    )


def seen(by: Actor) -> Q:
    """The condition for tubes and boxes that the actor may see."""
    return by.scope(VIEW, organisation="organisation_id") | by.scope(VIEW, organisation="laboratory_id")


def tube(by: Actor, code: str, *, lock: bool = False, joined: Collection[str] = ()) -> Tube:
    """The tube with this barcode, or with it until it was labelled anew. Raises NotFound where the actor may not know of it."""
    rows = Tube.objects.select_for_update(of=("self",)) if lock else Tube.objects.all()
    if joined:
        rows = rows.select_related(*joined)
    wanted = barcode(code)
    found = rows.filter(code=wanted).first() or rows.filter(former=wanted).exclude(former="").first()
    if found is None or not may_see(by, found):
        raise NotFound(
            _("There is no tube %(code)s.") % {"code": wanted},
            remedy=_("Scan it again; check the last digits."),
            field="code",
        )
    return found


def tubes(codes: Iterable[str], *, lock: bool = False) -> dict[str, Tube]:
    """Tubes by barcode, also by the one before they were labelled anew; unknown ones are left out. Two queries."""
    wanted = set(codes)
    rows = Tube.objects.select_for_update(of=("self",)) if lock else Tube.objects.all()
    found = {one.code: one for one in rows.filter(code__in=wanted).order_by("pk")}
    if rest := wanted - found.keys():
        found |= {one.former: one for one in rows.filter(former__in=rest).order_by("pk")}
    return found


def box(by: Actor, code: str, *, lock: bool = False) -> Box:
    """The box with this code. Raises NotFound where the actor may not know of it."""
    rows = Box.objects.select_for_update(of=("self",)) if lock else Box.objects.all()
    found = rows.filter(code=ids.normalise_code(code)).first()
    if found is None or not (
        by.may(VIEW, found.area, found.organisation_id) or by.may(VIEW, found.area, found.laboratory_id)
    ):
        raise NotFound(_("There is no such box."), remedy=_("Check the code; its last character is a check."))
    return found


def point(code: str) -> Point:
    """A swab point that is open. Raises NotFound."""
    found = Point.objects.filter(code=ids.normalise_code(code), closed_at__isnull=True).first()
    if found is None:
        raise NotFound(
            _("There is no such swab point, or it is closed."), remedy=_("Choose one from the list."), field="point"
        )
    return found


def laboratory(by: Actor, asked: int | None) -> int:
    """The laboratory for which the actor reports: the one named, or the one they belong to. Raises NotAllowed, or Invalid."""
    own = next((one.organisation_id for one in by.grants if one.organisation_id and one.allows(TEST)), None)
    wanted = asked if asked is not None else own
    if wanted is None:
        raise Invalid(_("Which laboratory?"), remedy=_("Name the laboratory."), field="laboratory")
    found = registry.organisation(wanted)
    by.must(TEST, found.area, found.pk)
    return found.pk
