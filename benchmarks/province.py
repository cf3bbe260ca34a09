"""A province on its worst day, for measuring pages: a million people, 100,000 cases, a million contacts, ten million steps.

Made up and deterministic. People, posts and plans come from the product's own functions; what follows from them is multiplied
in SQL (`province.sql`), because a minute of COPY is enough for what took a province sixty days. It is built once in a
folder and used again: `python -m benchmarks.province FOLDER [people]`.
"""

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import console
from benchmarks.people import population

PACK = "covid-19-cn-9"
CITIES, COUNTIES, TOWNSHIPS, VILLAGES, GRIDS = 10, 10, 8, 5, 4
#: One person in so many fell ill having been a contact; as many again were nobody's contact.
BECAME = 20
_CHUNK = 50_000
#: A server of eight gigabytes, as a city would rent it.
SERVER = {
    "shared_buffers": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "random_page_cost": "1.1",
}
_CATEGORIES = {
    "contact.notification": "contact",
    "contact.observation": "contact",
    "contact2.observation": "contact2",
    "exposed.testing": "exposed",
}
_CASE_DUTIES = ("case.review", "case.investigation", "case.transfer")
_LARGE = (
    "registry_person", "registry_document", "registry_phone", "registry_matchkey", "cases_case", "tracing_contact",
    "tracing_exposure", "duties_duty", "duties_step", "duties_coveragecell", "core_entry",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Province:
    """The world as it is found in the database: the instant at which it is looked at, how many people, who may sign in."""

    now: datetime
    people: int
    logins: dict[str, str]


@contextmanager
def province(folder: Path, people: int = 1_000_000) -> Iterator[tuple[Province, str]]:
    """The world in a folder, built if it is not there or of another size; with the address of its database."""
    from tests.support import postgres

    with postgres.server(durable=True, kept=folder / f"{people}", settings=SERVER) as url:
        import psycopg

        with psycopg.connect(url.removesuffix("fangxian") + "postgres", autocommit=True) as session:
            if not session.execute("SELECT 1 FROM pg_database WHERE datname = 'fangxian'").fetchone():
                session.execute("CREATE DATABASE fangxian")
        home = folder / f"{people}" / "home"
        home.mkdir(exist_ok=True)
        os.environ |= {
            "DATABASE_URL": url,
            "FANGXIAN_HOME": str(home),
            "DJANGO_SETTINGS_MODULE": "fangxian.site.settings",
        }
        import django

        django.setup()
        from fangxian.site.installing import install

        install()
        found = _found()
        if found is None:
            begun = time.perf_counter()
            found = _build(people)
            console.print(f"built in {time.perf_counter() - begun:,.0f} s", style="dim")
        yield found, url


def _found() -> Province | None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('world_told') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return None
        cursor.execute("SELECT now, people, logins FROM world_told")
        now, people, logins = cursor.fetchone()
    return Province(now, people, logins if isinstance(logins, dict) else json.loads(logins))


def _build(people: int) -> Province:
    from django.db import connection

    from fangxian.core import clock
    from fangxian.core.access import SYSTEM
    from fangxian.duties import packs
    from fangxian.registry import actions as registry

    became = people // BECAME
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with clock.at(now - timedelta(days=70)):
        registry.import_divisions(SYSTEM, list(_divisions()))
        posts, logins = _staff(now)
        ref = _reference(packs)
        _outbreaks(now)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off; SET work_mem = '256MB'; SET session_replication_role = replica")
        indexes = _without_indexes(cursor)
        _prepared(cursor, posts, ref, now, 2 * became + people)
        _people(people + became, now)
        cursor.execute("ANALYZE registry_person, world_code, world_post, world_step")
        cursor.execute("SELECT coalesce(max(seq), 0) FROM core_entry")
        told = {"people": people, "became": became, "pack": PACK, "ref": ref, "now": now, "seq": cursor.fetchone()[0]}
        for statement in _statements():
            _timed(statement.strip().splitlines()[0], lambda one=statement: cursor.execute(one, told))
        for name, index in indexes:
            _timed(name, lambda one=index: cursor.execute(one))
        _sequences(cursor)
        _head(cursor)
        cursor.execute("SET session_replication_role = origin")
        _timed("VACUUM ANALYZE", lambda: cursor.execute("VACUUM ANALYZE"))
        cursor.execute("DROP TABLE world_code, world_case_at, world_infector")
        cursor.execute(
            "CREATE TABLE world_told AS SELECT %s::timestamptz AS now, %s AS people, %s::jsonb AS logins",
            [now, people, json.dumps(logins)],
        )
    return Province(now, people, logins)


def _timed(what: str, act: Any) -> None:
    begun = time.perf_counter()
    act()
    console.print(f"{time.perf_counter() - begun:7.1f} s  {what[:90]}", style="dim", highlight=False)


def _statements() -> Iterator[str]:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    yield from (one for one in "\n".join(lines).split(";\n") if one.strip())


# ── what the product itself makes ──────────────────────────────────────────────────────────────────────────────────────


def _divisions() -> Iterator[Any]:
    from fangxian.registry.schemas import Division

    def level(above: str, names: Sequence[str], width: int, word: tuple[str, str]) -> Iterator[Any]:
        for number, name in enumerate(names, 1):
            yield Division(code=f"{above}{number:0{width}}", name=f"{name}{word[0]}", name_en=f"{word[1]} {number}")

    yield Division(code="99", name="澜川省", name_en="Lanchuan Province")
    numbers = "一二三四五六七八九十"
    for city in level("99", numbers[:CITIES], 2, ("市", "City")):
        yield city
        for county in level(city.code, numbers[:COUNTIES], 2, ("县", "County")):
            yield county
            for township in level(county.code, numbers[:TOWNSHIPS], 3, ("街道", "Subdistrict")):
                yield township
                for village in level(township.code, numbers[:VILLAGES], 3, ("社区", "Community")):
                    yield village
                    yield from level(village.code, numbers[:GRIDS], 3, ("网格", "Grid"))


def _staff(now: datetime) -> tuple[list[tuple[str, str, int, int | None]], dict[str, str]]:
    """Organisations, accounts, grants and appointments; the posts as (role, area, organisation, account), and one login a role."""
    from django.contrib.auth.hashers import make_password

    from fangxian.core import ids
    from fangxian.core.models import Account, Grant
    from fangxian.registry.models import Appointment, Jurisdiction, Organisation

    start, posts, granted = now - timedelta(days=69), [], []
    codes: dict[int, list[str]] = {}
    for code in Jurisdiction.objects.order_by("code").values_list("code", flat=True):
        codes.setdefault(len(code), []).append(code)
    wanted = [("cdc", code) for length in (2, 4, 6) for code in codes[length]]
    wanted += [(kind, code) for kind in ("hospital", "clinic", "isolation_site", "laboratory") for code in codes[6]]
    wanted += [("community", code) for code in codes[12]]
    names = {
        "cdc": "疾控中心",
        "hospital": "人民医院",
        "clinic": "发热门诊",
        "isolation_site": "隔离点",
        "laboratory": "检测所",
        "community": "居委会",
    }
    bodies = Organisation.objects.bulk_create(
        [
            Organisation(code=code, kind=kind, name_zh=f"{area}{names[kind]}", area=area)
            for code, (kind, area) in zip(ids.new_codes(len(wanted)), wanted, strict=True)
        ], 2000,
    )  # fmt: skip
    of = {(one.kind, one.area): one.pk for one in bodies}
    held: list[tuple[str, str, str, str | None]] = [("leader", "99", "cdc", None), ("auditor", "99", "cdc", None)]
    held += [("reviewer", code, "cdc", None) for length in (2, 4, 6) for code in codes[length]]
    held += [("leader", code, "cdc", None) for code in codes[4]]
    for role, kind in (
        ("investigator", "cdc"),
        ("duty_officer", "cdc"),
        ("transfer_team", "cdc"),
        ("sampler", "clinic"),
    ):
        held += [(role, code, kind, None) for code in codes[6]]
    held += [
        (role, code, kind, kind)
        for role, kind in (("site_nurse", "isolation_site"), ("clinic", "clinic"))
        for code in codes[6]
    ]
    held += [("grid_worker", code, "community", None) for code in codes[15]]
    password = make_password("province-worst-day")
    accounts = Account.objects.bulk_create(
        [
            Account(login=f"{role}-{area}", name=f"{area}{role}", password=password, created_at=start)
            for role, area, _kind, _bound in held
        ], 2000,
    )  # fmt: skip
    appointments = []
    for account, (role, area, kind, bound) in zip(accounts, held, strict=True):
        body = of[kind, area[:12]]
        if role not in ("transfer_team", "sampler"):
            granted.append(
                Grant(account=account, role=role, area=area, organisation_id=body if bound else None, begins_at=start)
            )
        if role not in ("leader", "auditor"):
            appointments.append(
                Appointment(
                    account=account, name=account.name, role=role, organisation_id=body, area=area, begins_at=start
                )
            )
            by_body = role in ("site_nurse", "clinic")
            posts.append((role, area, body, None if by_body else account.pk))
    Grant.objects.bulk_create(granted, 2000)
    Appointment.objects.bulk_create(appointments, 2000)
    posts += [("hospital", code, of["hospital", code], None) for code in codes[6]]
    busiest = {2: "99", 4: "9901", 6: "990101", 15: "990101001001001"}
    logins = {role: f"{role}-{busiest[length]}" for role, length in (
        ("leader", 2), ("auditor", 2), ("investigator", 6), ("reviewer", 6), ("duty_officer", 6), ("site_nurse", 6),
        ("clinic", 6), ("grid_worker", 15))}  # fmt: skip
    return posts, logins


def _reference(packs: Any) -> str:
    from django.db import transaction

    with transaction.atomic():
        return str(packs.reference(packs.pack(PACK)))


def _outbreaks(now: datetime) -> None:
    """The large one, three of a city each, and thirty that ended long ago."""
    from fangxian.cases.models import Outbreak
    from fangxian.core import ids

    def row(number: int, code: str) -> Outbreak:
        ended, area = (
            number > 4,
            "99" if number == 1 else f"99{number + 6:02}" if number <= 4 else f"9901{number % 10 + 1:02}",
        )
        opened = now - timedelta(days=61 if not ended else 100 + 20 * number)
        return Outbreak(pk=number, code=code, name_zh=f"疫情{number}", name_en=f"Outbreak {number}", pack=PACK, area=area, opened_at=opened,
                        closed_at=opened + timedelta(days=15) if ended else None)  # fmt: skip

    Outbreak.objects.bulk_create([row(number, code) for number, code in enumerate(ids.new_codes(34), 1)])


def _people(count: int, now: datetime) -> None:
    """People as they register, a quarter of them twice, in counties of very different size; with what duplicates are found by."""
    from fangxian.core import bulk, ids, secrets
    from fangxian.registry import checking, masking
    from fangxian.registry.models import Document, Household, MatchKey, Person, Phone

    rng = random.Random(7)
    counties = [f"99{city:02}{county:02}" for city in range(1, CITIES + 1) for county in range(1, COUNTIES + 1)]
    weights = [1 / (rank + 5) for rank in range(len(counties))]
    sealed, start = secrets.seal("13912345678"), now - timedelta(days=65)
    columns = (
        "id code name name_latin pinyin sex birth_date birth_year nationality area address occupation household_id created_at version"
    ).split()
    begun, homes = time.perf_counter(), 0
    codes, door_codes = iter(ids.new_codes(count)), iter(ids.new_codes(count))
    for first in range(0, count, _CHUNK):
        people, papers, phones, keys = [], [], [], []
        doors: dict[Any, tuple[int, str]] = {}
        records = population(min(_CHUNK, count - first), seed=first).records
        for pk, (record, code) in enumerate(zip(records, codes, strict=False), first + 1):
            area = rng.choices(counties, weights)[0]
            area += f"{rng.randint(1, TOWNSHIPS):03}{rng.randint(1, VILLAGES):03}{rng.randint(1, GRIDS):03}"
            born = record.born
            home = None
            if record.household is not None:
                home, area = doors.setdefault(record.household, (homes + len(doors) + 1, area))
            numbers = [
                f"{pk:08x}{secrets.blind_index('p', one)[:24]}"
                if rng.random() < 0.02
                else secrets.blind_index("phone", one)
                for one in record.phones
            ]
            people.append((
                pk, code, record.name, "", checking.reading(record.name), record.gender or "",
                None if isinstance(born, int) else born,
                record.born_year or None, "", area, f"{area} 号楼", "", home, start, 1,
            ))  # fmt: skip
            phones += [
                (pk, sealed, index, masking.phone(f"+86{one[-11:]}"))
                for one, index in zip(record.phones, numbers, strict=True)
            ]
            papers += [
                (
                    pk,
                    "other",
                    sealed,
                    secrets.blind_index("document:other", paper.number),
                    masking.document(paper.number),
                )
                for paper in record.papers
            ]
            keys += [(pk, key) for key in checking.match_keys(record)]
        Household.objects.bulk_create(
            [Household(pk=pk, code=next(door_codes), area=area) for pk, area in doors.values()], 5000
        )
        homes += len(doors)
        bulk.insert(Person, columns, people)
        bulk.insert(Document, ("person_id", "kind", "number_sealed", "number_index", "masked"), papers)
        bulk.insert(Phone, ("person_id", "number_sealed", "number_index", "masked"), phones)
        bulk.insert(MatchKey, ("person_id", "key"), keys)
    console.print(f"{time.perf_counter() - begun:7.1f} s  {count:,} people", style="dim", highlight=False)


# ── what the multiplication needs ──────────────────────────────────────────────────────────────────────────────────────


def _prepared(cursor: Any, posts: Sequence[Any], ref: str, now: datetime, codes: int) -> None:
    """The tables world_*, filled."""
    from fangxian.core import ids

    cursor.execute(
        "CREATE TABLE world_code (number bigint PRIMARY KEY, code text); "
        "CREATE TABLE world_case_at (county text, place bigint, case_id bigint, PRIMARY KEY (county, place));"
    )
    cursor.execute(
        "CREATE TABLE world_post (role text, area text, organisation_id bigint, account_id bigint, PRIMARY KEY (role, area))"
    )
    cursor.execute(
        "CREATE TABLE world_step (kind text, category text, key text, number int, role text, cut int, day_based boolean, "
        "after interval, alarm_every int)"
    )
    for table, rows in (
        ("world_code", enumerate(ids.new_codes(codes), 1)),
        ("world_post", posts),
        ("world_step", _plans(now)),
    ):
        with cursor.cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def _plans(now: datetime) -> Iterator[tuple[Any, ...]]:
    """The steps of every rule of the pack that a case or contact meets, by their distance from the moment it is opened."""
    from fangxian.core import clock
    from fangxian.duties import packs, planning
    from fangxian.registry.levels import LENGTHS

    zero = clock.local_midnight(now.date())
    begin = zero + timedelta(hours=10)
    anchors = dict.fromkeys(
        "first_exposure_at last_exposure_at identified_at sampled_at diagnosed_at reported_at onset_at isolated_at".split(),
        begin,
    )
    for rule in packs.pack(PACK).duties.values():
        if rule.kind not in _CATEGORIES and rule.kind not in _CASE_DUTIES:
            continue
        for step in planning.plan(rule, anchors, {}):
            due = step.due_at or begin + timedelta(hours=24)
            by_day = step.day is not None or step.key == planning.RELEASE
            pace = int(rule.escalate.delta.total_seconds())
            cut = 15 if step.role == "grid_worker" else LENGTHS[step.level or "county"]
            yield (
                rule.kind,
                _CATEGORIES.get(rule.kind, "case"),
                step.key,
                step.number,
                step.role,
                cut,
                by_day,
                due - (zero if by_day else begin),
                pace,
            )


def _without_indexes(cursor: Any) -> list[tuple[str, str]]:
    """Drop what slows filling down; the statements that bring it back."""
    cursor.execute(
        "SELECT i.indexname, i.indexdef, EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname) "
        "FROM pg_indexes i WHERE i.tablename = ANY(%s)", [list(_LARGE)]
    )  # fmt: skip
    found = cursor.fetchall()
    back = []
    for name, definition, constrained in found:
        if not constrained:
            cursor.execute(f'DROP INDEX "{name}"')
            back.append((name, definition))
    return back


def _sequences(cursor: Any) -> None:
    """Every sequence goes on after the largest key."""
    cursor.execute(
        "SELECT c.table_name FROM information_schema.columns c "
        "WHERE c.table_schema = 'public' AND c.is_identity = 'YES' AND c.column_name = 'id'"
    )
    for (table,) in cursor.fetchall():
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), greatest(1, (SELECT coalesce(max(id), 1) FROM {table})))"
        )


def _head(cursor: Any) -> None:
    """A head that fits the number of lines, so that more can be written after them."""
    cursor.execute("SELECT max(seq), max(at), max(hash) FROM core_entry")
    size, at, digest = cursor.fetchone()
    frontier = [f"{number:064x}" for number in range(bin(size).count("1"))]
    cursor.execute(
        "UPDATE core_head SET size = %s, at = %s, hash = %s, frontier = %s::jsonb",
        [size, at, digest, json.dumps(frontier)],
    )


if __name__ == "__main__":
    where = Path(sys.argv[1]) if sys.argv[1:] else Path(tempfile.gettempdir()) / "fangxian-province"
    with province(where, *map(int, sys.argv[2:3])) as (world, _url):
        console.print(world)
