// Calls a server as a page would, with nothing but what browsers have: fetch and WebSocket. Prints what it found as JSON.
// node --experimental-websocket web_client.mjs ADDRESS, and a GetInfo, Generate, start, change and end message in base64.
const [address, ...messages] = process.argv.slice(2);
const [info, generate, start, change, end] = messages.map((text) => new Uint8Array(Buffer.from(text, "base64")));

function framed(message) {
  const out = new Uint8Array(5 + message.length);
  new DataView(out.buffer).setUint32(1, message.length);
  out.set(message, 5);
  return out;
}

function* frames(bytes) {
  for (let at = 0; at < bytes.length; ) {
    const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(1);
    yield { trailers: bytes[at] === 0x80, content: bytes.subarray(at + 5, at + 5 + length) };
    at += 5 + length;
  }
}

const text = (bytes) => new TextDecoder().decode(bytes);
const base64 = (bytes) => Buffer.from(bytes).toString("base64");

async function call(method, message) {
  const response = await fetch(`${address}/emomotion.v1.MotionService/${method}`, {
    method: "POST",
    headers: { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" },
    body: framed(message),
  });
  const found = [...frames(new Uint8Array(await response.arrayBuffer()))];
  return { trailers: text(found.pop().content), messages: found.map((one) => base64(one.content)) };
}

function drive() {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${address.replace("http", "ws")}/emomotion.v1.LiveService/Drive`, "grpc-websockets");
    const send = (message) => socket.send(new Uint8Array([0, ...framed(message)]));
    const blocks = [];
    const replies = [];
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      socket.send("x-from: a page\r\n");
      send(start);
    };
    socket.onmessage = (event) => {
      for (const one of frames(new Uint8Array(event.data))) {
        (one.trailers ? blocks : replies).push(one.trailers ? text(one.content) : base64(one.content));
        if (!one.trailers && replies.length === 10) send(change);
        if (!one.trailers && replies.length === 30) {
          send(end);
          socket.send(new Uint8Array([1]));
        }
      }
    };
    socket.onerror = (event) => reject(event.error ?? new Error("the socket failed"));
    socket.onclose = (event) => resolve({ code: event.code, blocks, replies });
  });
}

console.log(JSON.stringify({ info: await call("GetInfo", info), clip: await call("Generate", generate), live: await drive() }));
