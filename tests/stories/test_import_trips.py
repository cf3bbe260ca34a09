"""Passenger lists imported: by their headings alone or by a recipe, fault by fault, once however often, and found by a search."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter
from django.utils.translation import override

from fangxian.analytics.copresence.tickets import read_ticket, ticket
from fangxian.core import jobs
from fangxian.core.access import SYSTEM
from fangxian.core.errors import NotAllowed
from fangxian.core.models import Job
from fangxian.registry import actions as registry
from fangxian.registry.schemas import PersonForm
from fangxian.standards.linelist import RecipeError, dump, guess, parse_recipe
from fangxian.standards.tables import open_table
from fangxian.tracing import boarding, importing
from fangxian.tracing.lakes import lake
from fangxian.tracing.models import Candidate
from tests.support.county import with_pack
from tests.support.night import Night, night
from tests.support.tracers import COVID, GRID

pytestmark = pytest.mark.django_db
DAY = "2024-03-04"
HEADINGS = ["车次", "车厢", "座位号", "上车时间", "下车时间", "旅客编号", "手机号", "备注"]


@pytest.fixture
def town() -> Iterator[Night]:
    with with_pack(), override("en"), night() as town:
        person = PersonForm(name="旅客一", documents=(("source_record", f"{town.outbreak}:T1"),), area=GRID)
        town.index = town.case(person=person)
        yield town


def listed(folder: Path, rows: list[list[str]], headings: list[str] = HEADINGS) -> Path:
    path = folder / "名单.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([headings, *rows])
    return path


def prepared(town: Night, path: Path) -> Job:
    text = dump(guess([open_table(path)], pack=COVID, kind="trips").recipe)
    return importing.prepare(SYSTEM, parse_recipe(text), text, path.parent, town.outbreak)


def left_out(job: Job) -> list[dict[str, str]]:
    path = importing.rejections_file(job.code)
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_whoever_sat_near_a_case_is_found_from_a_passenger_list(town: Night, tmp_path: Path) -> None:
    boarded, alighted = f"{DAY} 08:10", f"{DAY} 11:40"
    path = listed(
        tmp_path,
        [
            ["G1234", "3", "07F", boarded, alighted, "T1", "", ""],
            ["g1234", "03车", "06A", boarded, alighted, "T2", "", ""],
            ["G1234", "8", "07F", boarded, alighted, "", "13912345678", ""],
            ["G1234", "3", "靠窗", boarded, alighted, "T4", "", "no such seat"],
        ],
    )  # fmt: skip
    job = jobs.run(prepared(town, path).pk)
    assert (job.state, job.result["trips"], job.error) == ("done", 4, "")
    (odd,) = left_out(job)
    assert (odd["row"], odd["column"], odd["severity"]) == ("5", "seat", "warning"), "aboard all the same"
    found = {one.key: one for one in Candidate.objects.filter(search=town.search())}
    (key,) = registry.keys_of_labels(SYSTEM, "source_record", [f"{town.outbreak}:T2"])
    beside = found[key]
    assert beside.meetings[0]["facts"]["rows_apart"] == 1 and beside.meetings[0]["label"] == "G1234"
    assert beside.basis.split()[1].startswith("contact.")
    assert len(found) == 3, "who sat elsewhere on the train, and whose seat nobody can read, are there too"
    again = jobs.run(prepared(town, path).pk)
    assert again.result["trips"] == 4 and taken() == 4, "a list that is sent again changes nothing"


def taken() -> int:
    """Stays in the lake."""
    return sum(day.rows for day in lake().days())


def test_rows_that_cannot_be_journeys_are_listed_with_the_remedy(town: Night, tmp_path: Path) -> None:
    good = ["CA1646", "", "31A", f"{DAY} 08:10", f"{DAY} 11:40"]
    path = listed(
        tmp_path,
        [
            [*good, "T2", "", ""], [*good, "", "", "nobody"], ["CA1646", "", "31B", f"{DAY} 11:40", f"{DAY} 08:10", "T3", "", ""],
            ["", "", "31C", *good[3:], "T4", "", ""], ["川A12345", "", "5排", *good[3:], "T5", "", ""],
            ["CA1646", "", "31D", "2099-01-01 08:00", good[4], "T6", "", ""],
        ],
    )  # fmt: skip
    job = jobs.run(prepared(town, path).pk)
    assert (job.state, job.result["trips"]) == ("done", 1), job.error
    told = {int(one["row"]): one for one in left_out(job) if one["severity"] == "dropped_row"}
    assert sorted(told) == [3, 4, 5, 6, 7]
    assert told[4]["column"] == "下车时间" and told[5]["column"] == "车次"
    assert told[6]["column"] == "trip" and "sealed_coach" in told[6]["remedy"], "say what it was that moved"
    assert all(one["reason"] and one["remedy"] for one in told.values())


def test_a_piece_that_was_taken_when_the_process_died_is_taken_once(
    town: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [["CA1646", "", f"{n}A", f"{DAY} 08:10", f"{DAY} 11:40", f"T{n}", "", ""] for n in range(2, 9)]
    job = prepared(town, listed(tmp_path, rows))
    monkeypatch.setattr(importing, "CHUNK", 3)
    monkeypatch.setattr(boarding, "BATCH", 2)

    def dying(*_arguments: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(importing, "_piece", dying)
        assert jobs.run(job.pk).state == "failed"
    assert taken() == 3, "the lake had it already"
    done = jobs.run(job.pk)
    assert (done.state, done.result["trips"], taken()) == ("done", 7, 7)


def test_a_list_without_the_number_of_the_trip_is_refused_as_a_whole(town: Night, tmp_path: Path) -> None:
    path = listed(tmp_path, [["3", "T1"]], ["车厢", "旅客编号"])
    with pytest.raises(RecipeError, match="trip"):
        prepared(town, path)
    assert not Job.objects.exists()


def test_who_may_not_send_stays_may_not_import_journeys(town: Night, tmp_path: Path) -> None:
    path = listed(tmp_path, [["CA1646", "", "31A", f"{DAY} 08:10", f"{DAY} 11:40", "T1", "", ""]])
    text = dump(guess([open_table(path)], pack=COVID, kind="trips").recipe)
    with pytest.raises(NotAllowed):
        importing.prepare(town.actor("county"), parse_recipe(text), text, path.parent, town.outbreak)


def test_a_workbook_is_known_for_a_passenger_list_by_its_headings(tmp_path: Path) -> None:
    path = tmp_path / "旅客.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        rows = [
            HEADINGS,
            *(["G7", "1", f"{n}A", "2026-03-01 08:00", "2026-03-01 09:00", f"T{n}", "", ""] for n in range(1, 5)),
        ]
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    draft = guess([open_table(path)])
    assert draft.recipe.tables[0].rows == "trips"
    assert {"trip", "carriage", "seat", "start", "end", "person_id", "phone", "note"} == set(
        draft.recipe.tables[0].fields
    )


@pytest.mark.parametrize(
    ("told", "label"),
    [
        (("G1234", "", "3", "07F"), "G1234/3车07F"), (("g 7", "", "", ""), "sealed_train G7"), (("CA1646", "", "", "31A"), "CA1646/31A"),
        (("川A12345", "大巴", "", "5排"), "coach 川A12345/5排"), (("长江3号", "ferry", "", ""), "ship 长江3号"), (("8", "", "", "2A"), ""),
    ],
)  # fmt: skip
def test_tickets_are_written_as_they_are_read(told: tuple[str, str, str, str], label: str) -> None:
    assert ticket(*told) == label
    if label:
        read = read_ticket(label)
        assert read is not None and read.trip == told[0].upper().replace(" ", "")
