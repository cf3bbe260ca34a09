/**
 * What was done without a connection: kept under a key of its own, sent once, and told of until somebody has dealt with it.
 *
 * The key goes with every try, so that an entry whose answer was lost is not done twice; the time for which it was kept goes
 * with it too, measured by this telephone, whose clock may be wrong.
 *
 * @typedef {import("./vault.js").Entry} Entry
 * @typedef {{url: string, title: string, fields: [string, string][], said: [string, string][], photo: string, page?: string}} Content
 *   `photo` is the name of the field that the photograph belongs to; `said` is what was entered as people read it; `page` is where it can be done by hand
 */

import * as vault from "./vault.js";

const account = document.body.dataset.account ?? "";
const SENT = "fangxian:sent", CHANGED = "fangxian:queue";

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
  for (const entry of await waiting()) {
    if (entry.state !== "waiting" || (!leaving && entry.after > Date.now())) continue;
    if (!(await send(entry))) break;
  }
  changed();
}

/** @param {Entry} entry @returns {Promise<boolean>} whether to go on with the next */
async function send(entry) {
  const content = await contentOf(entry);
  const body = new FormData();
  for (const [name, value] of content.fields) body.append(name, value);
  if (entry.photo) body.append(content.photo, new Blob([await vault.unseal(account, entry.photo)], { type: "image/jpeg" }), "photo.jpg");
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(content.url, {
      method: "POST", body, redirect: "error", keepalive: entry.photo === null, signal: AbortSignal.timeout(60_000),
      headers: {
        "Accept": "application/json", "X-CSRFToken": cookie("csrftoken"), "Idempotency-Key": entry.key, "X-Account": account,
        "X-Kept-Seconds": String(Math.max(0, Math.floor((Date.now() - entry.at) / 1000))),
      },
    });
  } catch {
    stopped = "unreachable";
    return false;
  }
  if (answer.status >= 500) {
    stopped = "unreachable";
    return false;
  }
  const told = await answer.json().catch(() => ({ code: "unreadable", message: String(answer.status), remedy: "" }));
  if (answer.status === 401 || told.code === "other_account") {
    stopped = answer.status === 401 ? "signed_out" : "other";
    return false;
  }
  if (answer.ok) await vault.remove(entry.key);
  else {
    const faults = Object.values(told.fields ?? {}).join(" ");
    await vault.put({ ...entry, state: "refused", answer: { code: told.code, message: `${told.message} ${faults}`.trim(), remedy: told.remedy } });
  }
  document.dispatchEvent(new CustomEvent(SENT, { detail: { entry, ok: answer.ok, told } }));
  return true;
}

/** @param {string} name */
function cookie(name) {
  return document.cookie.split("; ").find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
}

const changed = () => document.dispatchEvent(new CustomEvent(CHANGED));
