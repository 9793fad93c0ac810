/**
 * Rows: shapes, indexing, compressed rows, creation. Long because it is a table with several cases for each operation.
 *
 * Over 400 lines: a table, a row for each operation.
 */
import * as t from "../../src/core/index.ts";
import type { Nd } from "./ops-arrays.ts";
import { apart, at, build, indices, nd, uniform, whole } from "./ops-arrays.ts";
import type { Row, Sample } from "./ops-table.ts";
import { exact } from "./ops-table.ts";

type Build = (x: Nd) => Nd;
type Run = (x: t.Tensor) => t.Tensor;

/** Samples that only move elements. */
function moves(...cases: (readonly [shape: number[], run: Run, reference: Build])[]): Sample[] {
  return cases.map(([shape, run, reference]) => ({
    inputs: [uniform(shape)],
    run: ([x]) => run(x!),
    reference: ([x]) => reference(x!),
    ulps: 0,
  }));
}

const as =
  (...shape: number[]): Build =>
  (x) => ({ ...x, shape });
const permuted =
  (...axes: number[]): Build =>
  (x) =>
    build(
      axes.map((a) => x.shape[a]!),
      (i) =>
        at(
          x,
          x.shape.map((_, k) => i[axes.indexOf(k)]!),
        ),
    );
/** Element i of the result is element `f(i)` of the input. */
const from =
  (shape: number[], f: (i: number[]) => number[]): Build =>
  (x) =>
    build(shape, (i) => at(x, f(i)));

