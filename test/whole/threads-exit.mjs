/** A process that computes on several threads and ends in the way named by its argument (built library). */
import { setTimeout as sleep } from "node:timers/promises";
import { compile, getBackend } from "tendril/core";

const [how, threads, kind] = process.argv.slice(2);
const name = `${kind}:${threads}`;
const square = compile((x) => x.matmul(x), {
  backend: name,
  inputs: [{ shape: [256, 256], dtype: "float32" }],
});
const x = new Float32Array(256 * 256).fill(1);
const run = () => {
  if (square.runSync(x).dataSync()[0] !== 256) throw new Error("wrong numbers");
};
const together = () => {
  while (getBackend(name).machine.helpers < threads - 1) run();
};

const ways = {
  /** Threads are still starting. */
  "at once": run,
  "at once, by exit": () => {
    run();
    process.exit(0);
  },
  "with threads awake": () => {
    together();
    run();
    process.exit(0);
  },
  "with threads asleep": async () => {
    together();
    await sleep(20);
  },
  "with threads let go": () => {
    together();
    getBackend(name).release();
  },
};
await ways[how]();
