/**
 * One harness for all operations (reliability KN-1, KN-2, GR-1, NE-2, TR-3): on every backend, values against plain
 * arithmetic, also with NaN in an input; gradients against central differences of the float64 reference; second order
 * on the reference alone.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { library } from "../../src/backends/native/library.ts";
import { nativeTarget } from "../../src/backends/native/target.ts";
import { evaluateProgram } from "../../src/backends/reference/index.ts";
import { compileProgram } from "../../src/compile/index.ts";
import type { BackendName, Tensor } from "../../src/core/index.ts";
import * as core from "../../src/core/index.ts";
import { toTyped } from "../../src/ir/dtype.ts";
import type { Program, ValueSpec } from "../../src/ir/program.ts";
import { compileTogether, withNative } from "../native.ts";
import type { Nd } from "./ops-arrays.ts";
import { nd, uniform } from "./ops-arrays.ts";
import { elementwiseRows } from "./ops-rows-elementwise.ts";
import { linearRows } from "./ops-rows-linear.ts";
import { reduceRows } from "./ops-rows-reduce.ts";
import { readingOps, shapeAndIndexRows } from "./ops-rows-shape.ts";
import type { Row, Sample } from "./ops-table.ts";

const backends = withNative<BackendName>(["reference", "js", "wasm"], "native");
const rows: readonly Row[] = [...elementwiseRows, ...reduceRows, ...linearRows, ...shapeAndIndexRows];

const list = <T>(x: T | readonly T[]): readonly T[] => (Array.isArray(x) ? x : [x as T]);
const specsOf = (s: Sample): ValueSpec[] => s.inputs.map(({ shape, dtype }) => ({ shape, dtype }));
const typed = (x: Nd) => toTyped(x.dtype, x.data);

/** One ULP of float32 at `x`. */
function ulp(x: number): number {
  const size = Math.abs(x);
  return size < 2 ** -126 ? 2 ** -149 : 2 ** (Math.floor(Math.log2(size)) - 23);
}

const epsilon = 2 ** -23;

function tolerance(sample: Sample, inputs: readonly Nd[], want: number): number {
  const base = (sample.ulps ?? 4) * ulp(want) + (sample.slack ?? 0);
  if (sample.sum === undefined) return base;
  const scale = inputs
    .filter((x) => x.dtype === "float32")
    .reduce((p, x) => p * Math.max(1, ...x.data.map((v) => (Number.isFinite(v) ? Math.abs(v) : 1))), 1);
  const { terms, factors = 1 } = sample.sum;
  return (
    base + scale ** (factors > 1 && inputs.length === 1 ? factors : 1) * (terms * epsilon + epsilon) + epsilon
  );
}

function compareValues(sample: Sample, inputs: readonly Nd[], got: readonly Tensor[], note: string): void {
  const wants = list(sample.reference([...inputs]));
  expect(got.length, note).toBe(wants.length);
  wants.forEach((want, k) => {
    const t = got[k]!;
    expect({ shape: t.shape, dtype: t.dtype }, note).toEqual({ shape: want.shape, dtype: want.dtype });
    const data = t.dataSync();
    expect(data.length, note).toBe(want.data.length);
    want.data.forEach((w, i) => {
      const exactly = t.dtype === "float32" ? Math.fround(w) : w;
      const x = data[i]!;
      const equal = Number.isNaN(exactly) ? Number.isNaN(x) : x === exactly;
      const close = equal || Math.abs(x - w) <= tolerance(sample, inputs, w);
      if (!close) expect.fail(`${note}: output ${k}, element ${i}: got ${x}, want ${exactly}`);
    });
  });
}

/** All samples of a row as one function: the outputs one after the other. */
function together(samples: readonly Sample[], run: (s: Sample, xs: Tensor[]) => readonly Tensor[]) {
  return (...all: Tensor[]): Tensor[] => {
    let from = 0;
    return samples.flatMap((s) => {
      const xs = all.slice(from, from + s.inputs.length);
      from += xs.length;
      return [...run(s, xs)];
    });
  };
}

/** `x` with NaN in its middle element. */
function poisoned(x: Nd): Nd {
  if (x.dtype !== "float32" || x.data.length === 0) return x;
  const middle = Math.floor(x.data.length / 2);
  return { ...x, data: x.data.map((v, i) => (i === middle ? Number.NaN : v)) };
}

