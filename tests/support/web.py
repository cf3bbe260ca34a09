"""The city of Xizhou as a browser meets it: built once for a module, and as it was for every test."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client, override_settings

from fangxian.core import clock
from fangxian.duties import packs
from tests.support import kept, world
from tests.support.world import World

#: Half past two in the afternoon in Shanghai, a Wednesday.
NOW = datetime(2026, 3, 4, 6, 30, tzinfo=UTC)
#: Passwords are not what is tested; hashing them well would take most of the time.
_QUICK = {"PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"]}


@contextmanager
def rolled_back() -> Iterator[None]:
    """Whatever is done in the block leaves no trace in the database."""
    editions = set(packs._kept)
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        packs._kept.intersection_update(editions)


@contextmanager
def city() -> Iterator[World]:
    """The city at `NOW`, for the length of the block."""
    with override_settings(**_QUICK), rolled_back():
        yield kept.once(("Xizhou", NOW), lambda: world.build(NOW))


@contextmanager
def a_test() -> Iterator[None]:
    """One test on it, at the instant at which it is looked at."""
    with override_settings(**_QUICK), clock.at(NOW), rolled_back():
        yield


def signed_in(city: World, post: str, language: str = "zh-hans") -> Client:
    """A browser in which the holder of a post has signed in."""
    account: Any = city.staff[post]
    get_user_model().objects.filter(pk=account.pk).update(language=language)
    client = Client()
    client.force_login(account)
    return client


#: What htmx adds to a request.
HTMX: Any = {"HTTP_HX_REQUEST": "true"}
