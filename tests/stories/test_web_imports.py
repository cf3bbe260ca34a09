"""A list from the drop to the undo, as somebody at a desk does it: guessed, put right, watched, stopped, gone on with, taken back."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fangxian.cases import actions as case_actions
from fangxian.cases import queries as cases
from fangxian.cases.schemas import Filter
from fangxian.core import clock, jobs, journal, outbox
from fangxian.core.access import SYSTEM
from fangxian.registry.models import LakeKey, Person
from fangxian.standards.linelist import parse_recipe
from fangxian.tracing import actions, lakes, queries
from fangxian.tracing.imports import folder
from fangxian.tracing.lakes import lake
from tests.support import web
from tests.support.web import HTMX, signed_in
from tests.support.world import NAMES, World

pytestmark = pytest.mark.django_db
LIST = """病例编号,姓名,性别,年龄,发病日期,报告日期,病例分类,转归
N1,梁一,男,34,2026-02-20,2026-02-22,确诊病例,在治
N2,𠮷田,女,51,2026-02-31,2026-02-23,确诊病例,好转
N3,阿依·买买提,女,27,2026-02-22,2026-02-24,确诊病例,在治
N3,重名,女,28,2026-02-22,2026-02-24,确诊病例,在治
"""
CONTACTS = """病例编号,密接编号,姓名,接触方式,首次接触时间,末次接触时间
N1,P1,友一,家庭,2026-02-21,2026-02-22
N9,P2,友二,家庭,2026-02-21,2026-02-22
"""


@pytest.fixture(autouse=True)
def half_an_hour_later(at_the_hour: None, settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.DATA_DIR = tmp_path
    with clock.at(web.NOW + timedelta(minutes=30)):
        yield


def drop(client: Client, city: World, *files: tuple[str, bytes], **more: Any) -> Any:
    sent = [SimpleUploadedFile(name, content) for name, content in files]
    return client.post("/imports/", {"outbreak": city.outbreak, "files": sent, **more})


def dropped(client: Client, city: World, *files: tuple[str, bytes]) -> str:
    answer = drop(client, city, *files)
    assert answer.status_code == 302, answer.content.decode()[-1500:]
    return str(answer["Location"].split("/")[2])


def as_shown(client: Client, code: str, **changed: str) -> dict[str, str]:
    """The form of the columns as it stands, with changes."""
    given: dict[str, str] = {}
    for one in client.get(f"/imports/{code}/columns/").context["tables"]:
        given |= {f"{one.key}rows": one.table.rows, f"{one.key}are": one.table.contacts_are}
        given |= {name: column.field for name, column, _why, _sure in one.columns}
    return given | changed


def worked(city: World, code: str) -> Any:
    """The worker's turn."""
    job = queries.import_of(city.actor("investigator"), code).job
    assert job is not None
    done = jobs.run(job.pk)
    while outbox.deliver():
        pass
    return done


def undone(city: World, code: str) -> None:
    """The worker takes an import back."""
    job = queries.import_of(city.actor("investigator"), code).undo_job
    assert job is not None
    done = jobs.run(job.pk)
    assert done.state == done.DONE, done.error


