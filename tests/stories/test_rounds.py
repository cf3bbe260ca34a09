"""A testing round (区域核酸): who lives there is on the roll, swabs count by themselves, who is missing is known by name and asked."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils.translation import override

from fangxian.core import clock, jobs
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.duties import queries as duties
from fangxian.duties.rebuild import differences
from fangxian.laboratory import actions as laboratory
from fangxian.laboratory.rounds import actions, enrolling, queries
from fangxian.laboratory.rounds.models import Booking, Listed, Patch, Round
from fangxian.laboratory.rounds.schemas import PointPlan, RoundForm
from fangxian.registry import actions as registry
from fangxian.registry import queries as people
from tests.support.county import COUNTY, START, VILLAGE, with_pack
from tests.support.laboratory import Laboratory
from tests.support.tracers import GRID, books_agree, hand_on

pytestmark = pytest.mark.django_db
NOW = START + timedelta(hours=1)  # 09:00


@pytest.fixture
def town() -> Iterator[Laboratory]:
    with with_pack(), override("en"), clock.at(NOW):
        yield Laboratory.at(NOW)


def form(town: Laboratory, **more: object) -> RoundForm:
    told = {"name_zh": "河口村第一轮", "name_en": "Hekou, first", "areas": [VILLAGE], "outbreak": town.outbreak}
    return RoundForm(**{**told, "points": [PointPlan(point=town.point, per_hour=6)], **more})  # type: ignore[arg-type]


def started(town: Laboratory, **more: object) -> Round:
    officer = town.actor("officer")
    return actions.start_round(officer, actions.plan_round(officer, form(town, **more)).code)


def mop_up(patch: Patch) -> dict[str, str]:
    (duty,) = duties.of_subject("patch", patch.pk)
    return {step.key: step.state for step in duty.steps.all()} | {"duty": duty.outcome or duty.state}


def count(town: Laboratory, row: Round) -> tuple[int, int, int, int]:
    told = queries.round_of(town.actor("officer"), row.code).count
    return told.people, told.tested, told.exempt, told.missing


def test_from_the_plan_to_the_last_who_is_missing(town: Laboratory) -> None:
    officer, grid = town.actor("officer"), town.actor("grid")
    with pytest.raises(NotAllowed):
        actions.plan_round(grid, form(town))
    family = registry.create_household(SYSTEM, GRID, "河口村 7 号").code
    for code in town.neighbours[:3]:
        registry.move_in(SYSTEM, family, code)
    baby = registry.register_person(SYSTEM, town.person(birth_date=clock.today() - timedelta(days=30), birth_year=None))
    row = started(town)
    everybody = Listed.objects.filter(round=row).count()
    assert row.state == "under_way"
    assert row.due_at == NOW + timedelta(hours=24), "24 hours, as the ninth edition says (testing-3)"
    assert queries.round_of(officer, row.code).goal.grade == "B"
    assert count(town, row) == (everybody, 0, 1, everybody - 1), "the infant is exempt by the pack's age"
    assert Listed.objects.get(person=baby).exempt == "infant"
    patch = Patch.objects.get(round=row, area=GRID)
    assert mop_up(patch) == {"reach": "open", "swab": "open", "duty": "open"}
    assert [step.key for step in duties.my_steps(grid) if step.kind == "round.mop_up"] == ["reach"]

    slots = {one.door: one.at for one in Booking.objects.filter(round=row)}
    assert sum(Booking.objects.filter(round=row).values_list("people", flat=True)) == everybody - 1
    assert min(slots.values()) == clock.now(), "09:00 is the first full hour"

    with clock.at(NOW + timedelta(hours=1)):
        town.collect("ROUND00001", town.neighbours[:5], capacity=5)
        town.collect("ROUND00002", town.neighbours[5:6])
        hand_on()
        assert count(town, row) == (everybody, 6, 1, everybody - 7)
        laboratory.lose_tube(town.actor("sampler"), "ROUND00002", "打碎")
        hand_on()
        assert count(town, row) == (everybody, 5, 1, everybody - 6), "a lost tube is no test"
        (point,) = queries.points(officer, row.code)
        assert (point.swabbed, point.lately) == (6, 6)
        queue = point.queue
        assert point.minutes == (round(queue / (6 / 30)) if queue else 0)

    with clock.at(NOW + timedelta(hours=2)):
        rows = queries.missing(grid, row.code, GRID)
        assert len(rows) == everybody - 6
        assert all("*" in one.name for one in rows), "masked"
        first, second, *rest = rows
        actions.note_answer(grid, [first.id, second.id], "door", "腿脚不便")
        actions.note_answer(grid, [one.id for one in rest], "comes")
        assert mop_up(patch)["reach"] == "done", "everybody has been asked"
        assert mop_up(patch)["swab"] == "open", "which makes nobody tested"
        assert {one.id for one in queries.missing(grid, row.code, GRID, answer="door")} == {first.id, second.id}
        with pytest.raises(Invalid, match="before this round"):
            actions.excuse(grid, [first.id], "elsewhere", "市医院", tested_at=NOW - timedelta(hours=3))
        with pytest.raises(Invalid):
            actions.excuse(grid, [first.id], "infant", "不是")
        actions.excuse(grid, [first.id], "elsewhere", "市医院", tested_at=NOW + timedelta(minutes=30))
        assert count(town, row)[2:] == (2, everybody - 7)
        with pytest.raises(NotFound):
            actions.note_answer(town.actor("other_investigator"), [second.id], "comes")

    with clock.at(NOW + timedelta(hours=3)):
        town.collect("ROUND00003", [first.code])
        hand_on()
        assert count(town, row) == (everybody, 6, 1, everybody - 7), (
            "whoever is swabbed counts as tested, exempt or not"
        )
        with pytest.raises(Conflict):
            actions.note_answer(grid, [first.id], "comes")
        for number, one in enumerate([second, *rest]):
            town.collect(f"ROUND1{number:04}", [one.code])
        hand_on()
        assert count(town, row)[3] == 0
        assert mop_up(patch) == {"reach": "done", "swab": "done", "duty": "completed"}
        laboratory.reject_tube(town.actor("lab"), "ROUND10000", "空管")
        hand_on()
        assert mop_up(patch)["duty"] == "open", "somebody is missing again"
        assert [one.code for one in queries.missing(grid, row.code)] == [second.code]
    assert list(differences()) == []
    books_agree()


def test_who_moves_is_told_apart_and_who_comes_later_is_asked(town: Laboratory) -> None:
    grid = town.actor("grid")
    row = started(town)
    with clock.at(NOW + timedelta(hours=1)):
        code = town.neighbours[0]
        card = people.person(SYSTEM, code)
        registry.amend_person(SYSTEM, code, card.version, {"area": COUNTY})
        fresh = registry.register_person(SYSTEM, town.person())
        hand_on()
        moved = [one.code for one in queries.missing(grid, row.code) if one.moved]
        assert moved == [card.code], "still missing by name, and said to have moved"
        assert [one.code for one in queries.newcomers(grid, row.code, GRID)] == [fresh.code]
        assert fresh.pk not in queries.on_roll(grid, row.code, [fresh.pk])


def test_a_person_on_record_twice_counts_once_and_is_parted_again(town: Laboratory) -> None:
    officer = town.actor("officer")
    row = started(town)
    ids = [people.by_codes([code])[code].id for code in town.neighbours[:2]]
    before = count(town, row)
    with clock.at(NOW + timedelta(minutes=10)):
        registry.merge(SYSTEM, town.neighbours[0], town.neighbours[1], "同一人")
        hand_on()
        assert count(town, row) == (before[0], 0, before[2] + 1, before[3] - 1)
        town.collect("ROUND00001", [town.neighbours[1]])
        hand_on()
        assert count(town, row)[1] >= 1
        assert "missing" not in queries.on_roll(officer, row.code, ids).values()
    with clock.at(NOW + timedelta(minutes=20)):
        registry.unmerge(SYSTEM, town.neighbours[1], "误并")
        hand_on()
        assert sorted(queries.on_roll(officer, row.code, ids).values()) == ["missing", "tested"]
        assert count(town, row)[2] == before[2]


def test_a_large_roll_is_made_by_a_job_and_what_is_swabbed_meanwhile_counts(
    town: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrolling, "PIECE", 4)
    row = started(town)
    assert row.state == "enrolling"
    town.collect("ROUND00001", town.neighbours[:5], capacity=5)
    hand_on()
    assert jobs.run_waiting() == 1
    row.refresh_from_db()
    told = count(town, row)
    assert (row.state, told[1], told[0]) == ("under_way", 5, Listed.objects.filter(round=row).count())
    assert told[0] >= 11


def test_a_list_of_people_and_what_cannot_be_planned(town: Laboratory) -> None:
    officer = town.actor("officer")
    row = started(town, areas=(), people=town.neighbours[:4], points=())
    assert count(town, row) == (4, 0, 0, 4)
    for wrong, field in (
        ({"areas": ()}, "areas"), ({"people": town.neighbours}, "people"), ({"goal": "never"}, "goal"),
        ({"points": [PointPlan(point=town.point, per_hour=0)]}, "points"), ({"name_zh": "", "name_en": ""}, "name_zh"),
        ({"points": [PointPlan(point=town.point, per_hour=9)] * 2}, "points"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refusal:
            actions.plan_round(officer, form(town, **wrong))
        assert refusal.value.field == field
    with pytest.raises(NotFound):
        actions.plan_round(officer, form(town, areas=(), people=["nobody"]))


def test_rounds_repeat_until_the_rule_is_met_and_a_stop_never_before(town: Laboratory) -> None:
    """Three in a row without a positive, a pause of three days, one more: the rule of November 2022."""
    officer = town.actor("officer")
    row, day = started(town, areas=(), people=town.neighbours[:2], points=()), 0
    for number in range(1, 6):
        at = NOW + timedelta(days=day)
        with clock.at(at + timedelta(hours=1)):
            tubes = [f"R{number}TUBE{place:04}" for place in range(2)]
            for tube, code in zip(tubes, town.neighbours, strict=False):
                town.collect(tube, [code])
            hand_on()
            actions.end_round(officer, row.code)
            assert queries.what_follows(officer, row.code).what == "wait", "results are awaited"
            with pytest.raises(Conflict, match="Not yet"):
                actions.stop_rounds(officer, row.code, "够了")
        with clock.at(at + timedelta(hours=5)):
            for tube in tubes:
                positive = number == 1 and tube.endswith("1")
                more = {"cts": {"orf1ab": 25.0, "n": 24.0}} if positive else {}
                town.tell(tube, "positive" if positive else "negative", **more)
            hand_on()
            told = queries.what_follows(officer, row.code)
            (duty,) = duties.of_subject("round", row.pk)
            (step,) = duty.steps.all()
            if number == 5:
                assert told.what == "stop", told
                actions.stop_rounds(officer, row.code, "规则已满足")
                break
            wait = 3 if number == 4 else 1
            assert (told.what, told.on) == ("next", clock.today() + timedelta(days=wait)), number
            assert step.due_at is not None
            assert step.due_at.astimezone(clock.zone()).date() == told.on
            row = actions.another_round(officer, row.code)
            assert (row.number, row.state) == (number + 1, "planned")
        day += wait
        with clock.at(NOW + timedelta(days=day)):
            row = actions.start_round(officer, row.code)
    assert Round.objects.get(pk=row.pk).decided == "stop"
    books_agree()
    assert list(differences()) == []


def test_a_round_that_ends_with_people_missing_says_why_and_keeps_their_names(town: Laboratory) -> None:
    officer = town.actor("officer")
    row = started(town)
    with clock.at(NOW + timedelta(hours=24)):
        with pytest.raises(Invalid, match="have not come"):
            actions.end_round(officer, row.code)
        actions.end_round(officer, row.code, "暴雨，余下并入下一轮")
        assert mop_up(Patch.objects.get(round=row, area=GRID))["duty"] == "closed"
        assert len(queries.missing(officer, row.code)) == count(town, row)[3] > 0
        assert queries.what_follows(officer, row.code).what == "next", "a round that covered nobody counts for nothing"
    with clock.at(NOW + timedelta(hours=25)):
        late = town.collect("LATE000001", town.neighbours[:1], sampled_at=NOW + timedelta(hours=23))
        hand_on()
        assert late.pk == Listed.objects.filter(round=row, tube__isnull=False).values_list("tube", flat=True).get()
    books_agree()
