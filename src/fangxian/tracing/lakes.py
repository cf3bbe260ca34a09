"""The lake of this installation: where it lies, how long it keeps stays, and what it says, in the house's words."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from cryptography.exceptions import InvalidSignature
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.analytics.errors import AnalysisError
from fangxian.core import clock, secrets
from fangxian.core.errors import Conflict, Invalid, Refusal
from fangxian.duties import packs
from fangxian.lake import Busy, Lake, Reused

#: The entry of a pack's retention that stays are kept by.
RETENTION = "movements"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def lake() -> Lake:
    """The lake, whose days are those of this deployment. Raises a Refusal only when it is used."""
    offset = clock.now().astimezone(clock.zone()).utcoffset() or timedelta()
    return Lake(settings.LAKE, offset=offset)


class NoRoom(Refusal):
    """The disk of the lake is full."""

    status, code = 507, "no_room"


@contextmanager
def refusing() -> Iterator[None]:
    """What the lake refuses, as the house does."""
    try:
        yield
    except AnalysisError as fault:
        words = fault.text.in_(get_language() or "zh")
        if isinstance(fault, Busy | Reused):
            raise Conflict(words, code="lake_busy" if isinstance(fault, Busy) else "batch_reused") from fault
        raise Invalid(words) from fault
    except OSError as fault:
        if fault.errno not in _FULL:
            raise
        raise NoRoom(
            _("The disk of the lake is full; nothing of the batch was taken."),
            remedy=_("Make room, then send the same batch again."),
        ) from fault


def kept() -> tuple[timedelta | None, str]:
    """How long stays may be kept: the shortest time that a protocol in force or the setting allows, and which one it is."""
    found: list[tuple[timedelta, str]] = []
    for name in settings.PACKS:
        pack = packs.pack(name)
        rule = next((one for one in pack.retention if one.key == RETENTION), None)
        if rule is not None and rule.at_most is not None:
            found.append((rule.at_most.delta, f"{pack.id}@{pack.version} §{RETENTION}"))
    if settings.STAYS_KEPT > 0:
        found.append((timedelta(days=settings.STAYS_KEPT), "FANGXIAN_STAYS_KEPT"))
    return min(found) if found else (None, "")


def first_day() -> date | None:
    """The earliest day whose stays may be kept today; None where nothing bounds it."""
    longest, _basis = kept()
    return None if longest is None else clock.today() - longest


def signed(body: bytes, signature: bytes) -> bool:
    """Whether this installation signed these bytes."""
    try:
        secrets.signing_key().public_key().verify(signature, body)
    except InvalidSignature:
        return False
    return True
