"""Why this trip and this room: what would have been earlier or nearer, and what stood against it."""

from __future__ import annotations

from collections import Counter

from fangxian.analytics.allocation.problem import Person, Problem, Room, Site, Trip
from fangxian.analytics.allocation.results import Assignment, Plan
from fangxian.text import Text, listed

#: So many better-looking trips and sites are accounted for.
_SHOWN = 3


def explain(problem: Problem, plan: Plan, person: str) -> Text:
    """Why a person was assigned as they were, or why they were not. Raises KeyError for somebody who is not in the problem."""
    who = {one.name: one for one in problem.people}[person]
    without = next((one.why for one in plan.unplaced if one.person == person), None)
    if without is not None:
        return without
    given = next(one for one in plan.assignments if one.person == person)
    parts = [_given(who, given)]
    if given.promised:
        return parts[0].joined(Text("：已告知本人，予以保留", ": they have been told so, and it is kept"))
    parts += _earlier(problem, plan, who, given)
    parts += _nearer(problem, plan, who, given)
    return listed(parts, "；", "; ")


def _given(who: Person, given: Assignment) -> Text:
    spare = given.arrives - who.deadline
    zh = f"晚 {spare * 60:.0f} 分钟" if spare > 0 else f"离时限还有 {-spare * 60:.0f} 分钟"
    en = f"{spare * 60:.0f} minutes late" if spare > 0 else f"{-spare * 60:.0f} minutes before the deadline"
    return Text(
        f"{given.trip} 送至 {given.site} {given.room}，{given.kilometres:.1f} 公里，到达时{zh}",
        f"{given.trip} to {given.site} {given.room}, {given.kilometres:.1f} km, there {en}",
    )


def _earlier(problem: Problem, plan: Plan, who: Person, given: Assignment) -> list[Text]:
    """Trips that leave before theirs and would have been in time for them."""
    riders = Counter(one.trip for one in plan.assignments)
    before = sorted(
        (trip for trip in problem.trips if trip.zone == who.zone and who.ready <= trip.departs < given.departs),
        key=lambda trip: trip.departs,
    )
    return [
        Text(f"较早的 {trip.name}{why.zh}", f"{trip.name}, which leaves earlier, {why.en}")
        for trip in before[:_SHOWN]
        for why in [_against(trip, plan, who, riders[trip.name])]
    ]


def _against(trip: Trip, plan: Plan, who: Person, riders: int) -> Text:
    kind, site = plan.trips.get(trip.name, (trip.kind, trip.site))
    if not who.ride <= trip.features:
        return Text("没有所需设备", "lacks what they need")
    if kind and kind != who.kind:
        return Text(f"是{kind}专车", f"is for {kind}")
    if riders >= trip.seats:
        return Text("已满", "is full")
    if site:
        return Text(
            f"去 {site}，该处没有合适的空房或更远", f"goes to {site}, which has no room that fits or is farther"
        )
    return Text("不派：其时没有可去的空房", "is not sent: there would be no free room for it to go to")


def _nearer(problem: Problem, plan: Plan, who: Person, given: Assignment) -> list[Text]:
    """Sites nearer than theirs."""
    taken = {one.room for one in plan.assignments}
    near = sorted(
        (site for site in problem.sites if problem.kilometres(who.zone, site) < given.kilometres - 1e-9),
        key=lambda site: problem.kilometres(who.zone, site),
    )
    return [
        Text(f"较近的 {site.name}{why.zh}", f"{site.name}, which is nearer, {why.en}")
        for site in near[:_SHOWN]
        for why in [_no_room(problem, plan, who, site, taken)]
    ]


def _no_room(problem: Problem, plan: Plan, who: Person, site: Site, taken: set[str]) -> Text:
    if not site.open:
        return Text("没有启用", "is not open")
    rooms = [room for room in problem.rooms if room.site == site.name]
    if not any(who.needs <= room.features for room in rooms):
        return Text("没有所需条件", "lacks what they need")
    free = [room for room in rooms if room.name not in taken and who.needs <= room.features]
    if not free:
        return Text("已满", "is full")
    if not any(_open_to(room, plan, who) for room in free):
        return Text(
            f"空房都在其他类别的楼层，没有留给{who.kind}的",
            f"has free rooms only on floors of other classes than {who.kind}",
        )
    return Text(
        "有空房，但去那里的车会使其他人更晚或更远",
        "has free rooms, but to go there would make others later or their ways longer",
    )


def _open_to(room: Room, plan: Plan, who: Person) -> bool:
    return plan.floors.get((room.site, room.floor), "") in ("", who.kind)