const shapeRows: Row[] = [
  {
    op: "reshape",
    samples: moves(
      [[2, 6], (x) => t.reshape(x, [3, -1]), as(3, 4)],
      [[1], (x) => t.reshape(x, []), as()],
      [[0, 3], (x) => t.reshape(x, [3, 0]), as(3, 0)],
      [[], (x) => t.reshape(x, [1, 1]), as(1, 1)],
    ),
  },
  {
    op: "transpose",
    samples: moves(
      [[2, 3], (x) => t.transpose(x), permuted(1, 0)],
      [[2, 3, 4], (x) => t.transpose(x), permuted(2, 1, 0)],
      [[2, 3, 4], (x) => t.transpose(x, [1, -1, 0]), permuted(1, 2, 0)],
      [[0, 2], (x) => t.transpose(x), permuted(1, 0)],
      [[], (x) => t.transpose(x), as()],
    ),
  },
  { op: "permute", samples: moves([[2, 3, 4], (x) => t.permute(x, [2, 0, 1]), permuted(2, 0, 1)]) },
  {
    op: "expandDims",
    samples: moves(
      [[2, 3], (x) => t.expandDims(x, 0), as(1, 2, 3)],
      [[2, 3], (x) => t.expandDims(x, [-1, 1]), as(2, 1, 3, 1)],
      [[], (x) => t.expandDims(x, 0), as(1)],
    ),
  },
  {
    op: "squeeze",
    samples: moves(
      [[1, 3, 1], (x) => t.squeeze(x), as(3)],
      [[1, 3, 1], (x) => t.squeeze(x, -1), as(1, 3)],
      [[1, 0], (x) => t.squeeze(x, 0), as(0)],
    ),
  },
  {
    op: "broadcastTo",
    samples: moves(
      [[3], (x) => t.broadcastTo(x, [2, 3]), from([2, 3], ([, j]) => [j!])],
      [[2, 1], (x) => t.broadcastTo(x, [4, 2, 3]), from([4, 2, 3], ([, i]) => [i!, 0])],
      [[], (x) => t.broadcastTo(x, [0, 2]), from([0, 2], () => [])],
    ),
  },
  {
    op: "flatten",
    samples: moves(
      [[2, 3, 4], (x) => t.flatten(x), as(24)],
      [[2, 3, 4], (x) => t.flatten(x, 1), as(2, 12)],
      [[], (x) => t.flatten(x), as(1)],
    ),
  },
  {
    op: "slice",
    samples: moves(
      [[7], (x) => t.slice(x, 2, 5), from([3], ([i]) => [i! + 2])],
      [[7], (x) => t.slice(x, -3), from([3], ([i]) => [i! + 4])],
      [[7], (x) => t.slice(x, null, null, -2), from([4], ([i]) => [6 - 2 * i!])],
      [[7], (x) => t.slice(x, 5, 1, -3), from([2], ([i]) => [5 - 3 * i!])],
      [[7], (x) => t.slice(x, 4, 100), from([3], ([i]) => [i! + 4])],
      [[7], (x) => t.slice(x, 5, 2), from([0], () => [])],
      [[4, 5], (x) => t.slice(x, [1, null], [3, -1], [1, 2]), from([2, 2], ([i, j]) => [i! + 1, 2 * j!])],
      [
        [4, 5],
        (x) => t.slice(x, [null, -1], [null, 0], [-1, -2]),
        from([4, 2], ([i, j]) => [3 - i!, 4 - 2 * j!]),
      ],
      [[0, 5], (x) => t.slice(x, 0, 3), from([0, 5], (i) => i)],
    ),
  },
  {
    op: "at",
    samples: moves(
      [[3, 4], (x) => t.at(x, 1), from([4], ([j]) => [1, j!])],
      [[3, 4], (x) => t.at(x, -1, 1), from([3], ([i]) => [i!, 3])],
      [[1], (x) => t.at(x, 0), as()],
    ),
  },
  {
    op: "flip",
    samples: moves(
      [[3, 4], (x) => t.flip(x), from([3, 4], ([i, j]) => [2 - i!, 3 - j!])],
      [[3, 4], (x) => t.flip(x, -1), from([3, 4], ([i, j]) => [i!, 3 - j!])],
      [[0], (x) => t.flip(x), as(0)],
    ),
  },
  {
    op: "pad",
    samples: [
      ...moves(
        [
          [2, 3],
          (x) =>
            t.pad(x, [
              [1, 0],
              [0, 2],
            ]),
          (x) => build([3, 5], ([i, j]) => (i! < 1 || j! > 2 ? 0 : at(x, [i! - 1, j!]))),
        ],
        [[2], (x) => t.pad(x, 2, 7), (x) => build([6], ([i]) => (i! < 2 || i! > 3 ? 7 : at(x, [i! - 2])))],
        [[0], (x) => t.pad(x, 1), () => nd([2], [0, 0])],
      ),
      exact(
        [whole([3], 0, 9, "uint8")],
        ([x]) => t.pad(x!, [[1, 1]], 255),
        ([x]) => nd([5], [255, ...x!.data, 255], "uint8"),
      ),
    ],
  },
  {
    op: "concat",
    samples: [
      {
        inputs: [uniform([2, 3]), uniform([1, 3]), uniform([0, 3])],
        run: (xs) => t.concat(xs),
        reference: ([a, b]) => nd([3, 3], [...a!.data, ...b!.data]),
        ulps: 0,
      },
      {
        inputs: [uniform([2, 3]), uniform([2, 2])],
        run: (xs) => t.concat(xs, -1),
        reference: ([a, b]) => build([2, 5], ([i, j]) => (j! < 3 ? at(a!, [i!, j!]) : at(b!, [i!, j! - 3]))),
        ulps: 0,
      },
      exact(
        [whole([3], 0, 2, "bool"), whole([2], 0, 2, "bool")],
        (xs) => t.concat(xs),
        ([a, b]) => nd([5], [...a!.data, ...b!.data], "bool"),
      ),
    ],
  },
  {
    op: "stack",
    samples: [0, 1, -1].map((axis) => ({
      inputs: [uniform([2, 3]), uniform([2, 3])],
      run: (xs) => t.stack(xs, axis),
      reference: (xs) => {
        const a = axis < 0 ? 2 : axis;
        const shape = [2, 3];
        shape.splice(a, 0, 2);
        return build(shape, (i) =>
          at(
            xs[i[a]!]!,
            i.filter((_, k) => k !== a),
          ),
        );
      },
      ulps: 0,
    })),
  },
  {
    op: "split",
    samples: [
      {
        inputs: [uniform([4, 3])],
        run: ([x]) => t.split(x!, 2),
        reference: ([x]) => [0, 2].map((s) => build([2, 3], ([i, j]) => at(x!, [i! + s, j!]))),
        ulps: 0,
      },
      {
        inputs: [uniform([2, 5])],
        run: ([x]) => t.split(x!, [1, 0, 4], 1),
        reference: ([x]) => [
          build([2, 1], (i) => at(x!, i)),
          nd([2, 0], []),
          build([2, 4], ([i, j]) => at(x!, [i!, j! + 1])),
        ],
        ulps: 0,
      },
    ],
  },
  {
    op: "roll",
    samples: moves(
      [[5], (x) => t.roll(x, 2), from([5], ([i]) => [(i! + 3) % 5])],
      [[2, 3], (x) => t.roll(x, -1, 1), from([2, 3], ([i, j]) => [i!, (j! + 1) % 3])],
      [[2, 3], (x) => t.roll(x, 7), (x) => nd([2, 3], [...x.data.slice(-1), ...x.data.slice(0, -1)])],
      [[0], (x) => t.roll(x, 1), as(0)],
    ),
  },
  {
    op: "tile",
    samples: moves(
      [[2, 3], (x) => t.tile(x, [2, 2]), from([4, 6], ([i, j]) => [i! % 2, j! % 3])],
      [[3], (x) => t.tile(x, [2, 1]), from([2, 3], ([, j]) => [j!])],
      [[2, 2], (x) => t.tile(x, 3), from([2, 6], ([i, j]) => [i!, j! % 2])],
      [[2], (x) => t.tile(x, 0), as(0)],
    ).map((s, i) => (i === 3 ? { ...s, reference: () => nd([0], []) } : s)),
  },
  {
    op: "repeat",
    samples: moves(
      [[2, 3], (x) => t.repeat(x, 2, 1), from([2, 6], ([i, j]) => [i!, Math.floor(j! / 2)])],
      [
        [2, 3],
        (x) => t.repeat(x, 2),
        (x) =>
          nd(
            [12],
            x.data.flatMap((v) => [v, v]),
          ),
      ],
      [[1], (x) => t.repeat(x, 3, 0), from([3], () => [0])],
    ),
  },
];

