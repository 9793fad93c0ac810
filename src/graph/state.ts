/** State dicts: the weights of a module under PyTorch's names, and their files. */
import { Variable } from "../core/index.ts";
import { readFileBytes, writeFileAtomic } from "../data/files.ts";
import { readStateDict } from "../formats/pt.ts";
import { readSafetensors, type SafeTensor, writeSafetensors } from "../formats/safetensors.ts";
import type { DType, TypedArray } from "../ir/dtype.ts";
import { DataError, ShapeError } from "../ir/errors.ts";
import { showShape } from "../ir/size.ts";
import { Module } from "../nn/module.ts";

/** Values with a shape, as files hold them. */
export interface StateTensor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number | bigint>;
}

/** Weights by name. */
export type StateDict = ReadonlyMap<string, StateTensor>;

export interface StateOptions {
  /** Refuse names that are missing or not known. Default true. */
  strict?: boolean;
}

/** Every weight under PyTorch's name, in the order of the fields; one that several parts share under each of its names. */
export function namedState(module: Module): [name: string, weight: Variable][] {
  const visit = (value: unknown, path: string): [string, Variable][] => {
    if (value instanceof Variable) return [[snakeCase(path), value]];
    const parts =
      value instanceof Module ? value.children() : Array.isArray(value) ? Object.entries(value) : [];
    return parts.flatMap(([field, inner]) => visit(inner, path === "" ? field : `${path}.${field}`));
  };
  return visit(module, "");
}

/** `linSrc.weight` → `lin_src.weight`. */
export function snakeCase(path: string): string {
  return path.replace(/([a-z0-9])([A-Z])/g, (_, a: string, b: string) => `${a}_${b.toLowerCase()}`);
}

/** The weights of a module, copied. */
export function stateOf(
  module: Module,
): Map<string, { shape: readonly number[]; data: TypedArray; dtype: DType }> {
  return new Map(
    namedState(module).map(([name, weight]) => {
      const shape = weight.shape as readonly number[];
      return [name, { shape, data: weight.read(), dtype: weight.dtype }];
    }),
  );
}

/** Checks all weights, then writes them. */
export function loadState(module: Module, state: StateDict, { strict = true }: StateOptions = {}): void {
  const own = namedState(module);
  const missing = own.filter(([name]) => !state.has(name)).map(([name]) => name);
  const known = new Set(own.map(([name]) => name));
  const strange = [...state.keys()].filter((name) => !known.has(name));
  if (strict && (missing.length > 0 || strange.length > 0)) {
    throw new DataError({
      where: "loadStateDict",
      problem: "the names are not the module's",
      expected: [...known].join(", "),
      got: [
        ...(missing.length > 0 ? [`missing ${missing.join(", ")}`] : []),
        ...(strange.length > 0 ? [`not known ${strange.join(", ")}`] : []),
      ].join("; "),
      try: "load into a module with the same operators in fields of the same names, or pass { strict: false }",
      details: { missing, strange },
    });
  }
  const writes = own.flatMap(([name, weight]) => {
    const saved = state.get(name);
    if (saved === undefined) return [];
    const shape = weight.shape as readonly number[];
    if (saved.shape.length !== shape.length || saved.shape.some((s, i) => s !== shape[i])) {
      throw new ShapeError({
        where: `loadStateDict: ${name}`,
        problem: "the saved weight has another shape than the module's",
        expected: showShape(shape),
        got: showShape(saved.shape),
        try: "make the module with the same numbers of channels",
      });
    }
    return [() => weight.write(Array.from<number | bigint, number>(saved.data, Number))];
  });
  for (const write of writes) write();
}

/** The weights in the bytes of a `.safetensors` or PyTorch file, which begins as a zip. */
export async function readState(source: string | Uint8Array): Promise<StateDict> {
  const bytes = typeof source === "string" ? await readFileBytes(source) : source;
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  return isZip ? readStateDict(bytes) : readSafetensors(bytes).tensors;
}

/** The weights as the bytes of a `.safetensors` file. Counters are int64, as PyTorch has them. */
export function stateBytes(module: Module): Uint8Array {
  const tensors = [...stateOf(module)].map(([name, { shape, data, dtype }]) => {
    const tensor: SafeTensor =
      dtype === "int32"
        ? { dtype: "I64", shape, data: BigInt64Array.from(data as Int32Array, BigInt) }
        : { dtype: "F32", shape, data: data as Float32Array };
    return [name, tensor] as const;
  });
  return writeSafetensors(tensors);
}

/** Writes them to a file, whole or not at all. */
export async function saveState(module: Module, path: string): Promise<void> {
  await writeFileAtomic(path, stateBytes(module));
}
