/**
 * Drawing one area by hand: a click sets a corner, corners are dragged, or moved by the arrow keys and removed by Delete.
 *
 * The form's text field (“longitude, latitude”, one corner a line) holds the drawing. It can be written by hand as well, and
 * the map follows; so there is one truth, and it works without the map.
 */

const L = globalThis.L;
const DIGITS = 6;
/** How far an arrow key moves a corner, in pixels. */
const STEP = 6;

export class Drawing {
  /** @param {any} board the map @param {HTMLTextAreaElement} field */
  constructor(board, field) {
    this.board = board;
    this.field = field;
    this.active = false;
    /** @type {[number, number][]} latitude, longitude: as Leaflet has them */
    this.corners = [];
    this.handles = L.layerGroup().addTo(board.leaflet);
    this.shape = L.polygon([], { interactive: false }).addTo(board.leaflet);
    const { signal } = board.ending;
    for (const act of /** @type {const} */ (["draw", "corner", "undo", "clear"])) {
      this.button(act)?.addEventListener("click", () => this[act](), { signal });
    }
    board.leaflet.on("click", (/** @type {any} */ event) => this.active && this.put(event.latlng));
    field.addEventListener("input", () => this.read(), { signal });
    this.read();
  }

  /** @param {string} act @returns {HTMLButtonElement | null} */
  button(act) {
    return this.board.querySelector(`[data-map-act=${act}]`);
  }

  /** Begin or end drawing. */
  draw() {
    this.active = !this.active;
    this.button("draw")?.setAttribute("aria-pressed", String(this.active));
    this.board.canvas.classList.toggle("drawing", this.active);
    if (this.active) this.board.canvas.focus({ preventScroll: true });
    this.update();
  }

  /** A corner where the cross stands: for whoever moves the map by keys. */
  corner() {
    this.put(this.board.leaflet.getCenter());
  }

  undo() {
    this.corners.pop();
    this.write();
  }

  clear() {
    this.corners = [];
    this.write();
  }

  /** @param {{lat: number, lng: number}} at */
  put({ lat, lng }) {
    this.corners.push([lat, lng]);
    this.write();
  }

  /** What stands in the field, on the map; lines that cannot be read are left for the server to name. */
  read() {
    this.corners = this.field.value.split("\n").flatMap((line) => {
      const [lon, lat] = line.replace("，", ",").split(",").map((part) => (part.trim() ? Number(part) : NaN));
      return Number.isFinite(lon) && Number.isFinite(lat) ? [/** @type {[number, number]} */ ([lat, lon])] : [];
    });
    this.update();
  }

  /** What stands on the map, in the field: as if it had been typed, so that drafts keep it. */
  write() {
    this.field.value = this.corners.map(([lat, lon]) => `${lon.toFixed(DIGITS)}, ${lat.toFixed(DIGITS)}`).join("\n");
    this.field.dispatchEvent(new Event("change", { bubbles: true }));
    this.update();
  }

  update() {
    const { words, status } = this.board;
    for (const act of ["undo", "clear"]) this.button(act)?.toggleAttribute("hidden", !this.corners.length);
    this.button("corner")?.toggleAttribute("hidden", !this.active);
    if (this.active || this.corners.length) status.textContent = words.corners.replace("%s", String(this.corners.length));
    this.shape.setLatLngs(this.corners);
    this.handles.clearLayers();
    this.corners.forEach((corner, place) => this.handle(corner, place));
    this.paint();
  }

  paint() {
    const colour = this.board.palette.colour("--accent");
    const fillColor = this.board.palette.pattern("--accent", "diagonal");
    this.shape.setStyle({ color: colour, weight: 3, dashArray: this.active ? "6 4" : null, fillColor, fillOpacity: 1 });
  }

  /** @param {[number, number]} corner @param {number} place */
  handle(corner, place) {
    const title = this.board.words.corner.replace("%s", String(place + 1));
    const icon = L.divIcon({ className: "map-handle", iconSize: [24, 24] });
    const handle = L.marker(corner, { draggable: true, icon, title, alt: title, bubblingMouseEvents: false });
    handle.on("drag", () => {
      const { lat, lng } = handle.getLatLng();
      this.corners[place] = [lat, lng];
      this.shape.setLatLngs(this.corners);
    });
    handle.on("dragend", () => this.write());
    this.handles.addLayer(handle);
    handle.getElement()?.setAttribute("aria-label", title);
    handle.getElement()?.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.key(event, place));
  }

  /** @param {KeyboardEvent} event @param {number} place */
  key(event, place) {
    const move = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (!move && !["Delete", "Backspace"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation(); // the map itself also listens to arrows
    if (move) {
      const { leaflet } = this.board;
      const { lat, lng } = leaflet.containerPointToLatLng(leaflet.latLngToContainerPoint(this.corners[place]).add(move));
      this.corners[place] = [lat, lng];
    } else this.corners.splice(place, 1);
    this.write();
    const handles = this.handles.getLayers();
    (handles[Math.min(place, handles.length - 1)]?.getElement() ?? this.board.canvas).focus();
  }
}
