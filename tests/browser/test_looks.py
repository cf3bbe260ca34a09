"""Every page at both widths, in both languages, light and dark: nothing overflows, nobody is shut out, little is loaded."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import AXE, Site, calm, moment_over

#: Where screenshots are kept, if anybody wants them: FANGXIAN_SHOTS is read by this test alone.
SHOTS = os.environ.get("SHOTS", "")
VARIANTS = [("phone", "zh", False), ("phone", "en", True), ("desk", "en", False), ("desk", "zh", True)]
#: What the first page may cost on a telephone, in bytes as they are (before compression).
FIRST_LOAD = 150_000


def _pages(site: Site) -> dict[str, tuple[str, str]]:
    return {
        "duties-nurse": ("nurse", "/"),
        "duties-officer": ("duty", "/"),
        "line-list": ("reviewer", "/cases/"),
        "case": ("reviewer", f"/cases/{site.case}/"),
        "case-to-review": ("reviewer", f"/cases/{site.fresh_case}/"),
        "case-edit": ("reviewer", f"/cases/{site.case}/edit/"),
        "chain": ("investigator", f"/cases/{site.case}/chain/"),
        "exposures": ("investigator", f"/cases/{site.case}/contacts/"),
        "track": ("investigator", f"/cases/{site.case}/track/"),
        "stay-new": ("investigator", f"/cases/{site.case}/track/add/"),
        "exposure-new": ("investigator", f"/cases/{site.case}/exposures/add/"),
        "follow-up": ("investigator", f"/cases/{site.case}/follow-up/"),
        "chains-picture": ("investigator", "/chains/"),
        "outbreaks": ("reviewer", "/outbreaks/"),
        "outbreak-new": ("reviewer", "/outbreaks/open/"),
        "contacts-grid": ("grid", "/contacts/"),
        "report": ("clinic", "/cases/report/"),
        "contacts": ("investigator", "/contacts/"),
        "contact": ("investigator", f"/contacts/{site.ill_contact}/"),
        "calendar": ("investigator", f"/contacts/{site.contact}/calendar/"),
        "coverage": ("duty", "/coverage/?hours=0"),
        "situation": ("leader", "/situation/"),
        "trend": ("leader", "/trend/"),
        "situation-county": ("duty", "/situation/?per=report"),
        "situation-wall": ("leader", "/situation/?wall=1"),
        "daily-reports": ("duty", "/situation/reports/"),
        "missing": ("duty", "/coverage/case.review/?area=990101"),
        "journal": ("auditor", f"/journal/?kind=case&code={site.case}"),
        "my-data": ("resident", "/me/"),
        "components": ("grid", "/design/"),
        "employer": ("store", "/screening/"),
        "high-risk-posts": ("duty", "/screening/"),
        "territory": ("investigator", "/areas/990101/"),
        "places": ("investigator", "/places/"),
        "not-found": ("grid", "/cases/0000000000/"),
    }


NAMES = sorted(_pages(Site(0, "", "", "", "", "", [], "", {})))


@pytest.mark.parametrize(("size", "language", "dark"), VARIANTS)
@pytest.mark.parametrize("name", NAMES)
def test_a_page_fits_and_shuts_nobody_out(
    site: Site, look_at: Callable[..., Page], name: str, size: str, language: str, dark: bool
) -> None:
    post, address = _pages(site)[name]
    page = look_at(post, address, size, language, dark)
    calm(page)
    if SHOTS:
        look = f"{name}-{size}-{language}{'-dark' if dark else ''}.png"
        page.screenshot(path=Path(SHOTS) / look, full_page=True)
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], "the page must not be dragged sideways"
    if size == "phone":
        assert _too_small(page) == []
    assert _violations(page) == []


def _violations(page: Page) -> list[Any]:
    """What axe finds wrong by WCAG 2.2 A and AA."""
    if not AXE.exists():
        pytest.skip("needs axe-core (npm ci)")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        """async () => {
             const said = (node) => node.html.slice(0, 160) + " :: " + node.any.map((one) => one.message).join("; ");
             const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
             const { violations } = await axe.run(document, { runOnly: rules });
             return violations.map((one) => [one.id, one.nodes.slice(0, 3).map(said)]);
           }"""
    )
    return [json.dumps(one, ensure_ascii=False) for one in found]


def _too_small(page: Page) -> list[str]:
    """Buttons and fields that a thumb would miss: less than 44 px in height."""
    return page.evaluate(
        """() => {
             const fields = "input:not([type=hidden], [type=checkbox], [type=radio])";
             return [...document.querySelectorAll(`button, .button, select, ${fields}, .nav a, .tabs a`)]
               .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
               .map((one) => one.outerHTML.slice(0, 120));
           }"""
    )


def test_the_first_page_costs_little(open_page: Callable[..., Page]) -> None:
    page = open_page("nurse", size="phone")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    session.send("Network.setBypassServiceWorker", {"bypass": True})
    sizes: list[int] = []
    elsewhere: list[str] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.on(
        "request", lambda request: elsewhere.append(request.url) if not request.url.startswith(page.url[:21]) else None
    )
    page.goto("/")
    page.wait_for_load_state("networkidle")
    assert 20_000 < sum(sizes) < FIRST_LOAD
    assert [url for url in elsewhere if not url.startswith("data:")] == [], "nothing comes from elsewhere"


def test_the_whole_of_a_duty_by_keyboard(open_page: Callable[..., Page]) -> None:
    page = open_page("nurse", language="en")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    visit = page.locator("li.duty", has=page.locator('input[name$="-temperature"]')).first
    number = visit.get_attribute("id")
    visit.locator("summary.button.primary").focus()
    page.keyboard.press("Enter")
    expect(page.locator(":focus[name$='-temperature']")).to_have_count(1)  # the first field is where one writes
    page.keyboard.type("36.7")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    everything = page.locator('#tabs a[data-show="all"] b')
    before = int(everything.inner_text())
    page.clock.install()
    page.keyboard.press("Enter")
    expect(page.locator(f"#{number} > [data-kept]")).to_be_visible()
    moment_over(page)
    expect(page.locator(f"#{number}.settled")).to_be_visible()
    expect(everything).to_have_text(str(before - 1))


def test_on_paper_there_are_no_controls(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page("reviewer", f"/cases/{site.case}/")
    page.emulate_media(media="print")
    shown = page.evaluate(
        "[...document.querySelectorAll('button, nav, form')].filter((one) => one.checkVisibility()).length"
    )
    assert shown == 0
