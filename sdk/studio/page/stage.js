// The stage: light, ground, camera, and what stands on it. It draws only when something has changed.

import {
  BufferAttribute, BufferGeometry, CircleGeometry, Color, DirectionalLight, DoubleSide, Group, HemisphereLight, Mesh,
  MeshBasicMaterial, PCFShadowMap, PerspectiveCamera, Plane, PlaneGeometry, Raycaster, RingGeometry, Scene, ShaderMaterial,
  ShadowMaterial, SphereGeometry, Vector2, Vector3, WebGLRenderer,
} from "./vendor/three.min.js";
import { clamp } from "./ui.js";

/** From the best to the cheapest: points of the canvas for one of the page, and whether light throws shadows. */
const QUALITIES = [[2, true], [1.25, true], [1, true], [1, false], [0.7, false], [0.55, false]];
const SLOW_S = 1 / 42, QUICK_S = 1 / 55, PATIENCE_S = 0.8;
const AGAIN_S = 4;
const FLOOR = new Plane(new Vector3(0, 1, 0), 0);
const still = matchMedia("(prefers-reduced-motion: reduce)");

const GRID = {
  vertexShader: "varying vec2 at; void main() { vec4 w = modelMatrix * vec4(position, 1.); at = w.xz; gl_Position = projectionMatrix * viewMatrix * w; }",
  fragmentShader: `varying vec2 at; uniform vec3 line; uniform vec2 middle;
    float lines(vec2 p, float width) { vec2 d = fwidth(p), g = abs(fract(p - .5) - .5) / d; return 1. - min(min(g.x, g.y) / width, 1.); }
    void main() {
      float away = distance(at, middle), fade = 1. - smoothstep(3., 13., away);
      float axis = 1. - min(min(abs(at.x) / fwidth(at.x), abs(at.y) / fwidth(at.y)) / 1.6, 1.);
      float strength = max(max(lines(at * 2., 1.) * .28, lines(at, 1.2) * .62), axis);
      gl_FragColor = vec4(line, strength * fade * fade);
      #include <colorspace_fragment>
    }`,
};

