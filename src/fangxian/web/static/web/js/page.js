/** What every page has: clocks, drafts, a word when the connection is gone or the session is about to end. */

import "./clocks.js";
import "./drafts.js";
import "./phone.js";

const WARN_BEFORE = 5 * 60_000;
const notices = document.getElementById("notices");

/** @param {string} id the element of the page that holds the words */
function tell(id) {
  const words = document.getElementById(id);
  if (words instanceof HTMLTemplateElement && notices && !notices.querySelector(`[data-notice="${id}"]`)) {
    notices.append(words.content.cloneNode(true));
  }
}

/** @param {string} id */
const untell = (id) => notices?.querySelector(`[data-notice="${id}"]`)?.remove();

if (document.body.dataset.carried === undefined) {  // the kept duties say so themselves
  addEventListener("offline", () => tell("notice-offline"));
  addEventListener("online", () => untell("notice-offline"));
  if (!navigator.onLine) tell("notice-offline");
}
document.body.addEventListener("htmx:sendError", () => tell("notice-unsent"));
document.body.addEventListener("htmx:beforeRequest", () => untell("notice-unsent"));

const ends = Date.parse(document.body.dataset.sessionEnds ?? "");
const now = Date.parse(document.body.dataset.now ?? "");
if (!Number.isNaN(ends)) setTimeout(() => tell("notice-session"), Math.max(0, ends - now - WARN_BEFORE));

// Whoever opens a fold wants to fill it in: the first field is where the cursor goes (not on a phone, whose keyboard would hide the page).
document.addEventListener("toggle", (event) => {
  const fold = event.target;
  if (fold instanceof HTMLDetailsElement && fold.open && matchMedia("(pointer: fine)").matches) {
    /** @type {HTMLElement | null} */ (fold.querySelector("form input:not([type=hidden]), form select, form textarea"))?.focus();
  }
}, true);

// A request in the background may have renewed the token since this page was drawn: a form goes with the one that holds now.
document.addEventListener("submit", (event) => {
  const token = /** @type {HTMLFormElement} */ (event.target).querySelector("input[name=csrfmiddlewaretoken]");
  const now = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  if (token instanceof HTMLInputElement && now) token.value = now;
}, true);

// One tick for all lines of a table.
document.addEventListener("click", (event) => {
  const all = /** @type {HTMLElement} */ (event.target).closest?.("[data-check-all]");
  if (all instanceof HTMLInputElement) {
    for (const box of document.querySelectorAll(`input[name="${all.dataset.checkAll}"]`)) /** @type {HTMLInputElement} */ (box).checked = all.checked;
  }
});
