"""Duplicates in the registry itself: people entered in bulk, then one of them looked for among all (two cores, PostgreSQL).

Targets: 20,000 people entered a second; the duplicates of one person among a million found in under 100 ms. What the matching
finds and what it misses is measured in `benchmarks.linkage`; here it is the tables, their indexes and the queries.
`python -m benchmarks.duplicates [records]` for another size than 200,000.
"""

import random
import statistics
import sys
import time

from benchmarks import Figure, console, database, show
from benchmarks.people import population

SAMPLE = 300
_CHUNK = 20_000


def run(records: int = 200_000) -> list[Figure]:
    with database() as connection:
        from fangxian.analytics.linkage import Record
        from fangxian.core.access import SYSTEM
        from fangxian.registry import actions
        from fangxian.registry.schemas import PersonForm

        def form(record: Record) -> PersonForm:
            born = record.born if (record.born_year or 0) < 2024 else None  # a slip of the pen may lie in the future
            return PersonForm(
                name=record.name, name_latin=record.latin or "", aliases=record.aliases, area=(record.area or "33")[:12],
                sex={"male": "male", "female": "female"}.get(record.gender or "", ""),
                birth_date=None if born is None or isinstance(born, int) else born,
                birth_year=born if isinstance(born, int) else None,
                phones=record.phones, documents=tuple(("other", paper.number) for paper in record.papers),
            )  # fmt: skip

        console.print(f"{records:,} registrations, a quarter of them of people registered before", style="dim")
        forms = [form(record) for record in population(records).records]
        begun = time.perf_counter()
        people: list[int] = []
        for start in range(0, records, _CHUNK):
            people += actions.register_many(SYSTEM, forms[start : start + _CHUNK])
        entered = time.perf_counter() - begun
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        new = sorted(set(people))
        times, decided = [], 0
        for person in random.Random(1).sample(new, SAMPLE):
            begun = time.perf_counter()
            found = actions.find_matches(SYSTEM, [person])
            times.append(time.perf_counter() - begun)
            decided += found.merged + found.waiting
        chunk = new[: len(new) // 50]
        begun = time.perf_counter()
        actions.find_matches(SYSTEM, chunk)
        together = time.perf_counter() - begun
        times.sort()
        note = f"{records / entered:,.0f} a second; {len(new):,} people, the rest known by a document"
        return [
            Figure(f"{records:,} people entered", entered, records / 20_000, note=note),
            Figure(f"duplicates of one person among {len(new):,}, median", statistics.median(times), 0.1),
            Figure(
                "the slowest twentieth of them", times[int(0.95 * SAMPLE)], note=f"{decided} pairs merged or listed"
            ),
            Figure(f"duplicates of {len(chunk):,} people in one call", together),
        ]


if __name__ == "__main__":
    show("Duplicates in the registry", run(*map(int, sys.argv[1:2])))
