/** The arguments of a call of a compiled function: their types, and how symbolic sizes get their values from them. */
import type { DeviceBuffer } from "../ir/backend.ts";
import type { DType, TypedArray } from "../ir/dtype.ts";
import { DTypeError, ShapeError, UsageError } from "../ir/errors.ts";
import type { ValueSpec } from "../ir/program.ts";
import type { Shape, Size } from "../ir/size.ts";
import { Dim, evalSize, showShape, symbolsOf } from "../ir/size.ts";
import type { BackendName } from "./backend.ts";
import { getBackend } from "./backend.ts";
import type { DeviceArray } from "./device-array.ts";
import { isDeviceArray } from "./device-array.ts";
import { evaluate } from "./evaluate.ts";
import type { Nested } from "./operand.ts";
import { nestedShape, tensor } from "./operand.ts";
import { Tensor } from "./tensor.ts";
import { Variable } from "./variable.ts";

/** What a compiled function can be called with. Flat typed arrays take the shape of the input they are given for. */
export type Argument = Tensor | Variable | DeviceArray | TypedArray | Float64Array | Nested;

const isFlat = (x: Argument): x is TypedArray | Float64Array => ArrayBuffer.isView(x);

/** The shape an argument has of itself; undefined for a flat typed array. */
function ownShape(x: Argument): readonly number[] | undefined {
  if (isFlat(x)) return undefined;
  if (x instanceof Tensor || x instanceof Variable || isDeviceArray(x)) return x.shape as readonly number[];
  return nestedShape("call", x);
}

/** The type of input that an argument makes when none was declared. */
export function specOf(x: Argument): ValueSpec {
  if (x instanceof Tensor || x instanceof Variable || isDeviceArray(x))
    return { shape: x.shape, dtype: x.dtype };
  const t = tensor(isFlat(x) ? x.subarray(0, 0) : x);
  return { shape: isFlat(x) ? [x.length] : t.shape, dtype: t.dtype };
}

/** Values of the symbolic sizes of `specs` for these arguments. Throws ShapeError where sizes do not fit. */
export function bindSizes(specs: readonly ValueSpec[], args: readonly Argument[]): Map<number, number> {
  const sizes = new Map<number, number>();
  const flat: number[] = [];
  args.forEach((x, i) => {
    const own = ownShape(x);
    if (own === undefined) flat.push(i);
    else matchShape(i, specs[i]!.shape, own, sizes);
  });
  for (const i of flat) matchCount(i, specs[i]!.shape, (args[i] as TypedArray).length, sizes);
  specs.forEach(({ shape }, i) => {
    const own = ownShape(args[i]!);
    if (own !== undefined) checkSizes(i, shape, own, sizes);
  });
  return sizes;
}

/** Whether a symbol of a size has no value yet. */
function isOpen(s: Size, sizes: ReadonlyMap<number, number>): boolean {
  if (!(s instanceof Dim)) return false;
  return s.terms.some((t) =>
    t.atoms.some((a) => (a.kind === "symbol" ? !sizes.has(a.id) : isOpen(a.of, sizes))),
  );
}

/** Solves `size = actual` for its only open symbol, where the size is linear in it. */
function solve(size: Size, actual: number, sizes: Map<number, number>): void {
  if (!isOpen(size, sizes)) return;
  const open = [...symbolsOf(size).keys()].filter((id) => !sizes.has(id));
  if (open.length !== 1) return;
  const id = open[0]!;
  const valueAt = (x: number): number => evalSize(size, new Map([...sizes, [id, x]]));
  const start = valueAt(0);
  const slope = valueAt(1) - start;
  const x = slope === 0 ? 0 : (actual - start) / slope;
  if (Number.isInteger(x) && x >= 0 && valueAt(x) === actual) sizes.set(id, x);
}

function matchShape(i: number, shape: Shape, own: readonly number[], sizes: Map<number, number>): void {
  if (own.length !== shape.length) mismatch(i, shape, showShape(own), "the rank differs");
  for (const [axis, s] of shape.entries()) solve(s, own[axis]!, sizes);
}

function checkSizes(i: number, shape: Shape, own: readonly number[], sizes: Map<number, number>): void {
  const bad = shape.findIndex((s, axis) => isOpen(s, sizes) || evalSize(s, sizes) !== own[axis]);
  if (bad >= 0) mismatch(i, shape, showShape(own), `axis ${bad} differs`);
}

function matchCount(i: number, shape: Shape, count: number, sizes: Map<number, number>): void {
  let known = 1;
  const open: Size[] = [];
  for (const s of shape) {
    if (isOpen(s, sizes)) open.push(s);
    else known *= evalSize(s, sizes);
  }
  if (open.length === 1 && known > 0 && count % known === 0) solve(open[0]!, count / known, sizes);
  const fits =
    !shape.some((s) => isOpen(s, sizes)) &&
    shape.reduce<number>((n, s) => n * evalSize(s, sizes), 1) === count;
  if (!fits) mismatch(i, shape, `${count} values`, "the number of values does not fit");
}

function mismatch(i: number, shape: Shape, got: string, problem: string): never {
  throw new ShapeError({
    where: `input ${i}`,
    problem,
    expected: showShape(shape),
    got,
    try: "check the shape of the argument; equal symbolic sizes must get equal numbers",
    details: { input: i },
  });
}

/** An argument as the content of an input of type `dtype`. */
export function contentOf(
  i: number,
  x: Argument,
  dtype: DType,
  backend: BackendName,
): TypedArray | DeviceBuffer {
  if (isDeviceArray(x)) {
    if (getBackend(x.backend) === getBackend(backend) && x.dtype === dtype) return x.buffer;
    throw new UsageError({
      where: `input ${i}`,
      problem: "this device array does not fit the input",
      expected: `${dtype} on ${backend}`,
      got: `${x.dtype} on ${x.backend}`,
      try: "make it with deviceArray(values, shape, { backend, dtype }), and declare the input in that type",
    });
  }
  if (isFlat(x)) return hasType(x, dtype) ? x : evaluate([tensor(x, { dtype })])[0]!;
  if (!(x instanceof Tensor) && !(x instanceof Variable)) return evaluate([tensor(x, { dtype })])[0]!;
  const t = x instanceof Tensor ? x : x.value;
  if (t.dtype === "float32" && dtype !== "float32") {
    throw new DTypeError({
      where: `input ${i}`,
      problem: "a float32 tensor was given for an integer input",
      expected: dtype,
      got: t.dtype,
      try: `use .cast("${dtype}")`,
      details: { input: i },
    });
  }
  return evaluate([tensor(t, { dtype })], backend)[0]!;
}

function hasType(x: TypedArray | Float64Array, dtype: DType): x is TypedArray {
  if (dtype === "float32") return x instanceof Float32Array;
  if (dtype === "int32") return x instanceof Int32Array;
  return dtype === "uint8" && x instanceof Uint8Array;
}
