// What the page asks the studio for.

/** A refusal: what is wrong, at which field, and whether it is the server that is away. */
export class Fault extends Error {
  constructor({ error, field = "", away = false }) {
    super(error);
    this.field = field;
    this.away = away;
  }
}
const NOBODY = "the studio itself does not answer; start it again with: emomotion studio";

async function asked(path, options) {
  let reply;
  try {
    reply = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Fault({ error: NOBODY, away: true });
  }
  if (reply.ok) return reply;
  const text = await reply.text();
  let told;
  try {
    told = JSON.parse(text);
  } catch {
    told = { error: text.trim() || `the studio answered ${reply.status}` };
  }
  throw new Fault(told);
}

export const packet = async (path) => (await asked(path)).arrayBuffer();
export const affectAt = async (valence, arousal) => (await asked(`/api/affect?valence=${valence}&arousal=${arousal}`)).json();

/** Controls of a face that shows a feeling. */
export async function lookOf(affect) {
  const options = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ affect }) };
  return (await (await asked("/api/look", options)).json()).controls;
}

const PACKET = "application/octet-stream";
/** A clip as a packet; `body` is the order as an object, or a packet with the motion to change. */
export async function make(body, signal) {
  const packed = body instanceof ArrayBuffer;
  const headers = { "content-type": packed ? PACKET : "application/json" };
  const sent = packed ? body : JSON.stringify(body);
  return (await asked("/api/make", { method: "POST", headers, body: sent, signal })).arrayBuffer();
}

/** {name, blob} of a clip's files. */
export async function exported(body) {
  const reply = await asked("/api/export", { method: "POST", headers: { "content-type": PACKET }, body });
  const name = decodeURIComponent(/filename\*=UTF-8''([^;]+)/.exec(reply.headers.get("content-disposition"))?.[1] ?? "clip.zip");
  return { name, blob: await reply.blob() };
}

export const socketTo = (path) => new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`);

/** Follows the state of the server for as long as the page is open; `tell` gets it whenever it changes. */
export class Watch {
  constructor(tell) {
    this.tell = tell;
    this.wait = 250;
    this.open();
  }

  open() {
    clearTimeout(this.timer);
    this.socket?.close();
    const socket = (this.socket = socketTo("/api/state"));
    socket.onmessage = (event) => {
      this.wait = 250;
      this.tell(JSON.parse(event.data));
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      this.tell({ state: "away", message: NOBODY, studio: false });
      this.timer = setTimeout(() => this.open(), this.wait);
      this.wait = Math.min(this.wait * 1.6, 2000);
    };
  }

  /** Look again at once. */
  again() {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send("look");
    else this.open();
  }
}
