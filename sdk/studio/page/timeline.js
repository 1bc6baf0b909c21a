// Time: beats, feelings, kept spans and poses as blocks and keys on tracks; all of it is moved by pointer or arrows.

import { LIMBS } from "./body.js";
import { colourOf, feltAt, sentenceOf } from "./feelings.js";
import { id } from "./store.js";
import { $, clamp, drag, h, keyed, put, round, say } from "./ui.js";
import { timed, timesOf } from "./way.js";

const STEP = 0.1, LEAST = 0.5, MOST = 30;
const percent = (seconds, total) => `${(100 * seconds) / total}%`;
export const lengthOf = (doc) => doc.beats.reduce((sum, beat) => sum + beat.seconds, 0);

export class Timeline {
  constructor(store, { seek }) {
    this.store = store;
    this.seek = seek;
    this.beats = this.track("beats", "Beats");
    this.keys = this.track("keys", "Feeling", "thin");
    this.keep = this.track("keep", "Kept", "thin");
    this.poses = this.track("poses", "Poses", "thin");
    this.way = this.track("way", "Way", "thin");
    this.pins = this.track("pins", "Pins", "thin");
    this.strip = h("div", { "aria-hidden": true });
    Object.assign(this.strip.style, { position: "absolute", inset: "0", borderRadius: "6px", opacity: ".5" });
    this.keys.prepend(this.strip);
    this.keys.addEventListener("dblclick", (event) => {
      if (event.target === this.keys || event.target === this.strip || event.target === this.keys.items) this.addFeeling(this.secondsAt(event));
    });
  }

  track(name, label, kind = "") {
    const items = h("div", {});
    const track = h("div", { class: `track ${kind}`, role: "group", "aria-label": label, id: `track-${name}`, "data-field": name }, h("span", { class: "name" }, label), items);
    track.items = items;
    $("track-list").append(track);
    return track;
  }

  secondsAt(event) {
    const box = this.beats.getBoundingClientRect();
    return clamp(((event.clientX - box.left) / box.width) * this.total, 0, this.total);
  }

  /** Change one item of a list of the document. */
  edit(list, name, patch, group) {
    this.store.set((doc) => ({ [list]: doc[list].map((item) => (item.id === name ? { ...item, ...patch } : item)) }), group);
  }

  moveKey(list, name, seconds) {
    const length = lengthOf(this.store.doc);
    this.store.set((doc) => {
      const chosen = { keys: "key", poses: "pose" }[list];
      const items = doc[list].map((item) => (item.id === name ? { ...item, seconds: round(clamp(seconds, 0, length)) } : item));
      items.sort((a, b) => a.seconds - b.seconds);
      return { [list]: items, [chosen]: items.findIndex((item) => item.id === name) };
    }, `${list} ${name}`);
  }

  addFeeling(seconds) {
    this.store.set((doc) => {
      const at = round(clamp(seconds, 0, lengthOf(doc)));
      if (doc.keys.some((key) => Math.abs(key.seconds - at) < 0.05)) return {};
      const added = { id: id(), seconds: at, strengths: { ...feltAt(doc.keys, at) }, point: null };
      const keys = [...doc.keys, added].sort((a, b) => a.seconds - b.seconds);
      return { keys, key: keys.indexOf(added) };
    });
  }

  addKeep(seconds) {
    this.store.set((doc) => {
      const length = lengthOf(doc);
      const start = round(clamp(seconds - 0.5, 0, Math.max(length - 1, 0))), end = round(Math.min(start + 1, length));
      if (doc.keep.some((span) => start <= span.end && end >= span.start)) return {};
      return { keep: [...doc.keep, { id: id(), start, end }].sort((a, b) => a.start - b.start), make: "redo" };
    });
  }

  addBeat() {
    this.store.set((doc) => ({ beats: [...doc.beats, { id: id(), text: "a person waves with the right hand", seconds: 2 }], beat: doc.beats.length }));
    $("text").focus();
    $("text").select();
  }

  remove(list, name) {
    this.store.set((doc) => {
      if (doc[list].length === 1 && (list === "beats" || list === "keys")) return {};
      const left = doc[list].filter((item) => item.id !== name);
      const chosen = { beats: "beat", keys: "key", poses: "pose", pins: "pin" }[list];
      return { [list]: left, ...(chosen ? { [chosen]: Math.min(doc[chosen], left.length - 1) } : {}) };
    });
  }

