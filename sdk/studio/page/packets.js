// Numbers between studio and page; see sdk/studio/packets.py.

const TYPES = { f4: Float32Array, i2: Int16Array, u2: Uint16Array, u1: Uint8Array, u4: Uint32Array };
const codeOf = (array) => Object.keys(TYPES).find((code) => array instanceof TYPES[code]);

/** {header, arrays} of an ArrayBuffer; an array is {data, shape}. */
export function unpack(buffer) {
  const view = new DataView(buffer);
  if (buffer.byteLength < 8 || view.getUint32(0) !== 0x454d4f31) throw new Error("this is no packet of the studio");
  const length = view.getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const arrays = {};
  for (const [name, { type, shape, at }] of Object.entries(header.arrays)) {
    const count = shape.reduce((product, size) => product * size, 1);
    arrays[name] = { data: new TYPES[type](buffer, 8 + length + at, count), shape };
  }
  delete header.arrays;
  return { header, arrays };
}

export function pack(header, arrays) {
  const described = {};
  let at = 0;
  for (const [name, { data, shape }] of Object.entries(arrays)) {
    described[name] = { type: codeOf(data), shape, at };
    at += Math.ceil(data.byteLength / 4) * 4;
  }
  const text = new TextEncoder().encode(JSON.stringify({ ...header, arrays: described }));
  const length = Math.ceil(text.length / 4) * 4;
  const out = new Uint8Array(8 + length + at).fill(32, 8, 8 + length);
  const view = new DataView(out.buffer);
  view.setUint32(0, 0x454d4f31);
  view.setUint32(4, length, true);
  out.set(text, 8);
  for (const [name, { data }] of Object.entries(arrays)) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 8 + length + described[name].at);
  }
  return out.buffer;
}
