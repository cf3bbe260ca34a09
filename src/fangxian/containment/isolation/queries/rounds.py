"""The round of a site (每日巡查): everybody in a room, who has been looked at today and who has not."""

from collections import defaultdict
from datetime import datetime

from django.db.models import Q

from fangxian.containment.isolation import rights, ruling
from fangxian.containment.isolation.actions.caring import turns, wanted_on
from fangxian.containment.isolation.models import Check, Placement
from fangxian.containment.isolation.schemas import PlacementCheck, RoundRow
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.duties import queries as duties
from fangxian.registry import queries as registry

#: Whoever takes samples: their steps that are due today are shown on the round.
_SAMPLER = "sampler"


def rounds(by: Actor, site: str, *, after: tuple[int, int] | None = None, limit: int = 60) -> list[RoundRow]:
    """The people in the rooms of a site, room by room; seven queries. `after` is (room, person) of the last one read, by id."""
    found = rights.site(by, site)
    rows = Placement.objects.filter(site=found, link=Placement.HOUSED, room__isnull=False).select_related("room__floor")
    if after is not None:
        rows = rows.filter(Q(room_id__gt=after[0]) | Q(room_id=after[0], pk__gt=after[1]))
    people = list(rows.order_by("room_id", "pk")[:limit])
    names = registry.names(one.person_id for one in people)
    today, now = clock.today(), clock.now()
    looks: dict[int, list[Check]] = defaultdict(list)
    for look in Check.objects.filter(placement__in=people, at__gte=clock.local_midnight(today)).order_by("at", "pk"):
        looks[look.placement_id].append(look)
    tests = _tests(people, clock.local_midnight(today + clock.DAY))
    shown = []
    for one in people:
        assert one.room is not None
        each_day = int(ruling.of(one.pack, one.area).checks.number)
        wanted, mine = wanted_on(today, one.since, each_day), looks[one.pk]
        done = turns([look.at for look in mine], today, each_day) & wanted
        last = mine[-1] if mine else None
        shown.append(
            RoundRow(
                one.code, names.get(one.person_id, ""), one.room.number, one.room.floor.building, one.cls,
                ruling.class_name(one.pack, one.cls, one.area), tuple(one.needs), len(done), len(wanted), _view(last),
                (one.subject_kind, one.subject_id) in tests, one.leave_at, one.leave_at is not None and one.leave_at <= now,
                f"{one.room_id}_{one.pk}",
            )
        )  # fmt: skip
    return shown


def _view(one: Check | None) -> PlacementCheck | None:
    if one is None:
        return None
    return PlacementCheck(one.at, one.temperature, one.symptoms, one.mood, one.medicine, one.note, one.by_name)


def _tests(people: list[Placement], until: datetime) -> set[tuple[str, int]]:
    """Of whom a sample is due by tonight."""
    found: set[tuple[str, int]] = set()
    for kind in {one.subject_kind for one in people}:
        ids = [one.subject_id for one in people if one.subject_kind == kind]
        found |= {(kind, pk) for pk in duties.due_of_role(kind, ids, _SAMPLER, until)}
    return found
