"""Questions about measures: asked, watched, answered, decided."""

from datetime import date, datetime
from typing import Annotated, Any

from ninja import Router
from pydantic import Field

from fangxian.analytics.deciding import answer as answers
from fangxian.analytics.deciding import wording
from fangxian.api.jobs import JobView
from fangxian.api.offering import offer
from fangxian.api.shapes import Area, Shown, shown
from fangxian.command.decisions import actions, queries
from fangxian.command.decisions.schemas import Beginning, DecisionView, ExpectedDay, QuestionRow
from fangxian.core.access import Actor
from fangxian.text import Text

router = Router(tags=["decisions"])
#: Names that say what they are where nobody sees the package.
NAMED = {
    answers.Estimate: "MeanOfRuns", answers.Policy: "PolicyTried", answers.Step: "MarginalStep", answers.Marginal: "MeasureMarginal",
    answers.Regret: "PolicyRegret", answers.Earlier: "EarlierNotice", answers.Detection: "DetectionValue",
    answers.Compared: "MeasuresCompared", answers.Fan: "PolicyDays", answers.Round: "SearchRound", answers.Answer: "DecisionAnswer",
}  # fmt: skip
for kind, name in NAMED.items():
    shown(kind, name=name)


class QuestionAsked(Shown):
    """A question that was asked: its code; its job is in the queue."""

    code: str
    job: JobView | None


class DecisionMade(Shown):
    """What was decided, as it stands in the journal."""

    policy: int
    is_recommended: bool
    why: str
    at: datetime
    digest: str


class QuestionRead(Shown):
    """A question with its answer, if there is one, in numbers and in words; `choices` are the measures with their values."""

    row: shown(QuestionRow)  # type: ignore[valid-type]
    begins_on: date
    job: JobView | None
    fault: shown(Text) | None  # type: ignore[valid-type]
    choices: dict[str, list[float]]
    answer: shown(answers.Answer) | None  # type: ignore[valid-type]
    words: list[shown(Text)]  # type: ignore[valid-type]
    decisions: list[shown(DecisionView)]  # type: ignore[valid-type]


def question(by: Actor, code: str) -> dict[str, Any]:
    """A question: how far it is, its frontier, what that rests on, and what was decided."""
    view = queries.question(by, code)
    told: list[Text] = []
    if (answer := view.answer) is not None:
        told = [wording.headline(view.asked, answer), *(wording.marginal(view.asked, one) for one in answer.marginals)]
        told += [wording.regret(view.asked, answer.regret)] if answer.regret else []
        told += [wording.detection(view.asked, answer.detection)] if answer.detection else []
    return {
        "row": view.row, "begins_on": view.begins_on, "job": view.job, "fault": view.fault, "answer": answer, "words": told,
        "choices": {one.key: list(one.values) for one in view.asked.choices}, "decisions": view.decisions,
    }  # fmt: skip


def since_asked(by: Actor, code: str) -> list[ExpectedDay]:
    """What happened since a question was asked, beside what was expected."""
    return queries.since_then(by, queries.question(by, code))


POLICY = {"policy": Annotated[int, Field(strict=True, ge=0, le=100_000)]}

offer(router, "GET", "/questions", queries.questions, after=lambda row: row.id)
offer(router, "POST", "/questions", actions.ask, QuestionAsked, status=201, keyed=True)
offer(router, "GET", "/questions/beginning", queries.beginning, shown(Beginning), given={"area": Area | None})
offer(router, "GET", "/questions/{code}", question, QuestionRead)
offer(router, "GET", "/questions/{code}/since", since_asked)
offer(
    router,
    "POST",
    "/questions/{code}/decision",
    actions.choose_policy,
    DecisionMade,
    status=201,
    keyed=True,
    given=POLICY,
)
