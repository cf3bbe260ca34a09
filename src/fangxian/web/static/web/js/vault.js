/**
 * What a telephone keeps: the duties as they were last seen, and what was done without a connection and waits to be sent.
 *
 * Everything with a person in it lies encrypted (AES-GCM) under a key of the account that the browser will not hand out. The
 * key goes when the account signs out, and with it whatever it opened. This keeps one colleague from reading what another left
 * on a shared telephone; it is no shield against somebody who takes the telephone itself apart, which is for the telephone's
 * own lock and encryption to be.
 *
 * @typedef {{iv: Uint8Array, data: ArrayBuffer}} Sealed
 * @typedef {{name: string, account: string, at: number, ends: number, policy: string, page: Sealed}} Kept
 * @typedef {"waiting" | "refused"} State
 * @typedef {{key: string, account: string, step: string, at: number, after: number, state: State,
 *   answer: {code: string, message: string, remedy: string} | null, content: Sealed, photo: Sealed | null}} Entry
 */

/** Whether this browser can keep anything: it needs a database, and a page that came over HTTPS or from this very machine. */
export const available = "indexedDB" in globalThis && globalThis.crypto?.subtle !== undefined;

const KEYS = "keys", KEPT = "kept", QUEUE = "queue";
/** @type {Promise<IDBDatabase> | undefined} */
let opened;

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const answer = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("fangxian", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(KEYS);
      request.result.createObjectStore(KEPT, { keyPath: "name" });
      request.result.createObjectStore(QUEUE, { keyPath: "key" }).createIndex("account", "account");
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => { request.result.close(); opened = undefined; };
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/**
 * Work on one table; resolves when it is on the disk.
 * @template T @param {string} table @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<T>} work
 * @returns {Promise<T>}
 */
async function on(table, mode, work) {
  const transaction = (await database()).transaction(table, mode, { durability: "strict" });
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(undefined);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
  const [result] = await Promise.all([answer(work(transaction.objectStore(table))), done]);
  return result;
}

/** @param {string} account @returns {Promise<CryptoKey>} */
async function keyOf(account) {
  const known = await on(KEYS, "readonly", (store) => store.get(account));
  if (known) return known;
  const fresh = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  try {
    await on(KEYS, "readwrite", (store) => store.add(fresh, account));
    return fresh;
  } catch {  // another tab was first
    return on(KEYS, "readonly", (store) => store.get(account));
  }
}

/** @param {string} account @param {BufferSource} bytes @returns {Promise<Sealed>} */
export async function seal(account, bytes) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await keyOf(account), bytes) };
}

/** @param {string} account @param {Sealed} sealed */
export async function unseal(account, { iv, data }) {
  return crypto.subtle.decrypt({ name: "AES-GCM", iv }, await keyOf(account), data);
}

/** @param {string} text */
export const bytes = (text) => new TextEncoder().encode(text);
/** @param {ArrayBuffer} buffer */
export const text = (buffer) => new TextDecoder().decode(buffer);

/** @param {string} name @param {string} account @param {{html: string, ends: number, policy: string}} page */
export async function keep(name, account, { html, ends, policy }) {
  const page = await seal(account, bytes(html));
  await on(KEPT, "readwrite", (store) => store.put({ name, account, at: Date.now(), ends, policy, page }));
}

/** The page that was kept under a name, unless the shift is over: then it is gone. @param {string} name */
export async function kept(name) {
  /** @type {Kept | undefined} */
  const found = await on(KEPT, "readonly", (store) => store.get(name));
  if (!found) return null;
  if (found.ends <= Date.now()) {
    await dropKept();
    return null;
  }
  try {
    return { ...found, html: text(await unseal(found.account, found.page)) };
  } catch {  // sealed under a key that is gone
    await dropKept();
    return null;
  }
}

/** Whose pages are kept. @returns {Promise<string[]>} */
export const keptFor = async () => (await on(KEPT, "readonly", (store) => store.getAll())).map((one) => one.account);

/** Forget the pages, and the keys of accounts that have nothing waiting. */
export async function dropKept() {
  await on(KEPT, "readwrite", (store) => store.clear());
  for (const account of await on(KEYS, "readonly", (store) => store.getAllKeys())) {
    if (!(await entries(String(account))).length) await on(KEYS, "readwrite", (store) => store.delete(account));
  }
}

/** Forget everything of an account: its pages, what waits, and the key. @param {string} account */
export async function forget(account) {
  for (const { key } of await entries(account)) await remove(key);
  await on(KEYS, "readwrite", (store) => store.delete(account));
  await dropKept();
}

/** What an account has waiting, in the order in which it was done. @param {string} account @returns {Promise<Entry[]>} */
export async function entries(account) {
  const found = await on(QUEUE, "readonly", (store) => store.index("account").getAll(account));
  return found.sort((one, other) => one.at - other.at);
}

/** @param {Entry} entry */
export const put = (entry) => on(QUEUE, "readwrite", (store) => store.put(entry));

/** @param {string} key */
export const remove = (key) => on(QUEUE, "readwrite", (store) => store.delete(key));
