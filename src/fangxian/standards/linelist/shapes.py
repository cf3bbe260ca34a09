"""Columns told by their values alone: identity numbers, telephones, division codes, the words of closed lists.

Only shapes that hardly anything else has are believed: a date could be any date of a case, and a number anything at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from fangxian.standards import cn_ids
from fangxian.standards.linelist.values import SYNONYMS, ValueProblem, parse_term

ENOUGH = 0.8
"""The share of values that must have the shape."""
FEWEST = 3
"""Values below which a shape is chance."""
SUREST = 0.7
"""How sure such a guess can be at most: the name of the column said nothing, or something else."""
_PHONE = re.compile(r"(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}")
_NAME = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf\U00020000-\U000323af·]{2,4}")
_MOST_WORDS = 12


def by_values(fields: Sequence[str], columns: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, float]]:
    """Field → (column, how sure) for those of the fields whose values have a shape of their own; each column at most once.

    ``columns`` are the values of each column that may be taken, without the empty ones.
    """
    found: list[tuple[float, int, str, str]] = []
    for order, (field, fits) in enumerate(_SHAPES.items()):
        if field in fields:
            for column, values in columns.items():
                share = sum(map(fits, values)) / len(values) if len(values) >= FEWEST else 0.0
                if share >= ENOUGH and _varies(field, values):
                    found.append((-share, order, field, column))
    taken: dict[str, tuple[str, float]] = {}
    for share, _order, field, column in sorted(found):
        if field not in taken and column not in {one for one, _sure in taken.values()}:
            taken[field] = column, round(-share * SUREST, 2)
    return taken


def _varies(field: str, values: Sequence[str]) -> bool:
    """Words of a closed list are few and return; names and numbers hardly do."""
    kinds = len(set(values))
    return kinds <= _MOST_WORDS if field in SYNONYMS else kinds > 0.6 * len(values) or field == "area"


def _reads(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        try:
            parse(text)
        except (cn_ids.IdError, ValueProblem):
            return False
        return True

    return fits


def _area(text: str) -> bool:
    return text.isdecimal() and len(text) in (6, 9, 12) and _reads(cn_ids.area_code)(text)


_SHAPES: dict[str, Callable[[str], bool]] = {
    "id_number": _reads(cn_ids.parse_citizen_id),
    "phone": lambda text: _PHONE.fullmatch(text) is not None,
    "sex": _reads(lambda text: parse_term("sex", text)),
    "classification": _reads(lambda text: parse_term("classification", text)),
    "severity": _reads(lambda text: parse_term("severity", text)),
    "outcome": _reads(lambda text: parse_term("outcome", text)),
    "area": _area,
    "name": lambda text: _NAME.fullmatch(text) is not None,
}
"""Field → whether a value has its shape, the most telling shapes first."""
