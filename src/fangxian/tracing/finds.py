"""What a search for contacts (查找密接) takes in and gives out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fangxian.protocols import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchForm:
    """Around which cases of one outbreak, by their codes, and why. What is left None is as the pack says.

    `tau` and `onward`: minutes together with a case, and with a contact, that count. `rings`: 1 contacts, 2 their contacts as
    well. `within`: hours in which the overlaps of two people add up to `tau`; 0 where each must be long enough by itself.
    `crowd`: visits a day above which a place makes a notice instead of contacts.
    """

    cases: Sequence[str]
    why: str
    tau: float | None = None
    onward: float | None = None
    rings: int | None = None
    within: float | None = None
    crowd: int | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A number that a search goes by, where it comes from (the clause, or that somebody set it), and in which unit."""

    key: str
    name: Text
    number: float
    unit: Text
    source: Text


@dataclass(frozen=True, slots=True)
class CaseWindow:
    """When a case may have infected others (`since` None: not known, so nothing can be searched), and its stays on record."""

    code: str
    since: datetime | None
    until: datetime | None
    stays: int
    #: Stays of the track in the window that name no place on record: nobody can be found by them.
    unplaced: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a search would do: for which cases and days, by which numbers; `days` are those of which the lake holds stays."""

    outbreak: str
    cases: tuple[CaseWindow, ...]
    values: tuple[Value, ...]
    days: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when two people were at one place."""

    from_at: datetime
    to_at: datetime


@dataclass(frozen=True, slots=True)
class Meeting:
    """The times that a candidate spent at one place with one infector, and how the pack judges them.

    `via` is the code of the case or contact, as far as the reader may know of it; `via_name` how it is shown.
    """

    via: str
    via_kind: str
    via_name: str
    place: str
    place_name: str
    lon: float | None
    lat: float | None
    minutes: int
    category: str
    basis: str
    why: Text
    clause: Text
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A candidate as a line: masked name, ring, the category the pack proposes, minutes, first and last, place in the ranking.

    `grounds` say what makes up the risk; `missing` are yes-or-no questions to which a yes would make it a contact, or a stricter
    one. `known` is the code of the contact or case that
    the person is already, as far as the reader may know of it.
    """

    id: int
    rank: int
    name: str
    area: str
    ring: int
    state: str
    category: str
    basis: str
    minutes: int
    first_at: datetime
    last_at: datetime
    risk: float | None
    grounds: tuple[Text, ...]
    missing: tuple[str, ...]
    places: tuple[str, ...]
    known: str
    known_kind: str
    reason: str
    person: str
    person_id: int | None
    meetings: tuple[Meeting, ...]


@dataclass(frozen=True, slots=True)
class Crowd:
    """A crowded place where a case was: to be told of by a notice. `visitors`: about how many, from and to (None: and more)."""

    place: str
    name: str
    from_at: datetime
    to_at: datetime
    visitors: tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class Sums:
    """Where everybody whom a search returned is: the states add up to `returned`, nobody is missed (不漏一人).

    `mine` counts what the reader may see by state; `elsewhere` (only for those who see the whole) are with their own areas.
    """

    returned: int
    mine: Mapping[str, int]
    elsewhere: int = 0
    #: Ring → persons, category → persons ("" none), of what the reader sees.
    rings: Mapping[int, int] = field(default_factory=dict)
    categories: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SearchView:
    """A search as it is read. To people of other areas only what is proposed to them is told: `whole` is False, no case named."""

    id: int
    code: str
    whole: bool
    outbreak: str
    outbreak_name: Text
    area: str
    cases: tuple[str, ...]
    tau: float
    onward: float
    rings: int
    within: float | None
    crowd: int
    why: str
    owner: str
    created_at: datetime
    finished_at: datetime | None
    job: Any
    counts: Mapping[str, Any]
    crowds: tuple[Crowd, ...]
    #: Of one around a member of a positive pool: whether that member still waits for an own result; the pool; and whether there
    #: is a case, so that contacts can be confirmed.
    ready: bool = False
    pool: str = ""
    stands: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateFilter:
    """Which candidates: by state, ring, category ("none": by no category); `place` by its code or name."""

    state: str = "proposed"
    ring: int = 0
    category: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """What confirming or striking came to: how many, the contacts newly under watch, and who was refused (line → why)."""

    done: int
    contacts: tuple[str, ...] = ()
    refused: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ReadyMember:
    """A member of a positive pool with whom they would have exposed if they are the one: by their search, masked.

    `state`: waiting (not found yet), ready, or proposed, once the own tube is positive. `contacts`: those of the `people` whom
    the protocol would make contacts by what is known; of the others a question is open.
    """

    search: str
    name: str
    area: str
    area_name: str
    state: str
    people: int
    contacts: int


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whom the members of a positive pool met (预排密接), each person counted once, as far as the reader investigates the members.

    `settings`: where, the most people first: household, or a setting of the vocabulary, or "" where none is known.
    """

    pool: str
    people: int
    settings: tuple[tuple[str, int], ...]
    members: tuple[ReadyMember, ...]


@dataclass(frozen=True, slots=True)
class SharedPlace:
    """A place where several cases were in the time in which they were infected (共同暴露场所).

    `lift`: how many times oftener than everybody; `evidence`: log-likelihood ratio; `share`: the part of the cases that were
    infected there, if they were. None of a place that only cases told of: how often others were there is not recorded.
    """

    place: str
    name: str
    kind: str
    lon: float | None
    lat: float | None
    cases: tuple[str, ...]
    lift: float | None
    evidence: float | None
    share: float | None
    from_at: datetime
    to_at: datetime


@dataclass(frozen=True, slots=True)
class SharedPlaces:
    """A search for shared places: state of its job, what went wrong, when it ended, its cases, how many without stays, the places."""

    state: str
    error: str
    ended_at: datetime | None
    cases: int
    without_stays: int
    rows: tuple[SharedPlace, ...]
