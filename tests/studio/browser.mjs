// A browser that does what it is told, a line of JSON at a time: {"do": name, ...} in, {"value"} or {"error"} out.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const args = [
  "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const browser = await chromium.launch({ executablePath: process.argv[2], headless: true, args });
let page, context, faults, elsewhere;

const does = {
  async open({ url, width = 1024, height = 700, scheme = "light", motion = "no-preference" }) {
    await context?.close();
    context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: motion, acceptDownloads: true });
    page = await context.newPage();
    [faults, elsewhere] = [[], []];
    page.on("pageerror", (error) => faults.push(`${error}`));
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    page.on("request", (request) => new URL(request.url()).origin === new URL(url).origin || /^(blob|data):/.test(request.url()) || elsewhere.push(request.url()));
    await page.goto(url);
  },
  reload: () => page.reload(),
  media: (wished) => page.emulateMedia(wished),
  eval: ({ code }) => page.evaluate(code),
  // Not waitForFunction: it evaluates within the page, whose policy forbids that.
  async until({ code, timeout = 20000 }) {
    for (const end = Date.now() + timeout; ; await new Promise((done) => setTimeout(done, 25))) {
      if (await page.evaluate(code).catch(() => false)) return null;
      if (Date.now() > end) throw new Error(`not in ${timeout} ms`);
    }
  },
  click: ({ on, ...options }) => page.click(on, { timeout: 8000, ...options }),
  fill: ({ on, value }) => page.fill(on, value, { timeout: 8000 }),
  select: ({ on, value }) => page.selectOption(on, value, { timeout: 8000 }),
  focus: ({ on }) => page.focus(on, { timeout: 8000 }),
  press: ({ keys }) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve()),
  box: ({ on }) => page.locator(on).first().boundingBox(),
  async drag({ points }) {
    await page.mouse.move(...points[0]);
    await page.mouse.down();
    for (const point of points.slice(1)) await page.mouse.move(...point, { steps: 6 });
    await page.mouse.up();
  },
  async download({ on, to }) {
    const [file] = await Promise.all([page.waitForEvent("download", { timeout: 15000 }), page.click(on)]);
    await file.saveAs(to);
    return file.suggestedFilename();
  },
  screenshot: ({ to }) => page.screenshot({ path: to }).then(() => null),
  async axe() {
    // The page's own policy lets no script in but its own; what is evaluated from outside is not bound by it.
    await page.evaluate(await readFile(require.resolve("axe-core/axe.min.js"), "utf8"));
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    return violations.map(({ id, impact, help, nodes }) => ({ id, impact, help, nodes: nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`) }));
  },
  faults: () => ({ faults, elsewhere }),
};

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const { do: name, ...rest } = JSON.parse(line);
    answer = { value: (await does[name](rest)) ?? null };
  } catch (error) {
    answer = { error: `${error.message ?? error}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
