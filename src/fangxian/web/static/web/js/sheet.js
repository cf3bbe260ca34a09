/** A table of lines by the keyboard: from line to line, open, tick. Keys work while the table has the focus, and only then. */

const sheet = /** @type {HTMLElement | null} */ (document.querySelector("[data-sheet]"));
const keys = /** @type {HTMLDialogElement | null} */ (document.getElementById("keys"));
const help = /** @type {HTMLButtonElement | null} */ (document.querySelector("[data-keys]"));
const ticked = document.querySelector("[data-ticked]");
/** @type {HTMLTableRowElement | null} */
let lastTicked = null;

/** @returns {HTMLTableRowElement[]} */
const lines = () => [...(sheet?.querySelectorAll("tr[data-line]") ?? [])].map((row) => /** @type {HTMLTableRowElement} */ (row));
/** @param {Element | null} row */
const box = (row) => /** @type {HTMLInputElement | null} */ (row?.querySelector(".tick input") ?? null);
const current = () => /** @type {HTMLTableRowElement | null} */ (sheet?.querySelector('tr[aria-current="true"]') ?? null);

/** @param {HTMLTableRowElement | undefined} row */
function go(row) {
  if (!row) return;
  current()?.removeAttribute("aria-current");
  row.setAttribute("aria-current", "true");
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

/** @param {number} by lines down (or, negative, up) */
function step(by) {
  const all = lines();
  const here = current();
  const place = here ? all.indexOf(here) : by > 0 ? -1 : all.length;
  go(all[Math.max(0, Math.min(all.length - 1, place + by))]);
}

/** @param {boolean} range from the line ticked last up to this one */
function tick(range) {
  const row = current();
  const one = box(row);
  if (!row || !one) return;
  one.checked = !one.checked;
  if (range && lastTicked) {
    const all = lines();
    const [from, to] = [all.indexOf(lastTicked), all.indexOf(row)].sort((a, b) => a - b);
    for (const between of all.slice(from, to + 1)) { const other = box(between); if (other) other.checked = one.checked = true; }
  }
  lastTicked = row;
  count();
}

function count() {
  const boxes = lines().map(box).filter((one) => one !== null);
  for (const one of boxes) one.closest("tr")?.removeAttribute("data-chosen");
  const chosen = boxes.filter((one) => one.checked);
  for (const one of chosen) one.closest("tr")?.setAttribute("data-chosen", "");
  if (ticked instanceof HTMLElement) { ticked.hidden = !chosen.length; ticked.textContent = String(chosen.length); }
}

sheet?.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement && event.target.type !== "checkbox") return;
  /** @type {Record<string, () => void>} */
  const acts = {
    j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
    Home: () => go(lines()[0]), End: () => go(lines().at(-1)),
    x: () => tick(false), X: () => tick(true),
    "?": () => keys?.showModal(), "/": () => /** @type {HTMLElement | null} */ (document.querySelector('input[type="search"]'))?.focus(),
    Enter: () => /** @type {HTMLElement | null} */ (current()?.querySelector("th a"))?.click(),
  };
  if (event.key === "Enter" && event.target instanceof HTMLAnchorElement) return;
  if (acts[event.key]) { event.preventDefault(); acts[event.key](); }
});
sheet?.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const row = target.closest("tr[data-line]");
  if (row instanceof HTMLTableRowElement && !target.closest("a, label")) go(row);
});
document.addEventListener("change", (event) => {
  if (/** @type {HTMLElement} */ (event.target).closest(".tick")) {
    lastTicked = /** @type {HTMLElement} */ (event.target).closest("tr");
    count();
  }
});
// “Tick all” changes the boxes without telling; it is counted once they have changed.
document.addEventListener("click", (event) => { if (/** @type {HTMLElement} */ (event.target).closest("[data-check-all]")) setTimeout(count); });
if (help && keys && sheet) { help.hidden = false; help.addEventListener("click", () => keys.showModal()); }
