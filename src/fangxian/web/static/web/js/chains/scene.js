/**
 * What there is to draw: the cases of an outbreak with their places, what of them is shown, and in which colours and shapes.
 * Knows nothing of screens; `paint` draws itself with any pen (see pens.js).
 *
 * @typedef {{codes: string[], kinds: string[], days: number[], dated: number[], rows: number[], x: number[], y: number[],
 *   generations: number[], classes: number[], areas: number[], infected: number[], infectors: number[],
 *   links: [number, number, number][], classKeys: string[], classNames: string[], areaNames: string[], first: string,
 *   dayNames: string[], leftOut: number, loops: number}} Picture
 * @typedef {{x: number, y: number}} Point
 * @typedef {{kx: number, ky: number, x: number, y: number}} Camera scale and offset: screen = world · k + offset
 * @typedef {{ink: string, soft: string, line: string, grid: string, paper: string, accent: string, colours: string[]}} Palette
 */

/** One shape for each class, so that colour is free for something else and never the only sign. */
const SHAPES = { confirmed: "circle", probable: "square", suspected: "triangle", asymptomatic: "diamond" };
/** Pixels that a day and a row take at scale 1. */
const DAY = 34;
const ROW = 16;
const DISC = 26;
/** A case is drawn with this radius, in pixels, however near. */
const RADIUS = 5;

export class Scene {
  /** @param {Picture} picture */
  constructor(picture) {
    this.picture = picture;
    this.size = picture.codes.length;
    this.mode = "tree";
    this.colour = "generation";
    this.from = 0;
    this.to = Math.max(0, picture.dayNames.length - 1);
    this.selected = -1;
    /** @type {Map<string, number>} */
    this.byCode = new Map(picture.codes.map((code, place) => [code, place]));
    this.byCode.delete("");
    /** @type {number[][]} */
    this.children = picture.codes.map(() => []);
    picture.infectors.forEach((parent, child) => parent >= 0 && this.children[parent].push(child));
    this.shapes = picture.classKeys.map((key) => SHAPES[/** @type {keyof typeof SHAPES} */ (key)] ?? "ring");
    this.arrange();
    this.changed();
  }

  /** Places for the mode, in world pixels. */
  arrange() {
    const { days, rows, x, y } = this.picture;
    const tree = this.mode === "tree";
    this.px = Float32Array.from(tree ? days : x, (one) => one * (tree ? DAY : DISC));
    this.py = Float32Array.from(tree ? rows : y, (one) => one * (tree ? ROW : DISC));
  }

  /** @param {number} place @returns {boolean} */
  shows(place) {
    const day = Math.floor(this.picture.days[place]);
    return day >= this.from && day <= this.to;
  }

  /** @returns {number} */
  get shown() {
    let number = 0;
    for (let place = 0; place < this.size; place++) if (this.shows(place)) number += 1;
    return number;
  }

