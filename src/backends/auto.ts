/**
 * The backend that begins at once on wasm and goes over to native code where a plan runs long enough to be worth compiling:
 * over the same memory and buffers, with the same bits, so that nobody can tell but by the clock.
 */
import type {
  Binding,
  Executable,
  Kernel,
  Plan,
  ProfileRow,
  Replan,
  RunResult,
  ValueSpec,
} from "../ir/index.ts";
import { library } from "./native/library.ts";
import { NativeMachine } from "./native/machine.ts";
import { hasNode } from "./native/node.ts";
import { nativeTarget } from "./native/target.ts";
import { MachineBackend } from "./runner.ts";
import { warn as warnOnConsole } from "./wasm/host.ts";
import { createWasmBackend, type WasmOptions } from "./wasm/index.ts";

/** Milliseconds that a plan has run on wasm before compilers are started for it. */
const WORTH = 300;
/** Multiply-adds, of forward passes alone, that take so long; more of them are known to be worth it before the first run. */
const WORK = 2 ** 30;
/**
 * Multiply-adds for which it is best to wait for compilers, and for how many milliseconds from their start: kernels that run beside
 * them, and what it takes to make those, keep the processors from them.
 */
const LONG = 2 ** 33;
const PATIENCE = 3000;
/** Milliseconds between looks at whether they are ready. */
const LOOK = 10;

/** A plan for native code, and the kernels that it needs. */
interface Native {
  readonly plan: Plan;
  readonly kernels: readonly Kernel[];
}

export interface AutoOptions extends WasmOptions {
  /** Milliseconds that a plan runs on wasm before compilers are started for it, 300 unless given. */
  readonly worth?: number;
}

export class AutoBackend extends MachineBackend {
  /** How many plans have gone over to native code. */
  moves = 0;
  readonly worth: number;
  private readonly wasm: MachineBackend;
  private readonly warn: (text: string) => void;
  private compiled: MachineBackend | undefined;
  /** Plans for native code that were made ahead, and wait for compilers. */
  private readonly waiting = new WeakMap<Replan, Native>();
  /** Why there is no native code, once that is known. */
  private problem: unknown;

  constructor(wasm: MachineBackend, warn: (text: string) => void, worth: number) {
    super("auto", wasm.target, wasm.machine, wasm.store);
    this.wasm = wasm;
    this.warn = warn;
    this.worth = worth;
    if (!hasNode()) this.problem = "there is no C compiler in a page";
  }

  override prepare(plan: Plan, replan?: Replan): Executable {
    const first = this.wasm.prepare(plan);
    if (replan === undefined || this.problem !== undefined) return first;
    return new Moving(this, first, replan, this.waiting.get(replan));
  }

  /**
   * On native code at once, where its kernels are in the cache; else compilers start before the first run, which waits for them
   * where much is to be done.
   */
  ahead(replan: Replan, work: number): Executable | Promise<void> | undefined {
    if (work < WORK) return undefined;
    return this.attempt(() => {
      const known = this.waiting.get(replan);
      const native = known ?? nativeOf(replan);
      if (library().obtain(native.kernels)) return this.moved(native.plan);
      this.waiting.set(replan, native);
      return known === undefined && work >= LONG ? library().compiled(PATIENCE) : undefined;
    });
  }

  abandon(): void {
    library().abandon();
  }

  override release(): void {
    super.release();
    this.compiled?.release();
  }

  /** What `make` gives, or undefined after the one notice that says why there is no native code. */
  attempt<T>(make: () => T): T | undefined {
    if (this.problem !== undefined) return undefined;
    try {
      return make();
    } catch (error) {
      this.problem = error;
      const { problem, got } = error as { problem?: string; got?: string };
      const why = problem === undefined ? String(error) : `${problem}: ${got}`;
      this.warn(
        `the wasm backend goes on with what native code would do faster, with the same results (${why})`,
      );
      return undefined;
    }
  }

  /** The plan on native code; its kernels are compiled. */
  moved(plan: Plan): Executable {
    this.compiled ??= new MachineBackend(
      "native",
      nativeTarget(library().toolchain.lanes),
      new NativeMachine(this.arena, this.threads, library()),
      this.store,
    );
    const moved = this.compiled.prepare(plan);
    this.moves += 1;
    return moved;
  }
}

/** A plan that runs on wasm and then, once that is worth it and possible, on native code. */
class Moving implements Executable {
  readonly outputs: readonly ValueSpec[];
  private readonly backend: AutoBackend;
  private current: Executable;
  /** Makes the plan for another target; undefined once it has moved, or will not. */
  private replan: Replan | undefined;
  private next: Native | undefined;
  private spent: number;
  private looked = 0;

  constructor(backend: AutoBackend, first: Executable, replan: Replan, next: Native | undefined) {
    this.backend = backend;
    this.current = first;
    this.outputs = first.outputs;
    this.replan = replan;
    this.next = next;
    // What waits for compilers is worth them.
    this.spent = next === undefined ? 0 : backend.worth;
  }

  run(binding: Binding): RunResult {
    if (this.replan === undefined) return this.current.run(binding);
    const start = performance.now();
    const result = this.current.run(binding);
    const end = performance.now();
    this.spent += end - start;
    if (this.spent >= this.backend.worth && end - this.looked >= LOOK) {
      this.looked = end;
      this.move(this.replan);
    }
    return result;
  }

  private move(replan: Replan): void {
    const moved = this.backend.attempt(() => {
      this.next ??= nativeOf(replan);
      return library().obtain(this.next.kernels) ? this.backend.moved(this.next.plan) : this.current;
    });
    if (moved === this.current) return;
    this.replan = undefined;
    this.next = undefined;
    if (moved === undefined) return;
    this.current.release();
    this.current = moved;
  }

  profile(binding: Binding, repeat: number): readonly ProfileRow[] {
    return this.current.profile!(binding, repeat);
  }

  release(): void {
    this.replan = undefined;
    this.current.release();
  }
}

function nativeOf(replan: Replan): Native {
  const { toolchain, plans } = library();
  const plan = replan(nativeTarget(toolchain.lanes), plans);
  return { plan, kernels: plan.rows.map((r) => r.kernel) };
}

/** A fresh backend with a memory of its own. Throws UsageError for a number of threads that makes no sense. */
export function createAutoBackend(options: AutoOptions = {}): AutoBackend {
  const { warn = warnOnConsole, worth = WORTH } = options;
  return new AutoBackend(createWasmBackend(options), warn, worth);
}
