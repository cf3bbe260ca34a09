"""Xizhou with a testing round under way: some have come, one is exempt, a family and others are missing."""

from dataclasses import dataclass
from datetime import timedelta

from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.laboratory import actions as laboratory
from fangxian.laboratory.rounds import actions
from fangxian.laboratory.rounds.schemas import PointPlan, RoundForm
from fangxian.laboratory.schemas import TubeForm
from fangxian.registry import actions as registry
from tests.support import swabbing
from tests.support.tracers import hand_on
from tests.support.world import GRID, STREET, World


@dataclass
class Rounds:
    """The round under way, one that is planned, the swab point, the people of the grid by code; the first three are a family."""

    code: str
    planned: str
    point: str
    people: list[str]


def begin(world: World) -> Rounds:
    """A round that began two hours ago: four of twelve neighbours have come."""
    now = clock.now()
    with clock.at(now - timedelta(hours=2)):
        point, folk = swabbing.staffed(world)
        home = registry.create_household(SYSTEM, GRID, "渔港路 12 号 301").code
        for code in folk[:3]:
            registry.move_in(SYSTEM, home, code)
        duty = world.actor("duty")
        form = RoundForm(
            name_zh="灯塔街道区域核酸", name_en="Dengta Subdistrict", areas=[STREET], outbreak=world.outbreak,
            points=[PointPlan(point=point, per_hour=10, opens=7, closes=22)],
        )  # fmt: skip
        code = actions.start_round(duty, actions.plan_round(duty, form).code).code
        planned = actions.plan_round(duty, form).code
    with clock.at(now - timedelta(minutes=10)):
        laboratory.collect(
            world.actor("sampler"), TubeForm(code="FXROUND001", kind="pool", capacity=5, people=folk[3:7], point=point)
        )
        hand_on()
    return Rounds(code, planned, point, folk)
