"""Three-level review (三级审核): each level in its turn, none skipped; a return goes back with its reason, and is answered."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.cases.actions.amending import must_fit
from fangxian.cases.actions.writing import locked, settle, write
from fangxian.cases.events import CaseReviewed
from fangxian.cases.models import Case, Review
from fangxian.cases.progress import Progress, progress
from fangxian.cases.subject import STAGE
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action, emit
from fangxian.core.errors import Conflict, Invalid
from fangxian.duties import actions as duties
from fangxian.protocols import StepRule
from fangxian.registry import levels


@action
def review(
    by: Actor, code: str, decision: str, reason: str = "", to: str | None = None, *, version: int | None = None
) -> Case:
    """Decide on a case at the level whose turn it is: `approve`, or `return` with the reason.

    A return goes to the reporter, or to the earlier step named by `to`; everything from there on is to be done once more.
    `version` is the one that was looked at. Raises NotAllowed where the actor's jurisdiction does not reach that level,
    Conflict where no review is due or the case has changed since.
    """
    case = locked(by, code, version=version)
    if decision not in (Review.APPROVE, Review.RETURN):
        raise Invalid(
            _("“%(decision)s” is no decision.") % {"decision": decision},
            remedy=_("Choose approve or return."),
            field="decision",
        )
    step_id, step, at = _turn(case)
    level = step.level or ""
    by.must("cases.review", levels.at_level(case.area, level), case.organisation_id)
    if decision == Review.APPROVE:
        duties.complete(by, step_id, {"decision": "accepted", "findings": reason.strip()}, through=STAGE)
    else:
        duties.send_back(by, step_id, to or at.rule.steps[0].key, reason, through=STAGE)
    Review.objects.create(
        case=case, level=level, decision=decision, reason=reason.strip()[:300], by_name=by.name, by_id=by.account_id, at=clock.now()
    )  # fmt: skip
    emit(CaseReviewed(case.pk, level, decision))
    name = "case.approved" if decision == Review.APPROVE else "case.returned"
    return _how_far(by, case, name, reason.strip(), {"level": level, "to": to or ""})


@action
def correct(by: Actor, code: str, changes: Mapping[str, Any], version: int) -> Case:
    """Answer a return: correct the card and hand it in again. Raises Conflict where the card was not returned.

    What was right may stay: `changes` may be empty.
    """
    case = locked(by, code)
    if not by.may("cases.edit", case.area, case.organisation_id):
        by.must("cases.correct", case.area, case.organisation_id)
    must_fit(case, changes, version)
    at = progress(case)
    if at is None or at.step_id is None or not at.with_reporter:
        raise Conflict(
            _("This case was not returned for correction."), remedy=_("Amend it instead."), code="not_returned"
        )
    write(by, case, changes, "case.corrected")
    duties.complete(by, at.step_id, {"card_number": case.code}, through=STAGE)
    return _how_far(by, case, "case.handed_in", "", {})


def _turn(case: Case) -> tuple[int, StepRule, Progress]:
    """The step whose turn it is, if it is a reviewer's."""
    at = progress(case)
    if at is None:
        raise Conflict(_("The protocol of this case knows no review."), code="no_review")
    if case.classification == Case.DISCARDED:
        raise Conflict(_("This case was discarded; nothing about it is reviewed any more."), code="discarded")
    if at.step_id is None or at.step is None:
        raise Conflict(_("The review of this case is complete."), code="reviewed")
    if at.with_reporter:
        raise Conflict(
            _("“%(step)s” comes first and is still open.") % {"step": at.step.name.in_(get_language() or "zh")},
            remedy=_("The reporter has it; the review goes on when it is handed in again."),
            code="out_of_order",
        )
    return at.step_id, at.step, at


def _how_far(by: Actor, case: Case, name: str, reason: str, data: Mapping[str, Any]) -> Case:
    at = progress(case)
    assert at is not None
    before, case.review = case.review, at.state
    return settle(by, case, {"review": [before, at.state]}, name, reason=reason, data=data)
