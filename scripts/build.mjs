/**
 * Builds `dist` from `src` (plain JavaScript: `npm ci` runs it before anything else could), removes from `dist` what has no
 * source any more, and makes `dist/node` of the rest. Exit code 1 where the types do not hold.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleForNode } from "./bundle.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");

/** The compiler's own program, so that no shell and no `.cmd` file is needed. */
function compiler() {
  const manifest = createRequire(import.meta.url).resolve("typescript/package.json");
  return join(dirname(manifest), JSON.parse(readFileSync(manifest, "utf8")).bin.tsc);
}

/** Removes outputs whose source is gone: a renamed file must not live on in the package. */
async function removeStale() {
  const outputs = await readdir(dist, { recursive: true });
  for (const output of outputs) {
    if (output.startsWith(`node${sep}`)) continue;
    const source = join(root, "src", output.replace(/(\.d\.ts|\.js)$/, ".ts"));
    if (/\.js$|\.d\.ts$/.test(output) && !existsSync(source)) await rm(join(dist, output));
  }
}

const { status, error } = spawnSync(process.execPath, [compiler(), "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (error) throw error;
if (existsSync(dist)) await removeStale();
if (status === 0) await bundleForNode(root);
else process.exitCode = 1;
