"""A list with every trap imported: good rows kept, the rest listed with file, row, column and remedy; again, and nothing twice."""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils.translation import override

from fangxian.cases import actions as cases
from fangxian.cases.models import Case
from fangxian.cases.schemas import Filter, OutbreakForm
from fangxian.core import jobs, outbox
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, NotFound
from fangxian.core.models import Job
from fangxian.duties import coverage, rebuild
from fangxian.duties import queries as duties
from fangxian.registry import actions as registry
from fangxian.registry.schemas import Division
from fangxian.standards.linelist import RecipeError, load_recipe
from fangxian.tracing import importing, queries
from fangxian.tracing.models import UnlistedInfector
from tests.support import lists

pytestmark = pytest.mark.django_db(transaction=True)


class Desk:
    """A town with an open outbreak, and whoever imports lists into it."""

    def __init__(self, folder: Path) -> None:
        registry.install(SYSTEM)
        registry.import_divisions(
            SYSTEM,
            [Division(code=code, name=code) for code in ("98", "9801", "980101")],
        )
        self.outbreak = cases.open_outbreak(SYSTEM, OutbreakForm(name_zh="岚江疫情", pack="mers-who", area="98")).code
        self.folder = folder

    def prepared(self, recipe: Path) -> Job:
        text = recipe.read_text(encoding="utf-8")
        return importing.prepare(SYSTEM, load_recipe(recipe), text, self.folder, self.outbreak)

    def imported(self, recipe: Path) -> Job:
        return jobs.run(self.prepared(recipe).pk)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with override("en"):
        yield Desk(tmp_path)


