"""Every writer of the registry: who may, who may not, and where. A writer without a row here fails the last test."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from fangxian.core import clock
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.errors import NotAllowed, NotFound
from fangxian.core.models import Entry
from fangxian.registry import actions, queries
from fangxian.registry.actions import PlaceForm
from fangxian.registry.models import Document, Match
from fangxian.registry.schemas import Division
from tests.support.quarter import box
from tests.support.town import EAST, NOW, TOWNSHIP, VILLAGE, actor, citizen_id, settle, villager

pytestmark = pytest.mark.django_db
BORN = date(1988, 5, 4)


PLACE = PlaceForm(kind="market", name_zh="河口市场", area=TOWNSHIP)
NEW_TOWNSHIP = Division(code="990101009", name="新镇")
NEW_PLACE = PlaceForm(kind="shop", name_zh="河口商店", area=TOWNSHIP)


class World:
    """One of everything, in the township of the east."""

    def __init__(self) -> None:
        settle()
        self.cdc = actions.create_organisation(SYSTEM, "cdc", "河口疾控", TOWNSHIP)
        self.home = actions.create_household(SYSTEM, VILLAGE, "1号")
        self.place = actions.create_place(SYSTEM, PLACE)
        self.post = actions.appoint(SYSTEM, "reviewer", TOWNSHIP, self.cdc.pk, name="王")
        self.one = actions.register_person(
            SYSTEM, villager(household=self.home.code, documents=(("", citizen_id(BORN)),))
        )
        self.document = Document.objects.get()
        self.other = actions.register_person(SYSTEM, villager(name="李四"))
        self.third = actions.register_person(SYSTEM, villager(name="王五"))
        actions.merge(SYSTEM, self.one.code, self.third.code)
        self.match = Match.objects.create(first=self.one, second=self.other, probability=0.5, area=VILLAGE)


@dataclass(frozen=True)
class Case:
    """Calls that somebody with `role` in the east may make; `not_role` may not, nor the same role in the west."""

    name: str
    role: str
    not_role: str
    call: Callable[[World, Actor], Any]
    anywhere: bool = field(default=False)


CASES = [
    Case("import_divisions", "registrar", "reviewer", lambda w, by: actions.import_divisions(by, [NEW_TOWNSHIP])),
    Case("rename_division", "registrar", "leader", lambda w, by: actions.rename_division(by, TOWNSHIP, "新口镇")),
    Case("abolish_division", "registrar", "duty_officer", lambda w, by: actions.abolish_division(by, TOWNSHIP, date(2024, 1, 1))),
    Case("create_organisation", "registrar", "clinic", lambda w, by: actions.create_organisation(by, "clinic", "门诊", TOWNSHIP)),
    Case("import_organisations", "registrar", "reviewer", lambda w, by: actions.import_organisations(
        by, [{"kind": "school", "name_zh": "新小学", "area": TOWNSHIP}])),
    Case("import_places", "investigator", "lab", lambda w, by: actions.import_places(
        by, [{"kind": "school", "name_zh": "新小学", "area": TOWNSHIP}])),
    Case("rename_organisation", "registrar", "reviewer", lambda w, by: actions.rename_organisation(by, w.cdc.pk, "新疾控")),
    Case("deactivate_organisation", "registrar", "reviewer", lambda w, by: (
        actions.end_appointment(SYSTEM, w.post.pk), actions.deactivate_organisation(by, w.cdc.pk))),
    Case("appoint", "registrar", "leader", lambda w, by: actions.appoint(by, "lab", TOWNSHIP, w.cdc.pk, name="李")),
    Case("hand_over_post", "registrar", "leader", lambda w, by: actions.hand_over_post(by, w.post.pk, name="李")),
    Case("end_appointment", "registrar", "leader", lambda w, by: actions.end_appointment(by, w.post.pk)),
    Case("register_person", "clinic", "leader", lambda w, by: actions.register_person(by, villager(name="新人")), anywhere=True),
    Case("register_many", "grid_worker", "auditor", lambda w, by: actions.register_many(by, [villager(name="新人")]), anywhere=True),
    Case("amend_person", "investigator", "grid_worker", lambda w, by: actions.amend_person(by, w.one.code, 1, {"occupation": "教师"})),
    Case("withdraw_people", "clinic", "leader", lambda w, by: actions.withdraw_people(by, [w.other.pk], "entered twice"), anywhere=True),
    Case("withdraw", "registrar", "grid_worker", lambda w, by: actions.withdraw(by, w.one.code, "document", w.document.pk, "not theirs")),
    Case("reveal", "grid_worker", "registrar", lambda w, by: actions.reveal(by, w.one.code, ["name"], "follow_up", "daily visit")),
    Case("reveal_many", "reviewer", "duty_officer", lambda w, by: actions.reveal_many(by, [w.one.pk], ["name"], "review", "export")),
    Case("create_household", "grid_worker", "leader", lambda w, by: actions.create_household(by, VILLAGE, "2号")),
    Case("move_in", "registrar", "grid_worker", lambda w, by: actions.move_in(by, w.home.code, w.other.code)),
    Case("move_out", "reviewer", "grid_worker", lambda w, by: actions.move_out(by, w.one.code)),
    Case("set_head", "investigator", "site_nurse", lambda w, by: actions.set_head(by, w.home.code, w.one.code)),
    Case("create_place", "grid_worker", "leader", lambda w, by: actions.create_place(by, NEW_PLACE)),
    Case("amend_place", "investigator", "lab", lambda w, by: actions.amend_place(by, w.place.code, NEW_PLACE)),
    Case("outline_division", "registrar", "investigator", lambda w, by: actions.outline_division(by, TOWNSHIP, box(112.0, 3.9))),
    Case("import_outlines", "registrar", "leader", lambda w, by: actions.import_outlines(by, {
        "type": "FeatureCollection", "features": [{"properties": {"code": w.place.code}, "geometry": box(112.0, 3.9)}]})),
    Case("house", "registrar", "grid_worker", lambda w, by: actions.house(by, w.home.code, w.place.code)),
    Case("merge", "reviewer", "grid_worker", lambda w, by: actions.merge(by, w.one.code, w.other.code)),
    Case("unmerge", "investigator", "auditor", lambda w, by: actions.unmerge(by, w.third.code, "two people")),
    Case("say_same", "registrar", "grid_worker", lambda w, by: actions.say_same(by, w.match.pk, w.one.code)),
    Case("say_different", "reviewer", "leader", lambda w, by: actions.say_different(by, w.match.pk, "two people")),
    Case("find_matches", "reviewer", "grid_worker", lambda w, by: actions.find_matches(by, [w.one.pk]), anywhere=True),
    Case("lake_keys", "stay_source", "leader", lambda w, by: actions.lake_keys(by, [w.one.pk]), anywhere=True),
    Case("keys_of_labels", "registrar", "grid_worker", lambda w, by: actions.keys_of_labels(by, "phone", ["13812345678"]), anywhere=True),
    Case("open_keys", "investigator", "stay_source", lambda w, by: actions.open_keys(
        by, actions.lake_keys(SYSTEM, [w.one.pk]).values(), "investigation"), anywhere=True),
]  # fmt: skip

#: What everybody who has an account may do, for themselves: how a list is shown to them.
OF_ONES_OWN = {"save_view", "rename_view", "delete_view", "begin_with", "keep_columns"}


@pytest.fixture
def world() -> Iterator[World]:
    with clock.at(NOW):
        yield World()


def _holder(role: str, area: str, world: World) -> Actor:
    bound = role in ("clinic", "lab", "site_nurse")
    return actor(role, area, world.cdc.pk if bound else None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_whose_task_it_is_may_and_it_is_on_record(case: Case, world: World):
    by = _holder(case.role, EAST, world)
    case.call(world, by)
    assert (
        Entry.objects.filter(actor=by.name).exists() or case.name == "find_matches"
    )  # which may find nothing to write


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_another_role_may_not(case: Case, world: World):
    with pytest.raises((NotAllowed, NotFound)):
        case.call(world, _holder(case.not_role, EAST, world))


#: Good rows are kept, those outside are told: nothing of such a row is written.
TAKEN_BY_ROW = {"import_divisions", "import_organisations", "import_places"}


@pytest.mark.parametrize("case", [case for case in CASES if not case.anywhere], ids=lambda case: case.name)
def test_the_same_role_elsewhere_may_not(case: Case, world: World):
    by = _holder(case.role, "990102", world)
    if case.name in TAKEN_BY_ROW:
        assert case.call(world, by).created == 0
        return
    if case.name == "import_outlines":  # and of outlines nothing at all
        done = case.call(world, by)
        assert (done.places, len(done.faults)) == (0, 1)
        return
    with pytest.raises((NotAllowed, NotFound)):
        case.call(world, by)
    assert not Entry.objects.filter(actor=by.name).exists()


def test_only_the_system_installs_and_forgets(world: World):
    for role in ("registrar", "leader", "auditor", "stay_source"):
        with pytest.raises(NotAllowed):
            actions.install(_holder(role, EAST, world))
        with pytest.raises(NotAllowed):
            actions.forget_keys(_holder(role, EAST, world), [])


@pytest.mark.parametrize(
    ("read", "role", "not_role"),
    [
        (lambda w, by: queries.person(by, w.one.code), "leader", "resident"),
        (lambda w, by: queries.access_history(by, w.one.code), "auditor", "leader"),
        (lambda w, by: queries.responsibility(by, TOWNSHIP), "leader", "resident"),
        (lambda w, by: queries.vacant_posts(by, TOWNSHIP), "duty_officer", "resident"),
    ],
    ids=["person", "access_history", "responsibility", "vacant_posts"],
)
def test_readers_ask_for_a_right_too(world: World, read: Callable[[World, Actor], Any], role: str, not_role: str):
    read(world, actor(role, EAST))
    for by in (actor(not_role, EAST), actor(role, "990102")):
        with pytest.raises((NotAllowed, NotFound)):
            read(world, by)


def test_every_writer_has_its_row():
    writers = {name for name in actions.__all__ if name.islower()} - {"check", "install", "forget_keys"} - OF_ONES_OWN
    assert {case.name for case in CASES} == writers
