"""The city of Xizhou behind the API, and for each of its people a line on which to call it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.test import Client, override_settings

from fangxian.core import accounts, clock, tokens
from fangxian.core.access import SYSTEM, Grant
from tests.support import world as xizhou
from tests.support.tracers import hand_on

NOW = datetime(2026, 3, 4, 2, tzinfo=UTC)  # ten in the morning there
ROOT = "/api/v1"


@dataclass
class Line:
    """One account's way to the API: with a token, in JSON, in English unless said otherwise."""

    token: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer of the API. Names of headers are written with underscores."""
        sent = {"Accept-Language": "en", "Authorization": f"Bearer {self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return Client().generic(method, ROOT + path, data, "application/json", headers=sent)

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, {} if body is None else body, **headers)


class Exchange:
    """The city, and a line for whoever is asked for: `exchange.line("investigator").get("/cases")`."""

    def __init__(self) -> None:
        self.city = xizhou.build(NOW)
        self.city.staff["registrar"] = accounts.create_account(
            SYSTEM, "registrar", "卢栖迟", grants=[Grant("registrar", xizhou.CITY)], password=xizhou.PASSWORD
        )
        hand_on()
        self.lines: dict[str, Line] = {}

    def line(self, post: str) -> Line:
        if post not in self.lines:
            account = self.city.staff[post]
            self.lines[post] = Line(tokens.issue(SYSTEM, account.pk, "tests", lasts=timedelta(days=1))[1])
        return self.lines[post]


#: A dozen passwords at full strength take longer than the rest of the city.
_QUICK = override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])


@contextmanager
def on_duty(blocker: Any) -> Iterator[Exchange]:
    """The exchange at `NOW`, for a whole module: built once, in a transaction that is undone at the end."""
    with blocker.unblock(), clock.at(NOW), _QUICK, transaction.atomic():
        exchange = Exchange()
        for post in exchange.city.staff:
            exchange.line(post)
        yield exchange
        transaction.set_rollback(True)
