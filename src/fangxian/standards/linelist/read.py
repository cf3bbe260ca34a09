"""Reading a line list by its recipe: cases, then who is linked to them, each row checked against those before."""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from pathlib import Path

from fangxian.standards.linelist.checks import Chains, Finding, check_case, complete_case
from fangxian.standards.linelist.columns import Context
from fangxian.standards.linelist.opening import Corrections, Opened, open_tables
from fangxian.standards.linelist.recipe import Recipe
from fangxian.standards.linelist.rows import (
    CaseRow,
    ContactRow,
    ExposureRow,
    LineListRow,
    Rejection,
    StopRow,
    TripRow,
    When,
    day_of,
)
from fangxian.text import Text

Progress = Callable[[str, int], None]
"""Called with a file's name and how many of its rows were read: every `PROGRESS_EVERY` rows and at its end."""
PROGRESS_EVERY = 1000
_CASE_FIELDS = tuple(f.name for f in fields(CaseRow) if f.name not in ("file", "row"))
_case_facts = attrgetter(*_CASE_FIELDS)
_contact_facts = attrgetter(*(f.name for f in fields(ContactRow) if f.name not in ("file", "row")))

Read = Iterator[LineListRow | Rejection]


def read(
    recipe: Recipe, data_dir: Path, *, today: dt.date, progress: Progress | None = None,
    corrections: Corrections | None = None,
) -> Read:  # fmt: skip
    """Everything in a line list, streaming: cases, then contacts, exposures, stops and trips; rejections where they arise.

    All files are opened and all columns checked before this returns: RecipeError (with every mistake) is raised here,
    not while iterating. ``today`` is the last date that is believed. The ``from_id`` of every ContactRow and the ``person_id``
    of every ExposureRow and StopRow has been yielded before, unless ``checks`` of the recipe say otherwise. ``corrections``
    stand for what the files say. Memory grows with the number of people, not with the size of the rows.
    """
    opened, early = open_tables(recipe, data_dir, today, corrections)
    return _Reading(opened, early, progress).rows()


@dataclass(frozen=True, slots=True)
class _Known:
    """What is remembered of a case: enough to recognise its double and to date its chain."""

    file: str
    row: int
    fingerprint: array[int]
    onset: dt.date | None


