"""Three-level review (三级审核): in order, none skipped, returned with a reason and answered."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from fangxian.cases import actions, queries
from fangxian.cases.models import Case, Review
from fangxian.cases.schemas import OutbreakForm
from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.duties import actions as duty_actions
from fangxian.duties import coverage
from fangxian.duties import queries as duties
from fangxian.protocols import load
from tests.support.county import START, County, with_pack

pytestmark = pytest.mark.django_db
LEVELS = ("county", "city", "province")
EARLIER = date(2024, 3, 1)


@pytest.fixture
def county() -> Iterator[County]:
    with with_pack(), clock.at(START + timedelta(hours=2)):
        yield County.at()


@pytest.fixture
def case(county: County) -> Case:
    return actions.report(county.actor("clinic"), county.form())


def _review_duty(case: Case):
    (found,) = (duty for duty in duties.of_subject("case", case.pk) if duty.kind == "case.review")
    return found


def _state(case: Case) -> list[tuple[str, int, str]]:
    return [(step.key, step.attempt, step.state) for step in sorted(_review_duty(case).steps.all(), key=lambda s: s.pk)]


def test_it_climbs_from_county_to_province_and_ends(county: County, case: Case) -> None:
    for level in LEVELS:
        done = actions.review(county.actor(level), case.code, "approve")
        assert done.review == level
    duty = _review_duty(case)
    assert (duty.state, duty.outcome) == ("closed", "reviewed")
    assert list(Review.objects.values_list("level", "decision", "by_name")) == [
        ("county", "approve", "县审王"),
        ("city", "approve", "市审陈"),
        ("province", "approve", "省审周"),
    ]
    with pytest.raises(Conflict) as refused:
        actions.review(county.actor("province"), case.code, "approve")
    assert refused.value.code == "reviewed"
    assert coverage.cells() == coverage.recount()


def test_a_deadline_counts_from_the_level_before(county: County, case: Case) -> None:
    with clock.at(clock.now() + timedelta(minutes=30)):
        actions.review(county.actor("county"), case.code, "approve")
        (city,) = (step for step in _review_duty(case).steps.all() if step.key == "city")
        assert city.due_at == clock.now() + timedelta(hours=2)


def test_a_county_cannot_do_the_citys_step(county: County, case: Case) -> None:
    actions.review(county.actor("county"), case.code, "approve")
    with pytest.raises(NotAllowed):
        actions.review(county.actor("county"), case.code, "approve")
    assert Case.objects.get().review == "county"
    assert Review.objects.count() == 1


@pytest.mark.parametrize("post", ["investigator", "officer", "clinic"])
def test_only_reviewers_review(county: County, case: Case, post: str) -> None:
    with pytest.raises(NotAllowed):
        actions.review(county.actor(post), case.code, "approve")


@pytest.mark.parametrize("post", ["other_county", "other_clinic"])
def test_elsewhere_the_case_does_not_exist(county: County, case: Case, post: str) -> None:
    with pytest.raises(NotFound):
        actions.review(county.actor(post), case.code, "approve")


def test_a_return_goes_to_the_reporter_who_corrects_and_hands_in_again(county: County, case: Case) -> None:
    actions.review(county.actor("county"), case.code, "approve")
    returned = actions.review(county.actor("city"), case.code, "return", "the onset is missing its source")
    assert returned.review == "returned"
    with pytest.raises(Conflict) as refused:
        actions.review(county.actor("province"), case.code, "approve")
    assert refused.value.code == "out_of_order"
    (mine,) = duties.my_steps(county.actor("clinic"))[:1]
    assert (mine.key, mine.attempt) == ("card", 2)
    corrected = actions.correct(county.actor("clinic"), case.code, {"onset_on": EARLIER}, returned.version)
    assert (corrected.review, corrected.onset_on) == ("reported", EARLIER)
    for level in LEVELS:
        actions.review(county.actor(level), case.code, "approve")
    assert _state(case) == [
        ("card", 1, "done"), ("county", 1, "done"), ("city", 1, "done"), ("province", 1, "done"),
        ("card", 2, "done"), ("county", 2, "done"), ("city", 2, "done"),
    ]  # fmt: skip
    assert (_review_duty(case).state, Case.objects.get().review) == ("closed", "province")
    assert coverage.cells() == coverage.recount()


def test_a_return_may_go_to_a_lower_level_only(county: County, case: Case) -> None:
    actions.review(county.actor("county"), case.code, "approve")
    actions.review(county.actor("city"), case.code, "approve")
    with pytest.raises(Invalid) as refused:
        actions.review(county.actor("province"), case.code, "return", "look again", to="province")
    assert refused.value.field == "to"
    back = actions.review(county.actor("province"), case.code, "return", "look again", to="city")
    assert back.review == "county"
    again = actions.review(county.actor("city"), case.code, "approve")
    assert again.review == "city"


def test_a_return_needs_a_reason(county: County, case: Case) -> None:
    with pytest.raises(Invalid) as refused:
        actions.review(county.actor("county"), case.code, "return")
    assert refused.value.field == "reason"
    assert not Review.objects.exists()
    assert Case.objects.get().version == case.version


def test_decisions_are_approve_and_return(county: County, case: Case) -> None:
    with pytest.raises(Invalid) as refused:
        actions.review(county.actor("county"), case.code, "maybe")
    assert refused.value.field == "decision"


def test_what_was_approved_is_what_was_seen(county: County, case: Case) -> None:
    actions.amend(county.actor("investigator"), case.code, {"severity": "severe"}, case.version)
    with pytest.raises(Conflict) as refused:
        actions.review(county.actor("county"), case.code, "approve", version=case.version)
    assert refused.value.detail["changed"] == {"severity": "流调孙"}
    actions.review(county.actor("county"), case.code, "approve", version=case.version + 1)


def test_only_what_was_returned_is_corrected(county: County, case: Case) -> None:
    with pytest.raises(Conflict) as refused:
        actions.correct(county.actor("clinic"), case.code, {"note": "x"}, case.version)
    assert refused.value.code == "not_returned"
    returned = actions.review(county.actor("county"), case.code, "return", "who is this?")
    with pytest.raises(NotFound):
        actions.correct(county.actor("other_clinic"), case.code, {"note": "x"}, returned.version)
    with pytest.raises(NotAllowed):
        actions.correct(county.actor("officer"), case.code, {"note": "x"}, returned.version)
    with pytest.raises(Invalid):
        actions.correct(county.actor("clinic"), case.code, {"severity": "x"}, returned.version)
    assert Case.objects.get().review == "returned"
    assert actions.correct(county.actor("clinic"), case.code, {}, returned.version).review == "reported"


def test_a_level_is_neither_ticked_off_nor_waived_but_a_higher_one_may_stand_in(county: County, case: Case) -> None:
    (step,) = (one for one in _review_duty(case).steps.all() if one.key == "county")
    for settle in (
        lambda: duty_actions.waive(SYSTEM, step.pk, "the county is cut off"),
        lambda: duty_actions.complete(SYSTEM, step.pk, {"decision": "accepted"}),
    ):
        with pytest.raises(Conflict) as refused:
            settle()
        assert refused.value.code == "decided_elsewhere"
    assert actions.review(county.actor("city"), case.code, "approve", "the county is cut off").review == "county"


def test_the_page_says_whose_turn_it_is_and_what_one_may_do(county: County, case: Case) -> None:
    def seen(post: str) -> tuple[str | None, set[str]]:
        detail = queries.case(county.actor(post), case.code)
        return detail.turn, set(detail.may)

    assert seen("county") == ("county", {"edit", "discard", "review"})
    assert seen("investigator") == ("county", {"edit"})
    assert seen("clinic") == ("county", set())
    actions.review(county.actor("county"), case.code, "return", "who is this?")
    assert seen("clinic") == ("card", {"correct"})
    assert seen("county") == ("card", {"edit", "discard", "correct"})
    detail = queries.case(county.actor("county"), case.code)
    assert [(one.level, one.decision, one.reason) for one in detail.reviews] == [("county", "return", "who is this?")]
    assert [event.action for event in detail.history] == ["case.reported", "case.returned"]
    assert detail.history[1].changes == {"review": ("reported", "returned")}


@pytest.mark.parametrize("pack", ["covid-19-cn-9", "mers-who", "measles", "unknown-pneumonia"])
def test_the_packs_in_force_can_be_reviewed_to_the_end(county: County, pack: str) -> None:
    outbreak = actions.open_outbreak(SYSTEM, OutbreakForm(name_zh="试", pack=pack, area="99")).code
    most_certain = load(pack).cases[0].key
    case = actions.report(SYSTEM, county.form(outbreak=outbreak, facts={}, classification=most_certain))
    while _review_duty(case).state == "open":
        actions.review(SYSTEM, case.code, "approve", "consulted and agreed")
    assert Case.objects.get(pk=case.pk).review == "province"
    assert duties.gaps() == []
