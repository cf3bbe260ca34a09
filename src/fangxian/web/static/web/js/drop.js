/** Files dropped onto the field that chooses them; the names of what was chosen are said. Without this the field works all the same. */

for (const zone of document.querySelectorAll("[data-drop]")) {
  const input = /** @type {HTMLInputElement | null} */ (zone.querySelector('input[type="file"]'));
  const said = zone.querySelector("[data-dropped]");
  if (!input) continue;
  const tell = () => { if (said) said.textContent = [...(input.files ?? [])].map((file) => file.name).join(", "); };
  input.addEventListener("change", tell);
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.setAttribute("data-over", ""); });
  zone.addEventListener("dragleave", () => zone.removeAttribute("data-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.removeAttribute("data-over");
    const given = /** @type {DragEvent} */ (event).dataTransfer?.files;
    if (given?.length) { input.files = given; tell(); }
  });
}
