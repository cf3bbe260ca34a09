"""What the people concerned are given to read: one's own isolation by the code of a letter, and what neighbours are told."""

from dataclasses import dataclass
from datetime import datetime

from fangxian.text import Text


@dataclass(frozen=True, slots=True)
class OwnDecision:
    """What was decided about oneself: by which office, never by whom. `answer_by`: by when an objection is answered."""

    id: int
    kind: str
    reason: str
    basis: str
    until: datetime | None
    office: Text
    at: datetime
    disputed_at: datetime | None
    dispute: str
    answer_by: datetime | None
    answered_at: datetime | None
    answer: str
    upheld: bool | None


@dataclass(frozen=True, slots=True)
class OwnIsolation:
    """One's own isolation, as the holder of a letter sees it: what, why, under which clause, until when, by which office.

    `grounds`: each part of it with how long it is and by which clause. `may`: what of the rule may be disputed (isolate, date).
    """

    code: str
    name: str
    link: str
    site: Text | None
    class_name: Text
    begun_at: datetime
    site_until: datetime | None
    home_until: datetime | None
    leave_at: datetime | None
    closed_at: datetime | None
    outcome: str
    missing: tuple[Text, ...]
    basis: str
    grounds: tuple[tuple[Text, Text], ...]
    office: Text
    phone: str
    decisions: tuple[OwnDecision, ...]
    may: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourForm:
    """What neighbours are told besides where: `measures` are words of `words.MEASURES`; `phone` empty: that of the community."""

    measures: tuple[str, ...]
    phone: str = ""


@dataclass(frozen=True, slots=True)
class NeighbourDraft:
    """What a notice would say: for whom it is (building, compound, community), by how many homes of how many that the pack asks.

    `known` is the code of a notice that holds there already; `at_home`: whether the person is isolated at home now.
    """

    placement: str
    scope: str
    name: Text
    homes: int
    wanted: int
    until: datetime | None
    office: Text
    phone: str
    basis: str
    known: str
    at_home: bool


@dataclass(frozen=True, slots=True)
class NeighbourNoticeView:
    """A notice to neighbours; `until` moves with the releases it waits for. `may_withdraw`: whether it is the actor's to take back."""

    id: int
    code: str
    area: str
    area_name: Text
    name: Text
    measures: tuple[str, ...]
    until: datetime | None
    office: Text
    phone: str
    basis: str
    issued_at: datetime
    by: str
    withdrawn_at: datetime | None
    withdrawn_why: str
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class PublicNeighbourNotice:
    """What whoever has the paper may read; nothing but that it is over, once it is."""

    code: str
    holds: bool
    name: Text
    measures: tuple[Text, ...]
    until: datetime | None
    office: Text
    phone: str
    issued_at: datetime
