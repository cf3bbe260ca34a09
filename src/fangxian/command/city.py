"""The fictional city of the demonstration: Xizhou 汐州, where nobody real lives. Its code, 9901, is given to no place."""

import random
from dataclasses import dataclass, field

from fangxian.command import landscape
from fangxian.core import accounts
from fangxian.core.access import SYSTEM, Grant
from fangxian.registry import actions as registry
from fangxian.registry.schemas import Division, PersonForm
from fangxian.standards import cn_ids

PASSWORD = "fangxian-demo"
#: A division code that GB/T 2260 never gave out: no real person has an identity number that begins with it.
UNASSIGNED = "110099"
PROVINCE, CITY = "99", "9901"
COUNTIES = (
    ("990101", "望潮区", "Wangchao District"),
    ("990102", "听松区", "Tingsong District"),
    ("990103", "揽月县", "Lanyue County"),
)
#: The townships of each county, each with its two communities; no name is given twice.
TOWNSHIPS = {
    "990101": (
        ("长堤街道", "Changdi Subdistrict", (("春和社区", "Chunhe"), ("明远社区", "Mingyuan"))),
        ("栖霞街道", "Qixia Subdistrict", (("观澜社区", "Guanlan"), ("映月社区", "Yingyue"))),
    ),
    "990102": (
        ("松涧街道", "Songjian Subdistrict", (("翠屏社区", "Cuiping"), ("云岭社区", "Yunling"))),
        ("竹溪街道", "Zhuxi Subdistrict", (("青禾社区", "Qinghe"), ("晚枫社区", "Wanfeng"))),
    ),
    "990103": (
        ("东屿镇", "Dongyu Town", (("渔歌社区", "Yuge"), ("帆影社区", "Fanying"))),
        ("北湾镇", "Beiwan Town", (("盐田社区", "Yantian"), ("灯塔社区", "Dengta"))),
    ),
}

