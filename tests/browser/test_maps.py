"""The map in a browser: picked by mouse and by keys, ticked, drawn; in step with its list, and only where there is one."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

BOTH = pytest.mark.parametrize(("size", "language"), [("phone", "zh"), ("desk", "en")])
READY = "() => document.querySelectorAll('map-board .map-view:not([hidden])').length === 2"


#: A promise that the map of the page has come to its end of a glide.
_GLIDES = """() => { window.glided = new Promise(
  (done) => document.getElementById("sample-choice").leaflet.once("moveend", () => done(true))); }"""


def _design(open_page: Callable[..., Page], size: str, language: str) -> Page:
    page = open_page("grid", size=size, language=language)
    page.goto("/design/")
    page.wait_for_function(READY)
    page.evaluate(
        """() => document.addEventListener("map:pick", (event) => (window.picks ??= []).push(event.detail.key))"""
    )
    return page


def _at(page: Page, board: str, lon: float, lat: float) -> tuple[float, float]:
    """Where a position stands on the screen."""
    page.locator(f"#{board} .map-canvas").scroll_into_view_if_needed()
    return tuple(
        page.evaluate(
            """([id, lon, lat]) => {
                 const board = document.getElementById(id);
                 const { x, y } = board.leaflet.latLngToContainerPoint([lat, lon]);
                 const box = board.canvas.getBoundingClientRect();
                 return [box.x + x, box.y + y];
               }""",
            [board, lon, lat],
        )
    )


@BOTH
def test_picture_and_list_go_together(open_page: Callable[..., Page], size: str, language: str) -> None:
    page = _design(open_page, size, language)
    x, y = _at(page, "sample-map", 112.0044, 3.9076)  # the first area, away from the track
    (page.touchscreen.tap if size == "phone" else page.mouse.click)(x, y)
    expect(page.locator('#sample-map li[data-key="a"]')).to_have_attribute("data-picked", "")
    assert page.evaluate("window.picks") == ["a"]
    before = page.evaluate("document.getElementById('sample-map').leaflet.getZoom()")
    page.locator('#sample-map li[data-key="v"] .map-go').focus()
    page.keyboard.press("Enter")
    expect(page.locator('#sample-map li[data-key="v"]')).to_have_attribute("data-picked", "")
    page.wait_for_function("(before) => document.getElementById('sample-map').leaflet.getZoom() > before", arg=before)
    assert page.evaluate("window.picks").count("v") >= 1


@BOTH
def test_a_unit_is_ticked_on_the_map_and_in_the_list_alike(
    open_page: Callable[..., Page], size: str, language: str
) -> None:
    page = _design(open_page, size, language)
    ticked = "[...document.querySelectorAll('#sample-choice input:checked')].map((one) => one.value)"
    expect(page.locator("#sample-choice input:checked")).to_have_count(2)
    assert page.evaluate(ticked) == ["u2", "u3"]
    x, y = _at(page, "sample-choice", 112.0015, 3.9015)
    (page.touchscreen.tap if size == "phone" else page.mouse.click)(x, y)
    expect(page.locator("#sample-choice input:checked")).to_have_count(3)  # a tap is told as a click a moment later
    assert page.evaluate(ticked) == ["u0", "u2", "u3"]
    page.locator('#sample-choice input[value="u2"]').focus()
    page.keyboard.press("Space")
    expect(page.locator("#sample-choice input:checked")).to_have_count(2)
    assert page.evaluate(ticked) == ["u0", "u3"]
    expect(page.locator("#sample-choice .map-status")).to_contain_text("2")
    look = "document.getElementById('sample-choice').layers.get('%s').layer.getLayers()[0].options.weight"
    assert page.evaluate(look % "u0") > page.evaluate(look % "u5"), "what is ticked is drawn with a stronger line"


def test_an_area_is_drawn_with_the_mouse_and_mended_by_keys(open_page: Callable[..., Page]) -> None:
    page = _design(open_page, "desk", "en")
    board = page.locator("#sample-choice")
    board.locator("[data-map-act=draw]").click()
    corners = [(112.001, 3.901), (112.014, 3.901), (112.014, 3.907)]
    for lon, lat in corners:
        page.mouse.click(*_at(page, "sample-choice", lon, lat))
    expect(board.locator(".map-handle")).to_have_count(3)
    written = board.locator("[data-map-corners]").input_value().splitlines()
    assert len(written) == 3
    for line, (lon, lat) in zip(written, corners, strict=True):
        assert [float(part) for part in line.split(",")] == pytest.approx([lon, lat], abs=1e-4)
    assert page.evaluate("document.querySelectorAll('#sample-choice input:checked').length") == 2, (
        "no unit was ticked by it"
    )
    board.locator("[data-map-act=draw]").click()
    handle = board.locator(".map-handle").first
    handle.focus()
    page.keyboard.press("ArrowLeft")
    moved = float(board.locator("[data-map-corners]").input_value().split(",")[0])
    assert moved < corners[0][0]
    page.keyboard.press("Delete")
    assert len(board.locator("[data-map-corners]").input_value().splitlines()) == 2
    board.locator("[data-map-act=undo]").click()
    assert len(board.locator("[data-map-corners]").input_value().splitlines()) == 1


def test_an_area_is_drawn_without_a_mouse(open_page: Callable[..., Page]) -> None:
    page = _design(open_page, "desk", "zh")
    board = page.locator("#sample-choice")
    board.locator("[data-map-act=draw]").press("Enter")
    expect(board.locator(".map-canvas")).to_be_focused()
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        board.locator("[data-map-act=corner]").press("Enter")
        board.locator(".map-canvas").focus()
        page.evaluate(_GLIDES)
        page.keyboard.press(key)
        page.evaluate("() => window.glided")
    assert len(set(board.locator("[data-map-corners]").input_value().splitlines())) == 3
    page.locator("#sample-choice .map-corners").evaluate("(fold) => (fold.open = true)")
    board.locator("[data-map-corners]").fill("112.001, 3.901\n112.005，3.901\n112.005, 3.905\n112.001, 3.905")
    expect(board.locator(".map-handle")).to_have_count(4)


def test_a_map_that_cannot_be_had_leaves_its_list(open_page: Callable[..., Page]) -> None:
    page = open_page("grid", language="en")
    page.route("**/design/map/**", lambda route: route.abort())
    page.goto("/design/")
    expect(page.locator("#sample-map .map-status")).to_contain_text("could not be loaded")
    expect(page.locator("#sample-map li[data-key=a]")).to_be_visible()
    expect(page.locator("#sample-map .map-view")).to_be_hidden()


def test_only_pages_with_a_map_load_it(open_page: Callable[..., Page]) -> None:
    page = open_page("grid", size="phone")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/")
    page.wait_for_load_state("networkidle")
    assert asked and not [url for url in asked if "leaflet" in url or "/map" in url]