  update(doc, { composes, takeSeconds }) {
    const length = lengthOf(doc);
    this.total = Math.max(length, takeSeconds, 0.5);
    this.showBeats(doc);
    const keys = composes ? doc.keys : doc.keys.slice(0, 1);
    const stops = Array.from({ length: 25 }, (_, k) => `${colourOf(feltAt(keys, (k / 24) * length))} ${(100 * (k / 24) * length) / this.total}%`);
    this.strip.style.background = `linear-gradient(90deg, ${stops.join(", ")}, transparent 0)`;
    keyed(this.keys.items, composes ? keys : [], (key) => this.newKey("keys", key), (node, key, index) => {
      node.style.left = percent(key.seconds, this.total);
      node.style.background = colourOf(key.strengths);
      put(node, { "aria-pressed": index === doc.key, "aria-label": `Feeling at ${key.seconds} seconds: ${sentenceOf(key.strengths)}`, title: sentenceOf(key.strengths) });
    });
    this.keep.hidden = !composes || !doc.keep.length;
    keyed(this.keep.items, composes ? doc.keep : [], (span) => this.newKeep(span), (node, span) => {
      node.style.left = percent(span.start, this.total);
      node.style.width = percent(span.end - span.start, this.total);
      put(node, { "aria-label": `Kept from ${span.start} to ${span.end} seconds` });
    });
    this.poses.hidden = !composes || !doc.poses.length;
    keyed(this.poses.items, composes ? doc.poses : [], (pose) => this.newKey("poses", pose), (node, pose, index) => {
      node.style.left = percent(pose.seconds, this.total);
      put(node, { "aria-pressed": index === doc.pose, "aria-label": `Keyframe at ${pose.seconds} seconds` });
    });
    const timed = composes && doc.byTime && doc.path.length > 1, times = timed ? timesOf(doc.path, doc.times, length) : [];
    this.way.hidden = !timed;
    keyed(this.way.items, times.map((seconds, k) => ({ id: `place ${k}`, seconds, k })), (place) => this.newPlace(place), (node, { seconds, k }) => {
      const set = (doc.times[k] ?? null) !== null;
      node.style.left = percent(seconds, this.total);
      put(node, { "data-open": set ? null : "", "aria-label": `Point ${k + 1} of the path at ${seconds} seconds${set ? "" : ", at an even pace"}`, title: `Point ${k + 1}, ${seconds} s` });
      say(node, String(k + 1));
    });
    this.showPins(composes ? doc.pins : [], doc.pin);
  }

  /** A line for each hand and foot that is pinned somewhere. */
  showPins(pins, chosen) {
    const lines = Object.keys(LIMBS).filter((limb) => pins.some((pin) => pin.effector === limb));
    this.pins.hidden = !pins.length;
    this.pins.style.height = `${20 * lines.length}px`;
    keyed(this.pins.items, pins, (pin) => this.newPin(pin), (node, pin, index) => {
      const line = lines.indexOf(pin.effector);
      Object.assign(node.style, { left: percent(pin.seconds, this.total), width: percent(pin.hold, this.total), top: `${20 * line + 2}px`, bottom: "auto", height: "16px" });
      say(node, LIMBS[pin.effector]);
      put(node, { "aria-pressed": index === chosen, "aria-label": `${LIMBS[pin.effector]} pinned from ${pin.seconds} to ${round(pin.seconds + pin.hold)} seconds` });
    });
  }

  showBeats(doc) {
    const starts = [];
    doc.beats.reduce((at, beat) => (starts.push(at), at + beat.seconds), 0);
    const cells = doc.beats.flatMap((beat, index) => [
      { id: beat.id, beat, index, start: starts[index] }, { id: `${beat.id} edge`, beat, index, start: starts[index], edge: true },
    ]);
    keyed(this.beats.items, cells, (cell) => (cell.edge ? this.newEdge(cell.beat) : this.newBeat(cell.beat)), (node, { beat, index, start, edge }) => {
      node.style.left = percent(edge ? start + beat.seconds : start, this.total);
      if (edge) return void put(node, { "aria-valuenow": beat.seconds, "aria-valuetext": `${beat.seconds} seconds`, "aria-label": `Length of beat ${index + 1}` });
      node.style.width = percent(beat.seconds, this.total);
      say(node, beat.text || "nothing yet");
      put(node, { "aria-pressed": index === doc.beat, "aria-label": `Beat ${index + 1}, ${beat.seconds} seconds: ${beat.text}`, title: beat.text });
    });
    this.beats.querySelector(".name").hidden = doc.beats.length > 0;
  }

  newBeat({ id: name }) {
    return h("button", {
      type: "button", class: "beat", onclick: () => this.store.set((doc) => ({ beat: doc.beats.findIndex((beat) => beat.id === name) })),
      onkeydown: (event) => event.key === "Delete" && this.remove("beats", name),
    });
  }

