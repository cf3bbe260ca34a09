"""Laws of surveillance: nobody who owes is forgotten, every signal is accounted for, nothing that was told is lost or doubled."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fangxian.core import clock, ids
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Refusal
from fangxian.duties import queries as duties
from fangxian.registry import actions as registry
from fangxian.registry.models import Organisation
from fangxian.registry.schemas import Division
from fangxian.surveillance import actions, fusing, queries, weighing
from fangxian.surveillance.calendars import Calendar
from fangxian.surveillance.models import Alert, Observation, Report, Signal, Source
from fangxian.surveillance.schemas import ObservationForm, RumourForm, SourceForm

START = datetime(2026, 3, 2, 4, tzinfo=UTC)  # a Monday, noon
LONG_AGO = START - timedelta(days=60)
COUNTY = "990101"
KINDS = ("hotline", "school", "laboratory", "market")


@given(
    st.sampled_from(["daily", "workdays", "weekly", "none"]), st.integers(0, 6), st.integers(0, 3),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)), max_size=3),
)  # fmt: skip
def test_a_calendar_asks_for_the_same_days_however_it_is_read(rhythm: str, weekday: int, lag: int, shut: Any) -> None:
    first = date(2026, 1, 1)
    closures = [(first + timedelta(days=at), first + timedelta(days=at + long)) for at, long in shut]
    calendar = Calendar(rhythm, datetime(2026, 1, 1, 9).time(), lag, weekday, closures)
    whole = list(calendar.days(first, first + timedelta(days=60)))
    parts = [
        *calendar.days(first, first + timedelta(days=29)),
        *calendar.days(first + timedelta(days=30), first + timedelta(days=60)),
    ]
    assert whole == parts == sorted(set(whole))
    assert all(not (begin <= day <= end) for day in whole for begin, end in closures)
    assert all(calendar.due_at(day) >= clock.local_midnight(day) for day in whole)


class _Sign:
    def __init__(self, source_id: int, evidence: float) -> None:
        self.source_id, self.evidence = source_id, evidence


@pytest.mark.django_db
@given(st.lists(st.builds(_Sign, st.integers(1, 6), st.floats(0, 3)), max_size=12), st.integers(0, 30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_more_evidence_is_never_less_and_a_source_counts_once(signals: list[_Sign], quiet: int) -> None:
    whole = weighing.probability(COUNTY, signals, quiet)
    assert 0 < whole < 1
    assert weighing.probability(COUNTY, [*signals, _Sign(9, 1.0)], quiet) > whole
    assert weighing.probability(COUNTY, signals * 2, quiet) == pytest.approx(whole)
    assert weighing.probability(COUNTY, signals, quiet + 1) < whole


@pytest.mark.django_db
@given(
    labels=st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=40),
    tells=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 6), st.sampled_from([0, 3, 12, 90])), max_size=3),
)
@settings(
    max_examples=3, deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
def test_a_fused_alert_is_never_lost(labels: list[tuple[int, bool]], tells: list[tuple[int, int, int]]) -> None:
    """Whatever earlier alerts taught, a rise of all sources is seen; and whatever is told then, the alert stays until it is judged."""
    with transaction.atomic(), clock.at(START):
        _county()
        sources = [_with_history(number) for number in range(3)]
        for place, (which, right) in enumerate(labels):
            _label(
                sources[which], START.date() - timedelta(days=30 + place), Alert.CONFIRMED if right else Alert.DISMISSED
            )
        for back in range(6, -1, -1):
            for one in sources:
                _calls(one, START.date() - timedelta(days=back), 45)
        actions.detect(SYSTEM, [one.pk for one in sources])
        alert = Alert.objects.get(state=Alert.RAISED)
        spoken = {one.source_id for one in alert.signals.filter(method=fusing.METHOD, evidence__gt=0)}
        assert spoken == {one.pk for one in sources}, "no record silences a source"
        for which, back, calls in tells:
            _calls(sources[which], START.date() - timedelta(days=back), calls)
            actions.detect(SYSTEM, [sources[which].pk])
            assert Alert.objects.get(state=Alert.RAISED).pk == alert.pk
            assert spoken <= {one.source_id for one in alert.signals.all()}, (
                "what spoke stays on record, with what became of it"
            )
            assert queries.unexplained() == []
        transaction.set_rollback(True)


def _county() -> int:
    registry.install(SYSTEM)
    divisions = (("99", "澜川省"), ("9901", "汐州市"), (COUNTY, "望潮区"))
    registry.import_divisions(SYSTEM, [Division(code=code, name=name) for code, name in divisions])
    return registry.create_organisation(SYSTEM, "cdc", "望潮区疾控", COUNTY).pk


def _with_history(number: int) -> Source:
    """A hotline with a hundred days of calls behind it, about twelve a day."""
    body = Organisation.objects.get(name_zh="望潮区疾控").pk
    since = START.date() - timedelta(days=100)
    form = SourceForm(kind="hotline", name_zh=f"热线{number}", organisation=body, area=COUNTY, since=since)
    one = actions.register_source(SYSTEM, form)
    counts = np.random.default_rng(number).poisson(12, 100).tolist()
    Observation.objects.bulk_create(
        Observation(source=one, measure="calls", day=since + timedelta(days=at), value=value, known_at=START, channel="file", by_name="")
        for at, value in enumerate(counts)
    )  # fmt: skip
    return one


def _calls(one: Source, day: date, calls: int) -> None:
    rows = [ObservationForm(source=one.code, day=day, measure="calls", value=calls, confirmed=True)]
    assert not actions.report_many(SYSTEM, rows).refused


def _label(one: Source, day: date, state: str) -> None:
    """An alert in which a source spoke, as it ended; of another county of the city, so that it explains nothing here."""
    alert = Alert.objects.create(
        code=ids.new_code(), area="990102", origin="signals", grade="blue", probability=0.1, why_zh="", why_en="", pack="",
        raised_at=LONG_AGO, ended_at=LONG_AGO, state=state, reason="-",
    )  # fmt: skip
    Signal.objects.create(
        source=one, kind="excess", measure="calls", day=day, area=one.area, method="", evidence=1, at=START, alert=alert
    )


class Watch(RuleBasedStateMachine):
    """A county in which sources register, tell, correct, fall silent; alerts are judged; days go by."""

    def __init__(self) -> None:
        super().__init__()
        self.unit = transaction.atomic()
        self.unit.__enter__()
        self.now = START
        self.told: dict[tuple[int, str, date], float] = {}

    @initialize()
    def begin(self) -> None:
        with clock.at(self.now):
            self.body = _county()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.unit.__exit__(None, None, None)

    def _do(self, work: Callable[[], Any]) -> Any:
        with clock.at(self.now):
            try:
                with transaction.atomic():
                    return work()
            except Refusal:
                return None

    @precondition(lambda self: Source.objects.count() < 4)
    @rule(kind=st.sampled_from(KINDS), number=st.integers(0, 99))
    def register(self, kind: str, number: int) -> None:
        since = (self.now - timedelta(days=40)).date()
        form = SourceForm(kind=kind, name_zh=f"{kind}{number}", organisation=self.body, area=COUNTY, since=since)
        self._do(lambda: actions.register_source(SYSTEM, form))

    @precondition(lambda self: Source.objects.exists())
    @rule(which=st.integers(0, 3), back=st.integers(-1, 35), value=st.sampled_from([0, 1, 3, 9, 80, -1, 2.5]))
    def tell(self, which: int, back: int, value: float) -> None:
        source = list(Source.objects.order_by("pk"))[which % Source.objects.count()]
        day = self.now.date() - timedelta(days=back)
        rows = [
            ObservationForm(source=source.code, day=day, measure=name, value=value, confirmed=True)
            for name in source.measures
        ]
        taken = self._do(lambda: actions.report_many(SYSTEM, rows))
        left_out = {place for place, _refusal in taken.refused} if taken else set(range(len(rows)))
        self.told |= {(source.pk, row.measure, day): value for place, row in enumerate(rows) if place not in left_out}
        self._do(lambda: actions.detect(SYSTEM, [source.pk]))

    @rule(days=st.integers(1, 5))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)
        self._do(lambda: actions.owe(SYSTEM))
        self._do(lambda: actions.notice_silence(SYSTEM))

    @rule()
    def hear(self) -> None:
        self._do(lambda: actions.report_rumour(SYSTEM, RumourForm(area=COUNTY, told="多人发热")))

    @precondition(lambda self: Alert.objects.filter(state__in=Alert.OPEN).exists())
    @rule(turn=st.sampled_from(["triage", "verify", "confirm", "dismiss"]))
    def judge(self, turn: str) -> None:
        one = Alert.objects.filter(state__in=Alert.OPEN).order_by("pk")[0]
        acts: dict[str, Callable[[], Any]] = {
            "triage": lambda: actions.triage_alert(SYSTEM, one.code, one.version),
            "verify": lambda: actions.verify_alert(SYSTEM, one.code, one.version, {"seen": "已到场"}),
            "confirm": lambda: actions.confirm_alert(SYSTEM, one.code, one.version, "属实", name_zh="某病"),
            "dismiss": lambda: actions.dismiss_alert(SYSTEM, one.code, one.version, "chance", "查无"),
        }
        self._do(acts[turn])

    @invariant()
    def every_signal_is_accounted_for(self) -> None:
        assert queries.unexplained() == []
        for one in Signal.objects.filter(alert__isnull=False, alert__origin="signals"):
            assert one.area.startswith(one.alert.area if one.alert else "")

    @invariant()
    def whoever_owes_has_a_duty(self) -> None:
        assert duties.gaps(COUNTY) == []
        for report in Report.objects.filter(due_at__isnull=False):
            (duty,) = duties.of_subject("report", report.pk)
            assert (duty.state == "closed") == (report.received_at is not None or bool(report.excused))

    @invariant()
    def an_alert_that_ended_leaves_no_step_open(self) -> None:
        for one in Alert.objects.all():
            (duty,) = duties.of_subject("alert", one.pk)
            assert (duty.state == "open") == (one.state in Alert.OPEN)
            assert one.state in Alert.OPEN or one.reason
            assert one.state != Alert.CONFIRMED or one.verified_at is not None
        assert Alert.objects.filter(origin="signals", state__in=Alert.OPEN, area=COUNTY).count() <= 1

    @invariant()
    def what_was_told_is_there_once_and_as_it_was_told_last(self) -> None:
        current = Observation.objects.filter(superseded_at__isnull=True)
        assert {(one.source_id, one.measure, one.day): one.value for one in current} == self.told


@pytest.mark.django_db
def test_the_watch_keeps_its_laws() -> None:
    run_state_machine_as_test(
        Watch,
        settings=settings(
            max_examples=6, stateful_step_count=12, deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        ),
    )  # fmt: skip
