"""Asked twice, done once: the first answer is kept with the work, or neither is."""

from datetime import UTC, datetime, timedelta

import pytest

from fangxian.core import accounts, clock, repeats
from fangxian.core.access import SYSTEM, Actor, actor_for
from fangxian.core.errors import Conflict, Invalid
from fangxian.core.models import Account

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 3, tzinfo=UTC)
KEY = "key-of-a-telephone"


@pytest.fixture
def by() -> Actor:
    with clock.at(NOW):
        return actor_for(accounts.create_account(SYSTEM, "grid", "周小满"), "web")


class Work:
    """Work that counts how often it was done, and leaves a trace in the database."""

    def __init__(self, by: Actor, fails: bool = False) -> None:
        self.by, self.fails, self.times = by, fails, 0

    def __call__(self) -> tuple[int, str]:
        self.times += 1
        Account.objects.filter(pk=self.by.account_id or 0).update(phone=str(self.times))
        if self.fails:
            raise Invalid("not yet")
        return 200, f"done {self.times}"


def _trace(by: Actor) -> str:
    return Account.objects.get(pk=by.account_id or 0).phone


def test_the_second_time_gets_the_first_answer(by: Actor) -> None:
    work = Work(by)
    assert repeats.once(by, KEY, "a", work) == (200, "done 1", False)
    assert repeats.once(by, KEY, "a", work) == (200, "done 1", True)
    assert work.times == 1


def test_what_was_refused_left_nothing_and_may_be_put_right_under_the_same_key(by: Actor) -> None:
    with pytest.raises(Invalid):
        repeats.once(by, KEY, "a", Work(by, fails=True))
    assert _trace(by) == ""
    assert repeats.once(by, KEY, "b", Work(by)) == (200, "done 1", False)


def test_a_key_stands_for_one_question(by: Actor) -> None:
    repeats.once(by, KEY, "a", Work(by))
    with pytest.raises(Conflict) as refusal:
        repeats.once(by, KEY, "b", Work(by))
    assert refusal.value.code == "key_reused"


def test_two_people_may_have_the_same_key(by: Actor) -> None:
    other = actor_for(accounts.create_account(SYSTEM, "nurse", "沈清越"), "web")
    assert repeats.once(by, KEY, "a", Work(by))[2] is repeats.once(other, KEY, "b", Work(other))[2] is False


def test_an_answer_is_kept_for_a_weekend_and_no_longer(by: Actor) -> None:
    work = Work(by)
    for hours, before in ((0, False), (71.9, True), (72.1, False)):
        with clock.at(NOW + timedelta(hours=hours)):
            assert repeats.once(by, KEY, "a", work)[2] is before
    assert work.times == 2
