/** Rows: matrix products, convolutions, pooling. */
import * as t from "../../src/core/index.ts";
import type { Nd } from "./ops-arrays.ts";
import { apart, at, build, indices, nd, uniform, whole } from "./ops-arrays.ts";
import type { Row, Sample } from "./ops-table.ts";
import { exact } from "./ops-table.ts";

function matmul(a: Nd, b: Nd): Nd {
  const x = a.shape.length === 1 ? { ...a, shape: [1, ...a.shape] } : a;
  const y = b.shape.length === 1 ? { ...b, shape: [...b.shape, 1] } : b;
  const [n, k] = x.shape.slice(-2) as [number, number];
  const m = y.shape.at(-1)!;
  const lead = Math.max(x.shape.length, y.shape.length) - 2;
  const batch = Array.from({ length: lead }, (_, i) => {
    const p = x.shape[i - lead + x.shape.length - 2] ?? 1;
    return p === 1 ? (y.shape[i - lead + y.shape.length - 2] ?? 1) : p;
  });
  const full = build(
    [...batch, n, m],
    (i) => {
      const outer = i.slice(0, -2);
      const [r, c] = i.slice(-2) as [number, number];
      let sum = 0;
      for (let j = 0; j < k; j++) sum += at(x, [...outer, r, j]) * at(y, [...outer, j, c]);
      return sum;
    },
    a.dtype,
  );
  const shape = [...batch, ...(a.shape.length === 1 ? [] : [n]), ...(b.shape.length === 1 ? [] : [m])];
  return { ...full, shape };
}

const matmulShapes: [number[], number[]][] = [
  [
    [1, 1],
    [1, 1],
  ],
  [
    [2, 3],
    [3, 4],
  ],
  [
    [5, 17],
    [17, 9],
  ],
  [
    [16, 4],
    [4, 33],
  ],
  [[3], [3]],
  [[2, 3], [3]],
  [[3], [3, 4]],
  [
    [2, 2, 3],
    [3, 4],
  ],
  [
    [2, 1, 2, 3],
    [4, 3, 2],
  ],
  [
    [4, 2, 3],
    [4, 3, 1],
  ],
  [
    [0, 3],
    [3, 2],
  ],
  [
    [2, 0],
    [0, 3],
  ],
  [
    [2, 3],
    [3, 0],
  ],
];

const product = (
  a: number[],
  b: number[],
  run: (a: t.Tensor, b: t.Tensor) => t.Tensor,
  f: (a: Nd, b: Nd) => Nd,
): Sample => ({
  inputs: [uniform(a), uniform(b)],
  run: ([x, y]) => run(x!, y!),
  reference: ([x, y]) => f(x!, y!),
  sum: { terms: 40, factors: 2 },
});

/** Σ over every letter of the specification that is not in the result, straight from the definition. */
function einsum(spec: string, ...xs: Nd[]): Nd {
  const [left, out] = spec.split("->") as [string, string];
  const terms = left.split(",");
  const letters = [...new Set(left.replaceAll(",", ""))];
  const size = (c: string): number => {
    const k = terms.findIndex((term) => term.includes(c));
    return xs[k]!.shape[terms[k]!.indexOf(c)]!;
  };
  const summed = letters.filter((c) => !out.includes(c));
  const inner = indices(summed.map(size));
  return build([...out].map(size), (o) =>
    inner.reduce((sum, r) => {
      const value = (c: string): number => (out.includes(c) ? o[out.indexOf(c)]! : r[summed.indexOf(c)]!);
      return sum + terms.reduce((p, term, k) => p * at(xs[k]!, [...term].map(value)), 1);
    }, 0),
  );
}

const einsums: [string, ...number[][]][] = [
  ["ij,jk->ik", [2, 3], [3, 4]],
  ["ij,jk->ki", [2, 3], [3, 4]],
  ["bij,bjk->bik", [2, 2, 3], [2, 3, 2]],
  ["i,j->ij", [3], [4]],
  ["ij,ij->", [2, 3], [2, 3]],
  ["ij,ij->i", [2, 3], [2, 3]],
  ["ij->ji", [2, 3]],
  ["ij->j", [2, 3]],
  ["ii->i", [3, 3]],
  ["ii->", [3, 3]],
  ["ij,k->ik", [2, 3], [2]],
  ["ij,jk,kl->il", [2, 3], [3, 2], [2, 4]],
  ["bhid,bhjd->bhij", [1, 2, 3, 4], [1, 2, 2, 4]],
];

interface ConvCase {
  readonly x: number[];
  readonly kernel: number[];
  readonly strides?: number[];
  readonly dilation?: number[];
  readonly groups?: number;
  readonly padding?: "valid" | "same" | [number, number][];
}

/** Cells before and size of the result, by the rule of the field: `same` keeps ceil(size / stride), extra cell last. */
function extent(
  size: number,
  window: number,
  stride: number,
  padding: ConvCase["padding"],
  axis: number,
): [number, number] {
  if (padding === "same") {
    const out = Math.ceil(size / stride);
    const total = Math.max((out - 1) * stride + window - size, 0);
    return [Math.floor(total / 2), out];
  }
  const [low, high] = Array.isArray(padding) ? padding[axis]! : [0, 0];
  return [low, Math.floor((size + low + high - window) / stride) + 1];
}

