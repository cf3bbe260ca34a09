"""High-risk posts: whoever should be tested is tested, counted from swabs; who is late is known by name and by how much."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.duties import actions as ticking
from fangxian.duties import queries as duties
from fangxian.duties.rebuild import differences
from fangxian.duties.sweep import sweep
from fangxian.laboratory import actions as laboratory
from fangxian.laboratory.screening import actions, queries
from fangxian.laboratory.screening.models import Turn
from fangxian.laboratory.screening.schemas import ScreeningNumbers, WorkerForm
from fangxian.registry import actions as registry
from tests.support.county import COUNTY, START, with_pack
from tests.support.posts import Posts, days
from tests.support.tracers import books_agree, hand_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def posts() -> Iterator[Posts]:
    with with_pack(), clock.at(START):
        yield Posts.at()


def states(posts: Posts, worker: str) -> list[str]:
    """What became of each test owed, the oldest first."""
    return [one.state for one in reversed(queries.worker(posts.actor("officer"), worker).turns)]


def test_a_loader_is_tested_every_day_and_by_swabs_alone(posts: Posts) -> None:
    (worker,) = posts.put(posts.loaders, posts.neighbours[:1])
    (owed,) = queries.turns(posts.actor("store"))
    assert owed.worker == worker and owed.due_at.astimezone(clock.zone()).strftime("%d %H:%M") == "04 23:59"
    (step,) = duties.open_steps(posts.actor("officer"), COUNTY, kinds=("post.testing",))
    assert step.organisation_id == posts.store, "the employer answers for it"
    with pytest.raises(Conflict) as ticked:
        ticking.complete(posts.actor("store"), step.pk)
    assert ticked.value.code == "decided_elsewhere"
    posts.swab("POST0001", posts.neighbours[:10])
    assert states(posts, worker) == ["done"] and queries.turns(posts.actor("store")) == []
    with clock.at(START + days(1)):
        assert actions.owe(SYSTEM) == 1 and actions.owe(SYSTEM) == 0
        assert states(posts, worker) == ["done", "due"]
    books_agree()


def test_a_tube_of_many_does_their_tests_in_as_many_statements_as_a_tube_of_few(posts: Posts) -> None:
    """Whoever is in it has a duty of their own, and all of these are settled together; the books agree."""
    workers = posts.put(posts.loaders, posts.neighbours)
    assert len(workers) == 10
    asked = []
    for code, people in (("FEW0000001", posts.neighbours[:2]), ("MANY000001", posts.neighbours[2:])):
        posts.collect(code, people)
        with CaptureQueriesContext(connection) as queries_made:
            hand_on()
        asked.append(len(queries_made))
    assert Turn.objects.filter(state="done").count() == 10
    turns = list(Turn.objects.values_list("pk", flat=True))
    assert not duties.open_steps_of("post.testing", "turn", turns, "test")
    assert asked[1] <= asked[0] + 2, "what many cost"
    books_agree()
    assert list(differences()) == []


def test_the_late_are_known_by_name_and_by_how_much(posts: Posts) -> None:
    late, _other = posts.put(posts.loaders, posts.neighbours[:2])
    posts.swab("POST0001", posts.neighbours[1:2])
    for day in (1, 2, 3):
        with clock.at(START + days(day)):
            actions.owe(SYSTEM)
            posts.swab(f"POST001{day}", posts.neighbours[1:2])
    with clock.at(START + days(3)):
        (row,) = queries.turns(posts.actor("officer"), "late")
        assert (row.worker, row.missed) == (late, 3) and row.first == date(2024, 3, 4)
        assert queries.numbers(posts.actor("officer")) == ScreeningNumbers(due=1, late=1)
        (roster,) = queries.rosters(posts.actor("store"))
        assert (roster.people, roster.due, roster.done, roster.late) == (2, 1, 1, 1) and roster.grade == "B"
        covered = next(one for one in duties.coverage(SYSTEM, COUNTY) if one.kind == "post.testing")
        assert (covered.due, covered.missing) == (6, 3)
        posts.swab("POST0020", posts.neighbours[:1])
        assert states(posts, late) == ["missed", "missed", "missed", "done"], "a swab does the test of its day alone"
        assert queries.turns(posts.actor("officer"), "late") == []
        books_agree()


def test_twice_a_week_is_once_until_thursday_and_once_until_sunday(posts: Posts) -> None:
    (worker,) = posts.put(posts.tellers, posts.neighbours[:1])
    (owed,) = queries.turns(posts.actor("market"))
    assert (owed.first, owed.last) == (date(2024, 3, 4), date(2024, 3, 7))
    with clock.at(START + days(3)):
        assert actions.owe(SYSTEM) == 0
        posts.swab("POST0001", posts.neighbours[:1])
        posts.swab("POST0002", posts.neighbours[:1])
    with clock.at(START + days(4)):
        assert actions.owe(SYSTEM) == 1
        assert states(posts, worker) == ["done", "due"], "two swabs in one period are one test"
    with clock.at(START + days(9)):
        actions.owe(SYSTEM)
        assert states(posts, worker) == ["done", "due", "due"]


def test_a_tube_that_comes_to_nothing_was_no_test(posts: Posts) -> None:
    (worker,) = posts.put(posts.loaders, posts.neighbours[:1])
    posts.swab("POST0001", posts.neighbours[:1])
    laboratory.lose_tube(posts.actor("sampler"), "POST0001", "破碎")
    hand_on()
    assert states(posts, worker) == ["due"]
    posts.swab("POST0002", posts.neighbours[:1])
    assert states(posts, worker) == ["done"]
    books_agree()


def test_a_swab_told_of_late_counts_for_its_day(posts: Posts) -> None:
    (worker,) = posts.put(posts.loaders, posts.neighbours[:1])
    with clock.at(START + days(1)):
        actions.owe(SYSTEM)
        posts.swab("POST0002", posts.neighbours[:1])
        assert states(posts, worker) == ["missed", "done"]
        posts.swab("POST0001", posts.neighbours[:1], sampled_at=START + timedelta(hours=2))
        assert states(posts, worker) == ["done", "done"]
        covered = next(one for one in duties.coverage(SYSTEM, COUNTY) if one.kind == "post.testing")
        assert (covered.due, covered.missing) == (1, 1), "what was missing then stays so in coverage"
        books_agree()
        laboratory.lose_tube(posts.actor("sampler"), "POST0001", "破碎")
        hand_on()
        assert states(posts, worker) == ["missed", "done"]


def test_whoever_was_swabbed_this_morning_owes_nothing_today(posts: Posts) -> None:
    posts.swab("POST0001", posts.neighbours[:10])
    (worker,) = posts.put(posts.loaders, posts.neighbours[:1])
    assert states(posts, worker) == ["done"]


def test_swabs_under_another_record_of_the_same_person_count(posts: Posts) -> None:
    (worker,) = posts.put(posts.loaders, posts.neighbours[:1])
    posts.swab("POST0001", posts.neighbours[1:2])
    registry.merge(SYSTEM, posts.neighbours[0], posts.neighbours[1], "同一人")
    hand_on()
    assert states(posts, worker) == ["done"]


def test_an_employer_sees_its_own_people_only(posts: Posts) -> None:
    (loader,) = posts.put(posts.loaders, posts.neighbours[:1])
    (teller,) = posts.put(posts.tellers, posts.neighbours[1:2])
    store = posts.actor("store")
    assert [one.worker for one in queries.turns(store)] == [loader]
    assert [one.code for one in queries.workers(store)] == [loader]
    assert [one.id for one in queries.rosters(store)] == [posts.loaders]
    for look in (
        lambda: queries.worker(store, teller), lambda: queries.roster(store, posts.tellers),
        lambda: actions.leave(store, teller, "辞职"),
        lambda: actions.enrol(store, posts.tellers, []),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            look()
    assert not queries.turns(store, roster=posts.tellers) and not queries.workers(store, roster=posts.tellers)
    with pytest.raises(NotAllowed):
        actions.open_roster(store, posts.market, "closed_loop")
    with pytest.raises(NotAllowed):
        actions.leave(posts.actor("investigator"), teller, "辞职")


def test_who_leaves_owes_no_more_and_what_was_late_stays(posts: Posts) -> None:
    worker, _other = posts.put(posts.loaders, posts.neighbours[:2])
    with clock.at(START + days(1)):
        actions.owe(SYSTEM)
        actions.leave(posts.actor("store"), worker, "调离")
        assert states(posts, worker) == ["missed", "excused"]
        with pytest.raises(Conflict) as refused:
            actions.leave(posts.actor("store"), worker, "再次调离")
        assert refused.value.code == "left"
        again = posts.put(posts.loaders, posts.neighbours[:1])
        assert states(posts, again[0]) == ["due"]
    with clock.at(START + days(2)):
        assert actions.owe(SYSTEM) == 2
        books_agree()


def test_a_shift_ends_in_a_watch_with_tests_of_its_own(posts: Posts) -> None:
    (worker,) = posts.put(posts.loaders, posts.neighbours[:1])
    store, person = posts.actor("store"), posts.neighbours[:1]
    actions.begin_shift(store, worker)
    with pytest.raises(Conflict) as refused:
        actions.begin_shift(store, worker)
    assert refused.value.code == "in_the_loop"
    with pytest.raises(Conflict) as refused:
        actions.leave(store, worker, "调离")
    assert refused.value.code == "in_the_loop"
    posts.swab("POST0001", person)
    with clock.at(START + timedelta(hours=9)):
        actions.end_shift(store, worker)
        hand_on()
        (shift,) = queries.worker(store, worker).shifts
        assert [due.astimezone(clock.zone()).day for due, _state in shift.tests] == [5, 8, 11]
        assert shift.watch_until is not None and shift.watch_until.astimezone(clock.zone()).day == 11
        with pytest.raises(Conflict) as refused:
            actions.begin_shift(store, worker)
        assert refused.value.code == "under_watch"
    for day in (1, 4, 7):
        with clock.at(START + days(day)):
            assert actions.owe(SYSTEM) == 0, "the tests of the watch take the place of the regular ones"
            posts.collect(f"WATCH00{day}", person)
            posts.tell(f"WATCH00{day}", "negative")
            hand_on()
    with clock.at(START + days(7.7)):
        sweep()
        hand_on()
        row = queries.worker(store, worker)
        assert row.row.state == "post" and row.shifts[0].outcome == "released"
        actions.owe(SYSTEM)
        assert states(posts, worker)[-1] == "due"
        books_agree()


def test_a_corrected_result_takes_the_test_of_the_watch_back(posts: Posts) -> None:
    (worker,) = posts.put(posts.loaders, posts.neighbours[:1])
    actions.begin_shift(posts.actor("store"), worker)
    actions.end_shift(posts.actor("store"), worker)
    with clock.at(START + days(1)):
        posts.collect("WATCH001", posts.neighbours[:1])
        posts.tell("WATCH001", "negative")
        hand_on()
        tests = queries.worker(posts.actor("store"), worker).shifts[0].tests
        assert [state for _due, state in tests] == ["done", "open", "open"]
        laboratory.cancel_result(posts.actor("lab"), "WATCH001", "污染")
        hand_on()
        tests = queries.worker(posts.actor("store"), worker).shifts[0].tests
        assert [state for _due, state in tests][-1] == "open" and "open" in [state for _due, state in tests][:2]
        books_agree()


def test_what_cannot_be_taken_is_refused_with_a_reason(posts: Posts) -> None:
    store = posts.actor("store")
    with pytest.raises(Invalid) as wrong:
        actions.open_roster(posts.actor("officer"), posts.store, "astronaut")
    assert wrong.value.field == "post"
    done = actions.enrol(
        store, posts.loaders,
        [WorkerForm(person="990101199001010012"), WorkerForm(person=posts.neighbours[0]), WorkerForm(person=posts.neighbours[0])],
    )  # fmt: skip
    assert len(done.taken) == 1 and done.repeated == 1 and [place for place, _why in done.refused] == [0]
    with pytest.raises(Conflict) as refused:
        actions.end_shift(store, done.taken[0])
    assert refused.value.code == "not_in_the_loop"
    with pytest.raises(Invalid) as wrong:
        actions.leave(store, done.taken[0], " ")
    assert wrong.value.field == "reason"
    with pytest.raises(Invalid) as wrong:
        actions.begin_shift(store, done.taken[0], at=START + days(1))
    assert wrong.value.field == "at"
