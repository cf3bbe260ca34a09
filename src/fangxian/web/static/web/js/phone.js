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

/** Whoever signs out ends what the page still fetches: nothing is put away after everything was cleared. */
const leaving = new AbortController();
const left = new Promise((done) => leaving.signal.addEventListener("abort", done));
/** @param {string} url */
const wanted = (url) => new Request(url, { signal: leaving.signal });
/** What the page puts on the telephone. @type {Promise<void>} */
let taking = Promise.resolve();

/** How far this telephone's clock is behind the server's, in milliseconds. */
const behind = Date.parse(body.dataset.now ?? "") - Date.now();

async function register() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("/worker.js", { type: "module", updateViaCache: "none" });
    await Promise.race([navigator.serviceWorker.ready, left]);
    const sheet = [...document.querySelectorAll("svg.icon use")].map((one) => new URL(one.getAttribute("href") ?? "", location.href).href.split("#")[0]);
    const loaded = performance.getEntriesByType("resource").map((one) => one.name).filter((one) => one.includes("/static/"));
    const assets = await caches.open(`assets ${body.dataset.static}`);
    for (const url of new Set([...loaded, ...sheet])) if (!(await assets.match(url))) await assets.add(wanted(url)).catch(() => undefined);
    if (leaving.signal.aborted) return;
    const pages = await caches.open("pages");
    if (sessionStorage.getItem("offline page") !== document.documentElement.lang || !(await pages.match("/offline/"))) {
      await pages.add(wanted("/offline/"));  // once a language, not with every page
      sessionStorage.setItem("offline page", document.documentElement.lang);
    }
  } catch { /* a browser that cannot: the pages work with a connection, as they always did */ }
}

/** Take the duties along, as they are now. */
async function carry() {
  const ends = Date.parse(body.dataset.sessionEnds ?? "") - behind;
  if (Number.isNaN(ends) || body.dataset.carries === undefined || leaving.signal.aborted) return;
  const [whose, tongue, last] = (sessionStorage.getItem("carried") ?? "").split(" ");
  if (whose === account && tongue === document.documentElement.lang && Date.now() - Number(last) < FRESH) return;
  try {
    const answer = await fetch("/duties/carry/", { redirect: "error", headers: { Accept: "text/html" }, signal: leaving.signal });
    if (!answer.ok || answer.headers.get("X-Account") !== account) return;
    await vault.keep(DUTIES, account, { html: await answer.text(), ends, policy: answer.headers.get("Content-Security-Policy") ?? "" });
    sessionStorage.setItem("carried", `${account} ${document.documentElement.lang} ${Date.now()}`);
  } catch { /* no connection: what was kept before stays */ }
}

/** What somebody else left behind: their page goes; what they have not sent yet waits for them, sealed and unseen. */
async function arrive() {
  const owners = await vault.keptFor();
  if (owners.some((one) => one !== account)) await vault.dropKept();
}

/** @param {HTMLFormElement} form */
async function leave(form) {
  await queue.drain(true);
  const unsent = (await queue.waiting()).length;
  const words = document.getElementById("queue-words")?.dataset.leave ?? "";
  if (unsent && !confirm(words.replace("{n}", String(unsent)))) return;
  leaving.abort();
  await taking;
  await vault.forget(account);
  await caches.delete("pages");
  sessionStorage.clear();
  form.submit();
}

/** All scripts of the page have run. */
const parsed = new Promise((done) => {
  if (document.readyState === "complete") done(undefined);
  else document.addEventListener("DOMContentLoaded", done, { once: true });
});

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
  await parsed;  // whoever wants to hear of what was sent is listening by then
  await queue.drain(true);  // what was done on the page before cannot be taken back any more
  if (body.dataset.carried !== undefined) return;
  taking = register().then(carry);
}

if (vault.available && account) begin();
else if (vault.available && document.querySelector("form[data-signs-in]")) {  // the shift is over
  sessionStorage.removeItem("carried");
  vault.dropKept();
}
