"""A list from the drop to the undo at a desk and on a telephone, as a browser does it; the line list by the keyboard."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import calm

LIST = """病例编号,姓名,性别,年龄,发病日期,报告日期,病例分类,转归
{0}1,梁一,男,34,2026-02-20,2026-02-22,确诊病例,在治
{0}2,𠮷田,女,51,2026-02-31,2026-02-23,确诊病例,在治
{0}3,河三,女,27,2026-02-21,2026-02-24,确诊病例,在治
"""


@pytest.mark.parametrize(("size", "language"), [("phone", "zh"), ("desk", "en")])
def test_a_list_is_dropped_put_right_taken_in_and_taken_back(
    open_page: Callable[..., Page], size: str, language: str, tmp_path: Path
) -> None:
    page = open_page("investigator", size=size, language=language)
    page.goto("/imports/")
    path = tmp_path / "list.csv"
    path.write_bytes(LIST.format(size[0].upper()).encode("gb18030"))
    page.set_input_files("input[type=file]", path)
    expect(page.locator("[data-dropped]")).to_have_text("list.csv")
    page.click("main form[enctype] button.primary")
    expect(page.locator(".mapping select").nth(0)).to_have_value("id")
    page.click("main form button.primary")
    fault = page.locator(".faults input:not([type=hidden])").first
    expect(fault).to_have_value("2026-02-31")
    fault.fill("2026-02-21")
    page.click("form:has(.faults) > .row:last-child button")
    page.wait_for_selector(".note[data-tone=good]")
    expect(page.locator(".faults")).to_have_count(0)
    calm(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
    page.click('form[action$="/start/"] button')
    page.wait_for_selector('form[action$="/undo/"]', state="attached")
    expect(page.locator('progress[value="3"][max="3"]')).to_be_attached()
    page.click("details:has(form[action$='/undo/']) summary")
    page.fill("#reason", "the wrong list")
    page.click('form[action$="/undo/"] button')
    page.wait_for_url("**/jobs/**")
    page.wait_for_selector("#progress .chip[data-tone=good]")
    whole = page.locator("progress").get_attribute("max") or ""
    expect(page.locator("progress")).to_have_attribute("value", whole)
    page.click("a.back")
    page.wait_for_selector(".note[data-tone=soon]")


def test_the_line_list_goes_by_the_keyboard(open_page: Callable[..., Page]) -> None:
    page = open_page("reviewer")
    page.goto("/cases/")
    page.focus("[data-sheet]")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("tr[data-line]").nth(0)).to_have_attribute("aria-current", "true")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-ticked]")).to_have_text("2")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.focus("[data-sheet]")
    code = page.locator("tr[aria-current] th a").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{code}/")
