"""Accounts: who signs in, and the grants from which everything follows that an account may do.

Nobody changes their own grants: a right is always given by somebody else who holds the right to give it there.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.core import clock, factors
from fangxian.core.access import SYSTEM, Actor, Grant, roles, within
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from fangxian.core.models import Account, SecondFactor
from fangxian.core.models import Grant as GrantRow

#: Wrong passwords that cost nothing. After them each one costs twice the time of the one before, up to `LONGEST`: long
#: enough to make guessing hopeless, short enough that nobody is kept from work for a night by a stranger's tries.
FREE_TRIES = 5
LONGEST = timedelta(minutes=15)


#: What the core refers to by number and does not know: `organisation`, `person` → whether there is one of this number.
_there_is: dict[str, Callable[[int], bool]] = {}


def there_is(kind: str, known: Callable[[int], bool]) -> None:
    """Told by the stage that knows: whether there is an organisation, or a person, of a number."""
    _there_is[kind] = known


class SignInRefused(Refusal):
    """Wrong login or password (said alike for both), or too many tries."""

    status, code = 403, "sign_in_refused"


class CodeWanted(SignInRefused):
    """Login and password fit, and the account has a second factor: its code is asked for next."""

    code = "second_factor"

    def __init__(self, account_id: int) -> None:
        super().__init__(
            _("A code of your second factor is needed."), remedy=_("Open the app on your telephone and type what it shows."), field="code"
        )  # fmt: skip
        self.account_id = account_id


@action
def create_account(
    by: Actor,
    login: str,
    name: str,
    *,
    grants: Sequence[Grant] = (),
    password: str | None = None,
    phone: str = "",
    language: str = "zh-hans",
    person_id: int | None = None,
    is_demo: bool = False,
) -> Account:
    """A new account with its first grants. Without a password it cannot sign in until one is set.

    Raises Invalid for a login that is taken or not usable, NotAllowed for a grant that the actor may not give.
    """
    by.must("accounts.create")
    login, name = login.strip(), name.strip()
    if not 2 <= len(login) <= 60 or any(char.isspace() for char in login):
        raise Invalid(_("A login has 2 to 60 characters and no blanks."), field="login")
    if not 1 <= len(name) <= 80:
        raise Invalid(_("A name of up to 80 characters is needed."), field="name")
    if Account.objects.filter(login__iexact=login).exists():
        raise Invalid(
            _("The login “%(login)s” is taken.") % {"login": login}, remedy=_("Choose another."), field="login"
        )
    _must_exist("person", person_id, _("There is no such person."), "person_id")
    account = Account(
        login=login, name=name, phone=phone.strip()[:30], language=language, person_id=person_id, is_demo=is_demo,
        created_at=clock.now(), password=make_password(None),
    )  # fmt: skip
    if password is not None:
        account.password = make_password(_strong(password, account))
    account.save()
    record(by, "account.created", ("account", account.pk), data={"login": login})
    for one in grants:
        grant(by, account.pk, one.role, one.area, organisation_id=one.organisation_id)
    return account


@action
def grant(
    by: Actor,
    account_id: int,
    role: str,
    area: str,
    *,
    organisation_id: int | None = None,
    begins_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> GrantRow:
    """Give an account a role in a jurisdiction, from an instant (now) until another (none)."""
    account = _of(by, account_id)
    found = roles().get(role)
    if found is None:
        raise Invalid(
            _("There is no role “%(role)s”.") % {"role": role},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(roles())},
            field="role",
        )
    if (found.scope == "organisation") != (organisation_id is not None):
        raise Invalid(
            _("This role is held for an organisation.") if organisation_id is None
            else _("This role is not bound to an organisation."),
            field="organisation_id",
        )  # fmt: skip
    by.must("accounts.grant", area)
    _must_exist("organisation", organisation_id, _("There is no such organisation."), "organisation_id")
    begins_at = begins_at or clock.now()
    if ends_at is not None and ends_at <= begins_at:
        raise Invalid(_("It ends before it begins."), field="ends_at")
    held = GrantRow.objects.filter(account=account, role=role, area=area, organisation_id=organisation_id)
    row = held.filter(_in_force(begins_at)).first()
    if row is None:
        row = GrantRow.objects.create(
            account=account, role=role, area=area, organisation_id=organisation_id, begins_at=begins_at, ends_at=ends_at
        )
        record(
            by, "account.granted", ("account", account.pk), area=area,
            data={"role": role, "organisation": organisation_id, "until": ends_at.isoformat() if ends_at else None},
        )  # fmt: skip
    return row


@action
def revoke(by: Actor, grant_id: int, reason: str) -> None:
    """Take a role away from now on. What was done with it stays as it is."""
    row = GrantRow.objects.select_for_update().filter(pk=grant_id).first()
    if row is None:
        raise NotFound(_("There is no such grant."))
    _of(by, row.account_id)
    by.must("accounts.grant", row.area)
    now = clock.now()
    if row.ends_at is not None and row.ends_at <= now:
        raise Conflict(_("This grant has already ended."))
    row.ends_at = max(now, row.begins_at)
    row.save(update_fields=["ends_at"])
    record(
        by,
        "account.revoked",
        ("account", row.account_id),
        area=row.area,
        data={"role": row.role, "reason": reason.strip()[:300]},
    )


@action
def deactivate(by: Actor, account_id: int, reason: str) -> None:
    """Let an account sign in no longer. It stays, because its name stands in the journal."""
    account = _of(by, account_id)
    _must_everywhere(by, "accounts.deactivate", account)
    if not account.is_active:
        raise Conflict(_("This account is already closed."))
    Account.objects.filter(pk=account.pk).update(is_active=False)
    record(by, "account.deactivated", ("account", account.pk), data={"reason": reason.strip()[:300]})


@action
def set_password(by: Actor, account_id: int, password: str) -> None:
    """Set somebody else's password, for one who has forgotten it. It ends a pause after wrong tries."""
    account = _of(by, account_id)
    _must_everywhere(by, "accounts.password", account)
    _store(by, account, password)


