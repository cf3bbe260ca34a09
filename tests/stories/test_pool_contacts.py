"""Contacts made ready for a positive pool (预排密接): there before the single tubes are back, told to nobody; proposed the moment one
is positive, and deleted for every member who is not the one."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from fangxian.cases.schemas import CaseForm
from fangxian.core import clock, jobs
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, NotFound
from fangxian.core.models import Entry
from fangxian.duties import queries as duties
from fangxian.laboratory import actions as laboratory
from fangxian.registry import actions as registry
from fangxian.registry import queries as people
from fangxian.tracing import actions, finding, queries
from fangxian.tracing.actions.readying import follow_members
from fangxian.tracing.finds import CandidateFilter
from fangxian.tracing.models import Candidate, Contact, Exposure, Search
from fangxian.tracing.schemas import ExposureForm
from tests.support.county import with_pack
from tests.support.laboratory import Laboratory
from tests.support.night import NOW, Whereabouts
from tests.support.tracers import GRID, books_agree, hand_on

pytestmark = pytest.mark.django_db
POOL = "POOL000010"


class Town(Laboratory, Whereabouts):
    """The county with a laboratory and a lake: ten neighbours, some of whom ate out, live with somebody, or met nobody."""

    def __init__(self) -> None:
        super().__init__(NOW - timedelta(hours=10))
        self.open_places()
        found = people.by_codes(self.neighbours)
        self.ids = [found[code].id for code in self.neighbours]

    def live_together(self, *codes: str) -> None:
        home = registry.create_household(SYSTEM, GRID, "河口村 9 号").code
        for code in codes:
            registry.move_in(SYSTEM, home, code)

    def positive_pool(self, **more: Any) -> None:
        """The pool was taken eight hours ago; its result is told now."""
        with clock.at(NOW - timedelta(hours=8)):
            self.collect(POOL, self.neighbours, **more)
        self.tell(POOL, "positive")
        hand_on()

    def alone(self, *places: int) -> None:
        for place in places:
            self.collect(f"SINGLE{place:04}", [self.neighbours[place]], reason="retest", again=POOL)
        hand_on()

    def told(self, place: int, value: str) -> None:
        self.tell(f"SINGLE{place:04}", value)
        hand_on()

    def around(self, place: int) -> Search:
        return Search.objects.get(member__person=self.ids[place])

    def found(self, place: int) -> set[int | None]:
        return set(Candidate.objects.filter(search=self.around(place)).values_list("person_id", flat=True))


@pytest.fixture
def town() -> Iterator[Town]:
    with (
        TemporaryDirectory(prefix="fangxian-lake-") as folder, override_settings(DATA_DIR=Path(folder)), with_pack(), override("en"),
        clock.at(NOW),
    ):  # fmt: skip
        yield Town()


def worker() -> None:
    """The worker does what waits."""
    while jobs.run_waiting():
        hand_on()
    assert not jobs.Job.objects.filter(state=jobs.Job.FAILED).exists()


def dined(town: Town) -> tuple[list[int], int]:
    """Neighbour 3 ate out with two guests; neighbour 4 lives with somebody, and neighbour 5 with neighbour 6; who that is."""
    guests = town.people(2)
    town.stay((town.ids[3], "diner", 30, 28), *((one, "diner", 29.5, 28.5) for one in guests))
    (mate,) = town.people(1)
    town.live_together(town.neighbours[4], people.codes_of([mate])[mate])
    town.live_together(town.neighbours[5], town.neighbours[6])
    return guests, mate


def test_ready_before_the_singles_come_back_then_proposed_for_one_and_gone_for_nine(town: Town) -> None:
    guests, mate = dined(town)
    town.positive_pool()
    worker()
    by = town.actor("investigator")
    assert town.found(3) == set(guests)
    assert town.found(4) == {mate}
    assert town.found(5) == {town.ids[6]}, "a member may be another member's contact"
    assert town.found(0) == set()
    told = queries.ready(by, POOL)
    assert (told.people, dict(told.settings)) == (5, {"household": 3, "restaurant": 2})
    assert {(one.state, one.people) for one in told.members} == {("ready", 0), ("ready", 1), ("ready", 2)}
    assert all("*" in one.name for one in told.members)

    assert set(Candidate.objects.values_list("state", flat=True)) == {"ready"}
    assert queries.proposed_to(by) == 0, "nobody is told of them"
    assert queries.searches(by) == []
    assert not Contact.objects.exists()
    assert {step.duty.subject_kind for step in duties.open_steps(SYSTEM)} == {"case", "member"}, (
        "no duty is open for them"
    )
    ready = town.around(3)
    shown = queries.found(by, queries.search(by, ready.code), CandidateFilter(state="ready"))
    assert {one.via_name for row in shown for one in row.meetings} == {next(iter(people.names([town.ids[3]]).values()))}
    chosen = list(Candidate.objects.filter(search=ready).values_list("pk", flat=True))
    for refused in (
        lambda: actions.confirm(by, ready.code, chosen),
        lambda: actions.confirm_all(by, ready.code),
        lambda: actions.start_confirming(by, ready.code),
        lambda: actions.strike(by, ready.code, chosen, "不是"),
    ):
        with pytest.raises(Conflict, match="A pool decides nobody") as why:
            refused()
        assert why.value.code == "ready"

    town.alone(*range(10))
    for place in range(10):
        town.told(place, "positive" if place == 3 else "negative")
    assert not jobs.Job.objects.filter(state=jobs.Job.WAITING).exists(), "no new search"
    assert Search.objects.get() == ready, "of nine members nothing is kept"
    assert set(Candidate.objects.values_list("person_id", "state")) == {(guest, "proposed") for guest in guests}
    assert queries.proposed_to(by) == 2
    gone = [one.content for one in Entry.objects.filter(action="contacts.forgotten")]
    assert sorted(one["people"] for one in gone) == [0] * 6 + [1] * 3 and {one["why"] for one in gone} == {"negative"}
    with pytest.raises(Conflict, match="no case yet"):
        actions.confirm(by, ready.code, chosen)

    case = laboratory.open_case(by, "SINGLE0003", CaseForm(person="", facts={"symptomatic": False}))
    hand_on()
    view = queries.search(by, ready.code)
    assert (view.cases, view.ready, view.pool) == ((case,), False, POOL)
    assert {row.category for row in queries.found(by, view)} == {"exposed"}
    assert [one.via for one in queries.found(by, view)[0].meetings] == [case]
    done = actions.confirm(by, ready.code, chosen)
    hand_on()
    assert (done.done, done.refused) == (2, ())
    assert set(Contact.objects.values_list("person_id", flat=True)) == set(guests)
    books_agree()


def test_who_lives_with_the_one_is_confirmed_by_the_register(town: Town) -> None:
    (mate,) = town.people(1)
    town.live_together(town.neighbours[4], people.codes_of([mate])[mate])
    town.positive_pool()
    worker()
    town.alone(4)
    town.told(4, "positive")
    by, search = town.actor("investigator"), town.around(4)
    laboratory.open_case(by, "SINGLE0004", CaseForm(person="", facts={"symptomatic": False}))
    hand_on()
    done = actions.confirm_all(by, search.code)
    hand_on()
    assert (done.done, done.refused) == (1, ())
    contact = Contact.objects.get(person=mate)
    assert (contact.category, contact.classified_by.split()[-1]) == ("contact", "contact.household")
    (exposure,) = Exposure.objects.filter(person=mate)
    assert exposure.source == "register"
    books_agree()


def test_the_one_of_a_pool_told_of_before_the_search_is_done(town: Town) -> None:
    guests, _mate = dined(town)
    town.positive_pool()
    town.alone(0, 3)
    town.told(0, "negative")
    town.told(3, "positive")
    assert not Candidate.objects.exists()
    worker()
    assert {one.state for one in Candidate.objects.filter(search=town.around(3))} == {"proposed"}
    assert town.found(3) == set(guests)
    assert not Search.objects.filter(member__person=town.ids[0]).exists(), (
        "and nobody was looked up for who is negative"
    )


def test_results_that_did_not_hold(town: Town) -> None:
    guests, mate = dined(town)
    lab = town.actor("lab")
    town.positive_pool()
    worker()
    town.alone(3, 4)
    town.told(3, "positive")
    town.told(4, "negative")
    laboratory.cancel_result(lab, "SINGLE0003", "wrong plate")
    laboratory.correct_result(lab, "SINGLE0004", "positive", "rows exchanged")
    hand_on()
    worker()
    assert {one.state for one in Candidate.objects.filter(search=town.around(3))} == {"ready"}, "held again"
    assert {(one.person_id, one.state) for one in Candidate.objects.filter(search=town.around(4))} == {
        (mate, "proposed")
    }
    laboratory.decline_positive(town.actor("investigator"), "SINGLE0004", "past infection")
    hand_on()
    assert not Search.objects.filter(member__person=town.ids[4]).exists(), "no case, no contacts"
    laboratory.correct_result(lab, POOL, "negative", "wrong row of the plate read")
    hand_on()
    assert not Search.objects.filter(member__isnull=False).exists(), "the pool was not positive at all"
    assert guests and not Candidate.objects.exists()


def test_whatever_is_interrupted_or_told_twice_nothing_is_doubled(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    dined(town)
    town.positive_pool()
    follow_members(SYSTEM, _members())
    assert jobs.Job.objects.filter(kind="contacts.ready").count() == 1
    traced, calls = finding.traced, []

    def broken(*given: Any) -> Any:
        calls.append(given)
        if len(calls) == 5:
            raise RuntimeError("the process was killed")
        return traced(*given)

    monkeypatch.setattr(finding, "traced", broken)
    job = jobs.Job.objects.get(kind="contacts.ready")
    assert jobs.run(job.pk).state == "failed"
    assert Search.objects.filter(finished_at__isnull=False).count() == 4
    done = jobs.run(job.pk, resume=True)
    assert (done.state, done.cursor, done.total, done.result["people"]) == ("done", 10, 10, 5)
    assert Entry.objects.filter(action="contacts.readied").count() == 10
    assert Candidate.objects.count() == 5
    town.alone(3)
    town.told(3, "positive")
    follow_members(SYSTEM, _members())
    assert Entry.objects.filter(action="contacts.proposed").count() == 1


def _members() -> Any:
    from fangxian.laboratory import queries as samples
    from fangxian.laboratory.models import Tube

    return samples.pool_members(pools=[Tube.objects.get(code=POOL).pk])


def test_whoever_is_on_record_as_met_by_a_contact_is_counted_and_follows_by_itself(town: Town) -> None:
    by, (friend,) = town.actor("investigator"), town.people(1)
    when: dict[str, Any] = {"from_at": NOW - timedelta(hours=30), "to_at": NOW - timedelta(hours=26)}
    met: dict[str, Any] = {"setting": "home", "facts": {"household": True}}
    first = actions.expose(by, ExposureForm(person=town.neighbours[7], case=town.index.code, **when, **met)).contact
    actions.expose(by, ExposureForm(person=people.codes_of([friend])[friend], contact_of=first, **when, **met))
    hand_on()
    town.positive_pool()
    worker()
    assert town.found(7) == {friend}
    town.alone(7)
    town.told(7, "positive")
    laboratory.open_case(by, "SINGLE0007", CaseForm(person="", facts={"symptomatic": False}))
    hand_on()
    assert Contact.objects.get(person=friend).category == "contact"
    (row,) = queries.found(by, queries.search(by, town.around(7).code), CandidateFilter(state=""))
    assert row.state == "watched", "nothing is left to decide"
    assert Exposure.objects.filter(person=friend).count() == 1


def test_a_pool_of_no_outbreak_waits_for_the_one_of_its_case(town: Town) -> None:
    guests, _mate = dined(town)
    town.positive_pool(outbreak="")
    worker()
    by, search = town.actor("investigator"), town.around(3)
    assert queries.search(by, search.code).outbreak == ""
    town.alone(3)
    town.told(3, "positive")
    laboratory.open_case(by, "SINGLE0003", CaseForm(person="", outbreak=town.outbreak, facts={"symptomatic": False}))
    hand_on()
    view = queries.search(by, search.code)
    assert (view.outbreak, {row.person_id for row in queries.found(by, view)}) == (town.outbreak, set(guests))


def test_only_whoever_investigates_the_members_sees_whom_they_met(town: Town) -> None:
    dined(town)
    town.positive_pool()
    worker()
    search = town.around(3)
    for post in ("grid", "lab", "sampler", "other_investigator"):
        assert queries.ready(town.actor(post), POOL).people == 0
        with pytest.raises(NotFound):
            queries.search(town.actor(post), search.code)
    assert queries.ready(town.actor("investigator"), "POOL999999").members == ()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_of_the_pool_shows_whom_they_met(town: Town, language: str) -> None:
    dined(town)
    town.positive_pool()
    worker()
    assert f"/samples/{POOL}/ready/" in _page(town, "investigator", language, f"/samples/{POOL}/")
    page = _page(town, "investigator", language, f"/samples/{POOL}/ready/")
    assert page.count("<rect") == 2, "households and a restaurant"
    assert ("were one of 4 members the one" if language == "en" else "4 名成员中有人为感染者") in page
    search = _page(town, "investigator", language, f"/searches/{town.around(3).code}/")
    assert ("told to nobody" if language == "en" else "未告知任何人") in search
    assert 'id="decide"' not in search and "/export/" not in search
    assert f"/samples/{POOL}/ready/" not in _page(town, "lab", language, f"/samples/{POOL}/")


def _page(town: Town, post: str, language: str, address: str) -> str:
    account = town.staff.accounts[post]
    get_user_model().objects.filter(pk=account.pk).update(language=language)
    client = Client()
    client.force_login(account)
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(address)
    assert page.status_code == 200
    assert len(asked) <= 12, [one["sql"][:150] for one in asked]
    return str(page.content.decode())
