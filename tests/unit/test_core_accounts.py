"""Accounts: made with their rights by those who may give them; signing in, and what wrong passwords cost."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import translation

from fangxian.core import access, accounts, clock, journal
from fangxian.core.access import SYSTEM, Actor, Grant
from fangxian.core.accounts import SignInRefused
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.core.models import Account

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 3, 4, tzinfo=UTC)
GOOD = "correct horse battery"


@pytest.fixture(autouse=True)
def at_work(settings: LazySettings) -> Iterator[None]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with clock.at(NOW), translation.override("en"):
        yield


def _registrar(area: str = "3301") -> Actor:
    account = accounts.create_account(SYSTEM, f"reg{area}", "管", grants=[Grant("registrar", area)])
    return access.actor_for(account, "web")


def _account(**values: Any) -> Account:
    return accounts.create_account(SYSTEM, "wang", "王", password=GOOD, **values)


class TestMaking:
    def test_an_account_is_what_its_grants_make_it(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setitem(accounts._there_is, "organisation", lambda number: number == 4)
        made = accounts.create_account(
            _registrar(), "wang", "王", grants=[Grant("reviewer", "330106"), Grant("clinic", "330106", 4)], phone="138"
        )
        actor = access.actor_for(made, "web")
        assert set(actor.grants) == {Grant("reviewer", "330106"), Grant("clinic", "330106", 4)}
        told = [entry.action for entry in journal.of("account", made.pk)]
        assert told == ["account.created", "account.granted", "account.granted"]
        with pytest.raises(SignInRefused):
            accounts.sign_in("wang", "")

    @pytest.mark.parametrize(
        ("login", "name", "password", "field"),
        [("x", "王", None, "login"), ("a b", "王", None, "login"), ("w" * 61, "王", None, "login"), ("wang", " ", None, "name"),
         ("WANG2", "王", None, "login"), ("wang", "王", "short", "password"), ("wang", "王", "password12", "password")],
    )  # fmt: skip
    def test_what_does_not_hold(self, login: str, name: str, password: str | None, field: str):
        accounts.create_account(SYSTEM, "wang2", "先")
        with pytest.raises(Invalid) as refused:
            accounts.create_account(SYSTEM, login, name, password=password)
        assert refused.value.field == field
        assert Account.objects.count() == 1

    def test_a_grant_that_may_not_be_given_makes_no_account_either(self):
        registrar = _registrar()
        for grant in (Grant("reviewer", "33"), Grant("reviewer", "3302")):
            with pytest.raises(NotAllowed):
                accounts.create_account(registrar, "wang", "王", grants=[grant])
        for grant, field in (
            (Grant("emperor", "3301"), "role"), (Grant("clinic", "3301"), "organisation_id"),
            (Grant("leader", "3301", 3), "organisation_id"),
        ):  # fmt: skip
            with pytest.raises(Invalid) as refused:
                accounts.create_account(registrar, "wang", "王", grants=[grant])
            assert refused.value.field == field
        assert not Account.objects.filter(login="wang").exists()

    @pytest.mark.parametrize("role", [role for role in access.roles() if role != "registrar"])
    def test_only_a_registrar_handles_accounts(self, role: str):
        account = _account()
        organisation = 1 if access.roles()[role].scope == "organisation" else None
        by = Actor(None, "x", (Grant(role, "", organisation),), "web")
        for call in (
            lambda: accounts.create_account(by, "new", "新"),
            lambda: accounts.grant(by, account.pk, "leader", "33"),
            lambda: accounts.deactivate(by, account.pk, "left"),
            lambda: accounts.set_password(by, account.pk, GOOD),
        ):
            with pytest.raises(NotAllowed):
                call()


class TestGrants:
    def test_given_for_a_time_and_taken_away(self):
        account, registrar = _account(), _registrar()
        row = accounts.grant(registrar, account.pk, "reviewer", "330106", ends_at=NOW + timedelta(days=3))
        assert accounts.grant(registrar, account.pk, "reviewer", "330106").pk == row.pk, (
            "what is held is not given twice"
        )
        assert [one.pk for one in accounts.grants_of(account.pk)] == [row.pk]
        with clock.at(NOW + timedelta(days=4)):
            assert accounts.grants_of(account.pk) == []
        with clock.at(NOW + timedelta(days=1)):
            accounts.revoke(registrar, row.pk, "moved")
            assert access.actor_for(account, "web").grants == ()
            with pytest.raises(Conflict):
                accounts.revoke(registrar, row.pk, "moved")
        with pytest.raises(Invalid):
            accounts.grant(registrar, account.pk, "leader", "330106", ends_at=NOW)
        with pytest.raises(NotFound):
            accounts.revoke(registrar, 10**6, "none")
        with pytest.raises(NotFound):
            accounts.grant(registrar, 10**6, "leader", "330106")

    def test_nobody_raises_themselves(self):
        registrar = _registrar()
        own = registrar.account_id
        assert own is not None
        with pytest.raises(NotAllowed, match="own account"):
            accounts.grant(registrar, own, "reviewer", "3301")
        row = accounts.grants_of(own)[0]
        for call in (
            lambda: accounts.revoke(registrar, row.pk, "x"),
            lambda: accounts.deactivate(registrar, own, "x"),
            lambda: accounts.set_password(registrar, own, GOOD),
        ):
            with pytest.raises(NotAllowed):
                call()

    def test_whoever_has_rights_beyond_is_not_taken_over(self):
        """A county's registrar who set the password of a provincial leader would be one."""
        account = _account(grants=[Grant("leader", "33")])
        for call in (
            lambda by: accounts.set_password(by, account.pk, GOOD),
            lambda by: accounts.deactivate(by, account.pk, "left"),
        ):
            with pytest.raises(NotAllowed):
                call(_registrar("330106" if Account.objects.count() == 1 else "3301"))
        accounts.set_password(_registrar("33"), account.pk, GOOD + "2")


