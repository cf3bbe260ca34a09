"""What the registry takes in and gives out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from fangxian.registry.languages import is_chinese, said, sentence
from fangxian.standards.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonForm:
    """A person as somebody writes them down; whatever is unknown is left empty.

    `sex` is male or female, `nationality` an ISO 3166-1 code of three letters, `area` the code of the jurisdiction of
    residence (empty: that of whoever registers), `household` a household's code. `documents` are (kind, number), with an
    empty kind where the number itself shows it.
    """

    name: str = ""
    name_latin: str = ""
    sex: str = ""
    birth_date: date | None = None
    birth_year: int | None = None
    nationality: str = ""
    documents: tuple[tuple[str, str], ...] = ()
    phones: tuple[str, ...] = ()
    area: str = ""
    address: str = ""
    occupation: str = ""
    household: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """One row of a divisions table. `row` is where it stood there, for messages."""

    code: str
    name: str
    name_en: str = ""
    population: int | None = None
    lon: float | None = None
    lat: float | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    successor: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class RowLeftOut:
    """A row of a table that was not taken: where, why, what to do, in the reader's language."""

    row: int
    column: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class DivisionsImport:
    """What an import did. `faults` are the rows left out, each with its place, what is wrong and what to do (zh and en)."""

    created: int
    changed: int
    unchanged: int
    faults: tuple[InputError, ...] = ()

    @property
    def left(self) -> tuple[RowLeftOut, ...]:
        """The same in the reader's language."""
        tongue = "zh" if is_chinese() else "en"
        return tuple(
            RowLeftOut(
                one.where.row or 0, one.where.column, sentence(one.what.in_(tongue)), sentence(one.remedy.in_(tongue))
            )
            for one in self.faults
        )


@dataclass(frozen=True, slots=True)
class TableTaken:
    """What the import of a table did."""

    created: int
    changed: int
    unchanged: int
    left: tuple[RowLeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class OutlinesImport:
    """What an import of outlines did. With any of `faults` nothing was written."""

    divisions: int
    places: int
    unchanged: int
    faults: tuple[InputError, ...] = ()


@dataclass(frozen=True, slots=True)
class Home:
    """Where a person lives: the area of residence, and the household and building (ids) where they are known."""

    area: str
    household_id: int | None
    building_id: int | None


@dataclass(frozen=True, slots=True)
class Resident:
    """A person in a list of who lives where, masked; the building (id) is None where it is not known."""

    code: str
    name: str
    area: str
    address: str
    household: str
    building_id: int | None


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the map: what it is, what it is a part of (id), its point (degrees), H3 cell and GeoJSON outline."""

    id: int
    code: str
    kind: str
    name_zh: str
    name_en: str
    area: str
    lon: float | None
    lat: float | None
    cell: str
    parent_id: int | None
    outline: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """In the reader's language."""
        return said(self.name_zh, self.name_en)


@dataclass(frozen=True, slots=True)
class Card:
    """A person, masked: enough to tell two apart on the telephone, not enough to find either."""

    id: int
    code: str
    name: str
    sex: str
    age: int | None
    nationality: str
    documents: tuple[tuple[str, str], ...]
    phones: tuple[str, ...]
    area: str
    address: str
    occupation: str
    household: str
    aliases: tuple[str, ...]
    version: int
    #: Code of the record that this one was merged into, empty if it stands for itself; and of those merged into it.
    canonical: str = ""
    duplicates: tuple[str, ...] = ()


class Traits(NamedTuple):
    """What a protocol may ask about a person: nothing by which to recognise them."""

    id: int
    sex: str
    birth_date: date | None
    birth_year: int | None
    nationality: str
    occupation: str
    area: str
    household_id: int | None

    def age_on(self, day: date) -> int | None:
        """Completed years on a day; by the year alone where only that is known."""
        if self.birth_date is not None:
            return (
                day.year - self.birth_date.year - ((day.month, day.day) < (self.birth_date.month, self.birth_date.day))
            )
        return day.year - self.birth_year if self.birth_year is not None else None


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, and the key with which to ask for the next ones (None at the end)."""

    people: tuple[Card, ...]
    after: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """One look at personal fields: who, when, at what, what for."""

    at: datetime
    who: str
    channel: str
    area: str
    purpose: str
    reason: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search for duplicates came to."""

    compared: int = 0
    merged: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a post: name, telephone, organisation, and the account where there is one."""

    appointment_id: int
    name: str
    phone: str
    organisation: str
    account_id: int | None
    since: datetime
    household: str = ""


@dataclass(frozen=True, slots=True)
class PostView:
    """A post in a jurisdiction and who holds it; `holders` is empty where nobody does."""

    role: str
    name: str
    level: str
    area: str
    area_name: str
    holders: tuple[Holder, ...]


@dataclass(frozen=True, slots=True)
class ResponsibilityView:
    """Who answers for a jurisdiction: the four levels (四级包保) down to it, and the grid's three members and one chief."""

    area: str
    four_levels: tuple[PostView, ...]
    grid: tuple[PostView, ...]

    @property
    def vacant(self) -> tuple[PostView, ...]:
        return tuple(post for post in (*self.four_levels, *self.grid) if not post.holders)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that may be one person, with why: (field, level, bits of evidence) for each field compared."""

    id: int
    first: Card
    second: Card
    probability: float
    evidence: Sequence[Mapping[str, object]] = field(default_factory=tuple)
    #: waiting, merged or different; who said so, when and why.
    state: str = "waiting"
    decided_by: str = ""
    decided_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewForm:
    """A view of a list (`cases` or `contacts`) to be kept under a name. `organisation` shares it with everybody who works there.

    `filter` maps names of filters to values; a searched text is not kept, as it may be somebody's name.
    """

    page: str
    name: str
    filter: Mapping[str, str] = field(default_factory=dict)
    columns: Sequence[str] = ()
    order: str = ""
    organisation: int | None = None


@dataclass(frozen=True, slots=True)
class ViewShown:
    """A saved view as its reader has it. `mine` may be changed by them; `first` is the one that the list opens with."""

    id: int
    page: str
    name: str
    filter: Mapping[str, str]
    columns: Sequence[str]
    order: str
    organisation: int | None
    owner: str
    mine: bool
    first: bool


@dataclass(frozen=True, slots=True)
class ListKept:
    """What a reader keeps of a list: their columns (empty: those it comes with) and the views they may look through."""

    columns: Sequence[str]
    views: Sequence[ViewShown]
