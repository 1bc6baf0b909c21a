// Takes: made by the studio, kept in the browser, looked at one by one or several at once.

import { make } from "./api.js";
import { Figure } from "./figure.js";
import { colourOf, sentenceOf, strengthsOf } from "./feelings.js";
import { orderOf, seedsOf } from "./orders.js";
import { pack, unpack } from "./packets.js";
import { id } from "./store.js";
import { headerOf } from "./recorder.js";
import { thumb } from "./thumbs.js";
import { announce, h, keyed, put } from "./ui.js";

const AT_ONCE = 2;
const APART_M = 1.25;
const GHOSTS = ["#7fb2ff", "#ffb27f", "#9be29b", "#d9a5ff", "#ffe07f", "#7fe3e0"];

export class TakesDesk {
  /** fault(error) shows what went wrong; app gives {store, memory, stage, mannequin, body, composes()}. */
  constructor(list, app) {
    this.list = list;
    this.app = app;
    this.open = new Map();
    this.making = [];
    this.figures = new Map();
  }

  get(name) { return this.open.get(name); }
  get chosen() { return this.open.get(this.app.store.doc.chosen); }

  /** Takes of the last visit; those that are no longer there are forgotten. */
  async restore() {
    const { store, memory } = this.app;
    const found = [];
    for (const name of store.doc.takes) {
      const kept = await memory.get(name);
      if (!kept) continue;
      try {
        this.add(name, kept.packet);
        found.push(name);
      } catch { /* of an older studio */ }
    }
    const has = (name) => found.includes(name);
    store.set((doc) => ({ takes: found, chosen: has(doc.chosen) ? doc.chosen : found[0] ?? null, shown: doc.shown.filter(has) }));
  }

  add(name, packet) {
    const { header, arrays } = unpack(packet);
    const frames = arrays.root.shape[0];
    const take = {
      id: name, header, packet, frames, fps: header.fps, seconds: (frames - 1) / header.fps, rotations: arrays.rotations.data,
      root: arrays.root.data, face: arrays.face?.data, controls: arrays.face?.shape[1] ?? 0, contacts: arrays.contacts?.data,
    };
    take.strengths = header.made.affect ? strengthsOf(header.made.affect) : {};
    this.open.set(name, take);
    return take;
  }

