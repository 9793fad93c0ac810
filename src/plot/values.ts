/** Arrays as charts take them. */
import { ShapeError } from "../ir/errors.ts";
import type { Numbers } from "./figure.ts";
import { extentOf } from "./scale.ts";

/** Numbers with a shape, in row-major order. */
export interface Values {
  shape: readonly number[];
  data: Numbers;
}

/** Checks that values have the rank that a chart needs, with axes named in `axes`, and fill their shape. */
export function checkValues(where: string, values: Values, axes: readonly string[]): void {
  const { shape, data } = values;
  const count = shape.reduce((a, b) => a * b, 1);
  const whole = shape.every((size) => Number.isInteger(size) && size >= 0);
  if (shape.length === axes.length && whole && data.length === count) return;
  throw new ShapeError({
    where,
    problem: "the values do not have the shape of this chart",
    expected: `[${axes.join(", ")}] and as many values`,
    got: `shape [${shape.join(", ")}] and ${data.length} values`,
    try: "pass { shape, data } of one array, in row-major order",
  });
}

/** A matrix given by its rows or by its shape. Throws `ShapeError` where rows differ in length. */
export function matrixOf(where: string, matrix: Values | readonly Numbers[]): Values {
  if (!Array.isArray(matrix)) {
    const values = matrix as Values;
    checkValues(where, values, ["rows", "columns"]);
    return values;
  }
  const rows = matrix as readonly Numbers[];
  const columns = rows[0]?.length ?? 0;
  for (const row of rows) checkLengths(where, { "every row": row.length, "the first row": columns });
  return { shape: [rows.length, columns], data: rows.flatMap((row) => Array.from(row)) };
}

/** Throws `ShapeError` unless all these lengths are equal. */
export function checkLengths(where: string, lengths: Readonly<Record<string, number>>): void {
  const all = Object.entries(lengths);
  if (all.every(([, length]) => length === all[0]![1])) return;
  throw new ShapeError({
    where,
    problem: "arrays differ in length",
    expected: `equal lengths of ${all.map(([name]) => name).join(" and ")}`,
    got: all.map(([name, length]) => `${name} ${length}`).join(", "),
    try: "pass one entry per point in each of them",
  });
}

/** Smallest and largest finite value, or 0 and 1 where there is none. */
export function rangeOf(values: Numbers): readonly [number, number] {
  return extentOf([values]) ?? [0, 1];
}

/** A range around zero that holds every finite value. */
export function symmetricRange(values: Numbers): readonly [number, number] {
  const [low, high] = rangeOf(values);
  const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
  return [-most, most];
}

/** Integers from 0 up to n − 1. */
export const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