_SURNAMES: tuple[str, ...] = (*"王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗单曾解", "欧阳", "司徒")
_GIVEN = "子涵雨桐浩然欣怡宇轩诗琪俊杰梦瑶一诺思远晓彤嘉懿文博若曦明哲雅婷志强秀英建国桂兰海燕立新"
_WORK = ("教师", "快递员", "超市收银员", "公交司机", "程序员", "厨师", "护士", "工人", "学生", "退休", "个体户", "职员")


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account of the demonstration: its login, whose it is, and what there is to see with it."""

    login: str
    role: str
    area: str
    name: str
    zh: str
    en: str


#: One per role. The organisation that a bound role works for is told by `_organisations`.
ACCOUNTS = (
    DemoAccount("grid", "grid_worker", "990101001001", "林小雨", "网格员：上门随访", "Grid worker: visits at the door"),
    DemoAccount("clinic", "clinic", "990101", "陈安", "发热门诊：直报", "Fever clinic: direct report"),
    DemoAccount("school", "reporter", "990101", "孟晓", "校医：每日报数", "School nurse: numbers of the day"),
    DemoAccount(
        "employer", "employer", "990101", "丁港", "冷库主管：高风险岗位", "Cold-store manager: high-risk posts"
    ),
    DemoAccount("lab", "lab", "990101", "吴静", "实验室：收样与结果", "Laboratory: samples and results"),
    DemoAccount("sampler", "sampler", "990101", "江帆", "采样员：采样点", "Swab team: the swab point"),
    DemoAccount(
        "nurse", "site_nurse", "990101", "周宁", "隔离点护士：每日健康监测", "Isolation-site nurse: daily checks"
    ),
    DemoAccount("driver", "transfer_team", "990101", "石磊", "转运司机：接人送人", "Transfer driver: trips"),
    DemoAccount(
        "investigator", "investigator", "990101", "赵明", "流调员：调查与密接", "Investigator: cases and contacts"
    ),
    DemoAccount("county", "reviewer", "990101", "孙立", "区疾控：一级审核", "County CDC: first review"),
    DemoAccount("city", "reviewer", "9901", "高远", "市疾控：二级审核", "City CDC: second review"),
    DemoAccount("province", "reviewer", "99", "何清", "省疾控：三级审核", "Province CDC: third review"),
    DemoAccount("duty", "duty_officer", "990101", "马亮", "值班员：逾期任务", "Duty officer: what is late"),
    DemoAccount("leader", "leader", "9901", "郭城", "指挥长：覆盖率", "Commander: coverage"),
    DemoAccount("auditor", "auditor", "99", "罗正", "审计员：日志与查阅记录", "Auditor: journal and looks"),
    DemoAccount("registrar", "registrar", "9901", "徐册", "台账管理员", "Registrar: people and posts"),
    DemoAccount("resident", "resident", "", "", "居民：谁查看过我的信息", "Resident: who looked at my data"),
)


@dataclass(slots=True)
class City:
    """What was built: organisations by kind and county, accounts by login, and households as lists of person codes."""

    rng: random.Random
    organisations: dict[tuple[str, str], int] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)
    households: dict[str, list[list[str]]] = field(default_factory=dict)
    land: landscape.Landscape = field(default_factory=landscape.Landscape)


def build(seed: int = 9901, households: int = 130) -> City:
    """Jurisdictions, organisations, posts, accounts and people. The same seed gives the same city (but for codes)."""
    city = City(random.Random(seed))
    registry.import_divisions(SYSTEM, _divisions())
    city.land = landscape.draw(SYSTEM, CITY, {code: (zh[:2], en.split()[0]) for code, zh, en in COUNTIES})
    _organise(city)
    _people(city, households)
    _appoint(city)
    return city


def _divisions() -> list[Division]:
    rows = [
        Division(code=PROVINCE, name="澜川省", name_en="Lanchuan Province", population=31_000_000),
        Division(code=CITY, name="汐州市", name_en="Xizhou", population=1_480_000, lon=112.0, lat=3.9),
    ]
    for county, zh, en in COUNTIES:
        rows.append(Division(code=county, name=zh, name_en=en, population=400_000))
        for t, (town, town_en, villages) in enumerate(TOWNSHIPS[county], 1):
            township = f"{county}{t:03}"
            rows.append(Division(code=township, name=town, name_en=town_en))
            for v, (village, village_en) in enumerate(villages, 1):
                community = f"{township}{v:03}"
                rows.append(Division(code=community, name=village, name_en=f"{village_en} Community"))
                rows += [Division(code=f"{community}{g:03}", name=f"第{g}网格", name_en=f"Grid {g}") for g in (1, 2)]
    return rows


_KINDS = (
    ("cdc", "疾病预防控制中心", "CDC"), ("clinic", "人民医院发热门诊", "People's Hospital fever clinic"),
    ("hospital", "第一人民医院", "First People's Hospital"), ("laboratory", "核酸检测实验室", "nucleic acid laboratory"),
    ("isolation_site", "海悦集中隔离点", "Haiyue isolation site"), ("school", "实验小学", "Experimental Primary School"),
    ("enterprise", "百草堂连锁药店", "Baicao pharmacies"),
)  # fmt: skip


def _organise(city: City) -> None:
    for area, zh, en in ((PROVINCE, "澜川省", "Lanchuan"), (CITY, "汐州市", "Xizhou")):
        city.organisations["cdc", area] = registry.create_organisation(
            SYSTEM, "cdc", f"{zh}疾病预防控制中心", area, name_en=f"{en} CDC"
        ).pk
    for county, zh, en in COUNTIES:
        for kind, name, name_en in _KINDS:
            made = registry.create_organisation(SYSTEM, kind, zh + name, county, name_en=f"{en} {name_en}")
            city.organisations[kind, county] = made.pk
        for number, (town, town_en, _villages) in enumerate(TOWNSHIPS[county], 1):
            made = registry.create_organisation(
                SYSTEM, "community", f"{zh}{town}{'政府' if town.endswith('镇') else '办事处'}", f"{county}{number:03}",
                name_en=f"{town_en} office, {en}",
            )  # fmt: skip
            city.organisations["community", f"{county}{number:03}"] = made.pk
    store = registry.create_organisation(SYSTEM, "cold_store", "北港冷链仓库", "990101", name_en="Beigang cold store")
    city.organisations["cold_store", "990101"] = store.pk


_BOUND = {
    "clinic": "clinic",
    "reporter": "school",
    "employer": "cold_store",
    "lab": "laboratory",
    "sampler": "laboratory",
    "site_nurse": "isolation_site",
    "transfer_team": "hospital",
}


def _appoint(city: City) -> None:
    for one in ACCOUNTS:
        person = None
        grants = [Grant(one.role, one.area, city.organisations.get((_BOUND.get(one.role, ""), one.area[:6])))]
        name = one.name
        if one.role == "resident":
            from fangxian.registry import queries

            code = city.households["990101001001001"][0][0]
            traits = queries.by_codes([code])[code]
            person, name = traits.id, "居民"
        account = accounts.create_account(
            SYSTEM, one.login, name, grants=grants, password=PASSWORD, person_id=person, is_demo=True
        )
        city.accounts[one.login] = account.pk
    posts = {
        "investigator": "cdc",
        "reviewer": "cdc",
        "duty_officer": "cdc",
        "site_nurse": "isolation_site",
        "lab": "laboratory",
    }
    for one in ACCOUNTS:
        if (kind := posts.get(one.role)) and (organisation := city.organisations.get((kind, one.area))):
            registry.appoint(SYSTEM, one.role, one.area, organisation, account_id=city.accounts[one.login])
    for county, _zh, _en in COUNTIES:
        registry.appoint(SYSTEM, "sampler", county, city.organisations["laboratory", county], name="采样队")
        registry.appoint(SYSTEM, "transfer_team", county, city.organisations["hospital", county], name="转运专班")
        registry.appoint(SYSTEM, "hospital", county, city.organisations["hospital", county], name="感染科")
        for township in (f"{county}001", f"{county}002"):
            community = city.organisations["community", township]
            registry.appoint(SYSTEM, "township_cadre", township, community, name=_name(city.rng))
            for village in (f"{township}001", f"{township}002"):
                registry.appoint(SYSTEM, "village_cadre", village, community, name=_name(city.rng))
                for number in (1, 2):
                    grid = f"{village}{number:03}"
                    mine = city.accounts["grid"] if village == "990101001001" else None
                    registry.appoint(
                        SYSTEM, "grid_worker", grid, community, account_id=mine, name="" if mine else _name(city.rng)
                    )
                    for role in ("grid_chief", "grid_guide") + (("grid_guard",) if number == 1 else ()):
                        registry.appoint(SYSTEM, role, grid, community, name=_name(city.rng))


def _people(city: City, households: int) -> None:
    rng = city.rng
    grids = [
        f"{county}{t:03}{v:03}{g:03}" for county, _z, _e in COUNTIES for t in (1, 2) for v in (1, 2) for g in (1, 2)
    ]
    forms: list[PersonForm] = []
    homes: list[tuple[str, int]] = []
    for number in range(households):
        grid = grids[number % len(grids)]
        building = number // len(grids)
        address = f"{building + 1}号楼{rng.randint(1, 3)}单元{rng.randint(1, 18)}0{rng.randint(1, 4)}室"
        # Of some nobody has entered the building yet, as it goes.
        known = "" if number % 23 == 11 else city.land.buildings[grid][building % landscape.BUILDINGS]
        home = registry.create_household(SYSTEM, grid, address, known)
        surname = rng.choice(_SURNAMES)
        size = rng.choice((2, 3, 3, 4, 4, 5))
        for member in range(size):
            born = rng.randint(1955, 1994) if member < 2 else rng.randint(2004, 2019)
            forms.append(
                _person(rng, surname if member != 1 else rng.choice(_SURNAMES), born, grid, address, home.code, member)
            )
        homes.append((grid, size))
    from fangxian.registry import queries

    ids = registry.register_many(SYSTEM, forms)
    cards = queries.cards(ids)
    codes = iter([cards[pk].code for pk in ids])
    for grid, size in homes:
        city.households.setdefault(grid, []).append([next(codes) for _ in range(size)])


def _person(
    rng: random.Random, surname: str, born: int, area: str, address: str, household: str, member: int
) -> PersonForm:
    sex = ("male", "female")[member % 2 if member < 2 else rng.randint(0, 1)]
    month, day = rng.randint(1, 12), rng.randint(1, 28)
    sequence = rng.randint(0, 499) * 2 + (1 if sex == "male" else 0)
    body = f"{UNASSIGNED}{born}{month:02}{day:02}{sequence:03}"
    return PersonForm(
        name=surname + "".join(rng.sample(_GIVEN, rng.choice((1, 2, 2)))),
        sex=sex,
        documents=(("citizen_id", body + cn_ids.citizen_check_digit(body)),),
        phones=(f"199{rng.randint(0, 99_999_999):08}",),
        area=area,
        address=address,
        occupation="学生" if born > 2003 else rng.choice(_WORK),
        household=household,
    )


def _name(rng: random.Random) -> str:
    return rng.choice(_SURNAMES[:20]) + "".join(rng.sample(_GIVEN, 2))
