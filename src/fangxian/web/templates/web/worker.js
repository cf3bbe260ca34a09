{% load static %}/**
 * The service worker: pages come from the server; without one, the duties and the swab point come from what was kept
 * (`vault.js`), and any other page is one that says so. Static files have an address of their content, so the first copy is the last.
 */
import { kept } from "{% static 'web/js/vault.js' %}";

const STATIC = "{% static '' %}";
const ASSETS = `assets ${STATIC}`;
/** In development the files have no edition, and change. */
const LASTING = /\/[0-9a-f]{10}\/$/.test(STATIC);
/** How long a telephone waits for an answer before it shows what it has, in milliseconds. */
const PATIENCE = 6_000;

addEventListener("install", () => skipWaiting());

addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith("assets ") && name !== ASSETS) await caches.delete(name);
  await clients.claim();
})()));

addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith(STATIC)) event.respondWith(asset(request));
  else if (request.mode === "navigate") event.respondWith(page(request, url.pathname === "/" ? "duties" : url.pathname.startsWith("/samples/points/") ? url.pathname : ""));
});

/** @param {Request} request */
async function asset(request) {
  const cache = await caches.open(ASSETS);
  const known = await cache.match(request, { ignoreVary: true });
  if (known && LASTING) return known;
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch (fault) {
    if (known) return known;
    throw fault;
  }
}

/** @param {Request} request @param {string} name under which the page may have been kept */
async function page(request, name) {
  const answer = fetch(request);
  answer.catch(() => undefined);  // it may fail after somebody stopped waiting for it
  const known = name ? await kept(name) : null;
  try {
    return await (known ? Promise.race([answer, impatience()]) : answer);
  } catch {
    if (known) return shown(known);
    return (await caches.match("/offline/", { ignoreVary: true })) ?? Response.error();
  }
}

/** @returns {Promise<never>} */
function impatience() {
  return new Promise((_resolve, reject) => setTimeout(() => reject(new Error("no answer")), PATIENCE));
}

/** @param {Record<"html" | "policy", string>} page */
function shown({ html, policy }) {
  return new Response(html, { headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy } });
}
