"""Finding contacts (查找密接): from a confirmed case at midnight to contacts under watch, every duty with its owner."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils.translation import override

from fangxian.core import clock, jobs, journal
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.duties import queries as duties
from fangxian.registry import actions as registry
from fangxian.registry import queries as people
from fangxian.tracing import actions, finding, queries
from fangxian.tracing.finds import CandidateRow, SearchForm
from fangxian.tracing.models import Candidate, Contact, Exposure, Search
from fangxian.tracing.schemas import StayForm
from tests.support.county import OTHER_COUNTY, with_pack
from tests.support.night import NOW, Night, by_person, night
from tests.support.tracers import GRID, books_agree, hand_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Iterator[Night]:
    with with_pack(), override("en"), night() as town:
        yield town


def found(town: Night, search: Search) -> list[CandidateRow]:
    """Whom the investigator is to decide about."""
    by = town.actor("investigator")
    return queries.found(by, queries.search(by, search.code))


def at_dinner(town: Night, guests: int = 3) -> list[int]:
    """The index case eats out yesterday evening; so do others, the last of them for too short a time."""
    there = town.people(guests + 1)
    town.stay(
        (town.patient, "diner", 30, 28), *((one, "diner", 29.5, 28.5) for one in there[:-1]), (there[-1], "diner", 28.2, 28)
    )  # fmt: skip
    return there


def test_from_a_case_at_midnight_to_contacts_under_watch_with_every_duty_owned(town: Night) -> None:
    *guests, passer = at_dinner(town)
    (friend,) = town.people(1)
    town.stay((guests[0], "office", 20, 15), (friend, "office", 19, 14))
    search = town.search()
    found = by_person(search)
    assert set(found) == {*guests, friend}, "whoever was there for 12 minutes is no contact"
    assert passer not in found
    ring = {person: one.ring for person, one in found.items()}
    assert ring == dict.fromkeys(guests, 1) | {friend: 2}
    one = found[guests[0]]
    assert (one.state, one.category, one.minutes) == (Candidate.PROPOSED, "exposed", 60)
    assert one.basis.endswith(" exposed.venue"), "by the clause of the pack"
    assert one.first_at == NOW - timedelta(hours=29.5)
    assert one.risk is not None and one.risk > 0
    by = town.actor("investigator")
    done = actions.confirm(by, search.code, [found[guest].pk for guest in guests])
    assert (done.done, len(done.contacts), done.refused) == (3, 3, ())
    hand_on()
    contacts = Contact.objects.filter(person_id__in=guests)
    assert {contact.category for contact in contacts} == {"exposed"}
    for contact in contacts:
        owed = duties.of_subject("contact", contact.pk)
        assert owed and all(step.organisation_id for duty in owed for step in duty.steps.all()), (
            "nothing without an owner"
        )
    (exposure,) = Exposure.objects.filter(person_id=guests[1])
    assert (exposure.place_id, exposure.minutes, exposure.source) == (town.places["diner"].pk, 60, "venue_code")
    assert journal.of("search", search.pk, actions=("contacts.confirmed",))[0].content["candidates"]
    books_agree()


def test_the_record_of_a_search_says_who_looked_up_whom_and_the_person_can_read_it(town: Night) -> None:
    *guests, passer = at_dinner(town)
    town.search(why="夜间排查")
    auditor = SYSTEM
    codes = people.codes_of([guests[0], passer])
    (look,) = people.access_history(auditor, codes[guests[0]])
    assert (look.purpose, look.fields, look.reason) == ("investigation", ("stays",), "夜间排查")
    assert people.access_history(auditor, codes[passer]) == [], "whoever was not returned was not looked up"


def test_the_risk_orders_the_calls_and_says_why(town: Night) -> None:
    near, far = town.people(2)
    town.stay(
        (town.patient, "diner", 30, 27),
        (near, "diner", 30, 27),
        (town.patient, "street", 20, 16),
        (far, "street", 20, 16),
    )
    search = town.search()
    first, second = found(town, search)
    assert (first.person_id, second.person_id) == (near, far), "three hours indoors before four in the open"
    assert first.risk is not None and second.risk is not None and first.risk > second.risk
    assert "indoors" in first.grounds[0].en and "outdoors" in second.grounds[0].en


def test_a_stay_told_in_the_interview_finds_people_as_a_recorded_one_does(town: Night) -> None:
    (guest,) = town.people(1)
    town.stay((guest, "diner", 29, 28))
    by = town.actor("investigator")
    assert town.search().counts["without_stays"] == 1
    told = StayForm(from_at=NOW - timedelta(hours=30), to_at=NOW - timedelta(hours=28), place=town.places["diner"].code)
    actions.add_stay(by, town.index.code, told)
    search = town.search()
    assert set(by_person(search)) == {guest}
    assert search.counts["without_stays"] == 0


def test_who_was_struck_is_not_proposed_again_for_the_same_facts(town: Night) -> None:
    *guests, _passer = at_dinner(town)
    by = town.actor("investigator")
    first = town.search()
    found = by_person(first)
    actions.strike(by, first.code, [found[guests[0]].pk], "坐在室外露台")
    again = by_person(town.search())
    assert {one.state for one in again.values()} == {Candidate.EARLIER}, "nothing is new"
    assert again[guests[0]].reason == "坐在室外露台"
    town.stay((town.patient, "office", 12, 10), (guests[0], "office", 12, 10), (guests[1], "office", 12, 10))
    third = town.search()
    states = {person: one.state for person, one in by_person(third).items()}
    assert states == {guests[0]: Candidate.PROPOSED, guests[1]: Candidate.PROPOSED, guests[2]: Candidate.EARLIER}
    assert {one.state for one in by_person(first).values()} == {Candidate.STRUCK, Candidate.EARLIER, Candidate.PROPOSED}
    with pytest.raises(Invalid):
        actions.strike(by, third.code, [by_person(third)[guests[1]].pk], " ")


def test_a_line_struck_by_mistake_is_confirmed_with_a_reason(town: Night) -> None:
    at_dinner(town, 1)
    by, search = town.actor("investigator"), town.search()
    (one,) = by_person(search).values()
    actions.strike(by, search.code, [one.pk], "误判")
    assert actions.confirm(by, search.code, [one.pk]).refused[0][0] == one.pk
    assert actions.confirm(by, search.code, [one.pk], reason="复核后确为同桌").done == 1
    assert Candidate.objects.get(pk=one.pk).reason == "复核后确为同桌"
    with pytest.raises(NotFound):
        actions.confirm(by, search.code, [one.pk + 99])


def test_who_is_watched_already_or_ill_is_shown_as_such(town: Night) -> None:
    *guests, _passer = at_dinner(town)
    by = town.actor("investigator")
    watched = actions.expose(by, town.met(person=people.codes_of([guests[0]])[guests[0]]))
    ill = town.case(person=town.person())
    town.stay((ill.person_id, "diner", 29.5, 28.5))
    found = by_person(town.search())
    assert (found[guests[0]].state, found[ill.person_id].state) == (Candidate.WATCHED, Candidate.CASE)
    contact = found[guests[0]].contact
    assert contact is not None and contact.code == watched.contact
    assert found[ill.person_id].case_id == ill.pk


def test_what_the_records_cannot_tell_is_asked_and_the_answer_makes_the_contact(town: Night) -> None:
    (colleague,) = town.people(1)
    town.stay((town.patient, "office", 20, 12), (colleague, "office", 20, 12))
    by, search = town.actor("investigator"), town.search()
    (one,) = by_person(search).values()
    assert (one.category, "close_range" in one.missing) == ("", True)
    assert actions.confirm(by, search.code, [one.pk]).done == 0
    assert actions.confirm(by, search.code, [one.pk], facts={"close_range": True}).done == 1
    contact = Contact.objects.get(person_id=colleague)
    assert (contact.category, contact.facts["close_range"]) == ("contact", True)


def test_a_household_is_known_from_the_register(town: Night) -> None:
    home = registry.create_household(SYSTEM, GRID, "1 号").code
    mother, neighbour = *town.people(1, household=home), *town.people(1)
    patient = people.codes_of([town.patient])[town.patient]
    registry.move_in(SYSTEM, home, patient)
    town.stay((town.patient, "home", 30, 20), (mother, "home", 31, 19), (neighbour, "home", 25, 24))
    found = by_person(town.search())
    assert (found[mother].category, found[mother].basis.split()[1]) == ("contact", "contact.household")
    assert found[neighbour].category == ""


def test_the_contact_of_a_contact_waits_for_the_contact(town: Night) -> None:
    friend, cousin = town.people(2)
    town.stay(
        (town.patient, "office", 30, 26),
        (friend, "office", 30, 26),
        (friend, "diner", 20, 16),
        (cousin, "diner", 20, 16),
    )
    by, search = town.actor("investigator"), town.search()
    found = by_person(search)
    assert (found[friend].ring, found[cousin].ring) == (1, 2)
    higher = {"higher_risk_contact": True}
    alone = actions.confirm(by, search.code, [found[cousin].pk], facts=higher)
    assert (alone.done, len(alone.refused)) == (0, 1)
    actions.confirm(by, search.code, [found[friend].pk], facts={"close_range": True})
    assert actions.confirm(by, search.code, [found[cousin].pk], facts=higher).done == 1
    contact = Contact.objects.get(person_id=cousin)
    assert (contact.category, contact.ring) == ("contact2", 2)


def test_a_crowded_place_becomes_a_notice_and_nobody_is_listed_for_it(town: Night) -> None:
    crowd = town.people(12)
    (guest,) = town.people(1)
    town.stay(
        (town.patient, "mall", 30, 28), *((one, "mall", 29.5, 28.5) for one in crowd), (town.patient, "diner", 27, 25),
        (guest, "diner", 27, 25),
    )  # fmt: skip
    search = town.search(crowd=10)
    assert set(by_person(search)) == {guest}
    view = queries.search(town.actor("investigator"), search.code)
    (notice,) = view.crowds
    assert (notice.place, notice.visitors) == (town.places["mall"].code, (10, 49))
    assert (notice.from_at, notice.to_at) == (NOW - timedelta(hours=30), NOW - timedelta(hours=28))


def test_who_lives_elsewhere_is_proposed_to_their_own_people_and_to_nobody_else(town: Night) -> None:
    (guest,) = town.people(1)
    (stranger,) = town.people(1, area=OTHER_COUNTY)
    town.stay((town.patient, "diner", 30, 28), (guest, "diner", 30, 28), (stranger, "diner", 30, 28))
    search = town.search()
    own, other = town.actor("investigator"), town.actor("other_investigator")
    found = by_person(search)
    view = queries.search(own, search.code)
    summed = queries.sums(own, view)
    assert [one.person_id for one in queries.found(own, view)] == [guest]
    assert (summed.returned, summed.elsewhere, sum(summed.mine.values())) == (2, 1, 1)
    with pytest.raises(NotFound):
        actions.confirm(own, search.code, [found[stranger].pk])
    with pytest.raises(NotFound):
        queries.candidate(own, view, found[stranger].pk)
    theirs = queries.search(other, search.code)
    assert (theirs.whole, theirs.cases, theirs.why, theirs.counts) == (False, (), "", {})
    assert queries.sums(other, theirs).returned == 1, "not even how many there are in all"
    line = queries.candidate(other, theirs, found[stranger].pk)
    assert (line.person_id, line.meetings[0].via, line.meetings[0].via_name) == (stranger, "", ""), (
        "nothing of the case"
    )
    assert actions.confirm(other, search.code, [found[stranger].pk]).done == 1
    assert Contact.objects.get(person_id=stranger).area == OTHER_COUNTY
    assert [one.code for one in queries.searches(other)] == [search.code]
    hand_on()
    books_agree()


def test_a_search_begins_only_where_one_investigates_and_says_what_is_wrong(town: Night) -> None:
    at_dinner(town)

    def begin(post: str, **more: object) -> None:
        told = {"cases": [town.index.code], "why": "排查", **more}
        actions.find_contacts(town.actor(post), SearchForm(**told))  # type: ignore[arg-type]

    for post, fault in (("other_investigator", NotFound), ("grid", NotAllowed), ("county", NotAllowed)):
        with pytest.raises(fault):
            begin(post)
    for wrong, field in (
        ({"why": ""}, "reason"),
        ({"tau": 0}, "tau"),
        ({"rings": 9}, "rings"),
        ({"cases": []}, "cases"),
    ):
        with pytest.raises(Invalid) as told:
            begin("investigator", **wrong)
        assert told.value.field == field
    assert Search.objects.count() == 0
    with pytest.raises(NotFound):
        queries.search(town.actor("investigator"), "0000000000")


def test_all_who_are_contacts_by_the_protocol_are_confirmed_at_once(town: Night) -> None:
    *guests, _passer = at_dinner(town, 5)
    (colleague,) = town.people(1)
    town.stay((town.patient, "office", 20, 12), (colleague, "office", 20, 12))
    by, search = town.actor("investigator"), town.search()
    job = jobs.run(actions.start_confirming(by, search.code).pk)
    assert (job.state, job.result["confirmed"], job.result["refused"]) == ("done", 5, 0), job.error
    left = found(town, search)
    assert [one.person_id for one in left] == [colleague], "of whom a question is open"
    assert Contact.objects.filter(person_id__in=guests).count() == 5


class Killed(BaseException):
    """The process ends here: nobody catches it."""


@pytest.mark.parametrize("chunk", [1, 3])
def test_a_search_that_is_killed_goes_on_and_names_everybody_once(
    town: Night, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    *guests, _passer = at_dinner(town, 7)
    monkeypatch.setattr(finding, "CHUNK", chunk)
    by = town.actor("investigator")
    search = actions.find_contacts(by, SearchForm(cases=[town.index.code], why="排查"))
    write, written = finding._write, 0

    def dying(by: object, *arguments: object) -> None:
        nonlocal written
        written += 1
        write(by, *arguments)  # type: ignore[arg-type]
        if written == 2:
            raise Killed

    assert search.job is not None
    with monkeypatch.context() as patch:
        patch.setattr(finding, "_write", dying)
        with pytest.raises(Killed):
            jobs.run(search.job.pk)
    assert Candidate.objects.filter(search=search).count() == chunk, (
        "the piece it was at is undone, the one before stays"
    )
    with pytest.raises(Conflict):
        jobs.run(search.job.pk)
    with clock.at(NOW + timedelta(minutes=5)):
        assert jobs.run_waiting() == 1
    search.refresh_from_db()
    assert search.finished_at is not None
    assert set(by_person(search)) == set(guests)
    assert sorted(Candidate.objects.filter(search=search).values_list("rank", flat=True)) == list(range(1, 8))


def test_one_human_under_two_keys_is_one_candidate(town: Night) -> None:
    one, two = town.people(2)
    town.stay((town.patient, "diner", 30, 28), (one, "diner", 30, 29), (two, "diner", 29, 28))
    codes = people.codes_of([one, two])
    registry.merge(SYSTEM, codes[one], codes[two], "同一人")
    hand_on()
    search = town.search()
    (line,) = found(town, search)
    assert line.minutes == 120


def test_a_record_of_nobody_known_stays_visible(town: Night) -> None:
    (guest,) = town.people(1)
    town.stay((town.patient, "diner", 30, 28), (guest, "diner", 30, 28))
    registry.forget_keys(SYSTEM, [key for keys in people.lake_keys_of([town.patient]).values() for key in keys])
    search = town.search()
    (one,) = Candidate.objects.filter(search=search)
    assert (one.person_id, one.state) == (None, Candidate.UNKNOWN)
    assert (
        queries.sums(town.actor("investigator"), queries.search(town.actor("investigator"), search.code)).returned == 1
    )


def test_no_stays_at_all_is_said_and_harms_nothing(town: Night) -> None:
    search = town.search()
    assert (search.counts["returned"], search.counts["without_stays"]) == (0, 1)
    plan = queries.plan(town.actor("investigator"), SearchForm(cases=[town.index.code], why=""))
    assert plan.days == ()
    assert [one.number for one in plan.values] == [15, 60, 2000]
