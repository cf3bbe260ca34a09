/** The QR code of a letter has its code behind the #, which no server sees: put into the field, it is there to be sent. */

const field = /** @type {HTMLInputElement | null} */ (document.getElementById("code"));
const code = decodeURIComponent(location.hash.slice(1));

if (field && /^[0-9A-Za-z-]{16,24}$/.test(code)) {
  field.value = code;
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll("[data-keep-hash]"))) link.hash = code;
  history.replaceState(null, "", location.pathname);
  /** @type {HTMLElement | null} */ (field.form?.querySelector("button.primary") ?? null)?.focus();
}
