/**
 * The swab point under one thumb: scan people, scan the tube, next. What is recorded goes into the telephone's queue and is sent
 * once, connected or not; what the house could not take stays here with the reason until somebody has dealt with it.
 *
 * A scanner types like a keyboard and ends with Enter; a camera is used where the browser can read barcodes itself.
 */

import * as queue from "./queue.js";
import * as vault from "./vault.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("swab"));
const words = form.dataset;
const find = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (document.getElementById(id));
const typed = find("people"), person = find("scan-person"), tube = find("code"), list = find("swab-people"), told = find("swab-done");
const fault = find("swab-fault"), shown = find("swab-queue"), count = find("in-tube");
/** Who is in the tube being filled. @type {string[]} */
let inside = typed.value.split(/\s+/).filter(Boolean);
let taken = 0;

const size = () => Number(/** @type {HTMLInputElement | null} */ (form.querySelector("input[name=kind]:checked"))?.dataset.size ?? 1);
const newcomer = () => find("name").value.trim() !== "";
const filled = () => inside.length + (newcomer() ? 1 : 0);

/** @param {string} tag @param {Record<string, string>} attributes @param {...(Node | string)} content */
function element(tag, attributes, ...content) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...content);
  return made;
}

/** @param {string} label @param {string} kind @param {() => void} act */
function button(label, kind, act) {
  const made = element("button", { type: "button", class: `button ${kind}` }, label);
  made.addEventListener("click", act);
  return made;
}

/** @param {string} said */
function wrong(said) {
  fault.textContent = said;
  fault.hidden = said === "";
  if (said) navigator.vibrate?.([80, 60, 80]);
}

function draw() {
  typed.value = inside.join("\n");
  count.textContent = `${filled()} / ${size()}`;
  find("kind-now").textContent = form.querySelector("input[name=kind]:checked")?.closest("label")?.textContent?.trim() ?? "";
  list.replaceChildren(...inside.map((one) => element("li", {}, element("span", {}, one), button(words.remove ?? "", "quiet small", () => {
    inside = inside.filter((other) => other !== one);
    draw();
    person.focus();
  }))));
}

/** @param {string} text */
function add(text) {
  const code = text.replace(/\s+/g, "").toUpperCase();
  if (!code) return;
  if (inside.includes(code)) return wrong(words.twice ?? "");
  if (filled() >= size()) {
    wrong(words.full ?? "");
    tube.focus();
    return;
  }
  wrong("");
  inside.push(code);
  form.querySelector(".swab-set")?.removeAttribute("open");  // the kind stays; room for the people
  navigator.vibrate?.(40);
  draw();
  if (filled() >= size()) tube.focus();
}

async function keep() {
  if (person.value.trim()) {
    add(person.value);
    person.value = "";
  }
  if (!filled()) {
    wrong(words.empty ?? "");
    return person.focus();
  }
  if (filled() > size()) return wrong(words.full ?? "");
  if (!tube.value.trim()) {
    wrong(words.nocode ?? "");
    return tube.focus();
  }
  wrong("");
  draw();
  /** @type {[string, string][]} */
  const fields = [];
  for (const [name, value] of new FormData(form)) if (name !== "csrfmiddlewaretoken" && typeof value === "string") fields.push([name, value]);
  const code = tube.value.trim().toUpperCase();
  const content = { url: location.pathname, title: code, fields, said: /** @type {[string, string][]} */ ([]), photo: "", together: words.together };
  await queue.add(content, { step: `swab-${code}` });
  taken += 1;
  told.textContent = `${code} · ${filled()} · ${words.taken} (${taken})`;
  inside = [];
  for (const id of ["name", "document", "phone", "again", "code"]) find(id).value = "";
  draw();
  person.focus();
  await queue.drain();
}

// ── what waits, and what was refused ──────────────────────────────────────────────────────────────────────────────────

