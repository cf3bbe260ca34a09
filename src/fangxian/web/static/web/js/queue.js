/**
 * What was done without a connection: kept under a key of its own, sent once, and told of until somebody has dealt with it.
 *
 * The key goes with every try, so that an entry whose answer was lost is not done twice; the time for which it was kept goes
 * with it too, measured by this telephone, whose clock may be wrong.
 *
 * @typedef {import("./vault.js").Entry} Entry
 * @typedef {{url: string, title: string, fields: [string, string][], said: [string, string][], photo: string, page?: string, together?: string}} Content
 *   `photo` is the name of the field that the photograph belongs to; `said` is what was entered as people read it; `page` is where it can be done by hand;
 *   `together` is where many of its kind are sent at once
 */

import * as vault from "./vault.js";

const account = document.body.dataset.account ?? "";
const SENT = "fangxian:sent", CHANGED = "fangxian:queue";
/** So many are sent together. */
const TOGETHER = 100;

/** Whether anything can be kept for whoever has signed in. */
export const ready = vault.available && account !== "";

/**
 * @param {Content} content @param {{step: string, wait?: number, picture?: Blob | null}} options
 *   `wait` in milliseconds: until then it may still be taken back
 * @returns {Promise<Entry>}
 */
export async function add(content, { step, wait = 0, picture = null }) {
  const at = Date.now();
  /** @type {Entry} */
  const entry = {
    key: crypto.randomUUID(), account, step, at, after: at + wait, state: "waiting", answer: null,
    content: await vault.seal(account, vault.bytes(JSON.stringify(content))),
    photo: picture ? await vault.seal(account, await picture.arrayBuffer()) : null,
  };
  await vault.put(entry);
  navigator.storage?.persist?.().catch(() => undefined);  // a browser short of space is to leave it alone
  changed();
  return entry;
}

/** @returns {Promise<Entry[]>} */
export const waiting = () => vault.entries(account);

/** What an entry holds. @param {Entry} entry @returns {Promise<Content>} */
export const contentOf = async (entry) => JSON.parse(vault.text(await vault.unseal(account, entry.content)));

/** Taken back, or given up. @param {string} key */
export async function discard(key) {
  await vault.remove(key);
  changed();
}

/** Try a refused one again, as it is. @param {Entry} entry */
export async function retry(entry) {
  await vault.put({ ...entry, state: "waiting", answer: null });
  changed();
  await drain();
}

/** Why sending stopped, where it did: nobody signed in, somebody else did, or no answer came. @type {"" | "signed_out" | "other" | "unreachable"} */
export let stopped = "";

/**
 * Send what waits and whose time to be taken back is over, one after the other; one tab at a time.
 * @param {boolean} [leaving] send all: whoever puts the telephone away takes nothing back
 */
export async function drain(leaving = false) {
  if (!ready) return;
  if (navigator.locks) await navigator.locks.request("fangxian-queue", { ifAvailable: true }, async (lock) => { if (lock) await sendAll(leaving); });
  else await sendAll(leaving);
}

/** @param {boolean} leaving */
async function sendAll(leaving) {
  stopped = "";
  /** @type {Set<string>} */
  const tried = new Set();
  for (let more = true; more && !stopped;) {
    more = false;
    for (const [together, entries] of await grouped(leaving, tried)) {
      for (const entry of entries) tried.add(entry.key);
      more = true;  // meanwhile another may have been recorded
      if (!(together ? await sendMany(together, entries) : await send(entries[0]))) break;
    }
  }
  changed();
}

/**
 * What is to be sent now, in the order in which it was done: one by one, or as many as go together with the first of them.
 * @param {boolean} leaving @param {Set<string>} tried @returns {Promise<[string, Entry[]][]>}
 */
