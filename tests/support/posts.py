"""The county with a laboratory and a cold store whose loaders are tested every day, and a supermarket tested twice a week."""

from datetime import datetime, timedelta
from typing import Any

from fangxian.core import accounts, clock
from fangxian.core.access import SYSTEM, Grant
from fangxian.laboratory.screening import actions
from fangxian.laboratory.screening.schemas import WorkerForm
from fangxian.registry import actions as registry
from tests.support import kept
from tests.support.county import COUNTY, START
from tests.support.laboratory import Laboratory
from tests.support.tracers import hand_on


class Posts(Laboratory):
    """`loaders` and `tellers` are rosters by id; `staff_of(roster, n)` puts people on one and gives their codes."""

    def __init__(self, now: datetime = START) -> None:
        super().__init__(now)
        with clock.at(now):
            self.store = registry.create_organisation(
                SYSTEM, "cold_store", "东港冷库", COUNTY, name_en="Donggang store"
            ).pk
            self.market = registry.create_organisation(SYSTEM, "market", "河口超市", COUNTY).pk
            for post, name, body in (("store", "冷库主管丁", self.store), ("market", "店长白", self.market)):
                self.staff.accounts[post] = accounts.create_account(
                    SYSTEM, post, name, grants=[Grant("employer", COUNTY, body)]
                )
            self.loaders = actions.open_roster(self.actor("officer"), self.store, "closed_loop").pk
            self.tellers = actions.open_roster(self.actor("officer"), self.market, "public").pk

    @classmethod
    def at(cls, now: datetime = START, pack: str = "") -> "Posts":
        return kept.once(("posts", now), lambda: cls(now))

    def put(self, roster: int, people: list[str], **more: Any) -> list[str]:
        """People (by code) stand on a roster from now on; their codes as workers."""
        post = "store" if roster == self.loaders else "market"
        done = actions.enrol(self.actor(post), roster, [WorkerForm(person=code, **more) for code in people])
        assert not done.refused, done.refused
        hand_on()
        return list(done.taken)

    def swab(self, code: str, people: list[str], **more: Any) -> Any:
        """A tube is taken, and everybody hears of it."""
        tube = self.collect(code, people, **more)
        hand_on()
        return tube


def days(n: float) -> timedelta:
    return timedelta(days=n)
