"""A unit of work that cannot begin, as another holds the database, is refused in words and leaves nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from django.db import connection

from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action
from fangxian.core.errors import Conflict


@pytest.fixture
def impatient(transactional_db: None) -> Iterator[None]:
    if connection.vendor != "sqlite":
        pytest.skip("writers of PostgreSQL do not wait for each other")
    with connection.cursor() as cursor:
        (patience,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute("PRAGMA busy_timeout = 20")
        yield
        cursor.execute(f"PRAGMA busy_timeout = {patience}")


def test_who_has_waited_long_enough_is_told_so(impatient: None) -> None:
    done = []

    @action
    def write(by: Actor) -> None:
        done.append(by)

    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Conflict) as refused:
            write(SYSTEM)
        other.execute("ROLLBACK")
    assert refused.value.code == "busy" and done == []
    write(SYSTEM)
    assert done == [SYSTEM]
