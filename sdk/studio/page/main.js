// The page: what is on it, and what goes from where to where.

import { affectAt, exported, lookOf, packet, Watch } from "./api.js";
import { Body } from "./body.js";
import { Face } from "./face.js";
import { affectOf, colourOf, facts, feltAt, pointOf, sentenceOf, strengthsOf, WHEEL } from "./feelings.js";
import { Figure, Mannequin } from "./figure.js";
import { Floor } from "./floor.js";
import { LiveDesk } from "./livedesk.js";
import { pack, unpack } from "./packets.js";
import { Pins } from "./pins.js";
import { Stage } from "./stage.js";
import { id, Store, Takes } from "./store.js";
import { TakesDesk } from "./takes.js";
import { lengthOf, Timeline } from "./timeline.js";
import { $, announce, clamp, fill, fillRange, mark, put, round, s, say, unmark } from "./ui.js";
import { Pad, Wheel } from "./wheel.js";

const store = new Store();
const still = matchMedia("(prefers-reduced-motion: reduce)");
const icons = {
  play: "M4 2.5v11l9.5-5.5z", pause: "M3.5 2.5h3.2v11H3.5zM9.3 2.5h3.2v11H9.3z", back: "M12.5 3v10L6 8zM3.5 3h2v10h-2z",
  ahead: "M3.5 3v10L10 8zM10.5 3h2v10h-2z",
};
let server = { state: "starting", message: "looking for the studio", formats: [".glb"], info: null, composes: false };
let stage = null, mannequin = null, face = null, wheel = null, pad = null, floor = null, pins = null;
let playing = false, seconds = 0, posed = "", pointAsked = 0, pointWanted = null, lookAsked = 0, waiting = null;

const app = {
  store, memory: new Takes(), body: null, composes: () => server.composes, felt: () => key(store.doc).strengths, stand, render: () => render(store.doc),
  fault: showFault, settled: clearFault, get stage() { return stage; }, get mannequin() { return mannequin; }, get face() { return face; },
  get takes() { return desk; }, get info() { return server.info; }, get ready() { return server.state === "ready"; },
};
const desk = new TakesDesk($("takes"), app);
const timeline = new Timeline(store, { seek });
const liveDesk = new LiveDesk(app), { live } = liveDesk;
const key = (doc) => doc.keys[doc.key] ?? doc.keys[0];
const length = () => Math.max(desk.chosen?.seconds ?? 0, ...store.doc.shown.map((name) => desk.get(name)?.seconds ?? 0));

// --- feelings ---

function feel(strengths, group, point = null) {
  unmark();
  store.set((doc) => ({ keys: doc.keys.map((one, k) => (k === Math.max(doc.keys.indexOf(key(doc)), 0) ? { ...one, strengths, point } : one)) }), group ?? "feel");
  if (live.running) live.change({}, strengths);
  else void preview(strengths);
}

/** While nothing plays the face shows what the wheel says. */
async function preview(strengths) {
  const asked = ++lookAsked;
  if (!face || playing) return;
  try {
    const controls = await lookOf(affectOf(strengths));
    if (asked !== lookAsked || playing) return;
    face.show(controls);
    stage.dirty = true;
  } catch { /* it stays as it is */ }
}

/** A point of the pad; the studio knows the mixture. Of many only the latest answer counts. */
async function feelAt(point, group) {
  const asked = ++pointAsked;
  pad.update((pointWanted = point)); // it stays there until the answer comes, whatever else is shown meanwhile
  try {
    const affect = await affectAt(...point);
    if (asked === pointAsked) feel(strengthsOf(affect), group, point);
  } catch (error) {
    if (asked === pointAsked) showFault(error);
  }
  if (asked === pointAsked) pointWanted = null;
}

function scaleTo(intensity) {
  const { strengths } = key(store.doc);
  const most = Math.max(0, ...Object.values(strengths));
  if (most > 0) feel(Object.fromEntries(Object.entries(strengths).map(([name, value]) => [name, round(Math.max((value / most) * intensity, 0.01))])), "intensity");
}

