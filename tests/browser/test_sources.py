"""The numbers of the day on a telephone: ten seconds of thumbs, and the page says that they have come."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import calm
from tests.browser.test_looks import _too_small, _violations


def _sound(page: Page, size: str) -> None:
    """It fits, nobody is shut out, and a thumb meets its buttons."""
    calm(page)
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], page.url
    if size == "phone":
        assert _too_small(page) == [], page.url
    assert _violations(page) == [], page.url


@pytest.mark.parametrize(("size", "language", "dark"), [("phone", "zh", False), ("phone", "en", True)])
def test_a_source_is_registered_at_a_desk_and_told_of_on_a_telephone(
    open_page: Callable[..., Page], size: str, language: str, dark: bool
) -> None:
    desk = open_page("duty", "/sources/new/", language=language, dark=dark)
    desk.select_option("#id_kind", "fever_clinic")
    desk.select_option("#id_area", index=1)
    desk.select_option(
        "#id_organisation", label="望潮区人民医院发热门诊" if language == "zh" else "Wangchao fever clinic"
    )
    desk.fill("#id_name_zh", "望潮区发热门诊哨点")
    _sound(desk, "desk")
    desk.locator("form.card button.primary").click()
    desk.wait_for_url("**/sources/*/")
    _sound(desk, "desk")
    desk.goto("/surveillance/")
    expect(desk.locator("table.board")).to_be_visible()
    _sound(desk, "desk")

    phone = open_page("clinic", "/sources/", size=size, language=language, dark=dark)
    _sound(phone, size)
    phone.locator(".source-list a").first.click()
    _sound(phone, size)
    first = phone.locator(".number-field input").first
    first.fill("7")
    phone.locator("button[name=zero]").click()
    expect(phone.locator("#notices .note")).to_be_visible()
    expect(phone.locator(".number-field input").nth(1)).to_have_value("0")
    expect(phone.locator(".number-field input").first).to_have_value("7")
    _sound(phone, size)


#: Registers hotlines, the first of them with two months of calls; what a program of the county would do.
_REGISTER = """async ([organisation, number]) => {
  const ago = (days) => new Date(Date.parse(document.body.dataset.now) - days * 86400000).toISOString().slice(0, 10);
  const send = async (address, body) => {
    const token = document.cookie.match(/csrftoken=([^;]+)/)?.[1] ?? document.querySelector("[name=csrfmiddlewaretoken]").value;
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    const answer = await fetch(`/api/v1${address}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
  for (let at = 1; at <= number; at++) {
    const form = { kind: "hotline", name_zh: `热线${at}号`, name_en: `Hotline No. ${at}`, organisation, area: "990101", since: ago(70) };
    const source = await send("/sources", form);
    if (at > 1) continue;
    const calls = (back) => ({ source: source.code, day: ago(back + 2), measure: "calls", value: 12 + back % 5 });
    await send("/observations", { observations: Array.from({ length: 60 }, (_, back) => calls(back)) });
  }
}"""


@pytest.mark.parametrize(("size", "language", "dark"), [("desk", "zh", False), ("phone", "en", True)])
def test_how_often_a_series_may_alarm_is_chosen_and_hundreds_of_sources_are_paged(
    open_page: Callable[..., Page], size: str, language: str, dark: bool
) -> None:
    page = open_page("duty", "/sources/new/", size=size, language=language, dark=dark)
    name = "望潮区疾病预防控制中心" if language == "zh" else "Wangchao CDC"
    body = page.locator("#id_organisation option", has_text=name).get_attribute("value")
    page.evaluate(_REGISTER, [int(body or 0), 61])
    page.goto("/sources/")
    expect(page.locator(".source-list li")).to_have_count(60)
    _sound(page, size)
    first = page.locator(".source-list strong").all_inner_texts()
    page.locator(".source-more a").click()
    page.wait_for_url("**/sources/?after=*")
    expect(page.locator(".source-list li").first).to_be_visible()
    assert not set(first) & set(page.locator(".source-list strong").all_inner_texts())
    _sound(page, size)
    page.locator(".source-find input").fill("No. 1" if language == "en" else "热线1号")
    page.locator(".source-find button").click()
    page.wait_for_url("**/sources/?text=*")
    expect(page.locator(".source-find input")).to_have_value("No. 1" if language == "en" else "热线1号")
    expect(page.locator(".source-list li")).to_have_count(11 if language == "en" else 1)
    _sound(page, size)

    page.locator(".source-list a").first.click()
    page.wait_for_url("**/sources/*/")
    page.locator("summary", has=page.locator("xpath=./following-sibling::form[contains(@action,'/chart/')]")).click()
    form = page.locator("form[action$='/chart/']")
    expect(form.locator("select[name=measure]")).to_have_value("calls")
    _sound(page, size)
    form.locator("select[name=method]").select_option("cusum")
    form.locator("input[name=run_length]").fill("200")
    form.locator("button").click()
    expect(page.locator("#notices .note")).to_be_visible()
    expect(page.locator("section[aria-labelledby=cal-h]")).to_contain_text("200")
    _sound(page, size)
