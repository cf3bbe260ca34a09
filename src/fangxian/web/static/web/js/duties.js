/**
 * My duties, with or without a connection: what is done goes into the queue, says so on its card, and may be taken back for a
 * moment before it is sent; what could not be taken is told with what was entered, and nothing is lost.
 */

import * as queue from "./queue.js";
import "./photos.js";

/** For how long a tap may be taken back, in milliseconds. */
const GRACE = 5_000;

const words = document.getElementById("queue-words")?.dataset ?? {};
const sheet = document.querySelector("svg.icon use")?.getAttribute("href")?.split("#")[0] ?? "";
const shown = document.getElementById("queue");

/** @param {string} tag @param {Record<string, string>} attributes @param {...(Node | string)} inside */
function element(tag, attributes, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

/** @param {string} name */
function icon(name) {
  const space = "http://www.w3.org/2000/svg", made = document.createElementNS(space, "svg"), use = document.createElementNS(space, "use");
  made.setAttribute("class", "icon");
  made.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${sheet}#${name}`);
  made.append(use);
  return made;
}

/** @param {number} at */
const clock = (at) => new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);

/** @param {string} label @param {string} kind @param {() => void} act */
function button(label, kind, act) {
  const made = element("button", { type: "button", class: `button ${kind}` }, label);
  made.addEventListener("click", act);
  return made;
}

// ── keeping ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What is plainly wrong is said at the door, not after it. @param {HTMLFormElement} form */
function holds(form) {
  for (const old of form.querySelectorAll(".fault")) old.remove();
  const wrong = [...form.querySelectorAll("input, textarea, select")].filter((one) => fault(form, /** @type {HTMLInputElement} */ (one)));
  /** @type {HTMLElement | undefined} */ (wrong[0])?.focus();
  return wrong.length === 0;
}

