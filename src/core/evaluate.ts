/** Reading values outside compiled functions: a program of exactly what is asked for, kept for the next like it. */
import type { Executable } from "../ir/backend.ts";
import { contentKey } from "../ir/content-key.ts";
import type { TypedArray } from "../ir/dtype.ts";
import { arrayOf } from "../ir/dtype.ts";
import { UsageError } from "../ir/errors.ts";
import { countOf, showShape, symbolsOf } from "../ir/size.ts";
import type { BackendName } from "./backend.ts";
import { defaultBackend, getBackend, prepareOn, runReady } from "./backend.ts";
import { onlyRepeats } from "./ops/move.ts";
import { constantData } from "./ops/source.ts";
import type { Tensor } from "./tensor.ts";
import { makeProgram } from "./trace.ts";
import { knownValue, rememberValue } from "./values.ts";

/** Programs made ready, the most recently used last. */
const prepared = new Map<string, Executable>();
const mostPrepared = 256;

const noSizes: ReadonlyMap<number, number> = new Map();

/**
 * The contents of `tensors`, which must not be changed. Throws UsageError for values of a compiled function, or of a
 * symbolic size.
 */
export function evaluate(tensors: readonly Tensor[], name: BackendName = defaultBackend): TypedArray[] {
  const open = tensors.filter((t) => knownValue(t) === undefined && !fill(t));
  if (open.length > 0) compute(open, name);
  return tensors.map((t) => knownValue(t)!);
}

/** Remembers the content of `t` where it is one constant repeated: that needs no program. */
function fill(t: Tensor): boolean {
  refuseSymbols(t);
  const value = repeated(t);
  if (value === undefined) return false;
  rememberValue(t, arrayOf[t.dtype](countOf(t.shape) as number).fill(value));
  return true;
}

/** The number that `t` repeats (zeros, ones, …), where it does nothing else. */
export function repeated(t: Tensor): number | undefined {
  let source = t;
  while (onlyRepeats(source)) source = source.inputs[0]!;
  const data = constantData(source);
  return data?.length === 1 ? data[0]! : undefined;
}

function compute(tensors: readonly Tensor[], name: BackendName): void {
  const backend = getBackend(name);
  const { program, variables, lifted } = makeProgram({
    outputs: tensors,
    effects: [],
    guard: undefined,
    inputs: [],
    trace: undefined,
  });
  const key = `${name} ${contentKey([program.nodes.map(({ label, ...rest }) => rest), program.outputs])}`;
  const executable = prepared.get(key) ?? prepareOn(backend, program);
  prepared.delete(key);
  prepared.set(key, executable);
  const { outputs } = runReady(executable, {
    inputs: lifted,
    variables: variables.map((v) => v.bufferOn(backend)),
    sizes: noSizes,
  });
  for (const [i, t] of tensors.entries()) rememberValue(t, outputs[i]!);
  for (const [old, unused] of prepared) {
    if (prepared.size <= mostPrepared) break;
    prepared.delete(old);
    unused.release();
  }
}

function refuseSymbols(t: Tensor): void {
  if (t.shape.every((s) => symbolsOf(s).size === 0)) return;
  throw new UsageError({
    where: t.label,
    problem: "a value with a symbolic size cannot be read",
    expected: "known sizes",
    got: showShape(t.shape),
    try: "compile a function with that input, and call it with data",
  });
}
