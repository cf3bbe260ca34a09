"""The roll of a round (应检名册): whoever lives there when it begins, in pieces, each of which is complete by itself."""

from collections.abc import Sequence
from datetime import date

from django.db.models import Count

from fangxian.core import bulk, clock
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, emit, record
from fangxian.duties import actions as duties
from fangxian.duties import packs
from fangxian.laboratory.models import Tube
from fangxian.laboratory.rounds import booking, counting, rules, subject
from fangxian.laboratory.rounds.events import RoundStarted
from fangxian.laboratory.rounds.models import Booking, Listed, Patch, Round, RoundPoint
from fangxian.registry import queries as registry
from fangxian.registry.levels import at_level

#: People of one piece.
PIECE = 5000
_Row = tuple[int, str, int | None, date | None]


@action
def piece(by: Actor, round_: Round, after: int) -> int:
    """Put the next people on the roll; the id of the last one, 0 where there are no more."""
    rows = _next(round_, after)
    if rows:
        _write(round_, rows)
    return rows[-1][0] if len(rows) == PIECE else 0


def _next(round_: Round, after: int) -> list[_Row]:
    target = round_.target
    if people := target.get("people"):
        wanted = sorted(one for one in people if one > after)[:PIECE]
        found = registry.traits(wanted)
        return [(pk, found[pk].area, found[pk].household_id, found[pk].birth_date) for pk in wanted if pk in found]
    return registry.roll(target["buildings"], target["areas"], target["roofless"], after=after, limit=PIECE)


def _write(round_: Round, rows: Sequence[_Row]) -> None:
    assert round_.started_at is not None, "it has begun"
    young = rules.infant(packs.pack(round_.pack, round_.area))
    born_after = round_.started_at.astimezone(clock.zone()).date() - young if young else None
    patches = _patches(round_, {at_level(area, "grid") for _pk, area, _door, _born in rows})
    bulk.insert(
        Listed, ("round_id", "patch_id", "person_id", "area", "door", "exempt", "note", "answer", "by_name"),
        [
            (
                round_.pk, patches[at_level(area, "grid")], pk, area, door or 0,
                "infant" if born_after is not None and born is not None and born > born_after else "", "", "", "",
            )
            for pk, area, door, born in rows
        ],
    )  # fmt: skip


def _patches(round_: Round, areas: set[str]) -> dict[str, int]:
    known = dict(Patch.objects.filter(round=round_, area__in=areas).values_list("area", "pk"))
    fresh = Patch.objects.bulk_create(Patch(round=round_, area=area) for area in sorted(areas - known.keys()))
    return known | {one.area: one.pk for one in fresh}


@action
def opened(by: Actor, round_: Round, last_tube: int) -> Round:
    """The roll is complete: appointments are given, what was swabbed meanwhile counts, everybody's duty begins."""
    _book(round_)
    round_.state = Round.UNDER_WAY
    round_.save(update_fields=["state"])
    patches = counting.locked(Patch.objects.filter(round=round_).values_list("pk", flat=True))
    duties.open_due(SYSTEM, subject.STARTED, [subject.of_patch(one, round_) for one in patches])
    counting.recount(patches)
    counting.since(round_, last_tube)
    record(
        SYSTEM, "round.enrolled", (subject.ROUND, round_.pk), area=round_.area,
        data={"people": sum(one.people for one in patches), "grids": len(patches)},
    )  # fmt: skip
    emit(RoundStarted(round_.pk))
    return round_


def _book(round_: Round) -> None:
    """An hour at a point for every household that is to come."""
    assert round_.started_at is not None and round_.due_at is not None, "it has begun"
    plans = RoundPoint.objects.filter(round=round_).select_related("point").order_by("pk")
    zone = clock.zone()
    start, until = round_.started_at.astimezone(zone), round_.due_at.astimezone(zone)
    desks = [
        booking.Desk(one.pk, one.point.area, one.per_hour, booking.hours(start, until, one.opens, one.closes))
        for one in plans
    ]
    if not any(desk.hours for desk in desks):
        return
    seats = booking.spread(_doors(round_), desks)
    bulk.insert(
        Booking, ("round_id", "point_id", "area", "building", "door", "people", "at"),
        [(round_.pk, one.desk, one.door.area, one.door.building, one.door.door, one.door.people, one.at) for one in seats],
    )  # fmt: skip


def _doors(round_: Round) -> list[booking.Door]:
    """Households, those of one building together."""
    coming = Listed.objects.filter(round=round_, exempt="").order_by()
    rows = list(coming.values_list("area", "door").annotate(Count("pk")))
    buildings = registry.buildings_of(door for _area, door, _people in rows if door)
    doors = [booking.Door(area, buildings.get(door, 0), door, people) for area, door, people in rows]
    return sorted(doors, key=lambda one: (one.area, one.building, one.door))


def last_tube() -> int:
    """The newest tube on record."""
    return Tube.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
