"""Swab points, and the labels that are printed for them."""

from django.utils.translation import gettext as _

from fangxian.core import clock, ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.laboratory import finding
from fangxian.laboratory.models import Point, Tube
from fangxian.laboratory.schemas import PointForm
from fangxian.registry import queries as registry

#: Labels of one printing: some thirty sheets.
MOST_LABELS = 1000


@action
def open_point(by: Actor, form: PointForm) -> Point:
    """Open a swab point. Raises Invalid for a name or a position that does not hold, NotFound for an unknown organisation."""
    area = registry.area(form.area).code
    by.must(finding.POINTS, area)
    name = form.name_zh.strip() or form.name_en.strip()
    if not name or max(len(name), len(form.name_en)) > 120:
        raise Invalid(_("A name of up to 120 characters is needed."), remedy=_("Name the place."), field="name_zh")
    if (form.lon is None) != (form.lat is None):
        raise Invalid(_("A position needs longitude and latitude."), remedy=_("Give both, or neither."), field="lon")
    if form.lon is not None and form.lat is not None and not (-180 <= form.lon <= 180 and -90 <= form.lat <= 90):
        raise Invalid(_("This is no position."), remedy=_("Give degrees east and north."), field="lon")
    point = Point.objects.create(
        code=ids.new_code(), organisation_id=registry.organisation(form.organisation).pk,
        laboratory_id=registry.organisation(form.laboratory).pk if form.laboratory is not None else None,
        area=area, name_zh=name, name_en=form.name_en.strip(), lon=form.lon, lat=form.lat, opened_at=clock.now(),
    )  # fmt: skip
    record(
        by, "point.opened", ("point", point.pk), area=area,
        data={"code": point.code, "name": name, "organisation": point.organisation_id, "laboratory": point.laboratory_id},
    )  # fmt: skip
    return point


@action
def close_point(by: Actor, code: str, reason: str) -> Point:
    """Close a swab point. What was taken there stays on record."""
    point = Point.objects.select_for_update().filter(code=ids.normalise_code(code)).first()
    if point is None or not by.may(finding.VIEW, point.area, point.organisation_id):
        raise NotFound(_("There is no such swab point, or it is closed."), field="point")
    by.must(finding.POINTS, point.area)
    if point.closed_at is not None:
        raise Conflict(_("This swab point is already closed."))
    point.closed_at = clock.now()
    point.save(update_fields=["closed_at"])
    record(by, "point.closed", ("point", point.pk), area=point.area, data={"reason": finding.reason(reason)})
    return point


@action
def print_labels(by: Actor, point: str, count: int) -> list[str]:
    """Fresh barcodes for tubes of a swab point, which no tube bears and none was printed with before."""
    where = finding.point(point)
    by.must(finding.COLLECT, where.area, where.organisation_id)
    if not 1 <= count <= MOST_LABELS:
        raise Invalid(
            _("So many labels cannot be printed at once."),
            remedy=_("Ask for 1 to %(n)s.") % {"n": MOST_LABELS},
            field="count",
        )
    codes: list[str] = []
    while len(codes) < count:  # one in 26 trillion is on a tube already
        fresh = ids.new_codes(count - len(codes))
        taken = set(Tube.objects.filter(code__in=fresh).values_list("code", flat=True))
        codes += [code for code in fresh if code not in taken]
    record(
        by, "point.labels", ("point", where.pk), area=where.area,
        data={"count": count, "first": codes[0], "last": codes[-1]},
    )  # fmt: skip
    return codes
