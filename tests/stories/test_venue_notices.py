"""Venue notices (涉疫场所提示): a place, a time and what to do; never a home, never a person's way, and gone by themselves."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils.translation import override

from fangxian.containment.venues import actions, queries
from fangxian.containment.venues.schemas import VenueForm
from fangxian.core import clock, journal
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.registry import actions as registry
from tests.support.world import LANYUE, WANGCHAO, World

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 3, 4, 10, tzinfo=UTC)  # ten past twelve in Xizhou, yesterday


@pytest.fixture(autouse=True)
def in_english(at_the_hour: None) -> Iterator[None]:
    with override("en"):
        yield


def form(city: World, **more: Any) -> VenueForm:
    told = {
        "outbreak": city.outbreak, "kind": "market", "name_zh": "渔港海鲜市场", "name_en": "Yugang seafood market", "area": WANGCHAO,
        "from_at": NOON, "to_at": NOON + timedelta(minutes=45), "advice_zh": "请联系社区并检测",
        "advice_en": "Call your community and be tested",
    }  # fmt: skip
    return VenueForm(**{**told, **more})


def test_a_notice_names_a_place_and_a_time_and_nobody(city: World) -> None:
    actions.publish(city.actor("duty"), form(city))
    (shown,) = queries.public_venues()
    assert (shown.name.zh, shown.area_name.en) == ("渔港海鲜市场", "Wangchao District, Xizhou, Lanchuan Province")
    assert (shown.from_at.minute, shown.to_at.minute) == (0, 0), "half hours, rounded outwards"
    assert shown.from_at <= NOON and shown.to_at >= NOON + timedelta(minutes=45)
    assert not {"code", "case", "by_name", "published_at", "outbreak"} & {*shown.__dataclass_fields__}


def test_it_expires_by_itself_on_the_day_that_the_pack_sets(city: World) -> None:
    notice = actions.publish(city.actor("duty"), form(city))
    assert notice.expires_on == date(2026, 3, 17) and notice.basis.startswith("covid-19-cn-9@")
    with clock.at(datetime(2026, 3, 17, 15, 59, tzinfo=UTC)):
        assert len(queries.public_venues()) == 1
    with clock.at(datetime(2026, 3, 17, 16, 1, tzinfo=UTC)):
        assert queries.public_venues() == []
        assert queries.notice(city.actor("duty"), notice.code).state == "expired"


def test_a_place_on_record_is_taken_by_its_code(city: World) -> None:
    place = registry.create_place(
        SYSTEM, registry.PlaceForm(kind="restaurant", name_zh="潮生小馆", name_en="Tide Kitchen", area=WANGCHAO)
    )
    notice = actions.publish(city.actor("leader"), form(city, place=place.code, kind="", name_zh="", area=""))
    assert (notice.place_id, notice.name_en, notice.kind) == (place.pk, "Tide Kitchen", "restaurant")
    home = registry.create_place(SYSTEM, registry.PlaceForm(kind="home", name_zh="渔港社区3幢", area=WANGCHAO))
    with pytest.raises(Invalid, match="lives"):
        actions.publish(city.actor("leader"), form(city, place=home.code))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "home"}, "kind"),
        ({"kind": "palace"}, "kind"),
        ({"name_zh": "", "name_en": " "}, "name_zh"),
        ({"to_at": NOON}, "to_at"),
        ({"to_at": NOON + timedelta(days=3)}, "to_at"),
        ({"from_at": NOON - timedelta(days=9)}, "to_at"),
        ({"advice_zh": "  "}, "advice_zh"),
        ({"advice_zh": "测" * 301}, "advice_zh"),
        ({"expires_on": date(2026, 3, 18)}, "expires_on"),
        ({"expires_on": date(2026, 3, 3)}, "expires_on"),
        ({"from_at": NOON - timedelta(days=20), "to_at": NOON - timedelta(days=19)}, "expires_on"),
    ],
)
def test_what_does_not_hold_is_refused_at_its_field(city: World, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.publish(city.actor("duty"), form(city, **wrong))
    assert refused.value.field == field and queries.public_venues() == []


def test_the_same_place_and_time_is_not_published_twice(city: World) -> None:
    first = actions.publish(city.actor("duty"), form(city))
    with pytest.raises(Conflict):
        actions.publish(
            city.actor("leader"), form(city, from_at=NOON + timedelta(minutes=30), to_at=NOON + timedelta(hours=2))
        )
    actions.take_back(city.actor("duty"), first.code, "地点写错")
    actions.publish(city.actor("leader"), form(city))
    assert len(queries.public_venues()) == 1


def test_withdrawing_wants_a_reason_and_leaves_the_notice_on_record(city: World) -> None:
    by = city.actor("duty")
    code = actions.publish(by, form(city)).code
    with pytest.raises(Invalid):
        actions.take_back(by, code, " ")
    actions.take_back(by, code, "核实后为次日")
    assert queries.public_venues() == []
    seen = queries.notice(by, code)
    assert (seen.state, seen.withdrawn_reason, seen.may_withdraw) == ("withdrawn", "核实后为次日", False)
    with pytest.raises(Conflict):
        actions.take_back(by, code, "再次")


def test_only_who_may_publishes_and_a_stranger_learns_nothing(city: World) -> None:
    code = actions.publish(city.actor("duty"), form(city)).code
    with pytest.raises(NotAllowed):
        actions.publish(city.actor("investigator"), form(city))
    with pytest.raises(NotAllowed):
        actions.take_back(city.actor("investigator"), code, "x")
    for stranger in ("stranger", "grid", "nurse"):
        assert queries.notices(city.actor(stranger)) == []
        with pytest.raises(NotFound):
            queries.notice(city.actor(stranger), code)
        with pytest.raises(NotFound):
            actions.take_back(city.actor(stranger), code, "x")
    with pytest.raises(NotAllowed):
        actions.publish(city.actor("duty"), form(city, area=LANYUE))


def test_the_journal_tells_who_published_under_which_rule(city: World) -> None:
    notice = actions.publish(city.actor("duty"), form(city))
    (line,) = journal.of("venue", notice.pk)
    assert line.actor == "苏望" and line.basis == notice.basis and "渔港海鲜市场" in line.data


def test_a_list_goes_on_where_it_ended(city: World) -> None:
    by = city.actor("duty")
    for days in range(5):
        back = timedelta(days=days)
        actions.publish(by, form(city, from_at=NOON - back, to_at=NOON - back + timedelta(hours=1)))
    first = queries.notices(by, limit=3)
    rest = queries.notices(by, after=first[-1].id)
    assert len(first) == 3 and len(rest) == 2 and len({one.code for one in [*first, *rest]}) == 5
