// Runs the browser plugin in Node: what Emscripten would put around it, and a WebSocket that answers at once.
import { readFileSync } from "node:fs";

const calls = [];
const heap = new Uint8Array(4096);
heap.set(new TextEncoder().encode("ws://here/x\0"), 100);
heap.set(new TextEncoder().encode("grpc-websockets\0"), 200);
const text = (at) => new TextDecoder().decode(heap.slice(at, heap.indexOf(0, at)));

class FakeSocket {
  static made = [];
  constructor(address, subprotocol) {
    Object.assign(this, { address, subprotocol, sent: [], readyState: 1, closed: false });
    FakeSocket.made.push(this);
  }
  send(data) { this.sent.push(typeof data === "string" ? data : [...data]); }
  close() { this.closed = true; }
}

// The plugin names its callbacks by expressions of Emscripten's preprocessor.
const source = readFileSync(process.argv[2], "utf8").replace(/\{\{\{ makeDynCall\("\w+", "(\w+)"\) \}\}\}/g, "call.bind(null, $1)");
const library = {};
new Function(
  "LibraryManager", "mergeInto", "autoAddDeps", "UTF8ToString", "HEAPU8", "_malloc", "_free", "WebSocket", "call",
  `${source.replace("mergeInto(", "globalThis.EmoMotionSockets = EmoMotionSocket.$EmoMotionSockets; mergeInto(")}`,
)({ library }, Object.assign, () => {}, text, heap, () => 1000, () => {}, FakeSocket, (name, ...rest) => calls.push([name, ...rest]));

const id = library.EmoMotionSocketOpen(100, 200, "opened", "received", "closed");
const [socket] = FakeSocket.made;
socket.onopen();
library.EmoMotionSocketSend(id, 100, 0, 4, 1);
library.EmoMotionSocketSend(id, 200, 5, 3, 0);
socket.onmessage({ data: new Uint8Array([7, 8, 9]).buffer });
const received = [...heap.slice(1000, 1003)];
socket.onclose({ code: 1006 });
library.EmoMotionSocketSend(id, 100, 0, 4, 1);
const other = library.EmoMotionSocketOpen(100, 200, "opened", "received", "closed");
library.EmoMotionSocketClose(other);
console.log(JSON.stringify({
  address: socket.address, subprotocol: socket.subprotocol, sent: socket.sent, calls, received, id, other,
  left: Object.keys(globalThis.EmoMotionSockets.open).length, closed: FakeSocket.made[1].closed,
  silent: FakeSocket.made[1].onclose === null,
}));
