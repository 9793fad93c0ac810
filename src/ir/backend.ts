/** What a backend must be able to do. A backend sees Programs, Kernels, Plans and buffers; never a Tensor. */
import type { DType, TypedArray } from "./dtype.ts";
import type { Plan } from "./plan.ts";
import type { Program, ValueSpec } from "./program.ts";
import type { Dim } from "./size.ts";

/**
 * What the compiler may choose for a backend. None of it changes a result: the order of every sum is fixed by shapes.
 */
export interface Target {
  /** Lanes of an elementwise vector loop (a multiple of 4). */
  readonly lanes: number;
  /** Register tile of contractions: rows, and columns in lanes, which are those of two registers. */
  readonly tile: { readonly rows: number; readonly columns: number };
  /** Whether scalars that are neighbours in memory are better loaded as one vector. */
  readonly neighbours: boolean;
  /** Whether memory can be asked for before it is read. */
  readonly prefetch: boolean;
}

/** Memory of a backend that holds the content of a variable or a data set. Freed by `release`. */
export interface DeviceBuffer {
  readonly dtype: DType;
  readonly count: number;
  /** A copy of the content. */
  read(): TypedArray;
  /** Overwrites the content, from element `at` on. */
  write(data: ArrayLike<number>, at?: number): void;
  release(): void;
}

/** The values for one run. An input is host data or memory of this same backend. */
export interface Binding {
  readonly inputs: readonly (TypedArray | DeviceBuffer)[];
  readonly variables: readonly DeviceBuffer[];
  /** Values of the symbolic sizes, by symbol id. */
  readonly sizes: ReadonlyMap<number, number>;
}

export interface RunResult {
  readonly outputs: readonly TypedArray[];
  /** False where the guard of the program was false: no effect was carried out. */
  readonly committed: boolean;
  /** True where the run was stopped before it changed anything: there are no outputs and no effects. */
  readonly interrupted: boolean;
}

export interface ProfileRow {
  readonly label: string;
  readonly kernel: string;
  readonly calls: number;
  readonly seconds: number;
  readonly flops: number;
  readonly bytes: number;
}

/** A Plan or Program made ready on a backend. */
export interface Executable {
  readonly outputs: readonly ValueSpec[];
  run(binding: Binding): RunResult;
  /** Runs `repeat` times with a clock around every row (plan backends only). Effects are carried out. */
  profile?(binding: Binding, repeat: number): readonly ProfileRow[];
  release(): void;
}

/** Live memory of a backend. */
export interface MemoryReport {
  readonly buffers: number;
  readonly bytes: number;
  /** Bytes reserved from the system, scratch included. */
  readonly reserved: number;
}

interface BackendBase {
  readonly name: string;
  /** How many threads work together on a plan. Results do not depend on it. */
  readonly threads: number;
  /** Memory for `count` elements, which are those of `content` or else zeros. Throws UsageError where they are not as many. */
  allocate(dtype: DType, count: number, content?: ArrayLike<number>): DeviceBuffer;
  memory(): MemoryReport;
  /** Ends the other threads, if there are any. */
  release(): void;
}

/** Plans for one target that outlive the process. */
export interface KeptPlans {
  /** The plan kept under `key`, with sizes made of `symbols`. Its kernels are compiled and have no body. */
  find(key: string, symbols: readonly Dim[]): Plan | undefined;
  /** Keeps a plan, with sizes made of `symbols`, under `key` once its kernels are compiled. */
  keep(key: string, symbols: readonly Dim[], plan: Plan): void;
}

/** Makes the plan of the same program for another target, or finds it among those that are kept. */
export type Replan = (target: Target, kept?: KeptPlans) => Plan;

/** Runs Kernels. */
export interface PlanBackend extends BackendBase {
  readonly runs: "plan";
  readonly target: Target;
  /** Where plans are kept, if they are. */
  readonly plans?: KeptPlans | undefined;
  /**
   * For a program that will take so many multiply-adds altogether: what runs it best, if that is ready at once and is not
   * what `prepare` would give. A promise where it is best to wait: ask once more when it is kept.
   */
  ahead?(replan: Replan, work: number): Executable | Promise<void> | undefined;
  /** Ends what `ahead` has started, where nobody waits for it any more. */
  abandon?(): void;
  /** `plan` was made for `target`; a backend that goes over to another machine asks for another one. */
  prepare(plan: Plan, replan?: Replan): Executable;
}

/** Evaluates Programs directly. */
export interface ProgramBackend extends BackendBase {
  readonly runs: "program";
  prepare(program: Program): Executable;
}

export type Backend = PlanBackend | ProgramBackend;