const taken = (x: Nd, i: Nd, axis: number): Nd =>
  build([...x.shape.slice(0, axis), ...i.shape, ...x.shape.slice(axis + 1)], (o) => {
    const k = at(i, o.slice(axis, axis + i.shape.length));
    const own = [...o.slice(0, axis), k, ...o.slice(axis + i.shape.length)];
    return k >= 0 && k < x.shape[axis]! ? at(x, own) : 0;
  });

const takeSamples = (run: (x: t.Tensor, i: t.Tensor, axis: number) => t.Tensor): Sample[] =>
  (
    [
      [[5, 3], [4], 0],
      [[5, 3], [2, 2], 0],
      [[2, 4], [3], 1],
      [[2, 4, 17], [3], 1],
      [[5], [], 0],
      [[3, 2], [0], 0],
    ] as [number[], number[], number][]
  ).map(([x, i, axis]) => ({
    inputs: [uniform(x), whole(i, 0, x[axis]!)],
    run: ([a, k]) => run(a!, k!, axis),
    reference: ([a, k]) => taken(a!, k!, axis),
    ulps: 0,
  }));

const ptrOf = (...rows: number[]): Nd =>
  nd([rows.length + 1], [0, ...rows.map((_, i) => sum(rows.slice(0, i + 1)))], "int32");

/** `f` of each compressed row, column by column. */
function segments(x: Nd, ptr: Nd, f: (v: number[]) => number): Nd {
  return build([ptr.shape[0]! - 1, ...x.shape.slice(1)], ([row, ...rest]) => {
    const n = ptr.data[row! + 1]! - ptr.data[row!]!;
    return f(Array.from({ length: n }, (_, k) => at(x, [ptr.data[row!]! + k, ...rest])));
  });
}

const rowsCases: [number[], number[]][] = [
  [[6], [2, 3, 1]],
  [
    [6, 3],
    [0, 4, 0, 2],
  ],
  [
    [5, 2, 17],
    [1, 4],
  ],
  [[1], [1]],
  [
    [0, 2],
    [0, 0],
  ],
  [[0], []],
];

