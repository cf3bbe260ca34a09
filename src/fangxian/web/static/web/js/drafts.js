/**
 * Nothing typed is lost: forms marked `data-draft` keep their entries in this tab while they are being filled in.
 *
 * A dead connection, an ended session or a closed lid then cost nothing: the entries stand there again after signing in.
 * They live in the tab's own storage, under the account that typed them, and go when the form was taken, on signing out,
 * and when the tab is closed.
 */

const account = document.body.dataset.account ?? "";
const PREFIX = "draft:";

/** @param {HTMLFormElement} form */
const keyOf = (form) => `${PREFIX}${account}:${form.dataset.draft}`;

/** @param {HTMLFormElement} form */
function keep(form) {
  const entries = [...new FormData(form)].filter(([name, value]) => name !== "csrfmiddlewaretoken" && typeof value === "string");
  sessionStorage.setItem(keyOf(form), JSON.stringify(entries));
}

/** @param {HTMLFormElement} form */
function restore(form) {
  const kept = sessionStorage.getItem(keyOf(form));
  if (!kept || form.dataset.answered !== undefined) return;
  for (const [name, value] of /** @type {[string, string][]} */ (JSON.parse(kept))) {
    for (const input of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (input instanceof HTMLInputElement && ["radio", "checkbox"].includes(input.type)) {
        if (input.value === value) input.checked = true;
      } else if ("value" in input) input.value = value;
    }
  }
  const fold = form.closest("details");
  if (fold) fold.open = true;
  form.hidden = false;
  form.querySelector("[data-draft-note]")?.removeAttribute("hidden");
}

if (account) {
  // What the server has taken is no draft any more: it says which, and the same form may stand on the page again.
  for (const taken of document.querySelectorAll("[data-draft-taken]")) {
    sessionStorage.removeItem(`${PREFIX}${account}:${/** @type {HTMLElement} */ (taken).dataset.draftTaken}`);
  }
  const begun = /** @param {Event} event */ (event) => {
    const form = /** @type {HTMLElement} */ (event.target).closest?.("form[data-draft]");
    if (form instanceof HTMLFormElement) keep(form);
  };
  document.addEventListener("input", begun);
  document.addEventListener("change", begun);
  for (const form of document.querySelectorAll("form[data-draft]")) restore(/** @type {HTMLFormElement} */ (form));
  // Parts of a page that come later bring forms with them.
  document.body.addEventListener("htmx:load", (event) => {
    const { elt } = /** @type {CustomEvent} */ (event).detail;
    if (!(elt instanceof Element)) return;
    for (const form of [elt, ...elt.querySelectorAll("form[data-draft]")]) {
      if (form instanceof HTMLFormElement && form.dataset.draft) restore(form);
    }
  });
  document.addEventListener("draft:drop", (event) => sessionStorage.removeItem(keyOf(/** @type {HTMLFormElement} */ (event.target))));
  document.body.addEventListener("htmx:afterRequest", (event) => {
    // The answer may have taken the form's place: the request knows which form it was. Refusals are shown too, and take nothing.
    const { requestConfig, xhr } = /** @type {CustomEvent} */ (event).detail;
    const elt = requestConfig?.elt;
    if (xhr.status >= 200 && xhr.status < 300 && elt instanceof HTMLFormElement && elt.dataset.draft) sessionStorage.removeItem(keyOf(elt));
  });
}
document.querySelector("form[data-leaves]")?.addEventListener("submit", () => {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
});
