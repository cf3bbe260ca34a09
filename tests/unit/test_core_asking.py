"""Several counts in one trip: answers are as if each had been asked alone, whatever else is asked beside it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import TruncDate
from django.test.utils import CaptureQueriesContext

from fangxian.core.asking import Question, ask, together
from fangxian.core.models import Account

pytestmark = pytest.mark.django_db
JOINED = datetime(2026, 3, 3, 23, 59, 59, 123456, tzinfo=UTC)


@pytest.fixture(autouse=True)
def three() -> None:
    for at, name in enumerate(("甲", 'a "quoted" %s', "c, d")):
        Account.objects.create(
            login=f"l{at}", name=name, is_active=at > 0, last_login=JOINED if at else None, created_at=JOINED
        )


def rows_of(query: QuerySet[Any, Any]) -> Question[list[tuple[Any, ...]]]:
    (rows,) = yield [query]
    return list(rows)


def found() -> Iterator[QuerySet[Any, Any]]:
    mine = Account.objects.filter(login__startswith="l").order_by("login")
    yield mine.values_list("login", "name", "is_active", "last_login")
    yield mine.annotate(day=TruncDate("last_login", tzinfo=UTC), one=Value("100%")).values_list("one", "day")
    yield mine.order_by().values_list("is_active").annotate(n=Count("pk"), named=Count("pk", filter=Q(name="甲")))
    yield mine.filter(pk__in=[]).values_list("login")
    yield mine.values_list("last_login")[1:2]


def test_what_is_asked_together_is_what_was_asked_alone() -> None:
    alone = [sorted(query, key=repr) for query in found()]
    with CaptureQueriesContext(connection) as captured:
        answers = ask(together(*map(rows_of, found())))
    assert [sorted(rows, key=repr) for rows in answers] == alone
    assert len(captured) == 1
    assert ("l1", 'a "quoted" %s', True, JOINED) in answers[0] and ("100%", date(2026, 3, 3)) in answers[1]


def test_questions_go_on_by_what_they_were_told_each_at_its_own_pace() -> None:
    def nothing() -> Question[str]:
        yield from ()
        return "known already"

    def twice() -> Question[str]:
        ((first, *_rest),) = yield [Account.objects.filter(login="l2").values_list("name")]
        own, both = yield from together(
            rows_of(Account.objects.filter(name=first[0]).values_list("login")),
            together(nothing(), rows_of(Account.objects.filter(login="l1").values_list("login"))),
        )
        return f"{own[0][0]} {both[0]} {both[1][0][0]}"

    with CaptureQueriesContext(connection) as captured:
        answers = ask(together(twice(), nothing(), rows_of(Account.objects.filter(login="l0").values_list("name"))))
    assert answers == ["l2 known already l1", "known already", [("甲",)]]
    assert len(captured) == 2
    assert ask(nothing()) == "known already" and ask(together()) == []