const floats = (s: Sample): number[] => s.inputs.flatMap((x, i) => (x.dtype === "float32" ? [i] : []));
const differentiable = (s: Sample): boolean => s.gradient !== false && floats(s).length > 0;

/** Σ c · y over the float32 results, with fixed weights c: a scalar to differentiate. */
function weighted(ys: readonly Tensor[]): Tensor {
  return ys
    .filter((y) => y.dtype === "float32")
    .map((y) => {
      const n = (y.shape as number[]).reduce((a, b) => a * b, 1);
      const weights = nd(
        y.shape as number[],
        Array.from({ length: n }, (_, i) => Math.cos(1 + 2.3 * i)),
      );
      return y.mul(core.tensor(typed(weights), { shape: weights.shape })).sum();
    })
    .reduce((a, b) => a.add(b));
}

const loss = (s: Sample, xs: Tensor[]): Tensor => weighted(list(s.run(xs)));
const gradients = (s: Sample, xs: Tensor[]): Tensor[] =>
  core.gradient(
    loss(s, xs),
    floats(s).map((i) => xs[i]!),
  );
/** A scalar made of the gradients, to be differentiated again. */
const slope = (s: Sample, xs: Tensor[]): Tensor => weighted(gradients(s, xs));
const curvatures = (s: Sample, xs: Tensor[]): Tensor[] =>
  core.gradient(
    slope(s, xs),
    floats(s).map((i) => xs[i]!),
  );

function programOf(s: Sample, fn: (xs: Tensor[]) => readonly Tensor[]): Program {
  return core.compile((...xs) => fn(xs), { inputs: specsOf(s), backend: "reference" }).program();
}

const run64 = (p: Program, inputs: readonly ArrayLike<number>[]) =>
  evaluateProgram(p, { inputs, variables: [], sizes: new Map() }).outputs;

/** Central differences of a scalar program in float64, for every element of the float32 inputs. */
function differences(s: Sample, f: (xs: Tensor[]) => Tensor, step: number): number[][] {
  const program = programOf(s, (xs) => [f(xs)]);
  const at = s.inputs.map((x) => Float64Array.from(x.data));
  return floats(s).map((k) =>
    Array.from(at[k]!, (x, i) => {
      const value = (v: number): number => {
        at[k]![i] = v;
        const y = run64(program, at)[0]![0]!;
        at[k]![i] = x;
        return y;
      };
      return (value(x + step) - value(x - step)) / (2 * step);
    }),
  );
}

/** The slopes of a sample's loss, computed once for all backends. */
const slopes = new Map<Sample, number[][]>();
function slopesOf(s: Sample): number[][] {
  const known = slopes.get(s) ?? differences(s, (xs) => loss(s, xs), 1e-5);
  slopes.set(s, known);
  return known;
}

function compareGradients(
  got: readonly ArrayLike<number>[],
  want: readonly number[][],
  rel: number,
  note: string,
) {
  expect(got.length, note).toBe(want.length);
  want.forEach((w, k) => {
    const scale = Math.max(1, ...w.map(Math.abs));
    w.forEach((v, i) => {
      const x = got[k]![i]!;
      const close = Math.abs(x - v) <= rel * scale;
      if (!close) expect.fail(`${note}: input ${k}, element ${i}: got ${x}, want ${v}`);
    });
  });
}

test("every operation has a row", () => {
  const named = new Set<string>([...rows.map((r) => r.op), ...readingOps]);
  expect(Object.keys(core.ops).filter((name) => !named.has(name))).toEqual([]);
  expect([...named].filter((name) => !Object.hasOwn(core.ops, name))).toEqual([]);
});

/** The functions that the tests of a row call, with the samples whose inputs they take. */
const valuesOf = (samples: readonly Sample[]) => together(samples, (s, xs) => list(s.run(xs)));
const gradientsOf = (samples: readonly Sample[]) => together(samples, gradients);

