"""Chromium over the served product: a page for each width and language, and the tool that checks accessibility."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM = Path("/usr/bin/chromium")
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-dev-shm-usage",
]  # fmt: skip
#: Width and height: a telephone in a hand, a screen on a desk.
SIZES = {"phone": (390, 844), "desk": (1440, 900)}


@dataclass(frozen=True)
class Site:
    """Where the product is served, and codes of what is in it."""

    url: str
    case: str
    fresh_case: str
    contact: str
    ill_contact: str
    password: str


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FANGXIAN_")}
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.browser.served"],
        cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        port, *codes = process.stdout.readline().split() or pytest.fail("the product did not start")
        yield Site(f"http://127.0.0.1:{port}", *codes)
    finally:
        process.communicate(timeout=20)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"needs Chromium at {CHROMIUM} (scripts/system-packages installs it)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(site: Site, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """`open_page("grid", size="phone", language="en", dark=True)`: a page in which somebody has signed in.

    What the browser complains of (a script that fails, a style that the policy forbids) fails the test.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(post: str, *, size: str = "desk", language: str = "zh", dark: bool = False) -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height}, has_touch=size == "phone", color_scheme="dark" if dark else "light",
            locale="en-GB" if language == "en" else "zh-CN", timezone_id="Asia/Shanghai", base_url=site.url,
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda fault: complaints.append(str(fault)))
        page.on("console", lambda line: complaints.append(line.text) if _is_complaint(line.type, line.text) else None)
        page.goto("/login/")
        page.fill("#login", post)
        page.fill("#password", site.password)
        page.click("form.card button.primary")
        page.wait_for_selector("nav.nav")
        if (page.get_attribute("html", "lang") == "en") != (language == "en"):
            page.click("button[name=language]")
            page.wait_for_selector(f'html[lang^="{language}"]')
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def _is_complaint(kind: str, text: str) -> bool:
    """Refusals (4xx) are answers, and a dead line is part of a story; everything else that turns red is a fault."""
    told = (
        "Failed to load resource",
        "htmx:afterRequest",
        "htmx:sendError",
        "htmx:responseError",
        "Response Status Error Code",
    )
    return kind == "error" and not text.startswith(told)
