"""From the rows of a line list to cases, contacts, exposures and tracks: what the import and the replay share.

A person is known again by the number that the source gave (a `source_record` document), so that rows which name somebody twice,
and a second run of the same list, meet the same person. Everything that is not taken comes back as a `Rejection` that names
file, row and column, whoever refused it: the reader of the list, or the platform.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import override

from fangxian.cases import actions as cases
from fangxian.cases import queries as case_queries
from fangxian.cases.schemas import CaseForm
from fangxian.core.access import Actor
from fangxian.core.errors import Refusal
from fangxian.registry.checking import check
from fangxian.registry.schemas import PersonForm
from fangxian.standards.linelist import CaseRow, ContactRow, Rejection, StopRow, When, day_of
from fangxian.text import Text
from fangxian.tracing import actions as tracing
from fangxian.tracing.actions.naming import name_infectors
from fangxian.tracing.schemas import ExposureForm, StayForm

#: The document kind under which a source's own number of a person is kept.
RECORD = "source_record"


@dataclass(slots=True)
class Intake:
    """Takes rows into one outbreak, on behalf of an actor. `area` is where those without a place of their own are put.

    Each method is one transaction and returns what was refused; call them with some thousand rows at a time.
    """

    by: Actor
    outbreak: str
    zone: ZoneInfo
    area: str
    #: Source number → case code, of all cases taken so far (also by an earlier run).
    codes: dict[str, str] = field(default_factory=dict)
    #: Keys of the exposures recorded so far, for whoever keeps a list of them.
    exposures: list[int] = field(default_factory=list)

    def report(self, rows: Sequence[CaseRow]) -> list[Rejection]:
        """Report cases. One that is there already is refused as such, and known from then on."""
        self.recall(row.id for row in rows)
        forms, kept, refused = [], [], []
        for row in rows:
            if first_known(row) is None:
                refused.append(_no_date(row))
                continue
            forms.append(self.case_form(row))
            kept.append(row)
        taken = cases.report_many(self.by, self.outbreak, forms)
        for one in taken.cases:
            self.codes[kept[one.index].id] = one.code
        return refused + [_refused(kept[index], refusal) for index, refusal in taken.refused]

    def expose(self, rows: Sequence[ContactRow]) -> list[Rejection]:
        """Record exposures and, where the pack says so, contacts. The infector must be a case that was taken.

        Of infections (no mere contacts) it is enough that the infected is: then the infector is a person without a case.
        """
        self.recall(number for row in rows for number in (row.from_id, row.to_id))
        known = [row for row in rows if row.from_id in self.codes]
        others = [row for row in rows if row.from_id not in self.codes]
        refused = self._name([row for row in others if row.kind == "infections" and row.to_id in self.codes])
        refused += [
            _unknown(row, row.from_id, "from_id")
            for row in others
            if row.kind != "infections" or row.to_id not in self.codes
        ]
        taken = tracing.expose_many(
            self.by, self.outbreak, [self._exposure(row, place) for place, row in enumerate(known)]
        )
        self.exposures += [one.exposure_id for one in taken.exposures]
        for one in taken.refused:
            row = known[one.row]
            refused.append(_rejection(row, one.field, one.code, _both(one.message), _both(one.remedy)))
        return refused

    def _name(self, rows: Sequence[ContactRow]) -> list[Rejection]:
        refused = []
        links = {}
        for row in rows:
            form = PersonForm(name="", documents=((RECORD, f"{self.outbreak}:{row.from_id}"),), area=self.area)
            try:
                links[self.codes[row.to_id], row.from_id] = check(form), row.setting or ""
            except Refusal as refusal:
                refused.append(_refused(row, refusal))
        name_infectors(self.by, self.outbreak, links)
        return refused

    def walk(self, rows: Sequence[StopRow]) -> list[Rejection]:
        """Put stops on the activity tracks of cases. Stops of people who are no case are refused."""
        self.recall(row.person_id for row in rows)
        refused: list[Rejection] = []
        stays: dict[str, list[tuple[StopRow, StayForm]]] = {}
        for row in rows:
            if (code := self.codes.get(row.person_id)) is None:
                refused.append(_unknown(row, row.person_id, "person_id"))
            elif row.start is None:
                refused.append(_rejection(row, "start", "no_date", *_NO_DATE))
            else:
                stays.setdefault(code, []).append((row, self._stay(row, row.start)))
        for code, pairs in stays.items():
            for place, refusal in tracing.add_stays(self.by, code, [stay for _row, stay in pairs]):
                refused.append(_refused(pairs[place][0], refusal))
        return refused

    def recall(self, ids: Iterable[str]) -> None:
        """Look up the codes of cases that an earlier run took."""
        wanted = {one for one in ids if one not in self.codes}
        if wanted:
            self.codes |= case_queries.codes_by_source(self.outbreak, wanted)

    # ── forms ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def case_form(self, row: CaseRow) -> CaseForm:
        """A row as a report card. A date without a time counts as noon of that day."""
        reported = first_known(row)
        ended = row.outcome_at or row.died_at
        return CaseForm(
            person=self._person(row.id, row),
            outbreak=self.outbreak,
            area=row.area or self.area,
            source_ref=row.id,
            classification=row.classification or "confirmed",
            origin=row.origin or "unknown",
            onset_on=_day(row.onset),
            sampled_at=self._at(row.sampled_at),
            diagnosed_at=self._at(row.diagnosed_at or row.confirmed_at),
            reported_at=self._at(reported),
            isolated_at=self._at(row.isolated_at or row.hospitalised_at),
            admitted_at=self._at(row.hospitalised_at),
            severity=row.severity or "",
            outcome=row.outcome if row.outcome in ("recovered", "died") else "",
            outcome_on=_day(ended) if row.outcome in ("recovered", "died") else None,
            note=row.note or row.place or "",
        )

    def _exposure(self, row: ContactRow, place: int) -> ExposureForm:
        infected = row.kind == "infections"
        return ExposureForm(
            case=self.codes[row.from_id],
            person=self._person(row.to_id, row),
            from_at=self._at(row.start),
            to_at=self._at(row.end),
            place_text=row.place or row.setting or "",
            facts={"field_judgement": True},
            relation=row.relation or "",
            source="linelist",
            infector=infected,
            area=row.area or "",
            row=place,
        )

    def _stay(self, row: StopRow, start: When) -> StayForm:
        return StayForm(
            from_at=self._midnight(start),
            to_at=self._midnight(row.end) if row.end else None,
            place_text=row.place or "",
            place_kind=row.kind or "",
            lon=row.lon,
            lat=row.lat,
            source="linelist",
        )

    def _person(self, number: str, row: CaseRow | ContactRow) -> PersonForm:
        known_on = row.onset or first_known(row) if isinstance(row, CaseRow) else row.start
        born = getattr(row, "birth_year", None)
        if born is None and row.age is not None and known_on is not None:
            born = day_of(known_on).year - row.age
        documents = [(RECORD, f"{self.outbreak}:{number}")]
        if row.id_number:
            documents.append(("", row.id_number))
        return PersonForm(
            name=row.name or "",
            sex=row.sex or "",
            birth_date=getattr(row, "birth_date", None),
            birth_year=born,
            documents=tuple(documents),
            phones=(row.phone,) if row.phone else (),
            area=row.area or self.area,
            address=getattr(row, "address", None) or "",
            occupation=getattr(row, "occupation", None) or "",
        )

    def _at(self, when: When | None) -> datetime | None:
        """An instant: a day without a time is its noon, which is the same day in every zone nearby."""
        if when is None or isinstance(when, datetime):
            return when
        return datetime(when.year, when.month, when.day, 12, tzinfo=self.zone)

    def _midnight(self, when: When) -> datetime:
        return when if isinstance(when, datetime) else datetime(when.year, when.month, when.day, tzinfo=self.zone)


def first_known(row: CaseRow) -> When | None:
    """When a case came to be known: its report, else the nearest thing to one that the list has."""
    order = (row.reported_at, row.confirmed_at, row.diagnosed_at, row.hospitalised_at, row.isolated_at, row.sampled_at)
    return next((when for when in (*order, row.onset, row.outcome_at, row.died_at) if when is not None), None)


def _day(when: When | None) -> date | None:
    return None if when is None else day_of(when)


# ── what was refused ───────────────────────────────────────────────────────────────────────────────────────────────────

_NO_DATE = (
    Text("没有任何日期，无法确定先后", "there is no date at all, so its place in time is unknown"),
    Text("请至少填一个日期", "Give at least one date"),
)
#: Our fields → the names that the row has for them, where they differ.
_FIELDS: Mapping[str, str] = {"onset_on": "onset", "outcome_on": "outcome_at", "source_ref": "id", "person": "id"}


def _no_date(row: CaseRow) -> Rejection:
    return _rejection(row, "reported_at", "no_date", *_NO_DATE)


def _unknown(row: ContactRow | StopRow, number: str, name: str) -> Rejection:
    return _rejection(
        row, name, "unknown_case",
        Text(f"病例 {number} 未被接收", f"case {number} was not taken"),
        Text("请先更正该病例所在的行", "Correct the row of that case first"),
    )  # fmt: skip


def _refused(row: CaseRow | ContactRow | StopRow, refusal: Refusal) -> Rejection:
    return _rejection(row, refusal.field, refusal.code, _both(refusal.message), _both(refusal.remedy))


def _rejection(row: CaseRow | ContactRow | StopRow, name: str, code: str, reason: Text, remedy: Text) -> Rejection:
    name = _FIELDS.get(name, name)
    value = getattr(row, name, "")
    return Rejection(
        file=row.file, row=row.row, column=name, value="" if value is None else str(value), code=code, reason=reason,
        remedy=remedy, severity="dropped_row", field=name, person=getattr(row, "id", "") or getattr(row, "to_id", ""),
    )  # fmt: skip


def _both(message: object) -> Text:
    """A translatable message in both languages (what was translated already stays as it is)."""
    with override("zh-hans"):
        zh = str(message)
    with override("en"):
        en = str(message)
    return Text(zh, en)
