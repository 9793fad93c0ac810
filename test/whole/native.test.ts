/** The native backend in processes of their own (built library). */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { nativeProblem } from "../native.ts";
import { inChild } from "./child.ts";

describe.skipIf(nativeProblem)("native", () => {
  test("two processes with one empty cache compile at the same time, and compute what wasm does", async () => {
    const cache = mkdtempSync(join(tmpdir(), "tendril-cache-"));
    try {
      const env = { TENDRIL_CACHE: cache };
      const hash = (backend: string) => inChild<string>("whole/native.mjs", ["train", backend], { env });
      const [wasm, one, two] = await Promise.all([hash("wasm:2"), hash("native:1"), hash("native:2")]);
      expect([one, two]).toEqual([wasm, wasm]);
      expect(await hash("native:2")).toBe(wasm);
    } finally {
      rmSync(cache, { recursive: true });
    }
  });

  test("a signal stops a long run before its effects, long before its end", async () => {
    const script = fileURLToPath(new URL("native.mjs", import.meta.url));
    const child = spawn(process.execPath, [script, "stop"]);
    let output = "";
    let asked = 0;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (asked > 0 || !output.includes("started")) return;
      // The first run is under way by then.
      setTimeout(() => {
        asked = Date.now();
        child.kill("SIGINT");
      }, 500);
    });
    await new Promise((resolve) => child.on("close", resolve));
    const { code, at } = JSON.parse(output.split("\n")[1]!) as { code: string; at: number };
    expect(code).toBe("cancelled");
    expect(at).toBeGreaterThanOrEqual(asked);
  });
});
