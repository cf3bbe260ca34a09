"""Follow-up of contacts: visits and tests, who could not be reached, who is held where, the four clear, and how a watch ends."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils.translation import override

from fangxian.core import clock, journal, outbox
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.core.models import Message
from fangxian.duties import queries as duties
from fangxian.duties.sweep import sweep
from fangxian.tracing import actions, queries
from fangxian.tracing.models import Attempt, Contact
from fangxian.tracing.schemas import ContactFilter
from tests.support.county import START, with_pack
from tests.support.tracers import MERS, Tracers, books_agree, hand_on

pytestmark = pytest.mark.django_db
NOW = START + timedelta(hours=10)
WELL = {"temperature": 36.4, "symptoms": "none"}


@pytest.fixture
def town() -> Iterator[Tracers]:
    with with_pack(), override("en"), clock.at(NOW):
        yield Tracers.at(NOW)


@pytest.fixture
def mers() -> Iterator[Tracers]:
    with with_pack(), override("en"), clock.at(NOW):
        yield Tracers.at(NOW, MERS)


def met(town: Tracers, **more: Any) -> str:
    return actions.expose(town.actor("investigator"), town.met(**more)).contact


def steps(code: str, kind: str = "") -> dict[str, Any]:
    contact = Contact.objects.get(code=code)
    owed = [duty for duty in duties.of_subject("contact", contact.pk) if kind in ("", duty.kind)]
    return {step.key: step for duty in owed for step in duty.steps.all()}


def at(moment: datetime) -> Any:
    return clock.at(moment)


def test_fourteen_days_of_mers_end_by_themselves_and_the_missed_visit_stays_missed(mers: Tracers) -> None:
    """Two checks a day for 14 days after the last exposure; one is missed; the last day is free of symptoms; the watch ends."""
    code = met(mers, from_at=NOW - timedelta(hours=14), to_at=NOW - timedelta(hours=12))
    exposed_on = (NOW - timedelta(hours=12)).astimezone(clock.zone()).date()
    actions.visit(mers.actor("investigator"), code, {"phone_reached": True})
    for day in range(1, 15):
        midnight = clock.local_midnight(exposed_on + timedelta(days=day))
        for hour in (9, 20):
            with at(max(NOW, midnight + timedelta(hours=hour))):
                if (day, hour) == (5, 20):
                    actions.not_reached(mers.actor("grid"), code, "nobody opened, phone off")
                else:
                    done = actions.visit(mers.actor("grid"), code, WELL)
                    assert done == [f"{'morning' if hour == 9 else 'evening'}.d{day}"]
                hand_on()
        if day == 6:
            with at(midnight + timedelta(hours=8)):
                sweep()
                assert steps(code)["evening.d5"].escalated_to, "the missed visit is told to the next level up"
                table = queries.four_clear(mers.actor("investigator"), mers.outbreak, wanted=ContactFilter(late=True))
                assert [(row.code, row.late) for row in table.rows] == [(code, 1)]
    assert Contact.objects.get(code=code).state == "watched"
    end = clock.local_midnight(exposed_on + timedelta(days=15))
    with at(end + timedelta(hours=1)):
        sweep()
        hand_on()
        contact = Contact.objects.get(code=code)
        assert contact.state == "released"
        assert contact.ended_at == end - timedelta(seconds=1), "released when the rule was met, not when it was noticed"
        assert steps(code)["evening.d5"].state == "missed"
        diary = queries.follow_up(mers.actor("investigator"), code)
        assert [line.note for line in diary if line.state == "not_reached"] == ["nobody opened, phone off"]
        assert sum(line.state == "done" and line.step.startswith("morning") for line in diary) == 14
        assert queries.four_clear(mers.actor("investigator"), mers.outbreak).by_state == {"released": 1}
        books_agree()


def test_a_visit_is_evidence_on_the_step_and_only_of_its_own_day(town: Tracers) -> None:
    code = met(town)
    with pytest.raises(NotFound):
        actions.visit(town.actor("resident"), code, WELL)
    with pytest.raises(Invalid) as empty:
        actions.visit(town.actor("grid"), code, {})
    assert empty.value.field == "evidence"
    assert actions.visit(town.actor("grid"), code, {**WELL, "result": "negative"}) == [
        "visit.central.d1",
        "test.central.d1",
    ]
    step = steps(code)["visit.central.d1"]
    assert (step.state, step.evidence["temperature"], step.done_by.name) == ("done", 36.4, "网格周")
    with pytest.raises(Conflict) as again:
        actions.visit(town.actor("grid"), code, WELL)
    assert again.value.code == "nothing_due"
    with at(NOW + timedelta(days=2)):  # nobody came on the second day
        assert actions.visit(town.actor("grid"), code, WELL) == ["visit.central.d3"]
        assert steps(code)["visit.central.d2"].state == "open"
        assert actions.visit(town.actor("grid"), code, {"result": "negative"}, step="test.central.d2") == [
            "test.central.d2"
        ]
    books_agree()


def test_an_attempt_leaves_the_step_open(town: Tracers) -> None:
    code = met(town)
    before = steps(code)["visit.central.d1"].state
    attempt = actions.not_reached(town.actor("grid"), code, "moved away, says the neighbour")
    assert (attempt.by_name, attempt.at) == ("网格周", NOW)
    assert steps(code)["visit.central.d1"].state == before == "open"
    with pytest.raises(Invalid):
        actions.not_reached(town.actor("grid"), code, " ")
    with pytest.raises(Invalid):
        actions.not_reached(town.actor("grid"), code, "tomorrow", at=NOW + timedelta(hours=1))
    with pytest.raises(NotFound):
        actions.not_reached(town.actor("resident"), code, "nobody")
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize(
    ("found", "ground"), [({**WELL, "symptoms": "some"}, "symptoms"), ({"result": "positive"}, "test")]
)
def test_symptoms_or_a_positive_test_propose_a_case_once(town: Tracers, found: dict, ground: str) -> None:
    heard: list[Any] = []
    outbox._handlers.setdefault("tracing.case_suspected", [])  # an event is stored only where somebody listens
    from fangxian.tracing.events import CaseSuspected

    outbox._handlers["tracing.case_suspected"] = [("test.hear", CaseSuspected, heard.append)]
    try:
        code = met(town)
        actions.visit(town.actor("grid"), code, found)
        with at(NOW + timedelta(days=1)):
            actions.visit(town.actor("grid"), code, found)
            hand_on()
    finally:
        del outbox._handlers["tracing.case_suspected"]
        Message.objects.filter(kind="tracing.case_suspected").delete()
    assert [(one.ground, one.area) for one in heard] == [(ground, Contact.objects.get().area)]
    by = town.actor("investigator")
    table = queries.four_clear(by, town.outbreak, wanted=ContactFilter(suspected=True))
    assert [row.code for row in table.rows] == [code]
    with pytest.raises(NotAllowed):
        actions.rule_out(town.actor("grid"), code, "only a cold")
    assert actions.rule_out(by, code, "only a cold").suspected_at is None
    with pytest.raises(Conflict):
        actions.rule_out(by, code, "again")
    assert Contact.objects.get().state == "watched"


def test_alarming_findings_are_never_turned_away(town: Tracers) -> None:
    code = met(town)
    actions.visit(town.actor("grid"), code, WELL)
    assert actions.visit(town.actor("grid"), code, {"symptoms": "some"}) == []
    assert Contact.objects.get().suspected_at == NOW


def test_holding_makes_control_clear_and_lets_the_site_see(town: Tracers) -> None:
    code = met(town)
    with pytest.raises(NotFound):
        queries.contact(town.actor("nurse"), code)
    with pytest.raises(NotAllowed):
        actions.hold(town.actor("grid"), code, "site")
    by = town.actor("investigator")
    for wrong, field in (({"where": "prison"}, "where"), ({"where": "site", "at": NOW + timedelta(hours=1)}, "at")):
        with pytest.raises(Invalid) as refused:
            actions.hold(by, code, **wrong)
        assert refused.value.field == field
    with pytest.raises(NotFound):
        actions.hold(by, code, "site", organisation=10**9)
    held = actions.hold(by, code, "site", organisation=town.site)
    assert (held.held, held.held_at, held.control_clear_at) == ("site", NOW, NOW)
    assert queries.contact(town.actor("nurse"), code).held_by_id == town.site
    for duty in duties.of_subject("contact", held.pk):
        assert duty.anchors["isolated_at"] == NOW.isoformat()
    books_agree()


def test_the_four_clear_are_ticked_counted_and_paged(town: Tracers) -> None:
    codes = [met(town) for _ in range(5)]
    by = town.actor("investigator")
    actions.clear(by, codes[0], "person")
    actions.clear(by, codes[0], "place")
    actions.hold(by, codes[0], "home")
    actions.clear(by, codes[1], "person")
    with pytest.raises(Conflict):
        actions.clear(by, codes[1], "control")
    with pytest.raises(Invalid):
        actions.clear(by, codes[1], "number")
    with pytest.raises(NotAllowed):
        actions.clear(town.actor("grid"), codes[1], "person")
    actions.lose(by, codes[4], "left the country before notice")
    table = queries.four_clear(by, town.outbreak, limit=2)
    numbers = table.clear
    assert (numbers.number, numbers.person, numbers.place, numbers.control, numbers.all) == (4, 2, 1, 1, 1)
    assert table.by_state == {"watched": 4, "lost": 1}
    seen = [row.code for row in table.rows]
    while table.after:
        table = queries.four_clear(by, town.outbreak, after=table.after, limit=2)
        seen += [row.code for row in table.rows]
    assert seen == codes[::-1], "the latest first, each once"
    lacking = queries.four_clear(by, town.outbreak, wanted=ContactFilter(lacking="place"))
    assert {row.code for row in lacking.rows} == set(codes[1:4])
    assert all(row.name.endswith("*") for row in lacking.rows)
    with pytest.raises(Invalid):
        queries.four_clear(by, town.outbreak, wanted=ContactFilter(lacking="number"))
    assert queries.four_clear(town.actor("other_investigator"), town.outbreak).rows == ()


def test_the_table_takes_at_most_eight_queries(town: Tracers, django_assert_max_num_queries: Any) -> None:
    for _ in range(4):
        met(town)
    by = town.actor("investigator")
    with django_assert_max_num_queries(8):
        assert len(queries.four_clear(by, town.outbreak).rows) == 4


@pytest.mark.parametrize(("act", "state"), [("lose", "lost"), ("dismiss", "dismissed")])
def test_a_person_ends_a_watch_with_a_reason(town: Tracers, act: str, state: str) -> None:
    code = met(town)
    end = getattr(actions, act)
    with pytest.raises(NotAllowed):
        end(town.actor("grid"), code, "not found at the address")
    by = town.actor("investigator")
    with pytest.raises(Invalid) as refused:
        end(by, code, "")
    assert refused.value.field == "reason"
    with pytest.raises(NotFound):
        end(by, "NOSUCHCODE", "not found")
    contact = end(by, code, "not found at the address")
    assert (contact.state, contact.ended_at) == (state, NOW)
    hand_on()
    assert Contact.objects.get().state == state
    assert {step.state for step in steps(code).values()} <= {"void", "missed"}
    for again in (lambda: end(by, code, "again"), lambda: actions.hold(by, code, "home")):
        with pytest.raises(Conflict):
            again()
    fresh = actions.expose(by, town.met(person=contact.person.code))
    assert fresh.contact != code, "a new exposure starts a new watch"
    books_agree()


def test_the_end_of_a_watch_is_on_record(town: Tracers) -> None:
    code = met(town)
    contact = actions.lose(town.actor("investigator"), code, "left the country before notice")
    (line,) = [one for one in journal.of("contact", contact.pk) if one.action == "contact.ended"]
    assert (line.actor, line.content["state"], line.content["reason"]) == (
        "流调孙",
        "lost",
        "left the country before notice",
    )
    detail = queries.contact(town.actor("investigator"), code)
    assert (detail.row.state, detail.ended_why, detail.may) == ("lost", "left the country before notice", frozenset())


def test_a_contact_of_a_contact_waits_for_the_first_two_tests_of_the_contact(town: Tracers) -> None:
    """9th edition: seven days at home, own tests on days 1, 4 and 7, and the related contact's first two tests, all negative."""
    first = met(town)
    through = town.met(
        contact_of=first, facts={"household": True, "higher_risk_contact": True},
        from_at=NOW - timedelta(hours=2), to_at=NOW - timedelta(hours=1),
    )  # fmt: skip
    told = actions.expose(town.actor("investigator"), through)
    assert (told.category, Contact.objects.get(code=told.contact).ring) == ("contact2", 2)
    assert {one.kind for one in duties.of_subject("contact", Contact.objects.get(code=told.contact).pk)} == {
        "contact2.observation"
    }
    days = {1: {**WELL, "result": "negative"}, 4: {**WELL, "result": "negative"}, 7: {**WELL, "result": "negative"}}
    own_first = (NOW - timedelta(hours=1)).astimezone(clock.zone()).date() + timedelta(days=1)
    for day in range(1, 8):
        with at(clock.local_midnight(own_first + timedelta(days=day - 1)) + timedelta(hours=10)):
            actions.visit(town.actor("grid"), told.contact, days.get(day, WELL))
    over = clock.local_midnight(own_first + timedelta(days=7)) + timedelta(hours=1)
    with at(over):
        assert sweep().released == 0, "the contact's own two tests are not there"
        hand_on()
        assert Contact.objects.get(code=told.contact).state == "watched"
        actions.visit(SYSTEM, first, {"result": "negative"}, step="test.central.d1")
        sweep()
        hand_on()
        assert Contact.objects.get(code=told.contact).state == "watched"
        actions.visit(SYSTEM, first, {"result": "negative"}, step="test.central.d2")
        assert sweep().released == 1
        hand_on()
        assert Contact.objects.get(code=told.contact).state == "released"
        assert Contact.objects.get(code=first).state == "watched"
        books_agree()
