"""An investigation in a browser: a track dragged and moved by keys, what was typed kept, thousands of cases drawn and walked through."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from fangxian.analytics.chains import analyse, place
from tests.browser.conftest import Site, box_of, sign_in

BOTH = pytest.mark.parametrize(("size", "language"), [("phone", "zh"), ("desk", "en")])


def _open_track(page: Page, case: str) -> Locator:
    page.goto(f"/cases/{case}/track/")
    handle = page.locator('[data-handle][data-edge="to"]').first
    handle.scroll_into_view_if_needed()
    return handle


def _value(page: Page, name: str) -> str:
    return str(page.eval_on_selector(f'[data-track-form] [name="{name}"]', "one => one.value"))


@BOTH
def test_the_end_of_a_stay_is_dragged_and_saved_with_a_reason(
    site: Site, open_page: Callable[..., Page], size: str, language: str
) -> None:
    page = open_page("investigator", size=size, language=language)
    handle = _open_track(page, site.case)
    before = page.locator(".stays li").first.get_attribute("data-to")
    expect(page.locator("[data-track-form]")).to_be_hidden()
    box = box_of(handle)
    row = box_of(page.locator("svg.track-day").first)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + row["width"] / 24, y, steps=6)
    page.mouse.up()
    form = page.locator("[data-track-form]")
    expect(form).to_be_visible()
    now = _value(page, "to_at")
    assert now != before and int(now[-2:]) % 5 == 0, "in steps of five minutes"
    form.locator("button[type=submit]").click()
    assert _value(page, "reason") == "" and page.locator("[data-track-form]:invalid").count() == 1, (
        "no reason, no change"
    )
    form.locator("[name=reason]").fill("监控显示离开更晚")
    form.locator("button[type=submit]").click()
    expect(page.locator("#track-part .note[data-tone=good]")).to_be_visible()
    expect(page.locator(".stays li").first).to_have_attribute("data-to", now)
    expect(page.locator("[data-track-form]")).to_be_hidden()
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.includes('track-'))") == []


def test_the_same_by_keyboard_and_back_again(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page("investigator", language="en")
    handle = _open_track(page, site.case)
    expect(handle).to_have_attribute("role", "slider")
    was = int(handle.get_attribute("aria-valuenow") or "")
    handle.focus()
    for key, by in (
        ("ArrowRight", 5),
        ("ArrowLeft", -5),
        ("Shift+ArrowRight", 60),
        ("ArrowDown", 1440),
        ("ArrowUp", -1440),
    ):
        page.keyboard.press(key)
        now = int(page.evaluate("document.activeElement.getAttribute('aria-valuenow')"))
        assert abs(now - was - by) <= 4, f"{key} moved by {now - was}"
        was = now
    assert page.evaluate("document.activeElement.getAttribute('aria-valuetext')")
    page.locator("[data-track-form] button[type=reset]").click()
    expect(page.locator("[data-track-form]")).to_be_hidden()
    line = page.locator(".stays li").first
    assert page.locator("[data-moved]").count() == 0 and line.get_attribute("data-to")


def test_a_dragged_stay_survives_an_ended_session(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page("investigator", language="en")
    handle = _open_track(page, site.case)
    handle.focus()
    page.keyboard.press("Shift+ArrowLeft")
    page.locator("[data-track-form] [name=reason]").fill("the driver says so")
    wanted = _value(page, "to_at")
    page.context.clear_cookies()
    page.locator("[data-track-form] button[type=submit]").click()
    page.locator("#notices a.button.primary").click()
    sign_in(page, "investigator", site.password)
    page.wait_for_selector("[data-track-form]:not([hidden])")
    assert (_value(page, "to_at"), _value(page, "reason")) == (wanted, "the driver says so")
    expect(page.locator("[data-moved]").first).to_be_visible()
    page.locator("[data-track-form] button[type=reset]").click()


@BOTH
def test_an_exposure_is_judged_while_it_is_typed(
    site: Site, open_page: Callable[..., Page], size: str, language: str
) -> None:
    page = open_page("investigator", size=size, language=language)
    page.goto(f"/cases/{site.case}/exposures/add/")
    said = page.locator("section:has(> h2#proposal)")
    expect(said.locator(".chip")).to_be_visible()
    page.select_option("#id_setting", "home")
    page.locator('label:has(input[value="household"])').click()
    expect(said).to_contain_text("密切接触者" if language == "zh" else "Close contact")
    said.locator("summary").click()
    expect(said.locator(".why")).to_contain_text("covid-19-cn-9")
    page.fill("#id_name", "محمد بن عبد الله بن عبد الرحمن الأمين")
    page.reload()
    expect(page.locator("#id_name")).to_have_value("محمد بن عبد الله بن عبد الرحمن الأمين")
    expect(page.locator("[data-draft-note]")).to_be_visible()


# ── the picture of the chains ──────────────────────────────────────────────────────────────────────────────────────────

_MANY = 5000


def _picture(size: int) -> dict[str, Any]:
    """Chains of so many cases, as the server would arrange them: everybody infects up to three, two days later."""
    ids = list(range(size))
    from datetime import date, timedelta

    generation = [0] * size
    for one in ids[40:]:
        generation[one] = generation[(one - 40) // 3] + 1
    start = date(2026, 1, 1)
    days = {one: start + timedelta(days=4 * generation[one] + one % 3) for one in ids}
    graph = analyse(ids, [((one - 40) // 3, one) for one in ids[40:]], days).graph()
    places = place(graph)
    number = {node.id: at for at, node in enumerate(graph.nodes)}
    first = min(int(one.day) for one in places)
    last = max(int(one.day) for one in places)
    return {
        "codes": [f"C{node.id:09d}" for node in graph.nodes], "kinds": ["case"] * size,
        "days": [one.day - first for one in places], "dated": [1] * size, "rows": [one.row for one in places],
        "x": [one.x for one in places], "y": [one.y for one in places], "generations": [node.generation for node in graph.nodes],
        "classes": [number[node.id] % 2 for node in graph.nodes], "areas": [number[node.id] % 6 for node in graph.nodes],
        "infected": [0] * size, "infectors": [number.get(node.infector, -1) for node in graph.nodes],
        "links": [[number[one.infector], number[one.infectee], 1] for one in graph.links], "classKeys": ["confirmed", "asymptomatic"],
        "classNames": ["confirmed", "asymptomatic"], "areaNames": list("ABCDEF"), "first": "2026-01-01",
        "dayNames": [f"day {one}" for one in range(last - first + 1)], "leftOut": 0, "loops": 0,
    }  # fmt: skip


#: Turns the wheel a few steps, each of which draws a frame.
_FRAMES = """async (canvas) => {
  canvas.focus();
  for (let step = 0; step < 4; step++) {
    const drawn = new Promise((done) => canvas.addEventListener("chain:drawn", done, { once: true }));
    const turn = { deltaY: step % 2 ? 120 : -120, clientX: 500, clientY: 400, cancelable: true };
    canvas.dispatchEvent(new WheelEvent("wheel", turn));
    await drawn;
  }
}"""


def test_five_thousand_cases_are_drawn_filtered_found_and_saved(open_page: Callable[..., Page]) -> None:
    page = open_page("investigator", language="en")
    body = json.dumps(_picture(_MANY))

    def answer(route: Route) -> None:
        route.fulfill(status=200, content_type="application/json", body=body)

    page.route("**/chains/data/**", answer)
    page.goto("/chains/")
    canvas = page.locator("[data-chain] canvas")
    expect(canvas).to_be_visible()
    expect(page.locator("[data-chain-count]")).to_contain_text(f"{_MANY} of {_MANY}")
    for mode in ("tree", "rings"):
        page.locator(f'label:has(input[value="{mode}"])').click()
        canvas.evaluate(_FRAMES)
        dark = canvas.evaluate(
            "c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; const first = d.slice(0, 3).join();"
            " let n = 0; for (let i = 0; i < d.length; i += 400) if (d.slice(i, i + 3).join() !== first) n++; return n; }"
        )
        assert dark > 200, f"something of {_MANY} cases is to be seen"
    page.locator('label:has(input[value="tree"])').click()
    page.select_option("#chain-colour", "area")
    expect(page.locator("[data-chain-legend] li", has_text="B ")).to_have_count(1)
    page.locator("[data-chain-to]").fill("6")
    expect(page.locator("[data-chain-count]")).not_to_contain_text(f"{_MANY} of")
    page.fill("#chain-find", "C000000000")
    page.keyboard.press("Enter")
    expect(page.locator("#chain-node")).to_contain_text("C000000000")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#chain-node")).not_to_contain_text("C000000000")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#chain-node")).to_contain_text("C000000000")
    for kind, begins in (("svg", b"<svg"), ("png", b"\x89PNG")):
        with page.expect_download() as saved:
            page.locator(f'[data-chain-save="{kind}"]').click()
        data = saved.value.path().read_bytes()
        assert data.startswith(begins) and len(data) > 2000
        if kind == "svg":
            assert data.count(b"<path") >= 2 and b"<script" not in data


@BOTH
def test_the_chains_of_the_city_lead_to_their_cases(
    site: Site, open_page: Callable[..., Page], size: str, language: str
) -> None:
    page = open_page("investigator", size=size, language=language)
    page.goto(f"/chains/?case={site.case}")
    side = page.locator("#chain-node")
    expect(side.locator("h2")).to_contain_text("江**")
    side.locator("a.button").click()
    page.wait_for_url(f"**/cases/{site.case}/")


def test_without_a_line_the_picture_says_so(open_page: Callable[..., Page]) -> None:
    page = open_page("investigator", language="en")
    page.route("**/chains/data/**", lambda route: route.abort())
    page.goto("/chains/")
    expect(page.locator("[data-chain-wait]")).to_contain_text("could not be fetched")
    expect(page.locator("section:has(> h2#chain-list) table tbody tr").first).to_be_visible()
