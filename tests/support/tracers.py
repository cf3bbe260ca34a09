"""The county at contact tracing: who investigates, who visits, who holds; an outbreak of a real protocol; events handed on."""

from datetime import datetime, timedelta
from typing import Any

from fangxian.cases import actions as cases
from fangxian.cases.schemas import CaseForm, OutbreakForm
from fangxian.core import accounts, clock, outbox
from fangxian.core.access import SYSTEM, Grant
from fangxian.duties import coverage
from fangxian.duties import queries as duties
from fangxian.registry import actions as registry
from fangxian.registry.schemas import Division, PersonForm
from fangxian.tracing.schemas import ExposureForm
from tests.support import kept
from tests.support.county import COUNTY, OTHER_COUNTY, PROVINCE, START, VILLAGE, County

GRID = VILLAGE + "003"
COVID, MERS = "covid-19-cn-9", "mers-who"


class Tracers(County):
    """A county with an outbreak of `pack`, its first case of two days ago, and everybody whom tracing needs."""

    def __init__(self, pack: str = COVID, now: datetime = START) -> None:
        super().__init__(now)
        with clock.at(now):
            registry.import_divisions(SYSTEM, [Division(code=GRID, name="第三网格", name_en="Grid 3")])
            self.site = registry.create_organisation(SYSTEM, "isolation_site", "东县隔离点", COUNTY).pk
            for post, name, role, area, organisation in (
                ("grid", "网格周", "grid_worker", GRID, None),
                ("nurse", "护士郑", "site_nurse", COUNTY, self.site),
                ("other_investigator", "流调冯", "investigator", OTHER_COUNTY, None),
                ("resident", "居民何", "resident", GRID, None),
            ):
                self.staff.accounts[post] = accounts.create_account(
                    SYSTEM, post, name, grants=[Grant(role, area, organisation)]
                )
            registry.appoint(
                SYSTEM, "investigator", COUNTY, self.cdc, account_id=self.staff.accounts["investigator"].pk
            )
            registry.appoint(SYSTEM, "grid_worker", GRID, self.cdc, account_id=self.staff.accounts["grid"].pk)
            self.outbreak = cases.open_outbreak(
                SYSTEM, OutbreakForm(name_zh="江城疫情", name_en="An outbreak", pack=pack, area=PROVINCE)
            ).code
            self.index = self.case()

    @classmethod
    def at(cls, now: datetime = START, pack: str = COVID) -> "Tracers":
        """The county as it is at the instant, with an outbreak of `pack`."""
        return kept.once(("tracers", pack, now), lambda: cls(pack, now))

    def person(self, **more: Any) -> PersonForm:
        """Somebody new of the grid."""
        return super().person(**{"area": GRID, **more})

    def case(self, **more: Any) -> Any:
        """Report a case (onset two days ago), with everything that follows from it."""
        case = cases.report(SYSTEM, self.card(**more))
        hand_on()
        return case

    def card(self, **more: Any) -> CaseForm:
        card = {
            "person": more.pop("person", None) or self.person(), "outbreak": self.outbreak, "organisation": self.clinic,
            "classification": "confirmed", "onset_on": clock.today() - timedelta(days=2),
            "diagnosed_at": clock.now() - timedelta(hours=1),
        }  # fmt: skip
        return CaseForm(**{**card, **more})

    def met(self, **more: Any) -> ExposureForm:
        """Somebody new who lives with the index case, exposed yesterday evening."""
        told = {
            "person": more.pop("person", None) or self.person(), "setting": "home", "facts": {"household": True},
            "from_at": clock.now() - timedelta(hours=26), "to_at": clock.now() - timedelta(hours=24),
        }  # fmt: skip
        if not more.get("contact_of"):
            told["case"] = self.index.code
        return ExposureForm(**{**told, **more})


def hand_on() -> None:
    """Deliver events, and those that come of them, as the house does after each commit."""
    while outbox.deliver():
        pass
    assert outbox.stuck() == []


def books_agree() -> None:
    """Nobody lacks a duty, and the rollup says what the steps say."""
    assert duties.gaps() == []
    assert coverage.cells() == coverage.recount()
