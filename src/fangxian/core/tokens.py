"""Tokens: how a machine (a hospital's system, a script, a phone's queue) acts as an account without its password.

A token is shown once, when it is issued; kept is a digest of it. It ends by itself and can be revoked at any time. It can do
what the account can do, by the grants in force at that moment.
"""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.accounts import grants_of, of_id
from fangxian.core.actions import action, record
from fangxian.core.errors import Invalid, NotFound
from fangxian.core.models import Account, Token

#: Leads every token, so that one that has leaked into a file is recognised by a scan.
PREFIX = "fxt_"
LONGEST = timedelta(days=366)
#: How precisely the last use is kept: often enough to find tokens that nobody needs, seldom enough to cost nothing.
_USED_EVERY = timedelta(hours=1)


@action
def issue(by: Actor, account_id: int, label: str, *, lasts: timedelta = timedelta(days=90)) -> tuple[Token, str]:
    """A new token of an account, and the secret to hand over, which is not kept.

    One's own needs no right; another's needs `accounts.token` wherever that account may do anything. Raises Invalid for an
    empty label or a length of more than `LONGEST`.
    """
    _must(by, account_id)
    label = label.strip()
    if not 1 <= len(label) <= 80:
        raise Invalid(
            _("A token needs a label of up to 80 characters."), remedy=_("Say what uses it, and where."), field="label"
        )
    if not timedelta() < lasts <= LONGEST:
        raise Invalid(_("A token lasts from one day to %(n)s days.") % {"n": LONGEST.days}, field="days")
    secret = PREFIX + secrets.token_urlsafe(32)
    now = clock.now()
    token = Token.objects.create(
        account=of_id(account_id), label=label, digest=_digest(secret), created_at=now, expires_at=now + lasts
    )
    record(by, "token.issued", ("account", account_id), data={"token": token.pk, "until": token.expires_at.isoformat()})
    return token, secret


@action
def revoke(by: Actor, token_id: int) -> None:
    """End a token now. Revoking it twice changes nothing."""
    token = Token.objects.select_for_update().filter(pk=token_id).first()
    if token is None:
        raise NotFound(_("There is no such token."))
    _must(by, token.account_id)
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        token.save(update_fields=["revoked_at"])
        record(by, "token.revoked", ("account", token.account_id), data={"token": token.pk})


def tokens_of(by: Actor, account_id: int) -> list[Token]:
    """The tokens of an account that still work, the newest first."""
    _must(by, account_id)
    found = Token.objects.filter(account_id=account_id, revoked_at__isnull=True, expires_at__gt=clock.now())
    return list(found.order_by("-pk"))


def account_of(secret: str) -> Account | None:
    """Whose token this is; None where it is none, has ended, or the account is closed. One query."""
    if not secret.startswith(PREFIX):
        return None
    now = clock.now()
    found = Token.objects.select_related("account").filter(
        digest=_digest(secret), revoked_at__isnull=True, expires_at__gt=now, account__is_active=True
    )
    token = found.first()
    if token is None or (token.account.is_demo and not settings.DEMO):
        return None
    if token.used_at is None or now - token.used_at > _USED_EVERY:
        Token.objects.filter(pk=token.pk).update(used_at=now)
    return token.account


def _must(by: Actor, account_id: int) -> None:
    if by.account_id != account_id:
        by.must("accounts.token")
        for grant in grants_of(account_id):
            by.must("accounts.token", grant.area)


def _digest(secret: str) -> str:
    """The secret has 256 random bits, so a fast hash is as good as a slow one."""
    return hashlib.sha256(secret.encode()).hexdigest()
