/** Rows taken from taken rows: the numbers are composed once, and memory is asked for rows before they are added. */
import { expect, test } from "vitest";
import { compileProgram } from "../../src/compile/index.ts";
import {
  type BackendName,
  compile,
  dim,
  segmentSum,
  type Tensor,
  takeOrZero,
  tensor,
} from "../../src/core/index.ts";
import { printPlan, type ValueSpec } from "../../src/ir/index.ts";
import { withNative } from "../native.ts";

const [rows, inner, outer] = [dim("rows"), dim("inner"), dim("outer")];
const inputs: ValueSpec[] = [
  { shape: [rows, 20], dtype: "float32" },
  { shape: [inner], dtype: "int32" },
  { shape: [outer], dtype: "int32" },
  { shape: [3], dtype: "int32" },
];
const sums = (x: Tensor, i: Tensor, j: Tensor, ptr: Tensor) =>
  segmentSum(takeOrZero(takeOrZero(x, i), j), ptr);

test.each(withNative<BackendName>(["reference", "js", "wasm"], "native"))(
  "%s: numbers out of range, of the first or the second, give 0",
  async (backend) => {
    const x = Float32Array.from({ length: 80 }, (_, k) => k + 1);
    const [i, j] = [Int32Array.of(3, -1, 4, 0, 2), Int32Array.of(0, 1, 2, 3, 4, 5, -1, 0)];
    const taken = (m: Int32Array, of: (r: number) => number[] | undefined) =>
      Array.from(m, (r) => of(r) ?? new Array<number>(20).fill(0));
    const row = (r: number) => (r >= 0 && r < 4 ? Array.from(x.subarray(20 * r, 20 * r + 20)) : undefined);
    const first = taken(i, row);
    const second = taken(j, (r) => first[r]);
    const total = (from: number, to: number) =>
      Array.from({ length: 20 }, (_, c) => second.slice(from, to).reduce((sum, r) => sum + r[c]!, 0));
    const f = compile(sums, { inputs, backend });
    const y = await f(tensor(x, { shape: [4, 20] }), tensor(i), tensor(j), tensor(Int32Array.of(0, 5, 8)));
    expect(await y.toArray()).toEqual([total(0, 5), total(5, 8)]);
  },
);

test("the composed numbers are stored, neither set of rows is", () => {
  const plan = compile(sums, { inputs, backend: "wasm" }).plan();
  const scratch = plan.slots.filter(({ where }) => where.kind === "scratch").map(({ count }) => `${count}`);
  expect(scratch).toEqual(["outer"]);
});

test("memory is asked ahead by numbers of which there is one a row: others lie further on than what follows an array", () => {
  const target = { lanes: 16, tile: { rows: 6, columns: 16 }, neighbours: false, prefetch: true };
  const asks = (each: number[], columns: number[]): boolean => {
    const specs: ValueSpec[] = [
      { shape: [rows, ...columns], dtype: "float32" },
      { shape: [outer, ...each], dtype: "int32" },
      { shape: [3], dtype: "int32" },
    ];
    const f = compile((x, i, ptr) => segmentSum(takeOrZero(x, i), ptr), { inputs: specs, backend: "wasm" });
    return printPlan(compileProgram(f.program(), target), true).includes("prefetch");
  };
  expect(asks([], [20])).toBe(true);
  expect(asks([1], [20])).toBe(true);
  expect(asks([500], [20])).toBe(false);
  expect(asks([500], [])).toBe(false);
});
