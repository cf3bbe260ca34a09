/**
 * The activity track, edited by its ends: each end of a stay is a slider that is dragged, or moved with the arrow keys.
 *
 * Nothing is saved by moving: the times go into the form below the track, which asks for the reason. The drawing of the
 * server is redrawn for the stay being moved only; where times lie is worked out on the wall clock (see wall.js).
 *
 * @typedef {{id: string, number: string, name: string, version: string, lane: number, from: number, to: number | null,
 *   was: {from: number, to: number | null}, doubtful: boolean}} Stay
 */

import { DAY, dayOf, minutes, spoken, wall } from "./wall.js";

const SVG = "http://www.w3.org/2000/svg";
const SNAP = 5;
const MOMENT = 20;

/** @param {string} name @param {Record<string, string | number>} attributes @returns {SVGElement} */
function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/** @param {HTMLLIElement} line @returns {Stay} */
function read(line) {
  const { stay = "", number = "", name = "", version = "", lane = "0", from = "", to = "" } = line.dataset;
  const times = { from: minutes(from), to: to ? minutes(to) : null };
  return { id: stay, number, name, version, lane: Number(lane), ...times, was: times, doubtful: "doubtful" in line.dataset };
}

class TrackEditor {
  /** @param {HTMLElement} root @param {HTMLElement} list @param {HTMLFormElement} form */
  constructor(root, list, form) {
    this.root = root;
    this.form = form;
    this.words = { from: list.dataset.wordsBegin ?? "", to: list.dataset.wordsEnd ?? "" };
    this.lane = Number(list.dataset.trackLane);
    this.air = Number(list.dataset.trackAir);
    /** @type {SVGSVGElement[]} */
    this.days = [...root.querySelectorAll("svg.track-day")].map((one) => /** @type {SVGSVGElement} */ (one));
    this.first = minutes(`${this.days[0]?.dataset.day}T00:00`);
    this.stays = [...list.querySelectorAll("li[data-stay]")].map((line) => read(/** @type {HTMLLIElement} */ (line)));
    for (const stay of this.stays) this.handles(stay);
    root.querySelector("[data-track-how]")?.removeAttribute("hidden");
    form.addEventListener("reset", (event) => this.reset(event));
    for (const edge of /** @type {const} */ (["from", "to"])) {
      this.field(`${edge}_at`).addEventListener("change", () => this.typed(edge));
    }
    if (!form.hidden) this.resume();
  }

  /** @param {string} name @returns {HTMLInputElement} */
  field(name) {
    return /** @type {HTMLInputElement} */ (this.form.elements.namedItem(name));
  }

  /** The slider at each end of a stay. @param {Stay} stay */
  handles(stay) {
    for (const edge of /** @type {const} */ (["from", "to"])) {
      const handle = element("svg", {
        class: "handle", overflow: "visible", role: "slider", tabindex: 0, "data-handle": stay.id, "data-edge": edge,
        "aria-label": `${stay.number} ${stay.name}: ${this.words[edge]}`,
      });
      const height = this.lane - this.air;
      handle.append(
        element("rect", { class: "reach", x: edge === "from" ? -14 : -8, y: -5, width: 22, height: height + 10 }),
        element("rect", { class: "grip", x: -3, width: 6, height, rx: 3 }),
      );
      handle.addEventListener("pointerdown", (event) => this.drag(stay, edge, handle, event));
      handle.addEventListener("keydown", (event) => this.key(stay, edge, event));
      this.place(stay, edge, handle);
    }
  }

  /** @param {Stay} stay @param {"from" | "to"} edge @returns {number} */
  at(stay, edge) {
    return edge === "from" ? stay.from : (stay.to ?? stay.from + MOMENT);
  }

  /** Put a handle where its end now is. @param {Stay} stay @param {"from" | "to"} edge @param {SVGElement} handle */
  place(stay, edge, handle) {
    const value = this.at(stay, edge);
    // Midnight as an end belongs to the day that it ends, where its bar is.
    const seen = edge === "to" && value % DAY === 0 ? value - 1 : value;
    const row = this.row(seen);
    handle.setAttribute("aria-valuemin", "0");
    handle.setAttribute("aria-valuemax", String(this.days.length * DAY));
    handle.setAttribute("aria-valuenow", String(Math.round(value - this.first)));
    handle.setAttribute("aria-valuetext", spoken(wall(value)));
    handle.toggleAttribute("hidden", !row);
    if (!row) return;
    handle.setAttribute("x", `${((seen % DAY) / DAY) * 100}%`);
    handle.setAttribute("y", String(this.air + stay.lane * this.lane));
    if (handle.parentNode !== row) row.append(handle);
  }

  /** @param {number} value @returns {SVGSVGElement | undefined} */
  row(value) {
    const day = dayOf(value);
    return this.days.find((one) => one.dataset.day === day);
  }

