// The parametric face that goes with the body: triangles moved by the controls, as far as a straight line goes.

import {
  BufferAttribute, BufferGeometry, DirectionalLight, DynamicDrawUsage, HemisphereLight, Mesh, MeshStandardMaterial,
  PerspectiveCamera, Scene,
} from "./vendor/three.min.js";
import { linear } from "./figure.js";

const FURTHEST = 2.5;

export class Face {
  constructor({ header, arrays }) {
    this.controls = header.controls;
    this.neutral = header.neutral;
    this.rest = arrays.positions.data;
    let at = 0;
    this.morphs = header.morphs.map((morph) => {
      const from = at;
      at += morph.count;
      return { ...morph, at: arrays.at.data.subarray(from, at), by: Float32Array.from(arrays.by.data.subarray(3 * from, 3 * at), (v) => v * header.unit) };
    });
    const geometry = (this.geometry = new BufferGeometry());
    this.positions = new BufferAttribute(this.rest.slice(), 3).setUsage(DynamicDrawUsage);
    geometry.setAttribute("position", this.positions);
    geometry.setAttribute("color", new BufferAttribute(linear(arrays.colours.data), 3));
    geometry.setIndex(new BufferAttribute(arrays.triangles.data, 1));
    geometry.computeVertexNormals();
    const mesh = new Mesh(geometry, new MeshStandardMaterial({ vertexColors: true, roughness: 0.62 }));
    mesh.frustumCulled = false;
    this.scene = new Scene();
    this.scene.add(mesh, new HemisphereLight("#ffffff", "#9a8f88", 1.5));
    for (const [x, y, z, strength] of [[-0.4, 0.6, 0.8, 1.9], [0.9, 0.1, 0.3, 0.5], [0.2, 0.5, -0.9, 0.8]]) {
      const light = new DirectionalLight("#ffffff", strength);
      light.position.set(x, y, z);
      this.scene.add(light);
    }
    this.camera = new PerspectiveCamera(21, 1, 0.1, 3);
    this.camera.position.set(0.07, -0.015, 0.78);
    this.camera.lookAt(0, -0.036, 0);
  }

  /** Show values of all controls, from `offset` on; between two frames by `share`. */
  show(values, offset = 0, next = offset, share = 0) {
    const out = this.positions.array;
    out.set(this.rest);
    for (const { control, sign, step, at, by } of this.morphs) {
      const value = values[offset + control] + share * (values[next + control] - values[offset + control]);
      const weight = Math.min((sign * (value - this.neutral[control])) / step, FURTHEST);
      if (weight < 0.002) continue;
      for (let k = 0, p = 0; k < at.length; k++, p += 3) {
        const v = 3 * at[k];
        out[v] += weight * by[p];
        out[v + 1] += weight * by[p + 1];
        out[v + 2] += weight * by[p + 2];
      }
    }
    this.positions.needsUpdate = true;
    this.geometry.computeVertexNormals();
  }
}
