"""A positive pool (混采阳性): ten held, ten sampled alone, one case, nine free again, with every clock shown. A pool decides nobody."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.utils.translation import override

from fangxian.cases.schemas import CaseForm
from fangxian.core import clock
from fangxian.duties import actions as duty_actions
from fangxian.duties import queries as duties
from fangxian.duties.rebuild import differences
from fangxian.duties.sweep import sweep
from fangxian.laboratory import actions, queries
from fangxian.laboratory.models import Member, Positive, Tube
from fangxian.laboratory.schemas import BoxForm
from tests.support.county import START, with_pack
from tests.support.laboratory import Laboratory
from tests.support.tracers import books_agree, hand_on

pytestmark = pytest.mark.django_db
EVENING = START + timedelta(hours=11)  # 19:00
ZONE_NIGHT = START + timedelta(hours=18)  # 02:00 of the next day


@pytest.fixture
def town() -> Iterator[Laboratory]:
    with with_pack(), override("en"), clock.at(EVENING):
        yield Laboratory.at(EVENING)


def night(hours: int, minutes: int) -> datetime:
    """An hour of that night, local."""
    return ZONE_NIGHT + timedelta(hours=hours - 2, minutes=minutes)


def owed(member: Member) -> dict[str, object]:
    (duty,) = duties.of_subject("member", member.pk)
    return {step.key: step for step in duty.steps.all()} | {"duty": duty}


def test_a_positive_pool_of_ten_by_night(town: Laboratory) -> None:
    with clock.at(EVENING + timedelta(hours=1)):
        town.collect("POOL000010", town.neighbours)
        box = actions.seal_box(town.actor("sampler"), BoxForm(tubes=["POOL000010"], point=town.point, seal="A-77"))
    with clock.at(EVENING + timedelta(hours=2)):
        actions.hand_over_box(town.actor("sampler"), box.code, "司机赵 江A·10086")
    with clock.at(EVENING + timedelta(hours=3)):
        actions.receive_box(town.actor("lab"), box.code)
        shown = queries.box(town.actor("lab"), box.code)
        assert shown.due_at == EVENING + timedelta(hours=15), "12 hours after the receipt, as the pack says"
    with clock.at(night(2, 10)):
        town.tell("POOL000010", "positive", cts={"orf1ab": 31.2, "n": 29.8})
        hand_on()
        members = list(Member.objects.order_by("pk"))
        assert len(members) == 10
        assert {member.state for member in members} == {"held"}
        assert Positive.objects.count() == 0, "a pool decides nobody"
        assert queries.box(town.actor("lab"), box.code).waiting == 0
        assert duties.of_subject("box", box.pk)[1].state == "closed", "all tubes of the box were told of"
        clocks = queries.members(town.actor("investigator"), pool="POOL000010")
        assert {(one.stop_due_at, one.retest_due_at) for one in clocks} == {(night(4, 10), night(8, 10))}
        grid = duties.my_steps(town.actor("grid"))
        assert [step.key for step in grid if step.kind == "pool.followup"] == ["hold"] * 10
    with clock.at(night(2, 15)):
        for member in members:
            duty_actions.complete(town.actor("grid"), owed(member)["hold"].pk, {"phone_reached": True})  # type: ignore[attr-defined]
        told = queries.members(town.actor("investigator"), pool="POOL000010")
        assert {one.stopped_at for one in told} == {night(2, 15)}
    with clock.at(night(4, 0)):
        for place, code in enumerate(town.neighbours):
            again = "POOL000010" if place % 2 else ""  # linked whether somebody thought of it or not
            town.collect(f"SINGLE{place:04}", [code], reason="retest", again=again)
        assert Member.objects.filter(single__isnull=False).count() == 10
    with clock.at(night(6, 0)):
        for place in range(10):
            if place == 3:
                town.tell(f"SINGLE{place:04}", "", cts={"orf1ab": 24.0, "n": 22.5})
            else:
                town.tell(f"SINGLE{place:04}", "negative")
        hand_on()
        states = list(Member.objects.order_by("pk").values_list("state", flat=True))
        assert states.count("negative") == 9
        assert states[3] == "positive"
        endings = [owed(member)["duty"].outcome for member in Member.objects.order_by("pk")]  # type: ignore[attr-defined]
        assert endings == ["refuted"] * 3 + ["confirmed"] + ["refuted"] * 6
        (waiting,) = queries.positives(town.actor("investigator"), state="waiting")
        assert (waiting.tube, waiting.due_at, waiting.weak) == ("SINGLE0003", night(8, 0), False)
        case = actions.open_case(
            town.actor("investigator"), "SINGLE0003", CaseForm(person="", facts={"symptomatic": False})
        )
        hand_on()
        (decided,) = queries.positives(town.actor("investigator"))
        assert (decided.state, decided.case, decided.opened) == ("case", case, True)
        assert duties.of_subject("sample", Tube.objects.get(code="SINGLE0003").pk)[0].outcome == "reported"
    with clock.at(night(9, 0)):
        sweep()
        books_agree()
        assert list(differences()) == []


def test_a_pool_that_was_wrong_sets_everybody_free_and_shows_it(town: Laboratory) -> None:
    town.collect("POOL000011", town.neighbours[:5], capacity=5)
    town.tell("POOL000011", "positive")
    hand_on()
    assert Member.objects.filter(state="held").count() == 5
    actions.correct_result(town.actor("lab"), "POOL000011", "negative", "wrong row of the plate read")
    hand_on()
    assert set(Member.objects.values_list("state", flat=True)) == {"freed"}
    assert {duty.state for member in Member.objects.all() for duty in duties.of_subject("member", member.pk)} == {
        "closed"
    }
    told = town.tube("POOL000011").results
    assert [(one.number, one.status, one.value) for one in told] == [
        (2, "corrected", "negative"),
        (1, "final", "positive"),
    ]
    actions.correct_result(town.actor("lab"), "POOL000011", "positive", "the first reading was right")
    hand_on()
    assert set(Member.objects.values_list("state", flat=True)) == {"held"}
    assert {owed(member)["duty"].state for member in Member.objects.all()} == {"open"}  # type: ignore[attr-defined]
    books_agree()
    assert list(differences()) == []


def test_a_member_whose_own_tube_is_lost_waits_on(town: Laboratory) -> None:
    town.collect("POOL000012", town.neighbours[:5], capacity=5)
    town.tell("POOL000012", "positive")
    town.collect("SINGLE1000", [town.neighbours[0]], reason="retest")
    member = Member.objects.order_by("pk").first()
    assert member is not None
    assert member.single_id
    actions.lose_tube(town.actor("sampler"), "SINGLE1000", "broke in the bag")
    member.refresh_from_db()
    assert member.state == "held" and not member.single_id
    town.collect("SINGLE1001", [town.neighbours[0]], reason="retest", again="SINGLE1000")
    town.tell("SINGLE1001", "", cts={"orf1ab": 38.0, "n": None})
    member.refresh_from_db()
    assert member.state == "held" and not member.single_id, "one target of two is no answer: sampled again"
    assert town.tube("SINGLE1001").row.value == "indeterminate"
    books_agree()
