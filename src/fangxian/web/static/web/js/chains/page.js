/** The page of the chains: fetches the picture, and lets its controls, its legend and its side say what it shows. */

import { outline } from "./pens.js";
import { Scene, colourOf } from "./scene.js";
import { View } from "./view.js";

/** Colours that differ for every kind of sight (Okabe and Ito 2008), dark enough on white, light enough on black. */
const LIGHT = ["#0072b2", "#d55e00", "#007a5a", "#a6508c", "#8a6d00", "#3a8fc4", "#5b5b5b", "#7a3e00", "#4d4d9f"];
const DARK = ["#6cb8ea", "#ff9e5e", "#4fd3ab", "#e59bcb", "#e8c95a", "#a5d8f7", "#c4c4c4", "#d59a6a", "#aeaef0"];

const board = document.querySelector("[data-chain]");
if (board instanceof HTMLElement) {
  board.setAttribute("aria-busy", "true");
  void open(board).finally(() => board.removeAttribute("aria-busy"));
}

/** @param {HTMLElement} board */
async function open(board) {
  const words = JSON.parse(board.dataset.words ?? "{}");
  const wait = board.querySelector("[data-chain-wait]");
  let picture;
  try {
    const answer = await fetch(board.dataset.url ?? "", { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    picture = await answer.json();
  } catch {
    if (wait) wait.textContent = words.failed;
    return;
  }
  const canvas = /** @type {HTMLCanvasElement} */ (board.querySelector("canvas"));
  wait?.remove();
  canvas.hidden = false;
  for (const one of document.querySelectorAll("[data-chain-controls]")) one.removeAttribute("hidden");
  const scene = new Scene(picture);
  const view = new View(canvas, scene, () => palette(board), (place) => tell(board, scene, words, place));
  controls(board, scene, view, words);
  if (board.dataset.focus) find(board.dataset.focus, scene, view, words);
}

/** The colours of the page as they are now: light, dark, or on paper. @param {HTMLElement} board @param {boolean} onPaper */
function palette(board, onPaper = false) {
  const style = getComputedStyle(board);
  const of = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  if (onPaper) return { ink: "#17212b", soft: "#5f6b78", line: "#818c98", grid: "#dbe0e6", paper: "#ffffff", accent: "#0a5a8c", colours: LIGHT };
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  return { ink: of("--ink"), soft: of("--ink-3"), line: of("--line-strong"), grid: of("--line"), paper: of("--surface"), accent: of("--accent"), colours: dark ? DARK : LIGHT };
}

/** @param {HTMLElement} board @param {Scene} scene @param {View} view @param {Record<string, string>} words */
function controls(board, scene, view, words) {
  const bar = /** @type {HTMLFormElement} */ (document.querySelector("[data-chain-bar]"));
  const input = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (document.querySelector(name));
  const [from, to] = [input("[data-chain-from]"), input("[data-chain-to]")];
  from.max = to.max = String(scene.to);
  to.value = to.max;
  const told = () => {
    scene.changed();
    const days = scene.picture.dayNames;
    input("[data-chain-days]").textContent = words.days.replace("%(from)s", days[scene.from] ?? "").replace("%(to)s", days[scene.to] ?? "");
    input("[data-chain-count]").textContent = words.shown.replace("%(shown)s", String(scene.shown)).replace("%(all)s", String(scene.size + scene.picture.leftOut));
    legend(board, scene, words);
    view.draw();
  };
  for (const one of [from, to]) {
    one.addEventListener("input", () => {
      scene.from = Math.min(Number(from.value), Number(to.value));
      scene.to = Math.max(Number(from.value), Number(to.value));
      told();
    });
  }
  bar.addEventListener("change", (event) => {
    const { name, value } = /** @type {HTMLInputElement} */ (event.target);
    if (name === "outbreak") bar.requestSubmit();
    if (name === "colour") scene.colour = value;
    if (name === "mode") {
      scene.mode = value;
      scene.arrange();
      view.fit();
    }
    told();
  });
  bar.addEventListener("submit", (event) => {
    const code = input("#chain-find").value.trim();
    if (!code || input("#chain-outbreak").value !== board.dataset.name) return;
    event.preventDefault();
    find(code, scene, view, words);
    view.canvas.focus();
  });
  for (const button of document.querySelectorAll("[data-chain-zoom]")) {
    const how = /** @type {HTMLElement} */ (button).dataset.chainZoom;
    button.addEventListener("click", () => (how === "all" ? view.fit() : view.zoom(how === "in" ? 1.3 : 1 / 1.3)));
  }
  for (const button of document.querySelectorAll("[data-chain-save]")) {
    button.addEventListener("click", () => save(board, view, String(/** @type {HTMLElement} */ (button).dataset.chainSave)));
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", told);
  addEventListener("beforeprint", () => {
    const before = view.palette;
    view.palette = () => palette(board, true);
    view.paint();
    addEventListener("afterprint", () => { view.palette = before; view.draw(); }, { once: true });
  });
  told();
}

/** What the colours say. @param {HTMLElement} board @param {Scene} scene @param {Record<string, string>} words */
function legend(board, scene, words) {
  const list = document.querySelector("[data-chain-legend]");
  const { areaNames, classNames } = scene.picture;
  const names = { generation: (/** @type {number} */ n) => words.generation.replace("%s", String(n)), area: (/** @type {number} */ n) => areaNames[n], class: (/** @type {number} */ n) => classNames[n] };
  const colours = palette(board);
  const entry = (/** @type {string} */ shape, /** @type {string} */ fill, /** @type {string} */ stroke, /** @type {string} */ said) => {
    const item = document.createElement("li");
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const mark = document.createElementNS("http://www.w3.org/2000/svg", "path");
    for (const [name, value] of Object.entries({ d: outline(shape, { x: 7, y: 7 }, 5), fill, stroke })) mark.setAttribute(name, value);
    svg.setAttribute("aria-hidden", "true");
    svg.append(mark);
    item.append(svg, said);
    return item;
  };
  const coloured = scene.tints.map(([tint, number]) => {
    const said = tint < 0 ? words.unknown : names[/** @type {keyof typeof names} */ (scene.colour)](tint);
    return entry("circle", colourOf(tint, colours), "none", `${said} ${number}`);
  });
  const shaped = scene.shapes.map((shape, place) => entry(shape, "none", colours.ink, classNames[place]));
  if (scene.picture.kinds.includes("elsewhere")) shaped.push(entry("cross", "none", colours.ink, words.elsewhere));
  list?.replaceChildren(...coloured, ...shaped);
}

/** Say who is selected, and fetch the side if there is a page of the case. @param {HTMLElement} board @param {Scene} scene @param {Record<string, string>} words @param {number} place */
function tell(board, scene, words, place) {
  const side = /** @type {HTMLElement} */ (board.querySelector("[data-chain-node]"));
  if (place < 0) return side.replaceChildren();
  const { codes, kinds, days, dated, dayNames, classNames, classes, infected } = scene.picture;
  const line = document.createElement("p");
  const name = codes[place] || words[kinds[place]];
  const onset = dated[place] ? dayNames[Math.floor(days[place])] : words.undated;
  line.textContent = words.selected.replace("%(code)s", name).replace("%(class)s", classNames[classes[place]]).replace("%(onset)s", onset).replace("%(n)s", String(infected[place]));
  side.replaceChildren(line);
  const { htmx } = /** @type {any} */ (window);
  if (codes[place] && htmx) htmx.ajax("GET", String(board.dataset.node).replace("CODE", codes[place]), { target: "#chain-node", swap: "innerHTML" });
}

/** @param {string} code @param {Scene} scene @param {View} view @param {Record<string, string>} words */
function find(code, scene, view, words) {
  const place = scene.byCode.get(code.toUpperCase().replace(/[\s-]/g, ""));
  const count = document.querySelector("[data-chain-count]");
  if (place === undefined) {
    if (count) count.textContent = words.none;
    return;
  }
  view.show(place);
  view.select(place);
}

/** @param {HTMLElement} board @param {View} view @param {string} kind */
async function save(board, view, kind) {
  const name = `chains-${board.dataset.name}`;
  const file = kind === "svg" ? new Blob([view.svg(palette(board, true), name)], { type: "image/svg+xml" }) : await view.png(palette(board, true));
  if (!file) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `${name}.${kind}`;
  document.body.append(link); // a busy browser drops a click on what is nowhere
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
