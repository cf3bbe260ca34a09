"""A photograph as proof of a step: taken at a door, stripped of everything but the picture, sealed, seen with a trace, deleted."""

import base64
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from PIL import Image

from fangxian.core import attachments, clock, journal, pictures
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.core.secrets import KeyFault
from fangxian.duties import actions, queries
from fangxian.duties.models import Duty
from tests.support import web
from tests.support.photos import HEIC, bomb, photo
from tests.support.web import NOW
from tests.support.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]


def _step(city: World, post: str = "grid", kind: str = "contact.notification") -> Any:
    return next(one for one in queries.my_steps(city.actor(post), limit=1000) if one.kind == kind)


def _files() -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_nothing_but_the_picture_is_kept_and_that_upright_and_small() -> None:
    kept = pictures.cleaned(photo(size=(4000, 3000), located=True, turned=True))
    image = Image.open(io.BytesIO(kept.content))
    assert (image.format, image.size) == ("JPEG", (1200, 1600)) == ("JPEG", (kept.width, kept.height))
    assert dict(image.getexif()) == {} and b"Zhou" not in kept.content and "exif" not in image.info


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_telephones_write_is_taken(kind: str) -> None:
    kept = pictures.cleaned(photo(kind, colour=(10, 200, 30)))
    red, green, blue = Image.open(io.BytesIO(kept.content)).convert("RGB").getpixel((100, 100))  # type: ignore[misc]
    assert green > 180 and red < 40 and blue < 60


def test_what_is_transparent_becomes_white() -> None:
    kept = pictures.cleaned(photo("PNG", colour=(0, 0, 0, 0)))
    assert min(Image.open(io.BytesIO(kept.content)).getpixel((5, 5))) > 250  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "空"),
        (HEIC, "HEIC"),
        (b"GIF89a" + b"\0" * 50, "无法读取"),
        (b"<svg onload=alert(1)>", "无法读取"),
        (photo()[:300], "无法读取"),
        (b"\xff\xd8\xff" + b"\0" * pictures.LARGEST, "5 MB"),
        (bomb(), "像素"),
    ],
    ids=["empty", "heic", "gif", "svg", "cut off", "too large", "bomb"],
)
def test_what_is_no_photo_is_refused_in_words(content: bytes, told: str) -> None:
    with pytest.raises(Invalid) as refusal:
        pictures.cleaned(content)
    assert told in str(refusal.value) and refusal.value.remedy and refusal.value.field == "photo"


def test_a_step_is_done_with_its_photo_and_whoever_may_see_the_step_sees_it_on_record(city: World) -> None:
    step, grid = _step(city), city.actor("grid")
    kept = actions.attach(grid, step.pk, photo(located=True))
    actions.complete(grid, step.pk, {"phone_reached": True, "photo": kept.code, "note": "门上留了字条"})
    step.refresh_from_db()
    assert step.evidence == {"phone_reached": True, "photo": kept.code, "note": "门上留了字条"}
    shown = actions.look(city.actor("duty"), step.pk, kept.code)
    assert Image.open(io.BytesIO(shown)).size == (640, 480)
    looks = [one for one in journal.of("step", step.pk) if one.action == "attachment.viewed"]
    assert [(one.actor, one.content["attachment"]) for one in looks] == [("苏望", kept.code)]
    with pytest.raises(NotFound):
        actions.look(city.actor("stranger"), step.pk, kept.code)


def test_on_the_disk_there_is_no_picture_to_be_seen(city: World) -> None:
    kept = actions.attach(city.actor("grid"), _step(city).pk, photo())
    (file,) = _files()
    assert file.name == kept.fingerprint and b"JFIF" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    *sealed, last = file.read_bytes()
    file.write_bytes(bytes((*sealed, last ^ 1)))
    with pytest.raises(KeyFault):
        actions.look(city.actor("grid"), _step(city).pk, kept.code)


