"""What a telephone sends: done once however often it arrives, at the time it was done, by the person who did it.

A telephone without a connection keeps what was done and sends it later; one whose answer was lost sends it again. Both say so in
the headers of the request, and ask for an answer in JSON:

    Idempotency-Key: …        the same for every time that this is sent
    X-Kept-Seconds: 5400      how long ago it was done, measured by the telephone's own clock, right or wrong
    X-Account: 12             whose it is: a telephone passes from hand to hand
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from fangxian.core import clock, repeats
from fangxian.core.access import Actor
from fangxian.core.errors import Conflict, Invalid, Refusal

#: What does not belong to the content of a request: it differs between two that are the same.
_NOT_CONTENT = frozenset({"csrfmiddlewaretoken"})
#: So many are sent together: an answer within a second or two on a slow line.
TOGETHER = 100


def once(request: HttpRequest, by: Actor, work: Callable[[], str]) -> str:
    """Do the work, all of it or nothing; with a key, once: asked again, tell what was said the first time."""
    _must_be_theirs(request, by)
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        with transaction.atomic():
            return work()
    _must_be_a_key(key)
    _status, said, _before = repeats.once(by, key, _content(request), lambda: (200, work()))
    return said


@dataclass(frozen=True, slots=True)
class Kept:
    """One of many things that a telephone sends together: its key, its fields, when it was done (None: just now)."""

    key: str
    fields: Mapping[str, str]
    at: datetime | None


def once_each(
    request: HttpRequest, by: Actor, address: str, work: Callable[[Sequence[Kept]], Sequence[str | Refusal]]
) -> list[tuple[str, str | Refusal]]:
    """What was kept for `address` and is sent together, each done once: key and what is answered, in the order sent.

    The body is JSON: `{"kept": [{"key": …, "seconds": 5400, "fields": [[name, value], …]}, …]}`, at most `TOGETHER` of them. Raises
    Invalid for a body that is not of this form; whatever is wrong with one of them is its own answer.
    """
    _must_be_theirs(request, by)
    sent = _read(request.body)
    found: dict[int, Kept] = {}
    answers: dict[int, str | Refusal] = {}
    for place, (key, seconds, fields) in enumerate(sent):
        try:
            _must_be_a_key(key)
            found[place] = Kept(key, dict(fields), _ago(seconds))
        except Refusal as refusal:
            answers[place] = refusal
    places = list(found)
    asked = [(sent[place][0], _digest(address, sent[place][2])) for place in places]
    told = repeats.once_each(by, asked, lambda those: work([found[places[one]] for one in those]))
    answers |= dict(zip(places, told, strict=True))
    return [(key, answers[place]) for place, (key, _seconds, _fields) in enumerate(sent)]


def done_at(request: HttpRequest) -> datetime | None:
    """When it was done, where that was not now. Raises Invalid where it was kept for longer than answers are (`repeats.KEPT`)."""
    kept = request.headers.get("X-Kept-Seconds", "")
    return _ago(kept) if kept else None


def _ago(seconds: str) -> datetime:
    if not re.fullmatch(r"\d{1,9}", seconds) or timedelta(seconds=int(seconds)) > repeats.KEPT:
        raise Invalid(
            _("This was kept on the telephone for more than three days."),
            remedy=_("Open the duty, look at what has happened since, and enter it again with its day in the note."),
            code="kept_too_long",
        )
    return clock.now() - timedelta(seconds=int(seconds))


def _must_be_theirs(request: HttpRequest, by: Actor) -> None:
    whose = request.headers.get("X-Account", "")
    if whose and whose != str(by.account_id):
        raise Conflict(
            _("This was kept by another person on this telephone."),
            remedy=_("It stays there, and is sent when they sign in again."),
            code="other_account",
        )


def _must_be_a_key(key: str) -> None:
    if not re.fullmatch(r"[\x21-\x7e]{8,100}", key):
        raise Invalid(_("This key cannot be used."), remedy=_("Make a new one: 8 to 100 letters and digits."))


def _read(body: bytes) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Key, seconds and fields of each. Raises Invalid."""
    try:
        sent = [
            (str(one["key"]), str(one["seconds"]), [(str(name), str(value)) for name, value in one["fields"]])
            for one in json.loads(body)["kept"]
        ]
    except (ValueError, KeyError, TypeError):
        raise Invalid(
            _("The form is damaged."), remedy=_("Reload the page and enter it again."), field="kept"
        ) from None
    if not 1 <= len(sent) <= TOGETHER:
        raise Invalid(_("At most %(n)s can be sent together.") % {"n": TOGETHER}, remedy=_("Send the rest after it."))
    return sent


def _digest(address: str, fields: Iterable[tuple[str, str]]) -> str:
    """As `_content` of the same form sent by itself."""
    form: dict[str, list[str]] = {}
    for name, value in fields:
        form.setdefault(name, []).append(value)
    return _of_form(address, form.items()).hexdigest()


def _of_form(address: str, fields: Iterable[tuple[str, Any]]) -> "hashlib._Hash":
    digest = hashlib.sha256(address.encode())
    for name, values in sorted(fields):
        if name not in _NOT_CONTENT:
            digest.update(repr((name, values)).encode())
    return digest


def _content(request: HttpRequest) -> str:
    """A digest of what is asked: address, fields and files."""
    digest = _of_form(request.path, request.POST.lists())
    files: Iterable[tuple[str, Any]] = sorted(request.FILES.items())
    for name, file in files:
        digest.update(repr(name).encode())
        for chunk in file.chunks():
            digest.update(chunk)
        file.seek(0)
    return digest.hexdigest()
