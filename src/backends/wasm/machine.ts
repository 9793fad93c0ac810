/** A memory, its compiled kernels, the walker and the threads: what the wasm backend gives the runner. */
import type { Kernel } from "../../ir/index.ts";
import type { Arena } from "../arena.ts";
import type { Machine } from "../runner.ts";
import { Crew } from "./crew.ts";
import { wasm } from "./engine.ts";
import { availableThreads } from "./host.ts";
import { FAILED } from "./job.ts";
import { pagedArena } from "./memory.ts";
import { KernelCache } from "./module.ts";
import type { Walker } from "./walker.ts";
import { walkerModule } from "./walker.ts";

export class WasmMachine implements Machine {
  readonly arena: Arena;
  private readonly kernels: KernelCache;
  private readonly walker: Walker;
  private readonly crew: Crew;

  /** The memory is shared where there are several `threads`. */
  constructor(threads: number, warn: (text: string) => void) {
    const shared = threads > 1;
    const { memory, arena } = pagedArena(shared);
    this.arena = arena;
    const module = walkerModule(shared, threads <= availableThreads());
    this.crew = new Crew(threads, memory, module, warn);
    this.kernels = new KernelCache(memory, shared, (bytes, tableAt, functions) =>
      this.crew.announce(this.arena, bytes, tableAt, functions),
    );
    const env = { memory, table: this.kernels.table };
    this.walker = new wasm.Instance(module, { env }).exports as unknown as Walker;
  }

  get threads(): number {
    return this.crew.threads;
  }

  get helpers(): number {
    return this.crew.helpers;
  }

  load(kernels: readonly Kernel[]): number[] {
    return this.kernels.load(kernels);
  }

  summon(): void {
    this.crew.summon();
  }

  walk(table: number, from: number, to: number): number {
    let status: number;
    try {
      status = this.walker.walk(table, from, to);
    } catch (error) {
      this.settle();
      throw error;
    }
    if (status <= FAILED) throw this.crew.failure(status);
    return status;
  }

  /** Ends the job in which a kernel failed in this thread. The kernel may fail again in its other tasks. */
  private settle(): void {
    for (let settled = false; !settled; ) {
      try {
        this.walker.settle?.();
        settled = true;
      } catch {}
    }
    this.crew.forgive();
  }

  release(): void {
    this.crew.release();
  }
}
