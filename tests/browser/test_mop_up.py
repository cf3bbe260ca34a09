"""A testing round: begun at a desk, and the grid worker's list of who has not come, on a telephone of 390 px, door by door."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, box_of, calm


def test_the_grid_worker_asks_at_the_door(site: Site, open_page: Callable[..., Page]) -> None:
    desk = open_page("duty", "/rounds/new/", size="desk", language="en")
    desk.locator("[name=name_zh]").fill("渔港社区首轮")
    desk.locator("[name=area]").select_option("990101001001")
    desk.get_by_text("Yugang school").click()
    desk.get_by_role("button", name="Plan", exact=True).click()
    desk.get_by_role("button", name="Start the round").click()
    expect(desk.get_by_role("heading", name="By place")).to_be_visible()
    code = desk.url.rstrip("/").rpartition("/")[2]

    page = open_page("grid", f"/rounds/{code}/", size="phone", language="en")
    page.locator("tbody a").first.click()
    calm(page)
    doors = page.locator("li.duty")
    expect(page.locator("h1")).to_contain_text("people have not come")
    before = doors.count()
    first = doors.first
    for button in first.get_by_role("button").all():
        assert box_of(button)["height"] >= 44, "a thumb finds it"
    first.get_by_role("button", name="cannot come: at the door").click()
    expect(doors.first).to_contain_text("cannot come: at the door")
    expect(page.locator(".page-head")).to_contain_text("1 of the missing asked")
    doors.nth(1).get_by_text("Need not come, or a note").click()
    doors.nth(1).locator("[name=note]").fill("发热卧床")
    doors.nth(1).locator("[name=why]").select_option("ill")
    doors.nth(1).get_by_role("button", name="Excuse").click()
    expect(doors).to_have_count(before - 1)
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= 390, "nothing sticks out"
    page.get_by_role("link", name="Door-to-door list").click()
    expect(page.locator(".write-in")).to_have_count(before - 1)
