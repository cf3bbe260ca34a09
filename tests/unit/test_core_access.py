"""Who may do what and where: the matrix of roles, and the filter that must say the same as the question."""

import ast
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

import fangxian
from fangxian.core import access, clock
from fangxian.core.access import SYSTEM, Actor, Grant
from fangxian.core.errors import Invalid, NotAllowed
from fangxian.core.models import Account
from fangxian.core.models import Grant as GrantRow

NOW = datetime(2024, 3, 4, tzinfo=UTC)
CODE = Path(fangxian.__file__).parent
#: Done by the product itself only.
NOBODYS = {"registry.install", "stays.manage"}


def _actions() -> set[str]:
    """Every action that the code asks a right for: the text given to may, must, scope or areas."""
    found = set()
    for path in CODE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                asked = node.args[0]
                if (
                    node.func.attr in ("may", "must", "scope", "areas")
                    and isinstance(asked, ast.Constant)
                    and "." in str(asked.value)
                ):
                    found.add(str(asked.value))
    return found


ACTIONS = sorted(_actions())


def test_the_code_asks_for_rights():
    assert {"persons.reveal", "registry.divisions", "duties.view", "accounts.grant"} <= set(ACTIONS)


@pytest.mark.parametrize("name", [name for name in ACTIONS if name not in NOBODYS])
def test_every_right_is_somebodys(name: str):
    assert [role.key for role in access.roles().values() if Grant(role.key, "").allows(name)]


@pytest.mark.parametrize("role", access.roles().values(), ids=lambda role: role.key)
@pytest.mark.parametrize("name", ACTIONS)
def test_every_role_may_what_its_patterns_say_in_its_own_area_and_nowhere_else(role: access.Role, name: str):
    bound = role.scope == "organisation"
    actor = Actor(1, "x", (Grant(role.key, "3301", 7 if bound else None),), "web")
    expected = any(fnmatchcase(name, pattern) for pattern in role.may)
    assert actor.may(name) is expected
    for area in ("3301", "330106", "330106001001001"):
        assert actor.may(name, area, 7) is expected
        assert actor.may(name, area, 8) is (expected and not bound)
    for area in ("", "33", "3302", "330", "13301"):  # what its own organisation holds, a bound role reaches anywhere
        assert actor.may(name, area, 7) is (expected and bound)
        assert not actor.may(name, area, 8)
    assert actor.areas(name) == (("3301",) if expected else ())
    if not expected:
        with pytest.raises(NotAllowed):
            actor.must(name)


def test_no_role_may_everything_and_none_sets_a_code():
    for role in access.roles().values():
        assert not any(pattern in ("*", "*.*") for pattern in role.may)
        assert not any(Grant(role.key, "").allows(name) for name in ("passes.set", "passes.set_code", "codes.set"))
        assert role.zh and role.en and role.scope in ("area", "organisation")


def test_whoever_gives_rights_does_not_see_patients():
    registrar = Grant("registrar", "33")
    assert registrar.allows("accounts.grant")
    assert not any(registrar.allows(name) for name in ("persons.reveal", "cases.view", "contacts.view"))


def test_nobody_without_grants_may_anything_and_the_system_may_all():
    nobody = Actor(None, "", (), "web")
    assert not any(nobody.may(name) or nobody.areas(name) for name in ACTIONS)
    assert all(SYSTEM.may(name, "33") for name in ACTIONS) and SYSTEM.areas("x") == ("",)


def test_a_grant_of_a_role_that_is_no_more_gives_nothing():
    assert not Actor(1, "x", (Grant("abolished", "33"),), "web").may("cases.view", "33")


def test_a_purpose_is_of_the_closed_list():
    assert SYSTEM.with_purpose("care").purpose == "care"
    with pytest.raises(Invalid) as refused:
        SYSTEM.with_purpose("curiosity")
    assert refused.value.field == "purpose" and "care" in str(refused.value.remedy)


@pytest.mark.django_db
def test_the_grants_of_today_make_the_actor():
    account = Account.objects.create(login="a", name="A", created_at=NOW, person_id=5)
    for role, begins, ends in (
        ("leader", -2, None), ("reviewer", -2, -1), ("auditor", 1, None), ("lab", -2, 1), ("investigator", -2, 0),
    ):  # fmt: skip
        GrantRow.objects.create(
            account=account, role=role, area="33", begins_at=NOW + timedelta(days=begins),
            ends_at=None if ends is None else NOW + timedelta(days=ends),
        )  # fmt: skip
    with clock.at(NOW):
        actor = access.actor_for(account, "api")
    assert {grant.role for grant in actor.grants} == {"leader", "lab"}
    assert (actor.account_id, actor.channel, actor.person_id) == (account.pk, "api", 5)


areas = st.sampled_from(["", "33", "3301", "330106", "330106001", "34", "3", "330107", "3301060"])
organisations = st.none() | st.integers(1, 3)
grants = st.builds(Grant, st.sampled_from(["clinic", "lab", "reviewer", "resident", "leader"]), areas, organisations)


@pytest.mark.django_db
@settings(max_examples=80)
@given(
    st.lists(grants, max_size=4),
    st.lists(st.tuples(areas, organisations), max_size=12),
    st.sampled_from(["cases.view", "own.view", "cases.report", "coverage.view"]),
)
def test_the_filter_lets_through_what_the_question_allows(
    held: list[Grant], rows: list[tuple[str, int | None]], name: str
):
    actor = Actor(1, "x", tuple(held), "web")
    with transaction.atomic():
        account = Account.objects.create(login="a", name="A", created_at=NOW)
        # Any table with an area and an organisation will do.
        made = [
            GrantRow.objects.create(account=account, role="x", area=area, organisation_id=organisation, begins_at=NOW)
            for area, organisation in rows
        ]
        seen = set(
            GrantRow.objects.filter(actor.scope(name, organisation="organisation_id")).values_list("pk", flat=True)
        )
        unbound = set(GrantRow.objects.filter(actor.scope(name)).values_list("pk", flat=True))
        transaction.set_rollback(True)
    assert seen == {row.pk for row in made if actor.may(name, row.area, row.organisation_id)}
    assert unbound <= seen
    minimal = actor.areas(name)
    assert not any(a != b and a.startswith(b) for a in minimal for b in minimal)


@pytest.mark.django_db
@settings(max_examples=60)
@given(areas, st.lists(areas, max_size=10))
def test_a_jurisdiction_holds_the_codes_that_begin_with_its_own(area: str, codes: list[str]):
    with transaction.atomic():
        account = Account.objects.create(login="a", name="A", created_at=NOW)
        for code in codes:
            GrantRow.objects.create(account=account, role="x", area=code, begins_at=NOW)
        found = sorted(GrantRow.objects.filter(access.within(area)).values_list("area", flat=True))
        transaction.set_rollback(True)
    assert found == sorted(code for code in codes if code.startswith(area))