@action
def change_password(by: Actor, old: str, new: str) -> None:
    """Change one's own password, knowing the old one."""
    account = Account.objects.filter(pk=by.account_id).first() if by.account_id is not None else None
    if account is None or not account.check_password(old):
        raise SignInRefused(_("The old password is not right."), field="old")
    _store(by, account, new)


@action
def set_language(by: Actor, language: str) -> None:
    """Choose the language in which one's own account is spoken to."""
    known = dict(settings.LANGUAGES)
    if language not in known:
        raise Invalid(
            _("“%(value)s” is not known here.") % {"value": language},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(known)},
            field="language",
        )
    if Account.objects.filter(pk=by.account_id or 0).exclude(language=language).update(language=language):
        record(by, "account.language_set", ("account", by.account_id or 0), data={"language": language})


def sign_in(login: str, password: str, code: str = "") -> Account:
    """The account, if login and password fit. Raises SignInRefused; which of the two was wrong is not said.

    Raises CodeWanted where the account has a second factor and no `code` is given; `sign_in_with_code` goes on there. Every
    try is on record where the login exists; a wrong one also if the caller's request fails for another reason.
    """
    account = Account.objects.filter(login__iexact=login.strip()).first()
    if account is None:
        make_password(password)  # as slow as a known login, so that logins cannot be told by the time it takes
        raise _refused()
    _must_not_pause(account)
    if not account.check_password(password):
        _count_failure(SYSTEM, account.pk)
        raise _refused()
    if not account.is_active:
        raise SignInRefused(
            _("This account is closed."), remedy=_("Ask the registrar of your jurisdiction."), code="closed"
        )
    if account.is_demo and not settings.DEMO:
        raise SignInRefused(_("Demonstration accounts work in the demonstration only."), code="demo_only")
    if factors.held(account.pk) is None:
        return _signed_in(account)
    if not code:
        raise CodeWanted(account.pk)
    return sign_in_with_code(account.pk, code)


def sign_in_with_code(account_id: int, code: str) -> Account:
    """The second half of a sign-in, for whoever has shown the password: a code of the app, or a recovery code.

    Wrong codes cost time as wrong passwords do. Raises SignInRefused.
    """
    account = of_id(account_id)
    _must_not_pause(account)
    if not factors.passes(SYSTEM, account_id, code):
        _count_failure(SYSTEM, account_id)
        raise SignInRefused(
            _("This code does not fit, or was used already."),
            remedy=_("Wait for the next one. Without the telephone use a recovery code, or ask the registrar."),
            code="wrong_code", field="code",
        )  # fmt: skip
    return _signed_in(account)


def _must_not_pause(account: Account) -> None:
    now = clock.now()
    if account.locked_until is not None and account.locked_until > now:
        minutes = -(-(account.locked_until - now) // timedelta(minutes=1))
        raise SignInRefused(
            _("Too many wrong passwords."),
            remedy=_("Try again in %(n)s min, or have the registrar set a new password.") % {"n": minutes},
            code="locked",
        )


def _signed_in(account: Account) -> Account:
    _count_success(SYSTEM, account.pk)
    account.refresh_from_db()
    return account


@action
def forget_factor(by: Actor, account_id: int, reason: str) -> None:
    """Take somebody's second factor away, for one who has lost the telephone and the recovery codes. They set up a new one."""
    account = _of(by, account_id)
    _must_everywhere(by, "accounts.password", account)
    reason = reason.strip()[:300]
    if len(reason) < 2:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="reason")
    if not SecondFactor.objects.filter(account=account, confirmed_at__isnull=False).delete()[0]:
        raise NotFound(_("This account has no second factor."))
    record(by, "account.factor_forgotten", ("account", account.pk), data={"reason": reason})


