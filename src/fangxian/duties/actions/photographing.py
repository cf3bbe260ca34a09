"""Photographs as evidence of a step: added by whoever does it, seen by whoever may see it, deleted when the protocol says."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from fangxian.core import attachments, clock
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action
from fangxian.core.errors import Conflict
from fangxian.duties import packs, queries
from fangxian.duties.actions.writing import already, mine
from fangxian.duties.models import Step

ABOUT = "step"
#: The fact of the vocabulary under which a step's evidence names its photograph, and the entry of a pack's retention.
PHOTO, PHOTOS = "photo", "photos"


@action
def attach(by: Actor, step_id: int, picture: bytes) -> attachments.Attachment:
    """Add a photograph (JPEG, PNG or WebP, up to 5 MB) to an open step; its code is what the evidence “photo” names.

    What is kept is written anew without place, time or camera. The same photograph sent twice is one.
    """
    step, _rule = mine(by, "duties.do", step_id)
    if step.state != Step.OPEN:
        raise already(step.pk) if step.done_at else Conflict(_("This step is over."))
    return attachments.keep(by, (ABOUT, step.pk), picture, area=step.area)


@action
def look(by: Actor, step_id: int, photo: str) -> bytes:
    """A photograph of a step (JPEG), for whoever may see the step; the look is on record."""
    step = queries.step(by, step_id)
    return attachments.look(by, (ABOUT, _taken_for(step, photo)), photo)


def must_belong(step: Step, evidence: Mapping[str, Any]) -> None:
    """Evidence names no photograph but one of its own subject: one visit may settle several steps. Raises NotFound."""
    if PHOTO in evidence:
        _taken_for(step, str(evidence[PHOTO]))


def _taken_for(step: Step, photo: str) -> int:
    """The step about the same subject for which the photograph was taken."""
    kept = attachments.by_code(ABOUT, photo)
    about = {"duty__subject_kind": step.duty.subject_kind, "duty__subject_id": step.duty.subject_id}
    if kept.about_id != step.pk and not Step.objects.filter(pk=kept.about_id, **about).exists():
        raise attachments.none_such()
    return kept.about_id


def expire(by: Actor = SYSTEM) -> int:
    """Delete the photographs whose duty closed longer ago than its protocol allows; how many there were. Safe to repeat."""
    deleted, last, now = 0, 0, clock.now()
    while rows := attachments.kept_since(ABOUT, last):
        last = rows[-1].pk
        steps = Step.objects.filter(pk__in={row.about_id for row in rows}).select_related("duty").in_bulk()
        over = []
        for row in rows:
            duty = steps[row.about_id].duty
            rule = next((one for one in packs.by_reference(duty.pack).retention if one.key == PHOTOS), None)
            if rule is None or rule.at_most is None or duty.closed_at is None:
                continue
            if duty.closed_at + rule.at_most.delta <= now:
                over.append(row.code)
        if over:
            deleted += attachments.delete(by, over, "retention")
    return deleted
