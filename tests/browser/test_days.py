"""Days of the people who use it, walked through in a browser: on a phone and at a desk, in both languages."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, moment_over, sign_in

BOTH = pytest.mark.parametrize(("size", "language"), [("phone", "zh"), ("desk", "en")])


@BOTH
def test_a_nurse_makes_a_visit_in_a_few_taps(open_page: Callable[..., Page], size: str, language: str) -> None:
    page = open_page("nurse", size=size, language=language)
    card = page.locator("li.duty", has=page.locator('input[name$="-temperature"]')).first
    number = card.get_attribute("id")
    card.locator("summary.button.primary").click()
    card.locator('input[name$="-temperature"]').fill("366")
    card.locator('label:has(input[value="none"])').click()
    card.locator("form button[type=submit]").first.click()
    again = page.locator(f"#{number}")
    expect(again.locator(".fault")).to_be_visible()
    expect(again.locator('input[name$="-temperature"]')).to_have_value("366")
    again.locator('input[name$="-temperature"]').fill("36.6")
    page.clock.install()
    again.locator("form button[type=submit]").first.click()
    expect(again.locator("[data-kept]")).to_be_visible()
    moment_over(page)
    expect(page.locator(f"#{number}.settled")).to_be_visible()


@BOTH
def test_a_grid_worker_reaches_nobody_and_says_so(open_page: Callable[..., Page], size: str, language: str) -> None:
    page = open_page("grid", size=size, language=language)
    unreached = "未联系到" if language == "zh" else "Not reached"
    card = page.locator("li.duty", has=page.locator("summary", has_text=unreached)).first
    number = card.get_attribute("id")
    card.locator("summary", has_text=unreached).click()
    card.locator('details[open] textarea[name="reason"]').fill("两次上门无人")
    page.clock.install()
    card.locator("details[open] > form > button[type=submit]").click()
    expect(page.locator(f"#{number} > [data-kept]")).to_be_visible()
    moment_over(page)
    said = "任务保持未完成" if language == "zh" else "The duty stays open"
    expect(page.locator(f"#{number} .settled", has_text=said)).to_be_visible()


@BOTH
def test_the_list_goes_on_by_itself(open_page: Callable[..., Page], size: str, language: str) -> None:
    page = open_page("nurse", size=size, language=language)
    wanted = int(page.locator('#tabs a[data-show="all"] b').inner_text())
    assert wanted > 15
    lines = page.locator("li.duty")
    while (seen := lines.count()) < wanted:
        lines.last.scroll_into_view_if_needed()
        page.mouse.wheel(0, 4000)
        expect(lines.nth(seen)).to_be_attached()  # more of it has come
    expect(lines).to_have_count(wanted)
    assert len({one.get_attribute("id") for one in page.locator("li.duty").all()}) == wanted


@BOTH
def test_a_reviewer_opens_decides_and_sees_a_person_with_a_purpose(
    site: Site, open_page: Callable[..., Page], size: str, language: str
) -> None:
    page = open_page("reviewer", f"/cases/{site.fresh_case}/", size=size, language=language)
    page.locator(".person a.button").click()
    page.locator("#reveal input[name=reason]").fill("核对报告卡")
    page.locator("#reveal button[type=submit]").click()
    expect(page.locator("#reveal .note")).to_contain_text("欧阳若兮")
    page.locator("#review textarea").fill("")
    page.locator("#review button[value=return]").click()
    expect(page.locator("#review .note[data-tone=late]")).to_be_visible()
    for part in ("duties", "contacts", "chain", "track"):
        page.locator(f"h2#{part}").scroll_into_view_if_needed()
        expect(
            page.locator(f"section:has(> h2#{part}) a.button", has_text="显示" if language == "zh" else "Show")
        ).to_have_count(0)


def test_what_was_typed_survives_a_dead_line_and_a_new_sign_in(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page("clinic", "/cases/report/", size="phone")
    page.fill("#id_name", "谢临川")
    page.locator("label", has_text="核酸检测阳性").click()
    page.context.clear_cookies()  # the session ends
    page.locator("form[data-draft] button.primary").click()
    expect(page.locator("h1")).to_have_text("登录已过期")
    page.locator("a.button.primary").click()
    sign_in(page, "clinic", site.password)
    expect(page.locator("#id_name")).to_have_value("谢临川")
    expect(page.locator('input[value="pcr_positive"]')).to_be_checked()
    expect(page.locator("[data-draft-note]")).to_be_visible()
    page.goto("/me/")
    page.locator("form[data-leaves] button").click()
    page.wait_for_selector("#login")
    kept = page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('draft:'))")
    assert kept == [], "signing out takes the drafts along"


def test_without_a_connection_the_page_says_so_and_keeps_the_form(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page("reviewer", f"/cases/{site.fresh_case}/", size="phone")
    page.locator(".person a.button").click()
    page.locator("#reveal input[name=reason]").fill("核对报告卡")
    page.context.set_offline(True)
    expect(page.locator('[data-notice="notice-offline"]')).to_be_visible()
    page.locator("#reveal button[type=submit]").click()
    expect(page.locator('[data-notice="notice-unsent"]')).to_be_visible()
    expect(page.locator("#reveal input[name=reason]")).to_have_value("核对报告卡")
    page.context.set_offline(False)
    page.locator("#reveal button[type=submit]").click()
    expect(page.locator("#reveal .note")).to_contain_text("欧阳若兮")


def test_two_people_at_one_case(site: Site, open_page: Callable[..., Page]) -> None:
    edit = f"/cases/{site.case}/edit/"
    one, other = open_page("reviewer", edit), open_page("investigator", edit, language="en")
    one.select_option("#id_severity", "severe")
    one.fill("#id_reason", "查房后更正")
    one.locator("form[data-draft] button.primary").click()
    one.wait_for_url(f"**/cases/{site.case}/")
    other.select_option("#id_severity", "critical")
    other.fill("#id_note", "asked the ward")
    other.fill("#id_reason", "the ward called")
    other.locator("form[data-draft] button.primary").click()
    expect(other.locator("h1")).to_contain_text("Somebody changed this case")
    expect(other.locator("tbody")).to_contain_text("critical")
    expect(other.locator("tbody")).to_contain_text("顾明舟")
    expect(other.locator("#id_note")).to_have_value("asked the ward")
    other.locator("form[data-draft] button.primary").click()
    other.wait_for_url(f"**/cases/{site.case}/")


def test_clocks_go_on_by_the_clock_of_the_server(open_page: Callable[..., Page]) -> None:
    page = open_page("nurse", language="en")
    page.clock.install()
    page.goto("/")
    clock = page.locator("time.clock").first
    before = clock.inner_text()
    page.clock.run_for(2 * 3600 * 1000)
    expect(clock).not_to_have_text(before)