function segmentRow(
  op: string,
  run: (x: t.Tensor, p: t.Tensor) => t.Tensor,
  f: (v: number[]) => number,
): Row {
  return {
    op,
    samples: rowsCases.map(([shape, rows]) => ({
      inputs: [apart(shape), ptrOf(...rows)],
      run: ([x, p]) => run(x!, p!),
      reference: ([x, p]) => segments(x!, p!, f),
      sum: { terms: 6 },
    })),
  };
}

const sum = (v: number[]): number => v.reduce((a, b) => a + b, 0);

const indexRows: Row[] = [
  { op: "take", samples: takeSamples(t.take) },
  { op: "gather", samples: takeSamples(t.gather) },
  {
    op: "takeOrZero",
    samples: ([[5, 3], [4], [3, 2, 2]] as number[][]).map((shape) => ({
      inputs: [uniform(shape), nd([5], [1, -1, 0, shape[0]!, 1], "int32")],
      run: ([a, k]) => t.takeOrZero(a!, k!),
      reference: ([a, k]) =>
        build([5, ...shape.slice(1)], ([row, ...rest]) => {
          const from = k!.data[row!]!;
          return from >= 0 && from < shape[0]! ? at(a!, [from, ...rest]) : 0;
        }),
      ulps: 0,
    })),
  },
  {
    op: "takeOrZero",
    samples: ([[5, 3], [6], [3, 17]] as number[][]).map((shape) => ({
      inputs: [uniform(shape), nd([5], [1, -1, 0, shape[0]!, 1], "int32")],
      run: ([a, k]) => t.where(t.takeOrZero(a!.greater(0), k!), 2, 1),
      reference: ([a, k]) =>
        build([5, ...shape.slice(1)], ([row, ...rest]) => {
          const from = k!.data[row!]!;
          return from >= 0 && from < shape[0]! && at(a!, [from, ...rest]) > 0 ? 2 : 1;
        }),
      ulps: 0,
      gradient: false,
      nan: false,
    })),
  },
  {
    op: "takeAlongAxis",
    samples: (
      [
        [[4, 3], [2, 3], 0],
        [[2, 5], [2, 5], -1],
        [[2, 1, 4], [2, 3, 2], 2],
        [[3], [0], 0],
      ] as [number[], number[], number][]
    ).map(([x, i, axis]) => {
      const a = axis < 0 ? axis + x.length : axis;
      return {
        inputs: [uniform(x), whole(i, 0, x[a]!)],
        run: ([v, k]) => t.takeAlongAxis(v!, k!, axis),
        reference: ([v, k]) =>
          build(i, (o) =>
            at(
              v!,
              o.map((p, j) => (j === a ? at(k!, o) : p)),
            ),
          ),
        ulps: 0,
      };
    }),
  },
  {
    op: "oneHot",
    samples: [
      exact(
        [whole([2, 4], 0, 5)],
        ([i]) => t.oneHot(i!, 5),
        ([i]) => build([2, 4, 5], (o) => Number(at(i!, o.slice(0, 2)) === o[2])),
      ),
      exact(
        [nd([3], [-1, 2, 7], "int32")],
        ([i]) => t.oneHot(i!, 3),
        () => nd([3, 3], [0, 0, 0, 0, 0, 1, 0, 0, 0]),
      ),
    ],
  },
  {
    op: "scatterAdd",
    samples: (
      [
        [[6], [6, 2], 0, 4],
        [[5], [3, 5], 1, 3],
        [[2, 2], [2, 2, 3], 0, 3],
        [[0], [0, 2], 0, 3],
      ] as [number[], number[], number, number][]
    ).map(([i, u, axis, size]) => ({
      inputs: [whole(i, 0, size), uniform(u)],
      run: ([k, v]) => t.scatterAdd(k!, v!, { size, axis }),
      reference: ([k, v]) =>
        build([...u.slice(0, axis), size, ...u.slice(axis + i.length)], (o) =>
          sum(
            indices(i).map((p) =>
              at(k!, p) === o[axis] ? at(v!, [...o.slice(0, axis), ...p, ...o.slice(axis + 1)]) : 0,
            ),
          ),
        ),
      sum: { terms: 6 },
    })),
  },
  segmentRow("segmentSum", t.segmentSum, sum),
  segmentRow("segmentProd", t.segmentProd, (v) => v.reduce((a, b) => a * b, 1)),
  segmentRow("segmentMean", t.segmentMean, (v) => (v.length === 0 ? 0 : sum(v) / v.length)),
  segmentRow("segmentMax", t.segmentMax, (v) => (v.length === 0 ? 0 : Math.max(...v))),
  segmentRow("segmentMin", t.segmentMin, (v) => (v.length === 0 ? 0 : Math.min(...v))),
  {
    op: "segmentSoftmax",
    samples: rowsCases.map(([shape, rows]) => ({
      inputs: [uniform(shape), ptrOf(...rows)],
      run: ([x, p]) => t.segmentSoftmax(x!, p!),
      reference: ([x, p]) => {
        const row = (i: number): number => rows.findIndex((_, r) => i < p!.data[r + 1]!);
        const total = segments(x!, p!, (v) => sum(v.map(Math.exp)));
        return build(shape, (i) => Math.exp(at(x!, i)) / at(total, [row(i[0]!), ...i.slice(1)]));
      },
      sum: { terms: 6 },
    })),
  },
  {
    op: "segmentIds",
    samples: [
      exact(
        [ptrOf(2, 0, 3)],
        ([p]) => t.segmentIds(p!, 5),
        () => nd([5], [0, 0, 2, 2, 2], "int32"),
      ),
    ],
  },
];

