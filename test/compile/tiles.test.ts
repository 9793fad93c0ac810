/**
 * Generated kernels at the edges of their tiles: sizes one below, at and one above every register tile, panel, vector and
 * cut, against the float64 reference; memory is poisoned with NaN before, and neighbours in memory must stay as they are.
 */
import { describe, expect, test } from "vitest";
import {
  type BackendName,
  compile,
  conv,
  deviceArray,
  dim,
  gradient,
  maxPool,
  type Tensor,
  variable,
} from "../../src/core/index.ts";

const backends: readonly BackendName[] = ["wasm:1", "wasm:2"];

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

/** Runs `fn` on the reference and on `backend`, and compares; the first axis of the first input is symbolic if asked. */
function agree(
  fn: (...xs: Tensor[]) => Tensor[],
  shapes: readonly (readonly number[])[],
  backend: BackendName,
  symbolic: boolean,
): void {
  const rows = dim("rows");
  const inputs = shapes.map((shape, i) => ({
    shape: i === 0 && symbolic ? [rows, ...shape.slice(1)] : shape,
    dtype: "float32" as const,
  }));
  const data = shapes.map((shape, i) => values(product(shape), i + 1));
  const expected = compile(fn, { inputs, backend: "reference" }).runSync(...data) as Tensor[];
  poison(backend);
  const canary = deviceArray(new Float32Array(64).fill(7), [64], { backend });
  const compiled = compile(fn, { inputs, backend });
  const got = compiled.runSync(...data) as Tensor[];
  for (const [i, want] of expected.entries()) {
    const [a, b] = [got[i]!.dataSync(), want.dataSync()];
    expect(a.length, `output ${i} of ${JSON.stringify(shapes)}`).toBe(b.length);
    const scale = Math.max(1, ...Array.from(b, Math.abs));
    const close = Array.from(a).every((v, j) => Math.abs(v - b[j]!) <= 1e-5 * scale);
    expect(close, `output ${i} of ${JSON.stringify(shapes)}`).toBe(true);
  }
  const seen = compile((x) => x.mul(1), { inputs: [{ shape: [64], dtype: "float32" }], backend }).runSync(
    canary,
  ) as Tensor;
  expect([...seen.dataSync()]).toEqual(new Array(64).fill(7));
  canary.release();
  compiled.release();
}

describe.each(backends)("%s", (backend) => {
  const products: readonly [number, number, number][] = [
    ...[0, 1, 3, 4, 5, 8, 9].map((m): [number, number, number] => [m, 7, 9]),
    ...[1, 3, 4, 7, 8, 9, 12, 15, 16, 17, 33].map((n): [number, number, number] => [5, 9, n]),
    ...[0, 1, 2, 8, 9, 10, 16, 63, 65, 257].map((k): [number, number, number] => [4, k, 10]),
    // Wide and long enough for panels, and for sums that are cut.
    ...[
      [33, 64, 128],
      [31, 130, 136],
      [40, 513, 16],
      [70, 65, 256],
    ].map((s) => s as [number, number, number]),
  ];
  test.each([true, false])("matrix products and their gradients (symbolic rows: %s)", (symbolic) => {
    for (const [m, k, n] of products) {
      // Rows cannot be counted where they are empty.
      if (symbolic && k === 0) continue;
      const both = (x: Tensor, w: Tensor): Tensor[] => {
        const y = x.matmul(w);
        const [gx, gw] = gradient(y.square().sum(), [x, w]) as [Tensor, Tensor];
        return [y.add(1), gx, gw];
      };
      agree(
        both,
        [
          [m, k],
          [k, n],
        ],
        backend,
        symbolic,
      );
    }
  });

  test("convolutions with activation and pooling, and their gradients", () => {
    const cases = [
      { x: [3, 7, 8, 1], w: [3, 3, 1, 8] },
      { x: [2, 9, 6, 3], w: [3, 2, 3, 5] },
      { x: [5, 6, 7, 4], w: [1, 1, 4, 12] },
      { x: [9, 8, 8, 16], w: [3, 3, 16, 24] },
      { x: [1, 5, 5, 2], w: [3, 3, 2, 4] },
    ];
    for (const { x, w } of cases) {
      for (const padding of ["valid", "same"] as const) {
        const bias = variable(values(w[3]!, 9));
        const net = (input: Tensor, kernel: Tensor): Tensor[] => {
          const h = conv(input, kernel, { padding }).add(bias).relu();
          const y = maxPool(h, { size: [2, 2], strides: [2, 2], padding: "valid" });
          const [gx, gw] = gradient(y.mul(y).sum(), [input, kernel]) as [Tensor, Tensor];
          return [y, gx, gw];
        };
        agree(net, [x, w], backend, true);
        bias.release();
      }
    }
  });

  test("gradients behind max pooling, window by window", () => {
    const cases = [
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
    ] as const;
    for (const { x, w, ...more } of cases) {
      const size = "size" in more ? more.size : 2;
      const net = (input: Tensor, kernel: Tensor): Tensor[] => {
        const y = maxPool(conv(input, kernel, "options" in more ? more.options : {}).relu(), {
          size,
          strides: size,
          padding: "valid",
        });
        const [gx, gw] = gradient(y.mul(y).sum(), [input, kernel]) as [Tensor, Tensor];
        // The gradient as it is, and with what follows it elementwise.
        return [gx, gw, gradient(y.square().sum(), [input])[0]!.relu().mul(input)];
      };
      for (const symbolic of x[0] === 0 ? [false] : [true, false]) agree(net, [x, w], backend, symbolic);
    }
  });

  test("pooling whose last windows reach beyond the image", () => {
    for (const [size, kernel] of [
      [5, 3],
      [6, 3],
      [7, 3],
      [5, 1],
    ] as const) {
      const net = (x: Tensor, w: Tensor): Tensor[] => {
        const y = maxPool(conv(x, w, { padding: "same" }).relu(), {
          ...{ size: [2, 2], strides: [2, 2], padding: "same" },
        });
        return [y, ...gradient(y.square().sum(), [x, w])];
      };
      agree(
        net,
        [
          [2, size, size, 3],
          [kernel, kernel, 3, 4],
        ],
        backend,
        true,
      );
    }
  });

  test("sums of contractions, and pooling of the sum", () => {
    const net = (x: Tensor, a: Tensor, b: Tensor): Tensor[] => {
      const once = conv(x, a, { padding: "same" });
      const sum = conv(once.relu(), a, { padding: "same" })
        .add(conv(x, b, { padding: "same" }))
        .relu();
      const three = sum.add(conv(x, a, { padding: "same" })).add(once);
      const pooled = maxPool(three, { size: [2, 2], strides: [2, 2], padding: "valid" });
      return [sum, pooled, ...gradient(pooled.square().sum(), [x, a, b])];
    };
    agree(
      net,
      [
        [3, 6, 8, 4],
        [3, 3, 4, 4],
        [1, 1, 4, 4],
      ],
      backend,
      true,
    );
    const dense = (x: Tensor, a: Tensor, b: Tensor): Tensor[] => [x.matmul(a).add(x.matmul(b)).tanh()];
    agree(
      dense,
      [
        [9, 5],
        [5, 17],
        [5, 17],
      ],
      backend,
      true,
    );
  });

  test("reductions along and across the lanes", () => {
    for (const rows of [0, 1, 3, 4, 5, 17]) {
      for (const columns of [1, 2, 15, 16, 17, 33, 70]) {
        agree((x) => [x.sum(1), x.sum(0), x.sum(), x.logSumExp(1)], [[rows, columns]], backend, true);
      }
    }
  });
});
