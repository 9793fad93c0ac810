/**
 * What has to hold before a commit: the build, types, lint and format, import direction, sizes, words, the fast tests. `--quick` leaves
 * the tests out. Prints a line for each, and what is wrong.
 */
import { spawnSync } from "node:child_process";
import { buildWhereStale } from "./check/build.ts";
import { checkImports } from "./check/imports.ts";
import { checkSizes, sizeTable } from "./check/sizes.ts";
import { readSources, root } from "./check/sources.ts";
import { checkWords } from "./check/words.ts";

/** Runs a program of `node_modules` with its output shown. */
function runs(script: string, ...args: string[]): string[] {
  const { status } = spawnSync(process.execPath, [`node_modules/${script}`, ...args], {
    cwd: root,
    stdio: "inherit",
  });
  return status === 0 ? [] : [`${script} ${args.join(" ")} failed`];
}

const sources = readSources();

/** Every check: its name, and what finds problems. */
const checks: readonly [name: string, find: () => readonly string[]][] = [
  ["build", buildWhereStale],
  ["types", () => runs("typescript/bin/tsc", "-p", "tsconfig.json")],
  ["lint and format", () => runs("@biomejs/biome/bin/biome", "check", ".")],
  ["imports", () => checkImports(sources)],
  ["sizes", () => checkSizes(sources)],
  ["words", () => checkWords(sources)],
  ["fast tests", () => runs("vitest/vitest.mjs", "run", "--project", "fast")],
];

const quick = process.argv.includes("--quick");
console.log(sizeTable(sources));
let failed = 0;
for (const [name, find] of quick ? checks.slice(0, -1) : checks) {
  const began = performance.now();
  const problems = find();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${problems.length === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  for (const problem of problems) console.log(`  ${problem}`);
  if (problems.length > 0) failed++;
}
process.exitCode = failed === 0 ? 0 : 1;
