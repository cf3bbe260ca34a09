"""Laws of tracing: whatever is exposed, visited, tested, held, reported, ruled out, merged and parted in whatever order.

A machine works on a few people of one outbreak while time passes. After every step: nobody lacks a duty; one open contact a human;
a contact is as strict as its strictest exposure, and its clocks run from the first and the last; a closed duty has an outcome; an
ended contact owes nothing; the four clear add up; the rollup counts what the steps say; nobody was infected by who they infected.
"""

from collections import Counter
from datetime import timedelta
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

from fangxian.cases import actions as cases
from fangxian.cases.models import Case
from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Refusal
from fangxian.duties import queries as duties
from fangxian.duties.models import Duty
from fangxian.duties.sweep import sweep
from fangxian.registry import actions as registry
from fangxian.registry.models import Person
from fangxian.tracing import actions, judging, queries
from fangxian.tracing.models import Contact, Exposure, Investigation
from tests.support.county import START, with_pack
from tests.support.tracers import Tracers, books_agree, hand_on

NOW = START + timedelta(hours=10)
HOW: list[dict[str, Any]] = [
    {"setting": "home", "facts": {"household": True, "higher_risk_contact": True}},
    {"setting": "shop", "facts": {}},
    {"setting": "office", "facts": {}},
    {"setting": "home", "facts": {"household": True, "protected": True}},
]
FOUND: list[dict[str, Any]] = [
    {"temperature": 36.5, "symptoms": "none"},
    {"temperature": 38.9, "symptoms": "some"},
    {"result": "negative"},
    {"phone_reached": True},
]
people, picks = st.integers(0, 5), st.integers(0, 10_000)


