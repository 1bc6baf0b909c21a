// A live character kept: its frames become a take, and what it was told meanwhile becomes what the take was asked for.

import { headingOf, rotatedBy, turnedBy } from "./body.js";
import { round } from "./ui.js";

/** As many as a motion to change may have: 90 seconds at 30 frames a second. */
export const MOST_FRAMES = 2700;
/** What holds for a shorter time was passed over on the way to something else. */
const SETTLED_S = 0.2;
const WAY = ["path", "heading", "free"];

/** What a character is told by a wish on top of what it was told before: one way replaces the other. */
export function told(before, wish) {
  const kept = WAY.some((key) => key in wish) ? Object.fromEntries(Object.entries(before).filter(([key]) => !WAY.includes(key))) : before;
  return { ...kept, ...wish };
}

export class Recorder {
  /** fps: of the frames that it is given. */
  constructor(fps) {
    this.fps = fps;
    this.frames = [];
    this.filled = 0;
  }

  /** Keep a frame; what did not come before it is filled in. True when no more can be kept. */
  take(frame) {
    const before = this.frames[this.frames.length - 1];
    const missing = before ? Math.max(frame.number - before.number - 1, 0) : 0;
    for (let k = 1; k <= missing && this.frames.length < MOST_FRAMES; k++) this.frames.push(between(before, frame, k / (missing + 1), before.number + k));
    this.filled += missing;
    if (this.frames.length < MOST_FRAMES) this.frames.push(frame);
    return this.frames.length >= MOST_FRAMES;
  }

  get seconds() { return Math.max(this.frames.length - 1, 0) / this.fps; }

  /** What was kept: arrays, what was told and when it showed, and what should be known of it. Null for less than two frames. */
  finish(history) {
    const { frames, fps } = this, count = frames.length;
    if (count < 2) return null;
    const controls = frames[0].face.length;
    const rotations = new Float32Array(88 * count), root = new Float32Array(3 * count), face = new Float32Array(controls * count);
    frames.forEach((frame, k) => {
      rotations.set(frame.rotations, 88 * k);
      root.set(frame.root, 3 * k);
      face.set(frame.face, controls * k);
    });
    // It begins where all clips do: over the origin, facing ahead.
    const angle = -headingOf(rotations, 0), [x0, , z0] = root, home = ([x, z]) => turnedBy([x - x0, 0, z - z0], angle);
    for (let k = 0; k < count; k++) {
      const [x, , z] = home([root[3 * k], root[3 * k + 2]]);
      [root[3 * k], root[3 * k + 2]] = [x, z];
      rotations.set(rotatedBy(rotations.subarray(88 * k, 88 * k + 4), angle), 88 * k);
    }
    const asked = this.asked(history).map(({ path, heading, free, ...rest }) => ({
      ...rest, ...(path ? { path: path.map((point) => home(point)).map(([x, , z]) => [round(x), round(z)]) } : {}),
      ...(heading === undefined ? {} : { heading: round(Math.atan2(Math.sin(heading + angle), Math.cos(heading + angle)), 4) }),
    }));
    const idle = frames.filter((frame) => frame.idle).length, notes = [];
    if (idle) notes.push(`${idle} of ${count} frames without motion made for them`);
    if (this.filled) notes.push(`${this.filled} of ${count} frames did not come and were filled in`);
    return { rotations, root, face, controls, frames: count, fps, asked, notes };
  }

  /** What it was told, each time all of it, by when it showed: [{seconds, text, affect, ...}], the first one at 0. */
  asked(history) {
    const first = this.frames[0].number, last = this.frames[this.frames.length - 1].number, out = [];
    let all = {};
    const seen = history.filter(({ shown }) => shown <= last).sort((a, b) => a.shown - b.shown || a.number - b.number);
    for (const { wish, shown } of seen) {
      all = told(all, wish);
      const now = { seconds: round(Math.max(shown - first, 0) / this.fps, 3), ...all }, before = out[out.length - 1];
      if (before && JSON.stringify({ ...now, seconds: before.seconds }) === JSON.stringify(before)) continue;
      if (before && now.seconds - before.seconds < SETTLED_S) out[out.length - 1] = { ...now, seconds: before.seconds };
      else out.push(now);
    }
    return out;
  }
}

/** The header of a take of what was kept; see sdk/studio/recordings.py. */
export function headerOf({ asked, frames, fps, notes }, { seed, plan, info }) {
  const end = (frames - 1) / fps, used = info.plans.find(({ name }) => name === (plan || info.default_plan)) ?? info.plans[0];
  const spans = asked.map((one, k) => ({ ...one, end: asked[k + 1]?.seconds ?? end }));
  const beats = [], track = [], held = new Map();
  for (const { text, affect, seconds, end: until } of spans) {
    const last = beats[beats.length - 1], same = JSON.stringify(affect ?? null);
    if (last?.text === text) last.seconds = round(last.seconds + until - seconds, 3);
    else beats.push({ text, seconds: round(until - seconds, 3), affect: affect ?? null });
    held.set(same, (held.get(same) ?? 0) + until - seconds);
    const before = track[track.length - 1];
    if (before && JSON.stringify(before.affect) === same) continue;
    // It changes within a frame: between two keys a feeling is blended.
    if (before && seconds - before.seconds > 1.5 / fps) track.push({ seconds: round(seconds - 1 / fps, 3), affect: before.affect });
    track.push({ seconds, affect: affect ?? null });
  }
  const most = JSON.parse([...held].sort((a, b) => b[1] - a[1])[0][0]);
  const made = { text: beats.map(({ text }) => text).join("; "), affect: most, seconds: end, seed, plan: used.name, generator: used.generator, stage_ms: {}, degraded: false, notes };
  const { name, version, sha256, licence, attribution } = info;
  return {
    kind: "clip", fps, request: { beats, seed, plan, ...(track.length > 1 ? { track } : {}) }, made,
    recording: { told: asked, seed, plan: made.plan, generator: made.generator, model: { name, version, sha256, licence, attribution } },
  };
}

/** A frame between two others. */
function between(a, b, share, number) {
  const mixed = (from, to) => Float32Array.from(from, (value, k) => value + share * (to[k] - value)), rotations = mixed(a.rotations, b.rotations);
  for (let q = 0; q < 88; q += 4) {
    const length = Math.hypot(...rotations.subarray(q, q + 4));
    for (let k = q; k < q + 4; k++) rotations[k] /= length;
  }
  return { number, rotations, root: mixed(a.root, b.root), face: mixed(a.face, b.face), idle: a.idle };
}