function conv(x: Nd, kernel: Nd, c: ConvCase): Nd {
  const space = x.shape.slice(1, -1);
  const window = kernel.shape.slice(0, -2);
  const [cin, cout] = kernel.shape.slice(-2) as [number, number];
  const strides = c.strides ?? space.map(() => 1);
  const dilation = c.dilation ?? space.map(() => 1);
  const groups = c.groups ?? 1;
  const ends = space.map((s, i) => extent(s, (window[i]! - 1) * dilation[i]! + 1, strides[i]!, c.padding, i));
  return build([x.shape[0]!, ...ends.map((e) => e[1]), cout], (o) => {
    const group = Math.floor(o.at(-1)! / (cout / groups));
    let sum = 0;
    for (const w of indices(window)) {
      const place = space.map((_, i) => o[i + 1]! * strides[i]! - ends[i]![0] + w[i]! * dilation[i]!);
      const outside = place.some((p, i) => p < 0 || p >= space[i]!);
      for (let k = 0; k < cin; k++) {
        const cell = outside ? 0 : at(x, [o[0]!, ...place, group * cin + k]);
        sum += cell * at(kernel, [...w, k, o.at(-1)!]);
      }
    }
    return sum;
  });
}

const convCases: ConvCase[] = [
  { x: [1, 1, 1, 1], kernel: [1, 1, 1, 1] },
  { x: [2, 5, 4, 3], kernel: [3, 3, 3, 4] },
  { x: [2, 5, 5, 2], kernel: [3, 2, 2, 3], padding: "same" },
  { x: [1, 6, 5, 2], kernel: [3, 3, 2, 2], padding: "same", strides: [2, 2] },
  { x: [1, 7, 6, 1], kernel: [2, 3, 1, 2], strides: [2, 3] },
  { x: [1, 7, 7, 2], kernel: [3, 3, 2, 2], dilation: [2, 2] },
  { x: [1, 6, 6, 4], kernel: [3, 3, 2, 6], groups: 2, padding: "same" },
  { x: [1, 5, 5, 3], kernel: [3, 3, 1, 3], groups: 3, strides: [2, 2] },
  {
    x: [2, 4, 4, 1],
    kernel: [3, 3, 1, 17],
    padding: [
      [1, 0],
      [2, 1],
    ],
  },
  { x: [2, 9, 3], kernel: [4, 3, 2] },
  { x: [1, 9, 2], kernel: [3, 2, 5], padding: "same", strides: [2], dilation: [1] },
  { x: [0, 4, 4, 1], kernel: [3, 3, 1, 2] },
];

/** The adjoint: every input cell adds its kernel into the (uncropped) result; between and around them are zeros. */
function convTranspose(x: Nd, kernel: Nd, stride: number, padding: "valid" | "same", extra?: number): Nd {
  const space = x.shape.slice(1, -1);
  const window = kernel.shape.slice(0, -2);
  const [cout, cin] = kernel.shape.slice(-2) as [number, number];
  const size = space.map((s, i) => {
    const w = window[i]!;
    if (extra !== undefined)
      return (s - 1) * stride + w - 2 * (padding === "same" ? Math.floor(w / 2) : 0) + extra;
    return padding === "same" ? s * stride : s * stride + Math.max(w - stride, 0);
  });
  const before = space.map((s, i) =>
    padding === "same" ? Math.floor(Math.max((s - 1) * stride + window[i]! - size[i]!, 0) / 2) : 0,
  );
  return build([x.shape[0]!, ...size, cout], (o) => {
    let sum = 0;
    for (const w of indices(window)) {
      const place = w.map((p, k) => (o[k + 1]! + before[k]! - p) / stride);
      const none = place.some((p, k) => !Number.isInteger(p) || p < 0 || p >= space[k]!);
      for (let c = 0; c < cin; c++) {
        sum += (none ? 0 : at(x, [o[0]!, ...place, c])) * at(kernel, [...w, o.at(-1)!, c]);
      }
    }
    return sum;
  });
}

type Pool = { x: number[]; size: number[]; strides?: number[]; padding?: "valid" | "same" };
const poolCases: Pool[] = [
  { x: [1, 2, 2, 1], size: [2, 2] },
  { x: [2, 5, 4, 3], size: [2, 2] },
  { x: [1, 5, 5, 2], size: [2, 2], padding: "same" },
  { x: [1, 6, 6, 2], size: [3, 3], strides: [2, 2], padding: "same" },
  { x: [2, 7, 5, 1], size: [3, 2], strides: [1, 2] },
  { x: [2, 7, 17], size: [3], strides: [2] },
  { x: [0, 4, 4, 2], size: [2, 2] },
];

