"""The menu: what each role may open, and what of it lies under the thumb."""

import re
from pathlib import Path

import pytest

from fangxian.core.access import Actor, Grant, roles
from fangxian.web import context
from fangxian.web.context import BAR, SECTIONS, Section, menu


def _holding(*roles_held: str) -> Actor:
    return Actor(1, "周小满", tuple(Grant(role, "9901") for role in roles_held), "web")


@pytest.mark.parametrize("role", roles())
def test_every_role_has_a_menu_that_a_thumb_can_use(role: str) -> None:
    found = menu(_holding(role))
    open_to = [section for _heading, sections in found.groups for section in sections]
    assert open_to and set(open_to) <= set(SECTIONS)
    assert len(found.bar) + found.folded <= BAR
    assert found.folded or set(found.bar) == set(open_to), "without “More” the bar holds everything"


def test_what_a_role_needs_most_comes_first_and_the_rest_is_under_more(monkeypatch: pytest.MonkeyPatch) -> None:
    many = tuple(Section(f"web:part{number}", f"part {number}", "info", ("coverage.view",)) for number in range(9))
    monkeypatch.setattr(context, "SECTIONS", (*many, *SECTIONS))
    monkeypatch.setattr(context, "USUAL", {"leader": ("web:part8", "web:coverage")})
    found = menu(_holding("leader"))
    assert found.folded and len(found.bar) == BAR - 1
    assert {"web:part8", "web:coverage"} <= {section.view for section in found.bar}
    assert [section.view for section in found.bar] == sorted(
        (section.view for section in found.bar), key=[one.view for one in context.SECTIONS].index
    ), "a section keeps its place, whoever looks"


def test_nobody_sees_a_section_that_is_not_theirs() -> None:
    views = {section.view for _heading, sections in menu(_holding("grid_worker")).groups for section in sections}
    assert "web:journal" not in views and "web:coverage" not in views


def test_whoever_holds_two_posts_has_what_both_need() -> None:
    views = {section.view for section in menu(_holding("grid_worker", "auditor")).bar}
    assert {"web:home", "web:journal"} <= views


def test_what_roles_need_most_is_there_and_every_section_has_its_picture() -> None:
    views = {section.view for section in SECTIONS}
    assert {view for usual in context.USUAL.values() for view in usual} <= views
    assert set(context.USUAL) <= set(roles())
    sprite = (Path(context.__file__).parent / "static" / "web" / "icons.svg").read_text(encoding="utf-8")
    assert {section.icon for section in SECTIONS} <= set(re.findall(r'<symbol id="(\w+)"', sprite))


def test_who_has_no_duties_begins_at_what_they_need_most() -> None:
    assert context.beginning(_holding("auditor")).view == "web:coverage"
    assert context.beginning(_holding("resident")).view == "web:me"
