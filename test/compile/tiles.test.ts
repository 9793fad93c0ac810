/**
 * Generated kernels at the edges of their tiles: sizes one below, at and one above every register tile, panel, vector and
 * cut, against the float64 reference; memory is poisoned with NaN before, and neighbours in memory must stay as they are.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { library } from "../../src/backends/native/library.ts";
import { nativeTarget } from "../../src/backends/native/target.ts";
import { compileProgram } from "../../src/compile/index.ts";
import {
  type BackendName,
  compile,
  conv,
  deviceArray,
  dim,
  gradient,
  maxPool,
  type Tensor,
} from "../../src/core/index.ts";
import { testBackend } from "../backends.ts";
import { compileTogether } from "../native.ts";

/** Values in [-1, 1), the same every time. */
function values(count: number, seed: number): Float32Array {
  let state = seed * 2654435761 + 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x40000000 - 1;
  });
}

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Leaves NaN in memory that is free again, so that reading what was never written shows. */
function poison(backend: BackendName): void {
  const junk = [4096, 100_000, 1_000_000].map((n) =>
    deviceArray(new Float32Array(n).fill(Number.NaN), [n], { backend }),
  );
  for (const j of junk) j.release();
}

/** A function of `shapes`; the first axis of the first input is a symbol where `rows` says so. */
interface Case {
  readonly fn: (...xs: Tensor[]) => Tensor[];
  readonly shapes: readonly (readonly number[])[];
  readonly rows: "symbolic" | "known";
}

function inputsOf({ shapes, rows }: Case) {
  const n = dim("rows");
  return shapes.map((shape, i) => ({
    shape: i === 0 && rows === "symbolic" ? [n, ...shape.slice(1)] : shape,
    dtype: "float32" as const,
  }));
}

/** How the neighbour in memory is read. */
const copied: Case = { fn: (x) => [x.mul(1)], shapes: [[64]], rows: "known" };

const dataOf = ({ shapes }: Case) => shapes.map((shape, i) => values(product(shape), i + 1));

/** What the reference gives, computed once for the cases that share their shapes, on all backends. */
const wanted = new Map<Case["shapes"], readonly ArrayLike<number>[]>();
function expectedOf(one: Case): readonly ArrayLike<number>[] {
  let found = wanted.get(one.shapes);
  if (found === undefined) {
    const reference = compile(one.fn, { inputs: inputsOf(one), backend: "reference" });
    found = (reference.runSync(...dataOf(one)) as Tensor[]).map((t) => t.dataSync());
    wanted.set(one.shapes, found);
    reference.release();
  }
  return found;
}

/** To 1e-5 of the largest number wanted. */
function compare(got: ArrayLike<number>, want: ArrayLike<number>, note: string): void {
  expect(got.length, note).toBe(want.length);
  let scale = 1;
  for (let i = 0; i < want.length; i++) scale = Math.max(scale, Math.abs(want[i]!));
  for (let i = 0; i < want.length; i++) {
    if (!(Math.abs(got[i]! - want[i]!) <= 1e-5 * scale)) expect.fail(`${note}, element ${i}`);
  }
}

/** Runs a case on `backend`, and compares with the reference. */
function agree(one: Case, backend: BackendName): void {
  const { fn, shapes, rows } = one;
  const inputs = inputsOf(one);
  const data = dataOf(one);
  const expected = expectedOf(one);
  poison(backend);
  const canary = deviceArray(new Float32Array(64).fill(7), [64], { backend });
  const compiled = compile(fn, { inputs, backend });
  const got = compiled.runSync(...data) as Tensor[];
  const note = `${JSON.stringify(shapes)}, ${rows} rows`;
  for (const [i, want] of expected.entries()) compare(got[i]!.dataSync(), want, `output ${i} of ${note}`);
  const copy = compile(copied.fn, { inputs: inputsOf(copied), backend }).runSync(canary) as Tensor[];
  expect([...copy[0]!.dataSync()]).toEqual(new Array(64).fill(7));
  canary.release();
  compiled.release();
}