@action
def _count_failure(by: Actor, account_id: int) -> None:
    account = Account.objects.select_for_update().get(pk=account_id)
    account.failed_tries += 1
    over = account.failed_tries - FREE_TRIES
    if over >= 0:
        account.locked_until = clock.now() + min(LONGEST, timedelta(minutes=1) * 2 ** min(over, 10))
    account.save(update_fields=["failed_tries", "locked_until"])
    record(by, "account.sign_in_failed", ("account", account_id), data={"tries": account.failed_tries})


@action
def _count_success(by: Actor, account_id: int) -> None:
    Account.objects.filter(pk=account_id).update(failed_tries=0, locked_until=None, last_login=clock.now())
    record(by, "account.signed_in", ("account", account_id))


def of_id(account_id: int) -> Account:
    """The account. Raises NotFound where there is none that is open."""
    found = Account.objects.filter(pk=account_id, is_active=True).first()
    if found is None:
        raise NotFound(_("There is no such account."))
    return found


def of_login(login: str) -> Account:
    """The account of a login. Raises NotFound."""
    found = Account.objects.filter(login__iexact=login.strip()).first()
    if found is None:
        raise NotFound(_("There is no such account."), remedy=_("Check the login."))
    return found


def accounts(by: Actor, *, text: str = "", after: str = "", limit: int = 50) -> list[Account]:
    """The accounts with a role in the jurisdictions where the actor gives roles, and those without any yet, by login.

    `text` is the beginning of a login or of a name; `after` the login of the last one on the page before.
    """
    by.must("accounts.grant")
    held = GrantRow.objects.filter(by.scope("accounts.grant"), account=OuterRef("pk"))
    found = Account.objects.filter(Exists(held) | Q(grants__isnull=True), login__gt=after)
    if text := text.strip():
        found = found.filter(Q(login__istartswith=text) | Q(name__startswith=text))
    return list(found.order_by("login").distinct()[:limit])


def account(by: Actor, account_id: int) -> Account:
    """One account, for whoever gives roles. Raises NotFound where none of its roles is in their jurisdictions."""
    by.must("accounts.grant")
    held = GrantRow.objects.filter(by.scope("accounts.grant"), account=OuterRef("pk"))
    found = Account.objects.filter(Exists(held) | Q(grants__isnull=True), pk=account_id).first()
    if found is None:
        raise NotFound(_("There is no such account."))
    return found


def _must_exist(kind: str, number: int | None, message: str, field: str) -> None:
    """Raise NotFound where nobody knows of such a thing."""
    if number is not None and kind in _there_is and not _there_is[kind](number):
        raise NotFound(message, remedy=_("Check the number, or enter it first."), field=field)


def own_records(person_ids: Iterable[int]) -> set[int]:
    """Those of the people who have an account with which they see their own data."""
    found = Account.objects.filter(person_id__in=set(person_ids)).values_list("person_id", flat=True)
    return {pk for pk in found if pk is not None}


def grants_of(account_id: int) -> list[GrantRow]:
    """The grants in force now."""
    return list(GrantRow.objects.filter(_in_force(clock.now()), account_id=account_id).order_by("role", "area"))


def holders(role: str, area: str = "") -> int:
    """How many accounts hold a role somewhere within a jurisdiction now. For stages that have checked the right."""
    found = GrantRow.objects.filter(_in_force(clock.now()), within(area), role=role, account__is_active=True)
    return found.values("account_id").distinct().count()


def roles_at(organisation_id: int) -> QuerySet[GrantRow]:
    """The grants of those who work at an organisation now."""
    return GrantRow.objects.filter(_in_force(clock.now()), organisation_id=organisation_id, account__is_active=True)


def _in_force(at: datetime) -> Q:
    return Q(begins_at__lte=at) & (Q(ends_at__isnull=True) | Q(ends_at__gt=at))


def _of(by: Actor, account_id: int) -> Account:
    """Somebody else's account."""
    account = Account.objects.select_for_update().filter(pk=account_id).first()
    if account is None:
        raise NotFound(_("There is no such account."))
    if account.pk == by.account_id:
        raise NotAllowed(_("Nobody changes the rights of their own account."), remedy=_("Ask another registrar."))
    return account


def _must_everywhere(by: Actor, right: str, account: Account) -> None:
    """Who closes an account or sets its password takes over whatever it may do: the right is needed in each of its areas."""
    by.must(right)
    for row in grants_of(account.pk):
        by.must(right, row.area)


def _store(by: Actor, account: Account, password: str) -> None:
    account.password = make_password(_strong(password, account))
    account.failed_tries, account.locked_until = 0, None
    account.save(update_fields=["password", "failed_tries", "locked_until"])
    record(by, "account.password_set", ("account", account.pk))


def _strong(password: str, account: Account) -> str:
    try:
        validate_password(password, account)
    except ValidationError as fault:
        raise Invalid(" ".join(fault.messages), field="password") from None
    return password


def _refused() -> SignInRefused:
    return SignInRefused(_("Login or password is wrong."), remedy=_("Check both; capitals matter in the password."))
