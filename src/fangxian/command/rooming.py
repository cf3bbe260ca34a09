"""Isolation in the fictional city: one site with people of three classes, a trip under way, a release that is due."""

from collections.abc import Callable
from datetime import datetime, timedelta

from fangxian.command.city import City
from fangxian.containment.isolation import actions, queries, ruling
from fangxian.containment.isolation.forms import (
    CheckForm,
    FloorForm,
    PlacementErrandForm,
    PlacementForm,
    SiteForm,
    TripForm,
    VehicleForm,
)
from fangxian.core import clock
from fangxian.core.access import SYSTEM, Actor
from fangxian.tracing import queries as tracing
from fangxian.tracing.schemas import ContactFilter

COUNTY = "990101"
#: Floors: building, level, passage, rooms, beds in each. Each class has a passage of its own.
_FLOORS = (("A", 3, "东通道", 8, 1), ("A", 2, "东通道", 8, 2), ("B", 3, "西通道", 6, 1), ("B", 2, "南通道", 6, 1))
_STAFF_FLOORS = (("A", 1, "living", "员工通道"), ("B", 1, "supplies", "员工通道"))
#: How many of each class are on the site.
_CLOSE, _SECOND, _ARRIVED = 5, 2, 2
#: Who looks after the minors among them.
_GUARDIAN = "家长同住一层，电话在案"
Who = Callable[[str, str], Actor]


class Rooming:
    """The site of the struck county and whoever is on it. `who` finds the holder of a demonstration account."""

    def __init__(self, city: City, who: Who, pack: str) -> None:
        self.city, self.who, self.pack = city, who, pack
        self.site = self.van = ""

    def open(self) -> None:
        """The site with its floors, and two vehicles."""
        duty, body = self.who("duty", COUNTY), self.city.organisations["isolation_site", COUNTY]
        form = SiteForm(
            organisation=body,
            name_zh="海悦集中隔离点",
            name_en="Haiyue isolation site",
            area=COUNTY,
            address="滨海大道 18 号",
        )
        self.site = actions.open_site(duty, form).code
        for building, level, passage, rooms, beds in _FLOORS:
            actions.add_floor(
                duty, self.site, FloorForm(building=building, level=level, passage=passage, rooms=rooms, beds=beds)
            )
        for building, level, zone, passage in _STAFF_FLOORS:
            actions.add_floor(duty, self.site, FloorForm(building=building, level=level, zone=zone, passage=passage))
        team = self.city.organisations["hospital", COUNTY]
        for plate in ("澜A·Z0172", "澜A·Z0185"):
            self.van = actions.add_vehicle(duty, VehicleForm(plate=plate, organisation=team, area=COUNTY, seats=6)).code

    def fill(self, outbreak: str) -> None:
        """Close contacts, contacts of contacts and arrivals move in; one of them leaves tonight, the others later."""
        held = tracing.four_clear(
            SYSTEM, outbreak, wanted=ContactFilter(state="watched"), limit=400, watched_only=True
        ).rows
        mine = sorted(
            (row for row in held if row.area.startswith(COUNTY)), key=lambda row: (row.last_exposure_at, row.id)
        )
        for building, level, cls, number in (("A", 3, "contact", _CLOSE), ("B", 3, "contact2", _SECOND)):
            left = {
                row.code: self._until(row.code) - clock.now()
                for row in mine
                if row.category == cls and not row.suspected_at
            }
            soon = [code for code, days in left.items() if timedelta() < days <= clock.DAY][
                : 1 if cls == "contact" else 0
            ]
            there = soon + [code for code, days in left.items() if days > clock.DAY]
            for place, code in enumerate(there[:number]):
                self._house(PlacementForm(contact=code, guardian=_GUARDIAN), building, level, place)
        for place, code in enumerate(self._strangers(_ARRIVED)):
            self._house(PlacementForm(person=code, pack=self.pack, guardian=_GUARDIAN), "B", 2, place)
        actions.ask_errand(
            self.who("nurse", COUNTY), queries.people(SYSTEM, site=self.site, cls="contact")[0].code,
            PlacementErrandForm(kind="delivery", what="降压药一盒（处方已上传）", due_at=clock.now() + timedelta(hours=3)),
        )  # fmt: skip

    def drive(self) -> None:
        """A trip sets out for whoever waits: the community has handed one over, and the driver has not confirmed yet."""
        driver, grid = self.who("driver", COUNTY), self.who("grid", "990101001001001")
        (waiting,) = self._strangers(_ARRIVED + 1)[_ARRIVED:]
        code = actions.tell(self.who("duty", COUNTY), PlacementForm(person=waiting, pack=self.pack)).code
        form = TripForm(
            vehicle=self.van, site=self.site, pack=self.pack, cls="arrival", leaves_at=clock.now(), driver=driver.account_id,
            driver_name=driver.name,
        )  # fmt: skip
        trip = actions.plan_trip(driver, form).code
        actions.board(self.who("duty", COUNTY), trip, code)
        actions.start_trip(driver, trip)
        actions.send(grid, code)

    # ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _until(self, contact: str) -> datetime:
        """When the days on the site of a contact end; now, where they are over."""
        return ruling.stay("contact", tracing.contact(SYSTEM, contact).row.id).site_until or clock.now()

    def _strangers(self, number: int) -> list[str]:
        """People of the last households of the struck grid's neighbour, who play no part in the story."""
        homes = self.city.households["990101001001001"]
        return [home[0] for home in homes[: -number - 1 : -1]]

    def _house(self, form: PlacementForm, building: str, level: int, place: int) -> None:
        duty, nurse = self.who("duty", COUNTY), self.who("nurse", COUNTY)
        code = actions.tell(duty, form).code
        actions.bring(duty, code, self.site)
        actions.send(duty, code)
        actions.receive(nurse, code)
        floor = next(
            one for one in queries.site(SYSTEM, self.site).floors if (one.building, one.level) == (building, level)
        )
        actions.keep_room(nurse, code, floor.rooms[place].id)
        actions.settle_in(nurse, code)
        if place % 2 == 0:
            actions.check(
                nurse, code, CheckForm(temperature=36.4 + place / 10, symptoms="none", mood="calm", medicine="none")
            )
