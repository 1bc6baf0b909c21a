// Pins: hands and feet that shall be somewhere for a while; as numbers, on the stage, and of the pose at the play head.

import { Group, Mesh, MeshBasicMaterial, RingGeometry, SphereGeometry } from "./vendor/three.min.js";
import { headingOf, LIMBS, rotatedBy, turnedBy } from "./body.js";
import { clear } from "./stage.js";
import { id } from "./store.js";
import { lengthOf } from "./timeline.js";
import { $, announce, clamp, h, keyed, put, round } from "./ui.js";

const HOLD_S = 0.5, MOST_M = 50, GRAB_PX = 16;
const accent = () => getComputedStyle(document.documentElement).getPropertyValue("--accent").trim();

export class Pins {
  /** app gives {store, stage, body, takes}. */
  constructor(app) {
    this.app = app;
    this.marks = new Map();
    this.seconds = 0;
    $("pin-limb").append(...Object.entries(LIMBS).map(([name, words]) => new Option(words, name)));
    $("pin-set").addEventListener("click", () => this.add($("pin-limb").value));
    app.stage?.tools.push({ start: (event) => this.grab(event), move: (_, event) => this.drag(event), end: () => { this.held = null; } });
  }

  /** Pelvis of the chosen take at a moment: {x, z, angle}; the origin where there is no take. */
  base(seconds) {
    const take = this.app.takes.chosen;
    if (!take) return { x: 0, z: 0, angle: 0 };
    const frame = this.frameAt(take, seconds);
    return { x: take.root[3 * frame], z: take.root[3 * frame + 2], angle: headingOf(take.rotations, frame) };
  }

  frameAt(take, seconds) { return clamp(Math.round(seconds * take.fps), 0, take.frames - 1); }

  /** A place of the room, seen from the body; and back. */
  fromRoom([x, y, z], { x: x0, z: z0, angle }) { return turnedBy([x - x0, y, z - z0], -angle); }
  inRoom(at, { x: x0, z: z0, angle }) {
    const [x, y, z] = turnedBy(at, angle);
    return [x + x0, y, z + z0];
  }

  /** Pin a hand or foot where it is at the play head. */
  add(effector) {
    const { store, body, takes } = this.app, take = takes.chosen;
    if (!take) return;
    const length = lengthOf(store.doc), hold = Math.min(HOLD_S, length);
    const frame = this.frameAt(take, this.seconds), seconds = round(clamp(frame / take.fps, 0, length - hold)), joint = body.joint(effector);
    const at = Array.from(body.places(take.rotations, take.root, frame).subarray(3 * joint, 3 * joint + 3), (value) => round(value, 3));
    const rotation = Array.from(body.turned.subarray(4 * joint, 4 * joint + 4));
    const pin = { id: id(), effector, seconds, hold: round(hold), at, place: true, rotation, turned: false, ease: null };
    store.set((doc) => ({ pins: [...doc.pins, pin], pin: doc.pins.length }));
    setTimeout(() => $("pin-list").lastElementChild?.scrollIntoView({ block: "nearest" }), 50);
    announce(`The ${LIMBS[effector]} is pinned at ${seconds} seconds`);
  }

  edit(name, patch, group = null) {
    this.app.store.set((doc) => ({ pins: doc.pins.map((pin) => (pin.id === name ? { ...pin, ...patch(pin) } : pin)) }), group);
  }

  update(doc, shown) {
    const { takes } = this.app, pins = shown ? doc.pins : [];
    for (const name of ["pin-set", "pin-limb"]) $(name).disabled = !takes.chosen;
    $("pin-panel").hidden = !pins.length;
    keyed($("pin-list"), pins, (pin) => this.newRow(pin.id), (node, pin, k) => {
      put(node, { "data-chosen": k === doc.pin ? "" : null });
      const [limb, place] = node.querySelectorAll("select"), inputs = node.querySelectorAll("input");
      limb.value = pin.effector;
      place.value = pin.place ? "room" : "body";
      put(node, { "aria-label": `Pin ${k + 1}: ${LIMBS[pin.effector]}` });
      [pin.seconds, pin.hold, ...pin.at].forEach((value, n) => document.activeElement !== inputs[n] && (inputs[n].value = round(value)));
      const [turned, ease] = [inputs[5], inputs[6]];
      turned.checked = pin.turned;
      if (document.activeElement !== ease) ease.value = pin.ease ?? "";
    });
    if (!this.app.stage) return;
    for (const [name, mark] of this.marks) {
      if (pins.some((pin) => pin.id === name)) continue;
      clear(mark);
      mark.removeFromParent();
      this.marks.delete(name);
    }
    pins.forEach((pin, k) => this.mark(pin, k === doc.pin));
    this.at(this.seconds);
  }

