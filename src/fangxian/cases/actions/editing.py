"""The same change to many cases: seen first, then done, at once for those that were ticked, as a job for all that a filter wants."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from fangxian.cases.actions.writing import changed, locked, write
from fangxian.cases.models import Case
from fangxian.cases.queries.linelist import filtered
from fangxian.cases.schemas import Edited, Filter, Planned
from fangxian.core import accounts, jobs
from fangxian.core.access import SYSTEM, Actor, actor_for
from fangxian.core.actions import action, record
from fangxian.core.errors import Invalid, NotFound, Refusal

EDIT_ALL = "cases.edit_all"
#: The most cases that are changed as one, how many in one transaction, and how many refusals are named; the rest is counted.
MOST, CHUNK, NAMED = 100_000, 100, 500


def preview_edit(by: Actor, codes: Sequence[str], changes: Mapping[str, Any]) -> tuple[Planned, ...]:
    """What `bulk_edit` would do to each of these cases, worked out by the same rules. Nothing is saved."""
    planned = []
    for code in codes:
        try:
            with transaction.atomic():  # which holds the case while its new state is worked out
                case = locked(by, code, "cases.edit")
                planned.append(Planned(case.code, case.version, changed(case, changes)))
        except Refusal as refusal:
            planned.append(Planned(code, 0, {}, refusal))
    return tuple(planned)


def bulk_edit(
    by: Actor,
    codes: Sequence[str],
    changes: Mapping[str, Any],
    reason: str = "",
    versions: Mapping[str, int] | None = None,
) -> tuple[Edited, ...]:
    """The same changes to many cases, each a unit of work of its own: one that is refused does not stop the others.

    `versions` are those that a preview was made of, by code: a case that was changed since is refused.
    """
    done = []
    for code in codes:
        try:
            _edit(by, code, changes, reason, (versions or {}).get(code))
            done.append(Edited(code))
        except Refusal as refusal:
            done.append(Edited(code, refusal))
    return tuple(done)


@action
def start_edit_all(
    by: Actor, wanted: Filter, changes: Mapping[str, Any], reason: str, expected: int | None = None
) -> jobs.Job:
    """Put the same changes to all cases that a filter wants now in the queue, each to the version that it has now.

    `expected` is how many somebody has read that there are. Raises Invalid without a reason, without changes, or where there are
    none, too many, or no longer as many as expected; nothing is queued then.
    """
    by.must("cases.edit")
    reason = reason.strip()[:300]
    if len(reason) < 2:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="reason")
    if not changes:
        raise Invalid(_("No value was chosen."), remedy=_("Choose what to change."), field="changes")
    rows = list(filtered(by, wanted).order_by("pk").values_list("pk", "version")[: MOST + 1])
    if not rows or len(rows) > MOST:
        raise Invalid(
            _("The filter finds no case, or more than %(n)s.") % {"n": MOST}, remedy=_("Change the filter."), field="wanted"
        )  # fmt: skip
    if expected is not None and len(rows) != expected:
        raise Invalid(
            _("The filter finds %(n)s cases now, not %(before)s.") % {"n": len(rows), "before": expected},
            remedy=_("Look at what would change once more."), field="expected",
        )  # fmt: skip
    job = jobs.start(
        by, EDIT_ALL, {"cases": rows, "changes": _stored(changes), "reason": reason, "channel": by.channel}
    )
    record(
        by, "cases.edit_started", ("job", job.pk),
        data={"job": job.code, "cases": len(rows), "changes": sorted(changes), "reason": reason},
    )  # fmt: skip
    return job


@jobs.kind(EDIT_ALL)
def _editing(job: jobs.Running) -> dict[str, Any]:
    """With the rights that the person has now, in their language, and under their name: it is their change, only longer."""
    owner = accounts.of_id(job.row.owner_id) if job.row.owner_id else None
    by = actor_for(owner, str(job.arguments["channel"])) if owner else SYSTEM
    rows = job.arguments["cases"]
    job.expect(len(rows))
    with translation.override(owner.language if owner else None):
        while job.cursor < len(rows):
            _edit_some(by, job, rows[job.cursor : job.cursor + CHUNK])
    return {}


@action
def _edit_some(by: Actor, job: jobs.Running, rows: Sequence[tuple[int, int]]) -> None:
    codes = dict(Case.objects.filter(pk__in=[pk for pk, _version in rows]).values_list("pk", "code"))
    changes, reason = _read(job.arguments["changes"]), job.arguments["reason"]
    told = {"changed": 0, "same": 0, "refused": 0, "refusals": [], **job.row.result}
    refusals = list(told["refusals"])
    for pk, version in rows:
        try:
            if pk not in codes:
                raise NotFound(_("There is no such case."))
            told["changed" if _edit(by, codes[pk], changes, reason, version) else "same"] += 1
        except Refusal as refusal:
            told["refused"] += 1
            refusals.append([codes.get(pk, ""), str(refusal)])
    job.advance(job.cursor + len(rows), **{**told, "refusals": refusals[:NAMED]})


@action
def _edit(by: Actor, code: str, changes: Mapping[str, Any], reason: str, version: int | None) -> bool:
    """Whether anything differed."""
    case = locked(by, code, "cases.edit", version)
    before = case.version
    return write(by, case, changes, "case.amended", reason=reason.strip()[:300]).version != before


def _stored(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes as JSON: days and instants under a word that says which."""
    found: dict[str, Any] = {}
    for name, value in changes.items():
        if isinstance(value, Mapping):
            value = _stored(value)
        elif isinstance(value, datetime):
            value = {"$instant": value.isoformat()}
        elif isinstance(value, date):
            value = {"$day": value.isoformat()}
        found[name] = value
    return found


def _read(stored: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in stored.items():
        if isinstance(value, dict) and value.keys() == {"$instant"}:
            value = datetime.fromisoformat(value["$instant"])
        elif isinstance(value, dict) and value.keys() == {"$day"}:
            value = date.fromisoformat(value["$day"])
        elif isinstance(value, dict):
            value = _read(value)
        found[name] = value
    return found
