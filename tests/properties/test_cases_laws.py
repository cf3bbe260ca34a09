"""Laws of cases: whatever clinics, reviewers and investigators do in whatever order, nobody is forgotten and nothing is skipped.

A machine reports people one by one and in lists, reviews, returns, corrects, amends, isolates, moves, discharges and discards
them on a virtual clock, while the laws are checked after every step.
"""

from datetime import datetime, timedelta
from typing import Any

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

from fangxian.cases import actions
from fangxian.cases.models import Case, Judgement, Review
from fangxian.cases.progress import progress
from fangxian.cases.subject import anchors_of
from fangxian.core import clock, journal
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Refusal
from fangxian.duties import coverage, rebuild, sweep
from fangxian.duties import queries as duties
from fangxian.duties.models import Duty, Step
from fangxian.registry.schemas import PersonForm
from tests.support.county import CONFIRMED, PACK, START, SUSPECTED, VILLAGE, County, with_pack

LEVELS = ("county", "city", "province")
FACTS = st.sampled_from([CONFIRMED, SUSPECTED, {"pcr_positive": True, "symptomatic": False}])
#: What people may write into a correction; some of it cannot be, and is refused.
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "severity": st.sampled_from(["mild", "critical", "odd"]),
        "origin": st.sampled_from(["imported", "local", "unknown"]),
        "facts": st.dictionaries(
            st.sampled_from(["pcr_positive", "symptomatic", "fever", "epidemiological_link"]),
            st.sampled_from([True, False, None]),
            max_size=3,
        ),
        "classification": st.sampled_from(["suspected", "confirmed", "asymptomatic"]),
        "days_ago": st.integers(-1, 6),
        "diagnosed": st.integers(0, 50),
    },
)


