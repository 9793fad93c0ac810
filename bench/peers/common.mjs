/** What the contestants in JavaScript share: the conversation over the pipes (see ../contestants.ts), data, the clock. */
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

/** The package, from the folder of `--peers` or from beside this one, or the end of the process where it is not installed. */
export async function needs(name) {
  const { TENDRIL_BENCH_PEERS: folder } = process.env;
  try {
    return await import(folder ? pathToFileURL(createRequire(folder).resolve(name)).href : name);
  } catch (error) {
    say({ absent: String(error.message).split("\n")[0] });
    process.exit(0);
  }
}

/**
 * Prepares the workload given on the command line, then measures one run for each line read. A maker gives the run (seconds,
 * or seconds and the rows done), or nothing where this contestant cannot do that work.
 */
export async function takePart(name, makers) {
  const workload = JSON.parse(process.argv.at(-1));
  const maker = makers[workload.kind];
  if (maker === undefined) return say({ absent: `no ${workload.kind} with ${name}` });
  const run = await maker(workload);
  if (run === undefined) return say({ absent: `no such ${workload.kind} with ${name}` });
  say({ ready: name });
  for await (const _ of createInterface({ input: process.stdin })) {
    const done = await run();
    const megabytes = process.resourceUsage().maxRSS / 1024;
    say({ ...(typeof done === "number" ? { seconds: done } : done), megabytes });
  }
}

export async function timed(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** At least twice, and for a second. */
export async function warmUp(work) {
  const start = performance.now();
  do await work();
  while (performance.now() - start < 1000);
  await work();
}

/** Numbers in [0, 1). */
export function uniform(count, seed) {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}

/** Flat inputs, their shape, and class numbers, for at most so many rows. */
export function samples({ input, classes, rows }, most = rows) {
  const count = Math.min(rows, most);
  const size = input.reduce((a, b) => a * b, 1);
  const labels = Float32Array.from(uniform(count, 2), (v) => Math.floor(v * Math.max(2, classes)));
  return { x: uniform(count * size, 1), shape: [count, ...input], labels, rows: count };
}

/** So often that one measurement of a product takes some tens of milliseconds: threads have woken up then. */
export const repeats = (size) => Math.max(1, Math.round(4e9 / size ** 3));
