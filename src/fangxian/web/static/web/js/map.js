/**
 * The map: `<map-board>` of `web/components/map.html`.
 *
 * The page stands without it: the list beneath holds the same features, its ticks are the form's fields. The map adds the
 * picture, and keeps list and picture in step. It fires `map:pick` with `{key, properties}` when a feature is picked, and
 * `map:ready` when the features are there; `board.show(key)` goes to a feature.
 *
 * @typedef {{key: string, mark: string, name: string, kind: string, detail: string, url: string, label: string,
 *   count: number, dashed: boolean}} Properties of `web/maps.py`, Feature
 */

import { Drawing } from "./map/drawing.js";
import { drawKey, MARKS, Palette, Point, radiusOf, Renderer, styleOf } from "./map/marks.js";

const L = globalThis.L;
/** Order of drawing: outlines, areas (a large one below the small ones in it), lines, points. @param {any} one @param {any} other */
const inOrder = (one, other) => rank(one) - rank(other) || extent(other.geometry) - extent(one.geometry);

/** @param {any} feature */
function rank({ properties }) {
  const { shape, quiet } = MARKS[properties.mark] ?? MARKS.place;
  return quiet ? 0 : shape === "area" ? 1 : shape === "line" ? 2 : 3;
}

/** The size of the box around a geometry, in square degrees. @param {any} geometry */
function extent(geometry) {
  const bounds = L.geoJSON(geometry).getBounds();
  return (bounds.getEast() - bounds.getWest()) * (bounds.getNorth() - bounds.getSouth());
}

class MapBoard extends HTMLElement {
  connectedCallback() {
    if (!L || this.leaflet) return; // without the library the list is the map
    this.words = JSON.parse(this.dataset.words ?? "{}");
    this.canvas = /** @type {HTMLElement} */ (this.querySelector(".map-canvas"));
    this.view = /** @type {HTMLElement} */ (this.querySelector(".map-view"));
    this.status = /** @type {HTMLElement} */ (this.querySelector(".map-status"));
    this.palette = new Palette(this);
    /** @type {Map<string, any>} */
    this.layers = new Map();
    this.picked = "";
    this.ending = new AbortController();
    this.load();
  }

  disconnectedCallback() {
    this.ending?.abort();
    this.leaflet?.remove();
    this.leaflet = undefined;
  }

  async load() {
    this.setAttribute("aria-busy", "true");
    await this.fetched();
    this.removeAttribute("aria-busy");
  }

