"""Which steps a visit completes: those due on its day whose evidence it brings."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.errors import Conflict
from fangxian.duties import planning
from fangxian.duties import queries as duty_queries
from fangxian.tracing import subject
from fangxian.tracing.models import Contact


def due_now(contact: Contact, evidence: Mapping[str, Any], at: datetime, key: str = "") -> list[Any]:
    """The open steps that the evidence completes: of each kind of evidence the one due first on that local day, or at any time.

    A contact measured twice a day has two steps a day: the first visit completes the first. Yesterday's missed visit is not
    made good by today's, so it stays missed, unless `key` names it (a test that was taken late is still a test). Raises
    Conflict where nothing fits, saying what is open.
    """
    waiting = sorted(_waiting(contact), key=lambda one: (one[0].due_at, one[0].pk))
    day = at.astimezone(clock.zone()).date()
    chosen: dict[tuple[str, ...], Any] = {}
    for step, wanted, dated in waiting:
        named = step.key == key if key else not dated or step.due_at.astimezone(clock.zone()).date() == day
        if named and set(wanted) <= evidence.keys():
            chosen.setdefault(wanted, step)
    if not chosen and not _alarming(evidence):
        shown = ", ".join(f"{step.key} ({', '.join(wanted)})" for step, wanted, _dated in waiting[:6])
        raise Conflict(
            _("Nothing that is due today asks for this."),
            remedy=_("Open are: %(steps)s. To record one of them late, name it.") % {"steps": shown or "–"},
            code="nothing_due",
        )
    return list(chosen.values())


def _waiting(contact: Contact) -> Iterator[tuple[Any, tuple[str, ...], bool]]:
    """The open steps that ask for evidence and have a time, each with what it asks for and whether it belongs to one day."""
    for duty in duty_queries.of_subject(subject.KIND, contact.pk):
        rule = duty_queries.rule(duty)
        for step in duty.steps.all():
            wanted = planning.evidence_wanted(rule, step.key)
            if wanted and step.state == step.OPEN and step.due_at is not None:
                yield step, wanted, rule.step(step.key).on_days is not None


def _alarming(evidence: Mapping[str, Any]) -> bool:
    """What must never be turned away, due or not."""
    return evidence.get("symptoms") == "some" or evidence.get("result") == "positive"
