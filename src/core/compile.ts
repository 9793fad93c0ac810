/** `compile`: a function of Tensors, traced once per signature, then run as one program. */
import type { Backend, Executable, ProfileRow } from "../ir/backend.ts";
import { contentKey } from "../ir/content-key.ts";
import type { TypedArray } from "../ir/dtype.ts";
import { UsageError } from "../ir/errors.ts";
import type { Plan } from "../ir/plan.ts";
import type { Program, ValueSpec } from "../ir/program.ts";
import { evalSize, type Size } from "../ir/size.ts";
import { toTheEnd } from "../ir/steps.ts";
import type { Argument } from "./arguments.ts";
import { bindSizes, contentOf, specOf } from "./arguments.ts";
import type { BackendName } from "./backend.ts";
import { defaultBackend, getBackend, type Pieces, planOn, preparing, runReady } from "./backend.ts";
import { isDeviceArray } from "./device-array.ts";
import { toTensor } from "./operand.ts";
import { constant, inputOp } from "./ops/source.ts";
import { Tensor } from "./tensor.ts";
import { makeProgram } from "./trace.ts";
import { activeTrace, Trace, withTrace } from "./tracing.ts";
import type { Variable } from "./variable.ts";

/** What a function given to `compile` may return. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that only assigns returns void
export type Returned = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>> | void;

/** What a call gives: the same structure, computed. Records also tell whether assignments were carried out. */
// biome-ignore lint/suspicious/noConfusingVoidType: as above
export type Result<R> = R extends Tensor | readonly Tensor[] | void ? R : R & { readonly committed: boolean };

/** Options of `compile`. */
export interface CompileOptions {
  /** Types of the arguments, with symbolic sizes where they vary. Without it every new shape is traced anew. */
  inputs?: readonly ValueSpec[];
  backend?: BackendName;
  /**
   * Multiply-adds that all calls together take at least, where that is known: `auto` begins on native code for what is
   * worth it.
   */
  work?: number;
  /** Whatever else the trace depends on: another key, another trace. */
  key?: string | (() => string);
}

/** A compiled function. */
export interface Compiled<R> {
  (...args: Argument[]): Promise<Result<R>>;
  /**
   * Traces and compiles for these arguments ahead of the call, which is then quick. `pause` is awaited between the pieces of this
   * work, so that others get a turn; where it is given a promise, until that is kept.
   */
  prepare(pause: (until?: Promise<void>) => Promise<void>, ...args: Argument[]): Promise<void>;
  /** The call at once, where the engine lives in this thread (Node, workers). */
  runSync(...args: Argument[]): Result<R>;
  /** The program for these arguments (none are needed where `inputs` were declared). */
  program(...args: Argument[]): Program;
  /** The plan for these arguments. Throws UsageError on the reference backend, which has none. */
  plan(...args: Argument[]): Plan;
  /** Runs `repeat` times with a clock around every kernel; assignments are carried out. */
  profile(repeat: number, ...args: Argument[]): readonly ProfileRow[];
  /**
   * The floating-point operations of a call like the last one (with arrays) and the bytes that its kernels read and write,
   * as the plan counts them; zeros before a call. Throws UsageError on the reference backend, which has no plans.
   */
  counts(): { readonly flops: number; readonly bytes: number };
  /** How often the function was traced. */
  readonly traces: number;
  /** Frees the plans. */
  release(): void;
}

type Structure =
  | { kind: "tensor" }
  | { kind: "list" }
  | { kind: "record"; keys: readonly string[] }
  | { kind: "none" };

/** One trace, ready to run. */
interface Ready {
  readonly specs: readonly ValueSpec[];
  readonly program: Program;
  readonly executable: Executable;
  readonly variables: readonly Variable[];
  readonly changed: readonly Variable[];
  readonly structure: Structure;
  /** The sizes of the last call: training calls again and again with arrays of one length. */
  last:
    | { readonly args: readonly (number | Argument)[]; readonly sizes: ReadonlyMap<number, number> }
    | undefined;
}

const forgotten = new FinalizationRegistry<Map<string, Ready>>((ready) => {
  for (const r of ready.values()) r.executable.release();
});

