/** Rows: reductions, softmax and its relatives, running sums, order. */
import * as t from "../../src/core/index.ts";
import type { DType } from "../../src/ir/dtype.ts";
import type { Nd } from "./ops-arrays.ts";
import { apart, at, build, countOf, fold, lines, nd, uniform, whole, zip } from "./ops-arrays.ts";
import type { Row, Sample } from "./ops-table.ts";
import { exact } from "./ops-table.ts";

const cases: readonly (readonly [
  shape: readonly number[],
  axes: readonly number[] | null,
  keepdims: boolean,
])[] = [
  [[], null, false],
  [[1], [0], false],
  [[17], null, false],
  [[2, 3], [0], true],
  [[3, 33], [-1], false],
  [[2, 3, 4], [0, 2], false],
  [[2, 3, 4], [1], true],
  [[3, 2, 2], null, true],
  [[0, 3], [1], false],
];
const emptyCase = [[0, 3], [0], false] as const;

const sum = (v: number[]): number => v.reduce((a, b) => a + b, 0);
const mean = (v: number[]): number => sum(v) / v.length;
const variance = (v: number[], ddof = 0): number => sum(v.map((x) => (x - mean(v)) ** 2)) / (v.length - ddof);
const first = (v: number[], best: (a: number, b: number) => boolean): number => {
  const nan = v.findIndex(Number.isNaN);
  return nan >= 0 ? nan : v.findIndex((x) => !v.some((y) => best(y, x)));
};
const logSumExp = (v: number[]): number => {
  const m = Math.max(...v);
  return Number.isFinite(m) ? m + Math.log(sum(v.map((x) => Math.exp(x - m)))) : m;
};

interface ReduceRowOptions {
  readonly inputs?: (shape: readonly number[]) => Nd;
  readonly dtype?: DType;
  readonly empty?: boolean;
  readonly gradient?: boolean;
  readonly factors?: number;
  readonly slack?: number;
}

type Reduce = (x: t.Tensor, axis: number | readonly number[] | null, o: { keepdims: boolean }) => t.Tensor;

function reduceRow(op: string, run: Reduce, f: (v: number[]) => number, options: ReduceRowOptions = {}): Row {
  const {
    inputs = (s) => uniform(s),
    dtype,
    empty = true,
    gradient = true,
    factors = 1,
    slack = 1e-6,
  } = options;
  const all = empty ? [...cases, emptyCase] : cases;
  return {
    op,
    samples: all.map(([shape, axes, keepdims]) => ({
      inputs: [inputs(shape)],
      run: ([x]) => run(x!, axes, { keepdims }),
      reference: ([x]) => fold(x!, axes ?? shape.map((_, i) => i), keepdims, f, dtype ?? "float32"),
      sum: { terms: Math.max(countOf(shape), 1), factors },
      gradient,
      slack,
    })),
  };
}

function positionRow(op: string, run: typeof t.argmax, best: (a: number, b: number) => boolean): Row {
  const samples = cases
    .filter(([shape, axes]) => axes === null || (axes.length === 1 && countOf(shape) > 0))
    .map(
      ([shape, axes, keepdims]): Sample => ({
        inputs: [nd(shape, whole(shape, 0, 4).data)],
        run: ([x]) => run(x!, axes === null ? null : axes[0]!, { keepdims }),
        reference: ([x]) => {
          if (axes !== null) return fold(x!, axes, keepdims, (v) => first(v, best), "int32");
          const value = first([...x!.data], best);
          return nd(keepdims ? shape.map(() => 1) : [], [value], "int32");
        },
        gradient: false,
        ulps: 0,
      }),
    );
  return { op, samples };
}

/** Along one axis, the same shape out. */
function lineRow(
  op: string,
  run: (x: t.Tensor, axis: number) => t.Tensor,
  f: (v: number[]) => number[],
  options: { dtype?: DType; gradient?: boolean; inputs?: (s: readonly number[]) => Nd; slack?: number } = {},
): Row {
  const { dtype = "float32", gradient = true, inputs = (s) => uniform(s), slack = 1e-6 } = options;
  const shapes: [readonly number[], number][] = [
    [[1], 0],
    [[0], 0],
    [[17], -1],
    [[3, 4], 1],
    [[3, 4], 0],
    [[2, 3, 5], 1],
    [[2, 0], 0],
    [[2, 0], 1],
  ];
  return {
    op,
    samples: shapes.map(([shape, axis]) => ({
      inputs: [inputs(shape)],
      run: ([x]) => run(x!, axis),
      reference: ([x]) => lines(x!, axis, f, dtype),
      sum: { terms: 20 },
      gradient,
      slack,
    })),
  };
}

const order = (v: number[], descending = false): number[] => {
  const key = (x: number): number => (Number.isNaN(x) ? Number.POSITIVE_INFINITY : x);
  const sign = descending ? -1 : 1;
  return [...v.keys()].sort((i, j) => sign * Math.sign(key(v[i]!) - key(v[j]!) || 0) || i - j);
};
const pick = (v: number[], by: number[]): number[] => by.map((i) => v[i]!);
const running = (v: number[]): number[] => v.map((_, i) => sum(v.slice(0, i + 1)));

const stable = (v: number[]): number[] => v.map((x) => Math.exp(x - Math.max(...v)));

