/** Arrays as nested brackets and as text. */
import type { DType, TypedArray } from "../ir/dtype.ts";
import type { Nested } from "./operand.ts";

/** Flat row-major values as nested arrays. */
export function nest(data: TypedArray, shape: readonly number[], dtype: DType): Nested {
  const value = (i: number): Nested => (dtype === "bool" ? data[i] === 1 : data[i]!);
  const build = (axis: number, from: number, count: number): Nested => {
    if (axis === shape.length) return value(from);
    const n = shape[axis]!;
    const inner = n === 0 ? 0 : count / n;
    return Array.from({ length: n }, (_, i) => build(axis + 1, from + i * inner, inner));
  };
  return build(0, 0, data.length);
}

/** More elements than this are shortened to the first and last three of each axis. */
const longest = 1000;
const edge = 3;

function formatNumber(x: number, dtype: DType): string {
  if (dtype === "bool") return x === 1 ? "true" : "false";
  if (dtype !== "float32" || !Number.isFinite(x)) return String(x);
  const size = Math.abs(x);
  if (size !== 0 && (size < 1e-4 || size >= 1e8)) return x.toExponential(4);
  return Number.isInteger(x) ? `${x}.` : String(Number(x.toFixed(size < 1 ? 6 : 5)));
}

/** Text laid out as NumPy does: one bracket for each axis, columns lined up, long axes shortened with `...`. */
export function formatArray(data: TypedArray, shape: readonly number[], dtype: DType): string {
  const short = data.length > longest;
  const shown = (n: number): (number | null)[] =>
    short && n > 2 * edge
      ? [...Array(edge).keys(), null, ...Array.from({ length: edge }, (_, i) => n - edge + i)]
      : [...Array(n).keys()];
  let width = 0;
  const collect = (axis: number, from: number, count: number): void => {
    if (axis === shape.length) width = Math.max(width, formatNumber(data[from]!, dtype).length);
    else
      for (const i of shown(shape[axis]!))
        if (i !== null) collect(axis + 1, from + i * (count / shape[axis]!), count / shape[axis]!);
  };
  collect(0, 0, data.length);
  const draw = (axis: number, from: number, count: number): string => {
    if (axis === shape.length) return formatNumber(data[from]!, dtype).padStart(width);
    const n = shape[axis]!;
    const parts = shown(n).map((i) =>
      i === null ? "..." : draw(axis + 1, from + i * (count / n), count / n),
    );
    const last = axis === shape.length - 1;
    const gap = last ? " " : "\n".repeat(shape.length - axis - 1) + " ".repeat(axis + 1);
    return `[${parts.join(gap)}]`;
  };
  return `${dtype}[${shape.join(", ")}] ${shape.length > 1 ? "\n" : ""}${draw(0, 0, data.length)}`;
}
