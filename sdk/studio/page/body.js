// The body's joints in space, without a stage: for pictures of takes, and for where hands and feet are.
//
// Shapes: T frames, 22 joints; rotations (T, 22, 4) xyzw local, root (T, 3) metres, places 66 numbers.

/** Ends of limbs that can be pinned: by the joint that is led, and what people call it. */
export const LIMBS = { left_wrist: "left hand", right_wrist: "right hand", left_ankle: "left foot", right_ankle: "right foot" };

export class Body {
  /** Of the packet /api/figure. */
  constructor({ header, arrays }) {
    this.names = header.names;
    this.parents = header.parents;
    this.offsets = arrays.offsets.data;
    this.restHeight = header.rest_height;
    this.turned = new Float32Array(88);
    const joints = Array.from(arrays.joints.data);
    this.tones = this.names.map((_, j) => `rgb(${arrays.colours.data.subarray(3 * joints.indexOf(j), 3 * joints.indexOf(j) + 3).join(" ")})`);
  }

  joint(name) { return this.names.indexOf(name); }

  /** Where the joints are in one frame; how they are turned there stands in `turned`. */
  places(rotations, root, frame, out = new Float32Array(66)) {
    const { parents, offsets, turned } = this;
    for (let j = 0; j < parents.length; j++) {
      const q = 88 * frame + 4 * j, x = rotations[q], y = rotations[q + 1], z = rotations[q + 2], w = rotations[q + 3], up = parents[j], p = 3 * j, t = 4 * j;
      if (up < 0) {
        turned[t] = x, turned[t + 1] = y, turned[t + 2] = z, turned[t + 3] = w;
        for (let axis = 0; axis < 3; axis++) out[p + axis] = root[3 * frame + axis];
        continue;
      }
      const a = turned[4 * up], b = turned[4 * up + 1], c = turned[4 * up + 2], d = turned[4 * up + 3];
      turned[t] = d * x + a * w + b * z - c * y;
      turned[t + 1] = d * y - a * z + b * w + c * x;
      turned[t + 2] = d * z + a * y - b * x + c * w;
      turned[t + 3] = d * w - a * x - b * y - c * z;
      const ox = offsets[p], oy = offsets[p + 1], oz = offsets[p + 2];
      const u = 2 * (b * oz - c * oy), v = 2 * (c * ox - a * oz), s = 2 * (a * oy - b * ox);
      out[p] = out[3 * up] + ox + d * u + b * s - c * v;
      out[p + 1] = out[3 * up + 1] + oy + d * v + c * u - a * s;
      out[p + 2] = out[3 * up + 2] + oz + d * s + a * v - b * u;
    }
    return out;
  }
}

/** Where the pelvis faces in one frame: radians, 0 is ahead, to the left positive. */
export function headingOf(rotations, frame) {
  const q = 88 * frame, x = rotations[q], y = rotations[q + 1], z = rotations[q + 2], w = rotations[q + 3];
  return Math.atan2(2 * (x * z + w * y), 1 - 2 * (x * x + y * y));
}

/** A rotation xyzw turned about the upright axis. */
export function rotatedBy([x, y, z, w], angle) {
  const c = Math.cos(angle / 2), s = Math.sin(angle / 2);
  return [c * x + s * z, c * y + s * w, c * z - s * x, c * w - s * y];
}

/** A place [x, y, z] turned about the upright axis. */
export function turnedBy([x, y, z], angle) {
  const c = Math.cos(angle), s = Math.sin(angle);
  return [c * x + s * z, y, c * z - s * x];
}
