"""An isolation site in Xizhou: two floors of rooms, somebody in one of them, and a trip under way with somebody to be picked up."""

from fangxian.containment.isolation import actions, queries
from fangxian.containment.isolation.forms import FloorForm, PlacementForm, SiteForm, TripForm, VehicleForm
from fangxian.core import clock
from fangxian.core.access import SYSTEM
from tests.support import world as xizhou
from tests.support.world import World


def lodge(city: World) -> None:
    """Add it to the city. Whoever is there has no duties that would be seen elsewhere: a patient after hospital, an exposed person."""
    body = city.bodies["site"]
    form = SiteForm(organisation=body, name_zh="望潮海景隔离点", name_en="Wangchao seaview site", area=xizhou.WANGCHAO)
    site = actions.open_site(SYSTEM, form).code
    for level, passage in ((2, "东通道"), (3, "西通道")):
        actions.add_floor(SYSTEM, site, FloorForm(building="A", level=level, passage=passage, rooms=6))
    actions.add_floor(SYSTEM, site, FloorForm(building="A", level=1, zone="living", passage="员工通道"))
    patient = actions.tell(SYSTEM, PlacementForm(case=city.cases[0])).code
    actions.bring(SYSTEM, patient, site)
    actions.send(SYSTEM, patient)
    actions.receive(SYSTEM, patient)
    room = next(room for floor in queries.site(SYSTEM, site).floors if floor.level == 2 for room in floor.rooms)
    actions.keep_room(SYSTEM, patient, room.id)
    actions.settle_in(SYSTEM, patient)
    plate = VehicleForm(plate="澜A-0001", organisation=body, area=xizhou.WANGCHAO, seats=4)
    van = actions.add_vehicle(SYSTEM, plate).code
    told = actions.tell(SYSTEM, PlacementForm(contact=city.contacts[3], cls="contact")).code
    trip = TripForm(
        vehicle=van, site=site, pack=xizhou.PACK, cls="contact", leaves_at=clock.now(), driver_name="武师傅"
    )
    code = actions.plan_trip(SYSTEM, trip).code
    actions.board(SYSTEM, code, told)
    actions.start_trip(SYSTEM, code)
    actions.send(SYSTEM, told)
