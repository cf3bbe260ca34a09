"""A round is planned: whom it covers, by when, at which points."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.core import clock, ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Invalid, NotFound
from fangxian.duties import packs
from fangxian.laboratory import finding as laboratory
from fangxian.laboratory.rounds import finding, rules, subject
from fangxian.laboratory.rounds.models import Round, RoundPoint
from fangxian.laboratory.rounds.schemas import Homes, PointPlan, RoundForm
from fangxian.registry import levels
from fangxian.registry import queries as registry

#: A list of people, not an area.
MOST_PEOPLE = 20_000
MOST_AREAS = 500
MOST_POINTS = 500
MOST_AN_HOUR = 10_000


@action
def plan_round(by: Actor, form: RoundForm, homes: Homes | None = None, zone: str = "") -> Round:
    """Plan a round of an area or of a list of people. It begins when a person starts it.

    `homes` are those of a zone, as whoever draws zones has worked them out, and `zone` its code. Raises Invalid naming the field
    for a name, goal, place or hour that does not hold, NotFound for an unknown jurisdiction, person, point or outbreak.
    """
    target, area = _target(form, homes or Homes())
    by.must(finding.RUN, area)
    outbreak, pack = _outbreak(form.outbreak, area)
    goal = rules.goal(packs.pack(pack, area), form.goal)
    name = laboratory.plain(form.name_zh or form.name_en, 120)
    if len(name) < 2:
        raise Invalid(_("A name of up to 120 characters is needed."), remedy=_("Name the place."), field="name_zh")
    row = Round.objects.create(
        code=ids.new_code(), outbreak_id=outbreak, pack=pack, area=area, name_zh=name,
        name_en=laboratory.plain(form.name_en, 120), zone=zone, target=target, goal_hours=goal.hours, goal=goal.key,
        planned_at=clock.now(), by_id=by.account_id, by_name=by.name,
    )  # fmt: skip
    _points(by, row, form.points)
    record(
        by, "round.planned", (subject.ROUND, row.pk), area=area, basis=f"{goal.source} {goal.grade}",
        data={"code": row.code, "name": name, "goal_hours": goal.hours, "zone": zone, "points": len(form.points)},
    )  # fmt: skip
    return row


def repeat(by: Actor, before: Round) -> Round:
    """The same round once more, under the same goal and at the points that are still open."""
    row = Round.objects.create(
        code=ids.new_code(), first_id=before.first_id or before.pk, number=before.number + 1, outbreak_id=before.outbreak_id,
        pack=before.pack, area=before.area, name_zh=before.name_zh, name_en=before.name_en, zone=before.zone,
        target=before.target, goal_hours=before.goal_hours, goal=before.goal, planned_at=clock.now(), by_id=by.account_id,
        by_name=by.name,
    )  # fmt: skip
    standing = RoundPoint.objects.filter(round=before, point__closed_at__isnull=True).order_by("pk")
    RoundPoint.objects.bulk_create(
        RoundPoint(
            round=row, point_id=one.point_id, per_hour=one.per_hour, opens=one.opens, closes=one.closes
        )
        for one in standing
    )  # fmt: skip
    record(
        by, "round.planned", (subject.ROUND, row.pk), area=row.area,
        data={"code": row.code, "name": row.name_zh, "number": row.number, "after": before.code},
    )  # fmt: skip
    return row


def _target(form: RoundForm, homes: Homes) -> tuple[dict[str, list[int] | list[str]], str]:
    """Whose homes, as the roll will ask for them, and the smallest jurisdiction that holds all of them."""
    if form.people and (form.areas or homes != Homes()):
        raise Invalid(_("An area or a list of people, not both."), remedy=_("Plan a round for each."), field="people")
    if form.people:
        people = _people(form.people)
        return {"people": sorted(people)}, levels.common(sorted(set(people.values())))
    if len(form.areas) > MOST_AREAS:
        raise Invalid(
            _("At most %(n)s places.") % {"n": MOST_AREAS}, remedy=_("Name a larger jurisdiction."), field="areas"
        )
    areas = [registry.area(code).code for code in dict.fromkeys(form.areas)] + list(homes.areas)
    lying = [spot.area for spot in registry.spots(homes.buildings).values()]
    every = [*areas, *lying, *homes.roofless]
    if not every or "" in every:
        raise Invalid(_("Whom does it cover?"), remedy=_("Name jurisdictions, a zone, or people."), field="areas")
    if not (registry.living_counted(homes.buildings, areas)[0] or homes.roofless):
        raise Invalid(
            _("Nobody on record lives there."), remedy=_("Register the people first, or choose another place."), field="areas"
        )  # fmt: skip
    outermost = [one for one in areas if not any(one != other and one.startswith(other) for other in areas)]
    return (
        {"areas": outermost, "buildings": list(homes.buildings), "roofless": list(homes.roofless)},
        levels.common(every),
    )


def _people(labels: Sequence[str]) -> dict[int, str]:
    wanted = [one.strip() for one in labels if one.strip()]
    if len(wanted) > MOST_PEOPLE:
        raise Invalid(
            _("At most %(n)s people by name.") % {"n": MOST_PEOPLE}, remedy=_("Plan it by area."), field="people"
        )
    known = registry.identified(set(wanted))
    if unknown := [one for one in wanted if one not in known]:
        raise NotFound(
            _("Nobody on record has the code or number ending in %(end)s.") % {"end": unknown[0][-4:]},
            remedy=_("%(n)s of %(all)s are unknown; register them first, or leave them out.")
            % {"n": len(unknown), "all": len(wanted)},
            field="people",
        )
    return dict(known[one] for one in wanted)


def _outbreak(code: str, area: str) -> tuple[int | None, str]:
    if code:
        pk = cases.outbreak_id(code)
        if pk is None:
            raise NotFound(_("There is no such outbreak."), remedy=_("Choose one from the list."), field="outbreak")
        return pk, cases.outbreak_pack(pk)
    return None, packs.in_force(area)[0].id


def _points(by: Actor, row: Round, plans: Sequence[PointPlan]) -> None:
    if len(plans) > MOST_POINTS:
        raise Invalid(_("At most %(n)s points.") % {"n": MOST_POINTS}, remedy=_("Plan smaller rounds."), field="points")
    seen = set()
    for one in plans:
        point = laboratory.point(one.point)
        if not by.may(laboratory.VIEW, point.area, point.organisation_id):
            raise NotFound(_("There is no such swab point, or it is closed."), field="points")
        if point.pk in seen:
            raise Invalid(_("A point is named twice."), remedy=_("Leave one of the two out."), field="points")
        seen.add(point.pk)
        if not (1 <= one.per_hour <= MOST_AN_HOUR and 0 <= one.opens < one.closes <= 24):
            raise Invalid(
                _("These hours, or this capacity, are not possible."),
                remedy=_("People an hour: 1 to %(n)s; hours from 0 to 24, the first before the last.") % {"n": MOST_AN_HOUR},
                field="points",
            )  # fmt: skip
        RoundPoint.objects.create(round=row, point=point, per_hour=one.per_hour, opens=one.opens, closes=one.closes)