class Tracing(RuleBasedStateMachine):
    """Investigators, grid workers and clinics at work on the ninth edition."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.pack = with_pack()
        self.pack.__enter__()

    def teardown(self) -> None:
        self.pack.__exit__(None, None, None)
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        self.now = NOW
        with clock.at(NOW):
            self.town = Tracers.at(NOW)
            self.people = [registry.register_person(SYSTEM, self.town.person()).code for _ in range(6)]

    def _try(self, work: Any) -> Any:
        """What is refused changes nothing."""
        before = self._state()
        with clock.at(self.now):
            try:
                done = work()
            except Refusal:
                done = None
            else:
                hand_on()
                return done
        assert self._state() == before
        return None

    def _state(self) -> tuple[Any, ...]:
        return (
            list(Contact.objects.order_by("id").values_list()),
            list(Exposure.objects.order_by("id").values_list("id", "contact_id", "infected_id", "category")),
            list(Duty.objects.order_by("id").values_list("id", "state", "outcome")),
        )

    def _watched(self, pick: int) -> str:
        codes = list(Contact.objects.filter(state="watched").order_by("id").values_list("code", flat=True))
        return codes[pick % len(codes)] if codes else "NOSUCHCODE"

    @rule(who=people, how=st.sampled_from(HOW), pick=picks, back=st.integers(0, 120), hours=st.integers(0, 5))
    def meet_a_case(self, who: int, how: dict[str, Any], pick: int, back: int, hours: int) -> None:
        codes = list(
            Case.objects.filter(outbreak__code=self.town.outbreak).order_by("id").values_list("code", flat=True)
        )
        begin = self.now - timedelta(hours=back + hours)
        form = self.town.met(
            person=self.people[who],
            case=codes[pick % len(codes)],
            from_at=begin,
            to_at=begin + timedelta(hours=hours),
            **how,
        )
        told = self._try(lambda: actions.expose(SYSTEM, form))
        if told is not None and told.contact:
            assert told.category or Contact.objects.get(code=told.contact).exposures.exclude(category="").exists()

    @rule(who=people, how=st.sampled_from(HOW), pick=picks)
    def meet_a_contact(self, who: int, how: dict[str, Any], pick: int) -> None:
        form = self.town.met(
            person=self.people[who], contact_of=self._watched(pick),
            from_at=self.now - timedelta(hours=2), to_at=self.now - timedelta(hours=1), **how,
        )  # fmt: skip
        self._try(lambda: actions.expose(SYSTEM, form))

    @rule(pick=picks, found=st.sampled_from(FOUND))
    def visit(self, pick: int, found: dict[str, Any]) -> None:
        code = self._watched(pick)
        self._try(lambda: actions.visit(SYSTEM, code, found))

    @rule(pick=picks, where=st.sampled_from(["home", "site", "nowhere"]))
    def hold(self, pick: int, where: str) -> None:
        code = self._watched(pick)
        self._try(lambda: actions.hold(SYSTEM, code, where))

    @rule(pick=picks, which=st.sampled_from(["person", "place", "control"]))
    def clear(self, pick: int, which: str) -> None:
        code = self._watched(pick)
        self._try(lambda: actions.clear(SYSTEM, code, which))

    @rule(pick=picks, lost=st.booleans())
    def end(self, pick: int, lost: bool) -> None:
        code = self._watched(pick)
        self._try(lambda: (actions.lose if lost else actions.dismiss)(SYSTEM, code, "could not be found"))

    @rule(pick=picks)
    def become_a_case(self, pick: int) -> None:
        code = self._watched(pick)
        with clock.at(self.now):
            card = self.town.card(person="", onset_on=clock.today())
        self._try(lambda: actions.become_case(SYSTEM, code, card))

    @rule(who=people)
    def be_reported(self, who: int) -> None:
        with clock.at(self.now):
            card = self.town.card(person=self.people[who], onset_on=clock.today())
        self._try(lambda: cases.report(SYSTEM, card))

    @rule(pick=picks, days=st.integers(-3, 1))
    def correct_an_onset(self, pick: int, days: int) -> None:
        found = list(Case.objects.exclude(classification="discarded").order_by("id"))
        if found:
            case = found[pick % len(found)]
            if case.onset_on is not None:
                onset = case.onset_on + timedelta(days=days)
                self._try(lambda: cases.amend(SYSTEM, case.code, {"onset_on": onset}, case.version))

    @rule(pick=picks)
    def rule_a_case_out(self, pick: int) -> None:
        found = list(Case.objects.exclude(classification="discarded").order_by("id"))
        if found:
            case = found[pick % len(found)]
            self._try(lambda: cases.discard(SYSTEM, case.code, "another cause found"))

    @rule(one=people, other=people)
    def merge(self, one: int, other: int) -> None:
        self._try(lambda: registry.merge(SYSTEM, self.people[one], self.people[other], "the same telephone"))

    @rule(one=people)
    def part(self, one: int) -> None:
        self._try(lambda: registry.unmerge(SYSTEM, self.people[one], "two people after all"))

    @precondition(lambda self: self.now < NOW + timedelta(days=20))
    @rule(hours=st.integers(1, 60))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        with clock.at(self.now):
            sweep()
            hand_on()

    @invariant()
    def nobody_is_forgotten(self) -> None:
        if hasattr(self, "town"):
            with clock.at(self.now):
                books_agree()

    @invariant()
    def one_open_contact_a_human(self) -> None:
        if not hasattr(self, "town"):
            return
        root = {pk: canonical or pk for pk, canonical in Person.objects.values_list("pk", "canonical_id")}
        watched = Counter(
            root[pk] for pk in Contact.objects.filter(state="watched").values_list("person_id", flat=True)
        )
        assert set(watched.values()) <= {1}
        ill = Case.objects.filter(outbreak__code=self.town.outbreak).exclude(classification="discarded")
        assert not {root[pk] for pk in ill.values_list("person_id", flat=True)} & watched.keys(), "a case is no contact"

    @invariant()
    def a_contact_is_what_its_exposures_say(self) -> None:
        for contact in Contact.objects.filter(state="watched").prefetch_related("exposures"):
            counting = [one for one in contact.exposures.all() if one.category]
            assert counting
            strictest = min(counting, key=lambda one: (judging.rank(one.classified_by, one.category), one.pk))
            assert (contact.category, contact.classified_by) == (strictest.category, strictest.classified_by)
            assert contact.first_exposure_at == min(one.from_at for one in counting if one.from_at)
            assert contact.last_exposure_at == max(one.to_at for one in counting if one.to_at)
            owed = [duty for duty in duties.of_subject("contact", contact.pk) if duty.state == "open"]
            for duty in owed:
                assert duty.anchors["last_exposure_at"] == contact.last_exposure_at.isoformat()
            assert any(duty.kind.endswith((".observation", ".testing")) for duty in owed), (
                "under watch, yet nobody watches"
            )

    @invariant()
    def what_ended_owes_nothing_and_says_how(self) -> None:
        ended = Contact.objects.exclude(state="watched")
        assert not ended.filter(ended_at__isnull=True).exists()
        open_duties = Duty.objects.filter(subject_kind="contact", state="open").values_list("subject_id", flat=True)
        assert not ended.filter(pk__in=list(open_duties)).exists()
        assert not Duty.objects.filter(state="closed", outcome="").exists()
        assert not Contact.objects.filter(state="case", case__isnull=True).exists()

    @invariant()
    def the_four_clear_add_up(self) -> None:
        if not hasattr(self, "town"):
            return
        with clock.at(self.now):
            table = queries.four_clear(SYSTEM, self.town.outbreak)
        watched = [row for row in table.rows if row.state == "watched"]
        told = table.clear
        assert told.number == len(watched) == table.by_state.get("watched", 0)
        assert told.person == sum(row.person_clear_at is not None for row in watched)
        assert told.place == sum(row.place_clear_at is not None for row in watched)
        assert told.control == sum(row.control_clear_at is not None for row in watched)
        assert told.all == sum(row.clear for row in watched) <= min(told.person, told.place, told.control)
        assert sum(table.by_state.values()) == sum(table.by_category.values()) == Contact.objects.count()

    @invariant()
    def every_case_is_investigated_and_nobody_infects_in_a_circle(self) -> None:
        if not hasattr(self, "town"):
            return
        assert not Case.objects.exclude(pk__in=Investigation.objects.values("case_id")).exists()
        with clock.at(self.now):
            assert queries.chains(SYSTEM, self.town.outbreak).loops == ()
        for row in Exposure.objects.filter(infected__isnull=False).select_related("infected__person", "person"):
            assert row.infected is not None
            assert (row.infected.person.canonical_id or row.infected.person_id) == (
                row.person.canonical_id or row.person_id
            )


@pytest.mark.django_db
def test_tracing_keeps_its_laws() -> None:
    run_state_machine_as_test(
        Tracing,
        settings=settings(
            max_examples=6, stateful_step_count=12, deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        ),
    )  # fmt: skip
