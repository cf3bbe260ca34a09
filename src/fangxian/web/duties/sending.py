"""What a telephone sends: done once however often it arrives, at the time it was done, by the person who did it.

A telephone without a connection keeps what was done and sends it later; one whose answer was lost sends it again. Both say so in
the headers of the request, and ask for an answer in JSON:

    Idempotency-Key: …        the same for every time that this is sent
    X-Kept-Seconds: 5400      how long ago it was done, measured by the telephone's own clock, right or wrong
    X-Account: 12             whose it is: a telephone passes from hand to hand
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from fangxian.core import clock, repeats
from fangxian.core.access import Actor
from fangxian.core.errors import Conflict, Invalid

#: What does not belong to the content of a request: it differs between two that are the same.
_NOT_CONTENT = frozenset({"csrfmiddlewaretoken"})


def once(request: HttpRequest, by: Actor, work: Callable[[], str]) -> str:
    """Do the work, all of it or nothing; with a key, once: asked again, tell what was said the first time."""
    whose = request.headers.get("X-Account", "")
    if whose and whose != str(by.account_id):
        raise Conflict(
            _("This was kept by another person on this telephone."),
            remedy=_("It stays there, and is sent when they sign in again."),
            code="other_account",
        )
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        with transaction.atomic():
            return work()
    if not re.fullmatch(r"[\x21-\x7e]{8,100}", key):
        raise Invalid(_("This key cannot be used."), remedy=_("Make a new one: 8 to 100 letters and digits."))
    _status, said, _before = repeats.once(by, key, _content(request), lambda: (200, work()))
    return said


def done_at(request: HttpRequest) -> datetime | None:
    """When it was done, where that was not now. Raises Invalid where it was kept for longer than answers are (`repeats.KEPT`)."""
    kept = request.headers.get("X-Kept-Seconds", "")
    if not kept:
        return None
    if not re.fullmatch(r"\d{1,9}", kept) or timedelta(seconds=int(kept)) > repeats.KEPT:
        raise Invalid(
            _("This was kept on the telephone for more than three days."),
            remedy=_("Open the duty, look at what has happened since, and enter it again with its day in the note."),
            code="kept_too_long",
        )
    return clock.now() - timedelta(seconds=int(kept))


def _content(request: HttpRequest) -> str:
    """A digest of what is asked: address, fields and files."""
    digest = hashlib.sha256(request.path.encode())
    for name, values in sorted(request.POST.lists()):
        if name not in _NOT_CONTENT:
            digest.update(repr((name, values)).encode())
    files: Iterable[tuple[str, Any]] = sorted(request.FILES.items())
    for name, file in files:
        digest.update(repr(name).encode())
        for chunk in file.chunks():
            digest.update(chunk)
        file.seek(0)
    return digest.hexdigest()
