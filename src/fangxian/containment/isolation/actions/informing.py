"""What somebody in isolation is handed (隔离告知书): a letter with a code, and what the code opens.

The code has 79 random bits and is kept as a digest; wrong ones are counted by address, and whether a code is unknown, ended or of
somebody else is said alike. It opens the person's own record and nothing besides.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from fangxian.containment.isolation import rights, ruling
from fangxian.containment.isolation.models import Letter, Placement, WrongCode
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, NotAllowed, NotFound, Refusal
from fangxian.core.ids import ALPHABET, normalise_code
from fangxian.core.secrets import blind_index

#: Letters of a code, read out and typed in fours.
LENGTH, GROUP = 16, 4
#: So many wrong codes from one address within `WINDOW`, and it is heard again only when the window is over.
TRIES, WINDOW = 10, timedelta(minutes=15)


class TooManyTries(Refusal):
    """Too many wrong codes from one address."""

    status, code = 429, "too_many_tries"


@dataclass(frozen=True, slots=True)
class Handed:
    """A letter as it is printed, once: whose isolation, and the code in groups of four."""

    placement: str
    code: str


@action
def hand_letter(by: Actor, code: str) -> Handed:
    """A letter for somebody in isolation, with a fresh code; one given out before opens nothing any more.

    By whoever tells, houses, watches or decides. Raises Conflict once the isolation is over.
    """
    row = rights.placement(by, code, lock=True)
    if not hands(by, row):
        raise NotAllowed(
            _("%(who)s may not do this here (%(action)s).") % {"who": by.name, "action": rights.TELL},
            remedy=_("The site, the grid worker or the investigator hands out the letter."),
        )
    if row.link == Placement.CLOSED:
        raise Conflict(_("This isolation is over."), code="ended")
    now = clock.now()
    secret = "".join(secrets.choice(ALPHABET) for _place in range(LENGTH))
    Letter.objects.filter(placement=row, ended_at__isnull=True).update(ended_at=now)
    made = Letter.objects.create(
        placement=row, digest=_digest(secret), issued_at=now, expires_at=now + ruling.of(row.pack, row.area).objection.delta,
        by_id=by.account_id, by_name=by.name,
    )  # fmt: skip
    record(
        by, "isolation.letter", ("placement", row.pk), area=row.area, basis=ruling.basis(row.pack, row.area),
        data={"letter": made.pk, "until": made.expires_at.isoformat()},
    )  # fmt: skip
    return Handed(row.code, "-".join(secret[at : at + GROUP] for at in range(0, LENGTH, GROUP)))


def open_letter(typed: str, address: str) -> int:
    """The letter (id) that a code opens; `address` is where it was typed. Raises NotFound alike for every code that opens none,
    TooManyTries after `TRIES` of them. No action: that a code was wrong is kept although it is refused."""
    now, whence = clock.now(), blind_index("address", address)
    tried = WrongCode.objects.filter(address=whence, at__gt=now - WINDOW)
    if tried.count() >= TRIES:
        raise TooManyTries(
            _("Too many codes were tried from here."),
            remedy=_("Wait %(n)s minutes, or ask whoever gave you the letter.") % {"n": WINDOW.seconds // 60},
        )
    found = Letter.objects.filter(digest=_digest(typed), ended_at__isnull=True, expires_at__gt=now).first()
    if found is not None:
        return found.pk
    with transaction.atomic():
        WrongCode.objects.filter(at__lte=now - WINDOW).delete()
        WrongCode.objects.create(address=whence, at=now)
    raise NotFound(
        _("This code opens nothing."),
        remedy=_(
            "Check it letter by letter. If it was replaced or is too old, ask whoever gave it to you for a new one."
        ),
        field="code",
    )


def holder_of(letter_id: int) -> Actor:
    """Whoever holds a letter that still opens something, as somebody who acts for themselves alone. Raises NotFound."""
    rows = Letter.objects.select_related("placement").filter(ended_at__isnull=True, expires_at__gt=clock.now())
    found = rows.filter(pk=letter_id).first()
    if found is None:
        raise NotFound(_("This code opens nothing."), remedy=_("Ask whoever gave it to you for a new one."))
    return Actor(None, _("The person concerned"), (), "web", person_id=found.placement.person_id)


def hands(by: Actor, row: Placement) -> bool:
    """Whether the actor gives out letters: whoever tells, houses, watches or decides."""
    there = any(rights.at_site(by, right, row.site) for right in (rights.RECEIVE, rights.CARE, rights.DECIDE))
    return there or any(by.may(right, row.area) for right in (rights.TELL, rights.HOME, rights.DECIDE))


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _digest(code: str) -> str:
    """Keyed, so that digests which leak cannot be searched; 79 random bits need no slow hash."""
    return blind_index("letter", normalise_code(code)[: LENGTH + 1])
