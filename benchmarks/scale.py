"""Every page and every question of the API on a province: how long the server takes, and how many queries (PostgreSQL, two cores).

Targets: at a million people, 100,000 cases, a million contacts and ten million steps each list, detail, board and filter page
takes under 150 ms (median) and at most twelve queries; page 1,000 of a list no longer than the first; the search for duplicates of one
person and a person's own duties under 100 ms. Addresses are found, not listed: whatever is added is measured too.

`python -m benchmarks.scale FOLDER [people] [part of an address]` keeps the world in FOLDER, so that it is built only once.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks import Figure, computed, console, load, show
from benchmarks.province import Province, province

REPEATS, SLOW = 5, 1.5
BUDGET, TARGET, QUICK = 12, 0.150, 0.100
#: Rows before the deep page: page 1,000 of a list of fifty lines.
DEEP = 50_000
#: Medians reported by others on machines like this one: CARE's patient list at 100,000 patients (33 queries), DHIS2's first page of
#: tracked entities (p95), a tab of SORMAS as its users report it.
RIVALS = {"/cases/": ("CARE", 1.5), "/api/v1/cases": ("DHIS2", 0.106), "/contacts/": ("SORMAS", 20.0)}
#: Filters that people use, by page.
FILTERED = {
    "/cases/": (
        "classification=confirmed&reviewed=reported", "area=990101&origin=local", "late=on", "text=王伟",
        "onset_from=2020-01-01&severity=severe",
    ),
    "/contacts/": ("state=watched", "category=contact&lacking=control", "late=on", "suspected=on"),
    "/": ("show=late", "show=today"),
    "/coverage/": ("hours=72", "hours=0"),
}  # fmt: skip


@dataclass(slots=True)
class Measured:
    """One address asked by one role: medians in seconds, the number of queries, the slowest of them.

    `own` is what this process and the database's computed for it, which a busy machine does not stretch.
    """

    address: str
    role: str
    times: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    queries: int = 0
    slowest: tuple[float, str] = (0.0, "")
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.times)


def run(folder: Path, people: int = 1_000_000, only: str = "") -> list[Measured]:
    """Open the world (or build it), and ask everything."""
    with province(folder, people) as (world, _url):
        from django.db import connection

        from fangxian.core import clock

        with clock.at(world.now):
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = '10s'")
            found: list[Measured] = []
            try:
                found.extend(_all(world, chain(_pages(world), _questions(world)), only))
            except KeyboardInterrupt:  # enough: what was measured is told
                only = only or "some"
            tell(found)
            if not only:
                show("Apart from pages", _apart(world))
        return found


# ── what is asked ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Asked:
    """An address, its samples (as many as are asked in turn), and the roles that ask."""

    name: str
    addresses: tuple[str, ...]
    roles: tuple[str, ...]


ROLES = ("grid_worker", "investigator", "reviewer", "leader", "duty_officer", "auditor", "clinic")


def _pages(world: Province) -> Iterator[Asked]:
    """Every page that is opened by GET, with something of its kind in the place of each variable; first and deep, filtered or not."""
    from tests.support.addresses import filled, pages

    samples = _samples(world)
    for path in pages():
        if path in ("/login/", "/logout/", "/language/"):
            continue
        if found := filled(path, samples, REPEATS):
            yield Asked(path, tuple(found), ROLES)
        for query in FILTERED.get(path, ()):
            yield Asked(f"{path}?{query}", (f"{path}?{query}",), ROLES)
    for name, address, role in _deep(world):
        yield Asked(name, (address,), (role,))


def _questions(world: Province) -> Iterator[Asked]:
    """Every GET of the API as it is described."""
    from fangxian.api import api
    from tests.api.test_query_counts import ASKED_WITH
    from tests.support.addresses import filled

    samples = _samples(world)
    for path, operations in api.get_openapi_schema(path_prefix="/api/v1")["paths"].items():
        if "get" not in operations:
            continue
        own = path.removeprefix("/api/v1")
        asked = path + (f"?{ASKED_WITH[own]}" if own in ASKED_WITH else "")
        if found := filled(asked, samples, REPEATS):
            yield Asked(path, tuple(found), ROLES)


def _samples(world: Province) -> dict[str, Sequence[Any]]:
    """Something of everything, from the busiest county, so that its people may see it."""
    from fangxian.cases.models import Case, Outbreak
    from fangxian.core.models import Account
    from fangxian.duties.models import Step
    from fangxian.registry.models import Organisation, Person
    from fangxian.tracing.models import Contact

    near = {"area__startswith": "990101"}
    cases = list(Case.objects.filter(**near, classification="confirmed").order_by("-reported_at")[: 20 * REPEATS : 20])
    contacts = list(Contact.objects.filter(**near, state="watched").order_by("-identified_at")[: 20 * REPEATS : 20])
    grid = list(Contact.objects.filter(area="990101001001001", state="watched").order_by("-pk")[:REPEATS])
    steps = list(Step.objects.filter(**near, state="open", kind="contact2.observation").order_by("-pk")[:REPEATS])
    people = list(Person.objects.filter(**near).order_by("pk")[:REPEATS])
    bodies = list(Organisation.objects.filter(area="990101").values_list("pk", flat=True)[:REPEATS])
    reviewers = list(Account.objects.filter(login__startswith="reviewer-9901").values_list("pk", flat=True)[:2])
    codes, outbreak = [one.code for one in cases], Outbreak.objects.get(pk=1).code
    return {
        "cases.code": codes, "case": codes, "contacts.code": [one.code for one in [*grid, *contacts][:REPEATS]],
        "contact": [one.code for one in contacts], "step_id": [one.pk for one in steps], "kind": ["contact2.observation"],
        "journal.kind": ["case"], "subject_id": [one.pk for one in cases], "outbreak": [outbreak], "outbreaks.code": [outbreak],
        "people.code": [one.code for one in people], "code": codes, "areas.code": ["990101", "990101001"], "area": ["990101"],
        "organisation_id": bodies, "account_id": reviewers,
        "name": ["covid-19-cn-9"], "other": ["covid-19-cn-8"], "lang": ["zh"],
    }  # fmt: skip


def _deep(world: Province) -> Iterator[tuple[str, str, str]]:
    """The same lists, begun after fifty thousand lines: (name, address, role)."""
    from urllib.parse import quote

    from fangxian.cases.models import Case
    from fangxian.cases.queries.linelist import _written
    from fangxian.duties.models import Step
    from fangxian.tracing.models import Contact
    from fangxian.web.parts import Cursor

    depth = min(DEEP, world.people // 20)
    for column, order in (("reported_at", "-reported"), ("onset_on", "-onset")):
        last = Case.objects.filter(**{f"{column}__isnull": False}).order_by(f"-{column}", "-pk")[depth]
        mark = quote(_written(last, column))
        yield f"/cases/ by {order}, page 1,000", f"/cases/?order={order}&cursor={mark}", "leader"
        yield f"/api/v1/cases by {order}, page 1,000", f"/api/v1/cases?order={order}&cursor={mark}&limit=50", "leader"
    contact = Contact.objects.filter(outbreak_id=1).order_by("-identified_at", "-pk")[depth]
    mark = quote(Cursor.write(contact.identified_at, contact.pk))
    yield "/contacts/ page 1,000, as it is scrolled to", f"/contacts/?cursor={mark}&part=more#htmx", "leader"
    steps = Step.objects.filter(state="open", escalated_to="990101", due_at__isnull=False).order_by("due_at", "pk")
    for step in steps[steps.count() // 2 :][:1]:
        yield "/ in the middle", f"/?after={quote(Cursor.write(step.due_at, step.pk))}", "duty_officer"


# ── asking ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _all(world: Province, asked: Iterator[Asked], only: str) -> Iterator[Measured]:
    asking = clients(world.logins)
    for one in asked:
        if only and only not in one.name:
            continue
        for role in one.roles:
            found = measure(asking[role], one, role)
            if found is not None:
                yield found


def clients(logins: Mapping[str, str]) -> dict[str, Any]:
    """A signed-in client of each role."""
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import Client

    settings.ALLOWED_HOSTS = ["testserver"]
    found = {}
    for role, login in logins.items():
        client = Client(raise_request_exception=False)
        client.force_login(get_user_model().objects.get(login=login))
        found[role] = client
    return found


def measure(client: Any, asked: Asked, role: str) -> Measured | None:
    """None where the role may not open it. The first time warms and counts, the others are timed."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def get(address: str) -> Any:
        path, _mark, htmx = address.partition("#")
        return client.get(path, headers={"HX-Request": "true"} if htmx else {})

    first, begun = asked.addresses[0], time.perf_counter()
    with CaptureQueriesContext(connection) as captured:
        answer = get(first)
    took = time.perf_counter() - begun
    if answer.status_code != 200 and took < SLOW:
        if answer.status_code >= 500:
            console.print(f"{first} as {role}: {answer.status_code}", style="red", highlight=False)
        return None
    found = Measured(asked.name, role)
    told = [(float(one["time"]), one["sql"]) for one in captured if "SAVEPOINT" not in one["sql"]]
    found.queries, found.slowest = len(told), max(told, default=(0.0, ""))
    if took > SLOW:  # once is enough to know
        found.times.append(took)
    for turn in range(REPEATS if took <= SLOW else 0):
        begun, before = time.perf_counter(), computed()
        answer = get(asked.addresses[turn % len(asked.addresses)])
        found.times.append(time.perf_counter() - begun)
        found.own.append(computed() - before)
    found.note = f"{len(answer.content) / 1024:,.0f} KB" if not answer.streaming else ""
    if os.environ.get("SQL"):
        console.print(f"{found.median * 1000:9,.0f} ms {found.queries:3} {role:13} {asked.name}", highlight=False)
    return found


