/** Rows: arithmetic, elementary functions, comparisons, conversions. */
import * as t from "../../src/core/index.ts";
import { apart, nd, uniform, whole, zip } from "./ops-arrays.ts";
import type { ElementwiseOptions, Row, Sample } from "./ops-table.ts";
import { binaryRow, edges, exact, pairs, unaryRow } from "./ops-table.ts";

const bool: ElementwiseOptions = { result: "bool", gradient: false };
const flat: ElementwiseOptions = { inputs: (s) => uniform(s, 0.05, 0.45) };
const round = (x: number): number => {
  const r = Math.round(x);
  return Math.abs(x - Math.trunc(x)) === 0.5 ? 2 * Math.round(x / 2) : r;
};
const nearZero: ElementwiseOptions = { slack: 2e-7, edges: false };

/** erf by Simpson's rule on its integral: good to 1e-12, and nothing like the series under test. */
function erf(x: number): number {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? x : Math.sign(x);
  const end = Math.min(Math.abs(x), 7);
  const n = 2000;
  const h = end / n;
  let sum = 1 + Math.exp(-end * end);
  for (let i = 1; i < n; i++) sum += (i % 2 === 1 ? 4 : 2) * Math.exp(-((i * h) ** 2));
  return ((Math.sign(x) * 2) / Math.sqrt(Math.PI)) * ((sum * h) / 3);
}

function with_(row: Row, ...more: Sample[]): Row {
  return { op: row.op, samples: [...row.samples, ...more] };
}

const integers = [whole([3, 4], -9, 10), nd([4], [3, -2, 7, -5], "int32")] as const;
const integerSample = (
  run: (a: t.Tensor, b: t.Tensor) => t.Tensor,
  f: (a: number, b: number) => number,
): Sample =>
  exact(
    integers,
    ([a, b]) => run(a!, b!),
    ([a, b]) => zip(f, "int32", a!, b!),
  );

const arithmetic: Row[] = [
  with_(
    binaryRow("add", t.add, (a, b) => a + b),
    integerSample(t.add, (a, b) => a + b),
    exact(
      [whole([5], 0, 256, "uint8")],
      ([x]) => t.add(x!, 300),
      ([x]) => zip((v) => v + 300, "int32", x!),
    ),
    exact(
      [whole([5], 0, 9)],
      ([x]) => t.add(x!, 0.5),
      ([x]) => zip((v) => v + 0.5, "float32", x!),
    ),
  ),
  with_(
    binaryRow("sub", t.sub, (a, b) => a - b),
    integerSample(t.sub, (a, b) => a - b),
  ),
  with_(
    binaryRow("mul", t.mul, (a, b) => a * b),
    integerSample(t.mul, (a, b) => a * b),
    exact(
      [nd([2], [65537, -2147483648], "int32")],
      ([x]) => t.mul(x!, x!),
      ([x]) => zip(Math.imul, "int32", x!, x!),
    ),
  ),
  binaryRow("div", t.div, (a, b) => a / b, { second: (s) => uniform(s, 0.5, 2) }),
  with_(
    binaryRow("floorDiv", t.floorDiv, (a, b) => Math.floor(a / b), {
      inputs: (s) => uniform(s, 0.6, 0.9),
      second: (s) => uniform(s, 0.25, 0.28),
      edges: false,
      gradient: false,
    }),
    integerSample(t.floorDiv, (a, b) => Math.floor(a / b)),
    exact(
      [whole([4], -5, 5)],
      ([x]) => t.floorDiv(x!, 0),
      ([x]) => zip(() => 0, "int32", x!),
    ),
  ),
  with_(
    binaryRow("mod", t.mod, (a, b) => a - Math.floor(a / b) * b, {
      inputs: (s) => uniform(s, 0.9, 1.1),
      second: (s) => uniform(s, 0.4, 0.43),
      edges: false,
      slack: 1e-6,
    }),
    integerSample(t.mod, (a, b) => a - Math.floor(a / b) * b),
  ),
  with_(
    binaryRow("minimum", t.minimum, Math.min, { inputs: apart, second: (s) => uniform(s, 3, 4) }),
    integerSample(t.minimum, Math.min),
  ),
  with_(
    binaryRow("maximum", t.maximum, Math.max, { inputs: apart, second: (s) => uniform(s, -0.009, 0.009) }),
    integerSample(t.maximum, Math.max),
  ),
  binaryRow("pow", t.pow, (a, b) => a ** b, { low: 0.2, high: 2, edges: false }),
  unaryRow("neg", t.neg, (x) => -x),
  unaryRow("abs", t.abs, Math.abs, { inputs: apart }),
  unaryRow("sign", t.sign, Math.sign, { inputs: apart }),
  unaryRow("floor", t.floor, Math.floor, flat),
  unaryRow("ceil", t.ceil, Math.ceil, flat),
  with_(
    unaryRow("round", t.round, round, flat),
    exact(
      [nd([8], [0.5, 1.5, 2.5, -0.5, -1.5, 3.49, 8388609.5, -2.5])],
      ([x]) => t.round(x!),
      ([x]) => zip(round, "float32", x!),
    ),
  ),
  unaryRow("trunc", t.trunc, Math.trunc, flat),
  unaryRow("square", t.square, (x) => x * x),
  unaryRow("reciprocal", t.reciprocal, (x) => 1 / x, { low: 0.3 }),
  unaryRow(
    "clip",
    (x) => t.clip(x, -0.5, 0.7),
    (x) => Math.min(Math.max(x, Math.fround(-0.5)), Math.fround(0.7)),
    { inputs: apart },
  ),
  {
    op: "where",
    samples: pairs.map(([s, u]) => ({
      inputs: [whole(s, 0, 2, "bool"), uniform(s), uniform(u)],
      run: ([c, a, b]) => t.where(c!, a!, b!),
      reference: ([c, a, b]) => zip((x, y, z) => (x !== 0 ? y : z), "float32", c!, a!, b!),
    })),
  },
];
const powers = [0, 1, 2, 3, 8, 0.5, -1].map(
  (p): Sample => ({
    inputs: [uniform([7], 0.3, 2)],
    run: ([x]) => t.pow(x!, p),
    reference: ([x]) => zip((v) => v ** p, "float32", x!),
  }),
);