const GUESSES = {
  none: "was never shown to this model: a guess", proxy: "was learned from a related style", synthetic: "was learned from made-up motion",
  "text-mined": "was learned from clips that name it",
};
function evidenceOf(strengths) {
  const kinds = server.info?.evidence ?? {};
  return WHEEL.filter((name) => strengths[name] && GUESSES[kinds[name]]).map((name) => `${name} ${GUESSES[kinds[name]]}`).join("; ");
}

// --- play ---

function seek(to) {
  seconds = clamp(to, 0, Math.max(length(), 0));
  playing = false;
  posed = "";
  store.tell();
}

function step(by) {
  const take = desk.chosen;
  if (take) seek((Math.round(seconds * take.fps) + by) / take.fps);
}

function play(on = !playing) {
  playing = on && length() > 0;
  if (playing && seconds >= length() - 1e-3) seconds = 0;
  store.tell();
}

/** Before each picture: pose everybody. Says whether anything moves. */
function work(dt, now) {
  if (store.doc.mode === "live") return liveDesk.work(now);
  const doc = store.doc, end = length();
  if (playing) {
    seconds += dt * doc.rate;
    if (seconds > end) {
      // A loop's last frame is followed by its first, one frame later.
      const round = end + (desk.chosen?.header.request.loop ? 1 / desk.chosen.fps : 0);
      if (doc.repeat) seconds = seconds > round ? seconds % Math.max(round, 0.01) : seconds;
      else [seconds, playing] = [end, false];
      if (!playing) store.tell();
    }
  }
  const state = `${seconds} ${doc.chosen} ${doc.shown} ${doc.beside} ${desk.figures.size}`;
  if (state === posed) return false;
  posed = state;
  desk.pose(seconds);
  floor?.at(seconds);
  pins?.at(seconds);
  const take = desk.chosen, figure = desk.figures.get(doc.chosen);
  if (take && figure) {
    const frame = clamp(Math.floor(seconds * take.fps), 0, take.frames - 1), next = Math.min(frame + 1, take.frames - 1);
    if (face && doc.face && take.face) face.show(take.face, take.controls * frame, take.controls * next, clamp(seconds * take.fps - frame, 0, 1));
    stand(figure.ground.x + figure.position.x, figure.ground.z, feltOf(take), figure.ground.x, figure.ground.z);
  }
  showClock();
  return playing;
}

/** What is felt in a take at the play head. */
function feltOf(take) {
  const { track } = take.header.request;
  if (!track?.length) return take.strengths;
  return feltAt(track.map((one) => ({ seconds: one.seconds, strengths: one.affect ? strengthsOf(one.affect) : {} })), seconds);
}

function stand(x, z, felt, followX, followZ) {
  stage.halo.visible = true;
  stage.halo.position.set(x, 0.004, z);
  stage.halo.material.color.set(colourOf(felt).replaceAll(" ", ","));
  if (store.doc.follow) stage.follow(followX, followZ);
}

function showClock() {
  const take = desk.chosen, end = Math.max(timeline.total ?? 1, 0.01);
  say($("clock"), seconds.toFixed(2));
  say($("frame-no"), take ? `frame ${Math.min(Math.round(seconds * take.fps), take.frames - 1)} of ${take.frames}` : "no take yet");
  const scrub = $("scrub");
  if (document.activeElement !== scrub || playing) fillRange(scrub, seconds);
  put(scrub, { max: end, "aria-valuetext": `${seconds.toFixed(2)} seconds` });
  $("head").style.translate = `${(seconds / end) * ($("track-list").clientWidth)}px 0`;
}

// --- make, live, export ---

function showFault(error) {
  const known = mark(error.field);
  const box = $("problem");
  box.hidden = false;
  say(box, error.message);
  if (!known) announce(error.message);
  if (error.away) watch.again();
}

async function generate() {
  if (server.state !== "ready" || desk.stopper) return;
  clearFault();
  const making = desk.generate();
  render(store.doc);
  try {
    const made = await making;
    if (made.length) {
      seconds = 0;
      if (!still.matches) play(true);
    }
  } catch (error) {
    showFault(error);
  }
  render(store.doc);
}

function clearFault() {
  unmark();
  $("problem").hidden = true;
}

