"""Xizhou with a swab point, a laboratory and samples at every step of their way: for stories about pages and for looking at them."""

from dataclasses import dataclass
from datetime import timedelta

from fangxian.core import accounts, clock
from fangxian.core.access import SYSTEM, Grant
from fangxian.laboratory import actions
from fangxian.laboratory.schemas import BoxForm, PointForm, ResultForm, TubeForm
from fangxian.registry import actions as registry
from fangxian.registry import queries as people
from tests.support.world import GRID, PASSWORD, WANGCHAO, World

_NAMES = (
    "柳闻莺", "岳西楼", "冯青禾", "Ana Lima", "毕书遥", "纪南星", "倪望舒", "孟晚舟", "洛星河", "安如意", "秦时月", "沈知行",
)  # fmt: skip


@dataclass
class Swabbing:
    """What there is: the point, a box under way and one received, people's codes; tubes are called by what became of them."""

    point: str
    sealed: str
    received: str
    people: list[str]
    unmatched: int = 0


def staffed(world: World) -> tuple[str, list[str]]:
    """A swab point with its team and its laboratory, and people of the grid: the codes of both. Nothing has been taken yet."""
    team = registry.create_organisation(SYSTEM, "clinic", "渔港社区采样队", WANGCHAO, name_en="Yugang swab team").pk
    lab = registry.create_organisation(
        SYSTEM, "laboratory", "望潮区核酸检测中心", WANGCHAO, name_en="Wangchao laboratory"
    ).pk
    for login, name, role, body in (("sampler", "罗小舟", "sampler", team), ("lab", "钟明澈", "lab", lab)):
        world.staff[login] = accounts.create_account(
            SYSTEM, login, name, grants=[Grant(role, WANGCHAO, body)], password=PASSWORD
        )
    registry.appoint(SYSTEM, "sampler", WANGCHAO, team, account_id=world.staff["sampler"].pk)
    point = actions.open_point(
        world.actor("duty"),
        PointForm(name_zh="渔港小学采样点", name_en="Yugang school", area=GRID, organisation=team, laboratory=lab),
    ).code
    ids = registry.register_many(SYSTEM, [world.person(name) for name in _NAMES])
    codes = people.codes_of(ids)
    return point, [codes[pk] for pk in ids]


def begin(world: World) -> Swabbing:
    """Samples of the last hours, in every state: taken, sealed, received, negative, positive, rejected, of a positive pool, of goods."""
    now = clock.now()
    with clock.at(now - timedelta(hours=6)):
        point, folk = staffed(world)
        sampler, tester = world.actor("sampler"), world.actor("lab")

        def take(code: str, who: list[str], **more: object) -> None:
            form = {"kind": "single" if len(who) == 1 else "pool", "point": point, "outbreak": world.outbreak, **more}
            actions.collect(sampler, TubeForm(code=code, people=who, **form))  # type: ignore[arg-type]

        take("FXPOOL0001", folk[:10])
        take("FXFEVER001", folk[10:11], reason="fever")
        take("FXNEG00001", folk[11:12])
        take(
            "FXGOODS001",
            [],
            kind="object",
            what="goods",
            batch="SHRIMP-0301",
            note="frozen shrimps, hall 3",
            reason="monitoring",
        )
    with clock.at(now - timedelta(hours=5)):
        received = actions.seal_box(
            sampler, BoxForm(tubes=["FXPOOL0001", "FXNEG00001", "FXGOODS001"], point=point, seal="A-1201")
        )
        actions.hand_over_box(sampler, received.code, "司机郑 汐A·00731")
    with clock.at(now - timedelta(hours=4)):
        actions.receive_box(tester, received.code)
    with clock.at(now - timedelta(hours=2)):
        actions.report_result(tester, ResultForm(code="FXPOOL0001", cts={"orf1ab": 31.2, "n": 29.9}))
        actions.report_result(tester, ResultForm(code="FXNEG00001", value="negative"))
    with clock.at(now - timedelta(hours=1)):
        take("FXSINGLE01", folk[:1], reason="retest", again="FXPOOL0001")
        take("FXSINGLE02", folk[1:2], reason="retest")
        take("FXBROKEN01", folk[2:3])
        take("FXTAKEN001", folk[10:12], capacity=5)
        actions.lose_tube(sampler, "FXBROKEN01", "破碎")
        actions.report_result(tester, ResultForm(code="FXSINGLE01", cts={"orf1ab": 24.1, "n": 23.3}))
        actions.report_result(tester, ResultForm(code="FXSINGLE02", value="negative"))
        sealed = actions.seal_box(sampler, BoxForm(tubes=["FXFEVER001"], point=point))
        actions.report_results(
            tester, [ResultForm(value="positive", name="柳闻莺", birth_year=1988, sampled_at=now - timedelta(hours=9))]
        )
    return Swabbing(point, sealed.code, received.code, folk)
