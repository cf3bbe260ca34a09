/**
 * Countdown clocks. The server has written every clock already; here they only go on counting.
 *
 * Times are taken from the server's clock, not the telephone's: a telephone that is ten minutes slow must not make
 * somebody ten minutes late.
 *
 * @typedef {{late: string, left: string, units: [string, string, string], join: string}} Words
 *   late and left hold one %s; units are days, hours, minutes
 */

const MINUTE = 60_000;
const SOON = 60 * MINUTE;

/** @type {Words} */
const words = JSON.parse(document.body.dataset.clockWords ?? "null");
const offset = Date.parse(document.body.dataset.now ?? "") - Date.now();

/** @param {number} milliseconds @returns {string} the two largest units: 3 h 20 min, 2 days 4 h */
export function amount(milliseconds) {
  const minutes = Math.floor(Math.abs(milliseconds) / MINUTE);
  const parts = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  const first = parts.findIndex((part) => part > 0);
  if (first < 0) return `0${words.units[2]}`;
  const shown = parts.slice(first, first + 2).map((part, place) => (part ? `${part}${words.units[first + place]}` : ""));
  return shown.filter(Boolean).join(words.join);
}

/** @param {HTMLTimeElement} clock */
function tick(clock) {
  const left = Date.parse(clock.dateTime) - (Date.now() + offset);
  const tone = left <= 0 ? "late" : left <= SOON ? "soon" : "calm";
  if (clock.dataset.tone !== tone) {
    clock.dataset.tone = tone;
    const icon = clock.querySelector("use");
    const sheet = icon?.getAttribute("href")?.split("#")[0];
    icon?.setAttribute("href", `${sheet}#${tone === "late" ? "late" : "clock"}`);
  }
  const text = clock.querySelector("span");
  if (text) text.textContent = (left <= 0 ? words.late : words.left).replace("%s", amount(left));
}

function tickAll() {
  for (const clock of document.querySelectorAll("time.clock[datetime]")) tick(/** @type {HTMLTimeElement} */ (clock));
}

if (words && !Number.isNaN(offset)) {
  tickAll();
  setInterval(tickAll, 15_000);
  document.body.addEventListener("htmx:afterSettle", tickAll);
}
