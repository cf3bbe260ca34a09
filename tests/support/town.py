"""A small fictional province with two counties, for stories about who and where; and actors for its posts."""

from datetime import UTC, date, datetime

from fangxian.core import clock
from fangxian.core.access import SYSTEM, Actor, Grant
from fangxian.registry import actions
from fangxian.registry.schemas import Division, PersonForm
from fangxian.standards.cn_ids import citizen_check_digit
from tests.support import kept

NOW = datetime(2024, 3, 4, 1, tzinfo=UTC)
PROVINCE, CITY, EAST, WEST = "99", "9901", "990101", "990102"
TOWNSHIP, VILLAGE, GRID = "990101001", "990101001001", "990101001001001"
DIVISIONS = (
    Division(code=PROVINCE, name="江省", name_en="Jiang"),
    Division(code=CITY, name="江城市", name_en="Jiangcheng"),
    Division(code=EAST, name="东县", name_en="Dong"),
    Division(code=WEST, name="西县", name_en="Xi"),
    Division(code=TOWNSHIP, name="河口镇"),
    Division(code=VILLAGE, name="河口村"),
    Division(code=GRID, name="第一网格"),
)


def settle() -> None:
    """Install the house and enter the divisions."""
    kept.once(("town", clock.now()), _settle)


def _settle() -> None:
    actions.install(SYSTEM)
    assert actions.import_divisions(SYSTEM, DIVISIONS).faults == ()


def actor(role: str, area: str = EAST, organisation_id: int | None = None, person_id: int | None = None) -> Actor:
    """Whoever holds one role in one area."""
    return Actor(None, f"{role} of {area}", (Grant(role, area, organisation_id),), "web", person_id=person_id)


def citizen_id(born: date, serial: int = 1, area: str = "330106") -> str:
    """An identity number that holds. An odd `serial` (0 to 999) is a man's."""
    body = f"{area}{born:%Y%m%d}{serial:03}"
    return body + citizen_check_digit(body)


def villager(**values: object) -> PersonForm:
    """A person of the village, unless told otherwise."""
    return PersonForm(**{"name": "张三丰", "area": VILLAGE} | values)  # type: ignore[arg-type]
