"""A zone from the first corner to the public page, in a browser: drawn, decided, told, printed; a venue notice on the way."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, box_of, calm, sign_in, today
from tests.browser.test_looks import _too_small, _violations
from tests.support.world import COMMUNITY

BOTH = pytest.mark.parametrize(("size", "language"), [("phone", "zh"), ("desk", "en")])


def _sound(page: Page, size: str) -> None:
    """It fits, nobody is shut out, and a thumb meets its buttons."""
    calm(page)
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], page.url
    if size == "phone":
        assert _too_small(page) == [], page.url
    assert _violations(page) == [], page.url


@BOTH
def test_a_zone_from_the_first_corner_to_the_public_page(
    open_page: Callable[..., Page], size: str, language: str
) -> None:
    page = open_page("investigator", size=size, language=language)
    page.goto("/zones/new/")
    page.select_option("#area", COMMUNITY)
    page.locator("form.card button.primary").click()
    board = page.locator("#zone-draw")
    expect(board.locator(".map-view")).to_be_visible()
    board.locator("[data-map-act=draw]").click()
    box = box_of(board.locator(".map-canvas"))
    for across, down in ((0.3, 0.3), (0.7, 0.3), (0.5, 0.7)):
        at = box["x"] + box["width"] * across, box["y"] + box["height"] * down
        (page.touchscreen.tap if size == "phone" else page.mouse.click)(*at)
    expect(board.locator(".map-handle")).to_have_count(3)
    names = {"zh": f"渔港码头{size}", "en": f"Yugang wharf {size}"}
    page.fill("#id_name_zh", names["zh"])
    page.fill("#id_name_en", names["en"])
    page.fill("#id_reason", "两例均在码头作业")
    _sound(page, size)
    page.locator("form[data-draft] button.primary").click()
    page.wait_for_url(lambda url: "/zones/new" not in url)
    address = page.url
    expect(page.locator("h1")).to_contain_text(names[language])
    expect(page.locator("#zone-map .map-view")).to_be_visible()
    _sound(page, size)

    officer = open_page("duty", size=size, language=language)
    officer.goto("/zones/")
    expect(officer.locator("#zones-map .map-view")).to_be_visible()
    _sound(officer, size)
    officer.goto(address)
    officer.fill("#decide-reason", "同意划定")
    officer.locator("#decide button.primary").click()
    expect(officer.locator("#lift")).to_be_visible()
    officer.locator("#notices-told form button.primary").click()
    expect(officer.locator("#notices-told a.strong")).to_have_count(1)
    officer.locator("#notices-told a.strong").click()
    officer.emulate_media(media="print")
    assert officer.locator("article.notice").count() == 2
    assert (
        officer.evaluate(
            "[...document.querySelectorAll('button, nav, form')].filter((one) => one.checkVisibility()).length"
        )
        == 0
    )

    officer.emulate_media(media="screen")
    officer.context.clear_cookies()
    officer.goto(f"/public/{language}/")
    expect(officer.locator("#public-map .map-view")).to_be_visible()
    expect(officer.locator("li.zone-line", has_text=names[language])).to_have_count(1)
    _sound(officer, size)
    assert officer.context.cookies() == []


def test_what_was_drawn_survives_a_session_that_ended(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page("investigator", language="en")
    page.goto("/zones/new/")
    page.select_option("#area", COMMUNITY)
    page.locator("form.card button.primary").click()
    board = page.locator("#zone-draw")
    expect(board.locator(".map-view")).to_be_visible()
    address = page.url
    board.locator(".map-corners summary").click()
    board.locator("[data-map-corners]").fill("112.001, 3.901\n112.005, 3.901\n112.005, 3.905")
    page.fill("#id_reason", "two cases on one wharf")
    page.context.clear_cookies()
    page.locator("form[data-draft] button.primary").click()
    expect(page.locator("h1")).to_have_text("Your session has ended")
    page.goto("/login/")
    sign_in(page, "investigator", site.password)
    page.goto(address)
    expect(page.locator("#id_reason")).to_have_value("two cases on one wharf")
    expect(page.locator("#zone-draw .map-handle")).to_have_count(3)


@BOTH
def test_a_venue_notice_is_published_and_taken_back(open_page: Callable[..., Page], size: str, language: str) -> None:
    page = open_page("duty", "/zones/venues/", size=size, language=language)
    page.locator("details.card > summary").click()
    page.select_option("#id_area", COMMUNITY)
    page.select_option("#id_kind", "market")
    name = f"码头早市{size}"
    page.fill("#id_name_zh", name)
    page.fill("#id_from_at", "2020-01-01T08:00")
    page.fill("#id_to_at", "2020-01-01T07:00")
    page.locator("form[data-draft=venue] button.primary").click()
    expect(page.locator("#id_to_at_error")).to_be_visible()
    expect(page.locator("#id_name_zh")).to_have_value(name)
    _sound(page, size)
    yesterday = today(page) - timedelta(days=1)
    page.fill("#id_from_at", f"{yesterday}T06:10")
    page.fill("#id_to_at", f"{yesterday}T06:50")
    page.locator("form[data-draft=venue] button.primary").click()
    line = page.locator("tr", has_text=name)
    expect(line).to_contain_text("06:00")
    _sound(page, size)
    line.locator("details summary").click()
    line.locator("input[name=reason]").fill("时段写错")
    line.locator("button.danger").click()
    expect(page.locator("tr", has_text=name)).to_contain_text("时段写错")
