"""A grid worker's day and night on a telephone of 390 px, in both languages: from the home screen to the last door."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, box_of, moment_over, sign_in, when_settled

BOTH = pytest.mark.parametrize("language", ["zh", "en"])

#: Duties that ask whether somebody was reached by telephone: one question, yes or no.
REACH = 'li.duty:has(input[name$="-phone_reached"])'
#: Visits with a temperature, of which a nurse has many.
VISIT = 'li.duty:has(input[name$="-temperature"])'


def says(language: str, zh: str, en: str) -> str:
    return zh if language == "zh" else en


@BOTH
def test_the_day_of_a_grid_worker(open_page: Callable[..., Page], language: str) -> None:
    page = open_page("grid", size="phone", language=language)
    page.clock.install()
    late, everything = (int(page.locator(f'#tabs a[data-show="{key}"] b').inner_text()) for key in ("late", "all"))
    assert 0 < late <= everything
    page.locator('#tabs a[data-show="late"]').click()
    expect(page.locator('#tabs a[data-show="late"]')).to_have_attribute("aria-current", "page")
    expect(page.locator("li.duty time.clock[data-tone=late]").first).to_be_visible()
    card = page.locator(REACH).first
    number = card.get_attribute("id")

    # Two taps and it is done; the buttons do not move away under the thumb.
    button = card.locator("summary.button.primary")
    before = box_of(button)
    button.click()
    after = box_of(button)
    assert (before["x"], before["width"]) == (after["x"], after["width"])
    assert before["height"] >= 44
    card.locator(".act-main label", has_text=says(language, "是", "yes")).first.click()
    card.locator(".act-main form > button[type=submit]").click()
    expect(card.locator("[data-kept] button", has_text=says(language, "撤销", "Undo"))).to_be_visible()
    moment_over(page)
    expect(page.locator(f"#{number}.settled")).to_be_visible()
    expect(page.locator('#tabs a[data-show="all"] b')).to_have_text(str(everything - 1))

    # Nobody opens: one tap says so, and the card says what happens next.
    unreached = says(language, "未联系到", "Not reached")
    card = page.locator("li.duty", has=page.locator("summary", has_text=unreached)).first
    number = card.get_attribute("id")
    card.locator("summary", has_text=unreached).click()
    card.locator("button[name=usual]").first.click()
    expect(page.locator(f"#{number} > [data-kept]")).to_be_visible()
    moment_over(page)
    expect(
        page.locator(f"#{number} .settled", has_text=says(language, "任务保持未完成", "The duty stays open"))
    ).to_be_visible()
    page.goto("/")
    expect(page.locator(f"#{number} .duty-tried")).to_contain_text(says(language, "下次联系", "Next try"))

    # Who, by when, under which clause: one tap away.
    page.locator(f"#{number} .why summary").click()
    expect(page.locator(f"#{number} .why div")).to_be_visible()


@BOTH
def test_the_session_ends_in_the_middle_of_a_form_and_nothing_typed_is_lost(
    site: Site, open_page: Callable[..., Page], language: str
) -> None:
    page = open_page("nurse", size="phone", language=language)
    card = page.locator(VISIT).last
    number = card.get_attribute("id") or ""
    card.locator("summary.button.primary").click()
    card.locator('input[name$="-temperature"]').fill("36.5")
    card.locator('label:has(input[value="none"])').click()
    card.locator(".besides > summary").click()
    card.locator("textarea[name$='-note']").fill("凌晨三点，楼道无灯")
    page.context.clear_cookies()
    page.clock.install()
    card.locator(".act-main form > button[type=submit]").click()
    expect(page.locator(f"#{number} > [data-kept]")).to_be_visible()
    moment_over(page)
    again = page.locator("#queue a.button", has_text=says(language, "重新登录后发送", "Sign in again to send"))
    expect(again).to_be_visible()
    again.click()
    sign_in(page, "nurse", site.password)
    assert when_settled(page, number)["note"] == "凌晨三点，楼道无灯"


def test_two_telephones_at_once(open_page: Callable[..., Page]) -> None:
    """The same door from two telephones: the second is told who was first, and what it had entered stays."""
    one, other = open_page("nurse", size="phone"), open_page("nurse", size="phone")
    number = one.locator(VISIT).last.get_attribute("id")
    for page in (one, other):
        page.clock.install()
        card = page.locator(f"#{number}")
        card.locator("summary.button.primary").click()
        card.locator('input[name$="-temperature"]').fill("36.1" if page is one else "37.3")
        card.locator('label:has(input[value="none"])').click()
        card.locator(".act-main form > button[type=submit]").click()
        expect(page.locator(f"#{number} > [data-kept]")).to_be_visible()
        moment_over(page)
        if page is one:
            expect(page.locator(f"#{number}.settled")).to_be_visible()
    refused = other.locator('#queue [data-state="refused"]')
    expect(refused).to_contain_text("沈清越")
    expect(refused).to_contain_text("37.3")


def test_it_can_be_put_on_the_home_screen(open_page: Callable[..., Page]) -> None:
    page = open_page("nurse", size="phone")
    session = page.context.new_cdp_session(page)
    told = session.send("Page.getAppManifest")
    assert told["errors"] == [] and '"display": "standalone"' in told["data"]
    assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] in (
        [],
        [{"errorId": "in-incognito", "errorArguments": []}],
    )
