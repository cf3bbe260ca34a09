"""Long lists of values in a condition: one array to PostgreSQL, one text to SQLite, however many values there are.

Django writes `IN (%s, %s, …)`: for some thousand values more time goes into writing, sending and parsing that than into the query,
and SQLite refuses more than it has variables. `install` teaches the lookup another way of writing the same condition.
"""

import json
from collections.abc import Callable
from typing import Any

from django.db.models import Field, ForeignKey, IntegerField, JSONField
from django.db.models.fields.related_lookups import RelatedIn
from django.db.models.lookups import In

#: Shorter lists stay as they are: they are as quick, and easier to read in a log.
_FEW = 32
_LISTS = (list, tuple, set, frozenset)


def install() -> None:
    """Once, when the house is set up."""
    In.as_postgresql = _as_array  # type: ignore[attr-defined]  # the compiler asks for it by this name
    In.as_sqlite = _as_json  # type: ignore[attr-defined]
    for lookup in (In, RelatedIn):
        lookup.get_prep_lookup = _as_they_are(lookup.get_prep_lookup)  # type: ignore[method-assign, assignment]


def _as_they_are(prepare: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Whole numbers for a column of whole numbers need no preparing, which Django does one by one."""

    def prepared(lookup: In) -> Any:
        given: Any = lookup.rhs
        if isinstance(given, _LISTS) and len(given) > _FEW and _is_whole(lookup) and set(map(type, given)) == {int}:
            return given
        return prepare(lookup)

    return prepared


def _is_whole(lookup: In) -> bool:
    field: Any = getattr(lookup.lhs, "output_field", None)
    return isinstance(field.target_field if isinstance(field, ForeignKey) else field, IntegerField)


def _as_array(lookup: In, compiler: Any, connection: Any) -> tuple[str, Any]:
    values = _values(lookup)
    if values is None:
        return lookup.as_sql(compiler, connection)
    left, params = lookup.process_lhs(compiler, connection)
    if _is_whole(lookup) and type(values[0]) is int:
        return f"{left} = ANY(%s::bigint[])", [*params, f"{{{','.join(map(str, values))}}}"]
    return f"{left} = ANY(%s)", [*params, values]


def _as_json(lookup: In, compiler: Any, connection: Any) -> tuple[str, Any]:
    values = _values(lookup)
    if values is None:
        return lookup.as_sql(compiler, connection)
    left, params = lookup.process_lhs(compiler, connection)
    return f"{left} IN (SELECT value FROM json_each(%s))", [*params, json.dumps(values)]


def _values(lookup: In) -> list[Any] | None:
    """The values of a long list of keys or texts, each once; None for anything else."""
    given: Any = lookup.rhs
    if not isinstance(given, _LISTS) or len(given) <= _FEW:
        return None
    field: Any = getattr(lookup.lhs, "output_field", None)
    if not isinstance(field, Field) or isinstance(field, JSONField):
        return None
    kinds = set(map(type, given)) - {type(None)}
    return list(dict.fromkeys(one for one in given if one is not None)) if kinds in ({int}, {str}) else None