/**
 * `fn` as one program. The first call (for each signature) runs `fn` on symbols and records what it does; later calls run
 * the program only. Variables may be read and assigned in it; assignments are carried out at the end. Throws UsageError
 * when `fn` is asynchronous or reads values, and what the operations in it throw.
 *
 *     const step = compile((x, y) => { const loss = …; w.assign(w.value.sub(g)); return { loss }; },
 *       { inputs: [{ shape: [dim("rows"), 4], dtype: "float32" }, …] });
 *     const { loss } = await step(xs, ys);
 */
export function compile<R extends Returned>(
  fn: (...inputs: Tensor[]) => R,
  options: CompileOptions = {},
): Compiled<R> {
  const ready = new Map<string, Ready>();
  const name = options.backend ?? defaultBackend;

  const keyOf = (args: readonly Argument[]): string => {
    const extra = typeof options.key === "function" ? options.key() : (options.key ?? "");
    return options.inputs === undefined ? contentKey([extra, args.map(specOf)]) : extra;
  };
  const make = (args: readonly Argument[]) =>
    traceAndPrepare(fn, options.inputs ?? args.map(specOf), getBackend(name), options.work);
  const find = (args: readonly Argument[]): Ready => {
    const key = keyOf(args);
    const before = ready.get(key);
    if (before !== undefined) return before;
    const made = toTheEnd(make(args));
    ready.set(key, made);
    return made;
  };
  const prepare = async (
    pause: (until?: Promise<void>) => Promise<void>,
    ...args: Argument[]
  ): Promise<void> => {
    const key = keyOf(args);
    const work = ready.has(key) ? undefined : make(args);
    try {
      for (let next = work?.next(); next !== undefined; next = work!.next()) {
        if (next.done) {
          // Another call may have come first.
          if (ready.has(key)) next.value.executable.release();
          else ready.set(key, next.value);
          await pause();
          return;
        }
        await pause(next.value ?? undefined);
      }
    } finally {
      // Where a pause threw, what has been started ends.
      work?.return(undefined as never);
    }
  };
  const runSync = (...args: Argument[]): Result<R> => run<R>(find(args), args, name);

  const call = Object.assign(async (...args: Argument[]): Promise<Result<R>> => runSync(...args), {
    runSync,
    prepare,
    program: (...args: Argument[]): Program => find(args).program,
    plan: (...args: Argument[]): Plan => planOn(getBackend(name), find(args).program),
    profile: (repeat: number, ...args: Argument[]): readonly ProfileRow[] =>
      profile(find(args), args, name, repeat),
    counts: () =>
      countsOf(
        [...ready.values()].findLast((r) => r.last !== undefined),
        name,
      ),
    release: (): void => {
      for (const r of ready.values()) r.executable.release();
      ready.clear();
    },
  });
  Object.defineProperty(call, "traces", { get: () => ready.size });
  forgotten.register(call, ready);
  return call as typeof call & { readonly traces: number };
}

/** Stops where others may have a turn. */
function* traceAndPrepare(
  fn: (...inputs: Tensor[]) => Returned,
  specs: readonly ValueSpec[],
  backend: Backend,
  work?: number,
): Pieces<Ready> {
  if (activeTrace() !== undefined) {
    throw new UsageError({
      where: "compile",
      problem: "a compiled function was called inside another one",
      expected: "a plain function",
      got: "a call of a compiled function",
      try: "call the function itself: it becomes part of the outer one",
    });
  }
  const trace = new Trace();
  const inputs = specs.map(({ shape, dtype }, index) => inputOp([], { shape, dtype, index, trace }));
  const returned = withTrace(trace, () => fn(...inputs));
  const { structure, tensors } = flattenResult(returned);
  if (trace.guards.length > 0 && structure.kind !== "record") {
    throw new UsageError({
      where: "compile",
      problem: "a function that uses guard must return a record",
      expected: "{ name: tensor, … }",
      got: structure.kind,
      try: "return { loss }: the result then tells in `committed` whether the guard held",
    });
  }
  const { program, variables } = withTrace(trace, () =>
    makeProgram({
      outputs: tensors,
      effects: [...trace.assigned].map(([variable, value]) => ({ variable, value })),
      guard: trace.guards.length === 0 ? undefined : trace.guards.reduce((a, b) => a.logicalAnd(b)),
      inputs: specs,
      trace,
    }),
  );
  yield;
  const executable = yield* preparing(backend, program, work);
  return {
    specs,
    program,
    variables,
    structure,
    changed: [...trace.assigned.keys()],
    last: undefined,
    executable,
  };
}

