"""The situation and the daily report in a browser: from a number to its list, a report from draft to signature, a wall that refreshes."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import today


@pytest.mark.parametrize(("size", "language"), [("phone", "en"), ("desk", "zh")])
def test_a_leader_reads_and_follows_a_number(open_page: Callable[..., Page], size: str, language: str) -> None:
    page = open_page("leader", size=size, language=language)
    page.goto("/situation/")
    shown = page.locator(".epicurve:visible")
    expect(shown).to_have_count(1)
    assert shown.get_attribute("aria-labelledby")
    letters = shown.locator("text").first.evaluate("(text) => text.getBoundingClientRect().height")
    assert letters >= 10, "the letters of the curve can be read at this width"
    page.locator("#f-cases\\.in_care .why summary").click()
    expect(page.locator("#f-cases\\.in_care .why div")).to_be_visible()
    gaps = page.locator(".gaps")
    page.locator("#owed-h").scroll_into_view_if_needed()
    page.locator("[hx-get*='/situation/missing/']").scroll_into_view_if_needed()
    expect(gaps).to_be_visible()
    number = page.locator("#f-cases\\.in_care .number-link")
    value = int(number.inner_text())
    number.click()
    page.wait_for_url(re.compile(r"/cases/\?.*outcome=in_care"))
    assert value > 0
    page.goto("/situation/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip", "the keyboard begins at the top"


def test_a_report_goes_from_draft_to_signature(open_page: Callable[..., Page]) -> None:
    page = open_page("leader", language="en")
    page.goto("/situation/reports/")
    page.get_by_text("Draft a report").click()
    page.fill("input[name=day]", today(page).isoformat())
    page.get_by_role("button", name="Draft", exact=True).click()
    page.wait_for_url(re.compile(r"/situation/reports/\w{10}/"))
    page.fill("textarea[name=remarks_en]", "Calm, but two families are not reached.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    with page.expect_download() as taken:
        page.locator("a[download][href$='en.docx']").click()
    assert taken.value.suggested_filename.endswith("-v1-en.docx")
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator(".signature")).to_contain_text("SHA-256")
    expect(page.locator("textarea")).to_have_count(0)
    expect(page.get_by_text("two families are not reached")).to_be_visible()


def test_a_wall_is_large_dark_and_refreshes_itself(open_page: Callable[..., Page]) -> None:
    page = open_page("leader")
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.clock.install()
    page.goto("/situation/?wall=1")
    number = page.locator(".wall .number-card b").first
    assert number.evaluate("(one) => parseFloat(getComputedStyle(one).fontSize)") >= 72
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 21, 27)", (
        "dark whatever the screen prefers"
    )
    page.evaluate("document.querySelector('#wall').dataset.old = 'yes'")
    with page.expect_response(
        lambda answer: "wall=1" in answer.url and answer.request.headers.get("hx-request") == "true"
    ):
        page.clock.run_for(61_000)
    expect(page.locator("#wall:not([data-old])")).to_be_visible()
