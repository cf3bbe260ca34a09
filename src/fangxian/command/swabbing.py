"""The swab point of the fictional city: samples at every step of their way, and one positive pool that came to nobody's harm.

The last morning: a pool of ten turns positive by night, ten are told to stay, ten are sampled alone; one is weakly positive of a
past infection, as a person decides, and nine are free. Later tubes are taken, sealed, on their way, told, lost.
"""

from collections.abc import Callable
from typing import Any

from fangxian.command.city import City
from fangxian.core import clock
from fangxian.core.access import SYSTEM, Actor
from fangxian.duties import actions as duties
from fangxian.duties import queries as duty_queries
from fangxian.laboratory import actions
from fangxian.laboratory.schemas import BoxForm, PointForm, ResultForm, TubeForm
from fangxian.laboratory.screening import actions as screening
from fangxian.laboratory.screening.schemas import WorkerForm

COUNTY, GRID = "990101", "990101001001002"
Who = Callable[[str, str], Actor]
Holder = Callable[[int | None, str], Actor]


class Swabbing:
    """The day of the swab point; each method is one hour of it."""

    def __init__(self, city: City, who: Who, holder: Holder) -> None:
        self.who, self.holder = who, holder
        self.laboratory = city.organisations["laboratory", COUNTY]
        self.store = city.organisations["cold_store", COUNTY]
        homes = [home for grid in (GRID, "990101002002002") for home in city.households[grid]]
        self.people = [code for home in homes for code in home][:24]
        self.outbreak = self.point = self.box = ""

    @property
    def sampler(self) -> Actor:
        return self.who("sampler", COUNTY)

    @property
    def lab(self) -> Actor:
        return self.who("lab", COUNTY)

    def take(self, code: str, people: list[str], **more: Any) -> None:
        kind: dict[str, Any] = {"kind": "single" if len(people) == 1 else "pool"} | more
        actions.collect(
            self.sampler, TubeForm(code=code, people=people, point=self.point, outbreak=self.outbreak, **kind)
        )

    def evening(self, outbreak: str) -> None:
        """The point opens, the first tubes are taken, sealed and sent."""
        self.outbreak = outbreak
        self.point = actions.open_point(
            self.who("duty", COUNTY),
            PointForm(
                name_zh="实验小学采样点", name_en="Experimental Primary School swab point", area=GRID,
                organisation=self.laboratory, laboratory=self.laboratory,
            ),
        ).code  # fmt: skip
        self.take("XZ-2024-0001", self.people[:10])
        self.take("XZ-2024-0002", self.people[10:20])
        self.take(
            "XZ-2024-0003",
            [],
            kind="object",
            what="wastewater",
            note="污水处理厂北进水口",
            reason="monitoring",
            batch="W-18",
        )
        self.loaders()
        tubes = ["XZ-2024-0001", "XZ-2024-0002", "XZ-2024-0003"]
        self.box = actions.seal_box(self.sampler, BoxForm(tubes=tubes, point=self.point, seal="F-0418")).code

    def loaders(self) -> None:
        """The loaders of a cold store are tested every day: those swabbed this evening are done, two are still to come."""
        by = self.who("duty", COUNTY)
        roster = screening.open_roster(by, self.store, "closed_loop").pk
        people = [*self.people[14:20], *self.people[20:22]]
        screening.enrol(
            by,
            roster,
            [WorkerForm(person=code, number=f"L-{place:02}", job="装卸工") for place, code in enumerate(people, 1)],
        )

    def on_the_way(self) -> None:
        actions.hand_over_box(self.sampler, self.box, "样本专车 3 号 韩师傅")

    def received(self) -> None:
        actions.receive_box(self.lab, self.box)

    def positive(self) -> None:
        """By night a pool is positive: its ten members are held."""
        told = [
            ResultForm(code="XZ-2024-0001", cts={"orf1ab": 37.4, "n": 36.1}),
            ResultForm(code="XZ-2024-0002", value="negative"),
        ]
        actions.report_results(self.lab, told)

    def held(self) -> None:
        for step in duty_queries.open_steps(self.who("duty", COUNTY), COUNTY, kinds=("pool.followup",)):
            if step.key == "hold":
                duties.complete(
                    self.holder(step.account_id, step.organisation.name_zh), step.pk, {"phone_reached": True}
                )

    def singles(self) -> None:
        for place, code in enumerate(self.people[:10]):
            self.take(f"XZ-2024-01{place:02}", [code], reason="retest", again="XZ-2024-0001")

    def resolved(self) -> None:
        """Nine are negative; the tenth has a weak positive of a past infection, which a person decides."""
        told = [ResultForm(code=f"XZ-2024-01{place:02}", value="negative") for place in range(9)]
        actions.report_results(self.lab, [*told, ResultForm(code="XZ-2024-0109", cts={"orf1ab": 37.9, "n": 36.6})])
        actions.decline_positive(
            self.who("investigator", COUNTY), "XZ-2024-0109", "三周前已治愈出院，两次复检 Ct 均大于 35，判为既往感染"
        )

    def left_open(self) -> None:
        """What is still to be done when the story ends."""
        screening.owe(SYSTEM)
        self.take("XZ-2024-0201", self.people[:5])
        self.take("XZ-2024-0202", self.people[20:21], reason="fever")
        self.take("XZ-2024-0203", self.people[21:22])
        self.take("XZ-2024-0204", self.people[22:24], kind="household")
        actions.lose_tube(self.sampler, "XZ-2024-0203", "转运途中破损")
        actions.seal_box(self.sampler, BoxForm(tubes=["XZ-2024-0202"], point=self.point))
        unknown = ResultForm(value="negative", name="何不言", birth_year=1979, sampled_at=clock.now() - 6 * clock.HOUR)
        actions.report_results(self.lab, [unknown])