export class Stage {
  constructor(box, canvas) {
    this.box = box;
    this.canvas = canvas;
    this.renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true, powerPreference: "high-performance" });
    this.renderer.autoClear = false;
    this.renderer.shadowMap.enabled = true;
    this.renderer.shadowMap.type = PCFShadowMap;
    this.scene = new Scene();
    this.camera = new PerspectiveCamera(30, 1, 0.05, 80);
    this.figures = new Group();
    this.marks = new Group();
    this.scene.add(this.figures, this.marks);
    this.sky = new HemisphereLight("#ffffff", "#8d8880", 1.7);
    this.key = new DirectionalLight("#fff4e6", 2.0);
    this.rim = new DirectionalLight("#dbe7ff", 0.7);
    this.key.castShadow = true;
    this.key.shadow.mapSize.set(1024, 1024);
    this.key.shadow.bias = -0.0006;
    this.key.shadow.normalBias = 0.02;
    this.key.shadow.radius = 5;
    Object.assign(this.key.shadow.camera, { left: -2.6, right: 2.6, top: 2.6, bottom: -2.6, near: 0.5, far: 12 });
    this.scene.add(this.sky, this.key, this.key.target, this.rim);
    this.grid = new Mesh(new PlaneGeometry(40, 40).rotateX(-Math.PI / 2), new ShaderMaterial({
      ...GRID, transparent: true, depthWrite: false, uniforms: { line: { value: new Color() }, middle: { value: new Vector2() } },
    }));
    this.grid.renderOrder = 0;
    this.shade = new Mesh(new PlaneGeometry(40, 40).rotateX(-Math.PI / 2), new ShadowMaterial({ opacity: 0.17, depthWrite: false }));
    this.shade.position.y = 0.001;
    this.shade.receiveShadow = true;
    this.halo = new Mesh(new RingGeometry(0.33, 0.365, 64).rotateX(-Math.PI / 2), new MeshBasicMaterial({ transparent: true, opacity: 0.85, depthWrite: false }));
    this.halo.position.y = 0.004;
    this.halo.renderOrder = 1;
    this.scene.add(this.grid, this.shade, this.halo);
    this.view = { turn: 0.5, lift: 0.16, far: 5.6 };
    this.aim = new Vector3(0, 0.86, 0);
    this.wanted = new Vector3(0, 0.86, 0);
    this.row = 1;
    this.quality = 0;
    this.slow = 0;
    this.frames = 0;
    this.face = null;
    this.faceBox = null;
    this.dirty = true;
    this.caster = new Raycaster();
    this.tools = [];
    this.labels = [];
    this.theme();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.theme());
    new ResizeObserver(() => this.resize()).observe(box);
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => { this.dirty = true; });
    this.resize();
    this.steer();
    requestAnimationFrame((now) => this.draw(now));
  }

  theme() {
    const style = getComputedStyle(document.documentElement);
    this.grid.material.uniforms.line.value.set(style.getPropertyValue("--grid").trim());
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    this.sky.intensity = dark ? 1.15 : 1.7;
    this.shade.material.opacity = dark ? 0.34 : 0.17;
    this.dirty = true;
  }

  resize() {
    const { clientWidth: w, clientHeight: h } = this.box;
    if (!w || !h) return;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, QUALITIES[this.quality][0]) * Math.min(QUALITIES[this.quality][0], 1));
    this.renderer.setSize(w, h, false);
    this.camera.aspect = w / h;
    this.camera.updateProjectionMatrix();
    this.dirty = true;
  }

  /** What is drawn before each picture: gets seconds since the last one, says whether anything moves. */
  set onframe(work) { this.work = work; }

  draw(now) {
    requestAnimationFrame((later) => this.draw(later));
    const dt = Math.min((now - (this.last ?? now)) / 1000, 0.25);
    this.last = now;
    const moves = this.work?.(dt, now) ?? false;
    const glides = this.glide(dt);
    if (!(moves || glides || this.dirty) || document.hidden) {
      this.idle = true;
      return;
    }
    if (moves && !this.idle) this.judge(dt);
    this.idle = false;
    this.dirty = false;
    this.render();
    this.frames++;
  }

  /** Where pictures come too slowly the next cheaper way is taken; pictures that nobody asked for do not count. */
  judge(dt) {
    this.slow = clamp(this.slow + (dt > SLOW_S ? dt : -2 * dt), 0, PATIENCE_S);
    this.quick = dt < QUICK_S ? (this.quick ?? 0) + dt : 0;
    this.rate = (this.rate ?? 60) * 0.95 + 0.05 / Math.max(dt, 1e-3);
    if (this.slow >= PATIENCE_S && this.quality < QUALITIES.length - 1) {
      this.quality++;
      this.wait = (this.wait ?? AGAIN_S) * 2; // what did not work is tried again later and later
    } else if (this.quality && this.quick > (this.wait ?? AGAIN_S)) this.quality--;
    else return;
    this.slow = this.quick = 0;
    this.key.castShadow = QUALITIES[this.quality][1];
    this.resize();
  }

  render() {
    const { renderer, camera, view } = this;
    const cos = Math.cos(view.lift), { far } = this;
    camera.position.set(this.aim.x + far * cos * Math.sin(view.turn), this.aim.y + far * Math.sin(view.lift), this.aim.z + far * cos * Math.cos(view.turn));
    camera.lookAt(this.aim);
    this.grid.material.uniforms.middle.value.set(this.aim.x, this.aim.z);
    for (const plane of [this.grid, this.shade]) plane.position.set(Math.round(this.aim.x), plane.position.y, Math.round(this.aim.z));
    this.key.position.set(this.aim.x + 2.2, 5.2, this.aim.z + 2.6);
    this.key.target.position.set(this.aim.x, 0.6, this.aim.z);
    this.rim.position.set(this.aim.x - 3, 3, this.aim.z - 3);
    this.putLabels();
    const { clientWidth: w, clientHeight: h } = this.box;
    renderer.setScissorTest(false);
    renderer.setViewport(0, 0, w, h);
    renderer.clear();
    renderer.render(this.scene, camera);
    if (!this.face || !this.faceBox) return;
    const outer = this.box.getBoundingClientRect(), box = this.faceBox.getBoundingClientRect();
    if (!box.width) return;
    const x = box.left - outer.left, y = outer.bottom - box.bottom;
    renderer.setScissorTest(true);
    renderer.setScissor(x, y, box.width, box.height);
    renderer.setViewport(x, y, box.width, box.height);
    renderer.clearDepth();
    renderer.render(this.face.scene, this.face.camera);
  }

  /** Put words beside places: `labels` are {node, place}. Of those that would cover each other the first one stays. */
  putLabels() {
    const box = this.canvas.getBoundingClientRect(), taken = [];
    this.camera.updateMatrixWorld();
    for (const { node, place } of this.labels) {
      const [x, y] = this.onScreen(place), ahead = new Vector3(...place).applyMatrix4(this.camera.matrixWorldInverse).z < 0;
      node.hidden = !ahead || taken.some(([u, v]) => Math.abs(u - x) < 40 && Math.abs(v - y) < 20);
      if (node.hidden) continue;
      taken.push([x, y]);
      node.style.translate = `${(x - box.left).toFixed(1)}px ${(y - box.top).toFixed(1)}px`;
    }
  }

  /** The camera goes to where it is wanted; at once for those who want things to keep still. */
  glide(dt) {
    const apart = this.aim.distanceTo(this.wanted);
    if (apart < 1e-4) return false;
    this.aim.lerp(this.wanted, still.matches || apart > 8 ? 1 : 1 - Math.exp(-dt * 7));
    return true;
  }

  /** How far away the camera is: further than asked where a row of figures would not fit. */
  get far() {
    const needed = (this.row * 1.25 + 1.6) / (2 * Math.tan((this.camera.fov * Math.PI) / 360) * this.camera.aspect);
    return this.row > 1 ? this.view.far * Math.max(needed / 5.6, 1) : this.view.far;
  }

  follow(x, z) { this.wanted.set(x, this.wanted.y, z); }

  front() {
    Object.assign(this.view, { turn: 0, lift: 0.12, far: 5.2 });
    this.wanted.y = 0.86;
    this.dirty = true;
  }

  turn(by, lift = 0) {
    this.view.turn += by;
    this.view.lift = clamp(this.view.lift + lift, -0.05, 1.5);
    this.dirty = true;
  }

  zoom(factor) {
    this.view.far = clamp(this.view.far * factor, 1.2, 24);
    this.dirty = true;
  }

  shift(dx, dy) {
    const scale = (2 * this.far * Math.tan((this.camera.fov * Math.PI) / 360)) / this.box.clientHeight;
    const { turn } = this.view;
    this.wanted.x -= Math.cos(turn) * dx * scale;
    this.wanted.z += Math.sin(turn) * dx * scale;
    this.wanted.y = clamp(this.wanted.y + dy * scale, 0, 3);
    this.aim.copy(this.wanted);
    this.dirty = true;
  }

  /** Where the ray below a pointer meets a plane, or null. */
  meets(event, plane) {
    const box = this.canvas.getBoundingClientRect();
    this.caster.setFromCamera(new Vector2(((event.clientX - box.left) / box.width) * 2 - 1, 1 - ((event.clientY - box.top) / box.height) * 2), this.camera);
    return this.caster.ray.intersectPlane(plane, new Vector3());
  }

  /** Place on the floor below a pointer, [x, z] in metres, or null for the sky. */
  floorAt(event) {
    const hit = this.meets(event, FLOOR);
    return hit && hit.distanceTo(this.camera.position) < 40 ? [hit.x, hit.z] : null;
  }

  /** Place below a pointer as far away as [x, y, z] is, for what is dragged through the air; or null. */
  levelAt(event, place) {
    const facing = this.camera.getWorldDirection(new Vector3());
    return this.meets(event, new Plane().setFromNormalAndCoplanarPoint(facing, new Vector3(...place)))?.toArray() ?? null;
  }

  /** Where a place is on the screen, in points of the page. */
  onScreen(place) {
    const box = this.canvas.getBoundingClientRect(), seen = new Vector3(...place).project(this.camera);
    return [box.left + ((seen.x + 1) / 2) * box.width, box.top + ((1 - seen.y) / 2) * box.height];
  }

  /** Pointers turn, shift and zoom; one of `tools` may take a drag for itself: {start(event, floor), move(floor, event), end()}. */
  steer() {
    const held = new Map();
    let tool = null;
    this.box.addEventListener("pointerdown", (event) => {
      if (event.target.closest("button")) return;
      this.box.setPointerCapture(event.pointerId);
      tool = held.size ? null : this.tools.find((one) => one.start(event, this.floorAt(event)));
      held.set(event.pointerId, [event.clientX, event.clientY]);
    });
    this.box.addEventListener("pointermove", (event) => {
      const before = held.get(event.pointerId);
      if (!before) return;
      const here = [event.clientX, event.clientY], dx = here[0] - before[0], dy = here[1] - before[1];
      held.set(event.pointerId, here);
      if (tool) return void tool.move(this.floorAt(event), event);
      if (held.size === 2) {
        const [other] = [...held].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
        this.zoom(Math.hypot(before[0] - other[0], before[1] - other[1]) / Math.max(Math.hypot(here[0] - other[0], here[1] - other[1]), 1));
        this.shift(dx / 2, dy / 2);
      } else if (event.shiftKey || event.buttons & 6) this.shift(dx, dy);
      else this.turn(-dx * 0.007, dy * 0.005);
    });
    const gone = (event) => {
      if (!held.delete(event.pointerId)) return;
      tool?.end();
      tool = null;
    };
    this.box.addEventListener("pointerup", gone);
    this.box.addEventListener("pointercancel", gone);
    this.box.addEventListener("contextmenu", (event) => event.preventDefault());
    this.box.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(clamp(event.deltaY, -120, 120) * 0.0012));
    }, { passive: false });
    this.box.addEventListener("keydown", (event) => {
      const turn = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.06], ArrowDown: [0, -0.06] }[event.key];
      if (turn && !event.ctrlKey) this.turn(...turn);
      else if (event.key === "+" || event.key === "=") this.zoom(0.9);
      else if (event.key === "-") this.zoom(1.1);
      else if (event.key === "0") this.front();
      else return;
      event.preventDefault();
    });
  }
}

