"""The one way in which a case that is in the record changes: version, journal, class, clocks, duties, event."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from fangxian.cases.events import CaseChanged, CaseReclassified
from fangxian.cases.judgement import AS_REPORTED, check, check_dates, check_facts, day_of, judge, known_facts
from fangxian.cases.models import Case, Ending, Judgement
from fangxian.cases.subject import KIND, anchors_of, judged_of, moments_of, subject_of
from fangxian.core import bulk, clock, ids, journal
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import emit, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.duties import actions as duties
from fangxian.duties import packs
from fangxian.duties.subjects import Subject
from fangxian.registry import queries as registry

#: What a correction may touch. Person, place and outbreak are not corrected: the case is discarded and reported anew.
AMENDABLE = frozenset(
    "source_ref origin classification onset_on sampled_at diagnosed_at isolated_at last_negative_at severity hospital "
    "admitted_at outcome outcome_on note facts dates".split()
)
_COLUMN = {"hospital": "hospital_id"}
#: The columns that a change may touch.
_SAVED = tuple(sorted(_COLUMN.get(name, name) for name in AMENDABLE)) + ("classified_by", "review", "version")
#: The outcome of a duty by which a rule says that it ends with this outcome of the case.
_ENDS = {"recovered": "recovered", "died": "died", "transferred": "moved"}


def locked(by: Actor, code: str, right: str = "", version: int | None = None) -> Case:
    """The case, held for this transaction. Raises NotFound where the actor may not see it, NotAllowed without the right.

    With `version`, Conflict where the case has changed since then.
    """
    case = (
        Case.objects.select_for_update(of=("self",))
        .select_related("outbreak")
        .filter(code=ids.normalise_code(code))
        .first()
    )
    if case is None or not by.may("cases.view", case.area, case.organisation_id):
        raise NotFound(_("There is no such case."), remedy=_("Check the code; its last character is a check."))
    if right:
        by.must(right, case.area, case.organisation_id)
    if version is not None and version != case.version:
        raise stale(case, version)
    return case


def locked_many(by: Actor, codes: Collection[str], right: str) -> list[Case]:
    """Those of these cases that the actor may see and has the right to, held for this transaction."""
    found = (
        Case.objects.select_for_update(of=("self",)).select_related("outbreak").filter(code__in=codes).order_by("pk")
    )
    return [
        case for case in found
        if by.may("cases.view", case.area, case.organisation_id) and by.may(right, case.area, case.organisation_id)
    ]  # fmt: skip


def stale(case: Case, version: int) -> Conflict:
    """The refusal of a change that was begun on an older version: which fields somebody else changed, who and when."""
    others = changed_since(case, version)
    said = "; ".join(f"{field} ({who}, {at:%Y-%m-%d %H:%M})" for field, (who, at) in others.items())
    return Conflict(
        _("This case was changed meanwhile: %(fields)s.") % {"fields": said or _("its version has moved on")},
        remedy=_("Nothing was saved. Look at the new values, then save your changes again."),
        code="stale",
        field="version",
        detail={"version": case.version, "changed": {field: who for field, (who, _at) in others.items()}},
    )


def changed_since(case: Case, version: int) -> dict[str, tuple[str, datetime]]:
    """The fields that were changed after a version of the case: field → (who, when), from the journal."""
    found: dict[str, tuple[str, datetime]] = {}
    for entry in journal.of(KIND, case.pk):
        data = json.loads(entry.data)
        if data.get("version", 0) > version:
            found |= dict.fromkeys(data.get("changes", ()), (entry.actor, entry.at.astimezone(clock.zone())))
    return found


def write(by: Actor, case: Case, changes: Mapping[str, Any], action_name: str, *, reason: str = "") -> Case:
    """Bring changes of `AMENDABLE` fields to a locked case. Nothing happens where nothing differs.

    `facts` and `dates` are changed name by name; None takes a name away. Raises Invalid for what cannot be.
    """
    differing = changed(case, changes)
    return settle(by, case, differing, action_name, reason=reason) if differing else case


def changed(case: Case, changes: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set the fields of a case and check it; for each that differs, [old, new] as the journal keeps them. Saves nothing."""
    before = case.classification
    onset, diagnosed = case.onset_on, case.diagnosed_at
    found_early = onset is None or (diagnosed is not None and onset > day_of(diagnosed))
    differing = _apply(case, changes)
    check(case, found_early=found_early)
    if "classification" in changes or any(name.startswith(("facts.", "outcome", "origin")) for name in differing):
        _judge(case, str(changes.get("classification", "")), before)
        if case.classification != before:
            differing["classification"] = [before, case.classification]
    return differing


def settle(
    by: Actor,
    case: Case,
    differing: Mapping[str, list[Any]],
    action_name: str,
    *,
    reason: str = "",
    data: Mapping[str, Any] | None = None,
) -> Case:
    """Save a locked case whose fields were set: next version, journal (field → [old, new]), and all that follows from it."""
    settle_all(by, [Change(case, differing, action_name, reason, data or {})])
    return case


@dataclass(frozen=True, slots=True)
class Change:
    """A locked case whose fields were set, with what differs and how the journal calls it."""

    case: Case
    differing: Mapping[str, list[Any]]
    action: str
    reason: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


