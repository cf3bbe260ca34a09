"""A testing round through the laboratory: tubes of ten registered by API in batches, and a file of results applied (PostgreSQL).

Targets: 100,000 tubes of 10 registered at 2,000 people a second or more; a file of 100,000 tubes applied to 1 million people in under
2 minutes. `python -m benchmarks.laboratory 0.2` runs a fifth of it; the rates are told, so that what the whole takes can be
read off. Requests go through the whole WSGI application. The people are there before; one pool in 1,000 is positive, and one
person in 1,000 is a contact under watch whose test of the day the result does: each of those is a step of a duty with its line in
the journal, and costs what is said beside it.
"""

import csv
import io
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks import Figure, computed, console, database, show

TUBES, EACH = 100_000, 10
#: Tubes of one request.
BATCH = 500
#: Results of one transaction.
CHUNK = 5_000
#: Contacts under watch among the people.
WATCHED_OF = 1000


def run(share: float = 1.0) -> list[Figure]:
    """Register people past the clock, then time the batches, then the file."""
    with database():
        from django.test.utils import override_settings

        from fangxian.core import clock, ids, outbox, tokens
        from fangxian.core.access import SYSTEM
        from fangxian.laboratory import actions, intake
        from fangxian.laboratory.models import Member, Swab, Tube
        from fangxian.registry.models import Person
        from fangxian.site.wsgi import application
        from tests.support import swabbing
        from tests.support import world as xizhou

        tubes = int(TUBES * share)
        city = xizhou.build(clock.now())
        there = swabbing.begin(city)
        _token, secret = tokens.issue(SYSTEM, city.staff["sampler"].pk, "benchmark")
        console.print(f"{tubes * EACH:,} people", style="dim")
        codes = ids.new_codes(tubes * EACH)
        _people(codes, xizhou.GRID)
        _watch(city.outbreak, codes)

        def batch(first: int) -> None:
            rows = [
                {
                    "code": f"T{number:08}", "kind": "pool", "capacity": EACH, "point": there.point, "outbreak": city.outbreak,
                    "people": codes[number * EACH : (number + 1) * EACH],
                }
                for number in range(first, min(first + BATCH, tubes))
            ]  # fmt: skip
            content = _asked(
                application, _environ("POST", "/api/v1/tubes/batch", json.dumps({"tubes": rows}).encode(), secret)
            )
            assert len(content["taken"]) == len(rows), content["refused"][:3]

        _asked(
            application, _environ("GET", "/api/v1/openapi.json", b"", secret)
        )  # a server that runs has read its code
        with override_settings(INLINE=False):
            begun, before = time.perf_counter(), computed()
            for first in range(0, tubes, BATCH):
                batch(first)
            took, own = time.perf_counter() - begun, computed() - before
        assert Swab.objects.filter(tube__code__startswith="T0").count() == tubes * EACH
        figures = [
            Figure(
                f"{tubes:,} tubes of {EACH} registered by API", took, tubes * EACH / 2000,
                note=f"{tubes * EACH / took:,.0f} people/s", own=own,
            )
        ]  # fmt: skip
        show("The round", figures)

        with tempfile.TemporaryDirectory() as folder, override_settings(INLINE=False):
            path = Path(folder) / "results.csv"
            _file(path, tubes)
            by = city.actor("lab")
            begun, before = time.perf_counter(), computed()
            sheet = intake.read(path, path.name)
            for forms in _chunks(line.form for line in sheet.lines):
                done = actions.report_results(by, forms)
                assert not done.refused, done.refused[:3]
            told, told_own = time.perf_counter() - begun, computed() - before
            while outbox.deliver():
                pass
            whole, own = time.perf_counter() - begun, computed() - before
        assert Tube.objects.filter(code__startswith="T0", state="resulted").count() == tubes
        held = Member.objects.filter(pool__code__startswith="T0").count()
        figures += [
            Figure(f"a file of {tubes:,} results taken, {held:,} members of positive pools held", told, own=told_own),
            Figure(
                "… and handed on: contacts' tests of the day done",
                whole,
                120 * share,
                note=f"{(whole - told) * 1000 / max(1, tubes * EACH // WATCHED_OF):,.0f} ms for each contact",
                own=own,
            ),
        ]
        assert Person.objects.count() > tubes * EACH
        return figures


def _people(codes: list[str], area: str) -> None:
    """A million people are there before the round: entered past the actions, which is not what is measured."""
    from django.db import connection

    from fangxian.core import bulk, clock
    from fangxian.registry.models import Person

    columns = "code name name_latin pinyin sex nationality area address occupation created_at version".split()
    now = clock.now()
    bulk.insert(
        Person, columns, ((code, "某人", "", "mouren", "female", "CHN", area, "", "", now, 1) for code in codes)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE registry_person")


def _watch(outbreak: str, codes: list[str]) -> None:
    """One in two hundred is a close contact, with the duties of one."""
    from fangxian.cases import queries as cases
    from fangxian.core import clock
    from fangxian.core.access import SYSTEM
    from fangxian.tracing import actions as tracing
    from fangxian.tracing.schemas import ExposureForm

    source = cases.codes_in(SYSTEM, outbreak, "cases.view")[-1]
    now = clock.now()
    for code in codes[::WATCHED_OF]:
        tracing.expose(
            SYSTEM,
            ExposureForm(
                person=code, case=source, from_at=now - timedelta(hours=30), to_at=now - timedelta(hours=28), setting="home",
                facts={"household": True, "in_window": True, "protected": False},
            ),
        )  # fmt: skip


def _file(path: Path, tubes: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("条码", "检测结果", "ORF1ab", "N"))
        for number in range(tubes):
            positive = number % 1000 == 7
            writer.writerow(
                (
                    f"T{number:08}",
                    "阳性" if positive else "阴性",
                    "30.2" if positive else "",
                    "29.1" if positive else "",
                )
            )


def _chunks(forms: Iterator[Any]) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for form in forms:
        chunk.append(form)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _asked(application: Any, environ: dict[str, Any]) -> Any:
    told: list[str] = []
    answer = application(environ, lambda status, _headers: told.append(status))
    content = json.loads(b"".join(answer))
    answer.close()
    assert told == ["200 OK"], (told, content)
    return content


def _environ(method: str, path: str, body: bytes, secret: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": method, "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "",
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost",
        "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)), "HTTP_AUTHORIZATION": f"Bearer {secret}",
        "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr, "wsgi.url_scheme": "http", "wsgi.version": (1, 0),
        "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip


if __name__ == "__main__":
    part = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    show("A testing round through the laboratory", run(part))
