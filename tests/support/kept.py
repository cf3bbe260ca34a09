"""What takes long to build is built once in a process; whoever wants it after that gets its rows, and a copy of what it told."""

import copy
from collections.abc import Callable, Hashable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from django.apps import apps
from django.db import connection, transaction

from fangxian.duties import packs

Told = TypeVar("Told")


@dataclass(frozen=True)
class _Built:
    """The rows of every table that has any, the editions of packs that are kept among them, and what the builder returned."""

    rows: dict[str, Any]
    editions: frozenset[str]
    told: Any


_kept: dict[Hashable, _Built] = {}


def once(key: Hashable, build: Callable[[], Told]) -> Told:
    """What `build` returns, with everything that it wrote; on an empty database.

    `key` says what is built: the name, the instant, and whatever else decides on the outcome.
    """
    assert not any(map(_rows, _tables())), "the database is not empty"
    if key not in _kept:
        told = build()
        rows = {table: found for table in _tables() if (found := _rows(table))}
        _kept[key] = _Built(rows, frozenset(packs._kept), copy.deepcopy(told))
        return told
    built = _kept[key]
    with transaction.atomic():
        for table, found in built.rows.items():
            _put(table, found)
    packs._kept.update(built.editions)
    return cast(Told, copy.deepcopy(built.told))


def _tables() -> list[str]:
    models = [one for app in apps.get_app_configs() if app.name.startswith("fangxian") for one in app.get_models(True)]
    return [model._meta.db_table for model in models if model._meta.managed and not model._meta.proxy]


def _rows(table: str) -> Any:
    """All rows: as PostgreSQL copies them, or as SQLite holds them."""
    connection.ensure_connection()
    name = connection.ops.quote_name(table)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor, cursor.cursor.copy(f"COPY {name} TO STDOUT") as rows:
            return b"".join(bytes(row) for row in rows)
    with closing(connection.connection.cursor()) as cursor:
        return cursor.execute(f"SELECT * FROM {name}").fetchall()


def _put(table: str, rows: Any) -> None:
    name = connection.ops.quote_name(table)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor, cursor.cursor.copy(f"COPY {name} FROM STDIN") as copied:
            copied.write(rows)
    else:
        with closing(connection.connection.cursor()) as cursor:
            cursor.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows[0]))})", rows)
