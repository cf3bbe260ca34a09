/**
 * Times as the clock on the wall shows them: "2026-03-01T18:00", the way forms write them. No zone is involved: the
 * server reads them in the zone of the deployment, whatever zone the device is set to.
 */

export const MINUTE = 60_000;
export const DAY = 1440;

/** @param {string} text @returns {number} minutes since an arbitrary day */
export const minutes = (text) => Date.parse(`${text}:00Z`) / MINUTE;

/** @param {number} value @returns {string} */
export const wall = (value) => new Date(value * MINUTE).toISOString().slice(0, 16);

/** @param {number} value @returns {string} the day alone */
export const dayOf = (value) => wall(value).slice(0, 10);

/** @param {string} text @returns {string} short enough to be read while dragging */
export const spoken = (text) => (text ? text.slice(5).replace("T", " ") : "–");
