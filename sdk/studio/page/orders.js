// The document as an order to the studio; see sdk/studio/orders.py.

import { affectOf } from "./feelings.js";
import { lengthOf } from "./timeline.js";
import { timesOf } from "./way.js";

/** What a take is made of: the first beat and feeling alone where the server does not compose. */
export function orderOf(doc, { composes, seed }) {
  const timed = composes && doc.keys.length > 1;
  const affect = affectOf(doc.keys[0].strengths);
  const beats = (composes ? doc.beats : doc.beats.slice(0, 1)).map(({ text, seconds }) => ({ text, seconds, ...(timed ? {} : { affect }) }));
  const order = { beats, seed, plan: doc.plan };
  if (!composes) return order;
  if (timed) order.track = doc.keys.map(({ seconds, strengths }) => ({ seconds, affect: affectOf(strengths) }));
  if (doc.loop) order.loop = true;
  if (doc.speed !== 1) order.speed = doc.speed;
  if (doc.post.lock_feet || doc.post.ground || doc.post.smooth > 0) order.post = doc.post;
  if (doc.path.length > 1 && doc.byTime) {
    const times = timesOf(doc.path, doc.times, lengthOf(doc));
    order.route = doc.path.map(([x, z], k) => ({ seconds: times[k], x, z }));
  } else if (doc.path.length > 1) order.path = doc.path;
  if (doc.pins.length) {
    order.goals = doc.pins.map(({ effector, seconds, hold, at, place, turned, rotation, ease }) => (
      { effector, seconds, hold, position: at, place, ...(turned ? { rotation } : {}), ...(ease ? { ease } : {}) }
    ));
  }
  if (doc.poses.length) order.keyframes = doc.poses.map(({ seconds, rotations, root, place }) => ({ seconds, rotations, root, place }));
  if (doc.make === "upper") order.part = "upper";
  if (doc.make === "redo") order.keep = doc.keep.map(({ start, end }) => [start, end]);
  return order;
}

/** Seeds of n takes: those that follow the one that was set, or any, short enough to be read out and typed again. */
export function seedsOf(doc) {
  const set = doc.seed.trim();
  if (!set) return Array.from(crypto.getRandomValues(new Uint32Array(doc.count)), (value) => String(value % 1_000_000));
  if (!/^\d+$/.test(set)) return Array(doc.count).fill(set);
  const first = BigInt(set);
  // One that no message can hold is sent as it is, so that it is refused and not another one.
  return Array.from({ length: doc.count }, (_, k) => String(first >> 64n ? first : BigInt.asUintN(64, first + BigInt(k))));
}

/** What a live character is told at its start. */
export function liveOf(doc, felt) {
  const order = { text: doc.beats[doc.beat].text, affect: affectOf(felt), speed: doc.pace, plan: doc.plan };
  if (/^\d+$/.test(doc.seed.trim())) order.seed = doc.seed.trim();
  if (doc.path.length > 1) order.path = doc.path;
  else if (doc.heading !== null) order.heading = (doc.heading * Math.PI) / 180;
  return order;
}
