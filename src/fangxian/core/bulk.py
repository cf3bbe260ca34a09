"""Many rows at once: COPY on PostgreSQL, executemany on SQLite, behind one door.

Django's bulk_create builds a model instance and a parameter list per row; at a million rows that is most of the time and
all of the memory. Rows here are plain tuples in the order of the columns named.
"""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models
from django.db.models import JSONField
from pydantic_core import to_json


def insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert tuples into a model's table inside the running transaction. Datetimes must be aware; JSON columns take objects."""
    quote = connection.ops.quote_name
    meta = model._meta
    names = ", ".join(quote(name) for name in columns)
    by_column = {field.column: field for field in meta.local_fields}
    as_json = [place for place, name in enumerate(columns) if isinstance(by_column[name], JSONField)]
    if as_json:
        rows = _with_json(rows, as_json)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.cursor.copy(f"COPY {quote(meta.db_table)} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(
                f"INSERT INTO {quote(meta.db_table)} ({names}) VALUES ({marks})", [_for_sqlite(row) for row in rows]
            )


def update(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Set these columns of many rows, each to values of its own: tuples in the order of the columns, the primary key last."""
    quote = connection.ops.quote_name
    meta = model._meta
    by_column = {field.column: field for field in meta.local_fields}
    as_json = [place for place, name in enumerate(columns) if isinstance(by_column[name], JSONField)]
    values: Iterable[Sequence[Any]] = _with_json(rows, as_json) if as_json else rows
    if connection.vendor == "postgresql":
        settings = ", ".join(
            f"{quote(name)} = %s{'::jsonb' * (place in as_json)}" for place, name in enumerate(columns)
        )
        given = [list(row) for row in values]
    else:
        settings = ", ".join(f"{quote(name)} = %s" for name in columns)
        given = [_for_sqlite(row) for row in values]
    if not given:
        return
    with connection.cursor() as cursor:
        key = quote(str(meta.pk.column))
        cursor.executemany(f"UPDATE {quote(meta.db_table)} SET {settings} WHERE {key} = %s", given)


def give_way() -> None:
    """Let others write between two pieces of long work. SQLite has no queue: whoever waits looks again every tenth of a second."""
    if connection.vendor == "sqlite":
        time.sleep(_LOOK)


#: Seconds; SQLite's own busy handler waits no longer between two looks.
_LOOK = 0.12


def _with_json(rows: Iterable[Sequence[Any]], places: Sequence[int]) -> Iterable[list[Any]]:
    for row in rows:
        values = list(row)
        for place in places:
            if values[place] is not None:
                values[place] = to_json(values[place], inf_nan_mode="constants").decode()
        yield values


def _for_sqlite(row: Sequence[Any]) -> list[Any]:
    """SQLite keeps instants as text in UTC, as Django writes them."""
    return [
        value.astimezone(UTC).replace(tzinfo=None).isoformat(" ") if isinstance(value, datetime) else value
        for value in row
    ]


def reserve_ids(model: type[models.Model], count: int) -> Sequence[int]:
    """Take `count` primary keys for rows about to be inserted, so that rows which refer to each other can be built first."""
    meta = model._meta
    table, column = meta.db_table, meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", [table, column, count]
            )
            return [row[0] for row in cursor.fetchall()]
        # SQLite has one writer, and this transaction is it (BEGIN IMMEDIATE).
        cursor.execute(f"SELECT coalesce(max({column}), 0) FROM {table}")
        last = cursor.fetchone()[0]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        if row := cursor.fetchone():
            last = max(last, row[0])
        return range(last + 1, last + 1 + count)
