"""Corrections (订正) and what becomes of a case: nobody's change is lost, and the duties follow the facts."""

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from fangxian.cases import actions, queries
from fangxian.cases.models import Case, Judgement
from fangxian.core import clock, journal
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.duties import coverage
from fangxian.duties import queries as duties
from tests.support.county import START, SUSPECTED, County, with_pack

pytestmark = pytest.mark.django_db
NOW = START + timedelta(hours=3)
TODAY = date(2024, 3, 4)


@pytest.fixture
def county() -> Iterator[County]:
    with with_pack(), clock.at(NOW):
        yield County.at()


@pytest.fixture
def case(county: County) -> Case:
    return actions.report(county.actor("clinic"), county.form())


@pytest.fixture
def suspected(county: County) -> Case:
    return actions.report(county.actor("clinic"), county.form(facts=SUSPECTED, diagnosed_at=None))


def _duties(case: Case) -> dict[str, tuple[str, str]]:
    return {duty.kind: (duty.state, duty.outcome) for duty in duties.of_subject("case", case.pk)}


def _step(case: Case, key: str):
    (found,) = (step for duty in duties.of_subject("case", case.pk) for step in duty.steps.all() if step.key == key)
    return found


def test_a_correction_says_what_it_was_and_what_it_is(county: County, case: Case) -> None:
    changes = {
        "severity": "severe",
        "facts": {"fever": True, "symptomatic": None, "pcr_positive": True},
        "onset_on": None,
    }
    with pytest.raises(Invalid):  # without symptoms known, the facts meet no definition
        actions.amend(county.actor("investigator"), case.code, changes, case.version)
    changes["facts"] = {"fever": True}
    amended = actions.amend(county.actor("investigator"), case.code, changes, case.version)
    assert (amended.version, amended.severity, amended.onset_on) == (2, "severe", None)
    assert amended.facts == {"pcr_positive": True, "symptomatic": True, "fever": True}
    entry = journal.of("case", case.pk)[-1]
    assert json.loads(entry.data) == {
        "version": 2,
        "changes": {"severity": ["", "severe"], "facts.fever": [None, True], "onset_on": ["2024-03-02", None]},
    }


def test_a_correction_that_changes_nothing_is_none(county: County, case: Case) -> None:
    same = {"onset_on": case.onset_on, "facts": {"pcr_positive": True}, "classification": "confirmed"}
    assert actions.amend(county.actor("investigator"), case.code, same, case.version).version == case.version
    assert len(journal.of("case", case.pk)) == 1


def test_a_stale_correction_names_the_fields_and_who_changed_them(county: County, case: Case) -> None:
    actions.amend(county.actor("investigator"), case.code, {"severity": "severe", "note": "seen"}, case.version)
    actions.amend(county.actor("county"), case.code, {"facts": {"fever": True}}, case.version + 1)
    with pytest.raises(Conflict) as refused:
        actions.amend(county.actor("county"), case.code, {"severity": "mild"}, case.version)
    assert refused.value.code == "stale"
    assert refused.value.detail == {
        "version": 3,
        "changed": {"severity": "流调孙", "note": "流调孙", "facts.fever": "县审王"},
    }
    assert "severity (流调孙" in str(refused.value)
    assert Case.objects.get().severity == "severe"


def test_other_fields_are_merged_only_if_asked_for(county: County, case: Case) -> None:
    actions.amend(county.actor("investigator"), case.code, {"severity": "severe"}, case.version)
    with pytest.raises(Conflict):
        actions.amend(county.actor("county"), case.code, {"note": "x"}, case.version)
    with pytest.raises(Conflict):
        actions.amend(county.actor("county"), case.code, {"severity": "mild", "note": "x"}, case.version, merge=True)
    merged = actions.amend(county.actor("county"), case.code, {"note": "x"}, case.version, merge=True)
    assert (merged.severity, merged.note, merged.version) == ("severe", "x", 3)
    with pytest.raises(Conflict):
        actions.amend(county.actor("county"), case.code, {"note": "y"}, 99, merge=True)


def test_a_fact_and_the_class_it_may_change_go_together(county: County, suspected: Case) -> None:
    actions.amend(county.actor("county"), suspected.code, {"classification": "confirmed"}, suspected.version)
    with pytest.raises(Conflict):
        actions.amend(
            county.actor("county"), suspected.code, {"facts": {"fever": False}}, suspected.version, merge=True
        )


def test_deadlines_follow_a_corrected_date(county: County, case: Case) -> None:
    before = _step(case, "assess").due_at
    actions.amend(county.actor("investigator"), case.code, {"onset_on": date(2024, 2, 28)}, case.version)
    assert _step(case, "assess").due_at == before - timedelta(days=3)
    assert coverage.cells() == coverage.recount()


