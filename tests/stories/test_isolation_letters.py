"""Somebody in isolation holds a letter: its code shows them their own record, and they object, and are answered in time."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from fangxian.containment.isolation import actions, queries
from fangxian.containment.isolation.actions.informing import TRIES, WINDOW, TooManyTries
from fangxian.containment.isolation.models import Letter, Placement, WrongCode
from fangxian.core import clock, journal
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.duties import queries as duties
from tests.support.county import START, with_pack
from tests.support.tracers import books_agree, hand_on
from tests.support.wards import Wards

pytestmark = pytest.mark.django_db
NOW = START + timedelta(hours=2)
HERE = "198.51.100.7"


@pytest.fixture
def wards() -> Iterator[Wards]:
    with with_pack(), override("en"), clock.at(NOW):
        yield Wards.ready(NOW)


def opened(code: str, client: Client | None = None) -> Client:
    client = client or Client(REMOTE_ADDR=HERE)
    assert client.post("/mine/en/open/", {"code": code}).status_code == 302
    return client


def steps(decision: int) -> list[Any]:
    return [step for duty in duties.of_subject("dispute", decision) for step in duty.steps.all()]


def test_the_letter_shows_ones_own_record_and_nobody_by_name(wards: Wards) -> None:
    code = wards.brought(wards.told(), "A-301")
    hand_on()
    until = queries.placement(SYSTEM, code).row.leave_at
    assert until is not None
    actions.extend(wards.actor("chief"), code, until + timedelta(hours=12), "a result is still to come")
    letter = actions.hand_letter(wards.actor("nurse"), code)
    client = opened(letter.code)
    with CaptureQueriesContext(connection) as made:
        page = client.get("/mine/en/")
    assert page.status_code == 200
    assert len(made) <= 12, "\n".join(one["sql"][:150] for one in made)
    said = page.content.decode()
    for wanted in ("My isolation", "Close contacts", "a result is still to come", "covid-19-cn-9", "grade"):
        assert wanted in said, wanted
    for hidden in ("值班孔", "护士郑", "司机武", "网格周", "流调"):
        assert hidden not in said, "officials are offices here"
    assert page["Cache-Control"] == "private, no-store" and "noindex" in said
    chinese = client.get("/mine/zh/").content.decode()
    assert "密切接触者" in chinese and "我不同意" in chinese
    assert client.get("/isolation/").status_code == 302, "and nothing besides"


def test_an_objection_is_owed_an_answer_in_a_day_by_somebody_else(wards: Wards) -> None:
    code = wards.brought(wards.told(), "A-301")
    hand_on()
    until = queries.placement(SYSTEM, code).row.leave_at
    assert until is not None
    decision = actions.extend(wards.actor("chief"), code, until + timedelta(hours=12), "a result is still to come")
    client = opened(actions.hand_letter(wards.actor("nurse"), code).code)
    empty = client.post("/mine/en/objection/", {"what": str(decision.pk), "words": " "})
    assert empty.status_code == 422 and b"Say why" in empty.content
    sent = client.post("/mine/en/objection/", {"what": str(decision.pk), "words": "My result came yesterday."})
    assert sent.status_code == 302
    (step,) = steps(decision.pk)
    assert (step.role, step.due_at) == ("duty_officer", NOW + timedelta(hours=24))
    assert b"An answer is due" in client.get("/mine/en/").content
    twice = client.post("/mine/en/objection/", {"what": str(decision.pk), "words": "Again."})
    assert twice.status_code == 409
    with override("en"), pytest.raises(NotAllowed, match="does not answer"):
        actions.answer(wards.actor("chief"), decision.pk, False, "no")
    with clock.at(NOW + timedelta(hours=1)):
        actions.answer(wards.actor("deputy"), decision.pk, True, "The result is negative.")
    (step,) = steps(decision.pk)
    assert (step.state, step.evidence) == ("done", {"findings": "The result is negative."})
    assert queries.placement(SYSTEM, code).row.leave_at == until, "the extension fell"
    with clock.at(NOW + timedelta(minutes=20)):
        answered = client.get("/mine/en/").content.decode()
    assert "The result is negative." in answered and "值班曹" not in answered
    told = list(journal.read(prefix="isolation.disputed"))
    assert told[-1].actor == "The person concerned"
    books_agree()


def test_the_isolation_and_its_end_may_be_disputed_and_an_upheld_one_ends_it(wards: Wards) -> None:
    code = wards.brought(wards.told(), "A-301")
    hand_on()
    client = opened(actions.hand_letter(wards.actor("nurse"), code).code)
    for what in ("date", "isolate"):
        assert client.post("/mine/en/objection/", {"what": what, "words": "I was never there."}).status_code == 302
        assert client.post("/mine/en/objection/", {"what": what, "words": "Again."}).status_code == 409
    assert client.post("/mine/en/objection/", {"what": "early", "words": "Let me go."}).status_code == 422
    about = {one.kind: one for one in queries.placement(SYSTEM, code).decisions}
    assert set(about) == {"date", "isolate"} and about["date"].until is not None
    actions.answer(wards.actor("chief"), about["isolate"].id, True, "The booking was another person's.")
    row = queries.placement(SYSTEM, code).row
    assert row.outcome == "excluded" and row.leave_at == NOW, "overdue from this moment"
    actions.let_go(wards.actor("nurse"), code)
    actions.send(wards.actor("nurse"), code)
    actions.receive(wards.actor("grid"), code)
    assert queries.placement(SYSTEM, code).row.link == "closed"
    assert b"It is over" in client.get("/mine/en/").content
    books_agree()


def test_wrong_codes_are_told_nothing_and_soon_heard_no_more(wards: Wards) -> None:
    first = wards.told()
    grid = wards.actor("grid")
    old, new = actions.hand_letter(grid, first).code, actions.hand_letter(grid, first).code
    client = Client(REMOTE_ADDR=HERE)
    said = {
        client.post("/mine/en/open/", {"code": one}).content for one in (old, "0000-0000-0000-0000", first, "", "\0")
    }
    stripped = {page.split(b"csrfmiddlewaretoken")[0] for page in said}
    assert len(stripped) == 1, "replaced, unknown, of another kind, none: all alike"
    for _try in range(TRIES - 5):
        assert client.post("/mine/en/open/", {"code": "1111-1111-1111-1111"}).status_code == 404
    locked = client.post("/mine/en/open/", {"code": new})
    assert locked.status_code == 429 and b"Too many codes" in locked.content
    opened(new, Client(REMOTE_ADDR="203.0.113.9"))
    assert HERE not in str(list(WrongCode.objects.values())), "addresses are kept as digests"
    with clock.at(NOW + WINDOW + timedelta(seconds=1)):
        opened(new, client)
        with pytest.raises(NotFound):
            actions.open_letter("nothing", "192.0.2.1")
        assert WrongCode.objects.count() == 1, "the others are forgotten"
    for _try in range(TRIES):
        with pytest.raises(NotFound):
            actions.open_letter("nothing", "192.0.2.2")
    with pytest.raises(TooManyTries):
        actions.open_letter("nothing", "192.0.2.2")


def test_a_letter_ends_and_so_does_the_page_that_it_opened(wards: Wards) -> None:
    code = wards.told()
    letter = actions.hand_letter(wards.actor("grid"), code)
    assert letter.code.replace("-", "") not in str(list(Letter.objects.values())), "kept is a digest"
    client = opened(f" {letter.code.lower().replace('-', ' ')} ")
    assert b"Close contacts" in client.get("/mine/en/").content
    with clock.at(NOW + timedelta(minutes=31)):
        assert b"Code of your letter" in client.get("/mine/en/").content, "half an hour, then the code again"
        late = client.post("/mine/en/objection/", {"what": "isolate", "words": "I object."})
        assert late.status_code == 422 and b"Type the code again" in late.content
    opened(letter.code, client)
    assert client.post("/mine/en/close/").status_code == 302
    assert b"Code of your letter" in client.get("/mine/en/").content
    opened(letter.code, client)
    actions.hand_letter(wards.actor("grid"), code)
    assert b"Code of your letter" in client.get("/mine/en/").content, "another letter ends this one at once"
    for stranger in ("stranger", "driver"):
        with pytest.raises((NotFound, NotAllowed)):
            actions.hand_letter(wards.actor(stranger), code)
    last = actions.hand_letter(wards.actor("grid"), code).code
    with clock.at(NOW + timedelta(days=61)), pytest.raises(NotFound):
        actions.open_letter(last, HERE)
    assert client.get("/mine/fr/").status_code == 404


def test_nobody_objects_for_somebody_whom_they_may_not_know(wards: Wards) -> None:
    mine, other = wards.told(), wards.told()
    holder = actions.holder_of(actions.open_letter(actions.hand_letter(wards.actor("grid"), mine).code, HERE))
    with pytest.raises(NotFound):
        actions.object_to(holder, other, "isolate", "not mine")
    with pytest.raises(NotFound):
        actions.object_to(wards.actor("stranger"), mine, "isolate", "not mine")
    made = actions.object_to(wards.actor("grid"), mine, "isolate", "She says that she was not there.")
    assert made.disputed_by == "网格周", "said for her, by name"
    with pytest.raises(Conflict, match="not known yet"):
        actions.object_to(holder, mine, "date", "too long")
    with pytest.raises(Invalid):
        actions.object_to(holder, mine, "everything", "all")
    actions.take_out(wards.actor("grid"), mine, "told by mistake")
    assert Placement.objects.get(code=mine).link == "closed"
    with pytest.raises(Conflict, match="over"):
        actions.hand_letter(wards.actor("grid"), mine)
    with pytest.raises(Conflict, match="over"):
        actions.object_to(holder, mine, "isolate", "still")
