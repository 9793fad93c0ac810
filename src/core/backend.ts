/** The backends by name. Each is made when first asked for, and lives as long as the process. */

import { createAutoBackend } from "../backends/auto.ts";
import { createJsBackend } from "../backends/js/index.ts";
import { createNativeBackend } from "../backends/native/index.ts";
import { ReferenceBackend } from "../backends/reference/index.ts";
import { availableThreads, createWasmBackend } from "../backends/wasm/index.ts";
import { planOf } from "../compile/index.ts";
import type { Backend, Binding, Executable, MemoryReport, Replan, RunResult } from "../ir/backend.ts";
import { CancelledError, UsageError } from "../ir/errors.ts";
import type { Plan } from "../ir/plan.ts";
import type { Program } from "../ir/program.ts";
import { toTheEnd } from "../ir/steps.ts";

const makers = {
  /** wasm at once, and native code where that is worth compiling and possible. */
  auto: (threads: number): Backend => createAutoBackend({ threads }),
  /** WebAssembly with SIMD, made here: the fast one. */
  wasm: (threads: number): Backend => createWasmBackend({ threads }),
  /** Kernels as C, compiled by the system's compiler: the fastest one, in Node with a C compiler. */
  native: (threads: number): Backend => createNativeBackend({ threads }),
  /** Interprets kernels literally: the oracle for code generators. */
  js: (): Backend => createJsBackend(),
  /** float64, node by node: the oracle. */
  reference: (): Backend => new ReferenceBackend(),
};

/** Backends whose threads can be counted. */
type Threaded = "auto" | "wasm" | "native";
const threaded: ReadonlySet<string> = new Set<Threaded>(["auto", "wasm", "native"]);

export { availableThreads };

/** The names of the backends; `wasm` takes all threads that the machine offers, `wasm:2` two. */
export type BackendName = keyof typeof makers | `${Threaded}:${number}`;

/** The backend used unless another is named: what the environment variable `TENDRIL_BACKEND` says, else `auto`. */
export const defaultBackend: BackendName =
  ((globalThis as { process?: NodeJS.Process }).process?.env?.TENDRIL_BACKEND as BackendName | undefined) ||
  "auto";

/** By name. `wasm` is the same one as `wasm:N` for the N of this machine, and so are others with threads. */
const live = new Map<BackendName, Backend>();

/**
 * The backend called `name`. The number of threads changes no bit of what it computes. Throws UsageError when there is
 * none of that name.
 */
export function getBackend(name: BackendName = defaultBackend): Backend {
  const existing = live.get(name);
  if (existing !== undefined) return existing;
  const made = threaded.has(name)
    ? getBackend(`${name as Threaded}:${availableThreads()}`)
    : makeBackend(name);
  live.set(name, made);
  return made;
}

/**
 * Where the first content of a variable is computed that is to live on `backend`: there, so that no other threads are
 * started; on wasm where each of the small programs would need a C compiler; or on the default backend where it would be
 * computed in another way.
 */
export function homeOf(backend: Backend): BackendName {
  if (backend.name === "native") return "wasm:1";
  const names = [...live.keys()] as BackendName[];
  const name = names.find((n) => live.get(n) === backend);
  return backend.runs === "plan" && name !== undefined ? name : defaultBackend;
}

function makeBackend(name: BackendName): Backend {
  const [kind = "", threads] = name.split(":");
  if (Object.hasOwn(makers, kind) && (threads === undefined || threaded.has(kind))) {
    return makers[kind as keyof typeof makers](Number(threads));
  }
  throw new UsageError({
    where: "backend",
    problem: "there is no such backend",
    expected: `${Object.keys(makers).join(", ")}, or with N threads ${[...threaded].map((t) => `${t}:N`).join(", ")}`,
    got: name,
    try: "leave the backend out to get the default",
  });
}

/** Buffers and bytes in use on a backend. */
export function memory(name: BackendName = defaultBackend): MemoryReport {
  return getBackend(name).memory();
}

/** The plan of a program for a backend. Throws UsageError for a backend that evaluates programs directly. */
export function planOn(backend: Backend, program: Program): Plan {
  if (backend.runs === "plan") return planOf(program, backend.target);
  throw new UsageError({
    where: "plan",
    problem: `the backend ${backend.name} has no plans`,
    expected: "a backend that runs plans",
    got: backend.name,
    try: "print the program instead",
  });
}

/** Runs what was made ready. Throws CancelledError where another thread stopped the run; then nothing has changed. */
export function runReady(executable: Executable, binding: Binding): RunResult {
  const result = executable.run(binding);
  if (!result.interrupted) return result;
  throw new CancelledError({
    where: "run",
    problem: "the run was stopped",
    expected: "a run to its end",
    try: "run it again: variables hold what they held before",
  });
}

/** Something that is made piece by piece: others may have a turn between them, where it says so until a promise is kept. */
export type Pieces<T> = Generator<Promise<void> | void, T>;

/** A program made ready on a backend for so much work altogether; stops between its plan and the code. */
export function* preparing(backend: Backend, program: Program, work = 0): Pieces<Executable> {
  if (backend.runs === "program") return backend.prepare(program);
  const replan: Replan = (target, kept) => planOf(program, target, kept);
  let ready = backend.ahead?.(replan, work);
  if (ready instanceof Promise) {
    let waited = false;
    try {
      yield ready;
      waited = true;
    } finally {
      if (!waited) backend.abandon?.();
    }
    ready = backend.ahead!(replan, work);
  }
  if (ready !== undefined && !(ready instanceof Promise)) return ready;
  yield;
  const plan = planOf(program, backend.target, backend.plans);
  yield;
  return backend.prepare(plan, replan);
}

/** A program made ready on a backend. */
export function prepareOn(backend: Backend, program: Program): Executable {
  return toTheEnd(preparing(backend, program));
}
