"""What is done when a zone is decided, told or lifted is a step of somebody's duty: settled here, by the system, with its proof."""

from collections.abc import Collection, Mapping
from typing import Any

from fangxian.containment.zones import subject
from fangxian.containment.zones.models import Ground, Zone
from fangxian.core.access import SYSTEM
from fangxian.core.actions import attempt
from fangxian.core.errors import Conflict
from fangxian.duties import actions as duties
from fangxian.duties import queries as duty_queries

_CASE, _INVESTIGATION, _ZONES = "case", "case.investigation", "zones"


def noticed(zone: Zone, number: str) -> None:
    """The notice is out: the zone's own step, and the step of every case behind it (风险区域划定公布)."""
    complete(subject.NOTICE, (subject.KIND, zone.pk), "publish", {"notice_number": number})
    for case_id in sorted(set(Ground.objects.filter(zone=zone).values_list("case_id", flat=True))):
        drawn(case_id)


def drawn(case_id: int) -> None:
    """The investigation's step of drawing zones, once every zone that the case calls for was decided and the public was told."""
    zones = list(Zone.objects.filter(grounds__case_id=case_id).distinct().prefetch_related("notices"))
    if not zones or any(zone.state == Zone.PROPOSED for zone in zones):
        return
    told = [f"{zone.code}-{notice.version}" for zone in zones for notice in zone.notices.all()]
    waiting = any(zone.state == Zone.IN_FORCE and not zone.notices.all() for zone in zones)
    if told and not waiting:
        complete(_INVESTIGATION, (_CASE, case_id), _ZONES, {"risk_assessed": ", ".join(told)})


def drawn_since(case_ids: Collection[int]) -> None:
    """The same for those of the cases whose step is open and no longer has to wait for another."""
    for step in duty_queries.open_steps(SYSTEM, kinds=(_INVESTIGATION,), limit=1000):
        if step.key == _ZONES and step.duty.subject_id in case_ids:
            drawn(step.duty.subject_id)


def tested(zone: Zone, findings: str) -> None:
    """A round was held: whatever duty of the zone waits for one."""
    for duty in duty_queries.of_subject(subject.KIND, zone.pk):
        for step in duty.steps.all():
            if step.key == "round" and step.state == step.OPEN:
                complete(duty.kind, (subject.KIND, zone.pk), "round", {"findings": findings})


def reviewed(zone: Zone, told: str) -> None:
    """The zone came down: the review that was due is done, and if nothing is left to come down from, so is the rest of its work."""
    for duty in duty_queries.of_subject(subject.KIND, zone.pk):
        if duty.kind == subject.REVIEW and duty.state == duty.OPEN:
            waiting = [step for step in duty.steps.all() if step.state == step.OPEN]
            for step in waiting[:1]:
                complete(duty.kind, (subject.KIND, zone.pk), step.key, {"risk_assessed": told})


def ended(zone: Zone, told: str) -> None:
    """The zone is under control no longer: what is not due yet falls away, what is late stays as missed."""
    duties.end_all(SYSTEM, subject.KIND, {zone.pk: ("completed", told)})


def complete(kind: str, about: tuple[str, int], key: str, evidence: Mapping[str, Any]) -> None:
    """Settle a step if it is open. One that has to wait for another stays open: it is settled when that is."""
    step = duty_queries.open_step(kind, about, key)
    if step is None:
        return
    try:
        with attempt():
            duties.complete(SYSTEM, step.pk, evidence, through=subject.STAGE)
    except Conflict as refusal:
        if refusal.code not in ("out_of_order", "already_settled"):
            raise
