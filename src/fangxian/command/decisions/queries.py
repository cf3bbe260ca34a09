"""What others may ask of questions and decisions."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.utils.translation import gettext as _

from fangxian.analytics import deciding
from fangxian.analytics.deciding.answer import Fan
from fangxian.analytics.deciding.playing import Play
from fangxian.cases import queries as cases
from fangxian.cases.queries import standing
from fangxian.command.decisions import packs
from fangxian.command.decisions.answering import ANSWERS, PLAYS
from fangxian.command.decisions.models import Decision, Playback, Question
from fangxian.command.decisions.schemas import (
    Beginning,
    DecisionView,
    ExpectedDay,
    KnownNumber,
    QuestionRow,
    QuestionView,
)
from fangxian.containment.isolation import queries as isolation
from fangxian.containment.zones import queries as zones
from fangxian.core import accounts, clock, ids, periods
from fangxian.core.access import Actor
from fangxian.core.asking import ask
from fangxian.core.errors import NotFound
from fangxian.core.jobs import Job
from fangxian.duties.packs import in_force
from fangxian.laboratory import queries as laboratory
from fangxian.registry import queries as registry
from fangxian.text import Text

RIGHT = "decisions.view"
#: Days of cases that a question begins with.
RECENT = 14
#: Those infected, found or not, for each case of the last days: an assumption.
HIDDEN = 3
#: Rooms that are ready within so many hours are there.
SOON = 24


def beginning(by: Actor, area: str | None = None, outbreak: str = "") -> Beginning:
    """What is known of a place (the reader's own unless one is named) that a question starts from: who lives there, and the cases of an
    outbreak by day of report.

    Raises NotFound for a place, or an outbreak, that the reader may not know of.
    """
    area = next(iter(places(by)), None) if area is None else area
    if area is None or not by.may("decisions.ask", area):
        raise NotFound(_("There is no such place."), remedy=_("Choose one of your own jurisdiction."), field="area")
    place = registry.area(area) if area else None
    choices = cases.outbreaks(by, open_only=True)
    found = next((one for one in choices if one.code == outbreak), None) if outbreak else next(iter(choices), None)
    recent = _reported(found.id, area, clock.today() - timedelta(days=RECENT - 1)) if found else {}
    people = place.population if place else None
    return Beginning(
        area, place.name if place else _("the whole country"), found.code if found else "",
        Text(found.name_zh, found.name_en or found.name_zh) if found else None, people, recent, sum(recent.values()),
        tuple(zones.counted(by, area)), _pack(found.pack if found else "", area), _known(by, area, people, sum(recent.values())),
        tuple((one.code, Text(one.name_zh, one.name_en or one.name_zh)) for one in choices),
    )  # fmt: skip


def places(by: Actor) -> tuple[str, ...]:
    """The jurisdictions in which the reader may ask, none within another."""
    return by.areas("decisions.ask")


def questions(by: Actor, *, after: int | None = None, limit: int = 50) -> list[QuestionRow]:
    """The questions that the reader may see, the newest first; `after` is the id of the last one shown."""
    found = Question.objects.filter(by.scope(RIGHT)).select_related("job", "outbreak").defer("asked", "answer")
    if after is not None:
        found = found.filter(pk__lt=after)
    rows = list(found.order_by("-pk")[:limit])
    decided = set(Decision.objects.filter(question__in=[row.pk for row in rows]).values_list("question_id", flat=True))
    return [_row(row, row.job, row.pk in decided) for row in rows]


def question(by: Actor, code: str) -> QuestionView:
    """A question, its answer and what was decided. Raises NotFound for one that the reader may not know of."""
    found = Question.objects.select_related("job", "outbreak").filter(code=ids.normalise_code(code)).first()
    if found is None or not by.may(RIGHT, found.area):
        raise NotFound(_("There is no such question."), remedy=_("Check the code; its last character is a check."))
    asked = deciding.of(found.asked)
    answer = ANSWERS.validate_python(found.answer) if found.answer is not None else None
    decisions: tuple[DecisionView, ...] = ()
    if answer is not None:
        rows = Decision.objects.filter(question=found).order_by("-pk")
        settings = [answer.policies[one.policy].setting for one in rows]
        decisions = tuple(
            DecisionView(
                one.policy, setting, asked.values(setting), one.is_recommended, one.why, one.by_name, one.at, one.digest
            )
            for one, setting in zip(rows, settings, strict=True)
        )
    fault = Text(**found.fault) if found.fault else None
    return QuestionView(
        _row(found, found.job, bool(decisions)), asked, found.begins_on, found.job, answer, fault, decisions
    )


def expected(view: QuestionView) -> Fan:
    """The days of the policy decided on (else of the one recommended) of a question that has an answer."""
    assert view.answer is not None
    setting = view.decisions[0].setting if view.decisions else view.answer.best.setting
    return next(one for one in view.answer.fans if one.setting == setting)


def playback(view: QuestionView, policies: Sequence[int]) -> dict[int, Play]:
    """By place of a policy in the answer one run of it; those that were not kept are left out."""
    rows = Playback.objects.filter(question=view.row.id, policy__in=policies)
    return {row.policy: PLAYS.validate_python(row.told) for row in rows}


def since_then(by: Actor, view: QuestionView) -> list[ExpectedDay]:
    """What happened beside what was expected: cases reported by day since the question was asked, and the cases that were to be found
    under the policy decided on (else the recommended one). Empty without an answer or an outbreak."""
    if view.answer is None or not view.row.outbreak or not by.may("cases.view", view.row.area):
        return []
    fan = expected(view).columns["found"]
    reported = _reported(cases.outbreak(by, view.row.outbreak).id, view.row.area, view.begins_on)
    told = []
    today = view.asked.today
    for place in range(min(view.answer.days - today, (clock.today() - view.begins_on).days + 1)):
        day = view.begins_on + timedelta(days=place)
        low, median, high = fan[0][today + place], fan[2][today + place], fan[4][today + place]
        number = reported.get(day, 0)
        told.append(ExpectedDay(day, number, median, low, high, not low <= number <= high))
    return told


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _pack(wanted: str, area: str) -> str:
    """The protocol by which measures are carried out: the outbreak's, else the first in force that keeps contacts."""
    known = {key for key, _name in packs.comparable()}
    return next((key for key in (wanted, *(one.id for one in in_force(area))) if key in known), "")


def _known(by: Actor, area: str, people: int | None, reported: int) -> dict[str, KnownNumber]:
    """The numbers of a place that a question may begin with, of those that the reader may know."""
    found: dict[str, KnownNumber] = {}
    if people:
        found["people"] = KnownNumber(people, Text("辖区人口登记", "the registry's population of the place"))
    if reported:
        said = Text(
            f"近 {RECENT} 天报告 {reported} 例，按每例另有 {HIDDEN - 1} 人未被发现估计（假定，G 级）",
            f"{reported} cases reported in {RECENT} days, and {HIDDEN - 1} not found for each (an assumption, grade G)",
        )
        found["infected"] = KnownNumber(HIDDEN * reported, said)
    if by.may("isolation.view", area) and area and (rooms := isolation.rooms(by, area, SOON)):
        found["rooms"] = KnownNumber(
            rooms, Text(f"隔离点 {SOON} 小时内可启用的房间", f"rooms of isolation sites, ready within {SOON} h")
        )
    if by.may("samples.view", area) and (busiest := laboratory.busiest_day(by, area)) is not None:
        day, number = busiest
        found["tests"] = KnownNumber(
            number, Text(f"近 14 天出结果最多的一天（{day}）", f"results on the busiest of the last 14 days ({day})")
        )
    if number := accounts.holders("investigator", area):
        found["investigators"] = KnownNumber(
            number, Text("在岗流调员账号，每人每日按一例计", "accounts of investigators, a case a day each")
        )
    return found


def _reported(outbreak: int, area: str, first: date) -> dict[date, int]:
    """Cases of a place by day of report, up to now."""
    found = ask(standing.curve(outbreak, registry.whole(area), periods.today(), "report", first))
    return {day: sum(counts.values()) for day, counts in sorted(found.items())}


def _row(row: Question, job: Job | None, decided: bool) -> QuestionRow:
    if row.finished_at is not None:
        state = "refused" if row.fault else "decided" if decided else "answered"
    else:
        state = job.state if job is not None else "stopped"
    outbreak = row.outbreak.code if row.outbreak is not None else ""
    return QuestionRow(
        row.pk, row.code, row.name, row.area, outbreak, row.owner_name, row.created_at, row.finished_at, state
    )
