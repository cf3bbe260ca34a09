"""What a person decides about somebody's isolation: longer, shorter, together; each with a reason, and open to dispute."""

from datetime import datetime

from django.utils.translation import gettext as _

from fangxian.containment.isolation import apart, rights, ruling
from fangxian.containment.isolation.models import Decision, Placement
from fangxian.containment.isolation.passing import reasoned
from fangxian.core import clock, ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid


@action
def extend(by: Actor, code: str, until: datetime, reason: str) -> Decision:
    """Put a release off, for a reason, by no more than the pack allows for one decision. The person may dispute it."""
    row = _decidable(by, code)
    reason = reasoned(reason)
    if row.leave_at is None:
        raise Conflict(_("The time of release is not known yet."), remedy=_("It is counted from the last exposure."))
    longest = row.leave_at + ruling.of(row.pack, row.area).extension.delta
    if not row.leave_at < until <= longest:
        raise Invalid(
            _("One decision may put a release off until %(until)s.") % {"until": f"{longest.astimezone(clock.zone()):%Y-%m-%d %H:%M}"},
            remedy=_("Choose a time after %(from)s and up to then.") % {"from": f"{row.leave_at.astimezone(clock.zone()):%Y-%m-%d %H:%M}"},
            field="until",
        )  # fmt: skip
    row.extended_until = row.leave_at = until
    return _decide(by, row, Decision.EXTEND, reason, until=until)


@action
def release_early(by: Actor, code: str, reason: str) -> Decision:
    """Let somebody leave the site before the rule does, for a reason: the rest of the time is spent at home."""
    row = _decidable(by, code)
    if row.link != Placement.HOUSED:
        raise Conflict(_("The person is not on a site."), remedy=_("At home the watch ends by its rule."))
    reason = reasoned(reason)
    row.early, row.leave_at = True, clock.now()
    return _decide(by, row, Decision.EARLY, reason)


@action
def stay_together(by: Actor, code: str, other: str, granted: bool, reason: str) -> Decision:
    """Decide whether two people who ask for it stay in one room. Of different classes they may not, whoever decides.

    Granted, all of them who were granted it share a party; refused, that is on record too, with the reason.
    """
    row = _decidable(by, code)
    fellow = rights.placement(by, other, lock=True)
    if row.pk == fellow.pk or Placement.CLOSED in (row.link, fellow.link):
        raise Invalid(_("Name somebody else who is in isolation."), remedy=_("By their code."), field="other")
    reason = reasoned(reason)
    if granted and not apart.may_mix(apart.class_of(row), apart.class_of(fellow), row.area):
        raise Conflict(
            _("They are of different classes (“%(one)s” and “%(other)s”), which the protocol keeps apart.")
            % {"one": apart.name_of(apart.class_of(row), row.area), "other": apart.name_of(apart.class_of(fellow), row.area)},
            remedy=_("Only an overlay of the protocol may let these classes mix."), code="kept_apart",
        )  # fmt: skip
    if granted:
        party = row.party or fellow.party or ids.new_code()
        Placement.objects.filter(party__in={row.party, fellow.party} - {""}).update(party=party)
        Placement.objects.filter(pk__in=(row.pk, fellow.pk)).update(party=party)
        row.party = party
    return _decide(by, row, Decision.TOGETHER if granted else Decision.APART, reason, other=fellow)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _decidable(by: Actor, code: str) -> Placement:
    row = rights.placement(by, code, lock=True)
    _must_decide(by, row)
    if row.link == Placement.CLOSED:
        raise Conflict(_("This isolation is over."), code="ended")
    return row


def _must_decide(by: Actor, row: Placement) -> None:
    if not rights.at_site(by, rights.DECIDE, row.site):
        by.must(rights.DECIDE, row.area)


def _decide(
    by: Actor, row: Placement, kind: str, reason: str, *, until: datetime | None = None, other: Placement | None = None
) -> Decision:
    basis = ruling.basis(row.pack, row.area)
    row.version += 1
    row.save()
    made = Decision.objects.create(
        placement=row, kind=kind, reason=reason, basis=basis, until=until, other=other, at=clock.now(), by_id=by.account_id,
        by_name=by.name,
    )  # fmt: skip
    record(
        by, "isolation.decided", ("placement", row.pk), area=row.area, basis=basis,
        data={
            "decision": made.pk, "kind": kind, "reason": reason, "until": until.isoformat() if until else None,
            "other": other.pk if other else None,
        },
    )  # fmt: skip
    return made
