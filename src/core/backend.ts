/** The backends by name. Each is made when first asked for, and lives as long as the process. */
import { createJsBackend } from "../backends/js/index.ts";
import { ReferenceBackend } from "../backends/reference/index.ts";
import { createWasmBackend } from "../backends/wasm/index.ts";
import { compileProgram } from "../compile/index.ts";
import type { Backend, Executable, MemoryReport } from "../ir/backend.ts";
import { UsageError } from "../ir/errors.ts";
import type { Plan } from "../ir/plan.ts";
import type { Program } from "../ir/program.ts";

const makers = {
  /** WebAssembly with SIMD, made here: the fast one. */
  wasm: (): Backend => createWasmBackend(),
  /** Interprets kernels literally: the oracle for code generators. */
  js: (): Backend => createJsBackend(),
  /** float64, node by node: the oracle. */
  reference: (): Backend => new ReferenceBackend(),
};

/** The names of the backends. */
export type BackendName = keyof typeof makers;

/** The backend used unless another is named. */
export const defaultBackend: BackendName = "wasm";

const live = new Map<BackendName, Backend>();

/** The backend called `name`. Throws UsageError when there is none of that name. */
export function getBackend(name: BackendName = defaultBackend): Backend {
  const existing = live.get(name);
  if (existing !== undefined) return existing;
  if (!Object.hasOwn(makers, name)) {
    throw new UsageError({
      where: "backend",
      problem: "there is no such backend",
      expected: Object.keys(makers).join(", "),
      got: String(name),
      try: "leave the backend out to get the default",
    });
  }
  const made = makers[name]();
  live.set(name, made);
  return made;
}

/** Buffers and bytes in use on a backend. */
export function memory(name: BackendName = defaultBackend): MemoryReport {
  return getBackend(name).memory();
}

/** The plan of a program for a backend. Throws UsageError for a backend that evaluates programs directly. */
export function planOn(backend: Backend, program: Program): Plan {
  if (backend.runs === "plan") return compileProgram(program, backend.target);
  throw new UsageError({
    where: "plan",
    problem: `the backend ${backend.name} has no plans`,
    expected: "a backend that runs plans",
    got: backend.name,
    try: "print the program instead",
  });
}

/** A program made ready on a backend. */
export function prepareOn(backend: Backend, program: Program): Executable {
  return backend.runs === "program" ? backend.prepare(program) : backend.prepare(planOn(backend, program));
}
