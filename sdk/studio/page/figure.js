// The mannequin: one skinned mesh of the studio's own parts, with soft shadows where it touches the ground.

import {
  Bone, BufferAttribute, BufferGeometry, CanvasTexture, Color, Group, Mesh, MeshBasicMaterial, MeshStandardMaterial,
  PlaneGeometry, Skeleton, SkinnedMesh, Vector3,
} from "./vendor/three.min.js";

const JOINTS = 22;

/** Colours as bytes of sRGB -> the linear light that the renderer reckons with. */
export function linear(bytes) {
  return Float32Array.from(bytes, (value) => {
    const v = value / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
}

/** What all figures share; of the packet /api/figure. */
export class Mannequin {
  constructor({ header, arrays }) {
    this.names = header.names;
    this.parents = header.parents;
    this.restHeight = header.rest_height;
    this.offsets = arrays.offsets.data;
    this.rest = arrays.rest.data;
    const geometry = (this.geometry = new BufferGeometry());
    const count = arrays.joints.data.length;
    const index = new Uint16Array(4 * count), weight = new Float32Array(4 * count);
    arrays.joints.data.forEach((joint, v) => {
      index[4 * v] = joint;
      weight[4 * v] = 1;
    });
    geometry.setAttribute("position", new BufferAttribute(arrays.positions.data, 3));
    geometry.setAttribute("normal", new BufferAttribute(arrays.normals.data, 3));
    geometry.setAttribute("color", new BufferAttribute(linear(arrays.colours.data), 3));
    geometry.setAttribute("skinIndex", new BufferAttribute(index, 4));
    geometry.setAttribute("skinWeight", new BufferAttribute(weight, 4));
    geometry.setIndex(new BufferAttribute(arrays.triangles.data, 1));
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 64;
    const pen = canvas.getContext("2d"), soft = pen.createRadialGradient(32, 32, 2, 32, 32, 31);
    soft.addColorStop(0, "#000");
    soft.addColorStop(0.5, "#0006");
    soft.addColorStop(1, "#0000");
    pen.fillStyle = soft;
    pen.fillRect(0, 0, 64, 64);
    this.spot = new CanvasTexture(canvas);
    this.plane = new PlaneGeometry(1, 1).rotateX(-Math.PI / 2);
    this.touching = [["left_ankle", 0.32], ["left_foot", 0.24], ["right_ankle", 0.32], ["right_foot", 0.24], ["pelvis", 0.9]]
      .map(([name, size]) => [this.names.indexOf(name), size]);
  }
}

const place = new Vector3();

export class Figure extends Group {
  constructor(mannequin) {
    super();
    this.mannequin = mannequin;
    const { offsets, rest, parents } = mannequin;
    this.bones = parents.map((parent, j) => {
      const bone = new Bone();
      bone.position.set(...(parent < 0 ? rest : offsets).subarray(3 * j, 3 * j + 3));
      return bone;
    });
    parents.forEach((parent, j) => parent >= 0 && this.bones[parent].add(this.bones[j]));
    this.material = new MeshStandardMaterial({ vertexColors: true, roughness: 0.78, metalness: 0 });
    this.body = new SkinnedMesh(mannequin.geometry, this.material);
    this.body.frustumCulled = false;
    this.body.castShadow = true;
    this.body.add(this.bones[0]);
    this.body.updateMatrixWorld(true);
    this.body.bind(new Skeleton(this.bones));
    this.add(this.body);
    this.spots = mannequin.touching.map(() => {
      const material = new MeshBasicMaterial({ map: mannequin.spot, transparent: true, depthWrite: false, opacity: 0 });
      const spot = new Mesh(mannequin.plane, material);
      spot.renderOrder = 1;
      this.add(spot);
      return spot;
    });
  }

  /** How it looks: strength 1 is solid, less a ghost; tint over its own colours. */
  look(strength, tint = "#ffffff") {
    const ghost = strength < 1;
    if (this.material.transparent !== ghost) {
      this.material.transparent = ghost;
      this.material.needsUpdate = true;
    }
    this.material.opacity = strength;
    this.material.color = new Color(tint);
    this.body.castShadow = !ghost;
    this.body.renderOrder = ghost ? 3 : 2;
    this.strength = strength;
  }

  /** Pose between two frames of arrays (T, 22, 4) and (T, 3). */
  pose(rotations, root, frame, next = frame, share = 0) {
    const a = 88 * frame, b = 88 * next;
    for (let j = 0; j < JOINTS; j++) {
      const p = a + 4 * j, q = b + 4 * j;
      // Neighbouring frames keep to one hemisphere: the straight line between them is short.
      this.bones[j].quaternion.set(
        rotations[p] + share * (rotations[q] - rotations[p]), rotations[p + 1] + share * (rotations[q + 1] - rotations[p + 1]),
        rotations[p + 2] + share * (rotations[q + 2] - rotations[p + 2]), rotations[p + 3] + share * (rotations[q + 3] - rotations[p + 3]),
      ).normalize();
    }
    const at = (k) => root[3 * frame + k] + share * (root[3 * next + k] - root[3 * frame + k]);
    this.bones[0].position.set(at(0), at(1), at(2));
    this.touch();
  }

  /** Stand with the arms down. */
  rest() {
    const down = [["left_shoulder", -1.25], ["right_shoulder", 1.25], ["left_elbow", -0.12], ["right_elbow", 0.12]];
    for (const [name, angle] of down) this.bones[this.mannequin.names.indexOf(name)].rotation.set(0, 0, angle);
    this.touch();
  }

  /** Put the soft shadows below what is near the ground. */
  touch() {
    this.updateMatrixWorld(true);
    this.mannequin.touching.forEach(([joint, size], k) => {
      place.setFromMatrixPosition(this.bones[joint].matrixWorld).sub(this.position);
      const spot = this.spots[k], pelvis = k === 4;
      const near = pelvis ? 0.34 : 0.62 * Math.max(0, 1 - (place.y - 0.03) / 0.3);
      spot.position.set(place.x, 0.003 + 0.0004 * k, place.z);
      spot.scale.setScalar(size * (pelvis ? 1 : 1 + 0.8 * Math.max(0, place.y - 0.06)));
      spot.material.opacity = near * (this.strength < 1 ? 0.35 * this.strength : 1);
    });
  }

  get ground() {
    return this.bones[0].position;
  }

  dispose() {
    this.material.dispose();
    this.body.skeleton.dispose();
    for (const spot of this.spots) spot.material.dispose();
    this.removeFromParent();
  }
}