async function download(event) {
  event.preventDefault();
  const take = desk.chosen, box = $("export-problem");
  box.hidden = true;
  unmark();
  if (!take) return;
  const { name, format, fps, inPlace } = store.doc.file;
  const { arrays } = unpack(take.packet);
  delete arrays.face;
  const header = { ...take.header, name, format, in_place: inPlace, ...(fps ? { rate: Number(fps) } : {}) };
  put($("download"), { "aria-disabled": true });
  try {
    const file = await exported(pack(header, arrays));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file.blob);
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    announce(`${file.name} was downloaded`);
  } catch (error) {
    box.hidden = false;
    say(box, error.message);
    if (!mark(error.field)) announce(error.message);
  }
  put($("download"), { "aria-disabled": null });
}

function setKeyframe() {
  const take = desk.chosen;
  if (!take) return;
  const frame = clamp(Math.round(seconds * take.fps), 0, take.frames - 1), at = round(Math.min(frame / take.fps, lengthOf(store.doc)), 3);
  const pose = {
    id: id(), seconds: at, place: false, rotations: Array.from(take.rotations.subarray(88 * frame, 88 * frame + 88), (v) => round(v, 6)),
    root: Array.from(take.root.subarray(3 * frame, 3 * frame + 3), (v) => round(v, 4)),
  };
  store.set((doc) => {
    const poses = [...doc.poses.filter((other) => Math.abs(other.seconds - at) > 0.02), pose].sort((a, b) => a.seconds - b.seconds);
    return { poses, pose: poses.indexOf(pose) };
  });
  announce(`Keyframe at ${at} seconds`);
}

// --- show ---

function render(doc) {
  const strengths = key(doc).strengths, beat = doc.beats[doc.beat] ?? doc.beats[0];
  const ready = server.state === "ready", making = Boolean(desk.stopper);
  document.body.dataset.mode = doc.mode;
  put($("mode-clip"), { "aria-pressed": doc.mode === "clip" });
  put($("mode-live"), { "aria-pressed": doc.mode === "live" });
  for (const node of document.querySelectorAll(".composes")) node.hidden = !server.composes;
  fill($("text"), beat.text);
  say($("text-label"), doc.beats.length > 1 && doc.mode === "clip" ? `What happens in beat ${doc.beat + 1} of ${doc.beats.length}` : "What happens");
  fillRange($("seconds"), beat.seconds);
  say($("seconds-out"), `${beat.seconds} s`);
  say($("feel-title"), doc.keys.length > 1 && server.composes && doc.mode === "clip" ? `Feeling at ${key(doc).seconds} s` : "Feeling");
  wheel?.update(strengths, server.info?.evidence);
  pad?.update(pointWanted ?? key(doc).point ?? pointOf(strengths));
  const most = Math.round(100 * Math.max(0, ...Object.values(strengths)));
  fillRange($("intensity"), most);
  $("intensity").disabled = !most;
  say($("intensity-out"), most ? `${most} %` : "not felt");
  say($("felt"), sentenceOf(strengths));
  say($("evidence"), evidenceOf(strengths));
  put($("mix"), { "aria-pressed": doc.mix });
  put($("neutral"), { "aria-pressed": !most });
  renderDetails(doc);
  put($("generate"), { "aria-disabled": ready ? null : true });
  $("generate").hidden = making;
  $("stop").hidden = !making;
  liveDesk.render();
  $("takes-none").hidden = doc.takes.length > 0 || making;
  $("undo").disabled = !store.past.length;
  $("redo").disabled = !store.future.length;
  for (const [name, on] of [["follow", doc.follow], ["beside", doc.beside], ["face-toggle", doc.face], ["repeat", doc.repeat]]) put($(name), { "aria-pressed": on });
  renderTime(doc);
  desk.render(doc);
  expectant();
  floor?.update(doc, { takes: desk, mode: doc.mode, composes: server.composes });
  pins?.update(doc, server.composes && doc.mode === "clip");
  if (stage) {
    stage.face = doc.face ? face : null;
    stage.halo.visible &&= Boolean(desk.chosen) || doc.mode === "live";
    stage.dirty = true;
  }
  say($("stage-hint"), hint(doc));
  renderExport(doc);
}