const made = (run: () => t.Tensor, want: Nd): Sample => exact([], run, () => want);
const count = (shape: number[], value: number): Nd => build(shape, () => value);

const createRows: Row[] = [
  {
    op: "full",
    samples: [
      made(() => t.full([2, 3], 1.5), count([2, 3], 1.5)),
      made(() => t.full([2], true), nd([2], [1, 1], "bool")),
    ],
  },
  {
    op: "zeros",
    samples: [
      made(() => t.zeros([2, 0]), nd([2, 0], [])),
      made(() => t.zeros([3], "uint8"), nd([3], [0, 0, 0], "uint8")),
    ],
  },
  {
    op: "ones",
    samples: [
      made(() => t.ones([]), nd([], [1])),
      made(() => t.ones([2], "int32"), nd([2], [1, 1], "int32")),
    ],
  },
  {
    op: "zerosLike",
    samples: [
      exact(
        [whole([2, 2], 1, 9)],
        ([x]) => t.zerosLike(x!),
        () => nd([2, 2], [0, 0, 0, 0], "int32"),
      ),
    ],
  },
  {
    op: "onesLike",
    samples: [
      exact(
        [uniform([3])],
        ([x]) => t.onesLike(x!),
        () => count([3], 1),
      ),
    ],
  },
  {
    op: "arange",
    samples: [
      made(() => t.arange(5), nd([5], [0, 1, 2, 3, 4], "int32")),
      made(() => t.arange(5, -1, -2), nd([3], [5, 3, 1], "int32")),
      made(() => t.arange(0, 1, 0.25), nd([4], [0, 0.25, 0.5, 0.75])),
      made(() => t.arange(0), nd([0], [], "int32")),
    ],
  },
  {
    op: "linspace",
    samples: [
      made(() => t.linspace(0, 1, 5), nd([5], [0, 0.25, 0.5, 0.75, 1])),
      made(() => t.linspace(2, 3, 1), nd([1], [2])),
      made(() => t.linspace(2, 3, 0), nd([0], [])),
    ],
  },
  {
    op: "eye",
    samples: [
      made(
        () => t.eye(3),
        build([3, 3], ([i, j]) => Number(i === j)),
      ),
      made(
        () => t.eye(2, 4, 1),
        build([2, 4], ([i, j]) => Number(j! - i! === 1)),
      ),
    ],
  },
  {
    op: "tri",
    samples: [
      made(
        () => t.tri(3, 4, -1),
        build([3, 4], ([i, j]) => Number(j! - i! <= -1)),
      ),
    ],
  },
  { op: "sizeOf", samples: [made(() => t.sizeOf(7), nd([], [7], "int32"))] },
];

/** Operations that read their input are tested by name in the suite. */
export const readingOps = ["unique", "nonzero"] as const;

export const shapeAndIndexRows: Row[] = [...shapeRows, ...indexRows, ...createRows];
