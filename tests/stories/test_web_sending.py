"""What a telephone kept without a connection, and sends: done once, at the time it was done, by whom it was, with its photograph."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fangxian.core import clock
from fangxian.duties import actions, queries
from fangxian.duties.models import Step
from fangxian.tracing.models import Attempt
from tests.support.photos import HEIC, photo
from tests.support.web import NOW, signed_in
from tests.support.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]
KEY = "3d1f0c9e-7a55-4c1f-9f0e-000000000001"


def _step(city: World, post: str, kind: str) -> Any:
    mine = queries.my_steps(city.actor(post), limit=1000)
    return next(one for one in mine if one.kind == kind and one.due_at is not None)


def _send(client: Client, step: Any, form: Any, act: str = "complete", key: str = KEY, **headers: str) -> Any:
    sent = {"accept": "application/json", "idempotency-key": key} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return client.post(f"/duties/{step.pk}/{act}/", form, headers=sent)


def _well(step: Any, **more: Any) -> dict[str, Any]:
    return {f"s{step.pk}-temperature": "36.8", f"s{step.pk}-symptoms": "none", **more}


def test_sent_again_after_the_answer_was_lost_it_is_done_once(city: World) -> None:
    step, nurse = _step(city, "nurse", "contact.observation"), signed_in(city, "nurse")
    first, again = (_send(nurse, step, _well(step)) for _time in range(2))
    assert first.status_code == again.status_code == 200
    assert first.json()["said"] == again.json()["said"] and "已完成" in first.json()["said"]
    other = _send(nurse, step, _well(step) | {f"s{step.pk}-temperature": "37.0"})
    assert other.status_code == 409 and other.json()["code"] == "key_reused"


def test_it_counts_from_when_it_was_done_not_from_when_it_was_sent(city: World) -> None:
    step, nurse = _step(city, "nurse", "contact.observation"), signed_in(city, "nurse")
    assert _send(nurse, step, _well(step), x_kept_seconds="5400").status_code == 200
    step.refresh_from_db()
    assert step.done_at == NOW - timedelta(minutes=90)


@pytest.mark.parametrize("kept", [str(73 * 3600), "-5", "soon"])
def test_what_was_kept_for_longer_than_answers_are_is_not_taken_blindly(city: World, kept: str) -> None:
    step = _step(city, "nurse", "contact.observation")
    answer = _send(signed_in(city, "nurse"), step, _well(step), x_kept_seconds=kept)
    assert answer.status_code == 422 and answer.json()["code"] == "kept_too_long" and answer.json()["remedy"]
    step.refresh_from_db()
    assert step.state == "open"


def test_what_somebody_else_kept_is_not_sent_in_ones_own_name(city: World) -> None:
    step, nurse = _step(city, "nurse", "contact.observation"), signed_in(city, "nurse")
    answer = _send(nurse, step, _well(step), x_account=str(city.staff["grid"].pk))
    assert answer.status_code == 409 and answer.json()["code"] == "other_account"
    assert _send(nurse, step, _well(step), x_account=str(city.staff["nurse"].pk)).status_code == 200


def test_who_is_signed_out_is_told_so_in_words_and_nothing_happens(city: World) -> None:
    step = _step(city, "nurse", "contact.observation")
    answer = _send(Client(), step, _well(step))
    assert answer.status_code == 401 and answer.json()["code"] == "signed_out"


def test_somebody_was_first_and_what_was_entered_can_still_be_read(city: World) -> None:
    step = _step(city, "nurse", "contact.observation")
    actions.complete(city.actor("duty"), step.pk, {"temperature": 36.5, "symptoms": "none"})
    answer = _send(signed_in(city, "nurse"), step, _well(step))
    assert answer.status_code == 409 and "苏望" in answer.json()["message"] and answer.json()["remedy"]


def test_a_step_that_went_to_somebody_else_is_unknown_in_words(city: World) -> None:
    step = _step(city, "nurse", "contact.observation")
    answer = _send(signed_in(city, "stranger"), step, _well(step))
    assert answer.status_code == 404 and answer.json()["remedy"]


def test_what_is_wrong_is_said_by_field_and_may_be_put_right_under_the_same_key(city: World) -> None:
    step, nurse = _step(city, "nurse", "contact.observation"), signed_in(city, "nurse")
    answer = _send(nurse, step, _well(step) | {f"s{step.pk}-temperature": "368"})
    assert answer.status_code == 422 and list(answer.json()["fields"]) == ["temperature"]
    assert _send(nurse, step, _well(step)).status_code == 200


def test_an_attempt_is_recorded_once_with_one_of_the_usual_words(city: World) -> None:
    step, grid = _step(city, "grid", "contact.notification"), signed_in(city, "grid")
    before = Attempt.objects.count()
    for _time in range(2):
        answer = _send(grid, step, {"usual": "敲门无人应答", "reason": ""}, "not-reached", x_kept_seconds="60")
        assert answer.status_code == 200 and answer.json()["open"] is True
    assert Attempt.objects.count() == before + 1
    assert Attempt.objects.latest("pk").at == NOW - timedelta(minutes=1)
    page = grid.get("/").content.decode()
    assert "次未果" in page and "提请县级值班员协助" in page, "what happens next is said"


@pytest.mark.parametrize("key", ["short", "x" * 101, "with blank in it", "汉字汉字汉字汉字"])
def test_a_key_that_is_none_is_refused(city: World, key: str) -> None:
    step = _step(city, "nurse", "contact.observation")
    answer = signed_in(city, "nurse").post(
        f"/duties/{step.pk}/complete/", _well(step), headers={"accept": "application/json", "idempotency-key": key}
    )
    assert answer.status_code == 422


def test_with_a_photo_and_a_note_and_only_whoever_may_see_the_step_sees_them(city: World) -> None:
    step, nurse = _step(city, "nurse", "contact.observation"), signed_in(city, "nurse")
    name = f"s{step.pk}"
    for _time in range(2):  # and sent again
        form = _well(
            step, **{f"{name}-note": "门口消毒", f"{name}-photo": SimpleUploadedFile("door.jpg", photo(located=True))}
        )
        assert _send(nurse, step, form).status_code == 200
    evidence = Step.objects.get(pk=step.pk).evidence or {}
    assert evidence["note"] == "门口消毒" and evidence["photo"]
    page = nurse.get(f"/duties/{step.pk}/").content.decode()
    address = f"/duties/{step.pk}/photos/{evidence['photo']}/"
    assert address in page and "门口消毒" in page
    shown = nurse.get(address)
    assert shown["Content-Type"] == "image/jpeg" and "no-store" in shown["Cache-Control"]
    assert signed_in(city, "stranger").get(address).status_code == 404


def test_a_photo_that_cannot_be_taken_leaves_the_step_open_and_says_why(city: World) -> None:
    step = _step(city, "nurse", "contact.observation")
    form = _well(step, **{f"s{step.pk}-photo": SimpleUploadedFile("door.heic", HEIC)})
    answer = _send(signed_in(city, "nurse"), step, form)
    assert answer.status_code == 422 and "HEIC" in answer.json()["message"]
    step.refresh_from_db()
    assert step.state == "open"


def test_what_is_due_behind_one_door_today_stands_together(city: World) -> None:
    page = signed_in(city, "nurse").get("/")
    tonight = clock.local_midnight(clock.today() + clock.DAY)
    visits = page.context["visits"]
    firsts = [visit.cards[0].step.due_at for visit in visits if visit.cards[0].step.due_at]
    assert firsts == sorted(firsts), "the latest door first"
    together = [visit for visit in visits if len(visit.cards) > 1]
    assert together, "somebody has two things due today"
    for visit in together:
        assert len({card.door for card in visit.cards}) == 1
        assert all(card.step.due_at <= tonight for card in visit.cards)
    assert "一次上门" in page.content.decode()


def test_pages_about_people_stay_in_no_cache(city: World) -> None:
    assert "no-store" in signed_in(city, "nurse").get("/")["Cache-Control"]


def test_the_language_is_changed_by_an_action_that_leaves_a_line(city: World) -> None:
    nurse = signed_in(city, "nurse")
    nurse.post("/language/", {"language": "en"})
    assert 'lang="en"' in nurse.get("/").content.decode()
    assert (
        nurse.put("/api/v1/session/language", json.dumps({"language": "zh-hans"}), "application/json").status_code
        == 204
    )
    assert 'lang="zh-CN"' in nurse.get("/").content.decode()
    refused = nurse.put("/api/v1/session/language", json.dumps({"language": "fr"}), "application/json")
    assert refused.status_code == 422 and refused.json()["field"] == "language"
