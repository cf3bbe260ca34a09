/**
 * Two policies played day by day (`web/decisions/play.html`): a slider of days, play and pause, townships on the maps, and a square for
 * each building of the simulated city. Without it the tables say the same by week.
 *
 * @typedef {{townships: number[][], blocks: number[][]}} Side townships × days; a block is its township and the days of its infections
 * @typedef {{today: number, sides: Record<string, Side>}} Told
 */

const WINDOW = 7;
/** Milliseconds a day while it plays. */
const PACE = 350;
const [SQUARE, GAP] = [9, 2];
/** Infected in seven days of 10,000 people from which on a township has the next mark. */
const LEVELS = [10, 30, 100];

class Player {
  /** @param {HTMLElement} section @param {Told} told */
  constructor(section, told) {
    this.section = section;
    this.told = told;
    this.words = (section.dataset.words ?? "").split("|");
    this.slider = /** @type {HTMLInputElement} */ (section.querySelector("input[type=range]"));
    this.button = /** @type {HTMLButtonElement} */ (section.querySelector("[data-play-act=toggle]"));
    this.output = /** @type {HTMLOutputElement} */ (section.querySelector("output"));
    this.timer = 0;
    this.sides = [...section.querySelectorAll("[data-side]")].map((one) => new Side(/** @type {HTMLElement} */ (one), told, this.words[3]));
    this.slider.addEventListener("input", () => this.show());
    this.button.addEventListener("click", () => this.toggle());
    section.addEventListener("map:ready", () => this.show());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.show());
    for (const one of section.querySelectorAll("[hidden]:is(.play-bar, .play-towns)")) one.removeAttribute("hidden");
    this.show();
  }

  get day() {
    return Number(this.slider.value);
  }

  toggle() {
    if (this.timer) return this.pause();
    if (this.day >= Number(this.slider.max)) this.slider.value = "0";
    this.timer = window.setInterval(() => this.next(), matchMedia("(prefers-reduced-motion: reduce)").matches ? 4 * PACE : PACE);
    this.said();
    return undefined;
  }

  pause() {
    window.clearInterval(this.timer);
    this.timer = 0;
    this.said();
  }

  next() {
    this.slider.value = String(this.day + 1);
    this.show();
    if (this.day >= Number(this.slider.max) || !this.section.isConnected) this.pause();
  }

  said() {
    this.button.textContent = this.words[this.timer ? 1 : 0];
    this.button.setAttribute("aria-pressed", String(Boolean(this.timer)));
  }

  show() {
    const text = this.words[2].replace("%s", String(this.day));
    this.output.textContent = text;
    this.slider.setAttribute("aria-valuetext", text);
    for (const side of this.sides) side.show(this.told.today + this.day);
  }
}

class Side {
  /** @param {HTMLElement} element @param {Told} told @param {string} said */
  constructor(element, told, said) {
    this.element = element;
    this.said = said;
    this.told = told.sides[element.dataset.side ?? ""];
    this.towns = /** @type {HTMLElement[]} */ ([...element.querySelectorAll("[data-town]")]);
    /** The days of every block, by township. @type {number[][][]} */
    this.blocks = this.towns.map(() => []);
    for (const [town, ...days] of this.told.blocks) this.blocks[Math.min(town, this.blocks.length - 1)].push(days);
  }

  /** @param {number} day of the simulation */
  show(day) {
    const style = getComputedStyle(this.element);
    for (const [at, town] of this.towns.entries()) {
      const rows = this.towns.length === 1 ? this.told.townships : [this.told.townships[at] ?? []];
      const recent = rows.reduce((sum, row) => sum + row.slice(Math.max(0, day - WINDOW + 1), day + 1).reduce((a, b) => a + b, 0), 0);
      /** @type {HTMLElement} */ (town.querySelector("b")).textContent = String(recent);
      const canvas = /** @type {HTMLCanvasElement} */ (town.querySelector("canvas"));
      canvas.setAttribute("aria-label", `${town.querySelector("figcaption")?.textContent}: ${this.said.replace("%s", String(recent))}`);
      this.draw(canvas, this.blocks[at], day, style);
      this.mark(town, recent, this.blocks[at].length);
    }
  }

  /** The squares of a township. @param {HTMLCanvasElement} canvas @param {number[][]} blocks @param {number} day @param {CSSStyleDeclaration} style */
  draw(canvas, blocks, day, style) {
    const scale = Math.max(1, Math.round(devicePixelRatio));
    const width = Math.max(60, canvas.parentElement?.clientWidth ?? 300);
    const across = Math.max(1, Math.floor(width / (SQUARE + GAP)));
    const height = Math.max(1, Math.ceil(blocks.length / across)) * (SQUARE + GAP);
    canvas.width = width * scale;
    canvas.height = height * scale;
    canvas.style.setProperty("height", `${height}px`);
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.scale(scale, scale);
    context.strokeStyle = style.getPropertyValue("--line-strong");
    context.fillStyle = style.getPropertyValue("--accent");
    for (const [at, days] of blocks.entries()) {
      const x = (at % across) * (SQUARE + GAP);
      const y = Math.floor(at / across) * (SQUARE + GAP);
      context.strokeRect(x + 0.5, y + 0.5, SQUARE - 1, SQUARE - 1);
      const recent = days.filter((one) => one <= day && one > day - WINDOW).length;
      const high = recent ? Math.min(SQUARE, 2 + 2 * recent) : 0;
      context.fillRect(x, y + SQUARE - high, SQUARE, high);
    }
  }

  /** A township on the map. @param {HTMLElement} town @param {number} recent @param {number} blocks */
  mark(town, recent, blocks) {
    const board = /** @type {any} */ (this.element.querySelector("map-board"));
    const layer = board?.layers?.get(town.dataset.code);
    if (!layer || !blocks) return;
    const people = Number(town.dataset.people);
    const rate = people ? (10_000 * recent) / people : 0;
    layer.properties.mark = `count-${1 + LEVELS.filter((one) => rate >= one).length}`;
    layer.properties.detail = this.said.replace("%s", String(recent));
    board.redraw(town.dataset.code);
  }
}

for (const section of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-play]"))) {
  const answer = await fetch(section.dataset.play ?? "", { headers: { Accept: "application/json" } });
  if (answer.ok) new Player(section, await answer.json());
}
