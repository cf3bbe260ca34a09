"""Reading boxes of samples."""

from fangxian.core.access import Actor, within
from fangxian.duties import queries as duty_queries
from fangxian.laboratory import finding, subject
from fangxian.laboratory.models import Box, HandOver, Tube
from fangxian.laboratory.queries.tubes import rows
from fangxian.laboratory.schemas import BoxView, CustodyLink, TubeRow
from fangxian.registry import queries as registry

STATES = (Box.SEALED, Box.UNDER_WAY, Box.RECEIVED)


def boxes(by: Actor, area: str = "", *, state: str = "", after: int | None = None, limit: int = 50) -> list[BoxView]:
    """Boxes that the actor may see, the newest first; `after` is the id of the last one read. Three queries."""
    found = Box.objects.filter(finding.seen(by), within(area))
    if state:
        found = found.filter(state=state)
    if after is not None:
        found = found.filter(pk__lt=after)
    return _shown(by, list(found.order_by("-pk")[:limit]))


def box(by: Actor, code: str) -> BoxView:
    """One box. Raises NotFound."""
    return _shown(by, [finding.box(by, code)])[0]


def custody(by: Actor, code: str) -> list[CustodyLink]:
    """From hand to hand: every hand-over of a box, the first first. Two queries."""
    rows = HandOver.objects.filter(box=finding.box(by, code)).order_by("pk")
    return [CustodyLink(one.at, one.sender, one.receiver, one.note, one.by_name) for one in rows]


def waiting_to_be_sealed(by: Actor, point: str = "", *, limit: int = 500) -> list[TubeRow]:
    """Tubes that were taken (at a swab point) and are in no box yet, the oldest first."""
    found = Tube.objects.filter(finding.seen(by), state=Tube.COLLECTED, box__isnull=True, value="")
    if point:
        found = found.filter(point=finding.point(point))
    return rows(list(found.select_related("organisation", "point", "laboratory").order_by("pk")[:limit]))


def _shown(by: Actor, found: list[Box]) -> list[BoxView]:
    bodies = registry.organisation_names({pk for row in found for pk in (row.organisation_id, row.laboratory_id)})
    due = duty_queries.answering(by, subject.BOX, [row.pk for row in found])
    return [
        BoxView(
            row.pk, row.code, row.seal, row.state, row.area, bodies[row.organisation_id], row.laboratory_id,
            bodies[row.laboratory_id], row.tubes, max(0, row.waiting), tuple(row.missing), tuple(row.surplus),
            row.first_sampled_at, row.sealed_at, row.received_at, due[row.pk].due_at if row.pk in due else None,
            {
                "hand_over": row.state != Box.RECEIVED and (
                    by.may(finding.COLLECT, row.area, row.organisation_id) or by.may(finding.TEST, row.area, row.laboratory_id)
                ),
                "receive": row.state != Box.RECEIVED and by.may(finding.TEST, row.area, row.laboratory_id),
            },
        )
        for row in found
    ]  # fmt: skip
