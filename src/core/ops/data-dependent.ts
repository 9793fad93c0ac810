/** Operations whose result has a size that depends on the data: they read their input, so they cannot be traced. */
import { countOf } from "../../ir/size.ts";
import type { Operand } from "../operand.ts";
import { tensor, toTensor } from "../operand.ts";
import type { Tensor } from "../tensor.ts";

/** What `unique` finds. */
export interface Unique {
  /** The distinct values in ascending order; NaN last, once. */
  values: Tensor;
  /** The position in `values` of each element, in row-major order (int32). */
  inverse: Tensor;
  /** How often each value occurs (int32). */
  counts: Tensor;
}

/** The distinct elements of `x`, which is read. Throws UsageError inside a compiled function. */
export async function unique(x: Operand): Promise<Unique> {
  const t = toTensor(x);
  const data = await t.data();
  const order = Array.from(data.keys()).sort((a, b) => compare(data[a]!, data[b]!) || a - b);
  const values: number[] = [];
  const counts: number[] = [];
  const inverse = new Int32Array(data.length);
  for (const i of order) {
    if (values.length === 0 || compare(values.at(-1)!, data[i]!) !== 0) {
      values.push(data[i]!);
      counts.push(0);
    }
    inverse[i] = values.length - 1;
    counts[counts.length - 1]!++;
  }
  return {
    values: tensor(values, { dtype: t.dtype }),
    inverse: tensor(inverse),
    counts: tensor(Int32Array.from(counts)),
  };
}

/** Ascending, NaN after every number and equal to itself. */
function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a - b;
}

/** The positions of the elements of `x` that are not 0: one int32 Tensor for each axis. Reads `x`; throws UsageError inside a compiled function. */
export async function nonzero(x: Operand): Promise<Tensor[]> {
  const t = toTensor(x);
  const data = await t.data();
  const found = Array.from(data.keys()).filter((i) => data[i] !== 0);
  return t.shape.map((size, axis) => {
    const inner = countOf(t.shape.slice(axis + 1)) as number;
    return tensor(Int32Array.from(found, (i) => Math.floor(i / inner) % (size as number)));
  });
}
