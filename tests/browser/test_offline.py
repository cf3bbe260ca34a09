"""A telephone whose connection goes: the duties stay in sight, what is done is kept, sent once, and never by somebody else."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Dialog, FilePayload, Locator, Page, expect

from tests.browser.conftest import Site
from tests.support.photos import photo

KEPT = "保存在本机"


@pytest.fixture
def nurse(open_page: Callable[..., Page]) -> Page:
    """A nurse's telephone that has taken the duties along."""
    page = open_page("nurse", size="phone")
    carried(page)
    return page


def carried(page: Page) -> None:
    """Wait until the duties are kept and the service worker is there."""
    for _try in range(100):
        if page.evaluate(
            "sessionStorage.getItem('carried')?.endsWith(document.documentElement.lang) && navigator.serviceWorker.controller !== null"
        ):
            return
        page.wait_for_timeout(100)
    pytest.fail("the duties were not taken along")


def visits(page: Page) -> Locator:
    return page.locator("li.duty", has=page.locator('input[name$="-temperature"]'))


def later(page: Page, number: int) -> Locator:
    """A visit far down the list that was taken along: other tests need those at its head."""
    return visits(page).nth(visits(page).count() - number)


def dead(context: BrowserContext, gone: bool = True) -> None:
    """The connection of the whole telephone, the service worker's too."""
    context.set_offline(gone)


def fill(card: Locator, temperature: str, *, note: str = "") -> None:
    card.locator("summary.button.primary").click()
    card.locator('input[name$="-temperature"]').fill(temperature)
    card.locator('label:has(input[value="none"])').click()
    if note:
        card.locator(".besides > summary").click()
        card.locator('textarea[name$="-note"]').fill(note)
    card.locator("form button[type=submit]:visible").last.click()


def settled(page: Page, number: str) -> dict[str, str]:
    """How a step stands with the server."""
    return page.evaluate(
        "async (id) => { const {state, evidence} = await (await fetch(`/api/v1/steps/${id}`)).json(); return {state, ...evidence}; }",
        number.removeprefix("step-"),
    )


def test_the_duties_open_without_a_connection_and_say_from_when_they_are(nurse: Page) -> None:
    count = visits(nurse).count()
    dead(nurse.context)
    nurse.goto("/")
    expect(nurse.locator("h1")).to_have_text("我的任务")
    expect(nurse.locator(".note").first).to_contain_text("没有网络：以下为")
    assert visits(nurse).count() >= count
    nurse.goto("/contacts/")
    expect(nurse.locator("h1")).to_have_text("没有网络")
    nurse.locator("main a.button.primary").click()
    expect(nurse.locator("h1")).to_have_text("我的任务")


def test_what_is_done_is_kept_over_a_reload_and_sent_once_when_the_connection_is_back(nurse: Page) -> None:
    dead(nurse.context)
    nurse.goto("/")
    card = later(nurse, 1)
    number = card.get_attribute("id") or ""
    fill(card, "36.7", note="隔窗测温")
    expect(nurse.locator(f"#{number} [data-kept]")).to_contain_text("联网后自动发送", timeout=15_000)
    expect(nurse.locator("#queue")).to_contain_text(f"{KEPT}：1 条", timeout=15_000)
    nurse.close()
    again = nurse.context.new_page()
    again.goto("/")
    expect(again.locator("#queue")).to_contain_text("隔窗测温")
    expect(again.locator(f"#{number} [data-acts]")).to_be_hidden()
    dead(again.context, False)
    expect(again.locator(f"#{number}.settled")).to_be_visible(timeout=30_000)
    expect(again.locator("#queue")).to_be_hidden()
    assert settled(again, number) == {"state": "done", "temperature": 36.7, "symptoms": "none", "note": "隔窗测温"}


def test_an_answer_that_was_lost_is_asked_for_again_and_nothing_is_done_twice(nurse: Page) -> None:
    card = visits(nurse).last
    number = card.get_attribute("id") or ""
    keys: list[str] = []
    lost = True

    def lose_the_answer(route) -> None:
        nonlocal lost
        keys.append(route.request.headers["idempotency-key"])
        if lost:
            lost = False
            route.fetch()  # it arrives, and is done
            route.abort("connectionreset")
        else:
            route.continue_()

    nurse.context.route(f"**/duties/{number.removeprefix('step-')}/complete/", lose_the_answer)
    fill(card, "36.5")
    expect(nurse.locator("#queue")).to_contain_text(KEPT, timeout=15_000)
    nurse.evaluate("dispatchEvent(new Event('online'))")
    expect(nurse.locator(f"#{number}.settled")).to_contain_text("已完成", timeout=30_000)
    assert len(keys) == 2 and len(set(keys)) == 1
    expect(nurse.locator("#queue")).to_be_hidden()


def test_what_somebody_else_settled_meanwhile_is_told_with_what_was_entered(
    nurse: Page, open_page: Callable[..., Page]
) -> None:
    dead(nurse.context)
    nurse.goto("/")
    card = later(nurse, 3)
    number = card.get_attribute("id") or ""
    fill(card, "37.2")
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
    expect(refused).to_contain_text("苏望", timeout=30_000)
    expect(refused).to_contain_text("37.2")
    refused.locator("a.button").click()
    expect(nurse.locator("#queue")).to_contain_text("37.2")
    nurse.locator("#queue button", has_text="放弃").click()
    expect(nurse.locator("#queue")).to_be_hidden()


