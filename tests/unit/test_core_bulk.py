"""Many rows at once must be the same rows as one by one, on either database."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from fangxian.core import bulk
from fangxian.core.models import Account, Job, Message

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)


def test_rows_come_back_as_they_went_in():
    bodies = [{"名": "值\t\\N\n", "n": [1, None, 2.5]}, [], "text", 0]
    tokyo = timezone(timedelta(hours=9))
    bulk.insert(
        Message, ["kind", "body", "at", "delivered_at"], [("x", body, NOW.astimezone(tokyo), None) for body in bodies]
    )
    kept = list(Message.objects.order_by("id"))
    assert [row.body for row in kept] == bodies
    assert {row.at for row in kept} == {NOW} and {row.delivered_at for row in kept} == {None}
    one_by_one = Message.objects.create(kind="x", body=bodies[0], at=NOW)
    assert Message.objects.filter(at=NOW).count() == 5 and Message.objects.get(pk=one_by_one.pk).body == bodies[0]


def test_no_rows_is_no_work():
    bulk.insert(Message, ["kind", "body", "at"], [])
    assert not Message.objects.exists()


def test_keys_taken_are_nobody_elses_afterwards():
    before = Account.objects.create(login="a", name="A", created_at=NOW)
    first, second = (list(bulk.reserve_ids(Account, 3)) for _ in range(2))
    bulk.insert(
        Account,
        ["id", "login", "name", "phone", "language", "password", "is_active", "is_demo", "failed_tries", "created_at"],
        [(pk, f"b{pk}", "B", "", "en", "", True, False, 0, NOW) for pk in first],
    )
    after = [Account.objects.create(login=f"c{n}", name="C", created_at=NOW).pk for n in range(4)]
    assert len({before.pk, *first, *after}) == 8
    assert len(set(second)) == 3
    assert list(bulk.reserve_ids(Job, 0)) == []
