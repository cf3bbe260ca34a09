"""Which jurisdictions a form offers: those in which the reader may do what it is for."""

from typing import Any

from django.utils.translation import gettext as _

from fangxian.core.access import Actor
from fangxian.registry import queries as registry

#: More than these make a list that nobody reads; then the larger ones stand for what is in them.
MOST = 300


def areas_for(by: Actor, right: str) -> list[tuple[str, Any]]:
    """Choices of a select: each of the reader's jurisdictions with those below it, down to the community if they are not too many."""
    choices: list[tuple[str, Any]] = [("", _("Choose a place"))]
    for code in by.areas(right):
        own = registry.area(code) if code else None
        inside = [one for level in ("county", "township") for one in registry.below(code, level)]
        villages = registry.below(code, "village")
        if len(inside) + len(villages) <= MOST:
            inside = sorted([*inside, *villages], key=lambda one: one.code)
        rows = [(one.code, f"{_indent(one.level)}{one.name}") for one in inside[:MOST]]
        if own is not None:
            choices.append((own.code, own.name))
        choices += [(key, name) for key, name in rows if own is None or key != own.code]
    return choices


def _indent(level: str) -> str:
    return {"county": "", "township": "\u3000", "village": "\u3000\u3000"}[level]