class _Reading:
    def __init__(self, opened: list[Opened], early: list[Rejection], progress: Progress | None) -> None:
        self.opened = opened
        self.early = early
        self.progress = progress
        self.cases: dict[str, _Known] = {}
        self.contacts: set[str] = set()
        self.chains = Chains()
        self.infections: list[tuple[Opened, ContactRow]] = []
        self.against_dates: list[tuple[Opened, ContactRow]] = []
        self.linked: set[tuple[str, str]] = set()
        self.contact_rows: set[int] = set()

    def rows(self) -> Read:
        yield from self.early
        for opened in self.opened:
            if opened.spec.rows == "cases":
                yield from self._each(opened, self._case)
        for opened in self.opened:
            if opened.spec.rows == "contacts":
                yield from self._each(opened, self._contact_rows)
        for opened, infection in self.infections:
            if (infection.from_id, infection.to_id) not in self.linked:
                yield from self._contact(opened, infection)
        for opened, infection in self.against_dates:
            yield from self._contact(opened, infection, last=True)
        for opened in self.opened:
            if opened.spec.rows == "exposures":
                yield from self._each(opened, self._exposure)
            elif opened.spec.rows == "stops":
                yield from self._each(opened, self._stop)
            elif opened.spec.rows == "trips":
                yield from self._each(opened, self._trip)

    def _each(self, opened: Opened, handle: Callable[[Opened, int, dict[str, object]], Read]) -> Read:
        """Read every row of a table, list what is wrong with it, and hand what is right to ``handle``."""
        count = 0
        for row in opened:
            count += 1
            if self.progress and count % PROGRESS_EVERY == 0:
                self.progress(opened.context.file, count)
            if row.fault is not None:
                quoted = ",".join(str(cell) for cell in row.cells if cell is not None)[:80]
                yield from _listed(
                    opened.context, "row_fault", row.number, "", quoted, row.fault.what, row.fault.remedy
                )
                continue
            values, complaints = opened.reader.read(row.number, opened.cells(row))
            person = _person(values)
            for complaint in complaints:
                yield replace(complaint, person=person)
            if values is not None:
                yield from handle(opened, row.number, values)
        if self.progress:
            self.progress(opened.context.file, count)

    # --- cases -----------------------------------------------------------------------------------------------------

    def _case(self, opened: Opened, number: int, values: dict[str, object]) -> Read:
        case = CaseRow(file=opened.context.file, row=number, **values)  # type: ignore[arg-type]
        fingerprint = _fingerprint(case)
        if (known := self.cases.get(case.id)) is not None:
            rejection = _double(opened, case, known, fingerprint)
            if rejection is not None:
                yield rejection
            return
        if case.died_at and case.outcome is None:  # the death holds, even if its date should not
            case = replace(case, outcome="died")
        for finding in check_case(case):
            rejection = _judged(opened, number, finding, getattr(case, finding.fields[0]), case.id)
            if rejection is None:
                continue
            yield rejection
            if rejection.severity == "dropped_row":
                return
            if rejection.severity == "dropped_value":
                case = replace(case, **dict.fromkeys(finding.fields))  # type: ignore[arg-type]
        case = complete_case(case)
        self.cases[case.id] = _Known(case.file, number, fingerprint, day_of(case.onset) if case.onset else None)
        yield case
        for infector in case.infected_by:
            link = ContactRow(file=case.file, row=number, from_id=infector, to_id=case.id, kind="infections")
            self.infections.append((opened, link))

    # --- contacts --------------------------------------------------------------------------------------------------

    def _contact_rows(self, opened: Opened, number: int, values: dict[str, object]) -> Read:
        """One row may name several people on either side: each pair is a contact."""
        froms, tos = values.pop("from_id"), values.pop("to_id")
        assert isinstance(froms, tuple) and isinstance(tos, tuple)
        for from_id in froms:
            for to_id in tos:
                facts = values | {"from_id": from_id, "to_id": to_id, "kind": opened.spec.contacts_are}
                contact = ContactRow(file=opened.context.file, row=number, **facts)  # type: ignore[arg-type]
                yield from self._contact(opened, contact)

    def _contact(self, opened: Opened, contact: ContactRow, *, last: bool = False) -> Read:
        if contact.kind == "links" and (contact.to_id, contact.from_id) in self.linked:
            return
        if contact.kind == "infections" and not last and self._serial_interval(contact) < 0:
            # Wait until all others are in: if a loop must be broken, then at the link that runs against the dates.
            self.against_dates.append((opened, contact))
            return
        facts = hash(_contact_facts(contact))
        for finding in self._doubts(contact, facts):
            rejection = _judged(opened, contact.row, finding, f"{contact.from_id} → {contact.to_id}", contact.to_id)
            if rejection is None:
                continue
            yield rejection
            if rejection.severity == "dropped_row":
                return
            if rejection.severity == "dropped_value":
                contact = replace(contact, **dict.fromkeys(finding.fields))  # type: ignore[arg-type]
        self.contact_rows.add(facts)
        self.linked.add((contact.from_id, contact.to_id))
        self.contacts.add(contact.to_id)
        if contact.kind == "infections":
            self.chains.add(contact.from_id, contact.to_id)
        yield contact

    def _doubts(self, contact: ContactRow, facts: int) -> Iterator[Finding]:
        source, target = contact.from_id, contact.to_id
        if source == target:
            what = Text(f"“{source}”感染了自己", f"“{source}” is linked to itself")
            yield Finding("self_infection", ("from_id",), what, Text("请更正其中一个编号", "Correct one of the two"))
            return
        if source not in self.cases or (contact.kind == "links" and target not in self.cases):
            absent = source if source not in self.cases else target
            what = Text(f"病例表中没有“{absent}”", f"“{absent}” is not among the cases")
            yield Finding(
                "contact_without_case",
                ("from_id",),
                what,
                Text("请补录该病例或更正编号", "Add the case or correct the identifier"),
            )
        if facts in self.contact_rows:
            what = Text(
                f"“{source}”与“{target}”的同一接触已列出",
                f"the same contact of “{source}” and “{target}” was listed before",
            )
            yield Finding("duplicate_contact", ("from_id",), what, Text("请删去重复的行", "Remove the repeated row"))
        if _reversed(contact.start, contact.end):
            what = Text(
                f"结束（{contact.end}）早于开始（{contact.start}）",
                f"it ended ({contact.end}) before it began ({contact.start})",
            )
            yield Finding("times_reversed", ("end", "start"), what, Text("请核对起止时间", "Check both times"))
        if contact.kind != "infections":
            return
        if loop := self.chains.loop(source, target):
            path = " → ".join(loop)
            what = Text(f"感染链成环：{path}", f"the chain of infection is a loop: {path}")
            yield Finding(
                "infection_loop",
                ("from_id",),
                what,
                Text("请核对环上各例的感染来源", "Check the infector of each case in the loop"),
            )
        if (days := self._serial_interval(contact)) < 0:
            what = Text(
                f"代际间隔为负（{days} 天）：“{target}”发病早于感染者“{source}”",
                f"the serial interval is negative ({days} days): “{target}” fell ill before the infector “{source}”",
            )
            yield Finding(
                "negative_serial_interval",
                ("from_id",),
                what,
                Text("请核对两例的发病日期与方向", "Check both onsets and the direction"),
            )

    def _serial_interval(self, contact: ContactRow) -> int:
        """Days from the onset of the infector to that of the infected; 0 when either is not known."""
        first, second = self.cases.get(contact.from_id), self.cases.get(contact.to_id)
        if first is None or second is None or first.onset is None or second.onset is None:
            return 0
        return (second.onset - first.onset).days

    # --- exposures and stops ---------------------------------------------------------------------------------------

    def _exposure(self, opened: Opened, number: int, values: dict[str, object]) -> Read:
        yield from self._of_person(opened, ExposureRow(file=opened.context.file, row=number, **values))  # type: ignore[arg-type]

    def _stop(self, opened: Opened, number: int, values: dict[str, object]) -> Read:
        yield from self._of_person(opened, StopRow(file=opened.context.file, row=number, **values))  # type: ignore[arg-type]

    def _trip(self, opened: Opened, number: int, values: dict[str, object]) -> Read:
        """Passengers need be nobody that the list knows: they are who is looked for."""
        row = TripRow(file=opened.context.file, row=number, **values)  # type: ignore[arg-type]
        findings: list[Finding] = []
        if not (row.person_id or row.id_number or row.phone):
            what = Text("没有证件号码、电话或编号，不知是谁", "no document, telephone or number says who it was")
            remedy = Text("请至少补上一项", "Fill in one of them")
            findings.append(Finding("passenger_unnamed", ("id_number",), what, remedy))
        if _reversed(row.start, row.end):
            what = Text(
                f"下车（{row.end}）早于上车（{row.start}）", f"alighted ({row.end}) before boarding ({row.start})"
            )
            findings.append(Finding("trip_reversed", ("end",), what, Text("请核对起止时间", "Check both times")))
        for finding in findings:
            rejection = _judged(opened, number, finding, getattr(row, finding.fields[0]), row.person_id or "")
            if rejection is not None:
                yield rejection
                return
        yield row

    def _of_person(self, opened: Opened, row: ExposureRow | StopRow) -> Read:
        findings: list[Finding] = []
        if row.person_id not in self.cases and row.person_id not in self.contacts:
            what = Text(f"病例和接触者中都没有“{row.person_id}”", f"“{row.person_id}” is neither a case nor a contact")
            remedy = Text("请补录此人或更正编号", "Add the person or correct the identifier")
            findings.append(Finding("unknown_person", ("person_id",), what, remedy))
        if _reversed(row.start, row.end):
            what = Text(
                f"结束（{row.end}）早于开始（{row.start}）", f"it ended ({row.end}) before it began ({row.start})"
            )
            findings.append(
                Finding("times_reversed", ("end", "start"), what, Text("请核对起止时间", "Check both times"))
            )
        for finding in findings:
            rejection = _judged(opened, row.row, finding, getattr(row, finding.fields[0]), row.person_id)
            if rejection is None:
                continue
            yield rejection
            if rejection.severity == "dropped_row":
                return
            if rejection.severity == "dropped_value":
                row = replace(row, **dict.fromkeys(finding.fields))  # type: ignore[arg-type]
        yield row


