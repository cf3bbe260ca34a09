"""The contacts as their reader arranges them: columns, order, saved views, and files of exactly what is seen."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.core import journal
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Invalid, NotAllowed, NotFound
from fangxian.registry.files import Sheet
from fangxian.standards.tables import open_table
from fangxian.tracing import actions, queries
from fangxian.tracing.schemas import ContactFilter, ContactRow
from tests.support.web import HTMX, signed_in
from tests.support.world import NAMES, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]


def codes(answer: Any) -> list[str]:
    return [row.code for row in answer.context["rows"]]


def taken(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


@pytest.mark.parametrize("order", ["-identified", "identified"])
def test_page_after_page_in_either_order_gives_every_contact_once(city: World, order: Any) -> None:
    whole = [row.code for row in queries.four_clear(SYSTEM, city.outbreak, order=order).rows]
    found: list[str] = []
    after = None
    while True:
        page = queries.four_clear(SYSTEM, city.outbreak, order=order, after=after, limit=2, counted=False)
        found += [row.code for row in page.rows]
        after = page.after
        if after is None:
            break
    assert found == whole and sorted(found) == sorted(city.contacts)


def test_columns_are_chosen_and_an_order_goes_on_page_by_page(city: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(city, "investigator", "en")
    client.post("/lists/contacts/columns/", {"column": ["name", "identified_at", "case"], "query": "state=watched"})
    page = client.get("/contacts/?order=identified")
    assert [column.key for column in page.context["table"].columns] == ["code", "name", "identified_at", "case"]
    assert 'data-column="identified_at" aria-sort="ascending"' in page.content.decode()
    assert 'data-column="holder"' not in page.content.decode()
    monkeypatch.setattr("fangxian.web.contacts.listing.PAGE", 3)
    first = client.get("/contacts/?order=identified")
    more = client.get("/contacts/", {"order": "identified", "cursor": first.context["cursor"], "part": "more"}, **HTMX)
    assert codes(first) + codes(more) == codes(page)[:6] and "<thead" not in more.content.decode()
    assert client.get("/contacts/?cursor=nonsense").status_code == 422


def test_a_view_of_the_contacts_is_kept_and_opens_the_list(city: World) -> None:
    client = signed_in(city, "investigator", "en")
    kept = client.post(
        "/lists/contacts/views/", {"name": "At the site", "first": "on", "query": "held=site&order=identified&columns=code,held"}
    )  # fmt: skip
    table = client.get("/contacts/").context["table"]
    assert kept["Location"].startswith("/contacts/?view=") and table.view.name == "At the site"
    assert {row.held for row in client.get("/contacts/").context["rows"]} == {"site"}
    assert table.order == "identified" and table.keys == "code,held"
    assert len(codes(client.get("/contacts/?view=all"))) == len(city.contacts)


def test_a_file_has_exactly_what_is_seen_and_is_on_record(city: World) -> None:
    client = signed_in(city, "investigator", "en")
    seen = client.get("/contacts/?late=on&columns=code,name,area_name,held,state,last_exposure_at")
    asked = {"query": seen.context["table"].query, "kind": "csv"}
    assert client.post("/contacts/export/", asked).status_code == 422, "names are taken for a purpose"
    lines = taken(client.post("/contacts/export/", {**asked, "purpose": "follow_up"}))
    assert lines[0] == [str(column.name) for column in seen.context["table"].columns]
    assert [line[0] for line in lines[1:]] == codes(seen) and len(lines) > 1
    assert [line[1] for line in lines[1:]] == [row.name for row in seen.context["rows"]], "masked as on the page"
    assert not any(name in line for name in NAMES for line in lines)
    assert all(line[5].endswith("+08:00") for line in lines[1:]), "instants are local"
    entry = next(one for one in reversed(list(journal.read())) if one.action == "contacts.exported")
    assert (
        entry.purpose == "follow_up" and entry.content["rows"] == len(lines) - 1 and "late" in entry.content["filter"]
    )


def test_a_file_for_a_spreadsheet_and_one_without_persons(city: World, tmp_path: Path) -> None:
    client = signed_in(city, "investigator")
    answer = client.post("/contacts/export/", {"query": "columns=code,category,state", "kind": "xlsx"})
    path = tmp_path / "contacts.xlsx"
    path.write_bytes(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    assert answer.status_code == 200 and ".xlsx" in answer["Content-Disposition"]
    assert len(list(open_table(path).rows)) == len(city.contacts)


def test_who_may_not_see_or_take_them_gets_nothing(city: World, tmp_path: Path) -> None:
    sheet: Sheet[ContactRow] = Sheet({"code": "Code"}, lambda row: [row.code])
    path = tmp_path / "contacts.csv"
    assert signed_in(city, "grid").post("/contacts/export/", {"query": "columns=code"}).status_code == 403
    assert signed_in(city, "clinic").post("/contacts/export/", {"query": "columns=code"}).status_code == 403
    with pytest.raises(NotAllowed):
        actions.export_contacts(city.actor("grid"), city.outbreak, ContactFilter(), path, sheet)
    with pytest.raises(NotFound):
        actions.export_contacts(city.actor("investigator"), "7K2M9QXTB4", ContactFilter(), path, sheet)
    with pytest.raises(Invalid):
        actions.export_contacts(city.actor("investigator"), city.outbreak, ContactFilter(), tmp_path / "a.pdf", sheet)
    assert not list(tmp_path.iterdir())
    stranger = signed_in(city, "stranger").post("/contacts/export/", {"query": "columns=code"})
    assert stranger.status_code == 404 or len(taken(stranger)) == 1


def test_a_page_costs_the_same_however_many_lines_it_has(city: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(city, "investigator")
    costs = []
    for lines in (2, 50):
        monkeypatch.setattr("fangxian.web.contacts.listing.PAGE", lines)
        client.get("/contacts/")
        with CaptureQueriesContext(connection) as counted:
            client.get("/contacts/")
        costs.append(len(counted))
    assert costs[0] == costs[1] <= 12
    assert not any(" OFFSET " in query["sql"] for query in counted.captured_queries)
