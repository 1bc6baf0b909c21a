// The live side of the page: a character starts, is shown, measured, recorded, and ends.

import { Figure } from "./figure.js";
import { Live } from "./live.js";
import { liveOf } from "./orders.js";
import { MOST_FRAMES } from "./recorder.js";
import { $, announce, put, say } from "./ui.js";

export class LiveDesk {
  /** app gives {store, stage, mannequin, face, takes, info, felt(), stand(...), render(), fault(error), settled()}. */
  constructor(app) {
    this.app = app;
    this.figure = null;
    this.live = new Live((kind, message) => this.heard(kind, message));
    $("live-start").addEventListener("click", () => this.go());
    $("live-stop").addEventListener("click", () => this.end());
    $("record").addEventListener("click", () => (this.live.recorder ? this.keep() : this.record()));
  }

  go() {
    const { app, live } = this, { doc } = app.store;
    if (!app.ready) return;
    app.settled();
    if (!doc.beats[doc.beat].text.trim()) return app.fault({ message: "say what the character does", field: "text" });
    const order = liveOf(doc, app.felt());
    this.text = order.text;
    this.kept = "";
    live.start(order);
    app.render();
    this.showMeter();
  }

  /** Tell it to do something else; nothing for what it does already. */
  say(text) {
    if (!this.live.running || !text.trim() || text === this.text) return;
    this.text = text;
    this.live.change({ text });
  }

  end() {
    const { live } = this;
    live.end();
    setTimeout(() => live.running && live.stop(), 1500);
  }

  /** Nobody is live any longer, nor on the stage. */
  leave() {
    this.keep();
    this.live.stop();
    this.figure?.dispose();
    this.figure = null;
    this.live.frames = [];
  }

  /** Record from now on; who is not live yet goes live for it. */
  record() {
    if (!this.live.running) this.go();
    if (!this.live.running) return;
    this.live.record();
    announce(`Recording, at most ${this.most} seconds`);
    this.app.render();
  }

  get most() { return Math.round(MOST_FRAMES / this.live.fps); }

  /** What was recorded so far becomes a take. */
  keep() {
    const { app, live } = this;
    if (!live.recorder) return;
    const recorded = live.recorded();
    if (!recorded) this.kept = "Nothing has come yet that could be kept.";
    else {
      const take = app.takes.keep(recorded, { seed: live.seed, plan: live.plan, info: app.info });
      this.kept = `Kept as a take of ${take.seconds.toFixed(1)} s: under Clip it is played, compared, changed and exported.`;
    }
    announce(this.kept);
    app.render();
  }

  heard(kind, message) {
    const { app } = this;
    if (kind === "refused") this.text = null; // the same words may be tried again
    if (kind === "open") announce("The character is live");
    else if (kind === "full") announce(`The recording has reached its ${this.most} seconds`);
    else if (kind === "refused" || kind === "lost") app.fault({ message: message.error, field: message.field ?? "", away: message.away });
    else announce("The character has ended");
    if (kind !== "open" && kind !== "refused") this.keep(); // with its character a recording ends, and is not lost
    app.render();
  }

  showMeter() {
    const { meter } = this.live, ms = (value) => (value === undefined ? "–" : `${Math.round(value)} ms`);
    say($("meter-last"), ms(meter.last));
    say($("meter-p50"), ms(meter.quantile(0.5)));
    say($("meter-p95"), ms(meter.quantile(0.95)));
    say($("meter-n"), String(meter.found.length));
  }

  render() {
    const { live, app } = this;
    put($("live-start"), { "aria-disabled": app.ready ? null : true });
    $("live-start").hidden = live.running;
    $("live-stop").hidden = !live.running;
    put($("record"), { "aria-disabled": app.ready || live.running ? null : true, "aria-pressed": Boolean(live.recorder) });
    say($("record-text"), live.recorder ? "Stop recording" : "Record");
    if (live.recorder) this.kept = "";
    this.showRecording();
  }

  showRecording() {
    const { recorder } = this.live;
    say($("record-note"), recorder ? `${recorder.seconds.toFixed(1)} s of at most ${this.most} s` : this.kept || `A recording becomes a take; it has at most ${this.most} s.`);
  }

  /** Before each picture: pose the character. Says whether it moves. */
  work(now) {
    const { app, live } = this, { mannequin, face } = app, at = live.now(now);
    if (!at || !mannequin) return false;
    if (!this.figure) {
      this.figure = new Figure(mannequin);
      this.figure.look(1);
      app.stage.figures.add(this.figure);
    }
    const { a, b, share } = at;
    const rotations = (this.rotations ??= new Float32Array(176)), root = (this.root ??= new Float32Array(6));
    rotations.set(a.rotations), rotations.set(b.rotations, 88), root.set(a.root), root.set(b.root, 3);
    this.figure.pose(rotations, root, 0, 1, share);
    if (face && app.store.doc.face) {
      const count = b.face.length, values = (this.values ??= new Float32Array(2 * count));
      values.set(a.face), values.set(b.face, count);
      face.show(values, 0, count, share);
    }
    const { x, z } = this.figure.ground;
    app.stand(x, z, app.felt(), x, z);
    // The newer of the two is on the screen as soon as the picture is on its way to it.
    if (live.meter.shown(share > 0 ? b : a, performance.now())) this.showMeter();
    if (live.recorder) this.showRecording();
    return live.running || share < 1;
  }
}
