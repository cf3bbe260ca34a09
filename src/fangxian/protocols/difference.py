"""What differs between two packs, value by value, with the names a reader knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, is_dataclass
from typing import Any, NamedTuple, get_args

from fangxian.text import Text, listed

from .citation import Cited
from .conditions import ALWAYS, AtLeast, Chosen, Compares, Holds, Not, limits
from .duty import Due, DutyRule, Term
from .pack import Pack
from .reader import key_field, schema_of
from .vocabulary import facts, terms


@dataclass(frozen=True)
class Difference:
    """One value that differs: its place in the file, its name, and what each pack says (None: nothing).

    A whole entry that only one pack has, such as a duty or a step, is one difference.
    """

    path: str
    label: Text
    before: Text | None
    after: Text | None
    grades: tuple[str | None, str | None]


class _Leaf(NamedTuple):
    path: str
    label: Text
    shown: Text
    grade: str | None = None


_PRESENT = Text("有", "present")
_Say = Callable[[Due], Text]


def diff(a: Pack, b: Pack) -> list[Difference]:
    """Every value of ``a`` and ``b`` that differs, by section. Sources and the packs' own names are left out."""
    left, right = ({leaf.path: leaf for leaf in _leaves(pack)} for pack in (a, b))
    found: list[Difference] = []
    whole: list[str] = []  # entries that only one of them has: what is inside need not be listed
    for path, leaf in {**right, **left}.items():
        before, after = left.get(path), right.get(path)
        if (before and after and before.shown == after.shown) or any(path.startswith(entry) for entry in whole):
            continue
        if leaf.shown is _PRESENT:
            whole.append(path + "/")
        shown = before and before.shown, after and after.shown
        found.append(Difference(path, leaf.label, *shown, (before and before.grade, after and after.grade)))
    sections = list(terms("sections"))
    return sorted(found, key=lambda difference: sections.index(difference.path.partition("/")[0]))


def _leaves(pack: Pack) -> Iterator[_Leaf]:
    for section, name in terms("sections").items():
        yield from _below(getattr(pack, section), section, name, lambda due: due.text)


def _below(value: Any, path: str, label: Text, say: _Say) -> Iterator[_Leaf]:
    match value:
        case None | Text():
            return
        case Cited():
            yield _Leaf(path, label, value.text, value.grade)
        case Due():
            yield _Leaf(path, label, say(value), value.offset.grade)
        case Holds() | Chosen() | Compares() | Not() | AtLeast():
            if value != ALWAYS:
                cited = limits(value)
                yield _Leaf(path, label, value.text, cited[0].grade if cited else None)
        case tuple() if _entries(value):
            for item in value:
                yield from _entry(item, f"{path}/{item.key}", label, say)
        case dict():
            for key, item in value.items():
                if isinstance(item, DutyRule):
                    yield from _entry(item, f"{path}/{key}", label, item.say)
                else:
                    yield from _below(item, f"{path}/{key}", label, say)
        case _ if is_dataclass(value):
            yield from _record(value, path, label, say)


def _entry(value: Any, path: str, label: Text, say: _Say) -> Iterator[_Leaf]:
    label = label.joined(getattr(value, "name", Text(path.rpartition("/")[2], path.rpartition("/")[2])), " › ")
    yield _Leaf(path, label, _PRESENT)
    yield from _record(value, path, label, say)


def _record(value: Any, path: str, label: Text, say: _Say) -> Iterator[_Leaf]:
    for name, (declared, hint) in schema_of(type(value)).items():
        item = getattr(value, declared.name)
        field_name = terms("fields").get(name)
        below = label.joined(field_name, " › ") if field_name and not _entries(item) else label
        if isinstance(item, str | int) or (isinstance(item, tuple) and item and not _entries(item)):
            words = item if isinstance(item, tuple) else (item,)
            yield _Leaf(f"{path}/{name}", below, listed(_named(str(word), hint) for word in words))
        elif item != ():
            yield from _below(item, f"{path}/{name}", below, say)


def _named(word: str, hint: Any) -> Text:
    """The name of a vocabulary word; any other word as it stands."""
    for known in _annotations(hint):
        if isinstance(known, Term):
            fact = facts().get(word)
            name = fact and fact.name if known.section == "facts" else terms(known.section).get(word)
            return name or Text(word, word)
    return Text(word, word)


def _annotations(hint: Any) -> Iterator[Any]:
    for argument in get_args(hint):
        yield argument
        yield from _annotations(argument)


def _entries(item: Any) -> bool:
    return isinstance(item, tuple) and bool(item) and bool(key_field(type(item[0])))