def test_the_same_photo_twice_is_one_and_more_than_five_are_refused(city: World) -> None:
    step, grid = _step(city), city.actor("grid")
    assert actions.attach(grid, step.pk, photo()).code == actions.attach(grid, step.pk, photo()).code
    for shade in range(4):
        actions.attach(grid, step.pk, photo(colour=(shade * 40, 0, 0)))
    with pytest.raises(Invalid):
        actions.attach(grid, step.pk, photo(colour="blue"))


def test_a_photo_of_another_step_is_no_evidence(city: World) -> None:
    steps = [one for one in queries.my_steps(city.actor("grid"), limit=1000) if one.kind == "contact.notification"]
    kept = actions.attach(city.actor("grid"), steps[0].pk, photo())
    with pytest.raises(NotFound):
        actions.complete(city.actor("grid"), steps[1].pk, {"phone_reached": True, "photo": kept.code})
    steps[1].refresh_from_db()
    assert steps[1].state == "open"


def test_nobody_adds_to_what_is_not_theirs_or_is_over(city: World) -> None:
    step = _step(city)
    with pytest.raises(NotFound):
        actions.attach(city.actor("stranger"), step.pk, photo())
    with pytest.raises(NotAllowed):
        actions.attach(city.actor("leader"), step.pk, photo())
    actions.complete(city.actor("grid"), step.pk, {"phone_reached": True})
    with pytest.raises(Conflict):
        actions.attach(city.actor("grid"), step.pk, photo())


def test_photos_go_when_the_pack_says_and_leave_a_line(city: World, django_capture_on_commit_callbacks: Any) -> None:
    step, other = [
        one for one in queries.my_steps(city.actor("grid"), limit=1000) if one.kind == "contact.notification"
    ][:2]
    gone, stays = (actions.attach(city.actor("grid"), one.pk, photo()) for one in (step, other))
    assert len(_files()) == 1, "equal photographs share a file"
    Duty.objects.filter(pk=step.duty_id).update(closed_at=NOW)
    assert actions.expire() == 0
    with clock.at(NOW + timedelta(days=30)), django_capture_on_commit_callbacks(execute=True):
        assert actions.expire() == 1
        assert actions.expire() == 0
    with pytest.raises(NotFound):
        attachments.of(("step", step.pk), gone.code)
    assert attachments.of(("step", other.pk), stays.code) and len(_files()) == 1
    assert [one.content["reason"] for one in journal.of("step", step.pk) if one.action == "attachment.deleted"] == [
        "retention"
    ]
    with django_capture_on_commit_callbacks(execute=True):
        attachments.delete(SYSTEM, [stays.code], "test")
    assert _files() == []


def test_a_file_whose_transaction_failed_is_cleared_away(city: World) -> None:
    kept = actions.attach(city.actor("grid"), _step(city).pk, photo())
    (file,) = _files()
    stray = file.with_name("0" * 32)
    stray.write_bytes(b"half")
    assert attachments.remove_strays(clock.now() - timedelta(days=3650)) == 0, (
        "young files may belong to work in progress"
    )
    assert attachments.remove_strays(clock.now() + timedelta(days=3650)) == 1
    assert [path.name for path in _files()] == [kept.fingerprint]


def test_a_program_sends_and_reads_photos_too(city: World) -> None:
    step, client = _step(city), web.signed_in(city, "grid", "en")
    address = f"/api/v1/steps/{step.pk}/photos"
    sent = {"picture": base64.b64encode(photo()).decode()}
    answer = client.post(address, sent, content_type="application/json")
    assert answer.status_code == 201, answer.content
    shown = client.get(f"{address}/{answer.json()['code']}").json()
    assert Image.open(io.BytesIO(base64.b64decode(shown["content"]))).format == "JPEG"
    refused = client.post(address, {"picture": base64.b64encode(HEIC).decode()}, content_type="application/json")
    assert refused.status_code == 422 and "HEIC" in refused.json()["message"] and refused.json()["remedy"]