/** A flat line over the floor through places [x, z]. */
export function ribbon(places, { width = 0.03, colour, opacity = 1, height = 0.006 }) {
  const out = new Float32Array(places.length * 6);
  places.forEach(([x, z], k) => {
    const [ax, az] = places[Math.max(k - 1, 0)], [bx, bz] = places[Math.min(k + 1, places.length - 1)];
    const length = Math.hypot(bx - ax, bz - az) || 1, nx = (-(bz - az) / length) * (width / 2), nz = ((bx - ax) / length) * (width / 2);
    out.set([x + nx, height, z + nz, x - nx, height, z - nz], 6 * k);
  });
  const index = [];
  for (let k = 0; k + 1 < places.length; k++) index.push(2 * k, 2 * k + 1, 2 * k + 2, 2 * k + 1, 2 * k + 3, 2 * k + 2);
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(out, 3));
  geometry.setIndex(index);
  const mesh = new Mesh(geometry, new MeshBasicMaterial({ color: colour, transparent: true, opacity, side: DoubleSide, depthWrite: false }));
  mesh.renderOrder = 1;
  return mesh;
}

export function knob([x, z], colour, size = 0.06) {
  const mesh = new Mesh(new SphereGeometry(size, 20, 12), new MeshBasicMaterial({ color: colour }));
  mesh.position.set(x, size * 0.6, z);
  return mesh;
}

export function disc([x, z], colour, size = 0.1) {
  const mesh = new Mesh(new CircleGeometry(size, 32).rotateX(-Math.PI / 2), new MeshBasicMaterial({ color: colour, transparent: true, opacity: 0.5, depthWrite: false }));
  mesh.position.set(x, 0.007, z);
  return mesh;
}

/** Take all marks away again. */
export function clear(group) {
  for (const child of [...group.children]) {
    child.geometry?.dispose();
    child.material?.dispose();
    child.dispose?.();
    child.removeFromParent();
  }
}
