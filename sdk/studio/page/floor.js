// What is drawn on the floor: the way a take went, the path it shall go, keyframes to be moved about.

import { Figure } from "./figure.js";
import { clear, disc, knob, ribbon } from "./stage.js";
import { $, clamp, h, keyed, put, round, say } from "./ui.js";

const SAMPLE_M = 0.12, HANDLE_M = 0.22, KEEP_EVERY_M = 0.5, MOST_M = 50;
const accent = () => getComputedStyle(document.documentElement).getPropertyValue("--accent").trim();
const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** Fewer points, half a metre apart, the last one kept. */
function thinned(points) {
  const out = [];
  for (const point of points) if (!out.length || apart(out[out.length - 1], point) >= KEEP_EVERY_M) out.push(point);
  const last = points[points.length - 1];
  if (out.length && apart(out[out.length - 1], last) > 0.05) out.length > 1 && apart(out[out.length - 1], last) < KEEP_EVERY_M / 2 ? (out[out.length - 1] = last) : out.push(last);
  return out.map((point) => point.map((value) => round(clamp(value, -MOST_M, MOST_M))));
}

export class Floor {
  /** change(path) hears of each path that is drawn; for live characters. */
  constructor(stage, mannequin, store, { change }) {
    Object.assign(this, { stage, mannequin, store, change, drawing: null, tool: false, drawn: "" });
    this.poses = new Map();
    stage.tool = { start: (event, at) => this.start(event, at), move: (at) => this.move(at), end: () => this.end() };
    $("path-tool").addEventListener("click", () => {
      this.tool = !this.tool;
      store.tell();
    });
    $("path-add").addEventListener("click", () => {
      const { path } = store.doc, last = path[path.length - 1] ?? [0, -1];
      this.set([...(path.length ? path : [[0, 0]]), [last[0], round(last[1] + 1)]]);
    });
    $("path-clear").addEventListener("click", () => this.set([]));
  }

  set(path, group) {
    this.store.set({ path, heading: null }, group);
    this.change(path);
  }

  start(event, at) {
    if (!at || event.button || event.shiftKey) return false;
    const doc = this.store.doc;
    const pose = doc.mode === "clip" && !this.tool && doc.poses.find((one) => one.place && apart([one.root[0], one.root[2]], at) < 0.35);
    if (pose) {
      this.held = { pose: pose.id };
      return true;
    }
    if (!this.tool) return false;
    const point = doc.path.findIndex((one) => apart(one, at) < HANDLE_M);
    this.held = point >= 0 ? { point } : { drawn: [at] };
    return true;
  }

  move(at) {
    if (!at || !this.held) return;
    const place = at.map((value) => round(clamp(value, -MOST_M, MOST_M)));
    const { pose, point, drawn } = this.held;
    if (pose) {
      this.store.set((doc) => ({ poses: doc.poses.map((one) => (one.id === pose ? { ...one, root: [place[0], one.root[1], place[1]] } : one)) }), `pose ${pose}`);
    } else if (point !== undefined) {
      this.set(this.store.doc.path.map((one, k) => (k === point ? place : one)), `point ${point}`);
    } else if (apart(drawn[drawn.length - 1], at) > SAMPLE_M) {
      drawn.push(at);
      this.draw(this.store.doc, drawn);
    }
  }

  end() {
    const drawn = this.held?.drawn;
    this.held = null;
    if (drawn?.length > 3) this.set(thinned(drawn));
    else this.drawn = "";
    this.store.tell();
  }

  update(doc, { takes, composes }) {
    const possible = doc.mode === "live" || composes;
    this.tool &&= possible;
    put($("path-tool"), { "aria-pressed": this.tool });
    put(this.stage.box, { "data-tool": this.tool ? "path" : null });
    $("path-panel").hidden = !(possible && (this.tool || doc.path.length));
    this.list(doc);
    this.panel(doc, composes && doc.mode === "clip");
    this.takes = takes;
    if (!this.held?.drawn) this.draw(doc, possible ? doc.path : []);
    this.ghosts(composes && doc.mode === "clip" ? doc.poses : [], doc.pose);
  }

