/** Compiled kernels, the C runner and its threads over a memory: what the native backend gives the runner. */
import type { KeptPlans, Kernel } from "../../ir/index.ts";
import type { Arena } from "../arena.ts";
import type { Machine } from "../runner.ts";
import { loadAddon, type NativeFunctions } from "./addon.ts";
import type { Library } from "./library.ts";
import { nodeModule } from "./node.ts";

export class NativeMachine implements Machine {
  readonly arena: Arena;
  readonly threads: number;
  private readonly library: Library;
  private readonly functions: NativeFunctions;
  private readonly indices = new Map<string, number>();
  /** The view of the memory that the runner was told of. */
  private view: Uint8Array | undefined;

  /** A machine over the memory of `arena`. Throws UnsupportedError where the runner cannot be made or loaded. */
  constructor(arena: Arena, threads: number, library: Library) {
    this.arena = arena;
    this.threads = threads;
    this.library = library;
    library.ensure([]);
    const cores = nodeModule("node:os").availableParallelism();
    this.functions = loadAddon(library.runner).create(threads, Number(threads <= cores));
    this.tellMemory();
  }

  get plans(): KeptPlans | undefined {
    return this.library.plans;
  }

  get helpers(): number {
    return this.functions.helpers();
  }

  load(kernels: readonly Kernel[]): number[] {
    const missing = kernels.filter((k) => !this.indices.has(k.key));
    if (missing.length > 0) this.library.ensure(missing);
    return kernels.map((k) => {
      let index = this.indices.get(k.key);
      if (index === undefined) {
        const { path, symbol } = this.library.placeOf(k);
        index = this.functions.add(path, symbol);
        this.indices.set(k.key, index);
      }
      return index;
    });
  }

  summon(): void {
    this.functions.summon();
  }

  /** Tells the runner where the memory is: now, as pages that are written before it knows stay small, and when it has moved. */
  private tellMemory(): void {
    const { u8 } = this.arena.view();
    if (u8 === this.view) return;
    this.functions.memory(u8);
    this.view = u8;
  }

  walk(table: number, from: number, to: number): number {
    // Memory that is not shared may move when it grows.
    this.tellMemory();
    return this.functions.walk(table, from, to);
  }

  release(): void {
    this.functions.release();
  }
}