def settle_all(by: Actor, changes: Sequence[Change]) -> None:
    """`settle` for many cases at once."""
    for one in changes:
        case, said = one.case, {"reason": one.reason} if one.reason else {}
        case.version += 1
        record(
            by, one.action, (KIND, case.pk), area=case.area,
            basis=case.classified_by if "classification" in one.differing else "",
            data={"version": case.version, "changes": one.differing, **said, **one.data},
        )  # fmt: skip
    rows = ([*(getattr(one.case, name) for name in _SAVED), one.case.pk] for one in changes)
    bulk.update(Case, _SAVED, rows)
    _follow(by, [one for one in changes if set(one.differing) - {"review"}])


def _follow(by: Actor, changes: Sequence[Change]) -> None:
    """What changes of cases mean for their duties, and for those who listen."""
    now = clock.now()
    classes = {one.case.pk: one.differing["classification"] for one in changes if "classification" in one.differing}
    Judgement.objects.bulk_create(
        Judgement(
            case=one.case, classification=one.case.classification, basis=one.case.classified_by, at=now, known_at=now
        )
        for one in changes
        if one.case.pk in classes
    )
    Ending.objects.bulk_create(
        Ending(case=one.case, outcome=one.case.outcome, at=now, known_at=now)
        for one in changes
        if "outcome" in one.differing
    )
    for one in changes:
        emit(CaseChanged(one.case.pk, tuple(one.differing)))
        if one.case.pk in classes:
            emit(CaseReclassified(one.case.pk, *classes[one.case.pk]))
    excluded = {one.case.pk: ("excluded", one.reason) for one in changes if one.case.classification == Case.DISCARDED}
    duties.end_all(by, KIND, excluded)
    alive = [one for one in changes if one.case.pk not in excluded]
    duties.set_anchors(by, KIND, {one.case.pk: anchors_of(one.case) for one in alive})
    _open_due(by, [one.case for one in alive])
    reclassified = {
        one.case.pk: (one.case.classification, _("the case is now held to be %(class)s") % {"class": one.case.classification})
        for one in alive
        if one.case.pk in classes
    }  # fmt: skip
    duties.end_all(SYSTEM, KIND, reclassified, only_known=True)
    ended = {
        one.case.pk: (_ENDS[one.case.outcome], _("the outcome of the case was recorded"))
        for one in alive
        if "outcome" in one.differing and one.case.outcome
    }
    duties.end_all(SYSTEM, KIND, ended, only_known=True)


def _open_due(by: Actor, cases: Sequence[Case]) -> None:
    """Open what has become due by the moments that the cases have passed."""
    judged = judged_of([case.pk for case in cases])
    passed: dict[str, list[Subject]] = {}
    for case in cases:
        subject = subject_of(case)
        for moment in moments_of(case, judged[case.pk]):
            passed.setdefault(moment, []).append(subject)
    for moment, due in passed.items():
        duties.open_due(by, moment, due)


def _apply(case: Case, changes: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set the fields; for each that differs, [old, new] as the journal keeps them."""
    if unknown := set(changes) - AMENDABLE:
        name = min(unknown)
        raise Invalid(
            _("“%(field)s” of a case cannot be changed.") % {"field": name},
            remedy=_("Discard the case and report it anew.") if name in ("person", "area", "outbreak") else "",
            field=name,
        )
    differing: dict[str, list[Any]] = {}
    for name, value in changes.items():
        if name == "facts":
            check_facts(packs.pack(case.pack, case.area), value)
            case.facts = _merged(name, case.facts, value, differing)
        elif name == "dates":
            check_dates(value)
            given = {key: at.isoformat() if at is not None else None for key, at in value.items()}
            case.dates = _merged(name, case.dates, given, differing)
        elif name != "classification":
            column = _COLUMN.get(name, name)
            if name == "hospital" and value is not None and not registry.organisation_ids({value}):
                raise NotFound(_("There is no such organisation."), remedy=_("Register it first."), field=name)
            if (old := getattr(case, column)) != value:
                differing[name] = [_plain(old), _plain(value)]
                setattr(case, column, value)
    return differing


def _merged(
    name: str, old: Mapping[str, Any], given: Mapping[str, Any], differing: dict[str, list[Any]]
) -> dict[str, Any]:
    for key, value in given.items():
        if old.get(key) != value:
            differing[f"{name}.{key}"] = [old.get(key), value]
    return {key: value for key, value in {**old, **given}.items() if value is not None}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _judge(case: Case, declared: str, before: str) -> None:
    """Hold the case to be what its facts now say, or what the corrector says where that is more certain."""
    if before == Case.DISCARDED:
        raise Conflict(
            _("This case was discarded; its class stays."), remedy=_("If it is a case after all, report it anew."), code="discarded"
        )  # fmt: skip
    if declared == Case.DISCARDED:
        raise Invalid(
            _("A case is discarded with a reason."), remedy=_("Use “discard” and say why."), field="classification"
        )  # fmt: skip
    word = declared or (before if case.classified_by == AS_REPORTED else "")
    case.classification = ""  # what it was held to be is no evidence of what it is
    judged = judge(packs.pack(case.pack, case.area), known_facts(case), word)
    if declared and judged.classification != declared:
        raise Invalid(
            _("The facts meet the definition of %(class)s.") % {"class": judged.classification},
            remedy=_("Correct the facts first."),
            field="classification",
        )
    case.classification, case.classified_by = judged.classification, judged.basis
