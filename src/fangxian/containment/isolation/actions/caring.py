"""The daily round (每日健康监测): temperature, symptoms, mood, medicine; on the site as often as the pack says, at home once a day.

The duty is the same that every contact has: its step of the day is done when the day's last look was had, or at once where somebody
is ill. The rows of looks are what the step's evidence is made of, and hold what a protocol does not ask for.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from fangxian.containment.isolation import rights, ruling, subject
from fangxian.containment.isolation.forms import CheckForm, PlacementErrandForm
from fangxian.containment.isolation.models import Check, Errand, Placement
from fangxian.containment.isolation.passing import reasoned
from fangxian.containment.isolation.words import ERRANDS, MEDICINE, MOODS
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.duties import actions as duties
from fangxian.duties import queries as duty_queries
from fangxian.tracing import actions as tracing

#: What a thermometer can show on a living person, in °C.
LOW, HIGH = 30.0, 45.0
NONE, SOME = "none", "some"


@action
def check(by: Actor, code: str, form: CheckForm, *, at: datetime | None = None) -> Check:
    """Record a look at somebody on the site or at home. Symptoms propose a contact as a case at once, however often looked at.

    Raises Invalid for what no thermometer shows, Conflict where the person is on the way.
    """
    row = rights.placement(by, code, lock=True)
    _must_care(by, row)
    if row.link not in (Placement.HOUSED, Placement.HOME):
        raise Conflict(
            _("The person is on the way."), remedy=_("Confirm that they have come first."), code="out_of_order"
        )
    _holds(form)
    now = clock.now()
    at = at or now
    if at > now or at < row.begun_at:
        raise Invalid(
            _("A look is had while somebody is in isolation, and not in the future."),
            remedy=_("Check the time."),
            field="at",
        )
    made = Check.objects.create(
        placement=row, at=at, temperature=form.temperature, symptoms=form.symptoms, mood=form.mood, medicine=form.medicine,
        note=form.note.strip()[:300], by_id=by.account_id, by_name=by.name,
    )  # fmt: skip
    record(
        by,
        "isolation.checked",
        ("placement", row.pk),
        area=row.area,
        data={"at": at.isoformat(), "symptoms": form.symptoms},
    )
    _settle_the_day(by, row, at)
    return made


@action
def ask_errand(by: Actor, code: str, form: PlacementErrandForm) -> Errand:
    """Ask for something to be brought to somebody in isolation, or for a way out to see a doctor and back."""
    row = rights.placement(by, code, lock=True)
    _must_care(by, row)
    if form.kind not in ERRANDS:
        raise Invalid(_("“%(value)s” is not known here.") % {"value": form.kind}, field="kind")
    if row.link not in (Placement.HOUSED, Placement.HOME):
        raise Conflict(
            _("The person is on the way."), remedy=_("Confirm that they have come first."), code="out_of_order"
        )
    what = form.what.strip()[:200]
    if not what or "\0" in what:
        raise Invalid(_("Say what is needed."), remedy=_("In a few words."), field="what")
    if form.due_at < clock.now() - timedelta(minutes=5):
        raise Invalid(_("This lies in the past."), remedy=_("Give the time by which it is needed."), field="due_at")
    made = Errand.objects.create(
        placement=row,
        kind=form.kind,
        what=what,
        due_at=form.due_at,
        asked_at=clock.now(),
        asked_by=by.name,
    )
    record(
        by, "isolation.errand_asked", ("placement", row.pk), area=row.area, data={"errand": made.pk, "kind": made.kind}
    )
    return made


@action
def finish_errand(by: Actor, errand_id: int, outcome: str) -> Errand:
    """Say what became of it: brought, seen by a doctor and back, or why not."""
    found = Errand.objects.select_for_update(of=("self",)).select_related("placement").filter(pk=errand_id).first()
    if found is None:
        raise NotFound(_("There is no such errand."))
    row = rights.placement(by, found.placement.code)
    _must_care(by, row)
    if found.done_at is not None:
        raise Conflict(_("Already settled by %(who)s.") % {"who": found.done_by}, code="already_settled")
    found.done_at, found.done_by, found.outcome = clock.now(), by.name, reasoned(outcome)[:200]
    found.save()
    record(
        by,
        "isolation.errand_done",
        ("placement", row.pk),
        area=row.area,
        data={"errand": found.pk, "outcome": found.outcome},
    )
    return found


def turns(checks: Iterable[datetime], day: date, each_day: int) -> set[int]:
    """Which of the day's turns (of `each_day` alike) these looks fall into."""
    zone = clock.zone()
    local = [at.astimezone(zone) for at in checks]
    return {int((one.hour + one.minute / 60) * each_day // 24) for one in local if one.date() == day}


def wanted_on(day: date, since: datetime, each_day: int) -> set[int]:
    """The turns of a day in which somebody is to be looked at: those that were not over when they came."""
    came = since.astimezone(clock.zone())
    if came.date() > day:
        return set()
    first = int((came.hour + came.minute / 60) * each_day // 24) if came.date() == day else 0
    return set(range(first, each_day))


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _must_care(by: Actor, row: Placement) -> None:
    """On the site its nurses, at home the grid."""
    if row.link == Placement.HOME and by.may(rights.HOME, row.area):
        return
    if row.link != Placement.HOME and rights.at_site(by, rights.CARE, row.site):
        return
    raise NotAllowed(
        _("%(who)s may not do this here (%(action)s).") % {"who": by.name, "action": rights.CARE},
        remedy=_("On the site its nurses do it, at home the grid worker."),
    )


def _holds(form: CheckForm) -> None:
    if not LOW <= form.temperature <= HIGH:
        raise Invalid(
            _("%(value)s °C is no temperature of a living person.") % {"value": form.temperature},
            remedy=_("Measure again; between %(low)s and %(high)s.") % {"low": int(LOW), "high": int(HIGH)}, field="temperature",
        )  # fmt: skip
    for name, value, known in (
        ("symptoms", form.symptoms, (NONE, SOME)),
        ("mood", form.mood, ("", *MOODS)),
        ("medicine", form.medicine, ("", *MEDICINE)),
    ):
        if value not in known:
            raise Invalid(
                _("“%(value)s” is not known here.") % {"value": value},
                remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(filter(None, known))}, field=name,
            )  # fmt: skip


def _settle_the_day(by: Actor, row: Placement, at: datetime) -> None:
    """The step of the day is done with the highest temperature of it, once every look that was to be had was had."""
    day = at.astimezone(clock.zone()).date()
    begin = clock.local_midnight(day)
    looks = list(Check.objects.filter(placement=row, at__gte=begin, at__lt=begin + clock.DAY).order_by("at"))
    ill = any(one.symptoms == SOME for one in looks)
    evidence = {"temperature": max(one.temperature for one in looks), "symptoms": SOME if ill else NONE}
    if row.link == Placement.HOUSED and not ill:
        each_day = int(ruling.of(row.pack, row.area).checks.number)
        if not wanted_on(day, row.since, each_day) <= turns([one.at for one in looks], day, each_day):
            return
    if row.subject_kind == subject.CONTACT:
        try:
            tracing.visit(rights.trusted(by), row.subject_code, evidence, at=at)
        except Conflict as conflict:
            if conflict.code != "nothing_due":
                raise
        return
    _tick(by, row, evidence, at, day)


def _tick(by: Actor, row: Placement, evidence: Mapping[str, object], at: datetime, day: date) -> None:
    """The step of that day of somebody who is no contact, where their rule asks for one."""
    for duty in duty_queries.of_subject(row.subject_kind, row.subject_id):
        rule = duty_queries.rule(duty)
        for step in duty.steps.all():
            due = step.due_at is not None and step.due_at.astimezone(clock.zone()).date() == day
            wanted = set(duty_queries.evidence_wanted(rule, step.key))
            if step.state == step.OPEN and due and wanted and wanted <= evidence.keys():
                duties.complete(rights.trusted(by), step.pk, evidence, at=at)
                return
