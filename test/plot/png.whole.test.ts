/** Pictures depend on nothing around them. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as plot from "../../src/plot/index.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const installed = existsSync(`${root}/node_modules/@resvg/resvg-wasm`);

test.skipIf(!installed)(
  "the same bytes in a process without home, fonts or environment (skipped where @resvg/resvg-wasm is not installed)",
  async () => {
    const script = `
    import { createHash } from "node:crypto";
    import { lineChart, renderPng } from "./src/plot/index.ts";
    const bytes = await renderPng(lineChart([{ name: "loss", y: [3, 2, 1] }], { title: "Loss" }));
    process.stdout.write(createHash("sha256").update(bytes).digest("hex"));`;
    const args = ["--import", "tsx", "--input-type=module", "--eval", script];
    const env = {
      HOME: "/nonexistent",
      FONTCONFIG_PATH: "/nonexistent",
      FONTCONFIG_FILE: "/nonexistent",
      TSX_DISABLE_CACHE: "1",
    };
    const there = execFileSync(process.execPath, args, { cwd: root, env, encoding: "utf8" });
    const bytes = await plot.renderPng(plot.lineChart([{ name: "loss", y: [3, 2, 1] }], { title: "Loss" }));
    expect(there).toBe(createHash("sha256").update(bytes).digest("hex"));
  },
  60_000,
);
