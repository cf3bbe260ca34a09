"""From the form to the signature in a browser: on a telephone and on a desk, in both languages."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site


@pytest.mark.parametrize(("size", "language"), [("phone", "zh"), ("desk", "en")])
def test_a_question_is_asked_answered_and_decided(
    site: Site, open_page: Callable[..., Page], size: str, language: str
) -> None:
    page = open_page("leader", "/decisions/ask/", size=size, language=language)
    for name, value in (("people", "800"), ("infected", "5"), ("days", "30"), ("lead", "1")):
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=detail]").select_option("coarse")
    for key in ("tracing", "community"):
        page.locator(f"[name=measures][value={key}]").set_checked(key == "tracing")
    page.locator("[name=strength_testing]").fill("5 50")
    page.locator("main details summary").last.click()
    page.locator("[name=runs]").fill("4")
    page.locator("main form button.primary").click()
    page.wait_for_url("**/decisions/*/")
    drawing = page.locator(".drawn-narrow .frontier" if size == "phone" else ".drawn-wide .frontier")
    expect(drawing).to_be_visible(timeout=180_000)  # on a new machine the kernel is compiled first
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    slider = page.locator("[data-play] input[type=range]")
    expect(slider).to_be_visible()
    slider.press("ArrowRight")
    expect(page.locator("[data-play] output")).to_have_text("第 1 天" if language == "zh" else "Day 1")
    page.locator("[data-play-act=toggle]").click()
    expect(page.locator("[data-play-act=toggle]")).to_have_attribute("aria-pressed", "true")
    expect(slider).not_to_have_value("1")
    page.locator("[data-play-act=toggle]").click()
    mark = drawing.locator("a").first
    mark.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**policy=*")
    expect(page.locator("tr.is-chosen")).to_have_count(1)
    page.locator("#why").fill("按建议执行")
    page.locator(".decision-sign button.primary").click()
    expect(page.locator("#decided")).to_be_visible()
    expect(page.locator("main")).to_contain_text("按建议执行")
