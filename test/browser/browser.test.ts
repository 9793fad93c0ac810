/**
 * The built library in headless Chromium: loads as modules under a strict policy, trains with the same bits as in Node
 * (reliability DT-4, BR-1), makes the same files and pictures. Skipped where Chromium is absent.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serve } from "./server.ts";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const there = existsSync(executablePath);
if (!there) process.stderr.write(`browser tests skipped: there is no ${executablePath}\n`);

const args = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const doors = ["browser", "core", "data", "formats", "nn", "plot"];

type Hashes = Readonly<Record<string, string>>;

/** Does one of the tasks of page.mjs. */
function task(page: Page, name: string): Promise<unknown> {
  return page.evaluate(
    (name) => (globalThis as unknown as { tasks: Record<string, () => unknown> }).tasks[name]!(),
    name,
  );
}

async function inNode(): Promise<Hashes> {
  const script = new URL("./node.mjs", import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(script)]);
  return JSON.parse(stdout) as Hashes;
}

describe.skipIf(!there)("headless Chromium (skipped where it is absent)", () => {
  let browser: Browser;
  let node: Hashes;

  beforeAll(async () => {
    [browser, node] = await Promise.all([chromium.launch({ executablePath, args }), inNode()]);
  });
  afterAll(() => browser?.close());

  describe.each([{ isolated: false }, { isolated: true }])("with isolation: $isolated", ({ isolated }) => {
    let server: Awaited<ReturnType<typeof serve>>;
    let page: Page;
    const complaints: string[] = [];

    beforeAll(async () => {
      server = await serve({ isolated });
      page = await browser.newPage();
      page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(String(error)));
      await page.goto(server.url);
      await page.waitForFunction(() => "tasks" in globalThis).catch(() => expect(complaints).toEqual([]));
    });
    afterAll(async () => {
      await page?.close();
      await server?.close();
    });

    test("every public module loads, under a policy without code from text", async () => {
      expect(await task(page, "isolated")).toBe(isolated);
      expect(await task(page, "doors")).toEqual(doors.map((name) => [name, true]));
    });

    test("the page trains the same weights as Node", async () => {
      expect(await task(page, "train")).toEqual(node);
    });

    test("a worker of the page trains the same weights as Node", async () => {
      expect(await task(page, "trainInWorker")).toEqual({ hashes: node, isolated });
    });

    test("the engine of the page trains the same weights as Node, on all threads where it may", async () => {
      const found = await task(page, "engine");
      const [threads, notices] = isolated ? [3, 0] : [1, 1];
      expect(found).toEqual({ hashes: node, threads, isolated, notices });
    });

    test("models become files and figures become pictures", async () => {
      expect(await task(page, "files")).toEqual({ same: true, inked: true });
      expect(complaints).toEqual([]);
    });

    test("an engine that cannot start says so", async () => {
      expect(await task(page, "missing")).toBe("device");
    });
  });
});
