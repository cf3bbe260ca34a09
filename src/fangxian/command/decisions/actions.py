"""The only writers of questions and decisions (决策): asked, answered by a job, decided and signed, all of it in the journal."""

import hashlib
import json

from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.command.decisions import asking, queries
from fangxian.command.decisions.answering import SUBJECT
from fangxian.command.decisions.jobs import KIND
from fangxian.command.decisions.models import Decision, Question
from fangxian.command.decisions.schemas import QuestionForm
from fangxian.core import clock, ids, jobs
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid
from fangxian.registry import queries as registry

#: Parts of a place that a simulated city is made of.
MOST_PARTS = 60
ASK, SIGN = "decisions.ask", "decisions.sign"


@action
def ask(by: Actor, form: QuestionForm) -> Question:
    """Ask a question about a place; its job is in the queue, its answer is read by `queries.question`.

    Raises Invalid naming the field for a value out of its range or nothing to choose, NotFound for an outbreak or a place that the
    actor may not know of, NotAllowed outside their jurisdiction.
    """
    by.must(ASK, form.area)
    if form.area:
        registry.area(form.area)
    outbreak = cases.outbreak(by, form.outbreak) if form.outbreak else None
    raw = asking.raw_of(form, {one.code: one.population for one in registry.children(form.area)[:MOST_PARTS]})
    asked = asking.read(raw)
    row = Question.objects.create(
        code=ids.new_code(), name=form.name.strip(), area=form.area, outbreak_id=outbreak.id if outbreak else None, asked=raw,
        begins_on=clock.today(), owner_id=by.account_id, owner_name=by.name, created_at=clock.now(),
    )  # fmt: skip
    row.job = jobs.start(by, KIND, {"question": row.pk})
    row.save(update_fields=["job"])
    record(
        by, "decision.asked", (SUBJECT, row.pk), area=row.area,
        data={"code": row.code, "question": asked.digest, "policies": len(asked.policies)},
    )  # fmt: skip
    return row


@action
def choose_policy(by: Actor, code: str, policy: int, why: str) -> Decision:
    """Decide on a policy of the frontier: what was decided, why, by whom and on which figures stays on record.

    A later decision takes the place of this one and changes nothing of it. Raises Conflict while there is no answer, Invalid for a
    policy that is not on the frontier or a missing reason.
    """
    view = queries.question(by, code)
    by.must(SIGN, view.row.area)
    if view.answer is None:
        raise Conflict(
            _("This question has no answer yet."), remedy=_("Wait for the search to end."), code="unanswered"
        )
    if policy not in view.answer.frontier:
        raise Invalid(
            _("This policy is beaten, or keeps no limit."), remedy=_("Choose one of the frontier."), field="policy"
        )
    why = why.strip()
    if not 2 <= len(why) <= 1000 or "\0" in why:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="why")
    row = Question.objects.get(code=view.row.code)
    told = view.answer.policies[policy]
    made = Decision.objects.create(
        question=row, policy=policy, is_recommended=policy == view.answer.knee, why=why, by_id=by.account_id, by_name=by.name,
        at=clock.now(), digest=digest(row, policy, why),
    )  # fmt: skip
    record(
        by, "decision.signed", (SUBJECT, row.pk), area=row.area,
        data={
            "code": row.code, "policy": policy, "values": view.asked.values(told.setting), "recommended": made.is_recommended,
            "effect": {view.asked.effect: round(told.effect.value, 1)}, "cost": {view.asked.cost: round(told.cost.value, 1)},
            "why": why, "digest": made.digest,
        },
    )  # fmt: skip
    return made


def digest(row: Question, policy: int, why: str) -> str:
    """SHA-256 over everything that a decision rests on."""
    content = {"asked": row.asked, "answer": row.answer, "policy": policy, "why": why}
    told = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()
