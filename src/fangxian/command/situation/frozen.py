"""A situation as text and back: canonical JSON, so that the same figures are the same bytes, today and in ten years."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from fangxian.command.situation.schemas import Situation


def freeze(situation: Situation) -> str:
    """The figures as canonical JSON: sorted keys, no blanks, UTF-8."""
    return canonical(_plain(situation))


def thaw(text: str) -> Situation:
    """The situation that was frozen."""
    found: Situation = _built(Situation, json.loads(text))
    return found


def canonical(value: Any) -> str:
    """JSON of which there is one way to write it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def _built(hint: Any, value: Any) -> Any:
    """A value of the type that a field has, from plain JSON."""
    origin, args = get_origin(hint), get_args(hint)
    if NoneType in args:
        return None if value is None else _built(next(one for one in args if one is not NoneType), value)
    if is_dataclass(hint) and isinstance(hint, type):
        hints = get_type_hints(hint)
        return hint(**{one.name: _built(hints[one.name], value[one.name]) for one in fields(hint)})
    if hint is datetime:
        return datetime.fromisoformat(value)
    if hint is date:
        return date.fromisoformat(value)
    if origin is tuple:
        if args[-1] is Ellipsis:
            return tuple(_built(args[0], one) for one in value)
        return tuple(_built(kind, one) for kind, one in zip(args, value, strict=True))
    if isinstance(value, dict):
        return {key: _built(args[1], one) for key, one in value.items()}
    return value