def _apart(world: Province) -> list[Figure]:
    """What is asked behind pages: duplicates of one person, coverage of everything, the sweep over what is newly late."""
    from django.db import transaction

    from fangxian.core import clock
    from fangxian.core.access import SYSTEM
    from fangxian.duties import queries, sweep
    from fangxian.registry import actions
    from fangxian.registry.models import Person

    def swept() -> None:
        with transaction.atomic(), clock.at(world.now + timedelta(hours=1)):
            sweep.escalate(SYSTEM)
            transaction.set_rollback(True)

    people = list(Person.objects.filter(pk__gt=1000).order_by("pk").values_list("pk", flat=True)[: 50 * 97 : 97])
    return [
        _each(
            "duplicates of one person, median of 50",
            QUICK,
            [partial(actions.find_matches, SYSTEM, [pk]) for pk in people],
        ),
        _each(
            "coverage of the province from the beginning, by county and kind",
            0.2,
            [lambda: queries.coverage(SYSTEM)] * 3,
        ),
        _each("the sweep, an hour later", 5.0, [swept]),
    ]


def _each(what: str, target: float, acts: Sequence[Callable[[], object]]) -> Figure:
    times = []
    for act in acts:
        begun = time.perf_counter()
        act()
        times.append(time.perf_counter() - begun)
    return Figure(
        what, statistics.median(times), target, note=f"p95 {sorted(times)[int(0.95 * len(times))] * 1000:,.0f} ms"
    )


