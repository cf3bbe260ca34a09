"""The picture of the chains: who sees which case, what a drawing is made of, how it is read without seeing."""

import json
import math
from datetime import date, timedelta
from itertools import combinations
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.analytics.chains import analyse, place
from fangxian.core.access import SYSTEM
from fangxian.tracing import actions, queries
from fangxian.tracing.schemas import ExposureForm
from tests.support.web import HTMX, signed_in
from tests.support.world import NAMES, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]


def _data(city: World, post: str) -> Any:
    answer = signed_in(city, post).get("/chains/data/", {"outbreak": city.outbreak})
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    return json.loads(answer.content)


def _across(city: World) -> tuple[str, str]:
    """A link over the border of a county: a case of ours infected one of the other's."""
    here, there = city.cases[0], city.cases[6]
    from fangxian.registry import queries as registry

    person = registry.cards([_person(there)])[_person(there)].code
    form = ExposureForm(
        person=person, case=here, day=date(2026, 3, 1), setting="home", facts={"household": True}, infector=True,
        source="linelist",
    )  # fmt: skip
    actions.expose(SYSTEM, form)
    return here, there


def _person(case: str) -> int:
    from fangxian.cases import queries as cases

    return cases.case(SYSTEM, case).person_id


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("path", ["", "data/", "list/"])
def test_each_page_opens_within_its_budget_and_names_nobody(city: World, path: str, language: str) -> None:
    client = signed_in(city, "investigator", language)
    address = f"/chains/{path}?outbreak={city.outbreak}"
    client.get(address)
    with CaptureQueriesContext(connection) as counted:
        answer = client.get(address)
    text = answer.content.decode()
    assert answer.status_code == 200 and len(counted) <= 12, len(counted)
    assert not any(name in text for name in NAMES) and "江**" not in text, (
        "not even masked: a picture of thousands needs no names"
    )


def test_the_picture_holds_every_case_and_link_once(city: World) -> None:
    data = _data(city, "investigator")
    here, ill = city.cases[0], city.cases[4]
    assert len(data["codes"]) == 7 and {*city.cases[:6]} <= set(data["codes"])
    (link,) = data["links"]
    assert [data["codes"][place] for place in link[:2]] == [here, ill] and link[2] == 1
    assert data["generations"][link[1]] == 1 and data["infectors"][link[1]] == link[0]
    assert data["days"][link[1]] - data["days"][link[0]] == (data["dayNames"].__len__() - 1)
    assert data["classNames"] == ["确诊"] and data["leftOut"] == 0
    assert {len(data[name]) for name in ("kinds", "days", "dated", "rows", "x", "y", "areas", "infected")} == {7}


def test_a_case_elsewhere_is_a_node_without_code_place_or_reason(city: World) -> None:
    here, there = _across(city)
    data = _data(city, "investigator")
    elsewhere = [place for place, kind in enumerate(data["kinds"]) if kind == "elsewhere"]
    assert len(elsewhere) == 1 and there not in json.dumps(data)
    (place,) = elsewhere
    assert (data["codes"][place], data["areas"][place]) == ("", -1)
    assert data["codes"][data["infectors"][place]] == here, "the chain is not torn at the border"
    theirs = _data(city, "stranger")
    assert [code for code in theirs["codes"] if code] == [there] and here not in json.dumps(theirs)
    for graph in (
        queries.chain_graph(city.actor("stranger"), city.outbreak),
        queries.chain_around(city.actor("stranger"), there),
    ):
        assert {node.code for node in graph.nodes if node.kind == "case"} == {there}
        assert all(not node.label and not node.area for node in graph.nodes if node.kind != "case")
        assert all((link.exposure_id, link.why, link.setting) == (0, "", "") for link in graph.links)
    chains = queries.chains(city.actor("stranger"), city.outbreak)
    assert here not in str(chains.summary()) and here not in str([chain.members for chain in chains.clusters])
    text = signed_in(city, "stranger").get(f"/cases/{there}/chain/").content.decode()
    assert here not in text and "江" not in text and "外地病例" in text


