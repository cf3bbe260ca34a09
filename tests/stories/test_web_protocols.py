"""Guidelines on a page: every value with its grade, never a guess as published, two editions side by side, those in force first."""

from collections.abc import Iterator

import pytest

from fangxian import protocols
from fangxian.protocols import Point
from tests.support.web import signed_in
from tests.support.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]
PACKS = sorted(one.id for one in protocols.available() if not one.base)


def below(points: tuple[Point, ...]) -> Iterator[Point]:
    for point in points:
        yield point
        yield from below(point.below)


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_is_read_in_both_languages_with_every_step_and_its_deadline(name: str) -> None:
    pack = protocols.load(name)
    chapters = {section.key: section for section in protocols.sections(pack)}
    assert {"definitions", "window", "categories", "duties", "retention"} <= set(chapters)
    points = [point for section in chapters.values() for point in below(section.points)]
    assert all(point.name.zh and point.name.en for point in points)
    assert not any("__" in point.says.en or "Text(" in point.says.en for point in points)
    told = {point.name.en for point in below(chapters["duties"].points)}
    for rule in pack.duties.values():
        assert rule.name.en in told and {step.name.en for step in rule.steps} <= told
    graded = {point.cited.grade for point in points if point.cited}
    assert graded <= {"A", "B", "C", "G"} and graded


def test_those_in_force_stand_first_and_grades_are_explained(city: World) -> None:
    client = signed_in(city, "grid", "en")
    rows = client.get("/protocols/").context["rows"]
    here = [in_force for _row, _status, in_force, _grades in rows]
    assert here == sorted(here, reverse=True) and any(here)
    text = client.get("/protocols/covid-19-cn-9/").content.decode()
    assert "covid-19-cn-10" in text and "/protocols/covid-19-cn-10/" not in text, (
        "its successor is named, but is not shipped"
    )
    assert "Case definitions" in text and "in force here" in text and "general knowledge" in text


def test_what_was_not_found_in_a_document_is_never_shown_as_published(city: World) -> None:
    text = signed_in(city, "reviewer", "en").get("/protocols/covid-19-cn-9/").content.decode()
    pack = protocols.load("covid-19-cn-9")
    points = [point for section in protocols.sections(pack) for point in below(section.points)]
    guesses = [point for point in points if point.cited and not point.cited.published]
    assert guesses and text.count("Not found in a published document") == len(guesses)


def test_two_editions_side_by_side_show_only_what_differs(city: World) -> None:
    client = signed_in(city, "leader", "en")
    page = client.get("/protocols/compare/?a=covid-19-cn-8&b=covid-19-cn-9")
    found = protocols.diff(protocols.load("covid-19-cn-8"), protocols.load("covid-19-cn-9"))
    assert page.context["number"] == len(found) == sum(len(rows) for _name, rows in page.context["chapters"]) > 20
    same = client.get("/protocols/compare/?a=mers-who&b=mers-who").content.decode()
    assert "The two say the same." in same


@pytest.mark.parametrize("name", ["no-such-pack", "..%2Fsettings", "%2Fetc%2Fpasswd"])
def test_a_pack_that_there_is_not_is_said_so_and_no_path_is_opened(city: World, name: str) -> None:
    client = signed_in(city, "leader", "en")
    assert client.get(f"/protocols/{name}/").status_code == 404
    assert client.get(f"/protocols/compare/?a={name}&b=mers-who").status_code == 404
