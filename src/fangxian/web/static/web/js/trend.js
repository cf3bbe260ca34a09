/** The trend: a drawing as a picture, made where it is looked at, on white as paper is. */

const SCALE = 3;

for (const button of document.querySelectorAll("button[data-png]")) {
  if (!(button instanceof HTMLButtonElement)) continue;
  button.hidden = false;
  button.addEventListener("click", () => { void save(button); });
}

/** @param {HTMLButtonElement} button */
async function save(button) {
  const link = /** @type {HTMLAnchorElement} */ (button.parentElement?.querySelector("a[href*='.svg']"));
  const answer = await fetch(link.href);
  if (!answer.ok) return;
  const drawing = await answer.text();
  const box = new DOMParser().parseFromString(drawing, "image/svg+xml").documentElement.getAttribute("viewBox")?.split(" ").map(Number) ?? [0, 0, 720, 260];
  const sized = drawing.replace("<svg ", `<svg width="${box[2] * SCALE}" height="${box[3] * SCALE}" `);
  const picture = new Image();
  const address = URL.createObjectURL(new Blob([sized], { type: "image/svg+xml" }));
  picture.src = address;
  await picture.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [box[2] * SCALE, box[3] * SCALE];
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0);
  URL.revokeObjectURL(address);
  const file = await new Promise((/** @type {(file: Blob | null) => void} */ made) => { canvas.toBlob(made, "image/png"); });
  if (!file) return;
  const saved = document.createElement("a");
  saved.href = URL.createObjectURL(file);
  saved.download = button.dataset.png ?? "trend.png";
  saved.click();
  setTimeout(() => URL.revokeObjectURL(saved.href), 10_000);
}