  newEdge({ id: name }) {
    const set = (seconds) => this.edit("beats", name, { seconds: round(clamp(seconds, LEAST, MOST), 1) }, `edge ${name}`);
    const now = () => this.store.doc.beats.find((beat) => beat.id === name)?.seconds ?? 0;
    const node = h("div", {
      class: "edge", role: "slider", tabindex: 0, "aria-valuemin": LEAST, "aria-valuemax": MOST,
      onkeydown: (event) => this.arrows(event, (by) => set(now() + by)),
    });
    let from = 0, began = 0, scale = 1;
    drag(node, {
      start: (event) => {
        [from, began] = [event.clientX, now()];
        scale = this.total / this.beats.clientWidth; // held, or the block would run away from the pointer
      },
      move: (event) => set(began + (event.clientX - from) * scale),
    });
    return node;
  }

  newKey(list, { id: name }) {
    return this.knob(list === "poses" ? "key pose" : "key", {
      now: () => this.store.doc[list].find((item) => item.id === name)?.seconds ?? 0,
      choose: () => this.store.set((doc) => ({ [list === "keys" ? "key" : "pose"]: doc[list].findIndex((item) => item.id === name) })),
      move: (seconds) => this.moveKey(list, name, seconds),
      remove: () => this.remove(list, name),
    });
  }

  /** A point of the path that has a time; Delete leaves its time open again. */
  newPlace({ k }) {
    const times = () => timesOf(this.store.doc.path, this.store.doc.times, lengthOf(this.store.doc));
    const set = (seconds) => this.store.set((doc) => ({ times: timed(doc.path, doc.times, k, seconds, lengthOf(doc)) }), `way ${k}`);
    return this.knob("key place", { now: () => times()[k] ?? 0, move: set, remove: () => set(null) });
  }

  /** Something at a moment, to be moved. */
  knob(kind, { now, choose, move, remove }) {
    const node = h("button", {
      type: "button", class: kind, onclick: () => { choose?.(); this.seek(now()); },
      onkeydown: (event) => {
        if (event.key === "Delete" || event.key === "Backspace") remove();
        else this.arrows(event, (by) => move(now() + by));
      },
    });
    let moved = false, from = 0;
    drag(node, {
      start: (event) => { moved = false; from = event.clientX; choose?.(); },
      move: (event) => {
        moved ||= Math.abs(event.clientX - from) > 3;
        if (moved) move(this.secondsAt(event));
      },
      end: () => node.focus(),
    });
    return node;
  }

  newKeep({ id: name }) {
    return this.span("kept", "kept", {
      now: () => this.store.doc.keep.find((span) => span.id === name),
      set: (start, end) => {
        const length = lengthOf(this.store.doc);
        if (end - start < 0.1 || start < 0 || end > length + 1e-6) return;
        if (this.store.doc.keep.some((other) => other.id !== name && start <= other.end && end >= other.start)) return;
        this.edit("keep", name, { start: round(start), end: round(end) }, `keep ${name}`);
      },
      remove: () => this.remove("keep", name),
    });
  }

  newPin({ id: name }) {
    const found = () => this.store.doc.pins.find((pin) => pin.id === name);
    return this.span("kept pin", "", {
      now: () => ({ start: found().seconds, end: found().seconds + found().hold }),
      set: (start, end) => {
        if (end < start || start < 0 || end > lengthOf(this.store.doc) + 1e-6) return;
        this.edit("pins", name, { seconds: round(start), hold: round(end - start) }, `pin ${name}`);
      },
      choose: () => this.store.set((doc) => ({ pin: doc.pins.findIndex((pin) => pin.id === name) })),
      remove: () => this.remove("pins", name),
    });
  }

  /** Something that lasts, to be moved whole or by its ends. */
  span(kind, text, { now, set, choose, remove }) {
    const node = h("button", {
      type: "button", class: kind, title: "Drag to move, its ends to change it; Shift and arrows change the end",
      onclick: () => choose?.(),
      onkeydown: (event) => {
        if (event.key === "Delete" || event.key === "Backspace") remove();
        else this.arrows(event, (by) => set(now().start + (event.shiftKey ? 0 : by), now().end + by));
      },
    }, text);
    let from, begin, grip;
    drag(node, {
      start: (event) => {
        const box = node.getBoundingClientRect();
        [from, begin] = [this.secondsAt(event), { ...now() }];
        grip = event.clientX - box.left < 8 ? "start" : box.right - event.clientX < 8 ? "end" : "all";
        if (box.width < 24) grip = "all";
        choose?.();
      },
      move: (event) => {
        const by = this.secondsAt(event) - from;
        if (by) set(begin.start + (grip === "end" ? 0 : by), begin.end + (grip === "start" ? 0 : by));
      },
      end: () => node.focus(),
    });
    return node;
  }

  arrows(event, move) {
    const by = { ArrowLeft: -STEP, ArrowRight: STEP, ArrowDown: -STEP, ArrowUp: STEP }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    move(by);
  }
}

