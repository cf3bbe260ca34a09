"""From a case to the people who were beside it, on a telephone and on a desk: begun, watched, looked at, confirmed or struck."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site


@pytest.mark.parametrize(("size", "language"), [("phone", "zh"), ("desk", "en")])
def test_a_search_leads_to_duties(site: Site, open_page: Callable[..., Page], size: str, language: str) -> None:
    page = open_page("investigator", f"/cases/{site.case}/", size=size, language=language)
    page.locator("main a[href$='/find/']").first.click()
    page.locator("[name=why]").fill("夜间流调")
    page.locator("main form button.primary").click()
    page.wait_for_url("**/searches/*/")
    rows = page.locator("main tbody tr")
    expect(rows).to_have_count(8, timeout=30_000)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    rows.first.locator("a").first.click()
    page.wait_for_url("**/people/*/")
    expect(page.locator("main")).to_contain_text("渔港小馆" if language == "zh" else "Yugang Inn")
    expect(page.locator("main")).not_to_contain_text("晚宴客")  # nobody is named before there is a purpose
    page.go_back()
    expect(rows).to_have_count(8)
    rows.nth(0).locator("input[type=checkbox]").check()
    page.locator("button[name=do][value=confirm]").first.click()
    expect(rows).to_have_count(7)
    rows.nth(0).locator("input[type=checkbox]").check()
    strike, reason = page.locator("button[name=do][value=strike]").first, page.locator("[name=reason]").first
    strike.click()
    assert reason.evaluate("(field) => field.matches(':invalid:focus')"), "nobody is struck without a reason"
    expect(rows).to_have_count(7)
    reason.fill("当晚在外地")
    strike.click()
    expect(rows).to_have_count(6)