  /** Generate as many takes as are asked for; rejects with the first fault when all are over. */
  async generate() {
    const { store, composes } = this.app;
    const doc = store.doc, chosen = this.chosen;
    const changes = composes() && doc.make !== "new" && chosen;
    this.stopper = new AbortController();
    const { signal } = this.stopper;
    const orders = seedsOf(doc).map((seed) => ({ id: id(), order: orderOf(changes ? doc : { ...doc, make: "new" }, { composes: composes(), seed }) }));
    this.making = orders;
    this.render(store.doc);
    const made = [], faults = [];
    const work = async () => {
      for (let next = orders.shift(); next && !signal.aborted; next = orders.shift()) {
        try {
          const body = changes ? pack({ ...next.order, fps: chosen.fps, felt: this.feltOf(chosen) }, this.sourceOf(chosen)) : next.order;
          const packet = await make(body, signal);
          const take = this.add(next.id, packet);
          made.push(take);
          void this.app.memory.put({ id: next.id, packet });
          store.set((now) => ({
            takes: [next.id, ...now.takes], ...(made.length === 1 ? { chosen: next.id, shown: [] } : { shown: [...now.shown, next.id] }),
          }));
        } catch (error) {
          if (error.name !== "AbortError") faults.push(error);
          if (error.away || error.field) orders.length = 0; // the others would fail alike
        }
        this.making = this.making.filter(({ id: name }) => name !== next.id);
        this.render(store.doc);
      }
    };
    this.making = [...orders];
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, orders.length) }, work));
    this.making = [];
    this.stopper = null;
    this.render(store.doc);
    if (made.length) announce(made.length === 1 ? `A take of ${made[0].seconds.toFixed(1)} seconds is ready` : `${made.length} takes are ready`);
    if (faults.length) throw faults[0];
    return made;
  }

  /** A live character that was recorded, as a take; from: {seed, plan, info}. */
  keep(recorded, from) {
    const { rotations, root, face, controls, frames } = recorded, name = id();
    const packet = pack(headerOf(recorded, from), {
      rotations: { data: rotations, shape: [frames, 22, 4] }, root: { data: root, shape: [frames, 3] }, face: { data: face, shape: [frames, controls] },
    });
    void this.app.memory.put({ id: name, packet });
    this.app.store.set((doc) => ({ takes: [name, ...doc.takes], chosen: name, shown: [] }));
    return this.add(name, packet);
  }

  sourceOf(take) {
    return { rotations: { data: take.rotations, shape: [take.frames, 22, 4] }, root: { data: take.root, shape: [take.frames, 3] } };
  }

  /** What the tags of a take say is felt when, so that those of an edit can tell it of what is kept. */
  feltOf({ header: { tags } }) { return (tags?.segments ?? []).filter((span) => span.end_s > span.start_s); }

  stop() { this.stopper?.abort(); }

  drop(name) {
    const { store, memory } = this.app;
    void memory.drop(name);
    store.set((doc) => {
      const takes = doc.takes.filter((other) => other !== name), shown = doc.shown.filter((other) => other !== name);
      const chosen = doc.chosen === name ? takes[Math.min(doc.takes.indexOf(name), takes.length - 1)] ?? null : doc.chosen;
      return { takes, shown: shown.filter((other) => other !== chosen), chosen };
    });
    this.open.delete(name);
  }

  render(doc) {
    const cards = [...this.making.map(({ id: name, order }) => ({ id: name, making: order })), ...doc.takes.filter((name) => this.open.has(name)).map((name) => ({ id: `card ${name}`, name }))];
    keyed(this.list, cards, (card) => (card.making ? this.newMaking(card) : this.newCard(card.name)), (node, card) => {
      if (card.making) return;
      const chosen = card.name === doc.chosen;
      put(node, { "data-chosen": chosen ? "" : null });
      const [radio, tick] = node.querySelectorAll("input");
      radio.checked = chosen;
      tick.checked = chosen || doc.shown.includes(card.name);
      tick.disabled = chosen;
    });
    this.stand(doc);
  }

  newMaking({ making }) {
    return h("div", { class: "take making", "aria-busy": true }, h("b", {}, "Making ..."), h("small", {}, making.beats[0].text), h("div", { class: "bar" }));
  }

  newCard(name) {
    const { header, seconds, strengths } = this.open.get(name);
    const { made, request } = header, { store } = this.app;
    const title = request.beats.map((beat) => beat.text).join(", then ");
    const bar = h("div", { class: "bar" });
    bar.style.background = request.track?.length > 1
      ? `linear-gradient(90deg, ${request.track.map((key) => colourOf(key.affect ? strengthsOf(key.affect) : {})).join(", ")})`
      : colourOf(strengths);
    const origin = header.recording ? "recorded live" : `plan ${made.plan}, made in ${Math.round(made.stage_ms.total ?? 0)} ms`;
    const note = `${origin}${made.degraded ? ", quality lowered" : ""}${made.notes?.length ? `\n${made.notes.join("\n")}` : ""}`;
    const sentence = request.track?.length > 1 ? "changing" : sentenceOf(strengths);
    const radio = h("input", { type: "radio", name: "chosen", "aria-label": `${title}, ${sentence}, seed ${made.seed}, ${note}`, onchange: () => store.set({ chosen: name, shown: store.doc.shown.filter((other) => other !== name) }) });
    const tick = h("input", {
      type: "checkbox", "aria-label": `Compare seed ${made.seed}`, title: "Compare with the chosen one",
      onchange: (event) => store.set((doc) => ({ shown: event.target.checked ? [...doc.shown, name] : doc.shown.filter((other) => other !== name) })),
    });
    const away = h("button", { type: "button", class: "drop", "aria-label": `Remove the take with seed ${made.seed}`, title: "Remove", onclick: () => this.drop(name) }, "×");
    const card = h("div", { class: "take", title: `${title}\nseed ${made.seed}\n${note}` }, radio, h("b", {}, title), h("small", {}, `${sentence}, ${seconds.toFixed(1)} s`), h("small", {}, header.recording ? "recorded live" : `seed ${made.seed}`), h("div", { class: "side" }, away, tick), bar);
    const { body } = this.app;
    if (body) card.prepend(thumb(body, this.open.get(name)));
    card.addEventListener("click", (event) => event.target.matches("input, button") || radio.click());
    return card;
  }

  /** Who stands on the stage, and where. */
  stand(doc) {
    const { stage, mannequin } = this.app;
    if (!stage || !mannequin) return;
    const wanted = doc.mode === "live" ? [] : [doc.chosen, ...doc.shown].filter((name) => this.open.has(name));
    for (const [name, figure] of this.figures) {
      if (wanted.includes(name)) continue;
      figure.dispose();
      this.figures.delete(name);
    }
    // On the stage the order is that of the list, so that choosing another one moves nobody.
    const row = doc.takes.filter((name) => wanted.includes(name));
    wanted.forEach((name, rank) => {
      let figure = this.figures.get(name);
      if (!figure) {
        figure = new Figure(mannequin);
        stage.figures.add(figure);
        this.figures.set(name, figure);
      }
      figure.position.x = doc.beside ? ((row.length - 1) / 2 - row.indexOf(name)) * APART_M : 0;
      if (rank === 0) figure.look(1);
      else figure.look(doc.beside ? 1 : 0.38, doc.beside ? "#ffffff" : GHOSTS[(row.indexOf(name)) % GHOSTS.length]);
    });
    stage.row = doc.beside ? row.length : 1;
    stage.dirty = true;
  }

  /** Pose everybody at a moment; shorter takes hold their last frame. */
  pose(seconds) {
    for (const [name, figure] of this.figures) {
      const take = this.open.get(name);
      const at = Math.min(Math.max(seconds, 0) * take.fps, take.frames - 1), frame = Math.floor(at);
      figure.pose(take.rotations, take.root, frame, Math.min(frame + 1, take.frames - 1), at - frame);
    }
  }
}