  /** The rectangle around everything that is shown. @returns {{left: number, top: number, right: number, bottom: number}} */
  get bounds() {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let place = 0; place < this.size; place++) {
      if (!this.shows(place)) continue;
      left = Math.min(left, this.px[place]);
      right = Math.max(right, this.px[place]);
      top = Math.min(top, this.py[place]);
      bottom = Math.max(bottom, this.py[place]);
    }
    return left > right ? { left: 0, top: 0, right: 1, bottom: 1 } : { left, top, right, bottom };
  }

  /** Which colour a case has: a number into the palette, -1 where what it is coloured by is not known. @param {number} place */
  tint(place) {
    if (this.picture.kinds[place] === "elsewhere" && this.colour === "area") return -1;
    return { generation: this.picture.generations, area: this.picture.areas, class: this.picture.classes }[this.colour]?.[place] ?? -1;
  }

  /** What the colours mean, as far as they occur: number into the palette and how many cases. @returns {[number, number][]} */
  get tints() {
    const counted = new Map();
    for (let place = 0; place < this.size; place++) {
      if (this.shows(place)) counted.set(this.tint(place), (counted.get(this.tint(place)) ?? 0) + 1);
    }
    return [...counted].sort(([a], [b]) => (a < 0 ? 1 : b < 0 ? -1 : a - b));
  }

  /** The case under a point of the screen, -1 for none. @param {Point} at @param {Camera} camera @param {number} reach */
  under(at, camera, reach = 14) {
    let [found, near] = [-1, reach * reach];
    for (let place = 0; place < this.size; place++) {
      if (!this.shows(place)) continue;
      const dx = this.px[place] * camera.kx + camera.x - at.x;
      const dy = this.py[place] * camera.ky + camera.y - at.y;
      if (dx * dx + dy * dy < near) [found, near] = [place, dx * dx + dy * dy];
    }
    return found;
  }

  /** The case that a key leads to from the selected one. @param {string} key @returns {number} */
  neighbour(key) {
    if (this.selected < 0) return this.picture.infectors.findIndex((parent, place) => parent < 0 && this.shows(place));
    const parent = this.picture.infectors[this.selected];
    if (key === "ArrowLeft") return parent;
    if (key === "ArrowRight") return this.children[this.selected].find((place) => this.shows(place)) ?? -1;
    const peers = parent < 0 ? this.roots : this.children[parent];
    const next = peers.indexOf(this.selected) + (key === "ArrowDown" ? 1 : -1);
    return peers[next] ?? -1;
  }

  /** Those without an infector on record. @returns {number[]} */
  get roots() {
    return this.picture.infectors.flatMap((parent, place) => (parent < 0 ? [place] : []));
  }

  /**
   * Draw what lies within `width` × `height` pixels.
   * @param {import("./pens.js").Pen} pen @param {Camera} camera @param {Palette} palette @param {number} width @param {number} height
   */
  paint(pen, camera, palette, width, height) {
    const at = (/** @type {number} */ place) => ({ x: this.px[place] * camera.kx + camera.x, y: this.py[place] * camera.ky + camera.y });
    if (this.mode === "tree") this.paintDays(pen, camera, palette, width, height);
    this.paintLinks(pen, at, palette, width, height);
    this.paintCases(pen, at, palette, width, height);
    const spread = Math.min(camera.kx * DAY, this.mode === "tree" ? Infinity : camera.ky * DISC);
    if (camera.ky * (this.mode === "tree" ? ROW : DISC) > 13 && spread > 24) this.paintCodes(pen, at, palette, width, height);
    if (this.selected >= 0 && this.shows(this.selected)) {
      pen.shapes("circle", [at(this.selected)], RADIUS + 5, "none", palette.accent, 3);
    }
  }

  /** The axis of days. @param {import("./pens.js").Pen} pen @param {Camera} camera @param {Palette} palette @param {number} width @param {number} height */
  paintDays(pen, camera, palette, width, height) {
    const names = this.picture.dayNames;
    const every = Math.max(1, Math.ceil(64 / (camera.kx * DAY)));
    for (let day = 0; day < names.length; day += every) {
      const x = day * DAY * camera.kx + camera.x;
      if (x < -80 || x > width + 10) continue;
      pen.lines([[{ x, y: 20 }, { x, y: height }]], palette.grid, 1, false);
      pen.text(names[day], { x: x + 3, y: 14 }, palette.soft, 11);
    }
  }

  /** @param {import("./pens.js").Pen} pen @param {(place: number) => Point} at @param {Palette} palette @param {number} width @param {number} height */
  paintLinks(pen, at, palette, width, height) {
    /** @type {[Point, Point][]} */
    const [tree, second, chosen] = [[], [], []];
    const around = new Set(this.selected < 0 ? [] : [this.selected]);
    for (const [from, to, isTree] of this.picture.links) {
      if (!this.shows(from) || !this.shows(to)) continue;
      const [a, b] = [at(from), at(to)];
      if (Math.max(a.x, b.x) < 0 || Math.min(a.x, b.x) > width || Math.max(a.y, b.y) < 0 || Math.min(a.y, b.y) > height) continue;
      (around.has(from) || around.has(to) ? chosen : isTree ? tree : second).push([a, b]);
    }
    const elbow = this.mode === "tree";
    pen.lines(tree, palette.line, 1, false, elbow);
    pen.lines(second, palette.soft, 1, true);
    pen.lines(chosen, palette.accent, 2, false, elbow);
  }

  /** Which cases look alike: by shape, colour and whether the day is known. Worked out when that changes, not at every frame. */
  group() {
    const { kinds, classes, dated } = this.picture;
    /** @type {Map<string, {shape: string, tint: number, hollow: boolean, places: number[]}>} */
    const groups = new Map();
    for (let place = 0; place < this.size; place++) {
      if (!this.shows(place)) continue;
      const shape = kinds[place] === "case" ? this.shapes[classes[place]] : kinds[place] === "elsewhere" ? "cross" : "ring";
      const tint = this.tint(place);
      const hollow = shape === "ring" || shape === "cross" || !dated[place];
      const key = `${shape} ${tint} ${hollow}`;
      const group = groups.get(key);
      if (group) group.places.push(place);
      else groups.set(key, { shape, tint, hollow, places: [place] });
    }
    return [...groups.values()];
  }

  /** What is to be grouped anew after a change of colour or days. */
  changed() {
    this.groups = this.group();
  }

  /** Cases of one colour and shape at a time. @param {import("./pens.js").Pen} pen @param {(place: number) => Point} at @param {Palette} palette @param {number} width @param {number} height */
  paintCases(pen, at, palette, width, height) {
    for (const { shape, tint, hollow, places } of this.groups) {
      /** @type {Point[]} */
      const points = [];
      for (const place of places) {
        const point = at(place);
        if (point.x > -20 && point.x < width + 20 && point.y > -20 && point.y < height + 20) points.push(point);
      }
      const colour = colourOf(tint, palette);
      if (points.length) {
        pen.shapes(shape, points, RADIUS, hollow ? palette.paper : colour, hollow ? colour : palette.paper, hollow ? 2 : 1);
      }
    }
  }

  /** Codes beside the cases, where there is room. @param {import("./pens.js").Pen} pen @param {(place: number) => Point} at @param {Palette} palette @param {number} width @param {number} height */
  paintCodes(pen, at, palette, width, height) {
    for (let place = 0; place < this.size; place++) {
      const code = this.picture.codes[place];
      if (!code || !this.shows(place)) continue;
      const { x, y } = at(place);
      if (x > -80 && x < width && y > 0 && y < height) pen.text(code, { x: x + 2, y: y - RADIUS - 3 }, palette.ink, 11);
    }
  }
}

/** @param {number} tint @param {Palette} palette @returns {string} */
export const colourOf = (tint, palette) => (tint < 0 ? palette.soft : palette.colours[tint % palette.colours.length]);
