"""A province with one city, two counties and the people who fight an outbreak there, for stories about cases."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fangxian import protocols
from fangxian.cases import actions
from fangxian.cases.schemas import CaseForm, OutbreakForm
from fangxian.core import access, accounts, clock
from fangxian.core.access import SYSTEM, Actor, Grant
from fangxian.duties import packs
from fangxian.registry import actions as registry
from fangxian.registry.schemas import Division, PersonForm
from tests.support import kept

PACK = "river-fever"
START = datetime(2024, 3, 4, 0, tzinfo=UTC)  # 08:00 in Shanghai, a Monday
PROVINCE, CITY, COUNTY, OTHER_COUNTY = "99", "9901", "990101", "990102"
VILLAGE = "990101001001"
#: What makes a confirmed case of river fever.
CONFIRMED = {"pcr_positive": True, "symptomatic": True}
SUSPECTED = {"fever": True, "epidemiological_link": True}


@contextmanager
def with_pack() -> Iterator[None]:
    """Within the block there is a pack `river-fever`, which the product does not ship."""
    load = packs._load
    own = protocols.load(Path(__file__).with_name(f"{PACK}.yaml"))
    packs._load = lambda name, overlays: own if name == PACK else load(name, overlays)  # type: ignore[assignment]
    try:
        yield
    finally:
        packs._load = load


@dataclass(slots=True)
class Staff:
    """Accounts by post; `actor(post)` is what they are now."""

    accounts: dict[str, Any]

    def actor(self, post: str) -> Actor:
        return access.actor_for(self.accounts[post], "web")


class County:
    """The place with its organisations, its people, and an outbreak in progress. Needs a database and the pack."""

    def __init__(self, now: datetime = START) -> None:
        with clock.at(now):
            registry.install(SYSTEM)
            registry.import_divisions(
                SYSTEM,
                [
                    Division(code=PROVINCE, name="江省", name_en="Jiang"),
                    Division(code=CITY, name="江城市", name_en="Jiangcheng"),
                    Division(code=COUNTY, name="东县", name_en="Dong"),
                    Division(code=OTHER_COUNTY, name="西县", name_en="Xi"),
                    Division(code=VILLAGE[:9], name="河口镇", name_en="Hekou"),
                    Division(code=VILLAGE, name="河口村", name_en="Hekou Village"),
                ],
            )
            self.clinic = registry.create_organisation(
                SYSTEM, "clinic", "东县发热门诊", COUNTY, name_en="Dong clinic"
            ).pk
            self.other_clinic = registry.create_organisation(SYSTEM, "clinic", "西县发热门诊", OTHER_COUNTY).pk
            self.hospital = registry.create_organisation(SYSTEM, "hospital", "江城市医院", CITY).pk
            self.cdc = registry.create_organisation(SYSTEM, "cdc", "东县疾控中心", COUNTY).pk
            self.staff = Staff(
                {
                    post: accounts.create_account(SYSTEM, post, name, grants=[Grant(role, area, organisation)])
                    for post, name, role, area, organisation in (
                        ("clinic", "门诊李", "clinic", COUNTY, self.clinic),
                        ("other_clinic", "门诊吴", "clinic", COUNTY, self.other_clinic),
                        ("county", "县审王", "reviewer", COUNTY, None),
                        ("other_county", "县审赵", "reviewer", OTHER_COUNTY, None),
                        ("city", "市审陈", "reviewer", CITY, None),
                        ("province", "省审周", "reviewer", PROVINCE, None),
                        ("investigator", "流调孙", "investigator", COUNTY, None),
                        ("officer", "值班钱", "duty_officer", COUNTY, None),
                    )
                }
            )
            registry.appoint(SYSTEM, "reviewer", COUNTY, self.cdc, account_id=self.staff.accounts["county"].pk)
            self.outbreak = actions.open_outbreak(
                SYSTEM, OutbreakForm(name_zh="江城河热", name_en="River fever in Jiangcheng", pack=PACK, area=PROVINCE)
            ).code
        self.serial = 0

    @classmethod
    def at(cls, now: datetime = START) -> "County":
        """The county as it is at the instant."""
        return kept.once(("county", now), lambda: cls(now))

    def actor(self, post: str) -> Actor:
        """Whoever holds the post, with the rights of now."""
        return self.staff.actor(post)

    def person(self, **more: Any) -> PersonForm:
        """Somebody new of the village."""
        self.serial += 1
        return PersonForm(
            **{"name": f"村民{self.serial}", "sex": "female", "birth_year": 1980, "area": VILLAGE, **more}
        )

    def form(self, **more: Any) -> CaseForm:
        """A card of a confirmed case, diagnosed an hour ago."""
        card = {
            "outbreak": self.outbreak, "organisation": self.clinic, "facts": CONFIRMED,
            "onset_on": clock.today() - timedelta(days=2), "diagnosed_at": clock.now() - timedelta(hours=1),
        }  # fmt: skip
        return CaseForm(**{"person": more.pop("person", None) or self.person(), **card, **more})
