"""A jurisdiction and the parts that its numbers are told by: what lies one level below it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils.translation import gettext as _

from fangxian.core.access import within
from fangxian.core.errors import NotFound
from fangxian.registry import romanised
from fangxian.registry.levels import LEVELS
from fangxian.registry.models import Jurisdiction
from fangxian.registry.queries.areas import follow, prefixes, succeeded


@dataclass(frozen=True, slots=True)
class Parts:
    """A jurisdiction cut into those one level below.

    `prefixes` are the codes under which its records are found (its own, and those it succeeded). `children` are codes in
    order. `names` has both languages: code → (zh, en), for the jurisdiction itself, its children and those above it.
    """

    code: str
    prefixes: tuple[str, ...]
    children: tuple[str, ...]
    names: Mapping[str, tuple[str, str]]
    _ended: Mapping[str, str] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """How many characters of a code tell which part it lies in: those of the children, or all of its own."""
        return len(self.children[0]) if self.children else len(self.code)

    def part(self, code: str) -> str:
        """The child that a code lies in, followed where it has ended; the jurisdiction itself where none is known."""
        now = follow(code, self._ended)
        child = now[: self.depth]
        return child if child in self.names else self.code


def whole(code: str) -> Parts:
    """A jurisdiction in one part: for numbers that are not told by what lies below it. One query."""
    return Parts(code, prefixes(code), (), {})


def parts(code: str) -> Parts:
    """The parts of a jurisdiction; "" is the whole country. One query. Raises NotFound for a code that is not in the register."""
    levels = [LEVELS[length] for length in sorted(LEVELS) if length > len(code)][:2]
    above = [code[:length] for length in LEVELS if length <= len(code)]
    near = Q(within(code, "code"), level__in=levels) | Q(code__in=above)
    rows: list[tuple[str, str, str, str, bool]] = list(
        Jurisdiction.objects.annotate(is_near=ExpressionWrapper(near, BooleanField()))
        .filter(near | ~Q(successor=""))
        .values_list("code", "name_zh", "name_en", "successor", "is_near")
    )
    ended = {one: successor for one, _zh, _en, successor, _near in rows if successor}
    names = {one: (zh, en or romanised.division(zh)) for one, zh, en, _successor, is_near in rows if is_near}
    if code and code not in names:
        raise NotFound(_("There is no jurisdiction %(code)s.") % {"code": code})
    names.setdefault("", ("全国", "the whole country"))
    below = sorted(one for one in names if len(one) > len(code) and one not in ended)
    depth = len(min(below, key=len)) if below else 0
    children = tuple(one for one in below if len(one) == depth)
    kept = {one: names[one] for one in (*children, *above, code, "")}
    return Parts(code, succeeded(code, ended), children, kept, ended)
