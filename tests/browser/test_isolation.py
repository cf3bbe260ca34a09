"""Isolation on a telephone of 390 px: the round of a site, with and without a connection, and a driver at a door."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import box_of, calm, moment_over

BOTH = pytest.mark.parametrize("language", ["zh", "en"])


def fits(page: Page) -> None:
    """Nothing is wider than the telephone, and what is tapped is as large as a thumb."""
    calm(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = [one.bounding_box() for one in page.locator("main .button:visible").all()]
    assert all(box is None or box["height"] >= 44 for box in boxes)


@BOTH
def test_the_round_of_a_nurse_goes_on_without_a_connection(open_page: Callable[..., Page], language: str) -> None:
    page = open_page("nurse", "/isolation/", size="phone", language=language)
    page.clock.install()
    fits(page)
    page.locator(".site-line h3 a").click()
    expect(page.locator(".rooms .room[data-state=taken]")).to_have_count(1)
    fits(page)
    page.locator('a[href$="/round/"]').click()
    card = page.locator("li.duty")
    number = card.get_attribute("id")
    expect(card).to_contain_text("A-201")
    fits(page)
    page.context.set_offline(True)
    card.locator("summary.button").first.click()
    card.locator('input[name="temperature"]').fill("36,7")
    card.locator('label:has(input[name="symptoms"][value="none"])').click()
    card.locator('form button[type="submit"]').click()
    expect(page.locator(f"#{number} [data-kept]")).to_be_visible()
    moment_over(page)
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator(f"#{number}.settled")).to_be_visible()
    page.reload()
    expect(page.locator("li.duty")).to_contain_text("36.7")


@BOTH
def test_a_driver_picks_somebody_up_with_one_thumb(open_page: Callable[..., Page], language: str) -> None:
    page = open_page("duty", "/trips/", size="phone", language=language)
    page.clock.install()
    page.locator(".site-line h3 a").click()
    stop = page.locator("li.duty")
    number = stop.get_attribute("id")
    button = stop.locator("button.thumb")
    box = box_of(button)
    assert box["height"] >= 48 and box["width"] > 250
    fits(page)
    button.click()
    expect(page.locator(f"#{number} [data-kept]")).to_be_visible()
    moment_over(page)
    expect(page.locator(f"#{number}.settled")).to_be_visible()
    page.reload()
    expect(page.locator(f"#{number} .chip").first).to_contain_text("已上车" if language == "zh" else "aboard")
    expect(page.locator(f"#{number} button.thumb")).to_be_visible()


@BOTH
def test_a_plan_of_rooms_and_trips_is_asked_for_on_a_telephone(open_page: Callable[..., Page], language: str) -> None:
    page = open_page("duty", "/isolation/allocations/", size="phone", language=language)
    fits(page)
    page.locator("main form button.primary").click()
    expect(page.locator("#progress, .numbers, .empty").first).to_be_visible()
    fits(page)
