"""An alert is triaged, verified in the field, and ends as a confirmed event or with the reason why it was none (研判、核实)."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from fangxian.core import clock, ids
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.duties import actions as duties
from fangxian.duties import packs
from fangxian.duties import queries as duty_queries
from fangxian.protocols import PackError
from fangxian.surveillance import rules, subject
from fangxian.surveillance.actions.alerting import note
from fangxian.surveillance.events import AlertConfirmed, AlertDismissed
from fangxian.surveillance.models import Alert
from fangxian.surveillance.schemas import FINDINGS, LABELS
from fangxian.text import Text

#: Findings that are numbers of people or samples.
_COUNTED = ("ill", "severe", "dead", "samples")


@action
def triage_alert(by: Actor, code: str, version: int, reason: str = "") -> Alert:
    """Decide that an alert is looked into in the field. (`dismiss_alert` is the other decision.)"""
    alert = _locked(by, code, "surveillance.triage", version)
    if alert.state != Alert.RAISED:
        raise Conflict(_("This alert has been triaged already."), remedy=_("Reload the page to see by whom."))
    alert.state, alert.triaged_at = Alert.VERIFYING, clock.now()
    _settle(by, alert, "triage", {"triage": "verify"})
    return _saved(by, alert, "triaged", reason.strip()[:300])


@action
def verify_alert(by: Actor, code: str, version: int, findings: Mapping[str, Any]) -> Alert:
    """Record what was found in the field. `findings` by the keys of `schemas.FINDINGS`; `seen` is needed. May be done again."""
    alert = _locked(by, code, "surveillance.verify", version)
    if alert.state != Alert.VERIFYING:
        raise Conflict(_("This alert is not being verified."), remedy=_("Triage comes first."))
    alert.findings, alert.verified_at = _checked(findings), alert.verified_at or clock.now()
    _settle(by, alert, "verify", {"findings": alert.findings["seen"]})
    return _saved(by, alert, "verified", alert.findings["seen"])


@action
def confirm_alert(
    by: Actor, code: str, version: int, assessment: str, *, outbreak: str = "", pack: str = "", name_zh: str = "", name_en: str = "",
) -> Alert:  # fmt: skip
    """Confirm that it is true, with the assessment of the risk: an outbreak is opened under `pack`, or the one named is meant.

    Raises Conflict where nobody has verified it yet.
    """
    alert = _locked(by, code, "surveillance.triage", version)
    if alert.state != Alert.VERIFYING or alert.verified_at is None:
        raise Conflict(_("Nobody has verified this alert yet."), remedy=_("Record what was found in the field first."))
    assessment = _reason(assessment, "assessment")
    name = name_zh.strip() or name_en.strip()
    if not outbreak and not name:
        raise Invalid(_("An outbreak needs a name."), remedy=_("Name the disease and the place."), field="name_zh")
    pack = pack or rules.PACK
    try:
        packs.pack(pack, alert.area)
    except PackError as fault:
        raise Invalid(
            _("There is no protocol pack “%(name)s”.") % {"name": pack},
            remedy=_("`fangxian protocols list` shows those there are."), field="pack",
        ) from fault  # fmt: skip
    alert.state, alert.ended_at, alert.reason = Alert.CONFIRMED, clock.now(), assessment
    _settle(by, alert, "assess", {"risk_assessed": assessment})
    duties.end_all(SYSTEM, subject.ALERT, {alert.pk: ("confirmed", assessment)})
    detected = alert.raised_at.astimezone(clock.zone()).date().isoformat()
    emit(
        AlertConfirmed(
            alert.code,
            alert.area,
            detected,
            ids.normalise_code(outbreak),
            pack,
            name_zh.strip() or name,
            name_en.strip() or name,
        )
    )
    return _saved(by, alert, "confirmed", assessment)


@action
def dismiss_alert(by: Actor, code: str, version: int, label: str, reason: str) -> Alert:
    """End an alert that was nothing: `label` says what it was instead (`schemas.LABELS`), and is kept for the weights."""
    alert = _locked(by, code, "surveillance.triage", version)
    if alert.state not in Alert.OPEN:
        raise Conflict(_("This alert has ended already."))
    if label not in LABELS:
        raise Invalid(
            _("Say what it was instead."), remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(LABELS)}, field="label"
        )  # fmt: skip
    reason = _reason(reason, "reason")
    if alert.state == Alert.RAISED:
        alert.triaged_at = clock.now()
        _settle(by, alert, "triage", {"triage": "dismiss"})
    alert.state, alert.ended_at, alert.label, alert.reason = Alert.DISMISSED, clock.now(), label, reason
    duties.end_all(SYSTEM, subject.ALERT, {alert.pk: ("refuted", reason)})
    emit(AlertDismissed(alert.code, alert.area, label))
    return _saved(by, alert, "dismissed", reason)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _locked(by: Actor, code: str, right: str, version: int) -> Alert:
    alert = Alert.objects.select_for_update().filter(code=ids.normalise_code(code)).first()
    if alert is None or not by.may("surveillance.view", alert.area):
        raise NotFound(_("There is no such alert."))
    by.must(right, alert.area)
    if alert.version != version:
        raise Conflict(
            _("This alert has changed meanwhile."),
            remedy=_("Reload it: something may have joined it, or somebody decided."),
        )
    return alert


def _saved(by: Actor, alert: Alert, what: str, said: str) -> Alert:
    alert.version += 1
    alert.save()
    note(by, alert, what, Text(said, said))
    record(
        by, f"alert.{what}", ("alert", alert.pk), area=alert.area, basis=alert.pack,
        data={"code": alert.code, "state": alert.state, "label": alert.label, "said": said},
    )  # fmt: skip
    return alert


def _settle(by: Actor, alert: Alert, key: str, evidence: Mapping[str, Any]) -> None:
    step = duty_queries.open_step(subject.VERIFICATION, (subject.ALERT, alert.pk), key)
    if step is not None:
        doer = by if by.may("duties.do", step.area, step.organisation_id) else SYSTEM
        duties.complete(doer, step.pk, evidence, through=subject.STAGE)


def _reason(text: str, field: str) -> str:
    text = text.strip()[:600]
    if len(text) < 2:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field=field)
    return text


def _checked(findings: Mapping[str, Any]) -> dict[str, Any]:
    unknown = [key for key in findings if key not in FINDINGS]
    if unknown:
        raise Invalid(
            _("“%(name)s” is not asked in the field.") % {"name": unknown[0][:40]},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(FINDINGS)}, field=unknown[0],
        )  # fmt: skip
    found: dict[str, Any] = {}
    for key in FINDINGS:
        value = findings.get(key)
        if value in (None, ""):
            continue
        if key in _COUNTED and (not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 1_000_000):
            raise Invalid(
                _("This is no number that can be counted."), remedy=_("Leave it empty if unknown."), field=key
            )  # fmt: skip
        found[key] = value if key in _COUNTED else str(value).strip()[:600]
    if not found.get("seen"):
        raise Invalid(_("Say what was seen."), remedy=_("Write one sentence; it stays on record."), field="seen")
    return found
