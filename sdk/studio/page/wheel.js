// The wheel of feelings: eight petals around neutral, strength by radius, mixtures of several.

import { COLOURS, WHEEL, wordOf } from "./feelings.js";
import { clamp, drag, h, put, s } from "./ui.js";

const INNER = 27, OUTER = 106, HALF = Math.PI / 8 - 0.022;
const angleOf = (k) => -Math.PI / 2 + (k * Math.PI) / 4;
const at = (radius, angle) => `${(radius * Math.cos(angle)).toFixed(2)} ${(radius * Math.sin(angle)).toFixed(2)}`;

function petal(k, outer) {
  const angle = angleOf(k), bend = 10 * ((outer - INNER) / (OUTER - INNER));
  // The outer edge swells, so that the eight look like leaves and not like a pie.
  return `M${at(INNER, angle - HALF)}L${at(outer - bend, angle - HALF)}Q${at(outer + bend, angle)} ${at(outer - bend, angle + HALF)}` +
    `L${at(INNER, angle + HALF)}Q${at(INNER + 1.5, angle)} ${at(INNER, angle - HALF)}Z`;
}

export class Wheel {
  /** change(strengths, group) is called for every change; mixing() says whether others are kept. */
  constructor(place, { change, mixing }) {
    this.change = change;
    this.strengths = {};
    this.petals = WHEEL.map((name, k) => {
      const base = s("path", { class: "base", d: petal(k, OUTER) });
      const fill = s("path", { class: "fill", fill: COLOURS[name] });
      const tip = s("circle", { class: "tip", r: 5, stroke: COLOURS[name] });
      const ring = s("path", { class: "focus", d: petal(k, OUTER + 2) });
      const node = s("g", {
        class: "petal", role: "slider", tabindex: k ? -1 : 0, "aria-label": name, "aria-valuemin": 0, "aria-valuemax": 100,
        "aria-orientation": "vertical", "aria-describedby": "wheel-help", onkeydown: (event) => this.key(event, k),
        onfocus: () => this.rove(k),
      }, base, fill, tip, ring);
      return { name, node, fill, tip };
    });
    const labels = WHEEL.map((name, k) => {
      const x = Math.cos(angleOf(k)), y = Math.sin(angleOf(k));
      const anchor = Math.abs(x) < 0.3 ? "middle" : x > 0 ? "start" : "end";
      return s("text", { x: 117 * x, y: 117 * y + 4 + (Math.abs(x) < 0.3 ? 4 * y : 0), "text-anchor": anchor, "aria-hidden": true }, name);
    });
    const rings = [1, 2].map((n) => s("circle", { class: "ring", r: INNER + ((OUTER - INNER) * n) / 3 }));
    const svg = s("svg", { viewBox: "-164 -130 328 258", role: "group", "aria-labelledby": "feel-title" },
      ...this.petals.map(({ node }) => node), ...rings, s("circle", { class: "hub", r: 20 }), ...labels);
    place.append(svg, h("span", { id: "wheel-help", class: "hidden" }, "Left and right choose a feeling, up and down its strength, Delete removes it."));
    let held = -1, kept = {};
    const read = (event) => {
      const box = svg.getBoundingClientRect(), scale = Math.min(box.width / 328, box.height / 254);
      const x = (event.clientX - box.left - box.width / 2) / scale, y = (event.clientY - box.top - box.height / 2) / scale - 1;
      return { radius: Math.hypot(x, y), k: (Math.round((Math.atan2(y, x) + Math.PI / 2) / (Math.PI / 4)) + 8) % 8 };
    };
    drag(svg, {
      start: (event) => {
        const { radius, k } = read(event);
        if (radius < INNER - 3) {
          this.set({}, null);
          return false;
        }
        if (radius > OUTER + 62) return false;
        held = k;
        kept = event.shiftKey || mixing() ? this.strengths : {};
        this.group = `wheel ${Date.now()}`;
        this.petals[k].node.focus({ focusVisible: false });
        return true;
      },
      move: (event) => {
        const strength = clamp((read(event).radius - INNER) / (OUTER - INNER), 0, 1);
        this.set({ ...kept, [WHEEL[held]]: Number(strength.toFixed(2)) }, this.group);
      },
    });
  }

  set(strengths, group) {
    // At once, for the next key may come before the next picture.
    this.strengths = Object.fromEntries(Object.entries(strengths).filter(([, value]) => value > 0));
    this.change(this.strengths, group);
  }