def told(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


TRIPS = """车次,车厢,座位号,上车时间,下车时间,旅客编号
G1234,3,07F,2026-02-20 08:10,2026-02-20 11:40,T1
G1234,3,06A,2026-02-20 08:10,2026-02-20 07:40,T2
川A12345,,5排,2026-02-20 08:10,2026-02-20 11:40,T3
"""


def test_a_passenger_list_is_dropped_looked_at_and_taken_into_the_lake(city: World) -> None:
    client = signed_in(city, "investigator", "en")
    code = dropped(client, city, ("名单.csv", TRIPS.encode()))
    (table,) = client.get(f"/imports/{code}/columns/").context["tables"]
    assert table.table.rows == "trips" and not table.lacking
    client.post(f"/imports/{code}/columns/", as_shown(client, code))
    look = client.get(f"/imports/{code}/look/")
    assert look.context["found"].rows["trips"] == 2 and "journeys of passengers" in look.content.decode()
    assert [(one["row"], one["column"]) for one in look.context["faults"]] == [(3, "下车时间")]
    client.post(f"/imports/{code}/start/")
    done = worked(city, code)
    assert (done.state, done.result["trips"], done.result["rejected"]) == ("done", 1, 2), done.error
    assert sum(day.rows for day in lake().days()) == 1
    rows = told(client.get(f"/imports/{code}/left-out.csv"))
    remedies = {row["row"]: row["remedy"] for row in rows}
    assert set(remedies) == {"3", "4"} and "coach" in remedies["4"]


def test_a_passenger_list_is_taken_back_out_of_the_lake(city: World) -> None:
    """What others sent of the same people stays, and so do they; whoever was entered for this list alone is gone."""
    client, lists = signed_in(city, "investigator", "en"), TRIPS + "G1234,3,08A,2026-02-20 08:10,2026-02-20 11:40,T4\n"
    outbreak = city.outbreak
    gate = pa.table({"person": ["T4"], "place": ["gate"], "t_in": [1771545600], "t_out": [1771549200]})
    actions.send_stays(SYSTEM, gate, outbreak, people="source_record")
    before, known = Person.objects.count(), LakeKey.objects.count()
    code = dropped(client, city, ("名单.csv", lists.encode()))
    client.post(f"/imports/{code}/columns/", as_shown(client, code))
    client.post(f"/imports/{code}/start/")
    assert worked(city, code).result["trips"] == 2
    assert (Person.objects.count(), LakeKey.objects.count()) == (before + 1, known + 1), "T1 alone"
    watching = client.post(f"/imports/{code}/undo/", {"reason": "the wrong train"})["Location"]
    undone(city, code)
    assert lake().places().values.to_pylist() == ["gate"] and [day.rows for day in lake().days()] == [1]
    assert (Person.objects.count(), LakeKey.objects.count()) == (before, known)
    assert ("journeys of passengers", 2) in [
        (str(name), count) for name, count in client.get(watching).context["counts"]
    ]
    (gone,) = journal.of("lake", 0, actions=("stays.deleted",))
    assert gone.content["group"].startswith("import:") and gone.content["under"] == "the wrong train"
    assert [found for found in lake().verify(lakes.signed) if not isinstance(found, int)] == []
    again = dropped(client, city, ("名单.csv", lists.encode()))
    client.post(f"/imports/{again}/columns/", as_shown(client, again))
    client.post(f"/imports/{again}/start/")
    assert worked(city, again).result["trips"] == 2 and sum(day.rows for day in lake().days()) == 3, "it may come again"


def test_a_list_is_guessed_put_right_taken_in_and_taken_back(city: World) -> None:
    client = signed_in(city, "investigator", "en")
    before = cases.total(SYSTEM)
    code = dropped(client, city, ("病例.csv", LIST.encode("gb18030")), ("contacts.csv", CONTACTS.encode()))
    page = client.get(f"/imports/{code}/columns/")
    first = page.context["tables"][0]
    guessed = {column.name: (column.field, sure) for _name, column, _why, sure in first.columns}
    assert guessed["病例编号"] == ("id", "sure") and guessed["转归"][0] == "outcome"
    assert [(label, word) for _name, label, word, _terms in first.words] == [("outcome", "好转")]
    word = first.words[0][0]
    kept = client.post(f"/imports/{code}/columns/", as_shown(client, code, **{word: "in_care"}))
    assert kept["Location"].endswith("/look/")
    look = client.get(f"/imports/{code}/look/")
    assert look.context["found"].rows == {"cases": 3, "links": 1, "stops": 0, "trips": 0}
    faults = {(one["file"], one["row"], one["column"]): one for one in look.context["faults"]}
    assert set(faults) == {("病例.csv", 3, "发病日期"), ("病例.csv", 5, "病例编号"), ("contacts.csv", 3, "病例编号")}
    assert cases.total(SYSTEM) == before, "nothing is taken in by looking"
    rows = told(client.get(f"/imports/{code}/faults.csv"))
    assert len(rows) == 3 and all(row["reason"] and row["remedy"] for row in rows)
    typed: dict[str, Any] = {}
    for (file, row, column), value in {
        ("病例.csv", 3, "发病日期"): "2026-02-21",
        ("病例.csv", 5, "病例编号"): "N4",
    }.items():
        place = faults[file, row, column]["place"]
        was = faults[file, row, column]["value"]
        typed |= {
            f"file{place}": file,
            f"row{place}": str(row),
            f"column{place}": column,
            f"was{place}": was,
            f"value{place}": value,
        }
    assert client.post(f"/imports/{code}/look/", typed).status_code == 302
    look = client.get(f"/imports/{code}/look/")
    assert look.context["found"].rows["cases"] == 4 and look.context["corrected"] == 2
    assert (folder(code) / "病例.csv").read_bytes() == LIST.encode("gb18030"), "the file itself is as it was"
    assert client.post(f"/imports/{code}/start/").status_code == 302
    waiting = client.get(f"/imports/{code}/?part=progress", **HTMX)
    assert waiting.context["busy"] and 'hx-trigger="every 1s"' in waiting.content.decode()
    done = worked(city, code)
    assert (done.state, done.result["cases"], done.result["links"]) == ("done", 4, 1), done.error
    assert cases.total(SYSTEM) == before + 4
    onset = {row.source_ref: row.onset_on for row in cases.line_list(SYSTEM, Filter(text="N2")).rows}
    assert str(onset["N2"]) == "2026-02-21"
    after = client.get(f"/imports/{code}/?part=progress", **HTMX)
    assert after["HX-Refresh"] == "true"
    assert [row["row"] for row in told(client.get(f"/imports/{code}/left-out.csv"))] == ["3"]
    assert client.post(f"/imports/{code}/undo/", {"reason": ""}).status_code == 422
    watching = client.post(f"/imports/{code}/undo/", {"reason": "a list of last year"})["Location"]
    shown = client.get(watching).content.decode()
    assert watching.startswith("/jobs/") and 'hx-trigger="every 1s"' in shown and "a list of last year" in shown
    assert "is being taken back" in client.get(f"/imports/{code}/").content.decode()
    for what in ("undo", "forget"):
        assert client.post(f"/imports/{code}/{what}/", {"reason": "again"}).status_code == 409, "while it is at it"
    undone(city, code)
    page = client.get(watching)
    assert [number for _name, number in page.context["counts"]][:2] == [4, 1] and cases.total(SYSTEM) == before
    assert f'href="/imports/{code}/"' in page.content.decode()
    assert client.post(f"/imports/{code}/undo/", {"reason": "again"}).status_code == 409


def test_what_somebody_worked_on_is_kept_by_the_undo_and_named(city: World) -> None:
    client = signed_in(city, "investigator", "en")
    code = dropped(client, city, ("cases.csv", LIST.encode()))
    client.post(f"/imports/{code}/start/")
    worked(city, code)
    mine = next(row for row in cases.line_list(SYSTEM, Filter(text="N1")).rows)
    with clock.at(web.NOW + timedelta(minutes=40)):
        case_actions.amend(city.actor("reviewer"), mine.code, {"severity": "severe"}, mine.version)
        client.post(f"/imports/{code}/undo/", {"reason": "wrong outbreak"})
        undone(city, code)
        page = client.get(f"/imports/{code}/")
    assert [entry[1] for entry in page.context["kept"]] == [mine.code] and mine.code in page.content.decode()
    assert client.get(f"/cases/{mine.code}/").status_code == 200


def test_it_is_stopped_and_gone_on_with_and_nothing_is_done_twice(city: World) -> None:
    client = signed_in(city, "investigator", "en")
    head = "病例编号,姓名,发病日期,报告日期,病例分类"
    lines = [f"L{n},人{n},2026-02-{1 + n % 27:02},2026-02-28,确诊病例" for n in range(600)]
    code = dropped(client, city, ("long.csv", "\n".join((head, *lines)).encode()))
    client.post(f"/imports/{code}/start/")
    before = cases.total(SYSTEM)
    job = queries.import_of(city.actor("investigator"), code).job
    assert job is not None

    def soon(done: int, _total: int) -> None:
        if done >= 500:
            client.post(f"/imports/{code}/stop/")

    jobs.run(job.pk, soon)
    page = client.get(f"/imports/{code}/")
    some = cases.total(SYSTEM) - before
    assert 0 < some < 600 and page.context["may_resume"] and 0 < page.context["done"] < page.context["total"] == 600
    assert client.post(f"/imports/{code}/resume/").status_code == 302
    assert worked(city, code).state == "done" and cases.total(SYSTEM) - before == 600
    assert client.post(f"/imports/{code}/resume/").status_code == 409


@pytest.mark.parametrize("name", ["zip", "picture", "empty", "locked", "page", "twice"])
def test_a_wrong_file_is_refused_in_clear_words_and_nothing_of_it_is_kept(
    city: World, name: str, tmp_path: Path
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("list.csv", LIST)
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    files: dict[str, tuple[list[tuple[str, bytes]], str]] = {
        "zip": ([("lists.zip", archive.getvalue())], "ZIP"),
        "picture": ([("photo.csv", b"\x89PNG\r\n\x1a\n" + bytes(64))], "not a table"),
        "empty": ([("nothing.csv", b"")], "empty"),
        "locked": ([("list.xlsx", locked)], "password"),
        "page": ([("list.xls", b"<html><table><tr><td>1</td></tr></table></html>")], "web page"),
        "twice": ([("a.csv", LIST.encode()), ("a.csv", LIST.encode())], "called a.csv"),
    }
    given, word = files[name]
    answer = drop(signed_in(city, "investigator", "en"), city, *given)
    assert answer.status_code == 422 and word in answer.content.decode(), answer.content.decode()[-2500:]
    assert not queries.imports(city.actor("investigator")) and not list((tmp_path / "imports").glob("*"))


def test_a_file_that_is_too_large_is_refused_with_what_to_do(city: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fangxian.tracing.actions.importing.MOST_BYTES", 1 << 20)
    answer = drop(signed_in(city, "investigator", "en"), city, ("big.csv", b"id\n" + b"x\n" * (1 << 20)))
    assert answer.status_code == 422 and "larger than 1 MB" in answer.content.decode()
    assert "fangxian import" in answer.content.decode()


def test_the_recipe_goes_to_the_command_line_and_comes_back(city: World) -> None:
    client = signed_in(city, "investigator", "en")
    code = dropped(client, city, ("cases.csv", LIST.encode()))
    text = client.get(f"/imports/{code}/recipe.yaml").content.decode()
    assert parse_recipe(text, "x.yaml").tables[0].file.path == "cases.csv"
    sent = SimpleUploadedFile("mine.yaml", text.replace("title: cases.csv", "title: 岚江").encode())
    assert client.post(f"/imports/{code}/recipe/", {"file": sent}).status_code == 302
    assert "岚江" in client.get(f"/imports/{code}/recipe.yaml").content.decode()
    wrong = client.post(f"/imports/{code}/recipe/", {"text": text.replace("onset:", "onsett:")})
    assert wrong.status_code == 422 and "onsett" in wrong.content.decode()
    assert client.post(f"/imports/{code}/recipe/", {"text": "[1, 2"}).status_code == 422
    assert (
        client.post(f"/imports/{code}/recipe/", {"file": SimpleUploadedFile("x", b"\xff\xfe\x00")}).status_code == 422
    )


def test_a_list_that_lacks_what_it_needs_says_so_before_anything_is_read(city: World) -> None:
    client = signed_in(city, "investigator", "en")
    code = dropped(client, city, ("odd.csv", b"colour,shape\nred,round\n"))
    page = client.get(f"/imports/{code}/columns/")
    assert page.context["tables"][0].lacking == ["identifier"]
    look = client.get(f"/imports/{code}/look/")
    assert look.status_code == 200 and look.context["mistakes"]
    assert client.post(f"/imports/{code}/start/").status_code == 422
    nobody = queries.import_of(city.actor("investigator"), code)
    assert nobody.job is None


def test_files_are_their_owners_alone_and_are_forgotten_in_time(city: World, settings: Any) -> None:
    client = signed_in(city, "investigator", "en")
    code = dropped(client, city, ("cases.csv", LIST.encode()))
    place = folder(code)
    assert place.stat().st_mode & 0o777 == 0o700 and (place / "cases.csv").stat().st_mode & 0o777 == 0o600
    for path in ("", "columns/", "look/", "recipe.yaml", "faults.csv", "left-out.csv"):
        assert signed_in(city, "reviewer").get(f"/imports/{code}/{path}").status_code == 404
    assert signed_in(city, "grid").get("/imports/").status_code == 403
    assert NAMES[0] not in client.get("/imports/").content.decode()
    assert actions.forget_old(SYSTEM) == 0
    with clock.at(web.NOW + timedelta(days=settings.IMPORTS_KEPT + 1)):
        assert actions.forget_old(SYSTEM) == 1 and not place.exists()
        assert client.get(f"/imports/{code}/columns/").status_code == 409
        assert client.get(f"/imports/{code}/").status_code == 200
        assert actions.forget_old(SYSTEM) == 0
    mine = dropped(client, city, ("cases.csv", LIST.encode()))
    assert client.post(f"/imports/{mine}/forget/").status_code == 302 and not folder(mine).exists()


def test_a_workbook_is_read_as_well_as_a_text(city: World, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("病例")
        for number, line in enumerate(LIST.strip().split("\n")):
            sheet.write_row(number, 0, line.split(","))
    client = signed_in(city, "investigator")
    code = dropped(client, city, ("book.xlsx", path.read_bytes()))
    look = client.get(f"/imports/{code}/look/")
    assert look.context["found"].rows["cases"] == 3
    assert "第 3 行" in look.content.decode()