  async fetched() {
    let collection;
    try {
      const answer = await fetch(this.dataset.source ?? "", { headers: { Accept: "application/geo+json" }, signal: this.ending.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      collection = await answer.json();
    } catch {
      if (!this.ending.signal.aborted) this.status.textContent = this.words.failed;
      return;
    }
    if (!collection.features.length && !this.querySelector("[data-map-corners]")) return; // nothing has a place: the list says it all
    this.begin();
    for (const feature of collection.features.sort(inOrder)) this.add(feature);
    this.fit();
    this.listen();
    this.dispatchEvent(new CustomEvent("map:ready", { bubbles: true }));
  }

  /** Open the map. A finger alone scrolls the page; two move the map. The wheel zooms once the map has been entered. */
  begin() {
    this.view.hidden = false;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.leaflet = L.map(this.canvas, {
      renderer: new Renderer({ padding: 0.3, tolerance: 4 }), attributionControl: Boolean(this.dataset.tiles), zoomControl: false,
      dragging: matchMedia("(pointer: fine)").matches, scrollWheelZoom: false, zoomAnimation: !still, fadeAnimation: !still,
      zoomSnap: 0.5, maxZoom: 20,
    });
    const { lon, lat } = this.dataset;
    this.leaflet.setView(lon && lat ? [Number(lat), Number(lon)] : [0, 0], lon && lat ? 13 : 2);
    L.control.zoom({ zoomInTitle: this.words.zoomIn, zoomOutTitle: this.words.zoomOut }).addTo(this.leaflet);
    L.control.scale({ imperial: false }).addTo(this.leaflet);
    if (this.dataset.tiles) this.basemap(this.dataset.tiles);
    this.leaflet.on("focus", () => this.leaflet.scrollWheelZoom.enable());
    this.leaflet.on("blur", () => this.leaflet.scrollWheelZoom.disable());
    const field = this.querySelector("[data-map-corners]");
    if (field instanceof HTMLTextAreaElement) this.drawing = new Drawing(this, field);
    new ResizeObserver(() => this.leaflet?.invalidateSize()).observe(this.canvas);
  }

  /** @param {string} address */
  basemap(address) {
    this.leaflet.attributionControl.setPrefix(false);
    const tiles = L.tileLayer(address, { maxZoom: 20, maxNativeZoom: 18, className: "map-tiles" });
    const credit = document.createElement("span");
    credit.textContent = this.dataset.attribution ?? "";
    this.leaflet.attributionControl.addAttribution(credit.innerHTML);
    tiles.once("tileerror", () => (this.status.textContent = this.words.basemap));
    tiles.addTo(this.leaflet);
  }

  /** @param {any} feature of GeoJSON */
  add(feature) {
    /** @type {Properties} */
    const properties = feature.properties;
    const mark = MARKS[properties.mark] ?? MARKS.place;
    const style = this.look(properties);
    const layer = L.geoJSON(feature, {
      interactive: !mark.quiet,
      style: () => style,
      pointToLayer: (/** @type {any} */ _feature, /** @type {any} */ at) =>
        new Point(at, { ...style, shape: mark.shape, radius: radiusOf(properties), label: properties.label }),
    });
    layer.bindTooltip(words(properties), { sticky: mark.shape === "area", className: mark.quiet ? "map-quiet" : "" });
    if (!mark.quiet) layer.on("click", (/** @type {any} */ event) => this.clicked(properties, event));
    layer.addTo(this.leaflet);
    this.layers.set(properties.key, { layer, properties });
  }

  /** @param {Properties} properties */
  look(properties) {
    const box = this.box(properties.key);
    return styleOf(properties, this.palette, { chosen: Boolean(box?.checked), picked: properties.key === this.picked });
  }

  /** @param {Properties} properties @param {any} event of Leaflet */
  clicked(properties, event) {
    if (this.drawing?.active) return; // a click is a corner then
    L.DomEvent.stopPropagation(event);
    const box = this.box(properties.key);
    if (box) {
      box.checked = !box.checked;
      box.dispatchEvent(new Event("change", { bubbles: true }));
    } else if (properties.url) this.open(properties, event.latlng);
    this.pick(properties.key);
  }

  /** @param {Properties} properties @param {any} at */
  open(properties, at) {
    const text = words(properties);
    const link = document.createElement("a");
    link.href = properties.url;
    link.className = "button small";
    link.textContent = this.words.open;
    text.append(link);
    L.popup({ closeButton: false, autoPan: true }).setLatLng(at).setContent(text).openOn(this.leaflet);
  }

  /** Mark a feature as the one looked at, here and in the list. @param {string} key */
  pick(key) {
    const before = this.picked;
    this.picked = key;
    for (const one of [before, key]) this.redraw(one);
    for (const line of this.lines()) line.toggleAttribute("data-picked", line.dataset.key === key);
    const line = this.lines().find((one) => one.dataset.key === key);
    if (line && this.contains(line)) {
      const list = /** @type {HTMLElement} */ (line.parentElement);
      list.scrollTop = line.offsetTop - list.offsetTop - 8; // the list scrolls, the page stays
    }
    const properties = this.layers.get(key)?.properties;
    this.dispatchEvent(new CustomEvent("map:pick", { bubbles: true, detail: { key, properties } }));
  }

  /** Go to a feature and mark it. @param {string} key */
  show(key) {
    const found = this.layers.get(key);
    if (!found) return;
    this.leaflet.fitBounds(found.layer.getBounds().pad(0.5), { maxZoom: 17 });
    this.pick(key);
    this.canvas.scrollIntoView({ block: "nearest" });
  }

  fit() {
    const every = [...this.layers.values()];
    const wanted = every.filter(({ properties }) => !MARKS[properties.mark]?.quiet);
    const bounds = L.latLngBounds([]);
    for (const { layer } of wanted.length ? wanted : every) bounds.extend(layer.getBounds());
    if (this.drawing) for (const corner of this.drawing.corners) bounds.extend(corner);
    if (bounds.isValid()) this.leaflet.fitBounds(bounds.pad(0.06), { maxZoom: 17, animate: false });
  }

  /** @param {string} key */
  redraw(key) {
    const found = this.layers.get(key);
    found?.layer.setStyle(this.look(found.properties));
    const area = MARKS[found?.properties.mark]?.shape === "area";
    if (found && key === this.picked && !area) found.layer.bringToFront(); // an area would cover the points in it
  }

  /** In the colours of now, which a change to dark or to paper has changed. */
  repaint() {
    this.palette = new Palette(this);
    for (const key of this.layers.keys()) this.redraw(key);
    for (const key of this.querySelectorAll("canvas.map-key")) drawKey(/** @type {HTMLCanvasElement} */ (key), this.palette);
    this.drawing?.paint();
  }

  /** Lines of our list, or of the page's own. @returns {HTMLElement[]} */
  lines() {
    return [...this.querySelectorAll("[data-key]"), ...document.querySelectorAll(`[data-map-of="${CSS.escape(this.id)}"] [data-key]`)].map(
      (one) => /** @type {HTMLElement} */ (one),
    );
  }

  /** @param {string} key @returns {HTMLInputElement | null} */
  box(key) {
    return this.dataset.choose ? this.querySelector(`input[type=checkbox][value="${CSS.escape(key)}"]`) : null;
  }

  listen() {
    const { signal } = this.ending;
    this.repaint();
    for (const medium of ["(prefers-color-scheme: dark)", "print"]) matchMedia(medium).addEventListener("change", () => this.repaint(), { signal });
    for (const line of this.lines()) {
      const key = line.dataset.key ?? "";
      const go = line.querySelector(".map-go");
      if (!this.layers.has(key)) continue;
      go?.removeAttribute("hidden");
      go?.addEventListener("click", () => this.show(key), { signal });
      line.addEventListener("focusin", () => this.pick(key), { signal });
    }
    this.addEventListener("change", (event) => {
      const box = /** @type {HTMLElement} */ (event.target);
      if (!(box instanceof HTMLInputElement) || box.type !== "checkbox") return;
      this.redraw(box.value);
      const chosen = this.querySelectorAll("input[type=checkbox]:checked").length;
      this.status.textContent = this.words.chosen.replace("%s", String(chosen));
    }, { signal });
    this.querySelector("[data-map-act=fit]")?.addEventListener("click", () => this.fit(), { signal });
    this.finding(signal);
  }

  /** A long list is narrowed by typing. @param {AbortSignal} signal */
  finding(signal) {
    const field = this.querySelector("[data-map-find]");
    if (!(field instanceof HTMLInputElement)) return;
    field.closest(".map-find")?.removeAttribute("hidden");
    field.addEventListener("input", (event) => {
      event.stopPropagation();
      const wanted = field.value.trim().toLowerCase();
      for (const line of this.querySelectorAll(".map-list > [data-key]")) {
        /** @type {HTMLElement} */ (line).hidden = !line.textContent?.toLowerCase().includes(wanted);
      }
    }, { signal });
  }
}

/** What a feature is, as text. @param {Properties} properties */
function words({ name, kind, detail }) {
  const box = document.createElement("div");
  box.className = "map-words";
  const title = box.appendChild(document.createElement("strong"));
  title.textContent = name;
  for (const line of [kind, detail]) if (line) box.appendChild(document.createElement("span")).textContent = line;
  return box;
}

customElements.define("map-board", MapBoard);
