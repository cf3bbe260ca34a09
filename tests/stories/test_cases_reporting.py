"""Direct report (直报): who reports whom where, what is refused and why, what is owed from then on."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest

from fangxian.cases import actions, events, queries
from fangxian.cases.models import Case, Judgement
from fangxian.core import clock, journal, outbox
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.core.models import Entry
from fangxian.duties import coverage
from fangxian.duties import queries as duties
from fangxian.registry import actions as registry
from tests.support.county import START, SUSPECTED, VILLAGE, County, with_pack

pytestmark = pytest.mark.django_db
NOW = START + timedelta(hours=1)


@pytest.fixture
def county() -> Iterator[County]:
    with with_pack(), clock.at(NOW):
        yield County.at()


def _kinds(case: Case) -> set[str]:
    return {duty.kind for duty in duties.of_subject("case", case.pk)}


def test_a_clinic_reports_a_case_and_the_card_is_done_and_the_county_is_next(county: County) -> None:
    case = actions.report(county.actor("clinic"), county.form())
    assert (case.classification, case.area, case.review) == ("confirmed", VILLAGE, "reported")
    assert case.classified_by.startswith("river-fever@1+")
    assert _kinds(case) == {"case.review", "case.investigation", "case.isolation"}
    (review,) = (duty for duty in duties.of_subject("case", case.pk) if duty.kind == "case.review")
    steps = {step.key: step for step in review.steps.all()}
    card, first = steps["card"], steps["county"]
    assert (card.state, card.done_at, card.organisation_id) == ("done", NOW, county.clinic)
    assert card.due_at == NOW - timedelta(hours=1) + timedelta(hours=2)
    assert (first.state, first.due_at, first.organisation_id) == ("open", NOW + timedelta(hours=2), county.cdc)
    assert {step.state for key, step in steps.items() if key != "card"} == {"open"}
    assert duties.gaps() == []
    assert coverage.cells() == coverage.recount()


def test_the_journal_says_who_reported_under_which_definition(county: County) -> None:
    case = actions.report(county.actor("clinic"), county.form(source_ref="H-7"))
    (entry,) = journal.of("case", case.pk)
    assert (entry.action, entry.actor, entry.area) == ("case.reported", "门诊李", VILLAGE)
    assert entry.basis == case.classified_by
    data = json.loads(entry.data)
    assert (data["code"], data["source_ref"], data["version"]) == (case.code, "H-7", 1)
    assert "村民" not in entry.data, "the journal holds no names of patients"
    assert [one for one in journal.verify() if isinstance(one, journal.Fault)] == []


@pytest.mark.parametrize(
    ("facts", "declared", "held", "basis"),
    [
        ({"pcr_positive": True, "symptomatic": False}, "", "asymptomatic", "river-fever"),
        (SUSPECTED, "", "suspected", "river-fever"),
        ({}, "suspected", "suspected", "as_reported"),
        ({"pcr_positive": True}, "confirmed", "confirmed", "as_reported"),
        ({"pcr_positive": True, "symptomatic": True}, "suspected", "confirmed", "river-fever"),
        (SUSPECTED, "confirmed", "confirmed", "as_reported"),
    ],
)
def test_the_pack_classifies_and_the_reporter_may_know_more(
    county: County, facts: dict, declared: str, held: str, basis: str
) -> None:
    case = actions.report(county.actor("clinic"), county.form(facts=facts, classification=declared))
    assert case.classification == held
    assert case.classified_by.startswith(basis)
    assert list(Judgement.objects.values_list("case_id", "classification", "at")) == [(case.pk, held, NOW)]


def test_an_imported_case_is_told_to_where_it_came_from(county: County) -> None:
    assert "case.abroad" in _kinds(actions.report(county.actor("clinic"), county.form(origin="imported")))
    assert "case.abroad" not in _kinds(actions.report(county.actor("clinic"), county.form(origin="local")))


def test_the_same_person_twice_is_a_conflict_that_names_the_case(county: County) -> None:
    who = county.person(documents=(("citizen_id", "11010519491231002X"),), birth_year=1949)
    case = actions.report(county.actor("clinic"), county.form(person=who))
    with pytest.raises(Conflict) as refused:
        actions.report(county.actor("clinic"), county.form(person=who))
    assert (refused.value.code, refused.value.field, refused.value.detail) == (
        "already_reported",
        "person",
        {"case": case.code},
    )
    assert case.code in str(refused.value)
    assert Case.objects.count() == 1
    assert not Entry.objects.filter(action="duty.opened").exclude(area=VILLAGE).exists()


def test_a_merged_duplicate_is_the_same_person(county: County) -> None:
    first = registry.register_person(SYSTEM, county.person())
    second = registry.register_person(SYSTEM, county.person())
    case = actions.report(county.actor("clinic"), county.form(person=second.code))
    registry.merge(SYSTEM, first.code, second.code, "the same identity card")
    with pytest.raises(Conflict, match=case.code):
        actions.report(county.actor("clinic"), county.form(person=first.code))


def test_the_same_source_number_is_found_again(county: County) -> None:
    case = actions.report(county.actor("clinic"), county.form(source_ref="L-1"))
    with pytest.raises(Conflict, match=case.code) as refused:
        actions.report(county.actor("clinic"), county.form(source_ref="L-1"))
    assert refused.value.field == "source_ref"
    assert queries.codes_by_source(county.outbreak, ["L-1", "L-2"]) == {"L-1": case.code}


def test_a_known_person_is_reported_by_code(county: County) -> None:
    person = registry.register_person(SYSTEM, county.person())
    case = actions.report(county.actor("clinic"), county.form(person=person.code.lower()))
    assert (case.person_id, case.area) == (person.pk, VILLAGE)


TOMORROW = NOW + timedelta(days=1)
LONG_AGO = NOW - timedelta(days=30)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"onset_on": date(2024, 3, 5)}, "onset_on"),
        ({"onset_on": date(2024, 3, 4), "diagnosed_at": NOW - timedelta(days=1)}, "onset_on"),
        ({"reported_at": LONG_AGO, "diagnosed_at": None}, "onset_on"),
        ({"reported_at": NOW - timedelta(hours=2)}, "diagnosed_at"),
        ({"diagnosed_at": TOMORROW}, "diagnosed_at"),
        ({"reported_at": TOMORROW}, "reported_at"),
        ({"sampled_at": TOMORROW}, "sampled_at"),
        ({"isolated_at": datetime(2024, 3, 4, 8)}, "isolated_at"),
        ({"onset_on": NOW}, "onset_on"),
        ({"outcome": "died", "outcome_on": date(2024, 3, 1)}, "outcome_on"),
        ({"outcome_on": date(2024, 3, 3)}, "outcome"),
        ({"outcome": "vanished"}, "outcome"),
        ({"severity": "terrible"}, "severity"),
        ({"origin": ""}, "origin"),
        ({"area": "12345"}, "area"),
        ({"area": "９９０１０１"}, "area"),
        ({"source_ref": "x" * 61}, "source_ref"),
        ({"note": "\0"}, "note"),
        ({"facts": {"pcr_positiv": True}}, "facts.pcr_positiv"),
        ({"facts": {"pcr_positive": "yes"}}, "facts.pcr_positive"),
        ({"facts": {"temperature": True}}, "facts.temperature"),
        ({"facts": {"result": "maybe"}}, "facts.result"),
        ({"facts": {}}, "facts"),
        ({"classification": "certain"}, "classification"),
        ({"dates": {"tuesday_at": NOW}}, "dates.tuesday_at"),
        ({"dates": {"rash_at": TOMORROW}}, "dates.rash_at"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field_and_a_remedy(county: County, wrong: dict, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.report(county.actor("clinic"), county.form(**wrong))
    assert refused.value.field == field
    assert refused.value.remedy
    assert not Case.objects.exists()
    assert not Entry.objects.filter(action="person.registered").exists(), "a refused card leaves nobody behind"


def test_what_still_may_be_asked_is_named(county: County) -> None:
    with pytest.raises(Invalid, match=r"symptom|症状"):
        actions.report(county.actor("clinic"), county.form(facts={"pcr_positive": True}))


@pytest.mark.parametrize(
    ("wrong", "field"), [({"organisation": 10**6}, "organisation"), ({"hospital": 10**6}, "hospital")]
)
def test_unknown_organisations_are_refused(county: County, wrong: dict, field: str) -> None:
    with pytest.raises(NotFound) as refused:
        actions.report(SYSTEM, county.form(**wrong))
    assert refused.value.field == field


def test_unknown_people_and_outbreaks_are_refused(county: County) -> None:
    with pytest.raises(NotFound):
        actions.report(SYSTEM, county.form(person="0000000000"))
    with pytest.raises(NotFound):
        actions.report(SYSTEM, county.form(outbreak="0000000000"))


def test_only_who_may_report_there_reports(county: County) -> None:
    for post in ("officer", "other_county"):
        with pytest.raises(NotAllowed):
            actions.report(county.actor(post), county.form())
    with pytest.raises(NotAllowed):
        actions.report(county.actor("clinic"), county.form(organisation=county.other_clinic))
    actions.report(county.actor("investigator"), county.form())


def test_who_enters_a_card_for_nobody_in_particular(county: County) -> None:
    assert actions.report(county.actor("clinic"), county.form(organisation=None)).organisation_id == county.clinic
    assert actions.report(county.actor("investigator"), county.form(organisation=None)).organisation_id == county.cdc


def test_no_report_in_a_closed_outbreak(county: County) -> None:
    actions.close_outbreak(county.actor("province"), county.outbreak, "over")
    with pytest.raises(Conflict, match=r"closed|关闭|结束"):
        actions.report(county.actor("clinic"), county.form())


def test_many_at_once_are_judged_one_by_one(county: County) -> None:
    held = actions.report(county.actor("clinic"), county.form(source_ref="old"))
    who = county.person(documents=(("citizen_id", "11010519491231002X"),), birth_year=1949)
    forms = [
        county.form(source_ref="a"),
        county.form(onset_on=date(2030, 1, 1)),
        county.form(source_ref="old"),
        county.form(source_ref="a"),
        county.form(person=who),
        county.form(person=who),
        county.form(person=county.person(sex="maybe")),
        county.form(person=county.person(household="0000000000")),
        county.form(facts=SUSPECTED, reported_at=NOW - timedelta(minutes=30)),
    ]
    taken = actions.report_many(SYSTEM, county.outbreak, forms)
    assert [case.index for case in taken.cases] == [0, 4, 8]
    assert [(index, refusal.code, refusal.field) for index, refusal in taken.refused] == [
        (1, "invalid", "onset_on"),
        (2, "already_reported", "source_ref"),
        (3, "duplicate_in_list", "source_ref"),
        (5, "duplicate_in_list", "person"),
        (6, "invalid", "sex"),
        (7, "invalid", "household"),
    ]
    assert taken.refused[1][1].detail == {"case": held.code}
    rows = Case.objects.in_bulk([case.id for case in taken.cases])
    assert [rows[case.id].code for case in taken.cases] == [case.code for case in taken.cases]
    assert [rows[case.id].person_id for case in taken.cases] == [case.person_id for case in taken.cases]
    assert duties.gaps() == []
    assert coverage.cells() == coverage.recount()


def test_one_card_and_many_cards_come_to_the_same(county: County) -> None:
    alone = actions.report(SYSTEM, county.form(reported_at=NOW - timedelta(minutes=5)))
    (many,) = actions.report_many(SYSTEM, county.outbreak, [county.form(reported_at=NOW - timedelta(minutes=5))]).cases
    together = Case.objects.get(pk=many.id)
    own = {"id", "code", "person_id"}
    fields = [field.attname for field in Case._meta.local_fields if field.attname not in own]
    assert [getattr(alone, name) for name in fields] == [getattr(together, name) for name in fields]
    plans = [
        [
            (step.key, step.state, step.due_at, step.organisation_id)
            for duty in duties.of_subject("case", pk)
            for step in duty.steps.all()
        ]
        for pk in (alone.pk, together.pk)
    ]
    assert plans[0] == plans[1]


def test_an_empty_list_is_no_fault(county: County) -> None:
    assert actions.report_many(SYSTEM, county.outbreak, []) == actions.report_many(SYSTEM, county.outbreak, ())


@pytest.mark.django_db(transaction=True)
def test_those_who_listen_hear_of_reported_cases_once() -> None:
    heard: list[events.CasesReported] = []

    def hear(event: events.CasesReported) -> None:
        heard.append(event)

    outbox.handles(events.CasesReported)(hear)
    try:
        with with_pack(), clock.at(NOW):
            county = County.at()
            case = actions.report(county.actor("clinic"), county.form())
            outbox.deliver()
        assert [one.case_ids for one in heard] == [(case.pk,)]
    finally:
        outbox._handlers[events.CasesReported.kind].pop()


def test_a_report_costs_a_bounded_number_of_queries(county: County, django_assert_max_num_queries) -> None:
    clinic = county.actor("clinic")
    actions.report(clinic, county.form())
    with django_assert_max_num_queries(60):
        actions.report(clinic, county.form())
    with django_assert_max_num_queries(60):
        actions.report_many(SYSTEM, county.outbreak, [county.form() for _ in range(50)])
