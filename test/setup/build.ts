/** Builds `dist` before tests that use it, where a source is newer than the last build. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const stamp = join(root, "dist", ".tsbuildinfo");

function stale(): boolean {
  if (!existsSync(stamp)) return true;
  const built = statSync(stamp).mtimeMs;
  const sources = readdirSync(join(root, "src"), { recursive: true }) as string[];
  return sources.some((name) => statSync(join(root, "src", name)).mtimeMs > built);
}

export default function setup(): void {
  if (stale()) execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: root, stdio: "inherit" });
}