export const reduceRows: Row[] = [
  {
    op: "sum",
    samples: [
      ...reduceRow("sum", t.sum, sum).samples,
      exact(
        [whole([3, 5], -9, 9)],
        ([x]) => t.sum(x!, 1),
        ([x]) => fold(x!, [1], false, sum),
      ),
      exact(
        [whole([40], 0, 256, "uint8")],
        ([x]) => t.sum(x!),
        ([x]) => fold(x!, [0], false, sum, "int32"),
      ),
      {
        inputs: [uniform([700, 3])],
        run: ([x]) => t.sum(x!, 0),
        reference: ([x]) => fold(x!, [0], false, sum),
        sum: { terms: 700 },
        gradient: false,
      },
    ],
  },
  reduceRow("mean", t.mean, mean),
  reduceRow("prod", t.prod, (v) => v.reduce((a, b) => a * b, 1), {
    inputs: (s) => uniform(s, 0.7, 1.3),
    slack: 1e-4,
  }),
  reduceRow("max", t.max, (v) => Math.max(...v), { inputs: apart, empty: false, slack: 0 }),
  reduceRow("min", t.min, (v) => Math.min(...v), { inputs: apart, empty: false, slack: 0 }),
  positionRow("argmax", t.argmax, (a, b) => a > b),
  positionRow("argmin", t.argmin, (a, b) => a < b),
  reduceRow("all", t.all, (v) => Number(v.every((x) => x !== 0)), {
    inputs: (s) => nd(s, whole(s, 0, 4).data),
    dtype: "bool",
    gradient: false,
  }),
  reduceRow("any", t.any, (v) => Number(v.some((x) => x !== 0)), {
    inputs: (s) => nd(s, whole(s, 0, 2).data),
    dtype: "bool",
    gradient: false,
  }),
  reduceRow("variance", t.variance, (v) => variance(v), { factors: 2 }),
  {
    op: "std",
    samples: reduceRow(
      "std",
      (x, a, o) => t.std(x, a, { ...o, ddof: 1 }),
      (v) => Math.sqrt(variance(v, 1)),
      {
        factors: 2,
        slack: 1e-5,
      },
    ).samples.filter((s) => s.inputs[0]!.data.length > 1),
  },
  reduceRow("norm", t.norm, (v) => Math.sqrt(sum(v.map((x) => x * x))), { factors: 2 }),
  reduceRow("logSumExp", t.logSumExp, logSumExp),
  lineRow("softmax", t.softmax, (v) => pick(stable(v), [...v.keys()]).map((e) => e / sum(stable(v)))),
  lineRow("logSoftmax", t.logSoftmax, (v) => v.map((x) => x - logSumExp(v))),
  {
    op: "cumsum",
    samples: [
      ...lineRow("cumsum", (x, a) => t.cumsum(x, a), running).samples,
      ...lineRow(
        "cumsum",
        (x, a) => t.cumsum(x, a, { reverse: true }),
        (v) => running([...v].reverse()).reverse(),
      ).samples,
      {
        inputs: [uniform([2, 3])],
        run: ([x]) => t.cumsum(x!),
        reference: ([x]) => nd([6], running([...x!.data])),
        sum: { terms: 6 },
      },
      exact(
        [whole([3, 4], -9, 9)],
        ([x]) => t.cumsum(x!, 0),
        ([x]) => lines(x!, 0, running),
      ),
    ],
  },
  lineRow(
    "sort",
    (x, a) => t.sort(x, a),
    (v) => pick(v, order(v)),
    { inputs: apart, slack: 0 },
  ),
  {
    op: "argsort",
    samples: [
      ...lineRow(
        "argsort",
        (x, a) => t.argsort(x, a),
        (v) => order(v),
        {
          dtype: "int32",
          gradient: false,
          inputs: (s) => nd(s, whole(s, 0, 4).data),
          slack: 0,
        },
      ).samples,
      exact(
        [whole([3, 9], 0, 5)],
        ([x]) => t.argsort(x!, -1, { descending: true }),
        ([x]) => lines(x!, -1, (v) => order(v, true), "int32"),
      ),
    ],
  },
  {
    op: "topK",
    samples: [
      [[5], 2],
      [[3, 7], 7],
      [[2, 4], 0],
      [[0, 4], 1],
    ].map(
      ([shape, k]): Sample => ({
        inputs: [apart(shape as number[])],
        run: ([x]) => {
          const { values, indices } = t.topK(x!, k as number);
          return [values, indices];
        },
        reference: ([x]) => {
          const cut = (f: (v: number[], by: number[]) => number[], dtype: DType): Nd => {
            const lead = x!.shape.slice(0, -1);
            const whole = lines(x!, -1, (v) => f(v, order(v, true)), dtype);
            return build([...lead, k as number], (i) => at(whole, i), dtype);
          };
          return [cut(pick, "float32"), cut((_, by) => by, "int32")];
        },
        nan: false,
      }),
    ),
  },
  {
    op: "searchsorted",
    samples: (["left", "right"] as const).flatMap((side) => {
      const sorted = nd([5], [-1, 0, 0, 0.5, 2]);
      const count = (q: number): number =>
        sorted.data.filter((v) => (side === "left" ? v < q : v <= q)).length;
      return [[], [4], [0], [2, 3]].map((shape) =>
        exact(
          [
            sorted,
            nd(
              shape,
              whole(shape, -4, 6).data.map((v) => v / 2),
            ),
          ],
          ([s, q]) => t.searchsorted(s!, q!, side),
          ([, q]) => zip(count, "int32", q!),
        ),
      );
    }),
  },
];
