"""Direct report (直报): one card by hand, or thousands by import, through the same checks and the same duties."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError
from django.db.models import Q
from django.utils.translation import gettext as _

from fangxian.cases.events import CasesReported
from fangxian.cases.judgement import Judged, check, check_dates, check_facts, judge, known_facts
from fangxian.cases.models import Case, Ending, Judgement, Outbreak
from fangxian.cases.schemas import CaseForm, Reported, ReportedCase
from fangxian.cases.subject import KIND, moments_of, subject_of
from fangxian.core import bulk, clock, ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, attempt, emit, record
from fangxian.core.errors import Conflict, NotFound, Refusal
from fangxian.duties import actions as duties
from fangxian.duties import packs
from fangxian.registry import queries as registry
from fangxian.registry.actions import register_many
from fangxian.registry.checking import Checked
from fangxian.registry.checking import check as check_person
from fangxian.registry.queries import Responsibility

#: A form on its way: its place in the pile, the person to be registered (None: already is), the case without its keys.
Draft = tuple[int, Checked | None, Case]
_COLUMNS = [str(field.column) for field in Case._meta.local_fields]
_ATTRIBUTES = [field.attname for field in Case._meta.local_fields]
_JUDGEMENT_COLUMNS = ("case_id", "classification", "basis", "at", "known_at")
_ENDING_COLUMNS = ("case_id", "outcome", "at", "known_at")
#: What a card says by itself, copied as it is.
_COPIED = (
    "source_ref origin onset_on sampled_at diagnosed_at isolated_at last_negative_at "
    "severity admitted_at outcome outcome_on note"
).split()


@action
def report(by: Actor, form: CaseForm) -> Case:
    """Report one case, which opens its duties.

    Raises Invalid naming the field at fault, Conflict naming the case where the person (or the source number) has one in
    this outbreak already, NotFound for an unknown outbreak or person.
    """
    taken = _take(by, form.outbreak, [form])
    if taken.refused:
        raise taken.refused[0][1]
    return Case.objects.select_related("outbreak", "organisation", "hospital").get(pk=taken.cases[0].id)


@action
def report_many(by: Actor, outbreak: str, forms: Sequence[CaseForm]) -> Reported:
    """Report many cases of one outbreak in one transaction; forms that are refused do not stop the others.

    For imports: call it with some thousand forms at a time.
    """
    return _take(by, outbreak, forms)


def _take(by: Actor, outbreak_code: str, forms: Sequence[CaseForm]) -> Reported:
    outbreak = Outbreak.objects.filter(code=ids.normalise_code(outbreak_code)).first()
    if outbreak is None:
        raise NotFound(_("There is no such outbreak."), remedy=_("Open it first."), field="outbreak")
    if outbreak.closed_at:
        raise Conflict(_("This outbreak is closed."), remedy=_("Open a new one, or report where the case belongs."))
    refused: dict[int, Refusal] = {}
    desk = _Desk(by, outbreak, forms)
    drafts: list[Draft] = []
    for index, form in enumerate(forms):
        try:
            drafts.append((index, *desk.draft(form)))
        except Refusal as refusal:
            refused[index] = refusal
    drafts = _not_known_by(outbreak, "source_ref", drafts, refused)
    drafts = _with_person(by, drafts, refused)
    drafts = _not_known_by(outbreak, "person_id", drafts, refused)
    drafts = _inserted(outbreak, drafts, refused)
    cases = [case for _index, _person, case in drafts]
    if cases:
        bulk.insert(
            Judgement,
            _JUDGEMENT_COLUMNS,
            [(case.pk, case.classification, case.classified_by, case.reported_at, case.created_at) for case in cases],
        )
        bulk.insert(
            Ending,
            _ENDING_COLUMNS,
            [(case.pk, case.outcome, case.reported_at, case.created_at) for case in cases if case.outcome],
        )
        _tell(by, outbreak, cases, desk.responsibility)
    return Reported(
        tuple(ReportedCase(index, case.pk, case.code, case.person_id) for index, _person, case in drafts),
        tuple(sorted(refused.items())),
    )


class _Desk:
    """What is looked up once for a pile of forms: persons, organisations, who answers, how facts are judged."""

    def __init__(self, by: Actor, outbreak: Outbreak, forms: Sequence[CaseForm]) -> None:
        self.by, self.outbreak, self.now = by, outbreak, clock.now()
        self.responsibility = Responsibility().about(form.area for form in forms if form.area)
        self.persons = _people({ids.normalise_code(form.person) for form in forms if isinstance(form.person, str)})
        self.organisations = registry.organisation_ids(
            {pk for form in forms for pk in (form.organisation, form.hospital) if pk is not None}
        )
        self._own = next((grant.organisation_id for grant in by.grants if grant.organisation_id), None)
        self._judged: dict[object, Judged] = {}

    def draft(self, form: CaseForm) -> tuple[Checked | None, Case]:
        """The person to be registered, and the case as it will be stored but for its keys. Raises Refusal."""
        case = Case(
            outbreak_id=self.outbreak.pk, pack=self.outbreak.pack, created_at=self.now, reported_at=form.reported_at or self.now
        )  # fmt: skip
        for name in _COPIED:
            setattr(case, name, getattr(form, name))
        person = None if isinstance(form.person, str) else check_person(form.person)
        case.area = form.area or (person.area if person else "")
        if isinstance(form.person, str):
            case.person_id, home = self._known_person(form.person)
            case.area = case.area or home
        case.facts = dict(form.facts)
        check_dates(form.dates)
        case.dates = {name: at.isoformat() for name, at in form.dates.items()}
        check(case, first=True)
        case.organisation_id = self._known("organisation", form.organisation) or self._reporter(case.area)
        case.hospital_id = self._known("hospital", form.hospital)
        self.by.must("cases.report", case.area, case.organisation_id)
        judged = self._judge(case, form.classification)
        case.classification, case.classified_by = judged.classification, judged.basis
        return person, case

    def _known_person(self, code: str) -> tuple[int, str]:
        person = self.persons.get(ids.normalise_code(code))
        if person is None:
            raise NotFound(_("There is no such person."), remedy=_("Register the person first."), field="person")
        return person

    def _reporter(self, area: str) -> int:
        return self._own or self.responsibility.of("reviewer", area, "county").organisation_id

    def _known(self, field: str, organisation: int | None) -> int | None:
        if organisation is not None and organisation not in self.organisations:
            raise NotFound(_("There is no such organisation."), remedy=_("Register it first."), field=field)
        return organisation

    def _judge(self, case: Case, declared: str) -> Judged:
        known = known_facts(case)
        key = (case.area[:6], declared, *sorted(known.items(), key=lambda item: item[0]))
        if (judged := self._judged.get(key)) is None:
            pack = packs.pack(case.pack, case.area)
            check_facts(pack, case.facts)
            judged = self._judged[key] = judge(pack, known, declared)
        return judged


def _people(codes: set[str]) -> dict[str, tuple[int, str]]:
    """Registered people by code: the record that stands for each, and where they live."""
    if not codes:
        return {}
    found = registry.by_codes(codes)
    root = registry.canonical(traits.id for traits in found.values())
    return {code: (root[traits.id], traits.area) for code, traits in found.items()}


def _with_person(by: Actor, drafts: list[Draft], refused: dict[int, Refusal]) -> list[Draft]:
    """Give every draft its person: the one named, or one registered now."""
    fresh = [(index, person, case) for index, person, case in drafts if person is not None]
    try:
        ids_found = register_many(by, [person for _index, person, _case in fresh])
    except Refusal:  # one of them names a household that there is not: sort it out one by one
        ids_found = [_registered(by, index, person, refused) for index, person, _case in fresh]
    for (_index, _person, case), person_id in zip(fresh, ids_found, strict=True):
        case.person_id = person_id
    return [draft for draft in drafts if draft[0] not in refused]


def _registered(by: Actor, index: int, person: Checked, refused: dict[int, Refusal]) -> int:
    try:
        return register_many(by, [person])[0]
    except Refusal as refusal:
        refused[index] = refusal
        return 0


def _not_known_by(outbreak: Outbreak, field: str, drafts: list[Draft], refused: dict[int, Refusal]) -> list[Draft]:
    """Leave out those of whom the outbreak has a case already, or who stand twice in the pile."""
    known = _on_record(outbreak, field, {value for *_rest, case in drafts if (value := getattr(case, field))})
    kept = []
    for index, person, case in drafts:
        value = getattr(case, field)
        if value and value in known:
            refused[index] = _duplicate(field, known[value])
            continue
        if value:
            known[value] = ""
        kept.append((index, person, case))
    return kept


def _on_record(outbreak: Outbreak, field: str, values: set[Any]) -> dict[Any, str]:
    """The codes of the cases on record by source number, or by person under whichever record."""
    if not values:
        return {}
    where = Q(**{f"{field}__in": values})
    if field == "person_id":
        where |= Q(person__canonical_id__in=values)
    found = Case.objects.filter(where, outbreak=outbreak).exclude(classification=Case.DISCARDED)
    rows = found.values_list(field, "person__canonical_id", "code")
    return {(root or value) if field == "person_id" else value: code for value, root, code in rows}


def _duplicate(field: str, code: str) -> Conflict:
    if not code:
        what = _("This person is reported twice in the same list.")
        if field == "source_ref":
            what = _("This source number stands twice in the same list.")
        return Conflict(what, remedy=_("Keep the row that is right."), code="duplicate_in_list", field=_FIELDS[field])
    what = _("This person is already reported in this outbreak: case %(code)s.") % {"code": code}
    if field == "source_ref":
        what = _("This source number is already reported in this outbreak: case %(code)s.") % {"code": code}
    return Conflict(
        what,
        remedy=_("Open that case and correct it instead."),
        code="already_reported",
        field=_FIELDS[field],
        detail={"case": code},
    )


_FIELDS: Mapping[str, str] = {"source_ref": "source_ref", "person_id": "person"}


def _inserted(outbreak: Outbreak, drafts: list[Draft], refused: dict[int, Refusal]) -> list[Draft]:
    """Write the cases. Where another report of the same person came in between, that one stands."""
    while drafts:
        keys = bulk.reserve_ids(Case, len(drafts))
        for pk, code, (_index, _person, case) in zip(keys, ids.new_codes(len(drafts)), drafts, strict=True):
            case.pk, case.code = pk, code
        try:
            with attempt():
                bulk.insert(Case, _COLUMNS, [[getattr(case, name) for name in _ATTRIBUTES] for *_rest, case in drafts])
            return drafts
        except IntegrityError:
            before = len(drafts)
            for field in _FIELDS:
                drafts = _not_known_by(outbreak, field, drafts, refused)
            if len(drafts) == before:
                raise
    return drafts


def _tell(by: Actor, outbreak: Outbreak, cases: Sequence[Case], responsibility: Responsibility) -> None:
    """Journal, duties and event of cases just reported."""
    subjects_of: dict[str, list[Any]] = {}
    for case in cases:
        record(
            by, "case.reported", (KIND, case.pk), area=case.area, basis=case.classified_by,
            data={
                "code": case.code, "outbreak": outbreak.code, "person": case.person_id, "classification": case.classification,
                "organisation": case.organisation_id, "source_ref": case.source_ref, "version": 1,
            },
        )  # fmt: skip
        subject = subject_of(case)
        for moment in moments_of(case, [case.classification]):
            subjects_of.setdefault(moment, []).append(subject)
    for moment, due in subjects_of.items():
        duties.open_due(by, moment, due, responsibility=responsibility)
    emit(CasesReported(outbreak.pk, tuple(case.pk for case in cases)))