/** Somebody stands there before there is a take. */
function expectant() {
  const wanted = Boolean(mannequin) && !(desk.chosen && store.doc.mode === "clip") && !liveDesk.figure;
  if (wanted && !waiting) {
    waiting = new Figure(mannequin);
    waiting.look(1);
    waiting.rest();
    stage.figures.add(waiting);
    stage.follow(0, 0);
  } else if (!wanted && waiting) {
    waiting.dispose();
    waiting = null;
  }
}

function renderDetails(doc) {
  fill($("seed"), doc.seed);
  $("seed-same").disabled = !desk.chosen;
  fillRange($("pace"), doc.pace);
  say($("pace-out"), `${doc.pace} x`);
  fillRange($("heading"), doc.heading ?? 0);
  say($("heading-out"), doc.heading === null ? "free" : `${doc.heading}°`);
  put($("heading"), { "aria-valuetext": doc.heading === null ? "free" : `${Math.abs(doc.heading)} degrees to the ${doc.heading < 0 ? "right" : "left"}` });
  fillRange($("takes-n"), doc.count);
  $("make").value = doc.make;
  for (const option of $("make").options) option.disabled = option.value !== "new" && !desk.chosen;
  fillRange($("speed"), doc.speed);
  say($("speed-out"), `${doc.speed} x`);
  $("loop-clip").checked = doc.loop;
  $("lock-feet").checked = doc.post.lock_feet;
  $("ground").checked = doc.post.ground;
  fillRange($("smooth"), doc.post.smooth);
  say($("smooth-out"), doc.post.smooth ? String(doc.post.smooth) : "off");
}

function renderTime(doc) {
  timeline.update(doc, { composes: server.composes, takeSeconds: length() });
  seconds = clamp(seconds, 0, Math.max(length(), 0));
  const name = playing ? "pause" : "play";
  if ($("play").dataset.icon !== name) {
    $("play").dataset.icon = name;
    $("play").replaceChildren(icon(name));
    put($("play"), { "aria-label": playing ? "Pause" : "Play" });
  }
  for (const button of ["play", "back", "ahead"]) $(button).disabled = !desk.chosen;
  $("scrub").disabled = !desk.chosen;
  fillRange($("rate"), doc.rate);
  for (const button of ["keep-add", "key-set"]) $(button).disabled = !desk.chosen;
  $("key-set").hidden = $("pin-tool").hidden = !server.composes;
  $("path-tool").hidden = !(doc.mode === "live" || server.composes);
  showClock();
}

function renderExport(doc) {
  fill($("name"), doc.file.name);
  const formats = $("format");
  if (formats.dataset.known !== String(server.formats)) {
    formats.dataset.known = String(server.formats);
    formats.replaceChildren(...server.formats.map((suffix) => new Option(suffix.slice(1).toUpperCase(), suffix)));
  }
  fillRange(formats, server.formats.includes(doc.file.format) ? doc.file.format : server.formats[0]);
  fillRange($("fps-out"), doc.file.fps);
  $("in-place").checked = doc.file.inPlace;
  $("download").disabled = !desk.chosen;
}

function hint(doc) {
  if (!stage) return "The stage needs WebGL 2, which this browser does not give. All else works.";
  if (doc.mode === "live" && !live.running && !liveDesk.figure) return "Go live, then change words, feeling, pace and way while it moves.";
  if (doc.mode === "clip" && !desk.chosen && !desk.stopper) return "Say what happens, choose a feeling, generate.";
  return "";
}

const icon = (name) => s("svg", { viewBox: "0 0 16 16", "aria-hidden": true }, s("path", { d: icons[name] }));

/** What is known of the server, and what to do about it. */
function toldOf(found) {
  const before = server;
  server = { ...server, ...found, info: found.info ?? server.info, formats: found.formats ?? server.formats };
  const { info } = server;
  put($("server-pill"), { "data-state": server.state, title: info ? `${info.name} ${info.version}\n${info.licence}` : "" });
  const names = { ready: server.server ? `at ${server.server}` : "ready", starting: server.message, away: "server away" };
  say($("server-text"), names[server.state]);
  $("banner").hidden = server.state !== "away";
  if (server.state === "away") say($("banner-text"), `${server.message}. Nothing is lost: your work and your takes stay here.`);
  if (before.state !== server.state && server.state === "ready") {
    if (before.state === "away") announce("The server is back");
    $("problem").hidden = true;
    fillPlans(info);
  }
  if (info) put($("seconds"), { min: info.limits.min_seconds, max: info.limits.max_seconds });
  render(store.doc);
}

