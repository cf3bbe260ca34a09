"""Many counts in one trip: questions that several stages ask, put beneath one another in one statement.

A question is a generator. It yields the rows that it wants, as `values_list` queries, is sent them in the same order, and returns what it
makes of them. Questions that know nothing of each other so share a statement (`together`), and whoever wants an answer asks once (`ask`).
"""

import json
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, DateField, DateTimeField, QuerySet

T = TypeVar("T")
Rows = Sequence[tuple[Any, ...]]
Wanted = Sequence[QuerySet[Any, Any]]
Question = Generator[Wanted, Sequence[Rows], T]


def ask(question: Question[T]) -> T:
    """The answer to a question: one statement for whatever it wants at a time."""
    try:
        wanted = next(question)
        while True:
            wanted = question.send(_read(wanted))
    except StopIteration as done:
        answer: T = done.value
        return answer


def together(*questions: Question[Any]) -> Question[Sequence[Any]]:
    """Questions asked side by side; their answers in the same order."""
    answers: list[Any] = [None] * len(questions)
    waiting: dict[int, Wanted] = {}

    def go_on(at: int, move: Callable[[], Wanted]) -> None:
        try:
            waiting[at] = move()
        except StopIteration as done:
            waiting.pop(at, None)
            answers[at] = done.value

    for at, question in enumerate(questions):
        go_on(at, lambda question=question: next(question))  # type: ignore[misc]
    while waiting:
        told = iter((yield [one for wanted in waiting.values() for one in wanted]))
        for at, wanted in list(waiting.items()):
            mine = [next(told) for _one in wanted]
            go_on(at, lambda at=at, mine=mine: questions[at].send(mine))  # type: ignore[misc]
    return answers


def _read(wanted: Wanted) -> list[Rows]:
    """The rows of each query. A row travels as JSON, so that rows of different columns fit beneath one another."""
    found: list[list[tuple[Any, ...]]] = [[] for _one in wanted]
    parts: list[str] = []
    heads: list[str] = []
    values: list[Any] = []
    readers: dict[int, list[Callable[[Any], Any]]] = {}
    row = "json_build_array" if connection.vendor == "postgresql" else "json_array"
    for at, one in enumerate(wanted):
        compiler = one.query.get_compiler(connection=connection)
        try:
            statement, given = compiler.as_sql()
        except EmptyResultSet:
            continue
        readers[at] = [_reader(column.output_field) for column, _sql, _alias in compiler.select]
        columns = ", ".join(f"c{place}" for place in range(len(compiler.select)))
        heads.append(f"q{at}({columns}) AS ({statement})")
        parts.append(f"SELECT {at}, CAST({row}({columns}) AS text) FROM q{at}")
        values += given
    if parts:
        with connection.cursor() as cursor:
            cursor.execute(f"WITH {', '.join(heads)} {' UNION ALL '.join(parts)}", values)
            for at, text in cursor.fetchall():
                told = zip(readers[at], json.loads(text), strict=True)
                found[at].append(tuple(None if value is None else read(value) for read, value in told))
    return list(found)


def _reader(field: Any) -> Callable[[Any], Any]:
    """What JSON has no word for is made again what it was."""
    if isinstance(field, DateTimeField):
        return _instant
    if isinstance(field, DateField):
        return date.fromisoformat
    return bool if isinstance(field, BooleanField) else lambda value: value


def _instant(text: str) -> datetime:
    """An instant as either database writes it; SQLite means UTC."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
