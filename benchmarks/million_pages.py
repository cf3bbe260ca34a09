"""Pages of rounds, samples, boxes, isolation, trips and high-risk posts in a county of a million (PostgreSQL, two cores).

Targets: "who has not come" of a street in 200 ms; every page in 150 ms (median) and at most twelve queries. Addresses are those that
the house knows itself, with something of its kind in the place of each variable; lists also from the middle on.

`python -m benchmarks.million_pages FOLDER [people] [part of an address]` keeps the world in FOLDER; SQL=10 prints the slowest
statements.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import console, show
from benchmarks.million import PEOPLE, County, county
from benchmarks.rounds import questions
from benchmarks.scale import REPEATS, Asked, Measured, clients, measure, tell

STAGES = ("/rounds/", "/samples/", "/isolation/", "/trips/", "/screening/")
#: A street of twenty thousand.
STREET = "990101100"
#: Filters and tabs that people use, by page.
FILTERED = {
    "/samples/": ("state=received", "value=positive", "value=indeterminate", "late=on"),
    "/samples/boxes/": ("state=received", "state=under_way"),
    "/isolation/people/": ("link=housed", "link=told", "link=closed"),
    "/screening/rosters/<int:roster>/": ("tab=late", "tab=people"),
    "/rounds/<str:code>/": (f"area={STREET}",),
    "/rounds/<str:code>/missing/": (f"area={STREET}", f"area={STREET}&answer=none"),
    "/rounds/<str:code>/doors/": (f"area={STREET}",),
    "/rounds/<str:code>/exempt/": (f"area={STREET}",),
    "/rounds/<str:code>/notice/": (f"area={STREET}",),
}


def run(folder: Path, people: int, only: str = "") -> list[Measured]:
    """Open the world (or build it), and ask everything."""
    with county(folder, people) as world:
        from django.db import connection

        from fangxian.core import access, clock
        from fangxian.core.models import Account

        with clock.at(world.now):
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = '20s'")
            if not only:
                duty = access.actor_for(Account.objects.get(login="duty"), "web")
                show("Who has not come", questions(duty, world.round, STREET))
            asking = clients(world.logins)
            found = [
                one for asked in _asked(world) if not only or only in asked.name
                for role in asked.roles if (one := measure(asking[role], asked, role)) is not None
            ]  # fmt: skip
            tell(found)
        return found


def _asked(world: County) -> Iterator[Asked]:
    from tests.support.addresses import filled, pages

    samples = _samples(world)
    roles = tuple(world.logins)
    for path in pages():
        if not path.startswith(STAGES):
            continue
        section = max((one for one in samples if path.startswith(one)), key=len)
        if addresses := filled(path, samples[section], REPEATS):
            yield Asked(path, tuple(addresses), roles)
            for query in FILTERED.get(path, ()):
                yield Asked(f"{path}?{query}", tuple(f"{one}?{query}" for one in addresses), roles)
    for name, address in _further(world):
        yield Asked(name, (address,), roles)


def _samples(world: County) -> dict[str, dict[str, Any]]:
    """Something of everything, by the section whose addresses name it."""
    from fangxian.containment.isolation.models import Placement, Site, Trip
    from fangxian.laboratory.models import Box, Member, Point, Tube, Unmatched
    from fangxian.laboratory.screening.models import Roster, Worker

    def some(rows: Any, column: str = "code") -> list[Any]:
        return list(rows.order_by("-pk").values_list(column, flat=True)[: 20 * REPEATS : 20])

    return {
        "/rounds/": {"code": [world.round], "area": [f"{STREET}001{number:03}" for number in range(1, REPEATS + 1)]},
        "/samples/": {"code": some(Tube.objects.filter(people__gt=1, state="resulted"))},
        "/samples/boxes/": {"code": some(Box.objects)},
        "/samples/points/": {"code": some(Point.objects)},
        "/samples/members/": {"pk": some(Member.objects, "pk")},
        "/samples/unmatched/": {"pk": some(Unmatched.objects, "pk")},
        "/isolation/": {},
        "/isolation/people/": {"code": some(Placement.objects.filter(link="housed"))},
        "/isolation/sites/": {"code": some(Site.objects)},
        "/trips/": {"code": some(Trip.objects)},
        "/screening/": {"roster": some(Roster.objects, "pk"), "code": some(Worker.objects)},
    }


def _further(world: County) -> Iterator[tuple[str, str]]:
    """Lists from their middle on: (name, address)."""
    from urllib.parse import quote

    from fangxian.containment.isolation.models import Placement
    from fangxian.laboratory.models import Box, Tube
    from fangxian.laboratory.rounds.models import Listed
    from fangxian.laboratory.screening.models import Roster
    from fangxian.web.parts import Cursor

    for path, rows in (
        ("/samples/", Tube.objects), ("/samples/boxes/", Box.objects), ("/isolation/people/", Placement.objects),
        ("/screening/", Roster.objects),
    ):  # fmt: skip
        for middle in rows.order_by("pk").values_list("pk", flat=True)[rows.count() // 2 :][:1]:
            yield f"{path} in the middle", f"{path}?after={middle}"
    tube = Tube.objects.filter(state="received", due_at__isnull=False).order_by("due_at", "pk")[world.people // 100]
    yield "/samples/?late=on in the middle", f"/samples/?late=on&after={quote(Cursor.write(tube.due_at, tube.pk))}"
    missing = Listed.objects.filter(tube__isnull=True, exempt="").order_by("area", "door", "pk")
    one = missing[missing.count() // 2]
    yield "/rounds/…/missing/ in the middle", f"/rounds/{world.round}/missing/?after={one.area}_{one.door}_{one.pk}"


if __name__ == "__main__":
    console.width = max(console.width, 170)
    given = sys.argv[1:] or [str(Path(tempfile.gettempdir()) / "fangxian-million")]
    run(Path(given[0]), int(given[1]) if given[1:] else PEOPLE, given[2] if given[2:] else "")
