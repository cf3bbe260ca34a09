"""A swab point on a telephone of 390 px: person, person, tube; also without a connection, and a barcode that is on another tube."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, box_of, calm

TAKEN = "() => document.querySelector('#swab-queue').hidden"


@pytest.fixture
def page(site: Site, open_page: Callable[..., Page]) -> Page:
    page = open_page("sampler", f"/samples/points/{site.point}/", size="phone", language="en")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    calm(page)
    return page


def scan(page: Page, people: list[str], tube: str) -> None:
    """What a scanner does: it types, and ends with Enter."""
    for code in people:
        page.locator("#scan-person").fill(code)
        page.keyboard.press("Enter")
    page.locator("#code").fill(tube)
    page.keyboard.press("Enter")
    expect(page.locator("#swab-done")).to_contain_text(tube)


def test_tubes_are_taken_with_and_without_a_connection_and_none_is_lost_or_taken_twice(site: Site, page: Page) -> None:
    scan(page, site.folk[:3], "PHONE00001")
    page.wait_for_function(TAKEN)

    page.context.set_offline(True)
    for number in range(2, 12):
        scan(page, site.folk[3:6], f"PHONE{number:05}")
    scan(page, site.folk[6:8], "PHONE00001")
    expect(page.locator("#swab-queue")).to_contain_text("11 kept on this telephone")
    page.reload()  # put away and taken out again
    expect(page.locator("#swab-queue")).to_contain_text("11 kept on this telephone")
    scan(page, site.folk[8:9], "PHONE00012")

    page.context.set_offline(False)
    refused = page.locator(".swab-refused")
    expect(refused).to_contain_text("The barcode PHONE00001 is on another tube")
    expect(page.locator("#swab-queue")).not_to_contain_text("kept on this telephone")
    expect(refused).to_have_count(1)
    refused.locator("input").fill("PHONE00013")
    refused.get_by_role("button", name="Send again").click()
    page.wait_for_function(TAKEN)
    page.goto("/samples/")
    expect(page.locator("table.lines tbody tr")).to_have_count(13)


def test_the_tube_says_when_it_is_full_and_who_is_in_it_already(site: Site, page: Page) -> None:
    page.get_by_text("Pool of 5").click()
    for code in [*site.folk[:2], site.folk[1]]:
        page.locator("#scan-person").fill(code)
        page.keyboard.press("Enter")
    expect(page.locator("#swab-fault")).to_have_text("Already in this tube.")
    for code in site.folk[2:5]:
        page.locator("#scan-person").fill(code)
        page.keyboard.press("Enter")
    expect(page.locator("#in-tube")).to_have_text("5 / 5")
    expect(page.locator("#code")).to_be_focused()
    for button in page.locator("#swab button:visible").all():
        assert box_of(button)["height"] >= 36, "a thumb finds it"