  draw(doc, path) {
    const take = doc.mode === "clip" ? this.takes?.chosen : null;
    const state = JSON.stringify([path, take?.id, doc.beside, doc.mode]);
    if (state === this.drawn) return;
    this.drawn = state;
    const { marks } = this.stage;
    clear(marks);
    if (take && !doc.beside) {
      const way = [];
      for (let k = 0; k < take.frames; k += 3) way.push([take.root[3 * k], take.root[3 * k + 2]]);
      if (way.length > 1) marks.add(ribbon(way, { width: 0.014, colour: "#8b95a5", opacity: 0.55 }));
    }
    if (path.length > 1) marks.add(ribbon(path, { width: 0.035, colour: accent(), opacity: 0.9 }));
    path.forEach((point, k) => (this.held?.drawn ? k === 0 : true) && marks.add(disc(point, accent(), 0.13), knob(point, accent())));
    this.stage.dirty = true;
  }

  list(doc) {
    const items = doc.path.map((point, k) => ({ id: `point ${k}`, point, k }));
    keyed($("path-points"), items, ({ k }) => {
      const number = (axis, name) => h("input", {
        type: "number", step: 0.1, "aria-label": `Point ${k + 1}, ${name}, metres`, onchange: (event) => {
          const value = clamp(Number(event.target.value) || 0, -MOST_M, MOST_M);
          this.set(this.store.doc.path.map((one, other) => (other === k ? one.map((old, a) => (a === axis ? value : old)) : one)));
        },
      });
      return h("div", { class: "point" }, h("span", {}, String(k + 1)), number(0, "to the left"), number(1, "ahead"),
        h("button", { type: "button", class: "quiet", "aria-label": `Remove point ${k + 1}`, onclick: () => this.set(this.store.doc.path.filter((_, other) => other !== k)) }, "×"));
    }, (node, { point }) => {
      node.querySelectorAll("input").forEach((input, axis) => document.activeElement !== input && (input.value = point[axis]));
    });
  }

  /** The chosen keyframe: when, and where if its place counts. */
  panel(doc, shown) {
    const panel = $("key-panel"), pose = doc.poses[doc.pose];
    panel.hidden = !(shown && pose);
    if (panel.hidden) return;
    if (!this.fields) {
      const edit = (patch) => this.store.set((now) => ({ poses: now.poses.map((one, k) => (k === now.pose ? { ...one, ...patch(one) } : one)) }));
      const number = (label, patch) => h("input", { type: "number", step: 0.1, "aria-label": label, onchange: (event) => edit((one) => patch(Number(event.target.value) || 0, one)) });
      this.fields = {
        title: h("h2", {}), place: h("input", { type: "checkbox", onchange: (event) => edit(() => ({ place: event.target.checked })) }),
        x: number("Keyframe to the left, metres", (x, one) => ({ root: [x, one.root[1], one.root[2]] })),
        z: number("Keyframe ahead, metres", (z, one) => ({ root: [one.root[0], one.root[1], z] })),
      };
      const remove = () => this.store.set((now) => ({ poses: now.poses.filter((_, k) => k !== now.pose), pose: now.poses.length - 2 }));
      panel.append(this.fields.title, h("div", { class: "row" }, h("label", { class: "check" }, this.fields.place, "Its place on the floor counts")),
        h("div", { class: "row" }, h("span", {}, "x"), this.fields.x, h("span", {}, "z"), this.fields.z),
        h("div", { class: "row" }, h("button", { type: "button", class: "chip", onclick: remove }, "Remove the keyframe")));
    }
    const { title, place, x, z } = this.fields;
    say(title, `Keyframe at ${pose.seconds} s`);
    place.checked = pose.place;
    for (const [input, value] of [[x, pose.root[0]], [z, pose.root[2]]]) {
      input.disabled = !pose.place;
      if (document.activeElement !== input) input.value = round(value);
    }
  }

  ghosts(poses, chosen) {
    const wanted = new Set(poses.map((pose) => pose.id));
    for (const [name, figure] of this.poses) {
      if (wanted.has(name)) continue;
      figure.dispose();
      this.poses.delete(name);
    }
    poses.forEach((pose, k) => {
      let figure = this.poses.get(pose.id);
      if (!figure) {
        figure = new Figure(this.mannequin);
        this.stage.scene.add(figure);
        this.poses.set(pose.id, figure);
      }
      figure.look(k === chosen ? 0.34 : 0.2, accent());
      figure.pose(pose.rotations, pose.root, 0);
    });
  }
}