function flattenResult(returned: unknown): { structure: Structure; tensors: Tensor[] } {
  if (returned === undefined) return { structure: { kind: "none" }, tensors: [] };
  if (returned instanceof Promise) {
    throw new UsageError({
      where: "compile",
      problem: "the function is asynchronous",
      expected: "a function that returns tensors",
      got: "a promise",
      try: "leave out async and await: values cannot be read while tracing",
    });
  }
  if (returned instanceof Tensor) return { structure: { kind: "tensor" }, tensors: [returned] };
  if (Array.isArray(returned)) return { structure: { kind: "list" }, tensors: returned.map(toTensor) };
  const entries = Object.entries(returned as Record<string, Tensor>);
  return {
    structure: { kind: "record", keys: entries.map(([k]) => k) },
    tensors: entries.map(([, v]) => toTensor(v)),
  };
}

function bind(ready: Ready, args: readonly Argument[], name: BackendName) {
  const { specs, variables } = ready;
  if (args.length !== specs.length) {
    throw new UsageError({
      where: "compiled function",
      problem: "the number of arguments differs from the number of inputs",
      expected: String(specs.length),
      got: String(args.length),
      try: "pass one argument for each input",
    });
  }
  const backend = getBackend(name);
  return {
    sizes: sizesOf(ready, args),
    inputs: args.map((x, i) => contentOf(i, x, specs[i]!.dtype, name)),
    variables: variables.map((v) => v.bufferOn(backend)),
  };
}

/** The values of symbolic sizes; those of the last call where the lengths and device arrays are the same. */
function sizesOf(ready: Ready, args: readonly Argument[]): ReadonlyMap<number, number> {
  const { last } = ready;
  if (last?.args.every((seen, i) => seen === lengthOrArray(args[i]!))) return last.sizes;
  const sizes = bindSizes(ready.specs, args);
  const simple = args.every((x) => ArrayBuffer.isView(x) || isDeviceArray(x));
  ready.last = simple ? { args: args.map(lengthOrArray), sizes } : undefined;
  return sizes;
}

function lengthOrArray(x: Argument): number | Argument {
  return ArrayBuffer.isView(x) ? (x as TypedArray).length : x;
}

function run<R>(ready: Ready, args: readonly Argument[], name: BackendName): Result<R> {
  const binding = bind(ready, args, name);
  for (const v of ready.changed) v.beforeChange();
  const { outputs, committed } = runReady(ready.executable, binding);
  const tensors = outputs.map((data, i) => {
    const { shape, dtype } = ready.executable.outputs[i]!;
    return constant(
      data,
      shape.map((s) => evalSize(s, binding.sizes)),
      dtype,
    );
  });
  return shapeResult(ready.structure, tensors, committed) as Result<R>;
}

function shapeResult(structure: Structure, tensors: readonly Tensor[], committed: boolean): unknown {
  switch (structure.kind) {
    case "none":
      return undefined;
    case "tensor":
      return tensors[0];
    case "list":
      return tensors;
    case "record": {
      const record: Record<string, Tensor | boolean> = {};
      structure.keys.forEach((k, i) => {
        record[k] = tensors[i]!;
      });
      return Object.assign(record, { committed });
    }
  }
}

function countsOf(ready: Ready | undefined, name: BackendName) {
  if (ready?.last === undefined) return { flops: 0, bytes: 0 };
  const { sizes } = ready.last;
  const { rows } = planOn(getBackend(name), ready.program);
  const sum = (count: (row: (typeof rows)[number]) => Size) =>
    rows.reduce((all, row) => all + evalSize(count(row), sizes), 0);
  return { flops: sum((row) => row.flops), bytes: sum((row) => row.bytes) };
}

function profile(
  ready: Ready,
  args: readonly Argument[],
  name: BackendName,
  repeat: number,
): readonly ProfileRow[] {
  const { executable } = ready;
  if (executable.profile === undefined) {
    throw new UsageError({
      where: "profile",
      problem: `the backend ${name} has no profile`,
      expected: "a backend that runs plans",
      got: name,
      try: 'compile with { backend: "wasm" }',
    });
  }
  const binding = bind(ready, args, name);
  for (const v of ready.changed) v.beforeChange();
  return executable.profile(binding, repeat);
}
