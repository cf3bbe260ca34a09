"""A pack as plain data: the same fields as the YAML file, every citation in its long form.

What `dump` gives can be written as JSON or YAML and loaded again; it is also what the API answers with.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import time
from typing import Any

from fangxian.text import Text

from .citation import Cited
from .conditions import AtLeast, Chosen, Compares, Holds, Not
from .duty import Due
from .pack import Pack
from .reader import key_field, schema_of


def dump(pack: Pack) -> dict[str, Any]:
    """The pack as dicts, lists, strings and numbers."""
    found: dict[str, Any] = _plain(pack)
    return found


def _plain(value: Any) -> Any:
    match value:
        case Cited():
            return _cited(value)
        case Due():
            pedigree = _cited(value.offset)
            return {"anchor": value.anchor, **({"before": True} if value.before else {}), **pedigree}
        case Text():
            return {"zh": value.zh, "en": value.en}
        case Holds() | Chosen():
            return str(value)
        case Compares():
            return {"fact": value.fact.key, "sign": value.sign, **_cited(value.limit)}
        case Not():
            return {"not": _plain(value.item)}
        case AtLeast(cited=Cited() as cited, items=items):
            return {"at_least": _cited(cited), "of": [_plain(item) for item in items]}
        case AtLeast(items=()):
            return "always"
        case AtLeast(count=count, items=items):
            below = [_plain(item) for item in items]
            return below if count == len(items) else {"any": below}
        case time():
            return value.isoformat("minutes")
        case tuple() if value and is_dataclass(value[0]) and key_field(type(value[0])):
            return {item.key: _plain(item) for item in value}
        case tuple():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
    if is_dataclass(value):
        schema = schema_of(type(value))
        defaults = {declared.name: declared.default for declared in fields(value)}
        given = {name: getattr(value, declared.name) for name, (declared, _) in schema.items()}
        return {
            name: _plain(item)
            for name, item in given.items()
            if item is not None and item != () and item != {} and item is not defaults[schema[name][0].name]
        }
    return value


def _cited(cited: Cited) -> dict[str, Any]:
    value = " ".join(map(str, cited.value)) if isinstance(cited.value, tuple) else cited.value
    row = {
        "value": value,
        "unit": cited.unit,
        "source": cited.source,
        "grade": cited.grade,
        "clause": cited.clause,
        "quote_checked": cited.quote_checked or None,
        "kind": cited.kind,
        "note": {"zh": cited.note.zh, "en": cited.note.en} if cited.note else None,
    }
    return {name: item for name, item in row.items() if item is not None}
