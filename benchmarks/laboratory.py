"""A testing round through the laboratory: tubes of ten registered by API in batches, and a file of results applied (PostgreSQL).

Targets: 100,000 tubes of 10 registered at 2,000 people a second or more; a file of 100,000 tubes applied to 1 million people in under
2 minutes. `python -m benchmarks.laboratory 0.2` runs a fifth of it; the rates are told, so that what the whole takes can be
read off. Requests go through the whole WSGI application. The people are on the roll of a round under way, which counts who has come
and who waits for a result; one pool in 1,000 is positive, and one person in 1,000 is a contact under watch whose test of the day the
result does: each of those is a step of a duty with its line in the journal.
"""

import csv
import io
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks import Figure, computed, console, database, show
from benchmarks.rounds import GRID, enter

TUBES, EACH = 100_000, 10
#: Tubes of one request.
BATCH = 500
#: Results of one transaction.
CHUNK = 5_000
#: Contacts under watch among the people.
WATCHED_OF = 1000


def run(share: float = 1.0) -> list[Figure]:
    """Register people past the clock, then time the batches, then the file; each with what the round makes of it."""
    with database():
        from django.test.utils import override_settings

        from fangxian.core import clock, outbox, tokens
        from fangxian.core.access import SYSTEM
        from fangxian.laboratory import actions, intake
        from fangxian.laboratory.models import Member, Swab, Tube
        from fangxian.laboratory.rounds.models import Patch
        from fangxian.registry.models import Person
        from fangxian.site.wsgi import application
        from tests.support import swabbing
        from tests.support import world as xizhou

        tubes = int(TUBES * share)
        city = xizhou.build(clock.now() - timedelta(hours=2))
        with clock.at(clock.now() - timedelta(hours=2)):
            there = swabbing.begin(city)
        _token, secret = tokens.issue(SYSTEM, city.staff["sampler"].pk, "benchmark")
        enter(tubes * EACH // GRID)
        codes = list(Person.objects.order_by("-pk").values_list("code", flat=True)[: tubes * EACH])[::-1]
        console.print(f"{len(codes):,} people", style="dim")
        _watch(city.outbreak, codes)
        while outbox.deliver():
            pass

        def batches() -> None:
            for first in range(0, tubes, BATCH):
                rows = [
                    {
                        "code": f"T{number:08}", "kind": "pool", "capacity": EACH, "point": there.point, "outbreak": city.outbreak,
                        "people": codes[number * EACH : (number + 1) * EACH],
                    }
                    for number in range(first, min(first + BATCH, tubes))
                ]  # fmt: skip
                body = json.dumps({"tubes": rows}).encode()
                content = _asked(application, _environ("POST", "/api/v1/tubes/batch", body, secret))
                assert len(content["taken"]) == len(rows), content["refused"][:3]

        def handed_on() -> None:
            while outbox.deliver(limit=20):
                pass

        def applied() -> None:
            by = city.actor("lab")
            for forms in chunks((line.form for line in intake.read(path, path.name).lines), CHUNK):
                done = actions.report_results(by, forms)
                assert not done.refused, done.refused[:3]

        _asked(
            application, _environ("GET", "/api/v1/openapi.json", b"", secret)
        )  # a server that runs has read its code
        figures = []

        def timed(what: str, act: Callable[[], Any], target: float | None = None) -> Figure:
            begun, before = time.perf_counter(), computed()
            act()
            took = time.perf_counter() - begun
            figures.append(
                Figure(what, took, target, note=f"{len(codes) / took:,.0f} people/s", own=computed() - before)
            )
            show("So far", figures[-1:])
            return figures[-1]

        with tempfile.TemporaryDirectory() as folder, override_settings(INLINE=False):
            path = Path(folder) / "results.csv"
            _file(path, tubes)
            timed(f"the roll and the appointments of {len(codes):,}", lambda: _round(city, there.point))
            timed(f"{tubes:,} tubes of {EACH} registered by API", batches, len(codes) / 2000)
            timed("… and counted in the round", handed_on)
            taken = timed(f"a file of {tubes:,} results taken", applied)
            told = timed("… and handed on: the round, contacts' tests of the day", handed_on)
        held = Member.objects.filter(pool__code__startswith="T0").count()
        whole, own = taken.seconds + told.seconds, (taken.own or 0) + (told.own or 0)
        figures.append(
            Figure(
                "the whole of the file", whole, 120 * share, note=f"{held:,} members of positive pools held", own=own
            )
        )
        assert Swab.objects.filter(tube__code__startswith="T0").count() == tubes * EACH
        assert Tube.objects.filter(code__startswith="T0", state="resulted").count() == tubes
        counts = Patch.objects.filter(area__gte="990101100").values_list("people", "tested", "waiting")
        people, tested, waiting = (sum(one) for one in zip(*counts, strict=True))
        assert (people, tested, waiting) == (len(codes), len(codes), held), (people, tested, waiting, held)
        console.print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB", highlight=False)
        return figures


def _round(city: Any, point: str) -> None:
    """Everybody is put on the roll of a round and given an hour at the point."""
    from fangxian.core import jobs
    from fangxian.laboratory.rounds import actions
    from fangxian.laboratory.rounds.schemas import PointPlan, RoundForm
    from tests.support.world import WANGCHAO

    duty = city.actor("duty")
    form = RoundForm(
        name_zh="一轮", areas=[WANGCHAO], outbreak=city.outbreak, points=[PointPlan(point=point, per_hour=9000)]
    )
    actions.start_round(duty, actions.plan_round(duty, form).code)
    while jobs.run_waiting():
        pass


def _watch(outbreak: str, codes: list[str]) -> None:
    """One in so many is a close contact, with the duties of one."""
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


def chunks(forms: Iterator[Any], size: int) -> Iterator[list[Any]]:
    """So many at a time."""
    while chunk := list(islice(forms, size)):
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
