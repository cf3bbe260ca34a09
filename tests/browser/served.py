"""The product with the city of Xizhou in it, served on loopback for the browser tests: `python -m tests.browser.served HOME`.

A process of its own, with a home of its own (where the tables may be already), so that the browser meets exactly what a user
meets. Prints one line of JSON (the port, some codes, the cookies of everybody on the staff, who have signed in already), then
obeys its standard input: at every line the city is again as it was built, and the line is repeated as the answer. It ends when
the input is closed.
"""

import json
import os
import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

#: It is half past two in the afternoon of today when the city is served, at whatever hour the tests are run: no list is
#: empty because the day has just begun, and no day ends while somebody looks at it.
HOUR, MINUTE = 14, 30


def main(home: str) -> None:
    os.environ |= {
        "FANGXIAN_HOME": home,
        "FANGXIAN_INLINE": "1",
        "DJANGO_SETTINGS_MODULE": "fangxian.site.settings",
    }
    os.environ.pop("DATABASE_URL", None)
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    call_command("migrate", verbosity=0, interactive=False)
    _set_the_clock()
    from fangxian.core import clock
    from fangxian.site.working import work_once
    from tests.support import coldstore, lodging, swabbing, world

    city = world.build(clock.now())
    _stays(city)
    lodging.lodge(city)
    point, folk = swabbing.staffed(city)
    coldstore.staffed(city)
    while work_once():
        pass
    gate = Gate(get_wsgi_application())
    told = {
        "case": city.cases[0], "fresh_case": city.cases[3], "contact": city.contacts[0], "ill_contact": city.contacts[2],
        "point": point, "folk": folk, "password": world.PASSWORD,
        "cookies": {login: _cookies(login, world.PASSWORD) for login in city.staff},
    }  # fmt: skip
    as_built = _keep(Path(home))
    server = _server(gate)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Thread(target=_work, args=(gate,), daemon=True).start()
    _say(json.dumps({"port": server.server_port, **told}))
    for line in sys.stdin:
        with gate.closed():
            as_built()
        _say(line.strip())
    server.shutdown()


def _stays(city: Any) -> None:
    """A dinner, sixty hours ago, at which the first case sat beside people whom nobody has found yet."""
    from datetime import UTC, timedelta

    import pyarrow as pa

    from fangxian.cases import queries as cases
    from fangxian.core import clock
    from fangxian.core.access import SYSTEM
    from fangxian.registry import actions as registry
    from fangxian.registry.actions import PlaceForm
    from fangxian.tracing import actions as tracing
    from tests.support.world import GRID

    patient = next(row.person for row in cases.line_list(SYSTEM).rows if row.code == city.cases[0])
    guests = [registry.register_person(SYSTEM, city.person(f"晚宴客{name}")).code for name in "甲乙丙丁戊己庚辛"]
    inn = PlaceForm(kind="restaurant", name_zh="渔港小馆", name_en="Yugang Inn", area=GRID, lon=112.0, lat=3.9)
    place = registry.create_place(SYSTEM, inn).code
    came = [clock.now().astimezone(UTC) - timedelta(hours=60, minutes=-10 * at) for at in range(len(guests) + 1)]
    rows = {
        "person": [patient, *guests], "place": [place] * len(came), "t_in": pa.array(came, pa.timestamp("s", "UTC")),
        "t_out": pa.array([one + timedelta(hours=2) for one in came], pa.timestamp("s", "UTC")),
    }  # fmt: skip
    taken = tracing.send_stays(SYSTEM, pa.table(rows), source="venue-code", batch="dinner", people="code")
    assert taken.taken == len(came)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _set_the_clock() -> None:
    from fangxian.core import clock

    here = datetime.now(clock.zone())
    ahead = here.replace(hour=HOUR, minute=MINUTE, second=0) - here
    present = clock.now
    clock.now = lambda: present() if clock.is_virtual() else present() + ahead


def _cookies(login: str, password: str) -> dict[str, str]:
    """What a browser holds after signing in."""
    from django.test import Client

    client = Client()
    answer = client.post("/login/", {"login": login, "password": password}, HTTP_HOST="127.0.0.1")
    assert answer.status_code == 302, f"{login} cannot sign in"
    client.get("/me/", HTTP_HOST="127.0.0.1")
    return {name: cookie.value for name, cookie in client.cookies.items()}


def _keep(home: Path) -> Callable[[], None]:
    """Keep database and files as they are; what is returned puts them back."""
    from django.conf import settings
    from django.core.cache import cache
    from django.db import connections

    from fangxian.duties import packs

    live, kept = Path(settings.DATABASES["default"]["NAME"]), home / "as-built.sqlite3"
    files, files_kept = Path(settings.MEDIA_ROOT), home / "files-as-built"
    connections.close_all()
    _copy(live, kept)
    files.mkdir(exist_ok=True)
    shutil.copytree(files, files_kept)

    def put_back() -> None:
        _copy(kept, live)
        shutil.rmtree(files)
        shutil.copytree(files_kept, files)
        cache.clear()
        packs._kept.clear()

    return put_back


def _copy(one: Path, other: Path) -> None:
    source, target = sqlite3.connect(one), sqlite3.connect(other, timeout=20)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()


class Gate:
    """The product, with a door that can be shut: whoever is in is waited for, whoever comes waits until it is open again."""

    def __init__(self, application: Callable[..., Any]) -> None:
        self.application = application
        self.inside = 0
        self.shut = False
        self.changed = threading.Condition()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        with self.entered():
            answer = self.application(environ, start_response)
            try:
                yield from answer
            finally:
                answer.close()

    @contextmanager
    def entered(self) -> Iterator[None]:
        with self.changed:
            self.changed.wait_for(lambda: not self.shut)
            self.inside += 1
        try:
            yield
        finally:
            with self.changed:
                self.inside -= 1
                self.changed.notify_all()

    @contextmanager
    def closed(self) -> Iterator[None]:
        with self.changed:
            self.shut = True
            if not self.changed.wait_for(lambda: self.inside == 0, timeout=300):  # a job may have a kernel to compile
                raise TimeoutError("a request does not come to its end")
        yield
        with self.changed:
            self.shut = False
            self.changed.notify_all()


def _work(gate: Gate) -> None:
    """What `fangxian serve` has a thread for: jobs that somebody starts on a page are done."""
    from fangxian.site.working import work_once

    while True:
        with gate.entered():
            busy = work_once()
        if not busy:
            time.sleep(0.2)


def _server(application):
    from socketserver import ThreadingMixIn
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A browser that was closed while it was being answered is no fault."""
            if not isinstance(sys.exception(), ConnectionError):
                super().handle_error(request, client_address)

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    return make_server("127.0.0.1", 0, application, server_class=Server, handler_class=Quiet)


if __name__ == "__main__":
    main(sys.argv[1])