async function show() {
  const entries = (await queue.waiting()).filter((one) => one.step.startsWith("swab-"));
  const refused = entries.filter((one) => one.state === "refused"), waiting = entries.length - refused.length;
  const parts = [];
  if (waiting) parts.push(element("p", { class: "soft" }, (words.waits ?? "").replace("{n}", String(waiting))));
  if (refused.length) parts.push(element("h2", {}, (words.refused ?? "").replace("{n}", String(refused.length))));
  for (const entry of refused.slice(0, 50)) {
    const content = await queue.contentOf(entry), answer = entry.answer;
    const fresh = /** @type {HTMLInputElement} */ (element("input", { "aria-label": words.fresh ?? "", placeholder: words.fresh ?? "", maxlength: "40", autocapitalize: "characters" }));
    fresh.value = answer?.code === "duplicate_barcode" ? "" : content.title;
    const people = content.fields.find(([name]) => name === "people")?.[1] ?? "";
    parts.push(element("div", { class: "swab-refused" },
      element("strong", {}, `${content.title} · ${people.split("\n").filter(Boolean).join(", ")}`),
      element("p", {}, `${answer?.message ?? ""} ${answer?.remedy ?? ""}`),
      element("div", { class: "row" }, fresh,
        button(words.again ?? "", "primary small", async () => {
          if (!fresh.value.trim()) return fresh.focus();
          const fields = content.fields.map(([name, value]) => /** @type {[string, string]} */ ([name, name === "code" ? fresh.value.trim() : value]));
          const entryAgain = await queue.add({ ...content, title: fresh.value.trim().toUpperCase(), fields }, { step: `swab-${fresh.value.trim()}` });
          await vault.put({ ...entryAgain, at: entry.at });  // it was taken when it was taken
          await queue.discard(entry.key);
          await queue.drain();
        }),
        button(words.drop ?? "", "quiet small", () => { if (confirm(words.sure)) queue.discard(entry.key); }))));
  }
  shown.replaceChildren(...parts);
  shown.hidden = parts.length === 0;
}

// ── the camera ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** @param {HTMLInputElement} target */
async function camera(target) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("swab-camera")), video = /** @type {HTMLVideoElement} */ (dialog.querySelector("video"));
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  const close = () => { for (const track of stream.getTracks()) track.stop(); dialog.close(); };
  dialog.querySelector("[data-close]")?.addEventListener("click", close, { once: true });
  video.srcObject = stream;
  dialog.showModal();
  await video.play();
  const reader = new /** @type {any} */ (globalThis).BarcodeDetector({ formats: ["code_128", "qr_code"] });
  while (dialog.open) {
    const [found] = await reader.detect(video).catch(() => []);
    if (found) {
      close();
      target.value = found.rawValue;
      if (target === person) enter();
    } else await new Promise((done) => { setTimeout(done, 150); });
  }
}

function enter() {
  add(person.value);
  person.value = "";
}

/** The page is taken along, so that the point works on after the telephone was put away without a connection. */
async function carry() {
  const ends = Date.parse(document.body.dataset.sessionEnds ?? "");
  if (Number.isNaN(ends) || !navigator.onLine) return;
  const answer = await fetch(location.pathname, { redirect: "error", headers: { Accept: "text/html" } });
  if (answer.ok) await vault.keep(location.pathname, document.body.dataset.account ?? "", { html: await answer.text(), ends, policy: answer.headers.get("Content-Security-Policy") ?? "" });
}

if (queue.ready) {
  const scan = /** @type {HTMLElement} */ (form.querySelector("[data-scan-people]"));
  scan.hidden = false;
  /** @type {HTMLElement} */ (typed.closest(".field")).hidden = true;
  draw();
  person.focus();
  person.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (person.value.trim()) enter();
    else tube.focus();
  });
  form.addEventListener("change", draw);
  form.addEventListener("submit", (event) => { event.preventDefault(); keep(); });
  document.addEventListener("fangxian:queue", show);
  show();
  if ("BarcodeDetector" in globalThis) for (const one of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-camera]"))) {
    one.hidden = false;
    one.addEventListener("click", () => camera(find(one.dataset.camera ?? "")));
  }
  carry().catch(() => undefined);  // no connection: what was kept before stays
}
