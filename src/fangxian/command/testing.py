"""The testing round of the fictional city: a subdistrict on the last day, most have come by the afternoon, some homes are missing."""

from collections.abc import Callable

from fangxian.command.city import City
from fangxian.core.access import Actor
from fangxian.laboratory import actions as laboratory
from fangxian.laboratory.rounds import actions, queries
from fangxian.laboratory.rounds.schemas import PointPlan, RoundForm
from fangxian.laboratory.schemas import TubeForm

COUNTY, TOWNSHIP, GRID = "990101", "990101001", "990101001001001"
#: Every so many homes nobody has come.
MISSING = 5


class Testing:
    """The round; each method is one hour of it."""

    def __init__(self, city: City, who: Callable[[str, str], Actor]) -> None:
        self.who = who
        self.homes = [
            home for grid, homes in sorted(city.households.items()) if grid.startswith(TOWNSHIP) for home in homes
        ]
        self.point = self.code = ""

    def begin(self, outbreak: str, point: str) -> None:
        """Planned for the subdistrict with the swab point of the evening before, and begun."""
        duty, self.point = self.who("duty", COUNTY), point
        form = RoundForm(
            name_zh="首轮区域核酸", name_en="Area testing, first round", areas=[TOWNSHIP], outbreak=outbreak,
            points=[PointPlan(point=point, per_hour=15, opens=7, closes=22)],
        )  # fmt: skip
        self.code = actions.start_round(duty, actions.plan_round(duty, form).code).code

    def come(self) -> None:
        """Homes come one after the other; their tubes are filled as they stand in the queue."""
        folk = [code for number, home in enumerate(self.homes) if number % MISSING != 3 for code in home]
        tubes = [
            TubeForm(code=f"XZ-2024-1{place:03}", kind="pool", capacity=10, people=folk[start : start + 10], point=self.point)
            for place, start in enumerate(range(0, len(folk), 10))
        ]  # fmt: skip
        laboratory.collect_many(self.who("sampler", COUNTY), tubes)
        self._ask()

    def _ask(self) -> None:
        """The grid worker has asked at the first door: the grandmother cannot come down."""
        grid = self.who("grid", TOWNSHIP)
        first = queries.missing(grid, self.code, GRID, limit=1)
        if first:
            actions.note_answer(grid, [first[0].id], "door", "腿脚不便，五楼无电梯")