function fillPlans(info) {
  const plans = info.plans.map(({ name, expected_ms }) => new Option(`${name}${expected_ms ? `, about ${Math.round(expected_ms)} ms` : ""}`, name));
  const standard = info.plans.find(({ name }) => name === info.default_plan);
  plans.unshift(new Option(`the best for most, ${standard?.name ?? ""}`, ""));
  $("plan").replaceChildren(...plans);
  $("plan").value = info.plans.some(({ name }) => name === store.doc.plan) ? store.doc.plan : "";
}

// --- begin ---

const on = (name, event, work) => $(name).addEventListener(event, work);
const setBeat = (patch, group) => store.set((doc) => ({ beats: doc.beats.map((beat, k) => (k === doc.beat ? { ...beat, ...patch } : beat)) }), group);
const ranged = (name, patch) => on(name, "input", (event) => store.set((doc) => patch(Number(event.target.value), doc), name));
const checked = (name, patch) => on(name, "change", (event) => store.set((doc) => patch(event.target.checked, doc)));

function setMode(mode) {
  if (mode === "clip") {
    liveDesk.leave();
  } else playing = false;
  posed = "";
  store.set({ mode });
}

function wire() {
  on("mode-clip", "click", () => setMode("clip"));
  on("mode-live", "click", () => setMode("live"));
  on("text", "input", (event) => { clearFault(); setBeat({ text: event.target.value }, "text"); });
  on("text", "change", (event) => liveDesk.say(event.target.value));
  on("text", "keydown", (event) => {
    if (store.doc.mode === "live" && event.key === "Enter" && !event.shiftKey && !event.ctrlKey) {
      event.preventDefault();
      liveDesk.say(event.target.value);
    }
  });
  on("seconds", "input", (event) => setBeat({ seconds: Number(event.target.value) }, "seconds"));
  on("intensity", "input", (event) => scaleTo(Math.max(Number(event.target.value), 1) / 100));
  on("mix", "click", () => store.set((doc) => ({ mix: !doc.mix })));
  on("neutral", "click", () => feel({}));
  on("seed", "input", (event) => store.set({ seed: event.target.value }, "seed"));
  on("seed-same", "click", () => desk.chosen && store.set({ seed: desk.chosen.header.made.seed }));
  on("plan", "change", (event) => store.set({ plan: event.target.value }));
  on("make", "change", (event) => store.set({ make: event.target.value }));
  on("takes-n", "change", (event) => store.set({ count: Number(event.target.value) }));
  ranged("speed", (speed) => ({ speed }));
  ranged("smooth", (smooth, doc) => ({ post: { ...doc.post, smooth } }));
  checked("loop-clip", (loop) => ({ loop }));
  checked("lock-feet", (lock_feet, doc) => ({ post: { ...doc.post, lock_feet } }));
  checked("ground", (ground, doc) => ({ post: { ...doc.post, ground } }));
  on("pace", "input", (event) => {
    store.set({ pace: Number(event.target.value) });
    live.change({ speed: Number(event.target.value) });
  });
  on("heading", "input", (event) => {
    const heading = Number(event.target.value);
    store.set({ heading, path: [] });
    live.change({ heading: (heading * Math.PI) / 180 });
  });
  on("free", "click", () => {
    store.set({ heading: null, path: [] });
    live.change({ free: true });
  });
  on("generate", "click", generate);
  on("stop", "click", () => desk.stop());
  on("play", "click", () => play());
  on("back", "click", () => step(-1));
  on("ahead", "click", () => step(1));
  on("repeat", "click", () => store.set((doc) => ({ repeat: !doc.repeat })));
  on("rate", "change", (event) => store.set({ rate: Number(event.target.value) }));
  on("scrub", "input", (event) => seek(Number(event.target.value)));
  on("follow", "click", () => store.set((doc) => ({ follow: !doc.follow })));
  on("reset-view", "click", () => stage?.front());
  on("beside", "click", () => store.set((doc) => ({ beside: !doc.beside })));
  on("face-toggle", "click", () => store.set((doc) => ({ face: !doc.face })));
  on("key-set", "click", setKeyframe);
  on("beat-add", "click", () => timeline.addBeat());
  on("feel-add", "click", () => timeline.addFeeling(seconds));
  on("keep-add", "click", () => timeline.addKeep(seconds));
  on("undo", "click", () => store.undo());
  on("redo", "click", () => store.redo());
  on("help-open", "click", () => $("help").showModal());
  on("banner-retry", "click", () => watch.again());
  on("export", "submit", download);
  on("name", "input", (event) => store.set((doc) => ({ file: { ...doc.file, name: event.target.value } })));
  on("format", "change", (event) => store.set((doc) => ({ file: { ...doc.file, format: event.target.value } })));
  on("fps-out", "change", (event) => store.set((doc) => ({ file: { ...doc.file, fps: event.target.value } })));
  checked("in-place", (inPlace, doc) => ({ file: { ...doc.file, inPlace } }));
  addEventListener("keydown", keys);
  $("back").append(icon("back"));
  $("ahead").append(icon("ahead"));
}