  rove(k) {
    this.petals.forEach(({ node }, other) => put(node, { tabindex: other === k ? 0 : -1 }));
  }

  key(event, k) {
    const name = WHEEL[k], now = this.strengths[name] ?? 0;
    const turn = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const step = { ArrowUp: 0.05, ArrowDown: -0.05, PageUp: 0.2, PageDown: -0.2, Home: -1, End: 1, Delete: -1, Backspace: -1 }[event.key];
    if (turn) this.petals[(k + turn + 8) % 8].node.focus();
    else if (step) this.set({ ...this.strengths, [name]: Number(clamp(now + step, 0, 1).toFixed(2)) }, `wheel ${name}`);
    else return;
    event.preventDefault();
  }

  /** Show strengths; evidence: what the loaded motion model learned each from. */
  update(strengths, evidence = {}) {
    this.strengths = strengths;
    const sum = Object.values(strengths).reduce((total, value) => total + value, 0);
    this.petals.forEach(({ name, node, fill, tip }, k) => {
      const strength = strengths[name] ?? 0, radius = INNER + (OUTER - INNER) * strength;
      put(fill, { d: strength ? petal(k, Math.max(radius, INNER + 3)) : "" });
      put(tip, { cx: radius * Math.cos(angleOf(k)), cy: radius * Math.sin(angleOf(k)), visibility: strength ? "visible" : "hidden" });
      const share = sum && strength < sum ? `, ${Math.round((100 * strength) / sum)} percent of the mixture` : "";
      const text = strength ? `${Math.round(100 * strength)} percent, ${wordOf(name, strength)}${share}` : "not felt";
      put(node, { "aria-valuenow": Math.round(100 * strength), "aria-valuetext": text, "data-none": evidence[name] === "none" ? "" : null });
    });
  }
}

/** The plane of valence and arousal: a point gives a mixture, and a mixture stands at a point. */
export class Pad {
  constructor(place, { change, anchors }) {
    this.change = change;
    this.point = [0, 0];
    const dots = Object.entries(anchors).filter(([name]) => name !== "neutral")
      .map(([name, [v, a]]) => s("circle", { cx: 60 * v, cy: -60 * a, r: 4, fill: COLOURS[name] }, s("title", {}, name)));
    this.handle = s("circle", { class: "at", r: 7 });
    this.node = s("svg", {
      viewBox: "-66 -66 132 132", role: "slider", tabindex: 0, "aria-label": "Valence and arousal", "aria-valuemin": -100,
      "aria-valuemax": 100, "aria-roledescription": "pad", "data-field": "affect.valence", onkeydown: (event) => this.key(event),
    }, s("rect", { class: "ground", x: -66, y: -66, width: 132, height: 132, rx: 8 }),
    s("path", { class: "axis", d: "M-60 0H60M0-60V60" }), ...dots,
    s("text", { x: 0, y: -57, "text-anchor": "middle" }, "excited"), s("text", { x: 0, y: 63, "text-anchor": "middle" }, "calm"),
    s("text", { x: -63, y: -4 }, "bad"), s("text", { x: 63, y: -4, "text-anchor": "end" }, "good"), this.handle);
    place.append(this.node);
    drag(this.node, {
      start: () => { this.group = `pad ${Date.now()}`; },
      move: (event) => {
        const box = this.node.getBoundingClientRect();
        this.go(((event.clientX - box.left) / box.width - 0.5) * 2.2, (0.5 - (event.clientY - box.top) / box.height) * 2.2, this.group);
      },
    });
  }

  go(valence, arousal, group) {
    this.change([valence, arousal].map((value) => Number(clamp(value, -1, 1).toFixed(3))), group);
  }

  key(event) {
    const step = { ArrowLeft: [-0.05, 0], ArrowRight: [0.05, 0], ArrowUp: [0, 0.05], ArrowDown: [0, -0.05] }[event.key];
    if (event.key === "Home") this.go(0, 0, "pad keys");
    else if (step) this.go(this.point[0] + step[0], this.point[1] + step[1], "pad keys");
    else return;
    event.preventDefault();
  }

  update(point) {
    this.point = point;
    const [v, a] = point;
    put(this.handle, { cx: 60 * v, cy: -60 * a });
    put(this.node, { "aria-valuenow": Math.round(100 * v), "aria-valuetext": `valence ${v.toFixed(2)}, arousal ${a.toFixed(2)}` });
  }
}

