"""Chromium over the served product: a page for each width and language, and the tool that checks accessibility."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, BrowserContext, FloatRect, Locator, Page, expect, sync_playwright

from tests.support import tables

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM = Path("/usr/bin/chromium")
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-dev-shm-usage",
]  # fmt: skip
#: Width and height: a telephone in a hand, a screen on a desk.
SIZES = {"phone": (390, 844), "desk": (1440, 900)}
#: What anything may take that a person would wait for, in milliseconds: a busy machine is no fault of a page.
PATIENCE = 30_000


@dataclass(frozen=True)
class Site:
    """Where the product is served, and codes of what is in it. `cookies` holds the session of everybody on the staff."""

    port: int
    case: str
    fresh_case: str
    contact: str
    ill_contact: str
    point: str
    folk: list[str]
    password: str
    cookies: dict[str, dict[str, str]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)
            # A browser, a server and a busy machine can miss each other once. What is wrong fails twice; what came right
            # at the second time is told in the summary (R), and wants looking at.
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Callable[[], None]]]:
    """The product in a process of its own, and what makes its city again as it was built."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FANGXIAN_")}
    home = tmp_path_factory.mktemp("served")
    tables.put(home)
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.browser.served", str(home)],
        cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    asked, told = process.stdin, process.stdout

    def as_built() -> None:
        asked.write("as built\n")
        asked.flush()
        assert told.readline() == "as built\n", "the product has come to an end"

    try:
        site = Site(**json.loads(told.readline() or pytest.fail("the product did not start")))
        yield site, as_built
    finally:
        process.communicate(timeout=300)


@pytest.fixture
def site(served: tuple[Site, Callable[[], None]]) -> Site:
    """The city as it was built, for every test: none has to know what another did to it."""
    site, as_built = served
    as_built()
    return site


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"needs Chromium at {CHROMIUM} (scripts/system-packages installs it)")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


def _window(chromium: Browser, site: Site, size: str, language: str, dark: bool) -> BrowserContext:
    """A browser of its own, in which nobody has been."""
    width, height = SIZES[size]
    context = chromium.new_context(
        viewport={"width": width, "height": height}, has_touch=size == "phone", color_scheme="dark" if dark else "light",
        locale="en-GB" if language == "en" else "zh-CN", timezone_id="Asia/Shanghai", base_url=site.url,
    )  # fmt: skip
    context.set_default_timeout(PATIENCE)
    return context


def _signed_in(context: BrowserContext, site: Site, post: str, language: str) -> None:
    context.add_cookies([{"name": name, "value": value, "url": site.url} for name, value in site.cookies[post].items()])
    if language == "en":
        token = site.cookies[post]["csrftoken"]
        context.request.post("/language/", headers={"X-CSRFToken": token}, form={"language": "en"}, max_redirects=0)


def _listen(page: Page, complaints: list[str]) -> None:
    """Note what the browser complains of: a script that fails, a style that the policy forbids."""
    page.on("pageerror", lambda fault: complaints.append(str(fault)))
    page.on("console", lambda line: complaints.append(line.text) if _is_complaint(line.type, line.text) else None)


@pytest.fixture
def open_page(site: Site, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """`open_page("grid", "/contacts/", size="phone", language="en", dark=True)`: a page of somebody who has signed in.

    What the browser complains of fails the test.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(post: str, at: str = "/", *, size: str = "desk", language: str = "zh", dark: bool = False) -> Page:
        contexts.append(context := _window(chromium, site, size, language, dark))
        _signed_in(context, site, post, language)
        page = context.new_page()
        _listen(page, complaints)
        page.goto(at)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def windows() -> Iterator[dict[tuple[str, str, bool], tuple[Page, list[str]]]]:
    """The browsers that the tests of a module look through one after another, and what they complained of."""
    kept: dict[tuple[str, str, bool], tuple[Page, list[str]]] = {}
    yield kept
    for page, _complaints in kept.values():
        page.context.close()


@pytest.fixture
def look_at(
    site: Site, chromium: Browser, windows: dict[tuple[str, str, bool], tuple[Page, list[str]]]
) -> Iterator[Callable[..., Page]]:
    """The same for a test that looks at a page and does nothing: in a browser that is there already.

    To start one takes longer than to look. Of who was in it before, only the files of the product are left.
    """
    complaints: list[str] = []

    def looked_at(post: str, at: str, size: str, language: str, dark: bool) -> Page:
        nonlocal complaints
        variant = size, language, dark
        if variant not in windows:
            windows[variant] = _window(chromium, site, *variant).new_page(), []
            _listen(*windows[variant])
        page, complaints = windows[variant]
        page.goto("about:blank")
        complaints.clear()
        session = page.context.new_cdp_session(page)
        session.send("Storage.clearDataForOrigin", {"origin": site.url, "storageTypes": "all"})
        session.detach()
        page.context.clear_cookies()
        _signed_in(page.context, site, post, language)
        page.goto(at)
        return page

    yield looked_at
    assert complaints == []


#: Everything that a page fetches by itself has come, as it says (`aria-busy`) or as htmx marks it.
_CALM = """() => document.readyState === "complete" && !document.querySelector(
  '[aria-busy="true"], .htmx-request, .htmx-swapping, .htmx-settling')"""
_TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def calm(page: Page) -> None:
    """Wait until a page has all its parts, those too that it fetches when they come into sight."""
    page.wait_for_load_state("load")
    page.evaluate(_TWO_FRAMES)
    page.wait_for_function(_CALM)


def box_of(there: Locator) -> FloatRect:
    """Where something lies, in CSS pixels: on a page that has all its styles, not on one that is still coming."""
    expect(there).to_be_visible()
    calm(there.page)
    box = there.bounding_box()
    assert box is not None
    return box


def today(page: Page) -> date:
    """The day in the served city."""
    return (
        datetime.fromisoformat(page.get_attribute("body", "data-now") or "")
        .astimezone(ZoneInfo("Asia/Shanghai"))
        .date()
    )


def moment_over(page: Page) -> None:
    """Let the moment pass in which a tap may be taken back. The page's clock is to be `page.clock.install()`ed."""
    page.clock.run_for(6_000)


_ASK_UNTIL_DONE = """async ([id, patience]) => {
  const begun = performance.now();
  for (;;) {
    const step = await (await fetch(`/api/v1/steps/${id}`)).json();
    if (step.state === "done" || performance.now() - begun > patience) return step;
    await new Promise((done) => setTimeout(done, 100));
  }
}"""


def when_settled(page: Page, card: str) -> dict[str, Any]:
    """The evidence that the server has of a step, once it is done; `card` is the id of its card."""
    step = page.evaluate(_ASK_UNTIL_DONE, [card.removeprefix("step-"), PATIENCE])
    assert step["state"] == "done", "it was not sent"
    return dict(step["evidence"])


def sign_in(page: Page, post: str, password: str) -> None:
    """As a person does it, on the page that asks for it."""
    page.fill("#login", post)
    page.fill("#password", password)
    page.click("form[data-signs-in] button.primary")
    page.wait_for_selector("nav.nav")


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
