"""What risk areas (风险区) take in and give out. A day is a local calendar day, an instant is aware."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

from fangxian.registry.outlines import Outline
from fangxian.registry.schemas import Resident
from fangxian.text import Text

#: One GeoJSON geometry.
Geometry = Annotated[Mapping[str, Any], "GeoJSON geometry (WGS 84)"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitForm:
    """A piece of land to be in a zone. `kind`: place, area, cell or outline.

    `ref` is the code of the place or of the jurisdiction, or the H3 cell; an outline brings a GeoJSON Polygon or MultiPolygon.
    """

    kind: str
    ref: str = ""
    outline: Outline | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneForm:
    """A zone as a person draws it: its level (a key of the pack) and its units. Names left empty are those of the units."""

    level: str
    units: tuple[UnitForm, ...]
    name_zh: str = ""
    name_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeForm:
    """A notice as it is to be published. What is left empty is as it is drafted from the facts."""

    title_zh: str = ""
    title_en: str = ""
    text_zh: str = ""
    text_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneFilter:
    """Which zones. What is left empty does not narrow it. `state`: proposed, declined, in_force, lifted, withdrawn."""

    state: Sequence[str] = ()
    level: str = ""
    area: str = ""
    outbreak: str = ""


@dataclass(frozen=True, slots=True)
class UnitView:
    """A piece of land of a zone. `code` is what a `UnitForm` of it has as `ref`."""

    key: str
    kind: str
    code: str
    name: Text
    #: A kind of place, or a level of jurisdiction.
    what: str
    area: str


@dataclass(frozen=True, slots=True)
class GroundView:
    """Why a zone is: one case at one unit. `case` is empty for whoever may not see the case."""

    case: str
    key: str
    unit: Text
    fact: str
    why: Text
    level: str
    minutes: int
    visits: int
    first_at: datetime | None
    last_at: datetime | None
    infected_at: datetime
    #: Whether it still counts: a case that was ruled out does not.
    counts: bool


@dataclass(frozen=True, slots=True)
class LiftPart:
    """One condition of a way down: what it says, whether it holds (None: not known), and the value as it is now."""

    fact: str
    text: Text
    met: bool | None
    now: Text | None


@dataclass(frozen=True, slots=True)
class LiftStatus:
    """One way down from the level that a zone has: to which level (empty: lifted), by which rule, and what is still missing.

    `earliest`: the first day on which it can be met, if nothing new happens and the rounds that are needed are held and all
    negative; None where no day can be told.
    """

    rule: str
    name: Text
    to: str
    to_name: Text
    met: bool
    parts: tuple[LiftPart, ...]
    missing: tuple[Text, ...]
    earliest: date | None
    #: Where the rule comes from, and how far that can be trusted.
    clause: Text
    grade: str


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """A line of the list of zones."""

    id: int
    code: str
    outbreak: str
    area: str
    area_name: str
    state: str
    level: str
    level_name: Text
    #: Where the level stands in its pack, 0 being the strictest.
    rank: int
    name: Text
    proposed_at: datetime
    decided_at: datetime | None
    level_since: datetime | None
    ended_at: datetime | None
    days_in_level: int | None
    cases: int
    #: Of a zone in force: whether it may come down today, and if not what is missing and the first day it could.
    due: bool = False
    missing: tuple[Text, ...] = ()
    earliest: date | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class ZonePage:
    """Some zones, and the cursor with which to ask for the next ones (empty at the end)."""

    rows: tuple[ZoneRow, ...]
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice as it was published. `number` is what it is cited by."""

    number: str
    zone: str
    kind: str
    level: str
    title: Text
    text: Text
    issued_at: datetime
    by_name: str


@dataclass(frozen=True, slots=True)
class RoundView:
    """A round of testing in a zone. Only one without anybody untested, waiting for a result, or positive is “everybody negative”.

    `held` is the code of the testing round; empty where the numbers were told by hand.
    """

    day: date
    tested: int
    positives: int
    untested: int
    waiting: int
    held: str
    recorded_at: datetime
    by_name: str

    @property
    def clean(self) -> bool:
        return self.positives == 0 and self.untested == 0 and self.waiting == 0


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of a level."""

    key: str
    name: Text


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice as the facts would have it: what `publish` says unless it is told otherwise."""

    kind: str
    title: Text
    text: Text


@dataclass(frozen=True, slots=True)
class ZoneView:
    """A zone in full. `may`: what the actor may do with it now (edit or redraw, decide, publish, round, lift, annul)."""

    row: ZoneRow
    pack: str
    pack_name: Text
    clause: Text
    grade: str
    measures: tuple[Measure, ...]
    units: tuple[UnitView, ...]
    grounds: tuple[GroundView, ...]
    #: Those beyond the number shown.
    more_grounds: int
    reason: str
    downgraded: bool
    #: Units that are whole townships or larger, because no nearer address is known: to be narrowed before deciding.
    coarse: bool
    lift: tuple[LiftStatus, ...]
    rounds: tuple[RoundView, ...]
    notices: tuple[NoticeView, ...]
    draft: Draft | None
    #: The levels that may be chosen: key and name, the strictest first.
    levels: tuple[tuple[str, Text], ...]
    may: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DrawnZone:
    """A zone as far as drawing it otherwise needs it: its land with the geometry of each piece (None where it is not on the map)."""

    code: str
    version: int
    area: str
    state: str
    level: str
    level_name: Text
    name: Text
    units: tuple[tuple[UnitView, Mapping[str, Any] | None], ...]
    levels: tuple[tuple[str, Text], ...]
    may: frozenset[str]


@dataclass(frozen=True, slots=True)
class Inside:
    """Who is inside of a zone: counts (at most 20,001, which stands for more), and a page of people, masked.

    `roofless` are people of the zone's communities of whom no building is on record: they are listed after the others, so that
    nobody is missed; the second of each row says whether the person lives inside (True) or is one of those.
    """

    households: int
    people: int
    roofless: int
    rows: tuple[tuple[Resident, bool], ...]
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class ChangeView:
    """What became of a zone, by whom and why."""

    at: datetime
    what: str
    who: str
    reason: str
    basis: str
    state: str
    level: str
    level_name: Text
    name: Text
    units: tuple[str, ...]
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StateAt:
    """A zone as it was at an instant."""

    code: str
    state: str
    level: str
    level_name: Text
    area: str
    name: Text
    units: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A case's stay that cannot be put on the map: a place without a record or a point, or a residence known too roughly."""

    case: str
    what: Text
    from_at: datetime | None
    to_at: datetime | None


@dataclass(frozen=True, slots=True)
class PublicArea:
    """An area in force as the public sees it: no case, no person. `geometry`: one GeoJSON geometry for each piece of land."""

    code: str
    level: str
    level_name: Text
    rank: int
    name: Text
    since: datetime
    measures: tuple[Text, ...]
    notice: str
    geometry: tuple[Geometry, ...]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What an evaluation of cases came to: zones newly proposed, zones (in force or proposed) with a new infection inside."""

    proposed: tuple[str, ...] = ()
    grown: tuple[str, ...] = ()
