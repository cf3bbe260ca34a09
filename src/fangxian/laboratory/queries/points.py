"""Reading swab points."""

from django.db.models import Q
from django.utils.translation import gettext as _

from fangxian.core import ids
from fangxian.core.access import Actor, within
from fangxian.core.errors import NotFound
from fangxian.laboratory import finding
from fangxian.laboratory.models import Point
from fangxian.laboratory.schemas import PointView
from fangxian.registry import queries as registry
from fangxian.text import Text


def points(
    by: Actor, area: str = "", *, with_closed: bool = False, after: int = 0, limit: int = 100
) -> list[PointView]:
    """Swab points that the actor may see, by id from the one after `after`. Three queries."""
    found = Point.objects.filter(by.scope(finding.VIEW, organisation="organisation_id"), within(area), pk__gt=after)
    if not with_closed:
        found = found.filter(closed_at__isnull=True)
    return _shown(list(found.order_by("pk")[:limit]))


def point(by: Actor, code: str) -> PointView:
    """One swab point. Raises NotFound."""
    seen = by.scope(finding.VIEW, organisation="organisation_id") | Q(pk__in=())
    found = Point.objects.filter(seen, code=ids.normalise_code(code)).first()
    if found is None:
        raise NotFound(_("There is no such swab point, or it is closed."), field="point")
    return _shown([found])[0]


def _shown(rows: list[Point]) -> list[PointView]:
    bodies = registry.organisation_names(
        {pk for row in rows for pk in (row.organisation_id, row.laboratory_id) if pk is not None}
    )
    areas = registry.full_area_names(row.area for row in rows)
    return [
        PointView(
            row.pk, row.code, Text(row.name_zh, row.name_en or row.name_zh), row.area, areas[row.area], row.organisation_id,
            bodies[row.organisation_id], row.laboratory_id, bodies.get(row.laboratory_id or 0, ""), row.opened_at, row.closed_at,
        )
        for row in rows
    ]  # fmt: skip
