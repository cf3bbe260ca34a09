"""A cold store of Xizhou whose loaders are tested every day, and whoever keeps its roster: for pages and for looking at them."""

from fangxian.core import accounts
from fangxian.core.access import SYSTEM, Grant
from fangxian.laboratory.screening import actions
from fangxian.laboratory.screening.schemas import WorkerForm
from fangxian.registry import actions as registry
from tests.support.world import PASSWORD, WANGCHAO, World

_LOADERS = (
    ("L-01", "装卸工", "尤大海"),
    ("L-02", "装卸工", "贺长风"),
    ("L-03", "叉车工", "马远航"),
    ("L-04", "理货员", "乔一帆"),
)


def staffed(world: World) -> int:
    """The roster of the store, by id. Its people are due today, and nobody of them was swabbed yet."""
    store = registry.create_organisation(
        SYSTEM, "cold_store", "望潮冷链仓库", WANGCHAO, name_en="Wangchao cold store"
    ).pk
    world.staff["store"] = accounts.create_account(
        SYSTEM, "store", "丁冷山", grants=[Grant("employer", WANGCHAO, store)], password=PASSWORD
    )
    roster = actions.open_roster(world.actor("duty"), store, "closed_loop").pk
    loaders = [WorkerForm(person=world.person(name), number=number, job=job) for number, job, name in _LOADERS]
    done = actions.enrol(world.actor("store"), roster, loaders)
    assert not done.refused, done.refused
    return int(roster)
