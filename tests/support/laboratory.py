"""The county of the tracers with a swab point, a laboratory, and ten neighbours to be swabbed."""

from datetime import datetime
from typing import Any

from fangxian.core import accounts, clock
from fangxian.core.access import SYSTEM, Grant
from fangxian.laboratory import actions, queries
from fangxian.laboratory.schemas import PointForm, ResultForm, TubeForm
from fangxian.registry import actions as registry
from fangxian.registry import queries as people
from tests.support import kept
from tests.support.county import COUNTY, START
from tests.support.tracers import COVID, GRID, Tracers


class Laboratory(Tracers):
    """A swab team (`sampler`), a laboratory (`lab`), their swab point, and ten people of the grid by their codes."""

    def __init__(self, now: datetime = START) -> None:
        super().__init__(COVID, now)
        with clock.at(now):
            self.team = registry.create_organisation(
                SYSTEM, "clinic", "河口采样队", COUNTY, name_en="Hekou swab team"
            ).pk
            self.lab = registry.create_organisation(
                SYSTEM, "laboratory", "东县核酸实验室", COUNTY, name_en="Dong laboratory"
            ).pk
            self.other_lab = registry.create_organisation(SYSTEM, "laboratory", "第三方实验室", COUNTY).pk
            for post, name, role, organisation in (
                ("sampler", "采样林", "sampler", self.team),
                ("lab", "检验许", "lab", self.lab),
                ("other_lab", "检验韩", "lab", self.other_lab),
            ):
                self.staff.accounts[post] = accounts.create_account(
                    SYSTEM, post, name, grants=[Grant(role, COUNTY, organisation)]
                )
            registry.appoint(SYSTEM, "sampler", COUNTY, self.team, account_id=self.staff.accounts["sampler"].pk)
            self.point = actions.open_point(
                self.actor("officer"),
                PointForm(
                    name_zh="河口小学采样点",
                    name_en="Hekou school",
                    area=GRID,
                    organisation=self.team,
                    laboratory=self.lab,
                ),
            ).code
            ids = registry.register_many(SYSTEM, [self.person() for _place in range(10)])
            codes = people.codes_of(ids)
            self.neighbours = [codes[pk] for pk in ids]

    @classmethod
    def at(cls, now: datetime = START, pack: str = COVID) -> "Laboratory":
        return kept.once(("laboratory", now), lambda: cls(now))

    def collect(self, code: str, people: list[str], **more: Any) -> Any:
        """The swab team takes a sample."""
        form = {
            "kind": "single" if len(people) == 1 else "pool",
            "point": self.point,
            "outbreak": self.outbreak,
            **more,
        }
        return actions.collect(self.actor("sampler"), TubeForm(code=code, people=people, **form))

    def tell(self, code: str, value: str, **more: Any) -> Any:
        """The laboratory tells a result."""
        return actions.report_result(self.actor("lab"), ResultForm(code=code, value=value, **more))

    def tube(self, code: str, post: str = "investigator") -> Any:
        return queries.tube(self.actor(post), code)
