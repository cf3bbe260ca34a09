"""An employer's page on a telephone of 390 px: who is still to be tested, a file with a fault in it, a shift that begins and ends."""

import os
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import calm

FILE = """姓名,身份证号,工号
范海,440304199003070018,L-11
倪宁,440304199003070019,L-12
"""
SHOTS = os.environ.get("SHOTS", "")


def look(page: Page, name: str) -> None:
    calm(page)
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def test_an_employer_keeps_the_roster_with_one_thumb(open_page: Callable[..., Page]) -> None:
    page = open_page("store", "/screening/", size="phone", language="en")
    expect(page.get_by_role("heading", level=1)).to_have_text("Wangchao cold store")
    expect(page.locator("table.lines tbody tr")).to_have_count(4)
    look(page, "screening-due-phone")
    page.set_input_files("input[type=file]", {"name": "roster.csv", "mimeType": "text/csv", "buffer": FILE.encode()})
    page.get_by_role("button", name="Send").click()
    expect(page.locator("main")).to_contain_text("1 people put on the roster")
    wrong = page.locator("table.lines").first.locator("tbody tr")
    expect(wrong).to_have_count(1)
    expect(wrong).to_contain_text("身份证号")
    look(page, "screening-file-phone")
    page.get_by_role("link", name="Everybody").click()
    page.locator("table.lines tbody tr", has_text="L-11").get_by_role("link").first.click()
    page.get_by_role("button", name="A shift begins").click()
    expect(page.locator("main")).to_contain_text("in the closed loop")
    page.get_by_role("button", name="The shift ends").click()
    expect(page.locator("main")).to_contain_text("under watch after the loop")
    expect(page.locator(".shift .turns li")).to_have_count(3)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    look(page, "screening-worker-phone")