const elementary: Row[] = [
  unaryRow("exp", t.exp, Math.exp),
  unaryRow("expm1", t.expm1, Math.expm1),
  unaryRow("log", t.log, Math.log, { low: 0.1, slack: 1e-7 }),
  unaryRow("log1p", t.log1p, Math.log1p, { low: -0.8, slack: 1e-7 }),
  unaryRow("sqrt", t.sqrt, Math.sqrt, { low: 0.1 }),
  unaryRow("rsqrt", t.rsqrt, (x) => 1 / Math.sqrt(x), { low: 0.1 }),
  unaryRow("sin", t.sin, Math.sin, nearZero),
  unaryRow("cos", t.cos, Math.cos, nearZero),
  unaryRow("tanh", t.tanh, Math.tanh),
  unaryRow("sigmoid", t.sigmoid, (x) => 1 / (1 + Math.exp(-x))),
  unaryRow("erf", t.erf, erf, { slack: 1e-7 }),
  unaryRow("relu", t.relu, (x) => Math.max(x, 0), { inputs: apart }),
  unaryRow("softplus", t.softplus, (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
];

const comparisons: Row[] = (
  [
    ["less", t.less, (a, b) => Number(a < b)],
    ["lessEqual", t.lessEqual, (a, b) => Number(a <= b)],
    ["greater", t.greater, (a, b) => Number(a > b)],
    ["greaterEqual", t.greaterEqual, (a, b) => Number(a >= b)],
    ["equal", t.equal, (a, b) => Number(a === b)],
    ["notEqual", t.notEqual, (a, b) => Number(a !== b)],
    ["logicalAnd", t.logicalAnd, (a, b) => Number(a !== 0 && b !== 0)],
    ["logicalOr", t.logicalOr, (a, b) => Number(a !== 0 || b !== 0)],
    ["logicalXor", t.logicalXor, (a, b) => Number((a !== 0) !== (b !== 0))],
  ] as [string, (a: t.Tensor, b: t.Tensor) => t.Tensor, (a: number, b: number) => number][]
).map(([op, run, f]) =>
  with_(
    binaryRow(op, run, f, bool),
    exact(
      [whole([6], 0, 3), whole([6], 0, 3)],
      ([a, b]) => run(a!, b!),
      ([a, b]) => zip(f, "bool", a!, b!),
    ),
    exact(
      [whole([6], 0, 2, "bool"), whole([6], 0, 3, "uint8")],
      ([a, b]) => run(a!, b!),
      ([a, b]) => zip(f, "bool", a!, b!),
    ),
  ),
);

const casts: Row = {
  op: "cast",
  samples: (["int32", "uint8", "bool"] as const).map((dtype) =>
    exact(
      [nd([8], [0, 1, -1.5, 2.9, 255, 17.2, 3e9, Number.NaN]), whole([4], 0, 256, "uint8")],
      ([x, u]) => [t.cast(x!, dtype), t.cast(u!, "float32"), t.cast(u!, dtype)],
      ([x, u]) => [
        zip((v) => truncated(v, dtype), dtype, x!),
        zip((v) => v, "float32", u!),
        zip((v) => truncated(v, dtype), dtype, u!),
      ],
    ),
  ),
};

function truncated(x: number, dtype: "int32" | "uint8" | "bool"): number {
  if (dtype === "bool") return Number(x !== 0);
  if (Number.isNaN(x)) return 0;
  const i = Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), Math.trunc(x)));
  return dtype === "uint8" ? i & 255 : i;
}

export const elementwiseRows: Row[] = [
  ...arithmetic.map((row) => (row.op === "pow" ? with_(row, ...powers) : row)),
  ...elementary,
  ...comparisons,
  unaryRow("logicalNot", t.logicalNot, (x) => Number(x === 0), bool),
  unaryRow("isNaN", t.isNaN, (x) => Number(Number.isNaN(x)), bool),
  unaryRow("isFinite", t.isFinite, (x) => Number(Number.isFinite(x)), bool),
  casts,
  {
    op: "stopGradient",
    samples: [
      {
        inputs: [edges],
        run: ([x]) => t.stopGradient(x!),
        reference: ([x]) => x!,
        gradient: false,
        ulps: 0,
      },
    ],
  },
  {
    op: "customGradient",
    samples: [
      {
        inputs: [uniform([3]), uniform([3])],
        run: ([a, b]) =>
          t.customGradient((x, y) => ({ value: x!.mul(y!), gradient: (g) => [g.mul(y!), g.mul(x!)] }))(
            a!,
            b!,
          ),
        reference: ([a, b]) => zip((x, y) => x * y, "float32", a!, b!),
      },
    ],
  },
];
