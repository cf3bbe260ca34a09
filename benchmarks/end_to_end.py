"""From cases confirmed at 00:00 to contacts under watch with every duty owned: the whole way, on PostgreSQL.

Target: 1,000 cases over 10^8 stays in under 60 s, from the confirmed cases to the last duty. `python -m benchmarks.end_to_end
[people] [cases]`: 850,000 people make 10^8 stays in 14 days; a tenth of both unless told otherwise.

The world: eight and a half stays a person and day; households of three, offices of eight, public places with Zipf sizes; a place with
more than 200 visits a day is told of by notices (the packs' own cap is 2,000). So a case has some 30 contacts and these some
six each, as investigations report. The pack makes contacts of the household and of whoever was at a restaurant, shop or cinema,
and leaves the colleagues to a question (at close range?). People, keys, stays and cases are on record before the clock starts.
"""

import resource
import sys
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from benchmarks import Figure, console, database, show
from benchmarks.stays import DAYS, City

TARGET, SIZE = 60.0, 850_000
FIRST = datetime(2022, 7, 4, 16, tzinfo=UTC)  # midnight in Beijing
NOW = FIRST + timedelta(days=DAYS)
CROWD = 200
KINDS = ("restaurant", "shop", "entertainment", "market", "public")
COUNTIES, GRIDS = 10, 100
ILL = {"symptomatic": True, "pcr_positive": True}


