"""Corrections and what becomes of a case: amended, moved to a hospital, isolated, recovered or dead, discarded."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from fangxian.cases.actions.writing import (
    Change,
    changed,
    changed_since,
    locked,
    locked_many,
    settle,
    settle_all,
    stale,
    write,
)
from fangxian.cases.models import Case
from fangxian.cases.subject import KIND
from fangxian.core import clock
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action
from fangxian.core.errors import Conflict, Invalid, Refusal
from fangxian.duties import actions as duties
from fangxian.duties import queries as duty_queries
from fangxian.registry.queries import Post


@action
def amend(
    by: Actor, code: str, changes: Mapping[str, Any], version: int, *, reason: str = "", merge: bool = False
) -> Case:
    """Correct a case that was read as `version` (订正). Keys of `changes` are fields of `CaseForm`; facts and dates by name.

    The reason stands in the case's history.

    Raises Conflict where somebody else changed the case meanwhile, naming fields and people. With `merge`, which the user
    must have asked for, changes to other fields than theirs are saved all the same.
    """
    case = locked(by, code, "cases.edit")
    must_fit(case, changes, version, merge=merge)
    return write(by, case, changes, "case.amended", reason=reason.strip()[:300])


def must_fit(case: Case, changes: Mapping[str, Any], version: int, *, merge: bool = False) -> None:
    """Raise Conflict unless the changes were made on the newest version, or touch nothing that others did."""
    if version == case.version:
        return
    if version > case.version or not merge or touched(changes) & changed_since(case, version).keys():
        raise stale(case, version)


def touched(changes: Mapping[str, Any]) -> set[str]:
    """The names of the fields, as the journal has them. A new fact may change the class, so the two go together."""
    names = {name for name in changes if name not in ("facts", "dates")}
    names |= {f"{group}.{key}" for group in ("facts", "dates") for key in changes.get(group, ())}
    if names & {"classification", "outcome", "origin"} or changes.get("facts"):
        names.add("classification")
    return names


@action
def amend_many(by: Actor, changes: Sequence[tuple[str, Mapping[str, Any]]]) -> list[tuple[int, Refusal]]:
    """What a list tells later of many cases (code, changes), in one transaction; those refused, by their place. The others are saved."""
    cases = {case.code: case for case in locked_many(by, [code for code, _changes in changes], "cases.edit")}
    done: list[Change] = []
    refused: list[tuple[int, Refusal]] = []
    for place, (code, wanted) in enumerate(changes):
        try:
            case = cases.get(code) or locked(by, code, "cases.edit")  # which says why it is not among them
            as_it_was = dict(vars(case))
            try:
                differing = changed(case, wanted)
            except Refusal:
                vars(case).update(as_it_was)
                raise
            if differing:
                done.append(Change(case, differing, "case.outcome" if "outcome" in differing else "case.amended"))
        except Refusal as refusal:
            refused.append((place, refusal))
    settle_all(by, done)
    return refused


@action
def record_outcome(by: Actor, code: str, outcome: str, on: date, *, version: int | None = None) -> Case:
    """How the illness ended (转归): recovered, died or transferred elsewhere, and on which day."""
    case = locked(by, code, "cases.edit", version)
    if not outcome:
        raise Invalid(_("An outcome is needed."), remedy=_("Choose recovered, died or transferred."), field="outcome")
    return write(by, case, {"outcome": outcome, "outcome_on": on}, "case.outcome")


@action
def isolate(by: Actor, code: str, at: datetime | None = None, *, version: int | None = None) -> Case:
    """The case is isolated from now, or was at an instant (隔离). Raises Conflict where it already is."""
    case = locked(by, code, "cases.edit", version)
    if case.isolated_at is not None:
        raise Conflict(
            _("This case has been isolated since %(at)s.")
            % {"at": case.isolated_at.astimezone(clock.zone()).strftime("%Y-%m-%d %H:%M")},
            remedy=_("If that is wrong, correct it."),
            field="isolated_at",
        )
    return write(by, case, {"isolated_at": at or clock.now()}, "case.isolated")


@action
def transfer(by: Actor, code: str, hospital: int, at: datetime | None = None, *, version: int | None = None) -> Case:
    """Move a case to a hospital (转运): what a hospital still has to do about it is that one's from now on."""
    case = locked(by, code, "cases.edit", version)
    write(by, case, {"hospital": hospital, "admitted_at": at or clock.now()}, "case.transferred")
    for duty in duty_queries.of_subject(KIND, case.pk):
        for step in duty.steps.all():
            if step.state == step.OPEN and step.role == "hospital" and step.organisation_id != hospital:
                post = Post(step.post_area, hospital, None)
                duties.hand_over(SYSTEM, step.pk, post, _("the case was moved to another hospital"))
    return case


@action
def discard(by: Actor, code: str, reason: str, *, version: int | None = None) -> Case:
    """Rule a case out (排除): its duties end as excluded, and the same person may be reported again."""
    case = locked(by, code, "cases.discard", version)
    if case.classification == Case.DISCARDED:
        raise Conflict(_("This case was already discarded."), code="discarded")
    reason = reason.strip()[:300]
    if len(reason) < 2:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="reason")
    before, case.classification, case.classified_by = case.classification, Case.DISCARDED, ""
    return settle(by, case, {"classification": [before, Case.DISCARDED]}, "case.discarded", reason=reason)
