"""The law of undoing: an import taken back leaves every table as it was, but for what somebody has worked on meanwhile."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as house
from django.db import connection
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from fangxian.cases import actions as case_actions
from fangxian.cases import queries as cases
from fangxian.containment.zones.models import Zone
from fangxian.core import clock, jobs, journal, outbox
from fangxian.core.access import SYSTEM
from fangxian.duties import coverage, rebuild
from fangxian.duties import queries as duties
from fangxian.tracing import actions, queries, undoing
from fangxian.tracing.models import Import
from fangxian.tracing.undoing import brought
from tests.support import web
from tests.support.world import World

pytestmark = pytest.mark.django_db
#: Tables that an import fills; the journal, jobs and imports remember it, and so does a proposed zone that it had added to.
FILLED = ("cases_", "tracing_", "registry_", "zones_", "duties_duty", "duties_step")
BESIDES = ("tracing_import", "zones_desk", "zones_change", "zones_zone")
LATER = web.NOW + timedelta(minutes=20)


def contents() -> dict[str, set[tuple[Any, ...]]]:
    """Every row of the tables that an import fills."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith(FILLED) and table not in BESIDES:
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                found[table] = {tuple(map(_plain, row)) for row in cursor.fetchall()}
    return found


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else str(value) if isinstance(value, (dict, list)) else value


@pytest.fixture(scope="module")
def city(city: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house, "DATA_DIR", tmp_path_factory.mktemp("home"))
        yield city


DAYS = st.integers(1, 6).map(lambda day: f"2026-02-{20 + day}")
LISTS = st.builds(
    lambda cases, links, again: (cases, links, again),
    st.lists(st.tuples(DAYS, st.sampled_from(["confirmed", "suspected", "no such class"])), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 8), st.sampled_from(["家庭", "同桌"])), max_size=6),
    st.booleans(),
)


def dropped(city: World, drawn: Any) -> str:
    """The files of a list, dropped and taken in; the code of the import."""
    ill, links, contacts_only = drawn
    by = city.actor("investigator")
    head = "病例编号,姓名,性别,年龄,发病日期,报告日期,病例分类"
    lines = [f"K{n},人{n},男,{30 + n},{day},2026-02-28,{word}" for n, (day, word) in enumerate(ill)]
    files = [("cases.csv", "\n".join((head, *lines)))]
    if links or contacts_only:
        rows = [f"K{a},P{b},友{b},{how},2026-02-2{5 + a % 3},2026-02-2{6 + a % 3}" for a, b, how in links]
        start = "病例编号,密接编号,姓名,接触方式,首次接触时间,末次接触时间"
        files.append(("contacts.csv", "\n".join((start, *rows))))
    row = actions.begin_import(by, city.outbreak, [(name, [text.encode("gb18030")]) for name, text in files])
    actions.start_import(by, row.code)
    job = queries.import_of(by, row.code).job
    assert job is not None
    done = jobs.run(job.pk)
    assert done.state == jobs.Job.DONE, done.error
    told()
    return row.code


def undone(city: World, code: str) -> Import:
    """The import after it was taken back: in pieces of two, stopped after the first, and gone on with."""
    by = city.actor("investigator")
    row = actions.undo_import(by, code, "the wrong file")
    assert row.undo_job is not None

    pieces: list[int] = []

    def stop(done: int, _total: int) -> None:
        pieces.append(done)
        if len(pieces) == 2 and row.undo_job is not None:
            jobs.stop(by, row.undo_job.code)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(undoing, "PIECE_OF", 2)
        first = jobs.run(row.undo_job.pk, stop)
        last = first
        if len(pieces) > 1:
            assert first.state == jobs.Job.STOPPED and first.cursor == pieces[0], (
                "the piece it was at is undone, the one before stays"
            )
            assert queries.import_of(by, code).undone_at is None
            last = jobs.run(row.undo_job.pk)
    assert (last.state, last.cursor) == (jobs.Job.DONE, last.total), last.error
    told()
    return queries.import_of(by, code)


def told() -> None:
    while outbox.deliver():
        pass


@settings(max_examples=14, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawn=LISTS)
def test_undone_it_is_as_if_it_had_never_been(city: World, drawn: Any) -> None:
    with web.a_test():
        told()
        before, cells, zones = contents(), coverage.cells(), set(Zone.objects.values_list("code", flat=True))
        with clock.at(LATER):
            code = dropped(city, drawn)
            taken = queries.import_of(city.actor("investigator"), code).job
            assert taken is not None and (contents() != before) == bool(taken.result["cases"] or taken.result["links"])
            assert taken.result["cases"] >= sum(word == "confirmed" for _day, word in drawn[0])
            event(f"{taken.result['cases']} cases, {taken.result['links']} contacts")
            assert undone(city, code).kept == []
            assert contents() == before and set(Zone.objects.values_list("code", flat=True)) == zones
            assert coverage.cells() == cells == coverage.recount()
            assert (duties.gaps(), list(rebuild.differences())) == ([], [])
            assert not [one for one in journal.verify() if isinstance(one, journal.Fault)]


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawn=LISTS, which=st.integers(0, 9))
def test_what_somebody_has_worked_on_is_kept_and_listed(city: World, drawn: Any, which: int) -> None:
    with web.a_test():
        told()
        with clock.at(LATER):
            code = dropped(city, drawn)
            job = queries.import_of(city.actor("investigator"), code).job
            assert job is not None
            ours = sorted(brought(job.pk).cases)
            if not ours:
                return
            mine = cases.facts_of([ours[which % len(ours)]])[ours[which % len(ours)]]
        with clock.at(LATER + timedelta(minutes=5)):
            version = cases.case(SYSTEM, mine.code).version
            case_actions.amend(city.actor("reviewer"), mine.code, {"severity": "severe"}, version)
            row = undone(city, code)
            assert [one for kind, one, _why in row.kept if kind == "case"] == [mine.code]
            assert row.undo_job is not None and row.undo_job.result.get("cases", 0) == len(ours) - 1
            assert cases.case(SYSTEM, mine.code).row.severity == "severe"
            assert coverage.cells() == coverage.recount()
            assert (duties.gaps(), list(rebuild.differences())) == ([], [])