/** @param {HTMLFormElement} form @param {HTMLInputElement} input whether something is wrong with it, which then stands below it */
function fault(form, input) {
  const field = input.closest(".field"), value = Number(input.value.replace(",", ".").replace(/[℃°C度 ]+$/u, ""));
  const apart = input.dataset.low !== undefined && !(value >= Number(input.dataset.low) && value <= Number(input.dataset.high));
  const missing = input.required && (input.type === "radio" ? !new FormData(form).has(input.name) : !input.value.trim());
  input.setAttribute("aria-invalid", String(missing || apart));
  if (!missing && !apart) return false;
  const said = missing ? words.needed ?? "" : (words.range ?? "").replace("{low}", input.dataset.low ?? "").replace("{high}", input.dataset.high ?? "");
  if (field && !field.querySelector(".fault")) field.append(element("span", { class: "fault", role: "alert" }, icon("late"), said));
  return true;
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
async function keep(form, submitter) {
  const data = new FormData(form, submitter);
  /** @type {[string, string][]} */ const fields = [];
  /** @type {[string, string][]} */ const said = [];
  let photo = "", picture = null;
  for (const [name, value] of data) {
    if (name === "csrfmiddlewaretoken") continue;
    if (typeof value === "string") {
      fields.push([name, value]);
      if (value) said.push(entered(form, name, value));
    } else if (value.size) [photo, picture] = [name, value];
  }
  if (photo) said.push([label(form, photo), "✓"]);
  const card = /** @type {HTMLElement | null} */ (form.closest("li.duty"));
  const title = [".duty-title", ".duty-who a, .duty-who bdi"].map((part) => card?.querySelector(part)?.textContent ?? "").join(" · ");
  const step = card?.id.replace("step-", "") ?? "";
  await queue.add({ url: form.getAttribute("action") ?? "", title, fields, said, photo, page: card?.dataset.page ?? `/duties/${step}/` }, { step, wait: GRACE, picture });
  setTimeout(() => queue.drain(), GRACE + 50);
}

/** @param {HTMLFormElement} form @param {string} name */
function label(form, name) {
  const input = /** @type {HTMLElement | null} */ (form.querySelector(`[name="${CSS.escape(name)}"]`));
  return input?.closest(".field")?.querySelector("label, .label")?.firstChild?.textContent?.trim() ?? "";
}

/** @param {HTMLFormElement} form @param {string} name @param {string} value @returns {[string, string]} */
function entered(form, name, value) {
  const chosen = form.querySelector(`input[type="radio"][name="${CSS.escape(name)}"][value="${CSS.escape(value)}"]`);
  return [label(form, name), chosen?.closest("label")?.textContent?.trim() ?? value];
}

document.body.addEventListener("htmx:confirm", (event) => {
  const { elt, triggeringEvent } = /** @type {CustomEvent} */ (event).detail;
  if (!queue.ready || !(elt instanceof HTMLFormElement) || elt.dataset.queue === undefined) return;
  event.preventDefault();
  const submitter = triggeringEvent?.submitter ?? null;
  if (submitter?.formNoValidate || holds(elt)) keep(elt, submitter);
});

// ── showing ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Cards say what waits about them, and get their buttons back when nothing does. */
async function mark() {
  if (!queue.ready) return;
  const entries = await queue.waiting();
  for (const card of document.querySelectorAll("li.duty")) {
    const entry = entries.find((one) => `step-${one.step}` === card.id && one.state === "waiting");
    const acts = card.querySelector("[data-acts]"), told = card.querySelector(":scope > [data-kept]");
    acts?.toggleAttribute("hidden", entry !== undefined);
    told?.remove();
    if (entry) card.append(note(entry));
  }
  await list(entries);
}

/** @param {import("./vault.js").Entry} entry */
function note(entry) {
  const brief = entry.after > Date.now();
  if (brief) setTimeout(mark, entry.after - Date.now() + 20);
  const made = element("p", { class: "settled", "data-kept": entry.key, "data-tone": brief ? "good" : "soon", role: "status" }, icon(brief ? "check" : "queue"));
  made.append(element("span", {}, (brief ? words.brief ?? "" : words.kept ?? "").replace("{at}", clock(entry.at))));
  made.append(button(brief ? words.undo ?? "" : words.back ?? "", "quiet", () => queue.discard(entry.key)));
  return made;
}

/** @param {import("./vault.js").Entry[]} entries */
async function list(entries) {
  if (!shown) return;
  const lasting = entries.filter((one) => one.state === "refused" || one.after <= Date.now());
  shown.hidden = lasting.length === 0;
  const head = element("h2", {}, icon("queue"), (words.count ?? "").replace("{n}", String(lasting.length)));
  const lines = element("ol", {});
  for (const entry of lasting) lines.append(await line(entry));
  const parts = [head, lines];
  if (queue.stopped === "signed_out") parts.push(element("p", {}, element("a", { class: "button primary", href: "/login/?next=/" }, words.signIn ?? "")));
  if (queue.stopped === "other") parts.push(element("p", { class: "strong" }, words.other ?? ""));
  shown.replaceChildren(...parts);
}

/** @param {import("./vault.js").Entry} entry */
async function line(entry) {
  const content = await queue.contentOf(entry);
  const made = element("li", { "data-state": entry.state }, element("p", {}, element("strong", {}, content.title), ` · ${clock(entry.at)}`));
  const said = content.said.map(([name, value]) => (name ? `${name}: ${value}` : value)).join(" · ");
  if (entry.answer) made.append(element("p", { class: "strong" }, entry.answer.message), element("p", {}, entry.answer.remedy));
  if (said) made.append(element("p", { class: "entered" }, said));
  const acts = element("p", { class: "row" });
  if (entry.state === "refused") {
    acts.append(element("a", { class: "button", href: content.page ?? `/duties/${entry.step}/` }, words.open ?? ""));
    acts.append(button(words.again ?? "", "quiet", () => queue.retry(entry)));
  }
  acts.append(button(entry.state === "refused" ? words.drop ?? "" : words.back ?? "", "quiet", () => queue.discard(entry.key)));
  made.append(acts);
  return made;
}

document.addEventListener("fangxian:sent", (event) => {
  const { entry, ok, told } = /** @type {CustomEvent} */ (event).detail;
  const card = document.getElementById(`step-${entry.step}`);
  if (!ok) return;
  for (const key of Object.keys(sessionStorage)) if (key.startsWith("draft:") && key.endsWith(`-${entry.step}`)) sessionStorage.removeItem(key);
  const said = element(card && !told.open ? "li" : "p", { class: "settled", role: "status" }, icon("check"), element("span", {}, told.said));
  if (!card) document.getElementById("notices")?.append(said);  // it is further down the list than was loaded
  else if (told.open) card.querySelector(".duty-when")?.after(said);
  else {
    said.id = card.id;
    card.replaceWith(said);
  }
  for (const [key, count] of Object.entries(told.counts ?? {})) {
    const number = document.querySelector(`#tabs a[data-show="${key}"] b`);
    if (number) number.textContent = String(count);
  }
});
document.addEventListener("fangxian:queue", mark);
document.body.addEventListener("htmx:afterSettle", mark);
mark();