class Town(City):
    """Households of three, offices of eight."""

    def __init__(self, people: int) -> None:
        super().__init__(people)
        work, homes = people // 8, people // 3
        self.places = self.public + work + homes
        self.numbers = np.arange(self.places, dtype=np.uint32)
        self.home = self.public + work + np.minimum(np.arange(people) // 3, homes - 1)
        self.work = self.public + self.rng.integers(0, work, people)
        #: Lake keys by person, codes by place: filled in as they are registered.
        self.keys = np.empty(0, np.uint32)
        self.codes: list[str] = []


def area(number: int) -> str:
    return f"9901{1 + number % COUNTIES:02}001001{1 + number % GRIDS:03}"


def run(people: int = SIZE // 10, number: int = 100) -> list[Figure]:
    with database() as connection:
        from fangxian.core import clock

        town = Town(people)
        with clock.at(FIRST):
            _register(town)
        stays = _ingest(town)
        with clock.at(NOW):
            codes = _cases(town, number)
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
            return _timed(codes, stays)


def _timed(codes: list[str], stays: int) -> list[Figure]:
    from fangxian.core import jobs
    from fangxian.core.access import SYSTEM
    from fangxian.duties.models import Duty, Step
    from fangxian.tracing import actions, queries
    from fangxian.tracing.finds import SearchForm
    from fangxian.tracing.models import Candidate

    begun = last = time.perf_counter()
    spent = time.process_time()
    before = Duty.objects.count()
    figures: list[Figure] = []

    def note(what: str, told: str = "") -> None:
        nonlocal last, spent
        now, own = time.perf_counter(), time.process_time()
        figures.append(Figure(what, now - last, note=f"{own - spent:.1f} s of the process's own; {told}".rstrip("; ")))
        last, spent = now, own

    search = actions.find_contacts(SYSTEM, SearchForm(cases=codes, why="benchmark", crowd=CROWD))
    assert search.job is not None
    marks = {40: "stays gathered from the lake", 60: "both rings traced", 70: "people looked up, on record"}

    def on_progress(cursor: int, _total: int) -> None:
        if cursor in marks:
            note(marks.pop(cursor))

    job = jobs.run(search.job.pk, on_progress)
    assert job.state == "done", job.error
    search.refresh_from_db()
    note(
        "classified by clauses, ranked, written",
        f"{search.counts['returned']:,} people, {len(search.notices):,} notices",
    )
    done = actions.confirm_all(SYSTEM, search.code)
    duties = Duty.objects.count() - before
    note("confirmed, all duties opened with owners", f"{len(done.contacts):,} contacts, {duties:,} duties")
    total = time.perf_counter() - begun
    sums = queries.sums(SYSTEM, queries.search(SYSTEM, search.code))
    assert sum(sums.mine.values()) == search.counts["returned"], "nobody is missed"
    assert done.refused == (), done.refused[:3]
    assert not Step.objects.filter(organisation__isnull=True).exists(), "nothing without an owner"
    open_ones = Candidate.objects.filter(search=search, state=Candidate.PROPOSED).count()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    rings = ", ".join(f"ring {ring}: {count:,}" for ring, count in sorted(sums.rings.items()))
    whole = f"{len(codes):,} cases, {stays:,} stays, {rings}; {open_ones:,} with a question open; {memory:.1f} GB"
    return [*figures, Figure("from 00:00 to the last duty", total, TARGET, note=whole)]


def _register(town: Town) -> None:
    """Divisions with their offices, households, people and their keys: by COPY, as a register that has grown for years."""
    from fangxian.core import bulk, clock, ids
    from fangxian.core.access import SYSTEM
    from fangxian.registry import actions as registry
    from fangxian.registry.models import Household, LakeKey, Person, Place
    from fangxian.registry.schemas import Division

    levels = {area(n)[:size] for n in range(GRIDS) for size in (6, 9, 12, 15)}
    divisions = sorted(("99", "9901", *levels), key=lambda code: (len(code), code))
    registry.import_divisions(SYSTEM, [Division(code=code, name=code) for code in divisions])
    for code in sorted({area(n)[:6] for n in range(COUNTIES)}):
        office = registry.create_organisation(SYSTEM, "cdc", f"{code}疾控", code).pk
        for role in ("investigator", "transfer_team", "sampler"):
            registry.appoint(SYSTEM, role, code, office, name=role)
        for grid in sorted({area(n) for n in range(GRIDS) if area(n).startswith(code)}):
            registry.appoint(SYSTEM, "grid_worker", grid, office, name=grid)
    people, homes, now = town.people, town.people // 3, clock.now()
    house = np.minimum(np.arange(people) // 3, homes - 1).tolist()
    codes = ids.new_codes(people + homes + town.public)
    bulk.insert(Household, ("id", "code", "area", "address"), ((n + 1, codes[n], area(n), "") for n in range(homes)))
    columns = (
        "id code name name_latin pinyin sex nationality area address occupation household_id created_at version".split()
    )
    rows = (
        (n + 1, codes[homes + n], f"居民{n}", "", "", "", "", area(house[n]), "", "", house[n] + 1, now, 1)
        for n in range(people)
    )
    bulk.insert(Person, columns, rows)
    town.keys = np.random.default_rng(7).choice(2**32 - 1, people, replace=False).astype(np.uint32) + np.uint32(1)
    bulk.insert(LakeKey, ("person_id", "key"), zip(range(1, people + 1), town.keys.tolist(), strict=True))
    town.codes = [f"P{n}" for n in range(town.places)]
    town.codes[: town.public] = codes[homes + people :]
    places = ((town.codes[n], KINDS[n % len(KINDS)], f"场所{n}", "", area(n)[:6], "", "") for n in range(town.public))
    bulk.insert(Place, ("code", "kind", "name_zh", "name_en", "area", "address", "cell"), places)
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for table in ("registry_household", "registry_person"):
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")


def _ingest(town: Town) -> int:
    """A day a batch; how many stays."""
    from fangxian.tracing.lakes import lake as lake_here

    lake, base, total = lake_here(), int(FIRST.timestamp()), 0
    codes = pa.array(town.codes)
    for day, (person, place, arrival, departure) in enumerate(town.days()):
        table = pa.table(
            {
                "person": pa.array(town.keys[person]), "place": codes.take(pa.array(place)),
                "t_in": pa.array(arrival.astype(np.int64) + base), "t_out": pa.array(departure.astype(np.int64) + base),
            }
        )  # fmt: skip
        total += lake.ingest(table, source="gates", batch=str(day)).taken
        console.print(f"day {day + 1}: {total:,} stays", style="dim")
    return total


def _cases(town: Town, number: int) -> list[str]:
    """Cases of the last days, confirmed, isolated now."""
    from fangxian.cases import actions as cases
    from fangxian.cases.schemas import CaseForm, OutbreakForm
    from fangxian.core import clock, outbox
    from fangxian.core.access import SYSTEM, Actor
    from fangxian.core.actions import action
    from fangxian.registry import queries as registry

    outbreak = cases.open_outbreak(
        SYSTEM, OutbreakForm(name_zh="基准", name_en="Benchmark", pack="covid-19-cn-9", area="99")
    ).code
    rng = np.random.default_rng(3)
    chosen = [int(one) + 1 for one in rng.choice(town.people, number, replace=False)]
    codes = registry.codes_of(chosen)
    office = registry.organisations("990101")[0].pk

    @action
    def report(by: Actor) -> list[str]:
        return [
            cases.report(
                by, CaseForm(
                    person=codes[pk], outbreak=outbreak, organisation=office, classification="confirmed", facts=ILL,
                    onset_on=clock.today() - timedelta(days=int(rng.integers(1, 4))), diagnosed_at=clock.now() - timedelta(hours=1),
                    isolated_at=clock.now() - timedelta(minutes=20),
                ),
            ).code
            for pk in chosen
        ]  # fmt: skip

    found = report(SYSTEM)
    while outbox.deliver():
        pass
    return found


if __name__ == "__main__":
    show("From confirmed cases to owned duties", run(*map(int, sys.argv[1:3])))
