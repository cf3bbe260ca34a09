"""Members of a positive pool whose duty ended by another way than a tube of their own."""

from collections.abc import Sequence

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action, emit, record
from fangxian.duties import queries as duty_queries
from fangxian.laboratory import subject
from fangxian.laboratory.events import MembersChanged
from fangxian.laboratory.models import Member

#: What an outcome of the duty makes of a member.
_STATES = {"confirmed": Member.POSITIVE, "refuted": Member.NEGATIVE}


@action
def ended(by: Actor, member_ids: Sequence[int]) -> None:
    """Nothing is owed about these members any more: they are held no longer, and it shows how that came."""
    for member in Member.objects.filter(pk__in=list(member_ids), state=Member.HELD).order_by("pk"):
        duties = duty_queries.of_subject(subject.MEMBER, member.pk)
        if not duties or any(duty.state == duty.OPEN for duty in duties):
            continue
        outcome = duties[-1].outcome
        state = _STATES.get(outcome, Member.FREED)
        Member.objects.filter(pk=member.pk).update(state=state, ended_at=clock.now())
        record(by, "member.ended", (subject.MEMBER, member.pk), area=member.area, data={"outcome": outcome})
        emit(MembersChanged((member.pk,)))