class TestSigningIn:
    def test_with_login_and_password(self):
        account = _account()
        assert accounts.sign_in(" WANG ", GOOD).pk == account.pk
        assert Account.objects.get(login="wang").last_login == NOW
        assert journal.of("account", account.pk)[-1].action == "account.signed_in"

    def test_what_was_wrong_is_not_told(self):
        _account()
        refusals = []
        for login, password in (("wang", "wrong"), ("nobody", GOOD)):
            with pytest.raises(SignInRefused) as refused:
                accounts.sign_in(login, password)
            refusals.append((str(refused.value), refused.value.code, refused.value.status))
        assert refusals[0] == refusals[1]

    def test_wrong_passwords_cost_ever_more_time_and_the_right_one_ends_it(self):
        account = _account()
        for _ in range(accounts.FREE_TRIES):
            with pytest.raises(SignInRefused, match="wrong"):
                accounts.sign_in("wang", "wrong")
        at, pauses = NOW, []
        for _ in range(6):
            with clock.at(at), pytest.raises(SignInRefused) as refused:
                accounts.sign_in("wang", GOOD)  # even the right one, during the pause
            assert refused.value.code == "locked"
            until = Account.objects.get(login="wang").locked_until
            assert until is not None
            pauses.append(until - at)
            at = until
            with clock.at(at), pytest.raises(SignInRefused, match="wrong"):
                accounts.sign_in("wang", "wrong")
        assert [pause // timedelta(minutes=1) for pause in pauses] == [1, 2, 4, 8, 15, 15]
        with clock.at(at + accounts.LONGEST):
            accounts.sign_in("wang", GOOD)
        assert Account.objects.get(login="wang").failed_tries == 0
        failed = [entry for entry in journal.of("account", account.pk) if entry.action == "account.sign_in_failed"]
        assert len(failed) == accounts.FREE_TRIES + 6

    def test_the_registrar_ends_a_pause_with_a_new_password(self):
        account = _account(grants=[Grant("leader", "330106")])
        for _ in range(accounts.FREE_TRIES):
            with pytest.raises(SignInRefused):
                accounts.sign_in("wang", "wrong")
        accounts.set_password(_registrar(), account.pk, "another long password")
        assert accounts.sign_in("wang", "another long password").pk == account.pk

    def test_one_changes_ones_own_password_knowing_the_old(self):
        account = _account()
        by = access.actor_for(account, "web")
        with pytest.raises(SignInRefused):
            accounts.change_password(by, "wrong", "another long password")
        with pytest.raises(Invalid):
            accounts.change_password(by, GOOD, "short")
        accounts.change_password(by, GOOD, "another long password")
        assert accounts.sign_in("wang", "another long password")
        with pytest.raises(SignInRefused):
            accounts.change_password(SYSTEM, "", GOOD)

    def test_a_closed_account_and_one_of_the_demonstration(self, settings: LazySettings):
        account = _account(is_demo=True)
        settings.DEMO = False
        with pytest.raises(SignInRefused) as refused:
            accounts.sign_in("wang", GOOD)
        assert refused.value.code == "demo_only"
        settings.DEMO = True
        assert accounts.sign_in("wang", GOOD)
        accounts.deactivate(SYSTEM, account.pk, "left")
        with pytest.raises(SignInRefused) as refused:
            accounts.sign_in("wang", GOOD)
        assert refused.value.code == "closed"
        with pytest.raises(Conflict):
            accounts.deactivate(SYSTEM, account.pk, "left")
        with pytest.raises(NotFound):
            accounts.of_id(account.pk)
