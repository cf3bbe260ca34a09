"""Alerts: signals of one county are weighed together; what is enough raises an alert, what joins it may raise its colour."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from fangxian.core import clock, ids
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Invalid
from fangxian.duties import actions as duties
from fangxian.duties import packs
from fangxian.registry import queries as registry
from fangxian.registry.levels import at_level
from fangxian.surveillance import rules, subject, weighing, wording
from fangxian.surveillance.events import AlertRaised
from fangxian.surveillance.fusing import METHOD, Fused, fused, there
from fangxian.surveillance.models import Alert, AlertNote, Report, Signal
from fangxian.surveillance.schemas import RumourForm
from fangxian.text import Text


@action
def gather(by: Actor, areas: Collection[str], together: Mapping[str, Fused | None] | None = None) -> list[str]:
    """Weigh the signals of the counties of these places; codes of the alerts that were raised or rose.

    Every signal ends in an alert, or with the reason why it is in none: too weak by itself, an alert of the same was dismissed just
    now, or the event is confirmed already. `together` is what fusing said of the counties, where the caller has asked already.
    """
    changed: list[str] = []
    for county in sorted({at_level(area, "county") for area in areas}):
        changed += _weigh(by, county, together[county] if together else fused(county))
    return changed


@action
def report_rumour(by: Actor, form: RumourForm) -> Alert:
    """Enter what somebody heard: it is an alert to be judged, whoever else has seen anything (事件监测)."""
    by.must("surveillance.verify", form.area)
    told = form.told.strip()
    if not 4 <= len(told) <= 600:
        raise Invalid(
            _("Say in 4 to 600 characters what was heard."), remedy=_("What, where, since when, how many."), field="told"
        )  # fmt: skip
    registry.area(form.area)
    for name in ("ill", "dead"):
        number = getattr(form, name)
        if number is not None and not 0 <= number <= 1_000_000:
            raise Invalid(
                _("This is no number that can be counted."), remedy=_("Leave it empty if unknown."), field=name
            )
    source = form.heard_from.strip()[:120]
    zh = (
        told + (f"（患病 {form.ill}）" if form.ill is not None else "") + (f"（死亡 {form.dead}）" if form.dead else "")
    )
    en = told + (f" (ill: {form.ill})" if form.ill is not None else "") + (f" (dead: {form.dead})" if form.dead else "")
    if source:
        zh, en = f"{zh} 来源：{source}", f"{en} Heard from: {source}"
    grade = "yellow" if form.dead else "blue"
    alert = _raised(form.area, "rumour", grade, rules.weight(form.area, grade), Text(zh, en))
    _told(by, alert, "raised", Text("", ""))
    return alert


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _weigh(by: Actor, county: str, of_all: Fused | None) -> list[str]:
    since = clock.today() - timedelta(days=int(rules.weight(county, "together")))
    lately = Q(day__gt=since) | Q(kind__in=("late", "silent"))  # a silence lasts, however long ago it began
    mine = Signal.objects.filter(there(county), lately, alert__isnull=True, reason__in=("", "weak"), evidence__gt=0)
    candidates = list(mine.select_related("source").order_by("pk"))
    alert = Alert.objects.select_for_update().filter(
        there(county), origin="signals", state__in=Alert.OPEN
    ).order_by("pk").last()  # fmt: skip
    candidates = _explained(county, candidates) if alert is None else candidates
    before = list(alert.signals.select_related("source")) if alert else []
    if not candidates and not before:
        return []
    together = weighing.strongest([*before, *candidates])
    together = [one for one in together if one.evidence > 0]
    quiet = _quiet(county, together)
    alone = [one for one in together if one.method != METHOD]
    if of_all is not None and of_all.raised and len(alone) < len(together):
        probability = weighing.with_odds(of_all.log_odds, alone)
        grade = rules.grade_of_odds(probability / (1 - probability))
    else:
        probability = weighing.probability(county, together if alert else alone, quiet)
        grade = rules.grade(county, probability)
    if alert is None and not grade:
        Signal.objects.filter(pk__in=[one.pk for one in candidates]).update(reason="weak")
        return []
    if alert is not None and not candidates and abs(alert.probability - probability) < 1e-9:
        return []
    place = _place(county)
    top = rules.higher(alert.grade, grade) if alert else grade
    why = wording.why(place, together, probability, grade or top)
    if alert is None:
        alert, rose = _raised(county, "signals", grade, probability, why, quiet), True
        _told(by, alert, "raised", why)
    else:
        rose = top != alert.grade
        alert.quiet = quiet
        alert.grade, alert.probability, alert.why_zh, alert.why_en = top, probability, why.zh, why.en
        alert.version += 1
        alert.save(update_fields=["grade", "probability", "quiet", "why_zh", "why_en", "version"])
        if rose:
            _told(by, alert, "regraded", why)
    Signal.objects.filter(pk__in=[one.pk for one in candidates]).update(alert=alert, reason="")
    return [alert.code] if rose else []


def _quiet(county: str, signals: Sequence[Signal]) -> int:
    """How many sources have reported of the days that are weighed together, and shown nothing."""
    since = clock.today() - timedelta(days=int(rules.weight(county, "together")))
    told = Report.objects.filter(there(county, "source__area"), day__gt=since, received_at__isnull=False)
    return len(set(told.order_by().values_list("source_id", flat=True).distinct()) - {one.source_id for one in signals})


def _explained(county: str, candidates: Sequence[Signal]) -> list[Signal]:
    """Without those of which was judged: of an event that is confirmed and goes on; of what was dismissed just now and is no stronger.

    What is fused is of the whole county, so that one confirmed event there explains it, whichever source joins.
    """
    now = clock.now()
    ended = Q(alert__state=Alert.CONFIRMED, alert__ended_at__gte=now - timedelta(days=rules.weight(county, "known")))
    ended |= Q(
        alert__state=Alert.DISMISSED, alert__ended_at__gte=now - timedelta(days=rules.weight(county, "together"))
    )
    judged = Signal.objects.filter(ended, there(county), alert__origin="signals", evidence__gt=0)
    confirmed: set[int] = set()
    dismissed: dict[tuple[int, str], float] = {}
    for source, measure, evidence, state in judged.values_list("source_id", "measure", "evidence", "alert__state"):
        if state == Alert.CONFIRMED:
            confirmed.add(source)
        else:
            dismissed[source, measure] = max(dismissed.get((source, measure), 0.0), evidence)
    left = []
    for one in candidates:
        known = bool(confirmed) if one.method == METHOD else one.source_id in confirmed and one.kind != "threshold"
        if known:
            Signal.objects.filter(pk=one.pk).update(reason=Alert.CONFIRMED)
        elif one.evidence < dismissed.get((one.source_id, one.measure), -1.0) + 1:
            Signal.objects.filter(pk=one.pk).update(reason=Alert.DISMISSED)
        else:
            left.append(one)
    return left


def _raised(area: str, origin: str, grade: str, probability: float, why: Text, quiet: int = 0) -> Alert:
    alert = Alert.objects.create(
        code=ids.new_code(), area=area, origin=origin, grade=grade, probability=probability, quiet=quiet, why_zh=why.zh, why_en=why.en,
        pack=packs.reference(rules.pack(area)), raised_at=clock.now(),
    )  # fmt: skip
    duties.open_due(SYSTEM, subject.RAISED, [subject.of_alert(alert)])
    return alert


def _told(by: Actor, alert: Alert, what: str, why: Text) -> None:
    note(by, alert, what, why)
    record(
        by, f"alert.{what}", ("alert", alert.pk), area=alert.area, basis=alert.pack,
        data={"code": alert.code, "grade": alert.grade, "probability": round(alert.probability, 3), "origin": alert.origin},
    )  # fmt: skip
    emit(AlertRaised(alert.code, alert.area, alert.grade))


def note(by: Actor, alert: Alert, what: str, said: Text) -> None:
    """A line of the alert's history."""
    AlertNote.objects.create(
        alert=alert, at=clock.now(), what=what, by_name=by.name, said_zh=said.zh, said_en=said.en
    )  # fmt: skip


def _place(area: str) -> Text:
    zh, en = (registry.area_names([area], lang)[area] for lang in ("zh", "en"))
    return Text(zh, en)