def left_out(job: Job) -> list[dict[str, str]]:
    path = importing.rejections_file(job.code)
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def counts() -> dict[str, int]:
    """How many rows every table of the stages has; jobs and the journal of imports aside."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith(("cases_", "tracing_", "registry_", "duties_duty", "duties_step")):
                cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
                found[table] = cursor.fetchone()[0]
    return found


def test_good_rows_are_kept_and_the_others_listed_with_their_remedy(desk: Desk) -> None:
    job = desk.imported(lists.write(desk.folder))
    assert job.state == Job.DONE, job.error
    taken = {case.source_ref: case for case in Case.objects.all()}
    assert set(taken) == {"C1", "C2", "C3", "C4", "C5", "C6", "C8"}
    assert taken["C2"].onset_on == date(2020, 1, 20), "a serial of a spreadsheet"
    assert taken["C3"].onset_on == date(2020, 1, 24)
    assert (taken["C5"].outcome, taken["C5"].outcome_on) == ("died", None), (
        "the death is kept, its impossible date is not"
    )
    names = {case.source_ref: case.person.name for case in Case.objects.select_related("person")}
    assert names["C2"] == "𠮷田" and names["C3"] == "محمد" and names["C4"] == "欧" * 40
    listed = left_out(job)
    assert {tuple(row) for row in listed} == {importing.REJECTION_COLUMNS}
    assert all(row["file"] and row["row"] and row["reason"] and row["remedy"] for row in listed)
    where = {(row["file"], int(row["row"])) for row in listed}
    assert {("cases.csv", row) for row in (6, 8, 9, 10)} <= where
    assert {("contacts.xlsx", row) for row in (4, 5, 6)} <= where
    assert job.result["cases"] == 7 and job.result["rejected"] == len(listed)
    chains = queries.chains(SYSTEM, desk.outbreak)
    assert chains.largest >= 4
    assert (duties.gaps(), coverage.cells() == coverage.recount(), list(rebuild.differences())) == ([], True, [])


def test_the_list_of_what_was_left_out_speaks_the_language_of_the_reader(desk: Desk) -> None:
    recipe = lists.write(desk.folder)
    with override("zh-hans"):
        rows = left_out(desk.imported(recipe))
    assert any("编号" in row["reason"] for row in rows)
    assert not any(row["value"].startswith("=") for row in rows), "nothing in it is a formula to a spreadsheet"


def test_the_same_list_again_changes_nothing(desk: Desk) -> None:
    recipe = lists.write(desk.folder)
    first = desk.imported(recipe)
    before = counts()
    again = desk.imported(recipe)
    assert counts() == before
    assert (first.result["cases"], again.result["cases"]) == (7, 0)
    assert any("already reported" in row["reason"] for row in left_out(again))


def test_exported_it_can_be_read_by_any_spreadsheet_without_harm(desk: Desk) -> None:
    desk.imported(lists.write(desk.folder))
    out = desk.folder / "out.csv"
    assert cases.export(SYSTEM, Filter(outbreak=desk.outbreak), out) == 7
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) > 7
    for row in rows:
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)


def test_files_that_change_under_way_are_refused(desk: Desk) -> None:
    job = desk.prepared(lists.write(desk.folder))
    with (desk.folder / "cases.csv").open("ab") as file:
        file.write("\r\nC20,钱,男,1,2020-01-01,2020-01-01,2020-01-01,,".encode("gb18030"))
    done = jobs.run(job.pk)
    assert done.state == Job.FAILED and "changed since this import began" in done.error
    assert not Case.objects.exists()
    (desk.folder / "cases.csv").unlink()
    gone = jobs.run(job.pk)
    assert gone.state == Job.FAILED and "cases.csv" in gone.error


def test_a_recipe_that_does_not_fit_queues_nothing(desk: Desk) -> None:
    recipe = lists.write(desk.folder)
    recipe.write_text(lists.RECIPE.replace("发病", "发并"), encoding="utf-8")
    with pytest.raises(RecipeError, match="发并"):
        desk.prepared(recipe)
    assert not Job.objects.exists()


def test_stopped_and_gone_on_with_it_ends_as_if_never_stopped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 40)
    job = desk.prepared(lists.write_long(desk.folder, 120))

    def stop_soon(done: int, _total: int) -> None:
        if done >= 80:
            with transaction.atomic():
                jobs.stop(SYSTEM, job.code)

    stopped = jobs.run(job.pk, stop_soon)
    assert stopped.state == Job.STOPPED and 0 < Case.objects.count() < 120
    done = jobs.run(job.pk)
    assert done.state == Job.DONE and Case.objects.count() == 120
    assert done.result["links"] == 60
    with pytest.raises(Conflict, match="done"):
        importing.of_code(SYSTEM, job.code)
    with pytest.raises(NotFound):
        importing.of_code(SYSTEM, "0000000000")


def test_of_two_workers_one_runs_the_job(desk: Desk) -> None:
    job = desk.prepared(lists.write_long(desk.folder, 20))
    met: list[Any] = []

    def meddle(_done: int, _total: int) -> None:
        with pytest.raises(Conflict) as refusal:
            jobs.run(job.pk)
        met.append(refusal.value)

    assert jobs.run(job.pk, meddle).state == Job.DONE
    assert met and Case.objects.count() == 20


def test_an_infector_who_is_not_on_the_list_is_a_person_and_later_the_case(desk: Desk) -> None:
    recipe = lists.write(desk.folder)
    text = lists.RECIPE.replace("tables:", "checks: {contact_without_case: warning}\ntables:")
    recipe.write_text(text, encoding="utf-8")
    job = desk.imported(recipe)
    assert job.state == Job.DONE, job.error
    (link,) = UnlistedInfector.objects.select_related("infected")
    assert link.infected.source_ref == "C8"
    graph = queries.chain_graph(SYSTEM, desk.outbreak)
    stranger = next(node for node in graph.nodes if not node.classification)
    assert (stranger.out_degree, stranger.area) == (1, "")
    assert [(one.infector, one.infectee, one.exposure_id) for one in graph.links if one.infector == stranger.code] == [
        (stranger.code, link.infected.code, 0)
    ]
    duty_count = len(duties.of_subject("case", link.infected_id))
    rows = (desk.folder / "cases.csv").read_bytes()
    (desk.folder / "cases.csv").write_bytes(
        rows + "\r\nC9,孙,女,60,2020-01-20,2020-01-25,2020-01-25,,".encode("gb18030")
    )
    desk.imported(recipe)
    while outbox.deliver():
        pass
    found = queries.chains(SYSTEM, desk.outbreak)
    nine, eight = (Case.objects.get(source_ref=ref).code for ref in ("C9", "C8"))
    assert found.out_degree[nine] == 1 and not found.unlisted, "the person is a case now, and so is the link"
    assert {nine, eight} <= set(next(chain.members for chain in found.clusters if nine in chain.members))
    assert len(duties.of_subject("case", link.infected_id)) == duty_count
    assert duties.gaps() == []