def test_another_person_on_the_same_telephone_neither_sees_nor_sends_it(site: Site, nurse: Page) -> None:
    dead(nurse.context)
    nurse.goto("/")
    card = later(nurse, 4)
    step = (card.get_attribute("id") or "").removeprefix("step-")
    fill(card, "36.9")
    expect(nurse.locator("#queue")).to_be_visible(timeout=15_000)
    nurse.context.clear_cookies()  # the shift is over
    nurse.goto("about:blank")
    dead(nurse.context, False)
    sent: list[str] = []
    nurse.context.on("request", lambda one: sent.append(one.url) if f"/{step}/" in one.url else None)
    sign_in(nurse, "grid", site.password)
    expect(nurse.locator("#queue")).to_be_hidden()
    carried(nurse)
    dead(nurse.context)
    nurse.goto("/")
    expect(nurse.locator("main")).not_to_contain_text("36.9")
    assert nurse.locator(f"#step-{step}").count() == 0
    dead(nurse.context, False)
    nurse.goto("/me/")
    nurse.locator("form[data-leaves] button").click()
    nurse.wait_for_selector("#login")
    assert sent == []
    sign_in(nurse, "nurse", site.password)
    expect(nurse.locator(".settled").first).to_contain_text("已完成", timeout=30_000)
    assert settled(nurse, step)["state"] == "done"


def sign_in(page: Page, post: str, password: str) -> None:
    page.goto("/login/")
    page.fill("#login", post)
    page.fill("#password", password)
    page.click("form[data-signs-in] button.primary")
    page.wait_for_selector("nav.nav")


def test_signing_out_asks_about_what_is_unsent_and_leaves_nothing(nurse: Page) -> None:
    dead(nurse.context)
    nurse.goto("/")
    fill(later(nurse, 5), "36.3")
    expect(nurse.locator("#queue")).to_be_visible(timeout=15_000)
    dead(nurse.context, False)
    nurse.context.route("**/complete/", lambda route: route.abort())
    nurse.goto("/me/")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    nurse.once("dialog", stay)
    nurse.locator("form[data-leaves] button").click()
    nurse.wait_for_timeout(500)
    assert "1 条未发送" in asked[0] and nurse.locator("#login").count() == 0
    nurse.once("dialog", lambda dialog: dialog.accept())
    nurse.locator("form[data-leaves] button").click()
    nurse.wait_for_selector("#login")
    left = nurse.evaluate(
        """() => new Promise((resolve) => { const open = indexedDB.open("fangxian"); open.onsuccess = async () => {
             const names = ["keys", "kept", "queue"], counts = names.map((name) => new Promise((told) => {
               open.result.transaction(name).objectStore(name).count().onsuccess = (one) => told(one.target.result); }));
             resolve([...await Promise.all(counts), (await caches.keys()).includes("pages")]); }; })"""
    )
    assert left == [0, 0, 0, False]
    dead(nurse.context)
    with pytest.raises(Exception, match=r"ERR_INTERNET_DISCONNECTED|ERR_FAILED"):
        nurse.goto("/")


def test_nothing_about_a_person_lies_on_the_telephone_in_clear(nurse: Page) -> None:
    dead(nurse.context)
    nurse.goto("/")
    who = visits(nurse).first.locator(".duty-who .code").inner_text()
    fill(later(nurse, 6), "36.8", note="江晚晴家门口")
    expect(nurse.locator("#queue")).to_be_visible(timeout=15_000)
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
    card = visits(nurse).last
    number = card.get_attribute("id") or ""
    fill(card, "36.8")
    nurse.locator(f"#{number} [data-kept] button").click()
    expect(nurse.locator(f"#{number} [data-acts]")).to_be_visible()
    nurse.wait_for_timeout(6000)
    assert settled(nurse, number)["state"] == "open"
    expect(nurse.locator(f"#{number} input[name$='-temperature']")).to_have_value("36.8")


def test_whoever_puts_the_telephone_away_takes_nothing_back(nurse: Page) -> None:
    card = visits(nurse).last
    number = card.get_attribute("id") or ""
    fill(card, "36.2")
    expect(nurse.locator(f"#{number} [data-kept]")).to_be_visible()
    nurse.goto("/contacts/")
    for _try in range(20):
        if settled(nurse, number)["state"] == "done":
            return
        nurse.wait_for_timeout(200)
    pytest.fail("it was not sent")


def test_a_photo_is_kept_small_and_sent_with_the_rest(nurse: Page) -> None:
    dead(nurse.context)
    nurse.goto("/")
    card = later(nurse, 7)
    number = card.get_attribute("id") or ""
    card.locator("summary.button.primary").click()
    card.locator(".besides > summary").click()
    picture = FilePayload(name="door.jpg", mimeType="image/jpeg", buffer=photo(size=(3000, 2000), located=True))
    card.locator("input[type=file]").set_input_files(picture)
    expect(card.locator("img.photo-preview")).to_be_visible()
    card.locator('input[name$="-temperature"]').fill("36.4")
    card.locator('label:has(input[value="none"])').click()
    card.locator("form button[type=submit]:visible").last.click()
    expect(nurse.locator("#queue")).to_contain_text("照片", timeout=15_000)
    dead(nurse.context, False)
    expect(nurse.locator(f"#{number}.settled")).to_be_visible(timeout=30_000)
    nurse.goto(f"/duties/{number.removeprefix('step-')}/")
    address = nurse.locator("a[href*='/photos/']").get_attribute("href")
    size = nurse.evaluate(
        "async (url) => { const image = await createImageBitmap(await (await fetch(url)).blob()); return [image.width, image.height]; }",
        address,
    )
    assert size == [1600, 1067]
