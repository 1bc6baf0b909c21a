// A live character: changes go out, frames come in, and it is measured how long the one takes to show in the other.

import { socketTo } from "./api.js";
import { affectOf, pointOf } from "./feelings.js";
import { Recorder, told } from "./recorder.js";

const SAME_POINT = 0.02;
const REMEMBERED = 200;
const GAP_MS = 60;

/** Whether a frame shows a change: a feeling does as soon as the posture of it is laid over the motion. */
function shows(frame, { number, point }) {
  return frame.wish >= number || Boolean(point && frame.reacting && Math.hypot(frame.point[0] - point[0], frame.point[1] - point[1]) < SAME_POINT);
}

/** Latencies in milliseconds: from a change to the first picture that shows it. */
class Meter {
  constructor() { this.clear(); }

  clear() {
    this.waiting = [];
    this.found = [];
  }

  sent(number, now, strengths) { this.waiting.push({ number, now, point: strengths ? pointOf(strengths) : null }); }

  /** A frame was drawn. */
  shown(frame, now) {
    const left = [];
    for (const wish of this.waiting) {
      if (shows(frame, wish)) this.found.push(now - wish.now);
      else left.push(wish);
    }
    if (left.length === this.waiting.length) return false;
    this.waiting = left;
    this.found.splice(0, Math.max(this.found.length - REMEMBERED, 0));
    return true;
  }

  quantile(share) {
    const sorted = [...this.found].sort((a, b) => a - b);
    return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)];
  }
  get last() { return this.found[this.found.length - 1]; }
}

export class Live {
  /** told(kind, message) hears "open", "ended", "refused" and "lost", and "full" when a recording has no more room. */
  constructor(told) {
    this.told = told;
    this.meter = new Meter();
    this.running = false;
    this.recorder = null;
    this.history = [];
    this.fps = 30;
  }

  start(order) {
    this.stop();
    this.meter.clear();
    this.frames = [];
    this.fps = 30;
    this.count = 0;
    this.running = true;
    this.seed = "";
    const { plan, seed, ...wish } = order;
    this.plan = plan ?? "";
    this.history = [{ number: 0, wish }];
    const socket = (this.socket = socketTo("/api/live"));
    socket.binaryType = "arraybuffer";
    socket.onopen = () => socket.send(JSON.stringify({ start: order }));
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      if (data instanceof ArrayBuffer) return void this.take(data);
      const message = JSON.parse(data);
      if (message.open) {
        this.fps = message.fps;
        this.seed = message.seed;
        this.told("open", message);
      } else if (message.refused) {
        this.meter.waiting = this.meter.waiting.filter(({ number }) => number !== message.number);
        this.history = this.history.filter(({ number }) => number !== message.number);
        // The studio told the server nothing, so that its numbers are one behind ours.
        this.count--;
        this.told("refused", { error: message.refused, field: message.field });
      } else if (message.error) this.over("lost", message);
      else if ("ended" in message) this.over("ended", message);
    };
    socket.onclose = () => socket === this.socket && this.over("lost", { error: "the studio went away", away: true });
  }

  over(kind, message) {
    if (!this.running) return;
    this.running = false;
    this.told(kind, message);
  }

  take(data) {
    const view = new DataView(data), floats = new Float32Array(data, 12);
    const flags = view.getUint32(8, true);
    const frame = {
      number: view.getUint32(0, true), wish: view.getUint32(4, true), idle: Boolean(flags & 1), reacting: Boolean(flags & 2),
      root: floats.subarray(0, 3), rotations: floats.subarray(3, 91), face: floats.subarray(91, floats.length - 2),
      point: [floats[floats.length - 2], floats[floats.length - 1]], came: performance.now(),
    };
    this.frames.push(frame);
    if (this.frames.length > 4) this.frames.shift();
    for (const change of this.history) if (change.shown === undefined && shows(frame, change)) change.shown = frame.number;
    if (this.recorder?.take(frame)) this.told("full");
    else if (!this.recorder) this.forget();
  }

  /** Of what showed before, only what holds is remembered. */
  forget() {
    const shown = this.history.filter((change) => change.shown !== undefined);
    if (shown.length < 2) return;
    const all = shown.reduce((before, { wish }) => told(before, wish), {});
    this.history = [{ number: 0, wish: all, shown: shown[shown.length - 1].shown }, ...this.history.filter((change) => change.shown === undefined)];
  }

  /** Keep frames from now on. */
  record() { this.recorder = new Recorder(this.fps); }

  /** What was recorded, or null for nothing to speak of. */
  recorded() {
    const found = this.recorder?.finish(this.history) ?? null;
    this.recorder = null;
    return found;
  }

  /** The two frames to draw between now, and how far: one frame behind what came, so that motion is even. */
  now(now) {
    const count = this.frames?.length ?? 0;
    if (!count) return null;
    const b = this.frames[count - 1], a = this.frames[Math.max(count - 2, 0)];
    return { a, b, share: Math.min(((now - b.came) * this.fps) / 1000, 1) };
  }

  /** Tell it something else; strengths where the feeling changes. Many at once become one every 60 ms. */
  change(wish, strengths = null) {
    if (!this.running) return;
    const { free, heading, path, ...rest } = this.pending?.wish ?? {};
    const way = "free" in wish || "heading" in wish || "path" in wish ? {} : Object.fromEntries(Object.entries({ free, heading, path }).filter(([, value]) => value !== undefined));
    this.pending = { wish: { ...rest, ...way, ...wish }, strengths: strengths ?? this.pending?.strengths, since: this.pending?.since ?? performance.now() };
    if (this.timer) return;
    const wait = Math.max(0, GAP_MS - (performance.now() - (this.lastSent ?? 0)));
    this.timer = setTimeout(() => this.send(), wait);
  }

  send() {
    this.timer = 0;
    const { wish, strengths, since } = this.pending;
    this.pending = null;
    this.lastSent = performance.now();
    if (!this.running || this.socket.readyState !== WebSocket.OPEN) return;
    if (strengths) wish.affect = affectOf(strengths);
    const number = ++this.count;
    this.meter.sent(number, since, strengths);
    this.history.push({ number, wish, point: strengths ? pointOf(strengths) : null });
    this.socket.send(JSON.stringify({ change: wish, number }));
  }

  end() { if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ end: true })); }

  stop() {
    const socket = this.socket;
    this.socket = null;
    this.running = false;
    socket?.close();
  }
}