def test_a_suspected_case_that_is_confirmed_opens_and_ends_the_right_duties(county: County, suspected: Case) -> None:
    assert set(_duties(suspected)) == {"case.review", "case.investigation", "case.sampling"}
    facts = {"pcr_positive": True, "symptomatic": True}
    changes = {"facts": facts, "diagnosed_at": NOW}
    confirmed = actions.amend(county.actor("investigator"), suspected.code, changes, suspected.version)
    assert confirmed.classification == "confirmed"
    assert _duties(suspected) == {
        "case.review": ("open", ""),
        "case.investigation": ("open", ""),
        "case.sampling": ("closed", "confirmed"),
        "case.isolation": ("open", ""),
    }
    assert list(Judgement.objects.order_by("pk").values_list("classification", flat=True)) == ["suspected", "confirmed"]
    entry = next(one for one in journal.of("case", suspected.pk) if one.action == "case.amended")
    assert entry.basis == confirmed.classified_by
    assert json.loads(entry.data)["changes"]["classification"] == ["suspected", "confirmed"]
    assert duties.gaps() == []


def test_the_facts_and_the_word_may_not_disagree(county: County, case: Case) -> None:
    with pytest.raises(Invalid) as refused:
        actions.amend(county.actor("county"), case.code, {"classification": "suspected"}, case.version)
    assert refused.value.field == "classification"
    changes = {"classification": "suspected", "facts": {"pcr_positive": None, "symptomatic": None}}
    assert actions.amend(county.actor("county"), case.code, changes, case.version).classification == "suspected"
    assert duties.gaps() == []


def test_an_origin_found_out_later_opens_its_duty(county: County, case: Case) -> None:
    actions.amend(county.actor("investigator"), case.code, {"origin": "imported"}, case.version)
    assert _duties(case)["case.abroad"] == ("open", "")
    assert duties.gaps() == []


