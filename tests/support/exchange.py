"""The city of Xizhou behind the API, and for each of its people a line on which to call it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client, override_settings

from fangxian.cases import queries as cases
from fangxian.command.situation import actions as sitreps
from fangxian.command.situation import queries as situation
from fangxian.containment.isolation import queries as rooming
from fangxian.containment.zones import queries as zones
from fangxian.core import accounts, clock, tokens
from fangxian.core.access import SYSTEM, Grant, roles
from fangxian.duties import queries as duties
from fangxian.registry import queries as registry
from fangxian.tracing import queries as tracing
from tests.support import kept
from tests.support import world as xizhou
from tests.support.lodging import lodge
from tests.support.tracers import hand_on
from tests.support.web import rolled_back

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

    def jack_of_all_trades(self) -> None:
        """Somebody who holds every role there is, as `all`."""
        bodies = self.city.bodies
        grants = [
            Grant(key, xizhou.PROVINCE, bodies["clinic"] if role.scope == "organisation" else None)
            for key, role in roles().items()
        ]
        self.city.staff["all"] = accounts.create_account(SYSTEM, "all", "万事通", grants=grants)

    def things(self) -> dict[str, list[Any]]:
        """What there is in the city, by the names under which requests say it."""
        city, place = self.city, registry.places()
        steps = duties.open_steps(SYSTEM)
        people = [row.person for row in cases.line_list(SYSTEM).rows]
        exposures = tracing.exposures(SYSTEM, case=city.cases[0])
        drawn = [row.code for row in zones.zones(SYSTEM).rows]
        sites, vans = [row.code for row in rooming.sites(SYSTEM)], [row.code for row in rooming.vehicles(SYSTEM)]
        held, driven = [row.code for row in rooming.people(SYSTEM)], [row.code for row in rooming.trips(SYSTEM)]
        plan = rooming.site(SYSTEM, sites[0])
        rooms = [room.id for floor in plan.floors for room in floor.rooms]
        accounts_there = [account.pk for account in city.staff.values()]
        return {
            "isolation-sites.code": sites, "isolation-sites.site": sites, "site": sites, "vehicle": vans, "room_id": rooms,
            "placements.code": held, "placements.other": held, "trips.code": driven, "trips.trip": driven, "trip": driven,
            "floor_id": [floor.id for floor in plan.floors], "cls": ["contact", "arrival"],
            "case": city.cases, "infected": city.cases, "cases.code": city.cases, "codes": [city.cases[:2]],
            "contact": city.contacts, "contact_of": city.contacts, "contacts.code": city.contacts,
            "outbreak": [city.outbreak], "outbreaks.code": [city.outbreak],
            "people.code": people, "person": people, "kept": people, "other": people,
            "places.code": [one.code for one in place], "areas.code": [row.code for row in xizhou.DIVISIONS],
            "area": [row.code for row in xizhou.DIVISIONS], "level": ["county", "grid"],
            "step_id": [step.pk for step in steps[:20]], "duty_id": [step.duty_id for step in steps[:20]],
            "kind": sorted({step.kind for step in steps}), "journal.kind": ["case", "contact", "person", "duty"],
            "zones.code": drawn, "zones.level": ["high", "low"], "zones.kind": ["building", "cell"],
            "subject_id": [step.duty.subject_id for step in steps[:5]],
            "sitreps.code": [row.code for row in situation.sitreps(SYSTEM)],
            "exposure_id": [one.id for one in exposures],
            "stay_id": [stay.id for stay in tracing.track(SYSTEM, city.cases[0]).stays],
            "organisation_id": list(city.bodies.values()), "organisation": list(city.bodies.values()),
            "hospital": list(city.bodies.values()), "team": list(city.bodies.values()),
            "account_id": accounts_there, "lead": accounts_there,
            "grant_id": [one.pk for account in accounts_there for one in accounts.grants_of(account)],
            "appointment_id": [one.pk for one in registry.appointments(SYSTEM)],
            "name": ["covid-19-cn-9", "mers-who"], "protocols.other": ["covid-19-cn-8"], "pack": ["covid-19-cn-9"],
            "role": list(roles()), "decision": ["approve", "return"], "where": ["home", "site"], "which": ["person"],
        }  # fmt: skip


def _staffed() -> Exchange:
    """The exchange with a line for everybody."""
    exchange = Exchange()
    sitreps.draft(SYSTEM, exchange.city.outbreak, xizhou.CITY, clock.today())
    lodge(exchange.city)
    for post in exchange.city.staff:
        exchange.line(post)
    return exchange


#: A dozen passwords at full strength take longer than the rest of the city.
_QUICK = override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])


@contextmanager
def on_duty(blocker: Any) -> Iterator[Exchange]:
    """The exchange at `NOW`, for a whole module: built once, in a transaction that is undone at the end."""
    with blocker.unblock(), clock.at(NOW), _QUICK, rolled_back():
        yield kept.once(("exchange", NOW), _staffed)