def _fingerprint(case: CaseRow) -> array[int]:
    """One hash for each field: a few hundred bytes tell later whether, and where, a double differs."""
    return array("q", map(hash, _case_facts(case)))


def _reversed(start: When | None, end: When | None) -> bool:
    if isinstance(start, dt.datetime) and isinstance(end, dt.datetime):
        return end < start
    return start is not None and end is not None and day_of(end) < day_of(start)


def _person(values: dict[str, object] | None) -> str:
    for name in ("id", "person_id", "to_id"):
        if values and (found := values.get(name)):
            return str(found[0] if isinstance(found, tuple) else found)
    return ""


def _double(opened: Opened, case: CaseRow, known: _Known, fingerprint: array[int]) -> Rejection | None:
    where = f"{known.file} {known.row}"
    differing = [
        name for name, one, other in zip(_CASE_FIELDS, fingerprint, known.fingerprint, strict=True) if one != other
    ]
    if not differing:
        what = Text(f"与 {where} 行完全相同，只保留一条", f"identical to row {where}; one of them is kept")
        finding = Finding("duplicate_case", ("id",), what, Text("请删去重复的行", "Remove the repeated row"))
    else:
        columns = "、".join(dict.fromkeys(opened.reader.label(name) for name in differing))
        what = Text(
            f"与 {where} 行编号相同但“{columns}”不同，保留先出现的",
            f"same identifier as row {where} but different {columns}; the first is kept",
        )
        remedy = Text("请核对两行，更正编号或合并", "Compare both rows; correct the identifier or merge them")
        finding = Finding("conflicting_case", ("id",), what, remedy)
    return _judged(opened, case.row, finding, case.id, case.id)


def _judged(opened: Opened, number: int, finding: Finding, value: object, person: str) -> Rejection | None:
    field = finding.fields[0]
    shown = str(value) if value is not None else ""
    column = opened.reader.label(field)
    if field == "from_id" and opened.spec.rows == "cases":
        field, column = "infected_by", opened.reader.label("infected_by")
    found = opened.context.rejection(finding.code, number, column, shown, finding.reason, finding.remedy, field)
    return replace(found, person=person) if found is not None else None


def _listed(
    context: Context, code: str, number: int, column: str, value: str, reason: Text, remedy: Text
) -> Iterator[Rejection]:
    rejection = context.rejection(code, number, column, value, reason, remedy, "")
    if rejection is not None:
        yield rejection