  newRow(name) {
    const length = () => lengthOf(this.app.store.doc);
    const number = (words, short, patch, least = -MOST_M) => h("label", {}, h("span", { "aria-hidden": true }, short), h("input", {
      type: "number", step: 0.05, min: least, "aria-label": words, oninput: (event) => {
        const value = event.target.valueAsNumber;
        if (Number.isFinite(value)) this.edit(name, (pin) => patch(value, pin), `pin ${name} ${short}`);
      }, onchange: () => this.app.store.tell(), onblur: () => this.app.store.tell(),
    }));
    const axis = (n) => (value, pin) => ({ at: pin.at.with(n, clamp(value, -MOST_M, MOST_M)) });
    const choose = () => this.app.store.set((doc) => ({ pin: doc.pins.findIndex((pin) => pin.id === name) }));
    const limb = h("select", { "aria-label": "What is pinned", onchange: (event) => this.edit(name, () => ({ effector: event.target.value })) }, ...Object.entries(LIMBS).map(([value, words]) => new Option(words, value)));
    const place = h("select", {
      "aria-label": "Where it is pinned", onchange: (event) => this.edit(name, (pin) => {
        const inRoom = event.target.value === "room", base = this.base(pin.seconds);
        if (inRoom === pin.place) return {};
        const at = (inRoom ? this.inRoom(pin.at, base) : this.fromRoom(pin.at, base)).map((value) => round(value, 3));
        return { place: inRoom, at, rotation: rotatedBy(pin.rotation, inRoom ? base.angle : -base.angle) };
      }),
    }, new Option("in the room", "room"), new Option("along with the body", "body"));
    const turned = h("input", { type: "checkbox", onchange: (event) => this.edit(name, () => ({ turned: event.target.checked })) });
    const ease = h("input", {
      type: "number", step: 0.1, min: 0.1, max: 5, placeholder: "auto", title: "Time to get there, and to come back",
      onchange: (event) => this.edit(name, () => ({ ease: event.target.value.trim() ? clamp(event.target.valueAsNumber || 0.1, 0.1, 5) : null })),
    });
    const away = h("button", { type: "button", class: "away", "aria-label": "Remove the pin", title: "Remove", onclick: () => {
      this.app.store.set((doc) => ({ pins: doc.pins.filter((pin) => pin.id !== name), pin: Math.min(doc.pin, doc.pins.length - 2) }));
    } }, "×");
    return h("div", { class: "pin-row", role: "group", onfocusin: choose }, h("div", { class: "row" }, limb, place, away), h("div", { class: "numbers" },
      number("From, seconds", "from s", (seconds, pin) => ({ seconds: clamp(seconds, 0, Math.max(length() - pin.hold, 0)) }), 0),
      number("For, seconds", "for s", (hold, pin) => ({ hold: clamp(hold, 0, Math.max(length() - pin.seconds, 0)) }), 0),
      number("To the left, metres", "x", axis(0)), number("Up from the ground, metres", "y", axis(1)), number("Ahead, metres", "z", axis(2))),
    h("div", { class: "row" }, h("label", { class: "check" }, turned, "Turned as it was"), h("label", { class: "ease" }, h("span", {}, "There in, s"), ease)));
  }

  // --- on the stage ---

  mark(pin, chosen) {
    let mark = this.marks.get(pin.id);
    const state = `${chosen} ${pin.at[1]} ${accent()}`;
    if (!mark) {
      this.marks.set(pin.id, (mark = new Group()));
      this.app.stage.scene.add(mark);
    }
    if (mark.userData.state === state) return;
    mark.userData.state = state;
    clear(mark);
    const material = () => new MeshBasicMaterial({ color: accent(), transparent: true, depthTest: false });
    const ball = new Mesh(new SphereGeometry(chosen ? 0.045 : 0.034, 20, 12), material());
    const ring = new Mesh(new RingGeometry(0.075, 0.088, 40), material());
    const stem = new Mesh(new SphereGeometry(0.5, 8, 6).scale(0.008, 1, 0.008), material());
    stem.scale.y = Math.max(Math.abs(pin.at[1]), 0.01);
    stem.position.y = -pin.at[1] / 2;
    ring.visible = chosen;
    ring.onBeforeRender = (_renderer, _scene, camera) => ring.quaternion.copy(camera.quaternion);
    mark.add(ball, ring, stem);
    for (const child of mark.children) child.renderOrder = 4;
  }

  /** Show which pins hold at the play head, and where: one that goes along with the body moves. */
  at(seconds) {
    this.seconds = seconds;
    for (const pin of this.app.store.doc.pins) {
      const mark = this.marks.get(pin.id);
      if (!mark) continue;
      const holds = seconds >= pin.seconds - 0.017 && seconds <= pin.seconds + pin.hold + 0.017;
      mark.position.set(...this.placeOf(pin));
      mark.children.forEach((child, k) => { child.material.opacity = (holds ? 0.95 : 0.4) * (k === 2 ? 0.5 : 1); });
    }
    if (this.marks.size) this.app.stage.dirty = true;
  }

  placeOf(pin) { return pin.place ? pin.at : this.inRoom(pin.at, this.base(this.seconds)); }

  /** A marker below the pointer is taken along, as far from the camera as it is. */
  grab(event) {
    if (event.button || event.shiftKey) return false;
    const { doc } = this.app.store, { stage } = this.app;
    const found = doc.pins.findIndex((pin) => {
      if (!this.marks.has(pin.id)) return false;
      const [x, y] = stage.onScreen(this.placeOf(pin));
      return Math.hypot(x - event.clientX, y - event.clientY) < GRAB_PX;
    });
    if (found < 0) return false;
    this.held = doc.pins[found].id;
    this.app.store.set({ pin: found });
    return true;
  }

  drag(event) {
    const pin = this.app.store.doc.pins.find((one) => one.id === this.held);
    const to = pin && this.app.stage.levelAt(event, this.placeOf(pin));
    if (!to) return;
    const place = [clamp(to[0], -MOST_M, MOST_M), clamp(to[1], 0, 3), clamp(to[2], -MOST_M, MOST_M)];
    this.edit(pin.id, () => ({ at: (pin.place ? place : this.fromRoom(place, this.base(this.seconds))).map((value) => round(value, 3)) }), `pin ${pin.id}`);
  }
}