const symbolic = (fn: Case["fn"], shapes: Case["shapes"]): Case => ({ fn, shapes, rows: "symbolic" });

/** A case with symbolic rows, and one with known ones; rows of nothing cannot be counted. */
function both(fn: Case["fn"], shapes: Case["shapes"]): Case[] {
  const known: Case = { fn, shapes, rows: "known" };
  return product(shapes[0]!.slice(1)) === 0 ? [known] : [symbolic(fn, shapes), known];
}

const products: readonly (readonly [number, number, number])[] = [
  ...[0, 1, 3, 4, 5, 8, 9].map((m) => [m, 7, 9] as const),
  ...[1, 3, 4, 7, 8, 9, 12, 15, 16, 17, 33].map((n) => [5, 9, n] as const),
  ...[0, 1, 2, 8, 9, 10, 16, 63, 65, 257].map((k) => [4, k, 10] as const),
  // Wide and long enough for panels, and for sums that are cut.
  [33, 64, 128],
  [31, 130, 136],
  [40, 513, 16],
  [70, 65, 256],
];

function productAndGradients(x: Tensor, w: Tensor): Tensor[] {
  const y = x.matmul(w);
  return [y.add(1), ...gradient(y.square().sum(), [x, w])];
}

const convolved = [
  { x: [3, 7, 8, 1], w: [3, 3, 1, 8] },
  { x: [2, 9, 6, 3], w: [3, 2, 3, 5] },
  { x: [5, 6, 7, 4], w: [1, 1, 4, 12] },
  { x: [9, 8, 8, 16], w: [3, 3, 16, 24] },
  { x: [1, 5, 5, 2], w: [3, 3, 2, 4] },
];

const convolutionAndGradients =
  (padding: "valid" | "same") =>
  (x: Tensor, w: Tensor, bias: Tensor): Tensor[] => {
    const h = conv(x, w, { padding }).add(bias).relu();
    const y = maxPool(h, { size: [2, 2], strides: [2, 2], padding: "valid" });
    return [y, ...gradient(y.mul(y).sum(), [x, w])];
  };

const windows = [
  { x: [3, 9, 11, 8], w: [3, 3, 8, 5] },
  { x: [20, 7, 7, 32], w: [3, 3, 32, 33] },
  { x: [17, 8, 8, 9], w: [3, 3, 9, 3] },
  { x: [9, 12, 12, 3], w: [3, 3, 3, 7], options: { padding: "same" } },
  { x: [5, 14, 9, 16], w: [3, 3, 16, 4], options: { dilation: [2, 1] }, size: 3 },
  { x: [5, 14, 9, 13], w: [2, 2, 13, 4], options: { dilation: 2 } },
  { x: [5, 15, 15, 16], w: [3, 3, 16, 4], options: { strides: 2 } },
  { x: [2, 5, 5, 130], w: [3, 3, 130, 3] },
  { x: [0, 9, 9, 8], w: [3, 3, 8, 4] },
  { x: [6, 21, 8], w: [4, 8, 6] },
  // Sums short enough to be written out.
  { x: [2, 2, 2, 1], w: [1, 1, 1, 2] },
  { x: [1, 4, 1], w: [1, 1, 2] },
  { x: [1, 9, 1], w: [2, 1, 9] },
  { x: [1, 6, 1], w: [1, 1, 4], size: 3 },
  { x: [2, 3, 3, 1], w: [2, 2, 1, 8] },
  { x: [1, 4, 2, 1], w: [1, 1, 1, 16] },
] as const;

