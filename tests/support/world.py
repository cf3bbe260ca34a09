"""Xizhou (汐州市), a city that does not exist, on a day of an outbreak: for stories about pages and for looking at them.

Three counties, one grid down to its worker, an account for every role, cases at every level of review, contacts that are
watched. Everything is done through the actions of the product, at instants relative to `now`, so that some things are late.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fangxian.cases import actions as cases
from fangxian.cases.schemas import CaseForm, OutbreakForm
from fangxian.core import access, accounts, clock, outbox
from fangxian.core.access import SYSTEM, Actor, Grant
from fangxian.registry import actions as registry
from fangxian.registry import queries as people
from fangxian.registry.schemas import Division, PersonForm
from fangxian.tracing import actions as tracing
from fangxian.tracing import queries as contacts
from fangxian.tracing.schemas import ExposureForm, StayForm

PROVINCE, CITY = "99", "9901"
WANGCHAO, TINGSONG, LANYUE = "990101", "990102", "990103"
STREET, COMMUNITY, GRID = "990101001", "990101001001", "990101001001001"
PASSWORD = "xizhou-2026-pages"
PACK = "covid-19-cn-9"

DIVISIONS = (
    Division(code=PROVINCE, name="澜川省", name_en="Lanchuan Province"),
    Division(code=CITY, name="汐州市", name_en="Xizhou", lon=112.0, lat=3.9),
    Division(code=WANGCHAO, name="望潮区", name_en="Wangchao District"),
    Division(code=TINGSONG, name="听松区", name_en="Tingsong District"),
    Division(code=LANYUE, name="揽月县", name_en="Lanyue County"),
    Division(code=STREET, name="灯塔街道", name_en="Dengta Subdistrict"),
    Division(code=COMMUNITY, name="渔港社区", name_en="Yugang Community"),
    Division(code=GRID, name="第一网格", name_en="Grid 1"),
)

#: Login, name, role, area, key of the organisation (for roles that are bound to one).
STAFF = (
    ("clinic", "林一诺", "clinic", WANGCHAO, "clinic"),
    ("grid", "周小满", "grid_worker", GRID, ""),
    ("nurse", "沈清越", "site_nurse", WANGCHAO, "site"),
    ("investigator", "陆远山", "investigator", WANGCHAO, ""),
    ("reviewer", "顾明舟", "reviewer", WANGCHAO, ""),
    ("city_reviewer", "秦以南", "reviewer", CITY, ""),
    ("duty", "苏望", "duty_officer", WANGCHAO, ""),
    ("leader", "方知行", "leader", CITY, ""),
    ("auditor", "何静川", "auditor", PROVINCE, ""),
    ("stranger", "吴听雨", "reviewer", LANYUE, ""),
)

#: Names that pages must bear: plain, rare characters, an interpunct, long, Latin, right to left.
NAMES = (
    "江晚晴", "𠮷川", "阿依古丽·买买提江", "欧阳若兮", "Maria de Souza", "司马长风", "محمد الأمين",
    "阿卜杜热合曼·吐尔逊买买提·伊布拉音江·艾合买提·阿卜杜拉", "程一", "白鹭", "宋知微", "许星野", "叶青梧", "谢临川",
)  # fmt: skip


@dataclass
class World:
    """The city. `now` is the instant at which it is looked at; building it takes place in the days before."""

    now: datetime
    staff: dict[str, Any] = field(default_factory=dict)
    bodies: dict[str, int] = field(default_factory=dict)
    outbreak: str = ""
    cases: list[str] = field(default_factory=list)
    contacts: list[str] = field(default_factory=list)

    def actor(self, post: str) -> Actor:
        """Whoever holds the post, with the rights of now."""
        return access.actor_for(self.staff[post], "web")

    def person(self, name: str, **more: Any) -> PersonForm:
        """Somebody who lives in the grid."""
        return PersonForm(**{"name": name, "sex": "female", "birth_year": 1988, "area": GRID, **more})


def build(now: datetime) -> World:
    """The whole city with its outbreak, as it is at `now`."""
    world = World(now)
    with clock.at(now - timedelta(days=4)):
        _city(world)
        _staff(world)
    _outbreak(world)
    with clock.at(now - timedelta(minutes=5)):
        _resident(world)
    return world


def _city(world: World) -> None:
    registry.install(SYSTEM)
    registry.import_divisions(SYSTEM, DIVISIONS)
    for key, kind, zh, area, en in (
        ("clinic", "clinic", "望潮区人民医院发热门诊", WANGCHAO, "Wangchao fever clinic"),
        ("cdc", "cdc", "望潮区疾病预防控制中心", WANGCHAO, "Wangchao CDC"),
        ("city_cdc", "cdc", "汐州市疾病预防控制中心", CITY, "Xizhou CDC"),
        ("province_cdc", "cdc", "澜川省疾病预防控制中心", PROVINCE, "Lanchuan CDC"),
        ("hospital", "hospital", "汐州市第三人民医院", CITY, "Xizhou Third Hospital"),
        ("site", "isolation_site", "望潮海景隔离点", WANGCHAO, "Wangchao seaview site"),
        ("community", "community", "渔港社区居委会", COMMUNITY, "Yugang community office"),
    ):
        world.bodies[key] = registry.create_organisation(SYSTEM, kind, zh, area, name_en=en).pk


def _staff(world: World) -> None:
    for login, name, role, area, body in STAFF:
        grant = Grant(role, area, world.bodies[body] if body else None)
        world.staff[login] = accounts.create_account(SYSTEM, login, name, grants=[grant], password=PASSWORD)
    for login, role, area, body in (
        ("reviewer", "reviewer", WANGCHAO, "cdc"),
        ("city_reviewer", "reviewer", CITY, "city_cdc"),
        ("investigator", "investigator", WANGCHAO, "cdc"),
        ("duty", "duty_officer", WANGCHAO, "cdc"),
        ("grid", "grid_worker", GRID, "community"),
        ("nurse", "site_nurse", WANGCHAO, "site"),
        ("nurse", "sampler", WANGCHAO, "site"),
    ):
        registry.appoint(SYSTEM, role, area, world.bodies[body], account_id=world.staff[login].pk)


def _outbreak(world: World) -> None:
    """What happened, as (hours ago, what): done in the order of time, which the journal insists on."""
    with clock.at(world.now - timedelta(days=3)):
        world.outbreak = cases.open_outbreak(
            SYSTEM, OutbreakForm(name_zh="汐州市新冠疫情", name_en="COVID-19 in Xizhou", pack=PACK, area=CITY)
        ).code
    by, code = world.actor, world.cases
    happened: tuple[tuple[float, Callable[[], Any]], ...] = (
        (50, lambda: code.append(_case(world, NAMES[0], GRID, first=True))),
        (49, lambda: cases.review(by("reviewer"), code[0], "approve", "核实无误")),
        (48, lambda: cases.review(by("city_reviewer"), code[0], "approve")),
        (46, lambda: _contacts(world)),
        (30, lambda: code.append(_case(world, NAMES[1], GRID))),
        (29, lambda: cases.review(by("reviewer"), code[1], "return", "住址写到楼栋；首发症状日期与采样日期不符")),
        (20, lambda: code.append(_case(world, NAMES[2], STREET))),
        (19.5, lambda: cases.review(by("reviewer"), code[2], "approve")),
        (3, lambda: code.append(_case(world, NAMES[3], WANGCHAO))),
        (2, lambda: _visits(world)),
        (1.5, lambda: code.append(_fell_ill(world))),
        (1.2, lambda: code.append(_case(world, NAMES[4], WANGCHAO))),
        (0.2, lambda: code.append(_case(world, NAMES[5], LANYUE))),
    )
    for hours, do in happened:
        with clock.at(world.now - timedelta(hours=hours)):
            do()
            outbox.deliver()


def _visits(world: World) -> None:
    """One contact is held and well, one was not reached, one has symptoms and so may be a case."""
    nurse, grid, investigator = (world.actor(post) for post in ("nurse", "grid", "investigator"))
    held, missed, ill = world.contacts[:3]
    for code in (held, ill):
        tracing.clear(investigator, code, "person")
        tracing.hold(investigator, code, "site", organisation=world.bodies["site"])
    tracing.visit(nurse, held, {"temperature": 36.6, "symptoms": "none"})
    tracing.not_reached(grid, missed, "电话三次无人接听，敲门无人应答")
    tracing.visit(nurse, ill, {"temperature": 38.4, "symptoms": "some"})


def _case(world: World, name: str, area: str, *, first: bool = False) -> str:
    now = clock.now()
    form = CaseForm(
        outbreak=world.outbreak, organisation=world.bodies["clinic"], person=world.person(name, area=area, phones=("13912345678",)),
        area=area, facts={"pcr_positive": True, "symptomatic": True, "fever": True, "cough": first},
        onset_on=(now - timedelta(days=2)).date(), sampled_at=now - timedelta(hours=8), diagnosed_at=now - timedelta(hours=1),
        severity="mild", origin="unknown" if first else "local",
    )  # fmt: skip
    return str(cases.report(SYSTEM, form).code)


def _contacts(world: World) -> None:
    by, source, now = world.actor("investigator"), world.cases[0], clock.now()
    tracing.add_stay(
        by, source, StayForm(
            from_at=now - timedelta(hours=30), to_at=now - timedelta(hours=28), place_text="渔港海鲜市场 12 号摊位",
            place_kind="market", with_whom="同事两人", lon=112.012, lat=3.902,
        ),
    )  # fmt: skip
    tracing.add_stay(
        by, source, StayForm(
            from_at=now - timedelta(hours=20), to_at=now - timedelta(hours=12), place_text="渔港社区 3 幢", place_kind="home",
            lon=112.019, lat=3.908,
        ),
    )  # fmt: skip
    for place, name in enumerate(NAMES[6:]):
        judged = tracing.expose(
            by, ExposureForm(
                person=world.person(name), case=source, from_at=now - timedelta(hours=20 + place),
                to_at=now - timedelta(hours=19 + place), setting="home" if place < 3 else "restaurant",
                facts={"household": place < 3, "in_window": True, "protected": False, "same_table": place >= 3},
                relation="家人" if place < 3 else "同桌",
            ),
        )  # fmt: skip
        if judged.contact:
            world.contacts.append(judged.contact)


def _fell_ill(world: World) -> str:
    """A contact who became a case: the second generation of the chain."""
    now = clock.now()
    form = CaseForm(
        person="", outbreak=world.outbreak, facts={"pcr_positive": True, "symptomatic": True},
        onset_on=(now - timedelta(hours=20)).date(), diagnosed_at=now - timedelta(minutes=30),
    )  # fmt: skip
    return str(tracing.become_case(world.actor("investigator"), world.contacts[4], form).code)


def _resident(world: World) -> None:
    """A contact who signs in to see who has looked at their data; somebody has, twice."""
    person_id = contacts.contact(SYSTEM, world.contacts[0]).person_id
    code = people.cards([person_id])[person_id].code
    world.staff["resident"] = accounts.create_account(
        SYSTEM, "resident", "白先生", grants=[Grant("resident", "")], password=PASSWORD, person_id=person_id
    )
    registry.reveal(world.actor("investigator"), code, ("name", "phones"), "investigation", "电话核实共同居住情况")
    registry.reveal(world.actor("grid"), code, ("name", "address"), "follow_up", "上门随访需要门牌号")
