"""A telephone whose connection goes: the duties stay in sight, what is done is kept, sent once, and never by somebody else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, Dialog, FilePayload, Locator, Page, Request, expect

from tests.browser.conftest import Site, moment_over, sign_in, when_settled
from tests.support.photos import photo

KEPT = "保存在本机"
#: How many keys, pages and entries the telephone holds.
HELD = """() => new Promise((resolve) => { const open = indexedDB.open("fangxian"); open.onsuccess = async () => {
  const names = ["keys", "kept", "queue"], counts = names.map((name) => new Promise((told) => {
    open.result.transaction(name).objectStore(name).count().onsuccess = (one) => told(one.target.result); }));
  resolve(await Promise.all(counts)); }; })"""


@pytest.fixture
def nurse(open_page: Callable[..., Page]) -> Page:
    """A nurse's telephone that has taken the duties along. Its clock runs, and can be put forward."""
    page = open_page("nurse", size="phone")
    carried(page)
    page.clock.install()
    return page


def carried(page: Page) -> None:
    """Wait until the duties are kept and the service worker is there."""
    page.wait_for_function(
        """() => navigator.serviceWorker.controller !== null && sessionStorage.getItem("carried")?.startsWith(
             `${document.body.dataset.account} ${document.documentElement.lang} `)"""
    )


def visits(page: Page) -> Locator:
    return page.locator("li.duty", has=page.locator('input[name$="-temperature"]'))


def dead(context: BrowserContext, gone: bool = True) -> None:
    """The connection of the whole telephone, the service worker's too."""
    context.set_offline(gone)


def fill(card: Locator, temperature: str, *, note: str = "", picture: FilePayload | None = None) -> str:
    """Make a visit, and wait until the telephone has kept it; the id of its card."""
    number = card.get_attribute("id") or ""
    page, card = card.page, card.page.locator(f"#{number}")
    card.locator("summary.button.primary").click()
    card.locator('input[name$="-temperature"]').fill(temperature)
    card.locator('label:has(input[value="none"])').click()
    if note or picture:
        card.locator(".besides > summary").click()
    if note:
        card.locator('textarea[name$="-note"]').fill(note)
    if picture:
        card.locator("input[type=file]").set_input_files(picture)
        expect(card.locator("img.photo-preview")).to_be_visible()
    card.locator("form button[type=submit]:visible").last.click()
    expect(page.locator(f"#{number} > [data-kept]")).to_be_visible()
    return number


def at_rest(page: Page) -> None:
    """Wait until nothing is being sent."""
    page.evaluate("() => navigator.locks.request('fangxian-queue', () => undefined)")


def state(page: Page, card: str) -> str:
    """How a step stands with the server."""
    return page.evaluate(
        f"async () => (await (await fetch('/api/v1/steps/{card.removeprefix('step-')}')).json()).state"
    )


def test_the_duties_open_without_a_connection_and_say_from_when_they_are(nurse: Page) -> None:
    count = visits(nurse).count()
    dead(nurse.context)
    nurse.goto("/")
    expect(nurse.locator("h1")).to_have_text("我的任务")
    expect(nurse.locator(".note").first).to_contain_text("没有网络：以下为")
    assert visits(nurse).count() >= count > 0
    nurse.goto("/contacts/")
    expect(nurse.locator("h1")).to_have_text("没有网络")
    nurse.locator("main a.button.primary").click()
    expect(nurse.locator("h1")).to_have_text("我的任务")


def test_what_is_done_is_kept_over_a_reload_and_sent_once_when_the_connection_is_back(nurse: Page) -> None:
    dead(nurse.context)
    nurse.goto("/")
    number = fill(visits(nurse).last, "36.7", note="隔窗测温")
    moment_over(nurse)
    expect(nurse.locator(f"#{number} [data-kept]")).to_contain_text("联网后自动发送")
    expect(nurse.locator("#queue")).to_contain_text(f"{KEPT}：1 条")
    nurse.close()
    again = nurse.context.new_page()
    again.clock.install()
    again.goto("/")
    moment_over(again)
    expect(again.locator("#queue")).to_contain_text("隔窗测温")
    expect(again.locator(f"#{number} [data-acts]")).to_be_hidden()
    dead(again.context, False)
    expect(again.locator(f"#{number}.settled")).to_be_visible()
    expect(again.locator("#queue")).to_be_hidden()
    assert when_settled(again, number) == {"temperature": 36.7, "symptoms": "none", "note": "隔窗测温"}