  /** @param {Stay} stay @param {"from" | "to"} edge @param {SVGElement} handle @param {PointerEvent} event */
  drag(stay, edge, handle, event) {
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    const move = /** @param {PointerEvent} now */ (now) => {
      const value = this.under(now.clientX, now.clientY);
      if (value !== null) this.set(stay, edge, value);
    };
    const end = () => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", end);
      handle.removeEventListener("pointercancel", end);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);
  }

  /** The time under a point of the screen. @param {number} x @param {number} y @returns {number | null} */
  under(x, y) {
    let [nearest, far] = [/** @type {SVGSVGElement | null} */ (null), Infinity];
    for (const row of this.days) {
      const box = row.getBoundingClientRect();
      const away = Math.max(box.top - y, y - box.bottom, 0);
      if (away < far) [nearest, far] = [row, away];
    }
    if (!nearest) return null;
    const box = nearest.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (x - box.left) / box.width));
    return minutes(`${nearest.dataset.day}T00:00`) + Math.round((share * DAY) / SNAP) * SNAP;
  }

  /** @param {Stay} stay @param {"from" | "to"} edge @param {KeyboardEvent} event */
  key(stay, edge, event) {
    const by = { ArrowLeft: -SNAP, ArrowRight: SNAP, ArrowUp: -DAY, ArrowDown: DAY }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const step = event.shiftKey && Math.abs(by) === SNAP ? by * 12 : by;
    const now = this.at(stay, edge) + step;
    this.set(stay, edge, step === by ? Math.round(now / SNAP) * SNAP : now);
    /** @type {HTMLElement | null} */ (this.root.querySelector(`[data-handle="${stay.id}"][data-edge="${edge}"]`))?.focus();
  }

  /** Move one end, not beyond the other nor beyond the days drawn. @param {Stay} stay @param {"from" | "to"} edge @param {number} value */
  set(stay, edge, value) {
    const within = Math.min(this.first + this.days.length * DAY, Math.max(this.first, value));
    if (edge === "from") stay.from = stay.to === null ? within : Math.min(within, stay.to);
    else stay.to = Math.max(within, stay.from);
    this.show(stay);
  }

  /** A time was typed into the form. @param {"from" | "to"} edge */
  typed(edge) {
    const stay = this.stays.find((one) => one.id === this.field("stay").value);
    const text = this.field(`${edge}_at`).value;
    if (!stay || (edge === "from" && !text)) return;
    if (edge === "from") stay.from = minutes(text);
    else stay.to = text ? minutes(text) : null;
    this.show(stay);
  }

  /** What the form of an earlier try holds is drawn again. */
  resume() {
    const stay = this.stays.find((one) => one.id === this.field("stay").value);
    if (!stay) return;
    if (this.field("from_at").value) stay.from = minutes(this.field("from_at").value);
    stay.to = this.field("to_at").value ? minutes(this.field("to_at").value) : null;
    this.show(stay);
  }

  /** Draw a stay as it is now and put its times into the form. @param {Stay} stay */
  show(stay) {
    for (const other of this.stays) {
      if (other !== stay && (other.from !== other.was.from || other.to !== other.was.to)) {
        Object.assign(other, other.was);
        this.draw(other);
      }
    }
    this.draw(stay);
    this.field("stay").value = stay.id;
    this.field("version").value = stay.version;
    this.field("from_at").value = wall(stay.from);
    this.field("to_at").value = stay.to === null ? "" : wall(stay.to);
    this.say("[data-track-name]", `${stay.number} ${stay.name}`);
    this.say("[data-track-was]", this.times(stay.was));
    this.say("[data-track-now]", this.times(stay));
    this.form.hidden = false;
    this.form.dispatchEvent(new Event("input", { bubbles: true })); // the draft is kept as if it had been typed
  }

  /** @param {{from: number, to: number | null}} one @returns {string} */
  times(one) {
    const [from, to] = [wall(one.from), one.to === null ? "" : wall(one.to)];
    return to.slice(0, 10) === from.slice(0, 10) ? `${spoken(from)}–${to.slice(11)}` : `${spoken(from)} – ${spoken(to)}`;
  }

  /** @param {string} where @param {string} words */
  say(where, words) {
    const found = this.form.querySelector(where);
    if (found) found.textContent = words;
  }

  /** Draw the bars of a stay day by day, and put its handles at their ends. @param {Stay} stay */
  draw(stay) {
    for (const part of this.root.querySelectorAll(`[data-part="${stay.id}"]`)) part.remove();
    const end = Math.max(stay.to ?? stay.from, stay.from + MOMENT);
    const moved = stay.from !== stay.was.from || stay.to !== stay.was.to;
    for (let begin = stay.from; begin < end; begin = (Math.floor(begin / DAY) + 1) * DAY) {
      const stop = Math.min(end, (Math.floor(begin / DAY) + 1) * DAY);
      const bar = element("svg", {
        class: "stay", x: `${((begin % DAY) / DAY) * 100}%`, y: this.air + stay.lane * this.lane,
        width: `${((stop - begin) / DAY) * 100}%`, height: this.lane - this.air, "data-part": stay.id,
      });
      bar.toggleAttribute("data-doubtful", stay.doubtful);
      bar.toggleAttribute("data-moved", moved);
      const text = element("text", { x: 6, y: 20 });
      text.textContent = `${stay.number} ${stay.name}`;
      bar.append(element("rect", { width: "100%", height: "100%", rx: 4 }), text);
      const row = this.row(begin);
      row?.insertBefore(bar, row.querySelector(".handle"));
    }
    for (const edge of /** @type {const} */ (["from", "to"])) {
      const handle = this.root.querySelector(`[data-handle="${stay.id}"][data-edge="${edge}"]`);
      if (handle) this.place(stay, edge, /** @type {SVGElement} */ (handle));
    }
  }

  /** As it was. @param {Event} event */
  reset(event) {
    event.preventDefault();
    for (const stay of this.stays) {
      Object.assign(stay, stay.was);
      this.draw(stay);
    }
    this.field("reason").value = "";
    this.form.hidden = true;
    this.form.dispatchEvent(new Event("draft:drop", { bubbles: true }));
  }
}

/** @param {ParentNode} within */
function begin(within) {
  for (const root of within.querySelectorAll("[data-track]")) {
    const list = root.querySelector("[data-track-stays]");
    const form = root.querySelector("[data-track-form]");
    if (list instanceof HTMLElement && form instanceof HTMLFormElement && root instanceof HTMLElement && !root.dataset.begun) {
      root.dataset.begun = "yes";
      new TrackEditor(root, list, form);
    }
  }
}

begin(document);
document.body.addEventListener("htmx:load", () => begin(document));
