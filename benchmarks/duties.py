"""The engine of duties at the size of a province: the escalation sweep, and coverage (two cores, PostgreSQL).

Targets: the sweep over 1 million open steps < 5 s; coverage of a province by county and kind over 10 million steps < 200 ms.
Everything is written to a database of its own, which is dropped at the end.
"""

import statistics
import time
from collections.abc import Callable
from datetime import timedelta

from benchmarks import Figure, console, database, show

COUNTIES = 100
KINDS = ["case.review", "case.investigation", "contact.observation", "contact2.observation", "contact.transfer"]

_STEPS = """
INSERT INTO duties_step (duty_id, kind, area, key, attempt, number, role, post_area, organisation_id, account_id, state,
                         due_at, alarm_at, alarm_every, escalated_to, done_at, done_by_id, evidence, reason)
SELECT 1 + (i %% 1000), (%(kinds)s::text[])[1 + i %% 5],
       '99' || lpad((i %% %(counties)s)::text, 4, '0') || lpad((i %% 997)::text, 3, '0') || '001001',
       'visit.d' || i, 1, 0, 'grid_worker',
       '99' || lpad((i %% %(counties)s)::text, 4, '0') || lpad((i %% 997)::text, 3, '0') || '001001',
       %(organisation)s, NULL,
       CASE WHEN i %% %(open_of)s = 0 THEN 'open' ELSE 'done' END,
       %(start)s::timestamptz + (i %% 20160) * interval '1 minute',
       CASE WHEN i %% %(open_of)s = 0 THEN %(start)s::timestamptz + (i %% 20160) * interval '1 minute' END,
       7200, '',
       CASE WHEN i %% %(open_of)s = 0 THEN NULL
            ELSE %(start)s::timestamptz + (i %% 20160 + (i %% 7 - 5) * 60) * interval '1 minute' END,
       NULL, NULL, ''
FROM generate_series(1, %(rows)s) AS i
"""


def run() -> list[Figure]:
    """Fill the tables, then time each question; the median of five for the queries, the single run for a sweep."""
    with database() as connection:
        from fangxian.core import clock
        from fangxian.core.access import SYSTEM, Actor, Grant
        from fangxian.duties import coverage, queries, sweep
        from fangxian.duties.models import CoverageCell, Duty, Step
        from fangxian.registry.models import Organisation

        start = clock.hour(clock.now()) - timedelta(days=7)
        office = Organisation.objects.create(code="CDC", kind="cdc", name_zh="疾控", area="99")
        Duty.objects.bulk_create(
            Duty(kind=KINDS[0], pack="-", subject_kind="contact", subject_id=n, area="99", opened_at=start)
            for n in range(1, 1001)
        )

        def fill(rows: int, open_of: int) -> None:
            with connection.cursor() as cursor:
                cursor.execute("ALTER SEQUENCE duties_duty_id_seq RESTART WITH 1001")
                cursor.execute(
                    _STEPS,
                    {"kinds": KINDS, "counties": COUNTIES, "organisation": office.pk, "rows": rows, "open_of": open_of, "start": start},
                )  # fmt: skip
                cursor.execute("VACUUM ANALYZE duties_step")

        results: list[Figure] = []
        console.print("1 million open steps")
        fill(1_000_000, 1)
        late = Step.objects.filter(alarm_at__lte=clock.now()).count()
        results.append(
            _once(
                "sweep: 1,000,000 open steps, half of them late for the first time",
                5.0,
                lambda: sweep.escalate(SYSTEM),
                late,
            )
        )
        results.append(_once("sweep again: nothing newly late", 5.0, lambda: sweep.escalate(SYSTEM), 0))
        Step.objects.all().delete()
        console.print("10 million steps (about two minutes)")
        fill(10_000_000, 10)
        CoverageCell.objects.bulk_create(
            CoverageCell(county=county, kind=kind, hour=hour, due=a, in_time=b, late=c, waived=d)
            for (county, kind, hour), (a, b, c, d) in coverage.recount().items()
        )
        leader = Actor(1, "leader", (Grant("leader", "99"),), "api")
        until = clock.now()
        found = queries.coverage(leader, "99", until=until)
        counted = Step.objects.filter(due_at__lt=clock.hour(until)).count()
        assert sum(one.due for one in found) == counted, (sum(one.due for one in found), counted)
        results.append(
            _median(
                "coverage of a province by county and kind, 10,000,000 steps",
                0.2,
                lambda: queries.coverage(leader, "99"),
            )
        )
        results.append(
            _median(
                "the first 200 missing by name in one county", 0.2, lambda: queries.missing(leader, KINDS[2], "990042")
            )
        )
        return results


def _once(what: str, target: float, act: Callable[[], int], expected: int) -> Figure:
    begun = time.perf_counter()
    number = act()
    seconds = time.perf_counter() - begun
    assert number == expected, (number, expected)
    return Figure(f"{what} ({number:,} escalated)", seconds, target)


def _median(what: str, target: float, act: Callable[[], object]) -> Figure:
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        act()
        times.append(time.perf_counter() - begun)
    return Figure(what, statistics.median(times), target)


if __name__ == "__main__":
    show("Duties at the size of a province", run())
