// Small helps for elements. Every module takes what it needs from here; there is no framework.

const SVG = "http://www.w3.org/2000/svg";
export const $ = (id) => document.getElementById(id);
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
export const round = (value, digits = 2) => Number(value.toFixed(digits));

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}
export const h = (tag, attributes, ...children) => filled(document.createElement(tag), attributes, children);
export const s = (tag, attributes, ...children) => filled(document.createElementNS(SVG, tag), attributes, children);

/** Set only what is different, so that the reader of a screen hears only that. */
export function put(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) node.removeAttribute(name);
    else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
}
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
/** A value of a control that nobody is just typing into. */
export function fill(node, value) {
  if (document.activeElement !== node && node.value !== String(value)) node.value = value;
}
export function fillRange(node, value) {
  if (node.value !== String(value)) node.value = value;
}

let saidLast = 0;
/** Tell readers of screens. The same sentence twice is said twice. */
export function announce(text) {
  $("said").textContent = text + (saidLast++ % 2 ? "\u00a0" : "");
}

/** Drag with pointer capture; `move` gets the event, also at the start; `end` when it is over. */
export function drag(node, { start, move, end }) {
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || (start && start(event) === false)) return;
    event.preventDefault();
    if (node.setPointerCapture) node.setPointerCapture(event.pointerId);
    const moved = (later) => later.pointerId === event.pointerId && move(later);
    const ended = (later) => {
      if (later.pointerId !== event.pointerId) return;
      node.removeEventListener("pointermove", moved);
      node.removeEventListener("pointerup", ended);
      node.removeEventListener("pointercancel", ended);
      end?.(later);
    };
    node.addEventListener("pointermove", moved);
    node.addEventListener("pointerup", ended);
    node.addEventListener("pointercancel", ended);
    move(event);
  });
}

/** Mark the control that a fault is about; its panel is opened and shown. True if there is one. */
export function mark(field) {
  unmark();
  const own = (field ?? "").replace(/^beats(\.\d+)?\.?/, "").replace(/^track.*/, "affect");
  const parts = (own || (field ? "text" : "")).split(".");
  for (let n = parts.length; n > 0; n--) {
    const node = document.querySelector(`[data-field="${CSS.escape(parts.slice(0, n).join("."))}"]`);
    if (!node) continue;
    node.dataset.bad = "";
    if (node.matches("input, textarea, select")) node.setAttribute("aria-invalid", "true");
    const closed = node.closest("details:not([open])");
    if (closed) closed.open = true;
    node.scrollIntoView({ block: "nearest" });
    node.focus?.();
    return true;
  }
  return false;
}
export function unmark() {
  for (const node of document.querySelectorAll("[data-bad]")) {
    delete node.dataset.bad;
    node.removeAttribute("aria-invalid");
  }
}

/** One element for each item, kept while its id stays: what is dragged or has the focus is never made anew. */
export function keyed(parent, items, create, update) {
  const kept = (parent.kept ??= new Map());
  const wanted = new Set(items.map((item) => item.id));
  for (const [name, node] of kept) {
    if (wanted.has(name)) continue;
    node.remove();
    kept.delete(name);
  }
  items.forEach((item, index) => {
    let node = kept.get(item.id);
    if (!node) kept.set(item.id, (node = create(item)));
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
    update(node, item, index);
  });
}
