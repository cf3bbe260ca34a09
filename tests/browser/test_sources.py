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
