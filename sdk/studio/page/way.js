// A path with times: some points say when, the others lie between them at an even pace.

import { clamp, round } from "./ui.js";

/** A route may have no more points. */
export const MOST_PLACES = 64;
const LEAST_S = 0.1;
const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** When each point of a path is reached. times: seconds, or null where it is left open; length: of the clip. */
export function timesOf(path, times, length) {
  const out = path.map((_, k) => times[k] ?? null), last = path.length - 1;
  if (last < 0) return out;
  out[0] ??= 0;
  if (out[last] === null) out[last] = Math.max(length, ...out.filter((at) => at !== null).map((at) => at + LEAST_S));
  for (let from = 0; from < last;) {
    let to = from + 1;
    while (out[to] === null) to++;
    // A point that lies on the one before still takes its moment.
    const steps = path.slice(from + 1, to + 1).map((point, k) => Math.max(apart(path[from + k], point), 0.01));
    const whole = steps.reduce((sum, step) => sum + step, 0);
    for (let k = from + 1, gone = 0; k < to; k++) out[k] = round(out[from] + ((gone += steps[k - from - 1]) / whole) * (out[to] - out[from]));
    from = to;
  }
  return out;
}

/** The times with one of them set, kept between those that are set before and behind it; null leaves it open again. */
export function timed(path, times, k, seconds, length) {
  const out = path.map((_, other) => times[other] ?? null);
  if (seconds === null) return out.with(k, null);
  const before = out.findLastIndex((at, other) => other < k && at !== null), behind = out.findIndex((at, other) => other > k && at !== null);
  const low = before < 0 ? k * LEAST_S : out[before] + (k - before) * LEAST_S;
  const high = behind < 0 ? length - (path.length - 1 - k) * LEAST_S : out[behind] - (behind - k) * LEAST_S;
  return out.with(k, round(clamp(seconds, low, Math.max(high, low))));
}

/** The slowest and the quickest pace between two points, metres a second. */
export function pacesOf(path, times) {
  const paces = path.slice(1).map((point, k) => apart(path[k], point) / Math.max(times[k + 1] - times[k], 1e-3));
  return [Math.min(...paces), Math.max(...paces)];
}

/** The place [x, z] that is due at a moment; the ends hold. */
export function placeAt(path, times, seconds) {
  const after = times.findIndex((at) => at > seconds);
  if (after <= 0) return after ? path[path.length - 1] : path[0];
  const share = (seconds - times[after - 1]) / (times[after] - times[after - 1]);
  return path[after].map((value, axis) => path[after - 1][axis] + share * (value - path[after - 1][axis]));
}