class Outbreak(RuleBasedStateMachine):
    """People at work on one outbreak."""

    def __init__(self) -> None:
        super().__init__()
        self.pack = with_pack()
        self.pack.__enter__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()

    def teardown(self) -> None:
        try:
            assert list(rebuild.differences()) == [], "the journal alone tells of the same duties"
            assert not [found for found in journal.verify() if isinstance(found, journal.Fault)]
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)
            self.pack.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        self.now = START + timedelta(days=10)
        self.county = County.at(START)
        self.actors = {post: self.county.actor(post) for post in (*LEVELS, "clinic", "investigator")}

    def _any(self, pick: int) -> Case:
        cases = list(Case.objects.order_by("pk"))
        return cases[pick % len(cases)]

    def _try(self, act: Any) -> Any:
        """An act may be refused; then nothing at all has changed."""
        with clock.at(self.now):
            size, versions = journal.signed_head().size, self._versions()
            try:
                with transaction.atomic():
                    return act()
            except Refusal:
                assert journal.signed_head().size == size
                assert self._versions() == versions
                return None

    @staticmethod
    def _versions() -> list[tuple[int, int, str, str]]:
        return list(Case.objects.order_by("pk").values_list("pk", "version", "review", "classification"))

    # ── what people do ─────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(
        facts=FACTS, back=st.integers(0, 80), origin=st.sampled_from(["imported", "unknown"]), diagnosed=st.booleans()
    )
    def report(self, facts: dict, back: int, origin: str, diagnosed: bool) -> None:
        with clock.at(self.now):
            at = self.now - timedelta(hours=back)
            form = self.county.form(
                facts=facts, reported_at=at, diagnosed_at=at - timedelta(hours=1) if diagnosed else None, onset_on=None, origin=origin
            )  # fmt: skip
        assert self._try(lambda: actions.report(self.actors["clinic"], form)) is not None

    @rule(kinds=st.lists(st.sampled_from(["good", "again", "wrong"]), min_size=1, max_size=4))
    def report_a_list(self, kinds: list[str]) -> None:
        with clock.at(self.now):
            forms = []
            for kind in kinds:
                who: PersonForm = (
                    self.county.person(documents=(("other", "AB12345"),)) if kind == "again" else self.county.person()
                )
                forms.append(self.county.form(person=who, **({"severity": "odd"} if kind == "wrong" else {})))
        before = Case.objects.count()
        known = Case.objects.exclude(classification="discarded").filter(person__documents__kind="other").exists()
        taken = self._try(lambda: actions.report_many(SYSTEM, self.county.outbreak, forms))
        again = kinds.count("again")
        assert len(taken.cases) == kinds.count("good") + (min(1, again) if not known else 0)
        assert len(taken.cases) + len(taken.refused) == len(kinds)
        assert Case.objects.count() == before + len(taken.cases)

    @precondition(lambda self: Case.objects.exists())
    @rule(pick=st.integers(0, 99), posts=st.lists(st.sampled_from([*LEVELS, "clinic"]), min_size=3, max_size=5))
    def approve(self, pick: int, posts: list[str]) -> None:
        for post in posts:
            self._decide(self._any(pick), post, "approve")

    @precondition(lambda self: Review.objects.exists())
    @rule(pick=st.integers(0, 99), post=st.sampled_from(LEVELS), to=st.sampled_from([None, None, *LEVELS]))
    def send_back(self, pick: int, post: str, to: str | None) -> None:
        done = self._decide(self._any(pick), post, "return", to)
        if done is not None and to is None:
            assert done.review == "returned"

    def _decide(self, case: Case, post: str, decision: str, to: str | None = None) -> Case | None:
        turn, passed = progress(case), Review.objects.filter(case=case).count()
        done: Case | None = self._try(
            lambda: actions.review(self.actors[post], case.code, decision, "the address is wrong", to)
        )
        assert Review.objects.filter(case=case).count() == passed + (done is not None)
        if done is not None:
            assert turn is not None and turn.step is not None
            assert LEVELS.index(post) >= LEVELS.index(turn.step.level or ""), "nobody decides above their own level"
        return done

    @precondition(lambda self: Case.objects.exists())
    @rule(pick=st.integers(0, 99), changes=CHANGES)
    def correct(self, pick: int, changes: dict) -> None:
        case = self._any(pick)
        done = self._try(lambda: actions.correct(self.actors["clinic"], case.code, self._dated(changes), case.version))
        if done is not None:
            assert (case.review, done.review) == ("returned", "reported")

    @precondition(lambda self: Case.objects.exists())
    @rule(pick=st.integers(0, 99), changes=CHANGES, stale=st.integers(0, 2), merge=st.booleans())
    def amend(self, pick: int, changes: dict, stale: int, merge: bool) -> None:
        case = self._any(pick)
        version = max(1, case.version - stale)
        done = self._try(
            lambda: actions.amend(self.actors["investigator"], case.code, self._dated(changes), version, merge=merge)
        )
        if done is not None and version != case.version:
            assert merge, "a change made on an old version is saved only if merging was asked for"

    def _dated(self, changes: dict) -> dict[str, Any]:
        day = self.now.astimezone(clock.zone()).date()
        found = {name: value for name, value in changes.items() if name not in ("days_ago", "diagnosed")}
        if "days_ago" in changes:
            found["onset_on"] = day - timedelta(days=changes["days_ago"])
        if "diagnosed" in changes:
            found["diagnosed_at"] = self.now - timedelta(hours=changes["diagnosed"])
        return found

    @precondition(lambda self: Case.objects.exists())
    @rule(pick=st.integers(0, 99), outcome=st.sampled_from(["recovered", "died", "transferred"]), ago=st.integers(0, 3))
    def end(self, pick: int, outcome: str, ago: int) -> None:
        day = self.now.astimezone(clock.zone()).date() - timedelta(days=ago)
        self._try(lambda: actions.record_outcome(self.actors["investigator"], self._any(pick).code, outcome, day))

    @precondition(lambda self: Case.objects.exists())
    @rule(pick=st.integers(0, 99), move=st.booleans())
    def hold(self, pick: int, move: bool) -> None:
        code, by = self._any(pick).code, self.actors["investigator"]
        if move:
            self._try(lambda: actions.transfer(by, code, self.county.hospital))
        else:
            self._try(lambda: actions.isolate(by, code))

    @precondition(lambda self: Case.objects.exists())
    @rule(pick=st.integers(0, 99))
    def discard(self, pick: int) -> None:
        case = self._any(pick)
        if self._try(lambda: actions.discard(self.actors["county"], case.code, "another disease")) is not None:
            assert not Duty.objects.filter(subject_kind="case", subject_id=case.pk, state=Duty.OPEN).exists()

    @rule(hours=st.integers(1, 60))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        with clock.at(self.now):
            sweep.sweep()

    # ── what must hold ─────────────────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def nobody_is_forgotten(self) -> None:
        with clock.at(self.now):
            assert duties.gaps() == []
            for step in Step.objects.filter(state=Step.OPEN).select_related("duty"):
                assert step.organisation_id
                assert step.duty.state == Duty.OPEN
            for duty in Duty.objects.filter(state=Duty.OPEN):
                known = anchors_of(Case.objects.get(pk=duty.subject_id))
                told = {name: duty.anchors.get(name) for name in known}
                assert told == {name: at.isoformat() for name, at in known.items()}, (
                    "the clocks of a duty are its case's"
                )
            for duty in Duty.objects.filter(state=Duty.CLOSED):
                assert duty.outcome and duty.closed_at

    @invariant()
    def the_books_agree(self) -> None:
        assert coverage.cells() == coverage.recount()

    @invariant()
    def no_level_is_skipped(self) -> None:
        keys = ["card", *LEVELS]
        for duty in Duty.objects.filter(kind="case.review"):
            newest: dict[str, Step] = {}
            for step in duty.steps.order_by("attempt"):
                newest[step.key] = step
            done = [newest[key].state == Step.DONE for key in keys]
            assert done == sorted(done, reverse=True), "a level is done only after those before it"
            times: list[datetime] = [
                at for key in keys if newest[key].state == Step.DONE and (at := newest[key].done_at)
            ]
            assert times == sorted(times)
            assert (duty.outcome == "reviewed") == all(done)

    @invariant()
    def a_case_says_where_it_stands(self) -> None:
        for case in Case.objects.all():
            last = Judgement.objects.filter(case=case).order_by("-pk").values_list("classification", flat=True).first()
            assert last == case.classification
            at = progress(case)
            assert at is not None
            if case.classification != "discarded":
                assert case.review == at.state
            assert len(journal.of("case", case.pk)) == case.version, "every version has its line in the journal"
            assert (case.pack, case.area) == (PACK, VILLAGE)

    @invariant()
    def one_person_is_one_case(self) -> None:
        people = list(Case.objects.exclude(classification="discarded").values_list("person_id", flat=True))
        assert len(people) == len(set(people))


@pytest.mark.django_db
def test_the_laws_of_cases_hold() -> None:
    run_state_machine_as_test(
        Outbreak,
        settings=settings(
            max_examples=15,
            stateful_step_count=16,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        ),
    )
