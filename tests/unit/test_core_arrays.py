"""A long list in a condition finds the same rows as a short one, on either database, and is sent as one value."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.core.models import Account, Grant

pytestmark = pytest.mark.django_db


@pytest.fixture
def accounts() -> list[Account]:
    at = "2024-03-04T05:06Z"
    return Account.objects.bulk_create([Account(login=f"人{n}'\"\\", name="x", created_at=at) for n in range(3)])


def test_keys_and_texts_are_found_among_thousands(accounts: list[Account]) -> None:
    keys = [None, *range(10_000_000, 10_050_000), *(one.pk for one in accounts[:2]), accounts[0].pk]
    assert set(Account.objects.filter(pk__in=keys)) == set(accounts[:2])
    assert set(Account.objects.exclude(pk__in=keys)) == {accounts[2]}
    logins = {*map(str, range(40_000)), accounts[2].login}
    assert Account.objects.get(login__in=logins) == accounts[2]
    Grant.objects.create(account=accounts[1], role="leader", area="99", begins_at=accounts[1].created_at)
    assert (
        Grant.objects.filter(account__in=keys[1:]).count() == Grant.objects.filter(account_id__in=keys[1:]).count() == 1
    )


def test_a_long_list_is_one_value(accounts: list[Account]) -> None:
    with CaptureQueriesContext(connection) as captured:
        list(Account.objects.filter(pk__in=range(5000)))
        list(Account.objects.filter(pk__in=list(range(5000))))
        list(Account.objects.filter(pk__in=[accounts[0].pk, accounts[1].pk]))
    long, same, short = (query["sql"] for query in captured)
    one_value = "ANY(" if connection.vendor == "postgresql" else "json_each"
    assert one_value in long and one_value in same and one_value not in short


def test_what_are_no_keys_and_no_texts_is_left_to_django(accounts: list[Account]) -> None:
    instants = [f"20{year:02}-01-01T00:00Z" for year in range(60)] + ["2024-03-04T05:06Z"]
    assert Account.objects.filter(created_at__in=instants).count() == 3
    assert not Account.objects.filter(pk__in=[None] * 50).exists()
    assert Account.objects.filter(pk__in=Account.objects.values("pk")).count() >= 3
