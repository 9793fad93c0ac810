/** The default backend: WebAssembly SIMD made in TypeScript. Works in Node, in pages and in workers; needs no toolchain. */
import { UsageError } from "../../ir/index.ts";
import { MachineBackend } from "../runner.ts";
import { canShare, MAX_THREADS, warn as warnOnce } from "./host.ts";
import { WasmMachine } from "./machine.ts";

export { availableThreads } from "./host.ts";

export interface WasmOptions {
  /** How many threads share the work, from 1 (the default) to 256. Results have the same bits for any number. */
  readonly threads?: number;
  /** Told, at most once, that there are fewer threads than asked for; a warning on the console unless given. */
  readonly warn?: (text: string) => void;
}

/**
 * A fresh backend with a memory of its own; the same bits on every engine. The memory is shared, and there are other
 * threads, only where more than one is asked for and allowed: in Node, and in workers of cross-origin isolated pages.
 * Throws UsageError for a number of threads that makes no sense.
 */
export function createWasmBackend({ threads = 1, warn = warnOnce }: WasmOptions = {}): MachineBackend {
  checkThreads(threads);
  return new MachineBackend(
    "wasm",
    { lanes: 16, tile: { rows: 4, columns: 8 }, neighbours: true, prefetch: false },
    machineOf(threads, warn),
  );
}

function machineOf(threads: number, warn: (text: string) => void): WasmMachine {
  if (threads === 1) return new WasmMachine(1, warn);
  const alone = (why: unknown): WasmMachine => {
    warn(`the wasm backend runs on one thread, which computes the same numbers (${why})`);
    return new WasmMachine(1, warn);
  };
  if (!canShare()) return alone("memory is shared only in workers of cross-origin isolated pages");
  try {
    return new WasmMachine(threads, warn);
  } catch (error) {
    return alone(error);
  }
}

/** Throws UsageError for a number of threads that makes no sense. */
export function checkThreads(threads: number): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
    throw new UsageError({
      where: "threads",
      problem: "the number of threads makes no sense",
      expected: `a whole number from 1 to ${MAX_THREADS}`,
      got: String(threads),
      try: "leave it out to use what the machine has",
    });
  }
}
