"""Why this trip and this room: what would have been earlier or nearer, and what stood against it."""

from __future__ import annotations

from collections import Counter, defaultdict

from fangxian.analytics.allocation.problem import Person, Problem, Room, Site, Trip
from fangxian.analytics.allocation.results import Assignment, Plan
from fangxian.text import Text, listed

#: So many better-looking trips and sites are accounted for.
_SHOWN = 3


def explain(problem: Problem, plan: Plan, person: str) -> Text:
    """Why a person was assigned as they were, or why they were not. Raises KeyError for somebody who is not in the problem."""
    return Reasons(problem, plan).of(person)


class Reasons:
    """The reasons of one plan: what would have been earlier or nearer for each person, and what stood against it."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self._problem, self._plan = problem, plan
        self._people = {one.name: one for one in problem.people}
        self._given = {one.person: one for one in plan.assignments}
        self._without = {one.person: one.why for one in plan.unplaced}
        self._riders = Counter(one.trip for one in plan.assignments)
        self._taken = {one.room for one in plan.assignments}
        self._rooms: dict[str, list[Room]] = defaultdict(list)
        for room in problem.rooms:
            self._rooms[room.site].append(room)

    def of(self, person: str) -> Text:
        """Raises KeyError for somebody who is not in the problem."""
        who = self._people[person]
        if person in self._without:
            return self._without[person]
        given = self._given[person]
        parts = [_placed(who, given)]
        if given.promised:
            return parts[0].joined(Text("：已告知本人，予以保留", ": they have been told so, and it is kept"))
        return listed([*parts, *self._earlier(who, given), *self._nearer(who, given)], "；", "; ")

    def _earlier(self, who: Person, given: Assignment) -> list[Text]:
        """Trips that leave before theirs and would have been in time for them."""
        before = sorted(
            (
                trip
                for trip in self._problem.trips
                if trip.zone == who.zone and who.ready <= trip.departs < given.departs
            ),
            key=lambda trip: trip.departs,
        )
        return [
            Text(f"较早的 {trip.name}{why.zh}", f"{trip.name}, which leaves earlier, {why.en}")
            for trip in before[:_SHOWN]
            for why in [self._against(trip, who)]
        ]

    def _against(self, trip: Trip, who: Person) -> Text:
        kind, site = self._plan.trips.get(trip.name, (trip.kind, trip.site))
        if not who.ride <= trip.features:
            return Text("没有所需设备", "lacks what they need")
        if kind and kind != who.kind:
            return Text(f"是{kind}专车", f"is for {kind}")
        if self._riders[trip.name] >= trip.seats:
            return Text("已满", "is full")
        if site:
            return Text(
                f"去 {site}，该处没有合适的空房或更远", f"goes to {site}, which has no room that fits or is farther"
            )
        return Text("不派：其时没有可去的空房", "is not sent: there would be no free room for it to go to")

    def _nearer(self, who: Person, given: Assignment) -> list[Text]:
        """Sites nearer than theirs."""
        way = {site.name: self._problem.kilometres(who.zone, site) for site in self._problem.sites}
        near = sorted(
            (site for site in self._problem.sites if way[site.name] < given.kilometres - 1e-9),
            key=lambda site: way[site.name],
        )
        return [
            Text(f"较近的 {site.name}{why.zh}", f"{site.name}, which is nearer, {why.en}")
            for site in near[:_SHOWN]
            for why in [self._no_room(who, site)]
        ]

    def _no_room(self, who: Person, site: Site) -> Text:
        if not site.open:
            return Text("没有启用", "is not open")
        rooms = [room for room in self._rooms[site.name] if who.needs <= room.features]
        if not rooms:
            return Text("没有所需条件", "lacks what they need")
        free = [room for room in rooms if room.name not in self._taken]
        if not free:
            return Text("已满", "is full")
        if not any(self._plan.floors.get((room.site, room.floor), "") in ("", who.kind) for room in free):
            return Text(
                f"空房都在其他类别的楼层，没有留给{who.kind}的",
                f"has free rooms only on floors of other classes than {who.kind}",
            )
        return Text(
            "有空房，但去那里的车会使其他人更晚或更远",
            "has free rooms, but to go there would make others later or their ways longer",
        )


def _placed(who: Person, given: Assignment) -> Text:
    spare = given.arrives - who.deadline
    zh = f"晚 {spare * 60:.0f} 分钟" if spare > 0 else f"离时限还有 {-spare * 60:.0f} 分钟"
    en = f"{spare * 60:.0f} minutes late" if spare > 0 else f"{-spare * 60:.0f} minutes before the deadline"
    return Text(
        f"{given.trip} 送至 {given.site} {given.room}，{given.kilometres:.1f} 公里，到达时{zh}",
        f"{given.trip} to {given.site} {given.room}, {given.kilometres:.1f} km, there {en}",
    )