def test_an_answer_that_was_lost_is_asked_for_again_and_nothing_is_done_twice(nurse: Page) -> None:
    keys: list[str] = []

    def lose_the_answer(route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()  # it arrives, and is done
            route.abort("connectionreset")
        else:
            route.continue_()

    nurse.context.route("**/duties/*/complete/", lose_the_answer)
    number = fill(visits(nurse).last, "36.5")
    with nurse.expect_event("requestfailed", lambda request: request.url.endswith("/complete/")):
        moment_over(nurse)
    at_rest(nurse)
    expect(nurse.locator("#queue")).to_contain_text(KEPT)
    nurse.evaluate("dispatchEvent(new Event('online'))")
    expect(nurse.locator(f"#{number}.settled")).to_contain_text("已完成")
    assert len(keys) == 2 and len(set(keys)) == 1
    expect(nurse.locator("#queue")).to_be_hidden()


def test_what_somebody_else_settled_meanwhile_is_told_with_what_was_entered(
    nurse: Page, open_page: Callable[..., Page]
) -> None:
    dead(nurse.context)
    nurse.goto("/")
    number = fill(visits(nurse).last, "37.2")
    moment_over(nurse)
    officer = open_page("duty")
    answer = officer.evaluate(
        """async (id) => (await fetch(`/api/v1/steps/${id}/completion`, {method: "POST",
             headers: {"Content-Type": "application/json", "X-CSRFToken": (await (await fetch("/api/v1/session")).json()).csrf_token},
             body: JSON.stringify({evidence: {temperature: 36.4, symptoms: "none"}})})).status""",
        number.removeprefix("step-"),
    )
    assert answer == 200
    dead(nurse.context, False)
    refused = nurse.locator('#queue [data-state="refused"]')
    expect(refused).to_contain_text("苏望")
    expect(refused).to_contain_text("37.2")
    refused.locator("a.button").click()
    expect(nurse.locator("#queue")).to_contain_text("37.2")
    nurse.locator("#queue button", has_text="放弃").click()
    expect(nurse.locator("#queue")).to_be_hidden()


def test_another_person_on_the_same_telephone_neither_sees_nor_sends_it(site: Site, nurse: Page) -> None:
    dead(nurse.context)
    nurse.goto("/")
    number = fill(visits(nurse).first, "36.9")
    moment_over(nurse)
    expect(nurse.locator("#queue")).to_be_visible()
    nurse.context.clear_cookies()  # the shift is over
    nurse.goto("about:blank")
    dead(nurse.context, False)
    sent: list[str] = []
    nurse.context.on("request", lambda one: sent.append(one.url) if one.url.endswith("/complete/") else None)
    nurse.goto("/login/")
    sign_in(nurse, "grid", site.password)
    carried(nurse)
    expect(nurse.locator("#queue")).to_be_hidden()
    dead(nurse.context)
    nurse.goto("/")
    expect(nurse.locator("h1")).to_have_text("我的任务")
    expect(nurse.locator("main")).not_to_contain_text("36.9")
    assert nurse.locator(f"#{number}").count() == 0
    dead(nurse.context, False)
    nurse.goto("/me/")
    nurse.locator("form[data-leaves] button").click()
    nurse.wait_for_selector("#login")
    assert sent == []
    sign_in(nurse, "nurse", site.password)
    expect(nurse.locator(f"#{number}.settled")).to_contain_text("已完成")
    assert when_settled(nurse, number)["temperature"] == 36.9


def test_signing_out_asks_about_what_is_unsent_and_leaves_nothing(nurse: Page) -> None:
    nurse.context.route("**/complete/", lambda route: route.abort())
    fill(visits(nurse).last, "36.3")
    nurse.goto("/me/")
    with nurse.expect_event("dialog") as asked:
        nurse.once("dialog", lambda dialog: dialog.dismiss())
        nurse.locator("form[data-leaves] button").click()
    assert "1 条未发送" in asked.value.message
    assert nurse.evaluate(HELD) == [1, 1, 1] and nurse.locator("form[data-leaves]").count() == 1
    nurse.once("dialog", Dialog.accept)
    nurse.locator("form[data-leaves] button").click()
    nurse.wait_for_selector("#login")
    assert nurse.evaluate(HELD) == [0, 0, 0]
    assert "pages" not in nurse.evaluate("caches.keys()")
    dead(nurse.context)
    with pytest.raises(Exception, match=r"ERR_INTERNET_DISCONNECTED|ERR_FAILED"):
        nurse.goto("/")


def test_signing_out_before_the_page_can_ask_loses_nothing(site: Site, nurse: Page) -> None:
    """A click may come before the script that would ask: what is unsent then waits, sealed, for whoever did it."""
    dead(nurse.context)
    nurse.goto("/")
    number = fill(visits(nurse).last, "36.4")
    nurse.context.route("**/complete/", lambda route: route.abort())
    dead(nurse.context, False)
    nurse.goto("/me/")
    with nurse.expect_navigation():
        nurse.evaluate("document.querySelector('form[data-leaves]').submit()")  # as a browser does without a script
    nurse.context.unroute("**/complete/")
    sign_in(nurse, "nurse", site.password)
    assert when_settled(nurse, number)["temperature"] == 36.4


def test_nothing_about_a_person_lies_on_the_telephone_in_clear(nurse: Page) -> None:
    dead(nurse.context)
    nurse.goto("/")
    who = visits(nurse).first.locator(".duty-who .code").inner_text()
    fill(visits(nurse).last, "36.8", note="江晚晴家门口")
    kept = nurse.evaluate(
        """() => new Promise((resolve) => { const open = indexedDB.open("fangxian"); open.onsuccess = async () => {
             const all = (name) => new Promise((told) => { open.result.transaction(name).objectStore(name).getAll().onsuccess =
               (one) => told(one.target.result); });
             const seen = new TextDecoder(), words = [];
             const walk = (value) => { if (value instanceof CryptoKey) words.push(`extractable:${value.extractable}`);
               else if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) words.push(seen.decode(value));
               else if (value && typeof value === "object") Object.values(value).forEach(walk); else words.push(String(value)); };
             for (const name of ["keys", "kept", "queue"]) walk(await all(name));
             for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys())
               words.push(request.url, await (await (await caches.open(name)).match(request)).text());
             resolve(words.join("\\n")); }; })"""
    )
    assert "extractable:false" in kept and "extractable:true" not in kept
    assert who not in kept and "江晚晴" not in kept and "temperature" not in kept and "沈清越" not in kept


def test_a_tap_by_mistake_is_taken_back_and_nothing_was_sent(nurse: Page) -> None:
    sent: list[Request] = []
    nurse.on("request", lambda one: sent.append(one) if one.url.endswith("/complete/") else None)
    # The clock stands still: the moment to take it back is not over before the button is found.
    nurse.clock.pause_at(datetime.fromtimestamp(nurse.evaluate("Date.now()") / 1000, UTC) + timedelta(seconds=10))
    number = fill(visits(nurse).last, "36.8")
    nurse.locator(f"#{number} [data-kept] button").click()
    expect(nurse.locator(f"#{number} [data-acts]")).to_be_visible()
    moment_over(nurse)
    at_rest(nurse)
    assert sent == [] and state(nurse, number) == "open"
    expect(nurse.locator(f"#{number} input[name$='-temperature']")).to_have_value("36.8")


def test_whoever_puts_the_telephone_away_takes_nothing_back(nurse: Page) -> None:
    number = fill(visits(nurse).last, "36.2")
    nurse.goto("/contacts/")
    assert when_settled(nurse, number)["temperature"] == 36.2


def test_a_photo_is_kept_small_and_sent_with_the_rest(nurse: Page) -> None:
    dead(nurse.context)
    nurse.goto("/")
    picture = FilePayload(name="door.jpg", mimeType="image/jpeg", buffer=photo(size=(3000, 2000), located=True))
    number = fill(visits(nurse).last, "36.4", picture=picture)
    moment_over(nurse)
    expect(nurse.locator("#queue")).to_contain_text("照片")
    dead(nurse.context, False)
    expect(nurse.locator(f"#{number}.settled")).to_be_visible()
    nurse.goto(f"/duties/{number.removeprefix('step-')}/")
    address = nurse.locator("a[href*='/photos/']").get_attribute("href")
    size = nurse.evaluate(
        "async (url) => { const image = await createImageBitmap(await (await fetch(url)).blob()); return [image.width, image.height]; }",
        address,
    )
    assert size == [1600, 1067]
