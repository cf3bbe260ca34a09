/** Decisions by the keyboard: `c` confirms and `s` strikes those ticked, or the line one is at; striking asks for the reason first. */

const sheet = /** @type {HTMLElement | null} */ (document.querySelector("[data-sheet]"));
const form = /** @type {HTMLFormElement | null} */ (document.getElementById("decide"));
const reason = /** @type {HTMLInputElement | null} */ (document.getElementById("decide-why"));

/** @returns {boolean} whether anybody is ticked, the line under the keyboard if nobody was */
function chosen() {
  const boxes = [...(sheet?.querySelectorAll(".tick input[name]") ?? [])].map((one) => /** @type {HTMLInputElement} */ (one));
  const here = /** @type {HTMLInputElement | null} */ (sheet?.querySelector('tr[aria-current="true"] .tick input') ?? null);
  if (!boxes.some((one) => one.checked) && here) {
    here.checked = true;
    here.dispatchEvent(new Event("change", { bubbles: true }));
  }
  return boxes.some((one) => one.checked);
}

/** @param {string} word */
const button = (word) => /** @type {HTMLButtonElement | null} */ (form?.querySelector(`[data-key="${word}"]`) ?? null);

sheet?.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !form || !["c", "s"].includes(event.key)) return;
  event.preventDefault();
  if (!chosen()) return;
  if (event.key === "c") form.requestSubmit(button("c"));
  else if (reason?.value.trim()) form.requestSubmit(button("s"));
  else reason?.focus();
});
reason?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && reason.value.trim()) { event.preventDefault(); form?.requestSubmit(button("s")); }
});
