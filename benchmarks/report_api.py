"""A case reported by API, with its review and all its other duties opened before the answer comes.

Target: under 50 ms (median of 200 reports, durable PostgreSQL, two cores), whether a worker hands on the events (as on a
server) or the answering process does so before it answers (as on a laptop); how much of it is the process's own time is told
too. CARE, a system for hospitals and the public-health response, was measured at 221 ms for registering a patient on the same
kind of machine. The request goes through the whole WSGI application: middleware, token, reading, action, journal, commit.
"""

import io
import json
import statistics
import sys
import time
from datetime import timedelta
from typing import Any

from benchmarks import Figure, console, database, show

REPORTS, WARMING = 200, 10
CARE = 0.221


def run() -> list[Figure]:
    """Report from a made-up city, one case after the other."""
    with database() as connection:
        from django.test.utils import CaptureQueriesContext, override_settings

        from fangxian.core import clock, tokens
        from fangxian.core.access import SYSTEM
        from fangxian.site.wsgi import application
        from tests.support import world as xizhou

        city = xizhou.build(clock.now())
        _token, secret = tokens.issue(SYSTEM, city.staff["clinic"].pk, "benchmark")

        def report(number: int) -> float:
            body = json.dumps(_card(city.outbreak, number, clock.now())).encode()
            environ = _environ(body, secret)
            told: list[str] = []
            begun = time.perf_counter()
            answer = application(environ, lambda status, _headers: told.append(status))
            content = b"".join(answer)
            answer.close()
            took = time.perf_counter() - begun
            assert told == ["201 Created"], (told, content)
            return took

        def measured(first: int) -> tuple[list[float], str]:
            for number in range(first, first + WARMING):
                report(number)
            begun = time.process_time()
            times = [report(number) for number in range(first + WARMING, first + WARMING + REPORTS)]
            own = (time.process_time() - begun) / REPORTS
            with CaptureQueriesContext(connection) as captured:
                report(first + WARMING + REPORTS)
            return times, f"{own * 1000:.0f} ms in the process itself, {len(captured)} statements"

        figures = []
        for place, (how, inline) in enumerate((("events left to the worker", False), ("events handed on first", True))):
            with override_settings(INLINE=inline):
                times, note = measured(place * 10_000)
            figures += [
                Figure(f"a report, {how}: median", statistics.median(times), 0.050, CARE, note),
                Figure(f"a report, {how}: 95th percentile", statistics.quantiles(times, n=20)[-1]),
            ]
        return figures


def _card(outbreak: str, number: int, now: Any) -> dict[str, Any]:
    return {
        "outbreak": outbreak,
        "person": {
            "name": f"病人{number}", "sex": "female", "birth_date": "1988-05-17", "area": "990101001001001",
            "phones": [f"139{number:08d}"], "address": f"渔港社区 {number} 号",
        },
        "facts": {"pcr_positive": True, "symptomatic": True, "fever": True},
        "onset_on": (now - timedelta(days=2)).date().isoformat(),
        "sampled_at": (now - timedelta(hours=8)).isoformat(),
        "diagnosed_at": (now - timedelta(hours=1)).isoformat(),
        "severity": "mild",
        "source_ref": f"HIS-{number}",
    }  # fmt: skip


def _environ(body: bytes, secret: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/api/v1/cases", "SCRIPT_NAME": "", "QUERY_STRING": "",
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost",
        "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)), "HTTP_AUTHORIZATION": f"Bearer {secret}",
        "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr, "wsgi.url_scheme": "http", "wsgi.version": (1, 0),
        "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip


if __name__ == "__main__":
    console.print("reporting…", style="dim")
    show("A report by API", run())
