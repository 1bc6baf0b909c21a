// Small pictures of takes, drawn with a pen: quick where there is no GPU, and there without a stage.

import { headingOf } from "./body.js";
import { h } from "./ui.js";

const WIDE = 48, HIGH = 62, SHARP = 2, LOOKED_AT = 50;
const TURN = 0.55, LIFT = 0.14;
/** What shows what is done: how much each counts when frames are compared. */
const TELLING = { pelvis: 3, left_wrist: 1, right_wrist: 1, head: 1, left_ankle: 0.8, right_ankle: 0.8, left_knee: 0.5, right_knee: 0.5 };
/** Joints in a row that are drawn as one, and how thick, metres. */
const CHAINS = [
  ["left_hip", "left_knee", "left_ankle", "left_foot"], ["right_hip", "right_knee", "right_ankle", "right_foot"],
  ["left_shoulder", "left_elbow", "left_wrist"], ["right_shoulder", "right_elbow", "right_wrist"],
].map((joints) => ({ joints, thick: joints.length > 3 ? 0.125 : 0.1 }));
const OUTLINE = "#252c3a", RIM = 0.024;

/** Joints of a frame, seen from the ground below the pelvis and turned so that it faces ahead. */
function seen(body, take, frame, out) {
  const places = body.places(take.rotations, take.root, frame, out), angle = headingOf(take.rotations, frame);
  const x0 = places[0], z0 = places[2], c = Math.cos(angle), s = Math.sin(angle);
  for (let p = 0; p < places.length; p += 3) {
    const x = places[p] - x0, z = places[p + 2] - z0;
    places[p] = c * x - s * z;
    places[p + 2] = c * z + s * x;
  }
  return places;
}

/** Standing with the arms down, to compare with. */
function standing(body) {
  const rotations = new Float32Array(88), root = Float32Array.of(0, body.restHeight, 0);
  for (let q = 3; q < 88; q += 4) rotations[q] = 1;
  for (const [name, angle] of [["left_shoulder", -1.25], ["right_shoulder", 1.25]]) {
    rotations.set([0, 0, Math.sin(angle / 2), Math.cos(angle / 2)], 4 * body.joint(name));
  }
  return seen(body, { rotations, root }, 0, new Float32Array(66));
}

/** The frame furthest from just standing there. */
export function tellingFrame(body, take) {
  const still = (body.still ??= standing(body)), places = new Float32Array(66), every = Math.max(1, Math.floor(take.frames / LOOKED_AT));
  const telling = Object.entries(TELLING).map(([name, weight]) => [3 * body.joint(name), weight]);
  let best = 0, furthest = -1;
  for (let frame = 0; frame < take.frames; frame += every) {
    seen(body, take, frame, places);
    let far = 0;
    for (const [p, weight] of telling) {
      far += weight * Math.hypot(places[p] - still[p], places[p + 1] - still[p + 1], places[p + 2] - still[p + 2]);
    }
    if (far > furthest) [best, furthest] = [frame, far];
  }
  return best;
}

/** A pose in words, for who does not see the picture. */
export function wordsOf(body, places) {
  const at = (name) => places.subarray(3 * body.joint(name), 3 * body.joint(name) + 3), words = [];
  const [head, pelvis, left, right] = ["head", "pelvis", "left_ankle", "right_ankle"].map(at);
  if (Math.min(left[1], right[1]) > 0.22) words.push("in the air");
  if (pelvis[1] < 0.72 * body.restHeight) words.push("crouching");
  else if (head[2] - pelvis[2] > 0.35) words.push("bent forward");
  const high = ["left", "right"].filter((side) => at(`${side}_wrist`)[1] > at(`${side}_shoulder`)[1] + 0.05);
  const out = ["left", "right"].filter((side) => !high.includes(side) && Math.hypot(at(`${side}_wrist`)[0] - at(`${side}_shoulder`)[0], at(`${side}_wrist`)[2] - at(`${side}_shoulder`)[2]) > 0.38);
  for (const [sides, what] of [[high, "raised"], [out, "stretched out"]]) if (sides.length) words.push(sides.length > 1 ? `both arms ${what}` : `${sides[0]} arm ${what}`);
  if (Math.hypot(left[0] - right[0], left[2] - right[2]) > 0.5) words.push("a long stride");
  return words.length ? words.join(", ") : "upright";
}

/** A picture of a take with its text alternative. */
export function thumb(body, take) {
  const frame = tellingFrame(body, take), places = seen(body, take, frame, new Float32Array(66));
  const words = `Pose at ${(frame / take.fps).toFixed(1)} seconds: ${wordsOf(body, places)}`;
  const canvas = h("canvas", { class: "thumb", width: WIDE * SHARP, height: HIGH * SHARP, role: "img", "aria-label": words, title: words });
  draw(canvas, body, places);
  return canvas;
}

function draw(canvas, body, places) {
  const pen = canvas.getContext("2d"), { width, height } = canvas;
  const [ct, st, cl, sl] = [Math.cos(TURN), Math.sin(TURN), Math.cos(LIFT), Math.sin(LIFT)];
  const flat = ([x, y, z]) => {
    const near = z * ct + x * st;
    return [x * ct - z * st, y * cl - near * sl, near * cl + y * sl];
  };
  const points = Object.fromEntries(body.names.map((name, j) => [name, flat(places.subarray(3 * j, 3 * j + 3))]));
  const head = points.head.with(1, points.head[1] + 0.08), all = [...Object.values(points), head];
  const left = Math.min(...all.map(([x]) => x)), right = Math.max(...all.map(([x]) => x)), top = Math.max(1.3, ...all.map(([, y]) => y));
  const scale = Math.min((height - 6 * SHARP) / (top + 0.16), (width - 4 * SHARP) / (right - left + 0.2));
  const put = ([x, y]) => [width / 2 + (x - (left + right) / 2) * scale, height - 5 * SHARP - y * scale];
  pen.lineCap = pen.lineJoin = "round";
  pen.fillStyle = "#68748a44";
  pen.beginPath();
  pen.ellipse(...put(flat([0, 0, 0])), 0.3 * scale, 0.085 * scale, 0, 0, 2 * Math.PI);
  pen.fill();
  const middle = (names) => names.reduce((sum, name) => sum + points[name][2], 0) / names.length;
  const trunk = ["left_shoulder", "right_shoulder", "right_hip", "left_hip"];
  const parts = CHAINS.map(({ joints, thick }) => ({ line: joints.map((name) => points[name]), thick, depth: middle(joints), tone: body.tones[body.joint(joints[1])] }));
  parts.push({ line: [...trunk, trunk[0]].map((name) => points[name]), filled: true, thick: 0.13, depth: middle(trunk), tone: body.tones[body.joint("spine2")] });
  parts.push({ line: [points.neck, points.neck], thick: 0.1, depth: points.neck[2], tone: body.tones[body.joint("neck")] });
  parts.push({ line: [head, head], thick: 0.22, depth: head[2], tone: body.tones[body.joint("head")] });
  for (const { line, thick, tone, filled } of parts.sort((a, b) => a.depth - b.depth)) {
    // A rim keeps what overlaps apart.
    for (const [wide, style] of [[thick + 2 * RIM, OUTLINE], [thick, tone]]) {
      pen.strokeStyle = pen.fillStyle = style;
      pen.lineWidth = wide * scale;
      pen.beginPath();
      line.forEach((point, k) => (k ? pen.lineTo(put(point)[0], put(point)[1] + 0.01) : pen.moveTo(...put(point))));
      pen.stroke();
      if (filled) pen.fill();
    }
  }
}
