"""Cases entered by mistake taken out again: not ruled out, which is a finding, but gone, with their duties; the journal keeps why."""

from collections.abc import Collection

from fangxian.cases import rests
from fangxian.cases.events import CasesWithdrawn
from fangxian.cases.models import Case
from fangxian.cases.subject import KIND
from fangxian.core.access import Actor
from fangxian.core.actions import action, emit, record
from fangxian.duties import actions as duties

RIGHT = "imports.undo"


@action
def withdraw_cases(by: Actor, case_ids: Collection[int], reason: str) -> int:
    """Delete cases that a list brought in and nobody has worked on, with their duties; how many went.

    The caller has made sure that nobody has, and has taken away what hangs on them. Raises NotAllowed outside the actor's areas.
    """
    cases = list(Case.objects.select_for_update().filter(pk__in=list(case_ids)).order_by("pk"))
    for case in cases:
        by.must(RIGHT, case.area, case.organisation_id)
        record(
            by, "case.withdrawn", (KIND, case.pk), area=case.area,
            data={"code": case.code, "person": case.person_id, "source_ref": case.source_ref, "reason": reason},
        )  # fmt: skip
    rests.let_go(by, [case.pk for case in cases], reason)
    duties.withdraw(by, KIND, [case.pk for case in cases], reason)
    for outbreak_id in sorted({case.outbreak_id for case in cases}):
        gone = tuple(case.pk for case in cases if case.outbreak_id == outbreak_id)
        emit(CasesWithdrawn(outbreak_id, gone))
    Case.objects.filter(pk__in=[case.pk for case in cases]).delete()
    return len(cases)