/** Compiles the kernels of all rows for the native backend in few units. */
function compileTable(): void {
  const target = nativeTarget(library().toolchain.lanes);
  const plan = (samples: readonly Sample[], fn: (...xs: Tensor[]) => Tensor[]) =>
    compileProgram(
      core.compile(fn, { inputs: samples.flatMap(specsOf), backend: "reference" }).program(),
      target,
    );
  const plans = rows.flatMap(({ samples }) => {
    const smooth = samples.filter(differentiable);
    return [
      plan(samples, valuesOf(samples)),
      ...(smooth.length > 0 ? [plan(smooth, gradientsOf(smooth))] : []),
    ];
  });
  compileTogether(plans);
}

describe.each(backends)("%s", (backend) => {
  if (backend === "native") beforeAll(compileTable, 600_000);

  test.each(rows.map((r) => [r.op, r] as const))("%s: values", (op, { samples }) => {
    const fn = core.compile(valuesOf(samples), { inputs: samples.flatMap(specsOf), backend });
    const check = (change: (x: Nd, s: Sample) => Nd, note: string, skip: (s: Sample) => boolean): void => {
      const inputs = samples.map((s) => s.inputs.map((x) => change(x, s)));
      const results = fn.runSync(...inputs.flat().map(typed));
      let from = 0;
      samples.forEach((s, i) => {
        const n = list(s.reference([...s.inputs])).length;
        const shapes = s.inputs.map((x) => `[${x.shape}]`).join(" ");
        const part = results.slice(from, from + n);
        from += n;
        if (!skip(s)) compareValues(s, inputs[i]!, part, `${op} sample ${i} ${shapes}${note}`);
      });
    };
    check(
      (x) => x,
      "",
      () => false,
    );
    check(
      (x, s) => (s.nan === false ? x : poisoned(x)),
      " with NaN",
      (s) => s.nan === false,
    );
    fn.release();
  });

  test.each(rows.filter((r) => r.samples.some(differentiable)).map((r) => [r.op, r] as const))(
    "%s: gradients",
    (op, row) => {
      const samples = row.samples.filter(differentiable);
      const fn = core.compile(gradientsOf(samples), { inputs: samples.flatMap(specsOf), backend });
      const results = fn.runSync(...samples.flatMap((s) => s.inputs).map(typed)).map((t) => t.dataSync());
      let from = 0;
      samples.forEach((s, i) => {
        const got = results.slice(from, (from += floats(s).length));
        compareGradients(got, slopesOf(s), 1e-3, `${op} sample ${i}`);
      });
      fn.release();
    },
  );
});

describe("float64", () => {
  test.each(rows.filter((r) => r.samples.some(differentiable)).map((r) => [r.op, r] as const))(
    "%s: gradients of first and second order",
    (op, row) => {
      row.samples.filter(differentiable).forEach((s, i) => {
        const at = s.inputs.map((x) => x.data);
        const first = run64(
          programOf(s, (xs) => gradients(s, xs)),
          at,
        );
        compareGradients(first, slopesOf(s), 1e-6, `${op} sample ${i}, first order`);
        const second = run64(
          programOf(s, (xs) => curvatures(s, xs)),
          at,
        );
        compareGradients(
          second,
          differences(s, (xs) => slope(s, xs), 1e-5),
          1e-5,
          `${op} sample ${i}, second order`,
        );
      });
    },
  );
});

describe("operations that read their input", () => {
  test("unique: ascending values, where each element went, how often", async () => {
    const { values, inverse, counts } = await core.unique([3, 1, Number.NaN, 3, Number.NaN, -2]);
    expect([...(await values.data())]).toEqual([-2, 1, 3, Number.NaN]);
    expect([...(await inverse.data())]).toEqual([2, 1, 3, 2, 3, 0]);
    expect([...(await counts.data())]).toEqual([1, 1, 2, 2]);
    expect((await core.unique(core.zeros([0], "uint8"))).values.toString()).toBe("uint8[0]");
  });

  test("nonzero: one list of positions for each axis", async () => {
    const [row, column] = await core.nonzero([
      [0, 2, 0],
      [Number.NaN, 0, -1],
    ]);
    expect([...(await row!.data())]).toEqual([0, 1, 1]);
    expect([...(await column!.data())]).toEqual([1, 0, 2]);
    expect(await core.nonzero(uniform([]).data[0]!)).toEqual([]);
  });
});