def test_the_list_says_the_same_and_links_only_to_pages_that_are(city: World) -> None:
    _here, there = _across(city)
    client = signed_in(city, "investigator", "en")
    text = client.get("/chains/list/", {"outbreak": city.outbreak}).content.decode()
    assert text.count("<tr>") == 1 + 7 and text.count('href="/cases/') >= 6 and there not in text
    assert "case elsewhere" in text and "/cases/~" not in text
    part = client.get(
        "/chains/list/", {"outbreak": city.outbreak, "after": "5", "part": "more"}, **HTMX
    ).content.decode()
    assert part.count("<tr>") == 2
    assert client.get("/chains/list/", {"outbreak": city.outbreak, "after": "-3"}).status_code == 422


def test_one_case_of_the_picture_says_by_whom_and_why(city: World) -> None:
    client = signed_in(city, "investigator", "en")
    text = client.get(f"/chains/{city.cases[4]}/", **HTMX).content.decode()
    assert city.cases[0] in text and "latest exposure before the onset" in text and "宋**" in text
    assert client.get(f"/chains/{city.cases[6]}/").status_code == 404
    assert client.get("/chains/~1/").status_code == 404


def test_who_may_not_trace_sees_no_chains(city: World) -> None:
    for post in ("grid", "nurse", "clinic", "auditor", "resident"):
        client = signed_in(city, post)
        for address in ("/chains/", "/chains/data/", "/chains/list/", f"/chains/{city.cases[0]}/"):
            assert client.get(address, {"outbreak": city.outbreak}).status_code in (403, 404), (post, address)
    assert signed_in(city, "stranger").get(f"/chains/{city.cases[0]}/").status_code == 404
    assert signed_in(city, "investigator").get("/chains/", {"outbreak": "0000000000"}).status_code == 404


def test_the_page_works_without_its_script(city: World) -> None:
    text = signed_in(city, "investigator", "en").get("/chains/", {"case": city.cases[0]}).content.decode()
    assert f'href="/chains/list/?outbreak={city.outbreak}"' in text
    assert f'value="{city.cases[0]}"' in text and "<canvas" in text


# ── where cases stand ──────────────────────────────────────────────────────────────────────────────────────────────────


def _tree(size: int) -> Any:
    """A chain in which everybody infects three, two days later; every seventh onset is not known."""
    ids = list(range(size))
    start = date(2026, 1, 1)
    days = {one: None if one % 7 == 6 else start + timedelta(days=2 * int(math.log(2 * one + 1, 3))) for one in ids}
    return analyse(ids, [((one - 1) // 3, one) for one in ids[1:]], days).graph()


def test_nobody_stands_on_anybody_and_parents_stand_amidst_their_children() -> None:
    graph = _tree(364)
    places = place(graph)
    assert len({(one.day, one.row) for one in places}) == len(places)
    for one, other in combinations(places, 2):
        assert (one.x - other.x) ** 2 + (one.y - other.y) ** 2 > 0.5, "rings leave room"
    at = {node.id: spot for node, spot in zip(graph.nodes, places, strict=True)}
    for node in graph.nodes:
        rows = [at[other.id].row for other in graph.nodes if other.infector == node.id]
        if rows:
            assert min(rows) <= at[node.id].row <= max(rows)
        if node.infector is not None and node.onset is None:
            assert at[node.id].day == at[node.infector].day + 1 and not at[node.id].is_dated


def test_the_same_chains_are_drawn_the_same_way_every_time() -> None:
    assert place(_tree(200)) == place(_tree(200))


def test_nothing_at_all_and_one_alone_can_be_drawn() -> None:
    assert place(analyse([], [], {}).graph()) == ()
    (one,) = place(analyse(["a"], [], {"a": None}).graph())
    assert math.isfinite(one.day) and not one.is_dated
