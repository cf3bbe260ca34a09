"""The person concerned does not agree (异议、申诉): with a decision, with the isolation itself, with the time of release.

An objection opens a duty with a deadline; whoever decided does not answer it.
"""

from django.utils.translation import gettext as _

from fangxian.containment.isolation import disputes, rights, ruling
from fangxian.containment.isolation.actions import ending
from fangxian.containment.isolation.actions.moving import refresh
from fangxian.containment.isolation.models import Decision, Placement
from fangxian.core import clock, ids
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.duties import actions as duties
from fangxian.duties import queries as duty_queries

#: What the rule decides, which may be disputed like what a person does.
BY_THE_RULE = (Decision.ISOLATE, Decision.DATE)


@action
def dispute(by: Actor, decision_id: int, words: str) -> Decision:
    """The person concerned does not agree with a decision, or somebody who looks after them says so for them. Once a decision."""
    found = _decision(by, decision_id)
    if found.disputed_at is not None:
        raise Conflict(_("This decision is disputed already."), remedy=_("An answer is owed to it."), code="disputed")
    return _disputed(by, found, words)


@action
def object_to(by: Actor, code: str, what: str, words: str) -> Decision:
    """The same for what the rule decided: `what` is `isolate` (being isolated at all) or `date` (the time of release).

    It is written down as a decision of the rule. Once for the isolation, once for each time of release. Raises Conflict.
    """
    row = _concerned(by, code)
    if what not in BY_THE_RULE:
        raise Invalid(
            _("“%(value)s” is not known here.") % {"value": what},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(BY_THE_RULE)}, field="what",
        )  # fmt: skip
    if row.link == Placement.CLOSED:
        raise Conflict(_("This isolation is over."), code="ended")
    until = row.leave_at if what == Decision.DATE else None
    if what == Decision.DATE and until is None:
        raise Conflict(_("The time of release is not known yet."), remedy=_("It is counted from the last exposure."))
    if Decision.objects.filter(placement=row, kind=what, until=until).exists():
        raise Conflict(_("This decision is disputed already."), remedy=_("An answer is owed to it."), code="disputed")
    basis = ruling.basis(row.pack, row.area)
    made = Decision.objects.create(
        placement=row,
        kind=what,
        reason=_("By the rule in force."),
        basis=basis,
        until=until,
        at=row.begun_at,
        by_name="",
    )
    return _disputed(by, made, words)


@action
def answer(by: Actor, decision_id: int, upheld: bool, words: str) -> Decision:
    """Answer an objection: `upheld` is the person's view. Not by whoever decided.

    An extension that falls is taken back at once. Where the isolation itself falls it ends: at home now, on a site the person is
    to be let go now and is overdue from this moment. A wrong time of release is put right at the exposure that it counts from.
    """
    found = _decision(by, decision_id)
    row = rights.placement(by, found.placement.code, lock=True)
    if not rights.at_site(by, rights.DECIDE, row.site):
        by.must(rights.DECIDE, row.area)
    if found.disputed_at is None or found.answered_at is not None:
        raise Conflict(_("No dispute waits here for an answer."))
    if by.account_id is not None and by.account_id == found.by_id:
        raise NotAllowed(
            _("Whoever decided does not answer the dispute."),
            remedy=_("Have it answered by a colleague or the level above."),
        )
    found.answered_at, found.answered_by, found.answered_by_account_id = clock.now(), by.name, by.account_id
    found.answer, found.upheld = _words(words), upheld
    found.save()
    if upheld and row.link != Placement.CLOSED:
        _take_back(by, row, found.kind)
    record(
        by, "isolation.answered", ("placement", row.pk), area=row.area,
        data={"decision": found.pk, "upheld": upheld, "words": found.answer},
    )  # fmt: skip
    step = duty_queries.open_step(disputes.DUTY, (disputes.KIND, found.pk), disputes.ANSWER)
    if step is not None:
        duties.complete(SYSTEM, step.pk, {"findings": found.answer}, through=disputes.STAGE)
    return found


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _take_back(by: Actor, row: Placement, kind: str) -> None:
    if kind == Decision.ISOLATE:
        ending.over(by, row, "excluded")
    elif kind == Decision.EXTEND and row.link in (Placement.HOUSED, Placement.HOME):
        row.extended_until = None
        refresh(row)
        row.save()


def _disputed(by: Actor, found: Decision, words: str) -> Decision:
    found.disputed_at, found.disputed_by, found.dispute = clock.now(), by.name, _words(words)
    found.save()
    record(
        by, "isolation.disputed", ("placement", found.placement_id), area=found.placement.area,
        data={"decision": found.pk, "kind": found.kind, "words": found.dispute},
    )  # fmt: skip
    duties.open_due(SYSTEM, disputes.RAISED, [disputes.of(found)])
    return found


def _concerned(by: Actor, code: str) -> Placement:
    """The isolation of oneself, or of somebody whom the actor may know of. Raises NotFound."""
    rows = Placement.objects.select_for_update(of=("self",)).select_related("site", "trip__vehicle")
    found = rows.filter(code=ids.normalise_code(code)).first()
    if found is None or not (_own(by, found) or rights.may_see(by, found)):
        raise NotFound(
            _("There is nobody of this code in isolation."), remedy=_("Check the code; its last character is a check.")
        )
    return found


def _decision(by: Actor, decision_id: int) -> Decision:
    """A decision about oneself, or about somebody whom the actor may know of. Raises NotFound."""
    rows = Decision.objects.select_for_update(of=("self",)).select_related(
        "placement__site", "placement__trip__vehicle"
    )
    found = rows.filter(pk=decision_id).first()
    if found is None or not (_own(by, found.placement) or rights.may_see(by, found.placement)):
        raise NotFound(_("There is no such decision."))
    return found


def _own(by: Actor, row: Placement) -> bool:
    return by.person_id is not None and by.person_id == row.person_id


def _words(text: str) -> str:
    text = (text or "").strip()
    if len(text) < 2 or "\0" in text:
        raise Invalid(_("Say why."), remedy=_("In up to 500 characters; it stays on record."), field="words")
    return text[:500]