def test_who_was_found_by_a_test_may_fall_ill_later(county: County) -> None:
    facts = {"pcr_positive": True, "symptomatic": False}
    case = actions.report(county.actor("clinic"), county.form(facts=facts, onset_on=None))
    with clock.at(NOW + timedelta(days=2)):
        changes = {"onset_on": TODAY + timedelta(days=2), "facts": {"symptomatic": True}}
        ill = actions.amend(county.actor("investigator"), case.code, changes, case.version)
        assert (ill.classification, ill.onset_on) == ("confirmed", TODAY + timedelta(days=2))
    assert [one.classification for one in queries.case(SYSTEM, case.code).judgements] == ["asymptomatic", "confirmed"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"onset_on": date(2024, 3, 5)}, "onset_on"),
        ({"diagnosed_at": NOW - timedelta(days=9)}, "onset_on"),
        ({"severity": "bad"}, "severity"),
        ({"facts": {"nonsense": True}}, "facts.nonsense"),
        ({"dates": {"nonsense": NOW}}, "dates.nonsense"),
        ({"classification": "discarded"}, "classification"),
        ({"classification": "nonsense"}, "classification"),
        ({"person": "X"}, "person"),
        ({"area": "990102"}, "area"),
        ({"reported_at": NOW}, "reported_at"),
        ({"version": 7}, "version"),
    ],
)
def test_a_correction_that_cannot_be_is_refused(county: County, case: Case, changes: dict, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.amend(county.actor("investigator"), case.code, changes, case.version)
    assert refused.value.field == field
    assert Case.objects.get().version == case.version
    assert len(journal.of("case", case.pk)) == 1


def test_who_may_correct(county: County, case: Case) -> None:
    for post in ("clinic", "officer"):
        with pytest.raises(NotAllowed):
            actions.amend(county.actor(post), case.code, {"note": "x"}, case.version)
    with pytest.raises(NotFound):
        actions.amend(county.actor("other_county"), case.code, {"note": "x"}, case.version)


def test_further_dates_are_clock_anchors_too(county: County, case: Case) -> None:
    actions.amend(county.actor("investigator"), case.code, {"dates": {"rash_at": NOW}}, case.version)
    assert queries.facts_of([case.pk])[case.pk].anchors["rash_at"] == NOW
    actions.amend(county.actor("investigator"), case.code, {"dates": {"rash_at": None}}, case.version + 1)
    assert "rash_at" not in queries.facts_of([case.pk])[case.pk].anchors


def test_recovery_opens_after_care_and_ends_the_isolation(county: County, case: Case) -> None:
    with clock.at(NOW + timedelta(days=12)):
        gone = actions.record_outcome(county.actor("investigator"), case.code, "recovered", TODAY + timedelta(days=11))
        assert (gone.outcome, gone.outcome_on) == ("recovered", TODAY + timedelta(days=11))
        assert _duties(case)["case.isolation"] == ("closed", "recovered")
        assert _duties(case)["case.after_care"] == ("open", "")
        assert _duties(case)["case.review"] == ("open", ""), "a review goes on whatever becomes of the patient"
        assert duties.gaps() == []


def test_death_ends_what_the_protocol_says_ends_with_it(county: County, case: Case) -> None:
    actions.record_outcome(county.actor("investigator"), case.code, "died", TODAY)
    assert _duties(case) == {
        "case.review": ("open", ""),
        "case.investigation": ("open", ""),
        "case.isolation": ("closed", "died"),
    }
    assert coverage.cells() == coverage.recount()


@pytest.mark.parametrize(
    ("outcome", "on", "field"),
    [
        ("died", date(2024, 3, 1), "outcome_on"),
        ("died", date(2024, 3, 5), "outcome_on"),
        ("gone", TODAY, "outcome"),
        ("", TODAY, "outcome"),
    ],
)
def test_an_outcome_that_cannot_be(county: County, case: Case, outcome: str, on: date, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.record_outcome(county.actor("investigator"), case.code, outcome, on)
    assert refused.value.field == field


def test_isolation_is_recorded_once(county: County, case: Case) -> None:
    done = actions.isolate(county.actor("investigator"), case.code, NOW - timedelta(minutes=5))
    assert done.isolated_at == NOW - timedelta(minutes=5)
    with pytest.raises(Conflict) as refused:
        actions.isolate(county.actor("investigator"), case.code)
    assert refused.value.field == "isolated_at"
    with pytest.raises(NotAllowed):
        actions.isolate(county.actor("officer"), case.code)
    window = queries.case(SYSTEM, case.code).infectious
    assert window is not None and window.end is not None


def test_a_transfer_takes_the_hospitals_duties_along(county: County, case: Case) -> None:
    assert _step(case, "isolate").organisation_id != county.hospital
    moved = actions.transfer(county.actor("investigator"), case.code, county.hospital)
    assert (moved.hospital_id, moved.admitted_at) == (county.hospital, NOW)
    assert _step(case, "isolate").organisation_id == _step(case, "assess").organisation_id == county.hospital
    with pytest.raises(NotFound):
        actions.transfer(county.actor("investigator"), case.code, 10**6)
    with pytest.raises(NotAllowed):
        actions.transfer(county.actor("clinic"), case.code, county.hospital)


def test_a_discarded_case_owes_nothing_and_its_person_may_be_reported_again(county: County, case: Case) -> None:
    with pytest.raises(NotAllowed):
        actions.discard(county.actor("investigator"), case.code, "the sample was mixed up")
    with pytest.raises(Invalid):
        actions.discard(county.actor("county"), case.code, " ")
    gone = actions.discard(county.actor("county"), case.code, "the sample was mixed up")
    assert gone.classification == "discarded"
    assert set(_duties(case).values()) == {("closed", "excluded")}
    assert duties.gaps() == []
    assert coverage.cells() == coverage.recount()
    with pytest.raises(Conflict):
        actions.discard(county.actor("county"), case.code, "once more")
    with pytest.raises(Conflict):
        actions.review(county.actor("county"), case.code, "approve")
    with pytest.raises(Conflict):
        actions.amend(county.actor("county"), case.code, {"facts": {"fever": True}}, gone.version)
    person = queries.case(SYSTEM, case.code).row.person
    again = actions.report(county.actor("clinic"), county.form(person=person, source_ref=case.source_ref))
    assert again.person_id == case.person_id
    assert queries.count(SYSTEM, county.outbreak) == 1


def test_one_bad_row_does_not_stop_a_bulk_edit(county: County) -> None:
    cases = [actions.report(SYSTEM, county.form()) for _ in range(3)]
    actions.discard(SYSTEM, cases[1].code, "not a case")
    codes = [cases[0].code, cases[1].code, "0000000000", cases[2].code]
    done = actions.bulk_edit(county.actor("investigator"), codes, {"origin": "imported"})
    assert [one.code for one in done] == codes
    assert [one.refusal and one.refusal.code for one in done] == [None, "discarded", "not_found", None]
    assert list(Case.objects.order_by("pk").values_list("origin", flat=True)) == ["imported", "unknown", "imported"]
    refused = actions.bulk_edit(county.actor("clinic"), codes[:1], {"origin": "local"})
    assert isinstance(refused[0].refusal, NotAllowed)
