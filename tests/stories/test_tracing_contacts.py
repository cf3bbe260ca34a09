"""Contacts (密接): who becomes one by which clause, once however often exposed, and how long they are watched."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils.translation import override

from fangxian.core import clock, journal
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.duties import queries as duties
from fangxian.registry import actions as registry
from fangxian.tracing import actions, queries
from fangxian.tracing.models import Contact, Exposure
from fangxian.tracing.schemas import ExposureForm
from tests.support.county import COUNTY, START, VILLAGE, with_pack
from tests.support.tracers import Tracers, books_agree, hand_on

pytestmark = pytest.mark.django_db
NOW = START + timedelta(hours=10)


@pytest.fixture
def town() -> Iterator[Tracers]:
    with with_pack(), override("en"), clock.at(NOW):
        yield Tracers.at(NOW)


def kinds(code: str, state: str = "open") -> set[str]:
    contact = Contact.objects.get(code=code)
    return {duty.kind for duty in duties.of_subject("contact", contact.pk) if duty.state == state}


def test_a_household_of_three_exposed_twice_is_three_people_with_two_exposures_each(town: Tracers) -> None:
    by = town.actor("investigator")
    people = [registry.register_person(by, town.person()).code for _ in range(3)]
    monday = [actions.expose(by, town.met(person=code)) for code in people]
    assert {one.category for one in monday} == {"contact"}
    assert all(one.basis.endswith(" contact.household") for one in monday)
    assert kinds(monday[0].contact) == {"contact.notification", "contact.observation"}
    due = release_of(monday[0].contact)
    with clock.at(NOW + timedelta(days=1)):
        by = town.actor("investigator")
        tuesday = [actions.expose(by, town.met(person=code)) for code in people]
    assert [one.contact for one in tuesday] == [one.contact for one in monday]
    assert Contact.objects.count() == 3
    assert Exposure.objects.count() == 6
    contact = Contact.objects.get(code=monday[0].contact)
    assert contact.first_exposure_at == NOW - timedelta(hours=26)
    assert contact.last_exposure_at == NOW
    assert release_of(monday[0].contact) == due + timedelta(days=1), "the later exposure moves the end of the watch"
    books_agree()


def release_of(code: str):
    contact = Contact.objects.get(code=code)
    steps = [step for duty in duties.of_subject("contact", contact.pk) for step in duty.steps.all()]
    return next(step.due_at for step in steps if step.key == "release" and step.state == "open")


def test_an_exposure_outside_the_infectious_window_is_kept_and_says_why_it_does_not_count(town: Tracers) -> None:
    early = town.met(from_at=NOW - timedelta(days=6), to_at=NOW - timedelta(days=6, hours=-2))
    told = actions.expose(town.actor("investigator"), early)
    assert (told.contact, told.category) == ("", "")
    assert told.why.en.startswith("outside the infectious window")
    assert Contact.objects.count() == 0
    (row,) = Exposure.objects.all()
    assert row.facts["in_window"] is False
    (view,) = queries.exposures(town.actor("investigator"), case=town.index.code)
    assert view.why.zh == "不在传染期内"


def test_an_exposure_that_no_category_fits_says_which_questions_are_still_open(town: Tracers) -> None:
    told = actions.expose(town.actor("investigator"), town.met(setting="office", facts={}))
    assert (told.contact, told.category) == ("", "")
    assert "close_range" in told.missing
    fixed = actions.amend_exposure(
        town.actor("investigator"),
        told.exposure_id,
        town.met(setting="office", facts={"close_range": True}),
        "asked again",
    )
    assert fixed.category == "contact"
    assert kinds(fixed.contact) == {"contact.notification", "contact.observation"}
    books_agree()


def test_the_stricter_category_counts_and_its_duties_replace_the_others(town: Tracers) -> None:
    by = town.actor("investigator")
    person = registry.register_person(by, town.person()).code
    shop = actions.expose(by, town.met(person=person, setting="shop", facts={}))
    assert shop.category == "exposed"
    assert kinds(shop.contact) == {"exposed.testing"}
    home = actions.expose(by, town.met(person=person))
    assert home.contact == shop.contact
    assert kinds(shop.contact) == {"contact.notification", "contact.observation"}
    assert kinds(shop.contact, "closed") == {"exposed.testing"}
    hand_on()
    assert Contact.objects.get(code=shop.contact).state == "watched"
    laxer = actions.expose(by, town.met(person=person, setting="shop", facts={}))
    assert laxer.category == "exposed"
    assert Contact.objects.get(code=shop.contact).category == "contact"
    books_agree()


def test_protection_and_the_companion_rule_are_as_the_pack_has_them(town: Tracers) -> None:
    by = town.actor("investigator")
    assert actions.expose(by, town.met(facts={"household": True, "protected": True})).category == ""
    near = {"grid_minutes": 20, "stay_hours_14d": 40}
    assert actions.expose(by, town.met(setting="", facts=near)).category == "", "off unless an overlay turns it on"


def test_an_exposed_case_is_an_edge_and_no_contact(town: Tracers) -> None:
    other = town.case(onset_on=clock.today())
    told = actions.expose(town.actor("investigator"), town.met(person=other.person.code))
    assert (told.contact, told.infected) == ("", other.code)
    assert Contact.objects.count() == 0
    chains = queries.chains(town.actor("investigator"), town.outbreak)
    assert (chains.count, chains.largest, chains.depth) == (1, 2, 1)
    assert chains.serial_interval.mean == 2


def test_who_may_expose_and_what_is_refused(town: Tracers) -> None:
    for post in ("grid", "other_investigator", "resident", "clinic"):
        with pytest.raises((NotAllowed, NotFound)):
            actions.expose(town.actor(post), town.met())
    by = town.actor("investigator")
    for wrong, field in (
        (town.met(case="NOSUCHCASE"), "case"),
        (town.met(case="", contact_of=""), "case"),
        (town.met(person="NOSUCHONE0"), "person"),
        (town.met(person=town.index.person.code), "person"),
        (town.met(to_at=NOW - timedelta(hours=30)), "to_at"),
        (town.met(to_at=NOW + timedelta(hours=1)), "to_at"),
        (town.met(day=clock.today()), "day"),
        (town.met(facts={"househould": True}), "facts.househould"),
        (town.met(facts={"household": "maybe"}), "facts.household"),
        (town.met(facts={"distance_m": True}), "facts.distance_m"),
        (town.met(minutes=-1), "minutes"),
        (town.met(place="NOSUCHPLAC"), "place"),
        (town.met(place_text="x" * 161), "place_text"),
        (town.met(source="hearsay"), "source"),
    ):
        with pytest.raises((Invalid, NotFound, Conflict)) as refused:
            actions.expose(by, wrong)
        assert refused.value.field == field, wrong
        assert refused.value.remedy or field == "x"
    assert Exposure.objects.count() == Contact.objects.count() == 0


def test_many_rows_keep_the_good_ones_and_name_the_bad(town: Tracers) -> None:
    person = registry.register_person(town.actor("investigator"), town.person()).code
    forms = [
        town.met(row=2),
        town.met(row=3, case="NOSUCHCASE"),
        town.met(row=4, person=person),
        town.met(row=5, person=person, setting="shop", facts={}),
        town.met(row=6, facts={"distance_m": "far"}),
    ]
    told = actions.expose_many(town.actor("investigator"), town.outbreak, forms)
    assert [(one.row, one.field) for one in told.refused] == [(3, "case"), (6, "facts.distance_m")]
    assert len(told.contacts) == 2
    assert len(told.exposures) == 3
    assert told.exposures[1].contact == told.exposures[2].contact, "twice in one list is one person"
    assert Exposure.objects.filter(contact__code=told.exposures[1].contact).count() == 2
    assert queries.counts(town.actor("investigator"), town.outbreak).exposed == 2
    books_agree()
    with pytest.raises(NotFound):
        actions.expose_many(town.actor("investigator"), "NOSUCHOUTB", forms)
    with pytest.raises(NotAllowed):
        actions.expose_many(town.actor("resident"), town.outbreak, forms)


def test_a_day_without_a_time_is_the_whole_day(town: Tracers) -> None:
    yesterday = clock.today() - timedelta(days=1)
    form = ExposureForm(person=town.person(), case=town.index.code, day=yesterday, facts={"household": True})
    told = actions.expose(town.actor("investigator"), form)
    row = Exposure.objects.get(pk=told.exposure_id)
    assert row.from_at == clock.local_midnight(yesterday)
    assert row.to_at == clock.local_midnight(clock.today()) - timedelta(seconds=1)
    assert row.minutes is None


def test_a_contact_is_looked_after_where_the_person_lives_and_seen_by_who_investigates(town: Tracers) -> None:
    by = town.actor("investigator")
    far = actions.expose(by, town.met(person=town.person(area="990102")))
    contact = Contact.objects.get(code=far.contact)
    assert contact.area == "990102"
    assert queries.contact(by, far.contact).row.code == far.contact, "through the case"
    assert queries.contact(town.actor("other_investigator"), far.contact).row.code == far.contact, "through the place"
    for post in ("grid", "resident"):
        with pytest.raises(NotFound):
            queries.contact(town.actor(post), far.contact)
    here = actions.expose(by, town.met(area=COUNTY))
    assert Contact.objects.get(code=here.contact).area == COUNTY
    assert VILLAGE.startswith(COUNTY)


def test_a_corrected_onset_moves_the_window_and_with_it_who_is_a_contact(town: Tracers) -> None:
    from fangxian.cases import actions as cases

    by = town.actor("investigator")
    early = actions.expose(by, town.met(from_at=NOW - timedelta(days=5), to_at=NOW - timedelta(days=5, hours=-2)))
    late = actions.expose(by, town.met())
    assert (early.contact, bool(late.contact)) == ("", True)
    town.index.refresh_from_db()
    cases.amend(by, town.index.code, {"onset_on": clock.today() - timedelta(days=4)}, town.index.version)
    hand_on()
    row = Exposure.objects.get(pk=early.exposure_id)
    assert row.category == "contact"
    assert row.contact is not None
    books_agree()


def test_a_case_that_is_ruled_out_releases_whom_it_met(town: Tracers) -> None:
    from fangxian.cases import actions as cases
    from fangxian.core.access import SYSTEM

    told = actions.expose(town.actor("investigator"), town.met())
    cases.discard(SYSTEM, town.index.code, "negative twice, another cause found")
    hand_on()
    contact = Contact.objects.get(code=told.contact)
    assert (contact.state, contact.ended_why) == ("dismissed", "No exposure counts any more.")
    assert kinds(told.contact) == set()
    books_agree()


def test_the_journal_says_who_was_identified_under_which_clause(town: Tracers) -> None:
    told = actions.expose(town.actor("investigator"), town.met())
    contact = Contact.objects.get(code=told.contact)
    (line,) = [one for one in journal.of("contact", contact.pk) if one.action == "contact.identified"]
    assert line.actor == "流调孙"
    assert line.basis == told.basis
    assert "村民" not in line.data
    (view,) = queries.contact(town.actor("investigator"), told.contact).exposures
    assert "grade B" in view.clause.en
    assert view.person.endswith("*")
