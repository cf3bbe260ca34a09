"""Neighbours of home isolation are told the measures, until when, and whom to call; never who, and never so that one could tell."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.translation import override

from fangxian.containment.isolation import actions, queries
from fangxian.containment.isolation.forms import PlacementForm
from fangxian.containment.isolation.models import NeighbourNotice, Placement
from fangxian.containment.isolation.papers import NeighbourForm
from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.tracing import actions as tracing
from fangxian.tracing.schemas import ExposureForm
from tests.support.county import START, with_pack
from tests.support.quarter import COUNTY, NEXT_VILLAGE, OTHER_COUNTY, VILLAGE, Quarter, actor
from tests.support.tracers import hand_on

pytestmark = pytest.mark.django_db
FORM = NeighbourForm(measures=("lift", "rubbish"), phone="0510-8000111")


@pytest.fixture
def quarter() -> Iterator[Quarter]:
    """Twelve homes in building A1, two in A2, three in B1 and none in B2: compound A has fourteen, compound B three."""
    with with_pack(), override("en"), clock.at(START + timedelta(hours=2)):
        quarter = Quarter.now()
        for building, homes in (("A1", 12), ("A2", 2), ("B1", 3)):
            for _home in range(homes):
                quarter.resident(building)
        yield quarter


def at_home(quarter: Quarter, building: str = "", village: str = VILLAGE) -> str:
    """Somebody who lives there is isolated at home."""
    index = quarter.case("A1")
    now = clock.now()
    form = ExposureForm(
        person=quarter.resident(building, village), case=index.code, setting="home", facts={"household": True},
        from_at=now - timedelta(hours=26), to_at=now - timedelta(hours=24),
    )  # fmt: skip
    code = actions.tell(SYSTEM, PlacementForm(contact=tracing.expose(SYSTEM, form).contact)).code
    actions.keep_at_home(SYSTEM, code)
    actions.send(SYSTEM, code)
    actions.receive(SYSTEM, code)
    hand_on()
    return code


def read(code: str, language: str = "en") -> str:
    with override("en"):  # and as it was, after the request
        page = Client().get(f"/public/{language}/neighbours/{code}/")
    assert page.status_code == 200
    return page.content.decode()


def test_the_notice_says_the_measures_and_whom_to_call_and_nobody(quarter: Quarter) -> None:
    duty = actor("duty_officer")
    code = at_home(quarter, "A1")
    assert [one.code for one in queries.untold(duty)] == [code]
    draft = queries.neighbour_draft(duty, code)
    assert (draft.scope, draft.name.en, draft.homes, draft.wanted) == ("building", "Building A1", 14, 10)
    notice = actions.tell_neighbours(duty, code, FORM)
    assert queries.untold(duty) == []
    said, chinese = read(notice.code), read(notice.code, "zh")
    until = queries.placement(SYSTEM, code).row.leave_at
    assert until is not None and f"{until.astimezone(clock.zone()):%H:%M}" in said
    for wanted in ("Building A1", "Lifts, stairs", "Rubbish of homes", "0510-8000111"):
        assert wanted in said, wanted
    assert "电梯" in chinese and "1号楼" in chinese and "noindex" in said
    placement = Placement.objects.get(code=code)
    for hidden in (
        code,
        placement.subject_code,
        placement.person.name,
        placement.person.code,
        "居民",
        "COVID",
        "covid",
        "contact",
    ):
        assert hidden not in said, hidden
    public = Client().get("/public/en/").content.decode()
    assert notice.code not in public and "Building A1" not in public, "no list leads to it"


def test_a_building_of_few_homes_is_told_as_its_compound_and_a_small_compound_as_its_community(
    quarter: Quarter,
) -> None:
    duty = actor("duty_officer")
    few, fewer = at_home(quarter, "A2"), at_home(quarter, "B1")
    compound = actions.tell_neighbours(duty, few, FORM)
    assert "Compound A" in read(compound.code) and "Building" not in read(compound.code)
    community = actions.tell_neighbours(duty, fewer, FORM)
    assert "Jinqiao" in read(community.code) and "Compound B" not in read(community.code)
    alone = at_home(quarter, "C1", NEXT_VILLAGE)
    with pytest.raises(Conflict, match="would point at one") as refused:
        actions.tell_neighbours(duty, alone, FORM)
    assert refused.value.code == "too_few_homes" and NeighbourNotice.objects.count() == 2


def test_a_second_person_changes_nothing_that_can_be_read_and_the_last_release_ends_it(quarter: Quarter) -> None:
    duty = actor("duty_officer")
    first, second = at_home(quarter, "A1"), at_home(quarter, "A1")
    notice = actions.tell_neighbours(duty, first, FORM)
    before = read(notice.code)
    again = actions.tell_neighbours(duty, second, NeighbourForm(measures=("air",)))
    assert again.pk == notice.pk and read(notice.code) == before, "how many they are cannot be told from it"
    for code, holds in ((first, True), (second, False)):
        wrong = actions.object_to(SYSTEM, code, "isolate", "She was not there.")
        actions.answer(duty, wrong.pk, True, "So it is.")
        hand_on()
        assert queries.placement(SYSTEM, code).row.link == "closed"
        assert (NeighbourNotice.objects.get().withdrawn_at is None) == holds
    over = read(notice.code)
    assert "holds no more" in over and "Building A1" not in over and "0510" not in over


def test_it_is_issued_and_taken_back_by_whoever_decides_and_seen_by_nobody_elsewhere(quarter: Quarter) -> None:
    code, grid, duty = at_home(quarter, "A1"), actor("grid_worker", VILLAGE), actor("duty_officer")
    with pytest.raises(NotAllowed):
        actions.tell_neighbours(grid, code, FORM)
    with pytest.raises(NotFound):
        actions.tell_neighbours(actor("duty_officer", OTHER_COUNTY), code, FORM)
    for form, field in (
        (NeighbourForm(measures=()), "measures"), (NeighbourForm(measures=("siren",)), "measures"),
        (NeighbourForm(measures=("air",)), "phone"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            actions.tell_neighbours(duty, code, form)
        assert refused.value.field == field
    notice = actions.tell_neighbours(duty, code, FORM)
    assert [one.code for one in queries.neighbour_notices(grid)] == [notice.code], "the grid worker puts it up"
    assert queries.neighbour_notices(actor("duty_officer", OTHER_COUNTY)) == []
    with pytest.raises(NotFound):
        queries.neighbour_notice(actor("duty_officer", OTHER_COUNTY), notice.code)
    with pytest.raises(NotAllowed):
        actions.withdraw_notice(grid, notice.code, "the wrong building")
    with pytest.raises(Invalid):
        actions.withdraw_notice(duty, notice.code, " ")
    actions.withdraw_notice(duty, notice.code, "the wrong building")
    with pytest.raises(Conflict):
        actions.withdraw_notice(duty, notice.code, "once more")
    assert [one.code for one in queries.untold(duty)] == [code], "and somebody is to be told again"
    assert actions.tell_neighbours(duty, code, FORM).code != notice.code
    on_site = actions.tell(SYSTEM, PlacementForm(contact=tracing.expose(SYSTEM, _form(quarter)).contact)).code
    with pytest.raises(Conflict, match="not isolated at home"):
        actions.tell_neighbours(duty, on_site, FORM)
    assert Client().get("/public/en/neighbours/NOSUCHCODE/").status_code == 404


def _form(quarter: Quarter) -> ExposureForm:
    now = clock.now()
    return ExposureForm(
        person=quarter.resident("A1"), case=quarter.case("A1").code, setting="home", facts={"household": True},
        from_at=now - timedelta(hours=26), to_at=now - timedelta(hours=24),
    )  # fmt: skip


def test_area_of_the_county_is_not_widened(quarter: Quarter) -> None:
    """A notice for a community is one of that community alone, and the county's officer finds it in their list."""
    code = at_home(quarter, "B1")
    made = actions.tell_neighbours(actor("duty_officer"), code, FORM)
    assert (made.place_id, made.area) == (None, VILLAGE)
    (row,) = queries.neighbour_notices(actor("duty_officer", COUNTY))
    assert row.name == row.area_name and row.may_withdraw
