"""Laws of the closed loop: whatever people do in whatever order, nobody is forgotten and the books agree.

A machine reports subjects, completes, waives, hands over, sends back, moves anchors and lets time pass, while the laws are
checked after every step: no subject lacks a duty; no open step lacks a holder; a closed duty has an outcome and no open step;
the rollup counts what the steps say; the journal alone gives the same state and is whole.
"""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fangxian.core import clock, journal
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Refusal
from fangxian.duties import actions, coverage, queries, rebuild, subjects, sweep
from fangxian.duties.actions import reassign
from fangxian.duties.models import Duty, Step
from fangxian.duties.subjects import Subject
from fangxian.registry import actions as registry
from fangxian.registry.models import Appointment, Organisation
from fangxian.registry.queries import Post, Responsibility

START = datetime(2015, 5, 20, 1, tzinfo=UTC)
AREAS = ["990101", "990102001", "990102001001001"]
GOOD = {
    "decision": "accepted", "findings": "seen", "contacts_listed": "3", "report_file": "r", "hospital": "h", "card_number": "1",
    "phone_reached": "yes", "temperature": 36.5, "symptoms": "none", "clinically_improved": True, "result": "negative",
    "consecutive_negatives": 2, "hours_between_tests": 30,
}  # fmt: skip


class Loop(RuleBasedStateMachine):
    """People at work on the MERS protocol."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        self.now, self.serial = START, 0
        self.told: list[tuple[str, Subject]] = []
        subjects.register(
            "case", provider=lambda area: [one for one in self.told if one[1].kind == "case"], describer=lambda ids: {}
        )
        subjects.register(
            "contact",
            provider=lambda area: [one for one in self.told if one[1].kind == "contact"],
            describer=lambda ids: {},
        )
        for area in ("", "99", "9901", "990101"):
            Organisation.objects.create(code=f"H{area}", kind="headquarters", name_zh="指挥部", area=area)
        self.cdc = Organisation.objects.create(code="CDC", kind="cdc", name_zh="疾控", area="990101")
        Appointment.objects.create(
            name="王", role="reviewer", organisation=self.cdc, area="990101", begins_at=START - timedelta(days=1)
        )

    def _at(self):
        return clock.at(self.now)

    def _open(self) -> list[Step]:
        return list(Step.objects.filter(state=Step.OPEN).order_by("id"))

    @rule(
        area=st.sampled_from(AREAS),
        kind=st.sampled_from(["case", "contact"]),
        known=st.booleans(),
        back=st.integers(0, 96),
    )
    def tell(self, area: str, kind: str, known: bool, back: int) -> None:
        self.serial += 1
        moment = "case.reported" if kind == "case" else "contact.identified"
        anchors = {"reported_at": self.now, "identified_at": self.now}
        if known:
            anchors["last_exposure_at"] = self.now - timedelta(hours=back)
        subject = Subject(kind, self.serial, area, "mers-who", {"category": "contact"}, anchors)
        with self._at():
            actions.open_due(SYSTEM, moment, [subject])
            assert actions.open_due(SYSTEM, moment, [subject]) == []  # telling it twice opens nothing twice
        self.told.append((moment, subject))

    @precondition(lambda self: self._open())
    @rule(pick=st.integers(0, 10_000), late=st.integers(0, 60), good=st.booleans())
    def complete(self, pick: int, late: int, good: bool) -> None:
        steps = self._open()
        step = steps[pick % len(steps)]
        evidence = GOOD if good else {**GOOD, "symptoms": "some", "clinically_improved": False}
        self._try(lambda: actions.complete(SYSTEM, step.pk, evidence, at=self.now - timedelta(minutes=late)), step)

    @precondition(lambda self: self._open())
    @rule(pick=st.integers(0, 10_000))
    def waive(self, pick: int) -> None:
        steps = self._open()
        step = steps[pick % len(steps)]
        self._try(lambda: actions.waive(SYSTEM, step.pk, "no longer lives here"), step)

    @precondition(lambda self: self._open())
    @rule(pick=st.integers(0, 10_000))
    def hand_over(self, pick: int) -> None:
        steps = self._open()
        step = steps[pick % len(steps)]
        with self._at():
            after = actions.hand_over(SYSTEM, step.pk, Post("9901", self.cdc.pk, None), "on leave")
        assert (after.organisation_id, after.post_area) == (self.cdc.pk, "9901")

    @precondition(lambda self: Step.objects.filter(state=Step.OPEN, key__in=["city", "province"]).exists())
    @rule(to=st.sampled_from(["county", "city"]))
    def send_back(self, to: str) -> None:
        step = Step.objects.filter(state=Step.OPEN, key__in=["city", "province"]).order_by("id").first()
        assert step is not None
        self._try(lambda: actions.send_back(SYSTEM, step.pk, to, "address missing"), step)

    @precondition(lambda self: any(one.kind == "contact" for _moment, one in self.told))
    @rule(pick=st.integers(0, 10_000), hours=st.integers(-30, 30))
    def exposed_again(self, pick: int, hours: int) -> None:
        contacts = [one for _moment, one in self.told if one.kind == "contact"]
        contact = contacts[pick % len(contacts)]
        with self._at():
            actions.set_anchors(
                SYSTEM,
                "contact",
                {contact.id: {"last_exposure_at": self.now + timedelta(hours=hours) - timedelta(days=1)}},
            )

    @precondition(lambda self: Duty.objects.filter(state=Duty.OPEN).exists())
    @rule(pick=st.integers(0, 10_000))
    def end(self, pick: int) -> None:
        duties = list(Duty.objects.filter(state=Duty.OPEN).order_by("id"))
        duty = duties[pick % len(duties)]
        with self._at():
            actions.end_all(SYSTEM, duty.subject_kind, {duty.subject_id: ("became_case", "tested positive")})

    @precondition(lambda self: Step.objects.exclude(state=Step.OPEN).exists())
    @rule(pick=st.integers(0, 10_000))
    def reopen(self, pick: int) -> None:
        steps = list(Step.objects.exclude(state=Step.OPEN).order_by("id"))
        step = steps[pick % len(steps)]
        self._try(lambda: actions.reopen(SYSTEM, step.pk, "the result was wrong"), step)

    @rule(hours=st.integers(1, 100))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        with self._at():
            before = Step.objects.filter(state=Step.OPEN, alarm_at__lte=self.now).count()
            swept = sweep.sweep()
            assert swept.escalated <= before
            assert not Step.objects.filter(state=Step.OPEN, alarm_at__lte=self.now).exists()

    def _try(self, act, step: Step) -> None:
        """An act may be refused (an earlier step is open); then nothing at all has changed."""
        with self._at():
            size, refused = journal.signed_head().size, None
            try:
                act()
            except Refusal as refusal:
                refused = refusal
            if refused is not None:
                assert refused.code == "out_of_order" or refused.field == "to", refused
                assert journal.signed_head().size == size
                assert Step.objects.get(pk=step.pk).state == Step.OPEN

    @invariant()
    def nobody_is_missed(self) -> None:
        with self._at():
            assert queries.gaps() == []

    @invariant()
    def everything_has_a_holder_and_an_end(self) -> None:
        organisations = set(Organisation.objects.values_list("id", flat=True))
        for step in self._open():
            assert step.organisation_id in organisations
            assert step.duty.state == Duty.OPEN
        for duty in Duty.objects.filter(state=Duty.CLOSED):
            assert duty.outcome
            assert duty.closed_at
            assert not duty.steps.filter(state=Step.OPEN).exists()
        for duty in Duty.objects.filter(state=Duty.OPEN):
            assert duty.steps.filter(state=Step.OPEN).exists()

    @invariant()
    def the_books_agree(self) -> None:
        assert coverage.cells() == coverage.recount()
        assert list(rebuild.differences()) == []
        assert not [found for found in journal.verify() if isinstance(found, journal.Fault)]


@pytest.mark.django_db
def test_the_laws_of_the_loop_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subjects, "_kinds", {})
    monkeypatch.setattr(subjects, "_reserved", {})
    run_state_machine_as_test(
        Loop,
        settings=settings(
            max_examples=25, stateful_step_count=14, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )  # fmt: skip


@pytest.mark.django_db
def test_a_role_nobody_holds_falls_to_the_duty_officer_then_to_the_headquarters() -> None:
    """责任到人: there is always somebody."""
    root = Organisation.objects.create(code="ROOT", kind="headquarters", name_zh="总指挥部", area="")
    assert Responsibility().of("grid_worker", "990101001001001").organisation_id == root.pk
    county = Organisation.objects.create(code="HQ", kind="headquarters", name_zh="县指挥部", area="990101")
    assert Responsibility().of("grid_worker", "990101001001001").organisation_id == county.pk
    Appointment.objects.create(name="李", role="duty_officer", organisation=root, area="9901", begins_at=clock.now())
    assert Responsibility().of("grid_worker", "990101001001001").area == "9901"
    Appointment.objects.create(
        name="赵", role="grid_worker", organisation=county, area="990101001001", begins_at=clock.now()
    )
    assert Responsibility().of("grid_worker", "990101001001001").area == "990101001001"
    assert Responsibility().of("grid_worker", "990102").area == "9901"


@pytest.mark.django_db
def test_what_a_vacated_post_had_open_goes_to_whoever_answers_now() -> None:
    """责任到人: nobody's work is left with somebody who has gone."""
    registry.install(SYSTEM)
    registry.import_divisions(SYSTEM, [{"code": code, "name": code} for code in ("99", "9901", "990101")])
    cdc = registry.create_organisation(SYSTEM, "cdc", "疾控", "990101")
    post = registry.appoint(SYSTEM, "reviewer", "990101", cdc.pk, name="王")
    now = clock.now()
    actions.open_due(SYSTEM, "case.reported", [Subject("case", 1, "990101", "mers-who", {}, {"reported_at": now})])
    county = queries.open_step("case.review", ("case", 1), "county")
    assert county is not None
    assert county.organisation_id == cdc.pk
    registry.end_appointment(SYSTEM, post.pk, "retired")
    reassign(SYSTEM, "reviewer", "990101", None, cdc.pk)
    county = queries.open_step("case.review", ("case", 1), "county")
    assert county is not None
    assert county.organisation.kind == "headquarters"
    assert list(rebuild.differences()) == []