function pool(x: Nd, c: Pool, f: (cells: number[]) => number): Nd {
  const space = x.shape.slice(1, -1);
  const strides = c.strides ?? c.size;
  const ends = space.map((s, i) => extent(s, c.size[i]!, strides[i]!, c.padding, i));
  return build([x.shape[0]!, ...ends.map((e) => e[1]), x.shape.at(-1)!], (o) => {
    const cells = indices(c.size).flatMap((w) => {
      const place = w.map((p, i) => o[i + 1]! * strides[i]! - ends[i]![0] + p);
      return place.some((p, i) => p < 0 || p >= space[i]!) ? [] : [at(x, [o[0]!, ...place, o.at(-1)!])];
    });
    return f(cells);
  });
}

const sum = (v: number[]): number => v.reduce((a, b) => a + b, 0);
const poolRow = (
  op: string,
  run: (x: t.Tensor, o: t.PoolOptions) => t.Tensor,
  f: (v: number[]) => number,
  terms: number,
): Row => ({
  op,
  samples: poolCases.map((c) => ({
    inputs: [apart(c.x)],
    run: ([x]) => {
      const { size, strides, padding } = c;
      return run(x!, { size, ...(strides && { strides }), ...(padding && { padding }) });
    },
    reference: ([x]) => pool(x!, c, f),
    sum: { terms },
  })),
});

export const linearRows: Row[] = [
  {
    op: "matmul",
    samples: [
      ...matmulShapes.map(([a, b]) => product(a, b, t.matmul, matmul)),
      { ...product([3, 600], [600, 5], t.matmul, matmul), sum: { terms: 600, factors: 2 }, gradient: false },
      exact(
        [whole([2, 3], -9, 9), whole([3, 4], -9, 9)],
        ([a, b]) => t.matmul(a!, b!),
        ([a, b]) => matmul(a!, b!),
      ),
      {
        ...product(
          [5, 3],
          [7, 5],
          (a, b) => t.matmul(a.transpose(), b.transpose()),
          (a, b) =>
            build([3, 7], ([i, j]) =>
              sum(Array.from({ length: 5 }, (_, k) => at(a, [k, i!]) * at(b, [j!, k]))),
            ),
        ),
      },
    ],
  },
  {
    op: "dot",
    samples: [
      product([4], [4], t.dot, matmul),
      product([2, 4], [4, 3], t.dot, matmul),
      product([2, 4], [3, 4, 2], t.dot, (a, b) => einsum("ij,kjl->ikl", a, b)),
      product([], [3], t.dot, (a, b) => build([3], (i) => a.data[0]! * at(b, i))),
    ],
  },
  {
    op: "outer",
    samples: [
      product([3], [4], t.outer, (a, b) => einsum("i,j->ij", a, b)),
      product([2, 2], [1], t.outer, (a, b) => build([4, 1], ([i]) => a.data[i!]! * b.data[0]!)),
      product([0], [4], t.outer, () => nd([0, 4], [])),
    ],
  },
  {
    op: "einsum",
    samples: einsums.map(
      ([spec, ...shapes]): Sample => ({
        inputs: shapes.map((s) => uniform(s)),
        run: (xs) => t.einsum(spec, ...xs),
        reference: (xs) => einsum(spec, ...xs),
        sum: { terms: 40, factors: shapes.length },
      }),
    ),
  },
  {
    op: "conv",
    samples: convCases.map(
      (c): Sample => ({
        inputs: [uniform(c.x), uniform(c.kernel)],
        run: ([x, k]) => {
          const { strides, dilation, groups, padding } = c;
          return t.conv(x!, k!, {
            ...(strides && { strides }),
            ...(dilation && { dilation }),
            ...(groups && { groups }),
            ...(padding && { padding }),
          });
        },
        reference: ([x, k]) => conv(x!, k!, c),
        sum: { terms: 60, factors: 2 },
      }),
    ),
  },
  {
    op: "convTranspose",
    samples: (
      [
        [[1, 1, 1, 1], [1, 1, 1, 1], 1, "valid"],
        [[1, 3, 4, 2], [3, 3, 3, 2], 1, "valid"],
        [[1, 3, 4, 2], [3, 2, 3, 2], 2, "valid"],
        [[2, 3, 3, 2], [3, 3, 1, 2], 2, "same"],
        [[1, 3, 3, 1], [2, 2, 2, 1], 3, "valid"],
        [[1, 3, 3, 1], [3, 3, 2, 1], 2, "same", 1],
        [[1, 4, 2], [4, 3, 2], 2, "same"],
        [[1, 4, 2], [4, 3, 2], 2, "valid", 1],
      ] as [number[], number[], number, "valid" | "same", number?][]
    ).map(
      ([x, kernel, strides, padding, outputPadding]): Sample => ({
        inputs: [uniform(x), uniform(kernel)],
        run: ([a, k]) =>
          t.convTranspose(a!, k!, {
            strides,
            padding,
            ...(outputPadding !== undefined && { outputPadding }),
          }),
        reference: ([a, k]) => convTranspose(a!, k!, strides, padding, outputPadding),
        sum: { terms: 40, factors: 2 },
      }),
    ),
  },
  poolRow("maxPool", t.maxPool, (v) => Math.max(...v), 0),
  poolRow("averagePool", t.averagePool, (v) => sum(v) / v.length, 9),
  poolRow("sumPool", t.sumPool, sum, 9),
];
