// What is drawn on the floor: the way a take went, the path it shall go, keyframes to be moved about.

import { Group } from "./vendor/three.min.js";
import { Figure } from "./figure.js";
import { clear, disc, knob, ribbon } from "./stage.js";
import { lengthOf } from "./timeline.js";
import { $, clamp, h, keyed, put, round, say } from "./ui.js";
import { MOST_PLACES, pacesOf, placeAt, timed, timesOf } from "./way.js";

const SAMPLE_M = 0.12, HANDLE_M = 0.22, KEEP_EVERY_M = 0.5, MOST_M = 50;
const accent = () => getComputedStyle(document.documentElement).getPropertyValue("--accent").trim();
const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** Fewer points, half a metre apart or as many as can have times, the last one kept. */
function thinned(points) {
  const out = [], whole = points.slice(1).reduce((sum, point, k) => sum + apart(points[k], point), 0);
  const every = Math.max(KEEP_EVERY_M, whole / (MOST_PLACES - 2));
  for (const point of points) if (!out.length || apart(out[out.length - 1], point) >= every) out.push(point);
  const last = points[points.length - 1];
  if (out.length && apart(out[out.length - 1], last) > 0.05) out.length > 1 && apart(out[out.length - 1], last) < every / 2 ? (out[out.length - 1] = last) : out.push(last);
  return out.map((point) => point.map((value) => round(clamp(value, -MOST_M, MOST_M))));
}

export class Floor {
  /** change(path) hears of each path that is drawn; for live characters. */
  constructor(stage, mannequin, store, { change }) {
    Object.assign(this, { stage, mannequin, store, change, drawing: null, tool: false, drawn: "" });
    this.poses = new Map();
    stage.tools.push({ start: (event, at) => this.start(event, at), move: (at) => this.move(at), end: () => this.end() });
    this.here = new Group();
    stage.scene.add(this.here);
    $("path-tool").addEventListener("click", () => {
      this.tool = !this.tool;
      store.tell();
    });
    $("path-add").addEventListener("click", () => {
      const { path, times } = store.doc, [a, b] = [path[path.length - 2], path[path.length - 1] ?? [0, 0]];
      // A metre on, the way it went.
      const far = a ? apart(a, b) : 0, [dx, dz] = far > 0 ? [(b[0] - a[0]) / far, (b[1] - a[1]) / far] : [0, 1];
      this.set([...(path.length ? path : [[0, 0]]), [round(b[0] + dx), round(b[1] + dz)]], null, times);
    });
    $("path-clear").addEventListener("click", () => this.set([]));
    $("by-time").addEventListener("click", () => store.set((doc) => ({ byTime: !doc.byTime })));
  }

  /** Another path. times: when its points are reached, as far as that is set; none for one that is drawn anew. */
  set(path, group = null, times = []) {
    this.store.set({ path, times, heading: null }, group);
    this.change(path);
  }

  /** Put a point elsewhere. */
  put(k, place, group = null) {
    const { path, times } = this.store.doc;
    this.set(path.with(k, place), group, times);
  }

  remove(k) {
    const { path, times } = this.store.doc, without = (list) => list.filter((_, other) => other !== k);
    this.set(without(path), null, without(path.map((_, other) => times[other] ?? null)));
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
      this.put(point, place, `point ${point}`);
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
    this.times = composes && doc.mode === "clip" && doc.byTime && doc.path.length > 1 ? timesOf(doc.path, doc.times, lengthOf(doc)) : null;
    this.path = doc.path; // the times are of this one, whatever comes until the next look
    $("way-row").hidden = !(composes && doc.mode === "clip");
    put($("by-time"), { "aria-pressed": doc.byTime });
    const paces = this.times && pacesOf(doc.path, this.times).map((pace) => round(pace, 1));
    say($("way-note"), paces ? `${paces[0] < paces[1] ? `${paces[0]} to ` : ""}${paces[1]} m/s` : doc.byTime ? "" : "at its own pace");
    this.list(doc);
    this.panel(doc, composes && doc.mode === "clip");
    this.takes = takes;
    if (!this.held?.drawn) this.draw(doc, possible ? doc.path : []);
    this.ghosts(composes && doc.mode === "clip" ? doc.poses : [], doc.pose);
  }

  draw(doc, path) {
    const take = doc.mode === "clip" ? this.takes?.chosen : null;
    const times = this.held?.drawn ? null : this.times;
    const state = JSON.stringify([path, times, take?.id, doc.beside, doc.mode]);
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
    this.label(path, times);
    clear(this.here);
    if (times) this.here.add(disc([0, 0], accent(), 0.2));
    this.at(this.seconds ?? 0);
    this.stage.dirty = true;
  }

  /** Say on the floor when a route is where; those points first whose time is set. */
  label(path, times) {
    const set = (k) => (this.store.doc.times[k] ?? null) !== null;
    const order = times ? path.map((_, k) => k).sort((a, b) => set(b) - set(a) || (b === path.length - 1) - (a === path.length - 1) || a - b) : [];
    this.stage.labels = order.map((k) => ({ node: h("span", { class: "due", "data-open": set(k) ? null : "" }, `${round(times[k], 1)} s`), place: [path[k][0], 0.05, path[k][1]] }));
    $("stage-labels").replaceChildren(...this.stage.labels.map(({ node }) => node));
  }

  /** Show where a route is due at the play head. */
  at(seconds) {
    this.seconds = seconds;
    if (!this.times || !this.here.children.length) return;
    const [x, z] = placeAt(this.path, this.times, seconds);
    this.here.position.set(x, 0.002, z);
  }

  list(doc) {
    const items = doc.path.map((point, k) => ({ id: `point ${k}`, point, k }));
    keyed($("path-points"), items, ({ k }) => {
      const number = (axis, name) => h("input", {
        type: "number", step: 0.1, "aria-label": `Point ${k + 1}, ${name}, metres`, onchange: (event) => {
          const value = clamp(Number(event.target.value) || 0, -MOST_M, MOST_M);
          this.put(k, this.store.doc.path[k].with(axis, value));
        },
      });
      const time = h("input", {
        type: "number", step: 0.1, min: 0, class: "when", "aria-label": `Point ${k + 1}, time, seconds; empty: at an even pace`, onchange: (event) => {
          const now = this.store.doc, stated = event.target.value.trim();
          this.store.set({ times: timed(now.path, now.times, k, stated === "" ? null : Number(stated), lengthOf(now)) });
        },
      });
      return h("div", { class: "point" }, h("span", {}, String(k + 1)), number(0, "to the left"), number(1, "ahead"), time,
        h("button", { type: "button", class: "away", "aria-label": `Remove point ${k + 1}`, onclick: () => this.remove(k) }, "×"));
    }, (node, { point, k }) => {
      const [x, z, time] = node.querySelectorAll("input");
      for (const [input, value] of [[x, point[0]], [z, point[1]], [time, doc.times[k] ?? ""]]) if (document.activeElement !== input) input.value = value;
      time.placeholder = this.times ? round(this.times[k], 1) : "";
    });
    put($("path-points"), { "data-timed": this.times ? "" : null });
    $("path-heads").hidden = !doc.path.length;
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
