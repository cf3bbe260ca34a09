"""The county with an isolation site: two buildings with three floors of rooms, a team with a vehicle, and everybody who hands on."""

from datetime import datetime
from typing import Any

from fangxian.containment.isolation import actions, queries
from fangxian.containment.isolation.forms import FloorForm, PlacementForm, SiteForm, TripForm, VehicleForm
from fangxian.core import accounts, clock
from fangxian.core.access import SYSTEM, Grant
from fangxian.registry import actions as registry
from fangxian.tracing import actions as tracing
from tests.support import kept
from tests.support.county import COUNTY, OTHER_COUNTY, START
from tests.support.tracers import COVID, Tracers


class Wards(Tracers):
    """Floors A3 and A2 share a passage, B2 has its own; A1 is where staff live. Nobody is there yet."""

    #: Of each floor.
    ROOMS = 4

    def __init__(self, pack: str = COVID, now: datetime = START) -> None:
        super().__init__(pack, now)
        with clock.at(now):
            self.team = registry.create_organisation(SYSTEM, "emergency_service", "东县转运专班", COUNTY).pk
            for post, name, role, area, organisation in (
                ("driver", "司机武", "transfer_team", COUNTY, self.team),
                ("chief", "值班孔", "duty_officer", COUNTY, None),
                ("deputy", "值班曹", "duty_officer", COUNTY, None),
                ("stranger", "外县值班", "duty_officer", OTHER_COUNTY, None),
            ):
                self.staff.accounts[post] = accounts.create_account(
                    SYSTEM, post, name, grants=[Grant(role, area, organisation)]
                )
            registry.appoint(SYSTEM, "transfer_team", COUNTY, self.team, account_id=self.staff.accounts["driver"].pk)
            chief = self.actor("chief")
            form = SiteForm(organisation=self.site, name_zh="东县隔离点", name_en="Dong site", area=COUNTY)
            self.ward = actions.open_site(chief, form).code
            for building, level, passage, number in (
                ("A", 3, "东通道", self.ROOMS),
                ("A", 2, "东通道", self.ROOMS),
                ("B", 2, "西通道", self.ROOMS),
            ):
                actions.add_floor(
                    chief, self.ward, FloorForm(building=building, level=level, passage=passage, rooms=number, beds=2)
                )
            actions.add_floor(chief, self.ward, FloorForm(building="A", level=1, zone="living", passage="员工通道"))
            vehicle = VehicleForm(plate="江A-0001", organisation=self.team, area=COUNTY, seats=3)
            self.van = actions.add_vehicle(chief, vehicle).code

    @classmethod
    def ready(cls, now: datetime = START) -> "Wards":
        """The county with its site as it is at the instant."""
        return kept.once(("wards", now), lambda: cls(COVID, now))

    def rooms(self) -> dict[str, Any]:
        """The rooms of the plan by name: A-301, B-202 …"""
        plan = queries.site(SYSTEM, self.ward)
        return {f"{floor.building}-{room.number}": room for floor in plan.floors for room in floor.rooms}

    def told(self, **more: Any) -> str:
        """Somebody new who was exposed, judged and told; their code in the loop."""
        form = {key: more.pop(key) for key in ("needs", "guardian", "cls") if key in more}
        contact = tracing.expose(self.actor("investigator"), self.met(**more)).contact
        return actions.tell(self.actor("grid"), PlacementForm(contact=contact, **form)).code

    def traveller(self, **more: Any) -> str:
        """Somebody new who came from abroad and was told."""
        person = registry.register_person(SYSTEM, self.person()).code
        return actions.tell(self.actor("chief"), PlacementForm(person=person, pack=COVID, **more)).code

    def trip(self, *people: str, cls: str = "contact") -> str:
        """A trip with these people on its list."""
        form = TripForm(
            vehicle=self.van, site=self.ward, pack=COVID, cls=cls, leaves_at=clock.now(), driver=self.staff.accounts["driver"].pk
        )  # fmt: skip
        trip = actions.plan_trip(self.actor("driver"), form).code
        for one in people:
            actions.board(self.actor("chief"), trip, one)
        return trip

    def brought(self, code: str, room: str = "") -> str:
        """Somebody who was told is brought to the site by the community, and put into a room where one is named."""
        actions.bring(self.actor("grid"), code, self.ward)
        actions.send(self.actor("grid"), code)
        actions.receive(self.actor("nurse"), code)
        if room:
            actions.keep_room(self.actor("nurse"), code, self.rooms()[room].id)
            actions.settle_in(self.actor("nurse"), code)
        return code
