"""What the laboratory takes in and gives out. An instant is aware."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fangxian.core.errors import Refusal
from fangxian.registry.schemas import PersonForm
from fangxian.text import Text

#: How a tube is filled.
KINDS: Mapping[str, Text] = {
    "single": Text("单管", "single"),
    "pool": Text("混采", "pool"),
    "household": Text("一户一管", "household"),
    "object": Text("物品环境", "object or surroundings"),
}
#: Why a sample is taken. The first three have limits of their own in packs (group `clinic_results`, by the same key).
REASONS: Mapping[str, Text] = {
    "fever": Text("发热门诊、急诊", "fever clinic or emergency"),
    "ward": Text("门诊、住院、陪护", "outpatient, inpatient, carer"),
    "voluntary": Text("愿检尽检", "voluntary"),
    "case": Text("病例", "case"),
    "contact": Text("密接、隔离", "contact or isolation"),
    "retest": Text("复采复检", "sampled again"),
    "round": Text("区域核酸", "testing round"),
    "post": Text("高风险岗位", "high-risk post"),
    "monitoring": Text("环境与物品监测", "monitoring of surroundings and goods"),
}
#: What is sampled that is no person.
THINGS: Mapping[str, Text] = {
    "surface": Text("物体表面", "surface"),
    "goods": Text("货物", "goods"),
    "wastewater": Text("污水", "wastewater"),
}
#: What a laboratory may say of a tube.
VALUES: Mapping[str, Text] = {
    "negative": Text("阴性", "negative"),
    "positive": Text("阳性", "positive"),
    "indeterminate": Text("不确定，需复检", "indeterminate, test again"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PointForm:
    """A swab point to be opened (采样点). `laboratory`: where its samples usually go."""

    name_zh: str
    name_en: str = ""
    area: str
    organisation: int
    laboratory: int | None = None
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TubeForm:
    """A sample taken. `code`: the barcode on the tube. `people`: who is in it, each by code or identity number, or as a new person.

    `capacity` is asked for a pool only (5, 10, 20 as the pack allows). `point` is the code of a swab point; without one `area` and
    `organisation` say where and who. `outbreak` may be empty. `again`: the barcode of the tube that this one takes the place of.
    Of things: `what` (surface, goods, wastewater), `place` (code) or a `note` that says where, and `batch`.
    """

    code: str
    kind: str = "single"
    people: Sequence[str | PersonForm] = ()
    capacity: int | None = None
    reason: str = "round"
    point: str = ""
    area: str = ""
    organisation: int | None = None
    outbreak: str = ""
    sampled_at: datetime | None = None
    again: str = ""
    what: str = ""
    place: str = ""
    batch: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxForm:
    """Tubes to be sealed into one box. `point` or `organisation` says who sends it; `laboratory` may follow from the point."""

    tubes: Sequence[str]
    point: str = ""
    organisation: int | None = None
    laboratory: int | None = None
    seal: str = ""
    sealed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultForm:
    """What a laboratory says of a sample.

    `code` is the barcode. `value` (negative, positive, indeterminate) may be left to the pack where `cts` are told: target → Ct,
    None where nothing was amplified. `status`: final, corrected or cancelled. Where no tube has the barcode, whom the result names
    is used to propose somebody: `name`, `document` (number), `phone`, `birth_year`; `sampled_at` is then wanted too.
    """

    code: str = ""
    value: str = ""
    cts: Mapping[str, float | None] = field(default_factory=dict)
    status: str = "final"
    tested_at: datetime | None = None
    sampled_at: datetime | None = None
    reference: str = ""
    reason: str = ""
    name: str = ""
    document: str = ""
    phone: str = ""
    birth_year: int | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """What became of a batch of samples: codes taken, codes that were on record just so already, and those refused by their place."""

    taken: tuple[str, ...]
    repeated: tuple[str, ...]
    refused: tuple[tuple[int, Refusal], ...]


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of a batch of results: how many were taken, were on record already, wait to be matched; those refused by place."""

    taken: int
    repeated: int
    unmatched: int
    positive: int
    refused: tuple[tuple[int, Refusal], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one person's sample as the stages above need it; `people` in the tube, `value` empty where none holds now."""

    tube_id: int
    code: str
    kind: str
    people: int
    person_id: int
    value: str
    ct: float | None
    sampled_at: datetime
    resulted_at: datetime | None


@dataclass(frozen=True, slots=True)
class PoolMember:
    """Somebody of a positive pool as the stages above need it: who, since which sampling, and how it stands with them.

    `state`: held; negative, positive by a tube of their own; freed, where the pool's result did not hold; declined, where a
    person decided that the positive makes them no case.
    """

    id: int
    pool_id: int
    pool: str
    person_id: int
    area: str
    pack: str
    outbreak_id: int | None
    sampled_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class PointView:
    """A swab point."""

    id: int
    code: str
    name: Text
    area: str
    area_name: str
    organisation_id: int
    organisation: str
    laboratory_id: int | None
    laboratory: str
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class TubeRow:
    """A tube as a list shows it. Of people it says how many, never who."""

    id: int
    code: str
    kind: str
    people: int
    capacity: int
    reason: str
    state: str
    value: str
    ct: float | None
    weak: bool
    area: str
    organisation: str
    point: str
    laboratory: str
    sampled_at: datetime
    due_at: datetime | None
    resulted_at: datetime | None
    late: bool


@dataclass(frozen=True, slots=True)
class ResultTold:
    """One report of a laboratory on a tube."""

    number: int
    status: str
    value: str
    cts: Mapping[str, float | None]
    tested_at: datetime | None
    reference: str
    source: str
    reason: str
    at: datetime
    by_name: str


@dataclass(frozen=True, slots=True)
class CustodyLink:
    """One hand-over of the chain of custody."""

    at: datetime
    sender: str
    receiver: str
    note: str
    by_name: str


@dataclass(frozen=True, slots=True)
class InTube:
    """Somebody in a tube, masked."""

    person_id: int
    code: str
    name: str
    #: Of a member of a positive pool: held, negative, positive, freed.
    state: str = ""
    single: str = ""
    single_value: str = ""


@dataclass(frozen=True, slots=True)
class TubeView:
    """One tube: its row, where it came from, its results, and who is in it where the reader may know."""

    row: TubeRow
    former: str
    why: str
    outbreak: str
    box: str
    received_at: datetime | None
    created_at: datetime
    by_name: str
    again: str
    retests: tuple[str, ...]
    what: str
    place: str
    batch: str
    note: str
    results: tuple[ResultTold, ...]
    links: tuple[CustodyLink, ...]
    inside: tuple[InTube, ...] | None
    decision: "PositiveView | None"
    may: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class BoxView:
    """A box of samples and how far it came."""

    id: int
    code: str
    seal: str
    state: str
    area: str
    organisation: str
    laboratory_id: int
    laboratory: str
    tubes: int
    waiting: int
    missing: tuple[str, ...]
    surplus: tuple[str, ...]
    first_sampled_at: datetime
    sealed_at: datetime
    received_at: datetime | None
    due_at: datetime | None
    may: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class PositiveView:
    """A positive result and what was decided about it."""

    id: int
    tube: str
    name: str
    person: str
    area: str
    area_name: str
    state: str
    case: str
    opened: bool
    ct: float | None
    weak: bool
    reason: str
    at: datetime
    due_at: datetime | None
    decided_at: datetime | None
    by_name: str


@dataclass(frozen=True, slots=True)
class MemberView:
    """Somebody of a positive pool: held until a tube of their own has told. `stopped_at`: when they were told to stay."""

    id: int
    pool: str
    name: str
    person: str
    area: str
    area_name: str
    state: str
    since: datetime
    stopped_at: datetime | None
    stop_due_at: datetime | None
    single: str
    retest_due_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class PoolClocks:
    """A pool and its members by their clocks. What is told of members counts those whom the reader may know of."""

    code: str
    area: str
    people: int
    sampled_at: datetime
    sealed_at: datetime | None
    handed_at: tuple[datetime, ...]
    received_at: datetime | None
    told_at: datetime | None
    due_at: datetime | None
    members: int
    held_at: tuple[datetime, ...]
    hold_due_at: datetime | None
    sampled_alone_at: tuple[datetime, ...]
    told_alone_at: tuple[datetime, ...]
    retest_due_at: datetime | None
    free: int
    positive: int
    decided_at: tuple[datetime, ...]
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Whose:
    """Whom a result may be of: masked, with how well it fits (0 to 1) and what fits."""

    person_id: int
    code: str
    name: str
    fits: float
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnmatchedView:
    """A result that belongs to no tube on record, and whom it may be of. What it names is masked."""

    id: int
    laboratory: str
    area: str
    barcode: str
    name: str
    document: str
    value: str
    cts: Mapping[str, Any]
    sampled_at: datetime | None
    at: datetime
    proposals: tuple[Whose, ...]
