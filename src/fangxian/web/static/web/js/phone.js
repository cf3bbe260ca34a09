/**
 * What makes the pages work on a telephone whose connection comes and goes: the service worker, the duties kept for the way,
 * the queue sent whenever there is a chance, and nothing left behind when somebody signs out.
 */

import * as queue from "./queue.js";
import * as vault from "./vault.js";

const body = document.body;
const account = body.dataset.account ?? "";
/** The page that is opened without a connection. */
const DUTIES = "duties";
/** The kept duties are no older than this after a page was opened with a connection, in milliseconds, and in its language. */
const FRESH = 60_000;
const AGAIN = 20_000;

/** How far this telephone's clock is behind the server's, in milliseconds. */
const behind = Date.parse(body.dataset.now ?? "") - Date.now();

async function register() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("/worker.js", { type: "module", updateViaCache: "none" });
    await navigator.serviceWorker.ready;
    const sheet = [...document.querySelectorAll("svg.icon use")].map((one) => new URL(one.getAttribute("href") ?? "", location.href).href.split("#")[0]);
    const loaded = performance.getEntriesByType("resource").map((one) => one.name).filter((one) => one.includes("/static/"));
    const assets = await caches.open(`assets ${body.dataset.static}`);
    for (const url of new Set([...loaded, ...sheet])) if (!(await assets.match(url))) await assets.add(url).catch(() => undefined);
    const pages = await caches.open("pages");
    if (sessionStorage.getItem("offline page") !== document.documentElement.lang || !(await pages.match("/offline/"))) {
      await pages.add("/offline/");  // once a language, not with every page
      sessionStorage.setItem("offline page", document.documentElement.lang);
    }
  } catch { /* a browser that cannot: the pages work with a connection, as they always did */ }
}

/** Take the duties along, as they are now. */
async function carry() {
  const ends = Date.parse(body.dataset.sessionEnds ?? "") - behind;
  if (Number.isNaN(ends) || body.dataset.carries === undefined) return;
  const [last, tongue] = (sessionStorage.getItem("carried") ?? "0 ").split(" ");
  if (tongue === document.documentElement.lang && Date.now() - Number(last) < FRESH) return;
  try {
    const answer = await fetch("/duties/carry/", { redirect: "error", headers: { Accept: "text/html" } });
    if (!answer.ok || answer.headers.get("X-Account") !== account) return;
    await vault.keep(DUTIES, account, { html: await answer.text(), ends, policy: answer.headers.get("Content-Security-Policy") ?? "" });
    sessionStorage.setItem("carried", `${Date.now()} ${document.documentElement.lang}`);
  } catch { /* no connection: what was kept before stays */ }
}

/** What somebody else left behind: their page goes; what they have not sent yet waits for them, sealed and unseen. */
async function arrive() {
  const whose = await vault.keptFor(DUTIES);
  if (whose && whose !== account) await vault.dropKept();
}

/** @param {HTMLFormElement} form */
async function leave(form) {
  await queue.drain();
  const unsent = (await queue.waiting()).length;
  const words = document.getElementById("queue-words")?.dataset.leave ?? "";
  if (unsent && !confirm(words.replace("{n}", String(unsent)))) return;
  await vault.forget(account);
  await caches.delete("pages");
  sessionStorage.clear();
  form.submit();
}

/** What is done on every page of somebody who has signed in. It waits for nothing that the page needs. */
async function begin() {
  document.addEventListener("fangxian:sent", () => { sessionStorage.removeItem("carried"); });
  addEventListener("online", () => queue.drain());
  document.addEventListener("visibilitychange", () => queue.drain(document.hidden));
  setInterval(() => { if (!document.hidden) queue.drain(); }, AGAIN);
  for (const form of document.querySelectorAll("form[data-leaves]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      leave(/** @type {HTMLFormElement} */ (form)).catch(() => /** @type {HTMLFormElement} */ (form).submit());
    });
  }
  await arrive();
  await queue.drain(true);  // what was done on the page before cannot be taken back any more
  if (body.dataset.carried !== undefined) return;
  await register();
  await carry();
}

if (vault.available && account) begin();
else if (vault.available && document.querySelector("form[data-signs-in]")) vault.dropKept();  // the shift is over
