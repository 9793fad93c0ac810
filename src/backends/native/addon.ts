/** The compiled runner as Node loads it (see runner-source.ts), and the signals that stop its runs. */
import { UnsupportedError } from "../../ir/index.ts";
import { nodeModule } from "./node.ts";

/** A machine of the addon. */
export interface NativeFunctions {
  memory(view: Uint8Array): void;
  add(path: string, symbol: string): number;
  walk(table: number, from: number, to: number): number;
  summon(): void;
  helpers(): number;
  release(): void;
}

interface Addon {
  create(threads: number, spin: number): NativeFunctions;
  watch(signal: number): void;
}

let loaded: Addon | undefined;
const watched = new Set<number>();

/** The addon in the library at `path`. Throws UnsupportedError where Node cannot load it. */
export function loadAddon(path: string): Addon {
  if (loaded !== undefined) return loaded;
  const module = { exports: {} };
  try {
    process.dlopen(module, path);
  } catch (cause) {
    throw new UnsupportedError({
      where: "backend native",
      problem: "compiled code cannot be loaded",
      expected: "a runner that Node can load",
      got: cause instanceof Error ? cause.message : String(cause),
      try: 'use the backend "wasm", which computes the same bits',
      cause,
    });
  }
  loaded = module.exports as Addon;
  for (const signal of watched) loaded.watch(signal);
  return loaded;
}

/**
 * Lets signals that this process handles stop native runs that have changed nothing yet, long before their JavaScript
 * handlers get a turn: the signal's handler in C tells the runner, then does what it did before.
 */
export function stopRunsOn(signals: readonly NodeJS.Signals[]): void {
  const { signals: numbers } = nodeModule("node:os").constants;
  for (const name of signals) {
    watched.add(numbers[name]);
    loaded?.watch(numbers[name]);
  }
}
