// What the animator has in hand: kept in this tab and in the browser, with undo. Takes lie in the browser's database.

const KEY = "emomotion.studio.1";
const MOST_UNDOS = 100;
const MOST_TAKES = 60;
let next = Date.now();
export const id = () => `n${(next++).toString(36)}`;

export const blank = () => ({
  mode: "clip",
  beats: [{ id: id(), text: "a person walks forward", seconds: 4 }], beat: 0,
  keys: [{ id: id(), seconds: 0, strengths: { joy: 0.7 }, point: null }], key: 0,
  mix: false, seed: "", plan: "", count: 1, make: "new", speed: 1, loop: false,
  post: { lock_feet: false, ground: false, smooth: 0 }, keep: [], poses: [], pose: -1,
  path: [], times: [], byTime: false, pins: [], pin: -1,
  pace: 1, heading: null,
  takes: [], chosen: null, shown: [],
  follow: true, beside: false, face: true, repeat: true, rate: 1,
  file: { name: "clip", format: ".glb", fps: "", inPlace: false },
});
/** What undo brings back: what is asked for, not how it is looked at. */
const ASKED = ["beats", "keys", "beat", "key", "seed", "plan", "make", "speed", "loop", "post", "keep", "poses", "pose", "path", "times", "byTime", "pins", "pin"];

function restored() {
  for (const place of [sessionStorage, localStorage]) {
    try {
      const found = JSON.parse(place.getItem(KEY));
      if (found?.beats?.length && found.keys?.length) return { ...blank(), ...found, mode: "clip" };
    } catch { /* what cannot be read is as good as nothing */ }
  }
  return blank();
}

export class Store {
  constructor() {
    this.doc = restored();
    this.listeners = [];
    this.past = [];
    this.future = [];
    this.group = "";
    addEventListener("pagehide", () => this.save());
  }

  /** Change the document. group: changes of the same group that follow each other are undone together. */
  set(patch, group = null) {
    const before = this.doc;
    this.doc = { ...before, ...(typeof patch === "function" ? patch(before) : patch) };
    if (ASKED.some((key) => before[key] !== this.doc[key])) {
      if (!group || group !== this.group) this.past.push(Object.fromEntries(ASKED.map((key) => [key, before[key]])));
      if (this.past.length > MOST_UNDOS) this.past.shift();
      this.future = [];
      this.group = group ?? "";
    }
    this.tell();
  }

  undo() { this.swap(this.past, this.future); }
  redo() { this.swap(this.future, this.past); }
  swap(from, to) {
    if (!from.length) return;
    to.push(Object.fromEntries(ASKED.map((key) => [key, this.doc[key]])));
    this.doc = { ...this.doc, ...from.pop() };
    this.group = "";
    this.tell();
  }

  listen(listener) { this.listeners.push(listener); }
  tell() {
    if (this.told) return;
    this.told = requestAnimationFrame(() => {
      this.told = 0;
      for (const listener of this.listeners) listener(this.doc);
      clearTimeout(this.saving);
      this.saving = setTimeout(() => this.save(), 300);
    });
  }

  save() {
    const text = JSON.stringify(this.doc);
    for (const place of [sessionStorage, localStorage]) {
      try {
        place.setItem(KEY, text);
      } catch { /* full or forbidden: the page works on, and forgets when it is closed */ }
    }
  }
}

/** Takes in the browser's own database; where there is none they live as long as the page. */
export class Takes {
  constructor() {
    this.loaded = new Map();
    this.database = new Promise((done) => {
      let opening;
      try {
        opening = indexedDB.open("emomotion.studio", 1);
      } catch {
        return done(null);
      }
      opening.onupgradeneeded = () => opening.result.createObjectStore("takes", { keyPath: "id" });
      opening.onsuccess = () => done(opening.result);
      opening.onerror = () => done(null);
    });
  }

  async ask(mode, work) {
    const database = await this.database;
    if (!database) return undefined;
    return new Promise((done) => {
      const request = work(database.transaction("takes", mode).objectStore("takes"));
      request.onsuccess = () => done(request.result);
      request.onerror = () => done(undefined);
    });
  }

  async put(take) {
    await this.ask("readwrite", (takes) => takes.put(take));
    const all = (await this.ask("readonly", (takes) => takes.getAllKeys())) ?? [];
    // Ids rise with time; other tabs keep theirs here too, so that only the oldest of all go.
    for (const old of all.sort().slice(0, Math.max(all.length - MOST_TAKES, 0))) await this.drop(old);
  }

  get(name) { return this.ask("readonly", (takes) => takes.get(name)); }
  drop(name) { return this.ask("readwrite", (takes) => takes.delete(name)); }
}