def tell(found: Sequence[Measured]) -> None:
    """One line an address: the role for which it took longest."""
    worst: dict[str, Measured] = {}
    for one in found:
        if one.address not in worst or one.median > worst[one.address].median:
            worst[one.address] = one
    table = Table(title=f"{len(found)} pages and questions by role; the slowest role of each address")
    for name in ("", "role", "median", "worst", "own", "queries", "slowest SQL", "rival", "", "size"):
        table.add_column(name, justify="left" if name in ("", "role") else "right", no_wrap=True)
    for one in sorted(worst.values(), key=lambda one: -one.median):
        name, rival = RIVALS.get(one.address, ("", 0.0))
        target = QUICK if one.address == "/" else TARGET
        missed = [*(["slow"] if one.median > target else []), *(["queries"] if one.queries > BUDGET else [])]
        table.add_row(
            one.address, one.role, f"{one.median * 1000:,.0f} ms", f"{max(one.times) * 1000:,.0f} ms",
            f"{statistics.median(one.own or [0]) * 1000:,.0f} ms", str(one.queries),
            f"{one.slowest[0] * 1000:,.0f} ms",
            f"{name} {rival / one.median:,.0f}×" if rival else "", " ".join(missed), one.note,
        )  # fmt: skip
    console.print(table)
    if os.environ.get("SQL"):
        for one in sorted(worst.values(), key=lambda one: -one.median)[: int(os.environ["SQL"])]:
            console.print(
                f"\n{one.address} {one.role} {one.slowest[0] * 1000:,.0f} ms\n{one.slowest[1][:3000]}",
                highlight=False,
                markup=False,
            )
    over = sum(one.median > TARGET for one in found), sum(one.queries > BUDGET for one in found)
    busy = sum(statistics.median(one.own or one.times) > TARGET for one in found)
    console.print(
        f"over 150 ms: {over[0]} of {len(found)}, by what was computed {busy}; over twelve queries: {over[1]}; {load()}",
        highlight=False,
    )


if __name__ == "__main__":
    console.width = max(console.width, 170)
    given = sys.argv[1:] or [str(Path(tempfile.gettempdir()) / "fangxian-province")]
    run(Path(given[0]), int(given[1]) if given[1:] else 1_000_000, given[2] if given[2:] else "")
