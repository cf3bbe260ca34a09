"""Registers of high-risk posts: opening one, putting people on it, taking them off."""

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from fangxian.core import clock, ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotFound, Refusal
from fangxian.laboratory.screening import counting, finding
from fangxian.laboratory.screening.actions.owing import owe_for
from fangxian.laboratory.screening.models import Roster, Turn, Worker
from fangxian.laboratory.screening.periods import countable, current
from fangxian.laboratory.screening.schemas import Enrolled, WorkerForm
from fangxian.registry import actions as registrar
from fangxian.registry import queries as registry
from fangxian.registry.checking import Checked
from fangxian.registry.schemas import PersonForm

#: So far back somebody may have begun, and so many people go onto a roster in one transaction.
_BACK, MOST = 3650, 5000


@action
def open_roster(by: Actor, organisation: int, post: str) -> Roster:
    """Register an employer with a kind of post that the pack in force tests regularly; the one there is, if it was before.

    Raises Invalid for a post that the pack does not know, Conflict where its tests cannot be told apart by days.
    """
    body = registry.organisation(organisation)
    by.must(finding.KEEP, body.area, body.pk)
    pack, known = finding.posts(body.area)
    found = next((one for one in known if one.key == post), None)
    if found is None:
        raise Invalid(
            _("The protocol knows no such post."),
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(one.key for one in known) or "–"}, field="post",
        )  # fmt: skip
    if not countable(found):
        raise Conflict(
            _("More than one test a day, or a period of part of a day, is not counted here."),
            remedy=_("Change the frequency in an overlay."), code="not_by_days",
        )  # fmt: skip
    roster, fresh = Roster.objects.get_or_create(
        organisation_id=body.pk, post=post, defaults={"pack": pack, "area": body.area, "opened_at": clock.now()}
    )
    if fresh:
        data = {"organisation": body.pk, "post": post}
        record(by, "roster.opened", ("roster", roster.pk), area=roster.area, basis=pack, data=data)
    return roster


@action
def enrol(by: Actor, roster: int, workers: Sequence[WorkerForm]) -> Enrolled:
    """Put people on a roster in one transaction; those refused do not stop the others, those who stand on it change nothing.

    They owe the test of the period that runs, unless they were swabbed in it.
    """
    row = finding.roster(by, roster, finding.KEEP, lock=True)
    if len(workers) > MOST:
        raise Invalid(_("These are more than %(n)s people.") % {"n": MOST}, remedy=_("Send them in parts."))
    refused: dict[int, Refusal] = {}
    people = _people(by, workers, refused)
    there = dict(
        Worker.objects.filter(roster=row, until__isnull=True, person__in=set(people.values())).values_list(
            "person", "pk"
        )
    )
    fresh: dict[int, Worker] = {}
    repeated = 0
    for (place, person), code in zip(sorted(people.items()), ids.new_codes(len(people)), strict=True):
        form = workers[place]
        try:
            since = _since(form.since)
        except Refusal as refusal:
            refused[place] = refusal
            continue
        if person in there or person in fresh:
            repeated += 1
            continue
        fresh[person] = Worker(
            code=code,
            roster=row,
            person_id=person,
            number=_plain(form.number, 40),
            job=_plain(form.job, 80),
            since=since,
        )
    Worker.objects.bulk_create(fresh.values())
    post = finding.post_of(row)
    if post is not None and fresh:
        now = current(post, clock.today())
        owe_for(by, row, list(fresh.values()), [now])
        Roster.objects.filter(pk=row.pk, owed_until__isnull=True).update(owed_until=now.last)
    if fresh:
        record(
            by, "worker.enrolled", ("roster", row.pk), area=row.area,
            data={"people": len(fresh), "codes": [one.code for one in fresh.values()][:50]},
        )  # fmt: skip
    return Enrolled(tuple(one.code for one in fresh.values()), repeated, tuple(sorted(refused.items())))


@action
def leave(by: Actor, worker: str, reason: str, *, last_day: date | None = None) -> Worker:
    """Somebody leaves the post: from the day after `last_day` (today) they owe nothing. What is late stays on record as missed."""
    row = finding.worker(by, worker, finding.KEEP, lock=True)
    finding.still_there(row)
    if row.state == Worker.LOOP:
        raise Conflict(
            _("They are in a closed-loop shift."), remedy=_("End the shift first; what follows it is still owed."),
            code="in_the_loop",
        )  # fmt: skip
    last = last_day or clock.today()
    if not row.since <= last <= clock.today():
        raise Invalid(
            _("The last day lies before the first, or ahead."), remedy=_("Give a day up to today."), field="last_day"
        )
    if len(reason := _plain(reason, 300)) < 2:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="reason")
    row.until, row.why = last, reason
    row.save(update_fields=["until", "why"])
    owed, now = Turn.objects.filter(worker=row, state=Turn.DUE), clock.now()
    counting.end(owed.filter(due_at__lte=now, last__lte=last), Turn.MISSED, reason)
    counting.end(owed, Turn.EXCUSED, reason)
    data = {"code": row.code, "last_day": last.isoformat(), "reason": reason}
    record(by, "worker.left", ("worker", row.pk), area=row.roster.area, data=data)
    return row


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _people(by: Actor, workers: Sequence[WorkerForm], refused: dict[int, Refusal]) -> dict[int, int]:
    """Who each form is of, by its place: the record that stands for the person."""
    named = {form.person.strip() for form in workers if isinstance(form.person, str)}
    known = registry.identified(named - {""})
    found: dict[int, int] = {}
    unwritten: dict[int, Checked] = {}
    for place, form in enumerate(workers):
        if isinstance(form.person, PersonForm):
            try:
                unwritten[place] = registrar.check(form.person)
            except Refusal as refusal:
                refused[place] = refusal
        elif (label := form.person.strip()) in known:
            found[place] = known[label][0]
        else:
            refused[place] = NotFound(
                _("Nobody on record has the code or number ending in %(end)s.") % {"end": label[-4:]},
                remedy=_("Check it, or give name and number."), field="person",
            )  # fmt: skip
    if unwritten:
        written = registrar.register_many(by, list(unwritten.values()))
        roots = registry.canonical(written)
        found |= {place: roots[pk] for place, pk in zip(unwritten, written, strict=True)}
    return found


def _since(day: date | None) -> date:
    today = clock.today()
    if day is None:
        return today
    if abs((day - today).days) > _BACK:
        raise Invalid(_("This day lies too far away."), remedy=_("Give the first day in the post."), field="since")
    return day


def _plain(text: str, longest: int) -> str:
    return (text or "").replace("\0", "").strip()[:longest]
