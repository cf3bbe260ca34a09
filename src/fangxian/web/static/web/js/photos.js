/**
 * A photograph is made small before it is kept or sent, and loses its place and time before it touches the disk.
 *
 * Where the browser cannot read it (a HEIC on some) it goes as it is, and the server says what to do.
 */

const LONGEST = 1600;
const QUALITY = 0.8;

/** @param {File} file @returns {Promise<File>} */
export async function small(file) {
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    const drawing = canvas.getContext("2d");
    if (!drawing) return file;
    drawing.fillStyle = "white";
    drawing.fillRect(0, 0, canvas.width, canvas.height);
    drawing.drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    /** @type {Blob | null} */
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
    return blob ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : file;
  } catch {
    return file;
  }
}

document.addEventListener("change", async (event) => {
  const input = event.target;
  if (!(input instanceof HTMLInputElement) || input.dataset.photo === undefined || !input.files?.[0]) return;
  const given = input.files[0];
  const file = await small(given);
  if (input.files?.[0] !== given) return;  // another one was chosen meanwhile
  const chosen = new DataTransfer();
  chosen.items.add(file);
  input.files = chosen.files;
  const old = input.parentElement?.querySelector("img.photo-preview");
  const preview = document.createElement("img");
  preview.className = "photo-preview";
  preview.alt = "";
  preview.src = URL.createObjectURL(file);
  preview.onload = () => URL.revokeObjectURL(preview.src);
  preview.onerror = () => preview.remove();
  old?.remove();
  input.after(preview);
});
