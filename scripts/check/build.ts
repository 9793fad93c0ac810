/** Builds `dist` where a source, or how it is built, is newer than the last build: examples are typed against it, tests run it. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { root } from "./sources.ts";

/** Among what a build makes last. */
const stamp = join(root, "dist", "node", "main.js");
/** What decides, beside the sources, what a build makes. */
const rules = ["package.json", "tsconfig.build.json", "scripts/build.mjs", "scripts/bundle.mjs"];

function stale(): boolean {
  if (!existsSync(stamp)) return true;
  const built = statSync(stamp).mtimeMs;
  const sources = readdirSync(join(root, "src"), { recursive: true }) as string[];
  const decisive = [...sources.map((name) => join("src", name)), ...rules];
  return decisive.some((name) => statSync(join(root, name)).mtimeMs > built);
}

/** Returns what went wrong. */
export function buildWhereStale(): string[] {
  if (!stale()) return [];
  const { status } = spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: root, stdio: "inherit" });
  return status === 0 ? [] : ["scripts/build.mjs failed"];
}
