// Connect, make a clip, drive a live character, change what it feels: gRPC-Web by fetch, the live stream by WebSocket.
import protobuf from "protobufjs";

const [server, protos = new URL("../../protos", import.meta.url).pathname] = process.argv.slice(2);
const root = new protobuf.Root();
root.resolvePath = (_, name) => (name.startsWith("emomotion/") ? `${protos}/${name}` : name);
await root.load(["emomotion/v1/motion.proto", "emomotion/v1/live.proto"]);
const type = (name) => root.lookupType(`emomotion.v1.${name}`);
const JOY = 2, ANGER = 8; // numbers of the enum Emotion
const feeling = (emotion) => ({ weights: [{ emotion, weight: 1 }], intensity: 0.7 });

// A message on its way is framed: a byte of flags, four of length. A frame with flag 0x80 ends the call with its status.
function framed(message) {
  const out = new Uint8Array(5 + message.length);
  new DataView(out.buffer).setUint32(1, message.length);
  out.set(message, 5);
  return out;
}
function* frames(bytes) {
  for (let at = 0; at < bytes.length; ) {
    const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(1);
    yield [bytes[at], bytes.subarray(at + 5, at + 5 + length)];
    at += 5 + length;
  }
}
function check(trailers) {
  const status = /grpc-status: (\d+)/.exec(trailers)?.[1];
  if (status !== "0") throw new Error(decodeURIComponent(/grpc-message: (.*)/.exec(trailers)?.[1] ?? trailers));
}

async function call(method, request, Request, Reply) {
  const response = await fetch(`${server}/emomotion.v1.MotionService/${method}`, {
    method: "POST",
    headers: { "content-type": "application/grpc-web+proto" },
    body: framed(type(Request).encode(type(Request).create(request)).finish()),
  });
  const replies = [];
  for (const [flags, bytes] of frames(new Uint8Array(await response.arrayBuffer())))
    flags & 0x80 ? check(new TextDecoder().decode(bytes)) : replies.push(type(Reply).decode(bytes));
  return replies;
}

// `each` gets every frame, and functions to change the character and to end.
function drive(start, each) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${server.replace("http", "ws")}/emomotion.v1.LiveService/Drive`, "grpc-websockets");
    const Request = type("DriveRequest"), Reply = type("DriveReply");
    const send = (part) => socket.send(new Uint8Array([0, ...framed(Request.encode(Request.create(part)).finish())]));
    const end = () => (send({ end: {} }), socket.send(new Uint8Array([1])));
    let trailers = "";
    socket.binaryType = "arraybuffer";
    socket.onopen = () => (socket.send("x-grpc-web: 1\r\n"), send({ start }));
    socket.onmessage = ({ data }) => {
      for (const [flags, bytes] of frames(new Uint8Array(data)))
        if (flags & 0x80) trailers = new TextDecoder().decode(bytes);
        else {
          const { frame } = Reply.decode(bytes);
          if (frame) each(frame, (change) => send({ change }), end);
        }
    };
    socket.onerror = () => reject(new Error(`no server answers at ${server}; start one with: emomotion serve --web-port 8080`));
    socket.onclose = () => {
      try { resolve(check(trailers)); } catch (error) { reject(error); }
    };
  });
}

const [info] = await call("GetInfo", {}, "GetInfoRequest", "GetInfoReply");
console.log("bundle", info.bundle.name);

const request = { text: "a person waves the right hand", affect: feeling(JOY), seconds: 2, seed: 7 };
const parts = await call("Generate", request, "GenerateRequest", "GenerateReply");
const chunks = parts.flatMap(({ chunk }) => chunk ?? []);
const [x, y, z] = chunks.at(-1).root.slice(-3);
const count = chunks.reduce((sum, chunk) => sum + chunk.frameCount, 0);
console.log(`clip of ${count} frames ends at ${x.toFixed(3)} ${y.toFixed(3)} ${z.toFixed(3)}`);

let felt = JOY, ending = false;
await drive({ wish: { text: "a person walks forward", affect: feeling(JOY) }, seed: 7 }, (frame, change, end) => {
  if (Number(frame.number) === 20) change({ affect: feeling(ANGER) }); // 30 a second; a game poses its character here
  felt = frame.affect.weights[0].emotion;
  if (felt === ANGER && !ending) (ending = true), end();
});
console.log(`felt joy, then ${felt === ANGER ? "anger" : "joy"}`);