const gradientsByWinners =
  (size: number, options: Parameters<typeof conv>[2]) =>
  (x: Tensor, w: Tensor): Tensor[] => {
    const h = conv(x, w, options).relu();
    const y = maxPool(h, { size, strides: size, padding: "valid" });
    const [gx, gw] = gradient(y.mul(y).sum(), [x, w]) as [Tensor, Tensor];
    // The gradient as it is, and with what follows it elementwise.
    return [gx, gw, gradient(y.square().sum(), [x])[0]!.relu().mul(x)];
  };

function pooledBeyond(x: Tensor, w: Tensor): Tensor[] {
  const h = conv(x, w, { padding: "same" }).relu();
  const y = maxPool(h, { size: [2, 2], strides: [2, 2], padding: "same" });
  return [y, ...gradient(y.square().sum(), [x, w])];
}

function sumsOfConvolutions(x: Tensor, a: Tensor, b: Tensor): Tensor[] {
  const once = conv(x, a, { padding: "same" });
  const sum = conv(once.relu(), a, { padding: "same" })
    .add(conv(x, b, { padding: "same" }))
    .relu();
  const three = sum.add(conv(x, a, { padding: "same" })).add(once);
  const pooled = maxPool(three, { size: [2, 2], strides: [2, 2], padding: "valid" });
  return [sum, pooled, ...gradient(pooled.square().sum(), [x, a, b])];
}

const tables: Readonly<Record<string, readonly Case[]>> = {
  "matrix products and their gradients": products.flatMap(([m, k, n]) =>
    both(productAndGradients, [
      [m, k],
      [k, n],
    ]),
  ),
  "convolutions with activation and pooling, and their gradients": convolved.flatMap(({ x, w }) =>
    (["valid", "same"] as const).map((padding) =>
      symbolic(convolutionAndGradients(padding), [x, w, [w[3]!]]),
    ),
  ),
  "gradients behind max pooling, window by window": windows.flatMap(({ x, w, ...more }) =>
    both(gradientsByWinners("size" in more ? more.size : 2, "options" in more ? more.options : {}), [x, w]),
  ),
  "pooling whose last windows reach beyond the image": [
    [5, 3],
    [6, 3],
    [7, 3],
    [5, 1],
  ].map(([size, kernel]) =>
    symbolic(pooledBeyond, [
      [2, size!, size!, 3],
      [kernel!, kernel!, 3, 4],
    ]),
  ),
  "sums of contractions, and pooling of the sum": [
    symbolic(sumsOfConvolutions, [
      [3, 6, 8, 4],
      [3, 3, 4, 4],
      [1, 1, 4, 4],
    ]),
    symbolic(
      (x, a, b) => [x.matmul(a).add(x.matmul(b!)).tanh()],
      [
        [9, 5],
        [5, 17],
        [5, 17],
      ],
    ),
  ],
  "reductions along and across the lanes": [0, 1, 3, 4, 5, 17].flatMap((rows) =>
    [1, 2, 15, 16, 17, 33, 70].map((columns) =>
      symbolic((x) => [x.sum(1), x.sum(0), x.sum(), x.logSumExp(1)], [[rows, columns]]),
    ),
  ),
};

/** Compiles the kernels of all cases for the native backend in few units. */
function compileTables(): void {
  const target = nativeTarget(library().toolchain.lanes);
  const plans = [...Object.values(tables).flat(), copied].map((one) =>
    compileProgram(compile(one.fn, { inputs: inputsOf(one), backend: "reference" }).program(), target),
  );
  compileTogether(plans);
}

/** Native code has its turn in test/whole/native-cases: its kernels take compilers a while. */
const backends: readonly BackendName[] = testBackend === "native" ? ["native:2"] : ["wasm:1", "wasm:2"];

describe.each(backends)("%s", (backend) => {
  if (backend === "native:2") beforeAll(compileTables, 600_000);

  test.each(Object.entries(tables))("%s", (_, cases) => {
    // With two threads the plans are the same: known rows there would say no more.
    for (const one of cases) if (backend !== "wasm:2" || one.rows === "symbolic") agree(one, backend);
  });
});