/** Keys that count everywhere but where they mean something of their own. */
function keys(event) {
  const typing = event.target.matches?.("textarea, input:not([type=range]), select");
  const held = event.ctrlKey || event.metaKey;
  const { doc } = store;
  if (held && event.key === "Enter") doc.mode === "clip" ? generate() : liveDesk.go();
  else if (held && event.key.toLowerCase() === "z" && !typing) event.shiftKey ? store.redo() : store.undo();
  else if (typing || held || document.querySelector("dialog[open]")) return;
  else if (event.key === " " && !event.target.matches?.("button, summary, input")) doc.mode === "clip" && play();
  else if (event.key === ",") step(-1);
  else if (event.key === ".") step(1);
  else if (event.key.toLowerCase() === "f") store.set({ follow: !doc.follow });
  else return;
  event.preventDefault();
}

async function dress() {
  const figure = unpack(await packet("/api/figure"));
  facts.anchors = Object.fromEntries(figure.header.emotions.map((name, k) => [name, figure.header.valence_arousal[k]]));
  facts.words = figure.header.words;
  // What is there already, from a time when the studio went away in the middle of this, stays.
  wheel ??= new Wheel($("wheel"), { change: feel, mixing: () => store.doc.mix });
  pad ??= new Pad($("pad"), { change: feelAt, anchors: facts.anchors });
  try {
    stage ??= new Stage($("stage"), $("canvas"));
  } catch {
    stage = null; // no WebGL: words, feelings, takes and export work without
  }
  mannequin ??= stage && new Mannequin(figure);
  app.body ??= new Body(figure);
  pins ??= new Pins(app);
  if (stage) {
    stage.faceBox = $("face-box");
    stage.halo.visible = false;
    stage.onframe = work;
    floor ??= new Floor(stage, mannequin, store, { change: (path) => live.change(path.length > 1 ? { path } : { free: true }) });
  }
  await desk.restore();
  render(store.doc);
  if (stage) {
    face = new Face(unpack(await packet("/api/face")));
    face.show(face.neutral);
    render(store.doc);
    if (!desk.chosen) void preview(key(store.doc).strengths);
  }
}

wire();
store.listen(render);
render(store.doc);
const watch = new Watch(toldOf);
async function begin() {
  try {
    await dress();
    document.documentElement.dataset.ready = "";
  } catch (error) {
    showFault(error);
    setTimeout(begin, 1000);
  }
}
void begin();
if (new URLSearchParams(location.search).has("fps")) {
  $("fps").hidden = false;
  setInterval(() => say($("fps"), `${Math.round(stage?.rate ?? 0)} fps`), 500);
}
/** For tests and the curious. */
globalThis.studio = { store, desk, live, get stage() { return stage; }, get playing() { return playing; }, get seconds() { return seconds; } };
