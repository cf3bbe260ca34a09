"""What a duty can be about. Each stage tells the engine of its subjects, so that the engine can ask whether one was missed.

The engine opens duties when a stage says that a moment has come (`actions.open_due`). Whether it said so for everybody is
checked the other way round: the stage also provides all its subjects with the moments they have passed, from its own tables.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fangxian.core.access import Actor


@dataclass(frozen=True, slots=True)
class Subject:
    """A case, contact, site … as far as a protocol asks: where it is, what is known of it, and its clock anchors."""

    kind: str
    id: int
    area: str
    pack: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    anchors: Mapping[str, datetime] = field(default_factory=dict)
    #: Role → organisation, where the subject itself says who answers (the clinic that reported a case).
    holders: Mapping[str, int] = field(default_factory=dict)
    #: Steps that were done before the duty was opened (the card that brought the case in): key → when.
    done: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Described:
    """A subject as a person reads it: a title (masked), its code for the address, and its page.

    `door` is the same for those who live behind the same door, so that one visit does for all of them.
    """

    title: str
    code: str
    url: str
    door: str = ""


#: (moment, subject) for everything that has happened in an area, straight from the stage's own tables.
Provider = Callable[[str], Iterable[tuple[str, Subject]]]
#: Titles for subjects, many at once: ids → Described.
Describer = Callable[[Iterable[int]], Mapping[int, Described]]
#: The related subjects whose steps a release depends on: (relation, subject id) → subject ids of the same kind or another.
Related = Callable[[int], Mapping[str, tuple[str, int]]]


@dataclass(frozen=True, slots=True)
class _Kind:
    provider: Provider
    describer: Describer
    right: str
    related: Related | None


_kinds: dict[str, _Kind] = {}


def register(
    kind: str, *, provider: Provider, describer: Describer, right: str = "", related: Related | None = None
) -> None:
    """Called by a stage when it is ready, once for each kind of subject. `right` is what its page asks for."""
    _kinds[kind] = _Kind(provider, describer, right, related)


_reserved: dict[str, str] = {}


def reserve(duty_kind: str, stage: str) -> None:
    """Say that the steps of a kind of duty are done through a stage's own actions alone: a review is more than a tick."""
    _reserved[duty_kind] = stage


def reserved_for(duty_kind: str) -> str | None:
    """The stage through whose actions alone steps of this kind are settled, if there is one."""
    return _reserved.get(duty_kind)


def kinds() -> tuple[str, ...]:
    """Every kind of subject that a duty can be about."""
    return tuple(_kinds)


def everything(area: str = "", kind: str = "") -> Iterable[tuple[str, Subject]]:
    """All moments of all subjects within an area: of every stage, or of one kind."""
    for one in [_kinds[kind]] if kind else _kinds.values():
        yield from one.provider(area)


def describe(kind: str, ids: Iterable[int]) -> Mapping[int, Described]:
    """How subjects are called, by id. An unknown kind has no description."""
    return _kinds[kind].describer(ids) if kind in _kinds else {}


def may_open(by: Actor, kind: str) -> bool:
    """Whether pages of this kind of subject are open to the actor at all: who may do a step need not read a patient's record."""
    return kind in _kinds and (not _kinds[kind].right or by.may(_kinds[kind].right))


def related(kind: str, subject_id: int) -> Mapping[str, tuple[str, int]]:
    """Whom this subject's release depends on: relation → (kind, id)."""
    finder = _kinds[kind].related if kind in _kinds else None
    return finder(subject_id) if finder else {}
