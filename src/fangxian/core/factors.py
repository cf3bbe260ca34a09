"""The second factor (双因素认证) at sign-in: a code from an app on one's telephone, or one of the recovery codes kept on paper.

Which roles need it is a setting. Its secret is sealed at rest, a code is taken once, and of recovery codes only keyed digests are kept.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from fangxian.core import clock, ids
from fangxian.core import secrets as sealing
from fangxian.core.access import Actor, Grant
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.core.models import Account, SecondFactor
from fangxian.standards import totp

#: Bytes of a secret (RFC 4226 asks for 16 and recommends 20), recovery codes of an account, and letters of each.
SECRET, RECOVERY, LETTERS = 20, 10, 10
#: How long a secret waits for its first code.
CONFIRM_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Begun:
    """A secret to be put into an app: as text to be typed, and as the address that a QR code says."""

    secret: str
    address: str


@dataclass(frozen=True, slots=True)
class Held:
    """An account's second factor: since when, and how many recovery codes are left."""

    since: datetime
    recovery: int


def required(grants: Iterable[Grant]) -> bool:
    """Whether one of the roles held needs a second factor here."""
    return any(grant.role in settings.SECOND_FACTOR for grant in grants)


def held(account_id: int) -> Held | None:
    """The second factor of an account, if it has one; one query."""
    row = SecondFactor.objects.filter(account_id=account_id, confirmed_at__isnull=False).first()
    return Held(row.confirmed_at, len(row.recovery)) if row is not None and row.confirmed_at is not None else None


@action
def begin(by: Actor, password: str) -> Begun:
    """A fresh secret for one's own account; it counts once a code of it was given (`confirm`). Raises Conflict where there is one."""
    account = _own(by, password)
    row = SecondFactor.objects.select_for_update().filter(account=account).first()
    if row is not None and row.confirmed_at is not None:
        raise Conflict(
            _("There is a second factor already."), remedy=_("Remove it first, to set up another telephone.")
        )
    secret = secrets.token_bytes(SECRET)
    SecondFactor.objects.update_or_create(
        account=account, defaults={"secret": sealing.seal_bytes(secret), "begun_at": clock.now(), "last_step": -1}
    )
    return _told(secret, account)


def begun(by: Actor) -> Begun | None:
    """The secret that still waits for its first code, for whoever has just begun."""
    row = SecondFactor.objects.filter(account_id=by.account_id or 0, confirmed_at__isnull=True).first()
    if row is None or clock.now() - row.begun_at > CONFIRM_WITHIN:
        return None
    return _told(sealing.unseal_bytes(row.secret), row.account)


@action
def confirm(by: Actor, code: str) -> tuple[str, ...]:
    """Take the first code of the app: from now on one is asked at each sign-in. The recovery codes, which are told this once."""
    row = (
        SecondFactor.objects.select_for_update()
        .filter(account_id=by.account_id or 0, confirmed_at__isnull=True)
        .first()
    )
    if row is None:
        raise Conflict(_("There is nothing to confirm."), remedy=_("Begin again."))
    if not _fits(row, code.strip().replace(" ", "")):
        raise Invalid(
            _("This code does not fit."),
            remedy=_("Type the newest code of the app. If it never fits, set the clock of the telephone by the network."),
            field="code",
        )  # fmt: skip
    row.confirmed_at = clock.now()
    told = _fresh(row)
    row.save()
    record(by, "account.factor_set", ("account", row.account_id))
    return told


@action
def renew_recovery(by: Actor, password: str) -> tuple[str, ...]:
    """Ten new recovery codes; those before are worth nothing any more."""
    row = _confirmed(_own(by, password).pk)
    told = _fresh(row)
    row.save()
    record(by, "account.recovery_renewed", ("account", row.account_id))
    return told


@action
def remove(by: Actor, password: str) -> None:
    """Do without a second factor again, or set up another telephone. Whoever's role needs one is asked to set it up at once."""
    account = _own(by, password)
    _confirmed(account.pk).delete()
    record(by, "account.factor_removed", ("account", account.pk))


@action
def passes(by: Actor, account_id: int, code: str) -> bool:
    """Whether this is a code of the app that was not taken before, or a recovery code, which is then used up."""
    row = _confirmed(account_id)
    code = code.strip().replace(" ", "")
    if _fits(row, code):
        row.save(update_fields=["last_step"])
        return True
    digest = _digest(account_id, code)
    if digest not in row.recovery:
        return False
    row.recovery = [one for one in row.recovery if one != digest]
    row.save(update_fields=["recovery"])
    record(by, "account.recovery_used", ("account", account_id), data={"left": len(row.recovery)})
    return True


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _own(by: Actor, password: str) -> Account:
    account = Account.objects.filter(pk=by.account_id or 0).first()
    if account is None or not account.check_password(password):
        raise Invalid(
            _("The password is not right."), remedy=_("Type the one that you sign in with."), field="password"
        )
    return account


def _confirmed(account_id: int) -> SecondFactor:
    row = SecondFactor.objects.select_for_update().filter(account_id=account_id, confirmed_at__isnull=False).first()
    if row is None:
        raise NotFound(_("This account has no second factor."))
    return row


def _fits(row: SecondFactor, code: str) -> bool:
    taken = totp.fitting(sealing.unseal_bytes(row.secret), code, clock.now().timestamp(), after=row.last_step)
    if taken is None:
        return False
    row.last_step = taken
    return True


def _fresh(row: SecondFactor) -> tuple[str, ...]:
    codes = ["".join(secrets.choice(ids.ALPHABET) for _letter in range(LETTERS)) for _code in range(RECOVERY)]
    row.recovery = [_digest(row.account_id, code) for code in codes]
    return tuple(f"{code[:5]}-{code[5:]}" for code in codes)


def _digest(account_id: int, code: str) -> str:
    return sealing.blind_index("recovery", f"{account_id}:{ids.normalise_code(code)}")


def _told(secret: bytes, account: Account) -> Begun:
    return Begun(totp.shared(secret), totp.address(secret, account.login, "Fangxian"))