async function grouped(leaving, tried) {
  /** @type {[string, Entry[]][]} */
  const groups = [];
  /** @type {Map<string, Entry[]>} */
  const open = new Map();
  for (const entry of await waiting()) {
    if (entry.state !== "waiting" || tried.has(entry.key) || (!leaving && entry.after > Date.now())) continue;
    const { together = "" } = await contentOf(entry), joined = together ? open.get(together) : undefined;
    if (joined && joined.length < TOGETHER) {
      joined.push(entry);
      continue;
    }
    groups.push([together, [entry]]);
    open.set(together, groups[groups.length - 1][1]);
  }
  return groups;
}

/** @param {Entry} entry @returns {Promise<boolean>} whether to go on with the next */
async function send(entry) {
  const content = await contentOf(entry);
  const body = new FormData();
  for (const [name, value] of content.fields) body.append(name, value);
  if (entry.photo) body.append(content.photo, new Blob([await vault.unseal(account, entry.photo)], { type: "image/jpeg" }), "photo.jpg");
  const answer = await post(content.url, body, { "Idempotency-Key": entry.key, "X-Kept-Seconds": seconds(entry) }, entry.photo === null);
  if (answer === null) return false;
  await settle(entry, answer.ok, answer.told);
  return true;
}

/**
 * Many of one kind in one go; each has an answer of its own. Where they are not taken together, each is sent by itself.
 * @param {string} url @param {Entry[]} entries @returns {Promise<boolean>}
 */
async function sendMany(url, entries) {
  const kept = await Promise.all(entries.map(async (entry) => ({ key: entry.key, seconds: seconds(entry), fields: (await contentOf(entry)).fields })));
  const answer = await post(url, JSON.stringify({ kept }), { "Content-Type": "application/json" }, false);
  if (answer === null) return false;
  if (!answer.ok) {
    for (const entry of entries) if (!(await send(entry))) return false;
    return true;
  }
  /** @type {Map<string, any>} */
  const told = new Map(answer.told.answers.map((/** @type {any} */ one) => [one.key, one]));
  for (const entry of entries) await settle(entry, told.get(entry.key)?.said !== undefined, told.get(entry.key) ?? {});
  return true;
}

/** How long ago it was done, by this telephone's clock. @param {Entry} entry */
const seconds = (entry) => String(Math.max(0, Math.floor((Date.now() - entry.at) / 1000)));

/**
 * @param {string} url @param {BodyInit} body @param {Record<string, string>} headers @param {boolean} keepalive
 * @returns {Promise<{ok: boolean, told: any} | null>} null: no answer, or not for whoever has signed in; `stopped` says which
 */
async function post(url, body, headers, keepalive) {
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(url, {
      method: "POST", body, redirect: "error", keepalive, signal: AbortSignal.timeout(60_000),
      headers: { "Accept": "application/json", "X-CSRFToken": cookie("csrftoken"), "X-Account": account, ...headers },
    });
  } catch {
    stopped = "unreachable";
    return null;
  }
  if (answer.status >= 500) {
    stopped = "unreachable";
    return null;
  }
  const told = await answer.json().catch(() => ({ code: "unreadable", message: String(answer.status), remedy: "" }));
  if (answer.status === 401 || told.code === "other_account") {
    stopped = answer.status === 401 ? "signed_out" : "other";
    return null;
  }
  return { ok: answer.ok, told };
}

/** Taken: it goes from the telephone. Refused: it stays, with the reason. @param {Entry} entry @param {boolean} ok @param {any} told */
async function settle(entry, ok, told) {
  if (ok) await vault.remove(entry.key);
  else {
    const faults = Object.values(told.fields ?? {}).join(" ");
    await vault.put({ ...entry, state: "refused", answer: { code: told.code ?? "", message: `${told.message ?? ""} ${faults}`.trim(), remedy: told.remedy ?? "" } });
  }
  document.dispatchEvent(new CustomEvent(SENT, { detail: { entry, ok, told } }));
}

/** @param {string} name */
function cookie(name) {
  return document.cookie.split("; ").find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
}

const changed = () => document.dispatchEvent(new CustomEvent(CHANGED));
