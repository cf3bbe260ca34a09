"""What the pack would say of an exposure, before it is written down."""

from fangxian.core.access import Actor
from fangxian.duties import packs
from fangxian.protocols import Text
from fangxian.tracing import judging, sources
from fangxian.tracing.desk import Desk
from fangxian.tracing.schemas import ExposureForm, Proposal


def propose(by: Actor, form: ExposureForm) -> Proposal:
    """The category that an exposure would have, with its clause; who was exposed does not matter yet. Nothing is written.

    Raises Refusal as `actions.expose` does: for an unknown case or contact, a time that cannot be, an answer that is none.
    """
    desk = Desk(by, None, [form])
    source = desk.source(form)
    draft = desk.checked(form, source)
    judged = judging.judge(source, draft.facts, draft.from_at, draft.to_at)
    ref = packs.reference(source.edition)
    verdict = judging.verdict_of(ref, source.ring, tuple(sorted(judged.facts.items())))
    name = verdict.category.name if judged.category and verdict.category else sources.NO_WORDS
    cited = verdict.cited[0] if judged.category and verdict.cited else None
    clause = Text(cited.explain("zh"), cited.explain("en")) if cited else sources.NO_WORDS
    return Proposal(judged.category, name, judged.basis, judged.why, clause, judged.missing)
