/** Edges of numbers and shapes (reliability NE-1, NE-2), types, and the messages of wrong calls (TR-7). */
import { describe, expect, test } from "vitest";
import type { BackendName, Operand, Tensor } from "../../src/core/index.ts";
import * as t from "../../src/core/index.ts";
import { DTypeError, ShapeError, TendrilError, UsageError } from "../../src/ir/errors.ts";

const backends: BackendName[] = ["reference", "js", "wasm"];
const inf = Number.POSITIVE_INFINITY;

describe.each(backends)("stable functions on %s", (backend) => {
  const read = (x: Tensor): number[] => [...x.dataSync({ backend })];

  test("logSoftmax and softmax at large logits", () => {
    expect(read(t.logSoftmax([1e4, -1e4, 0]))).toEqual([0, -20000, -10000]);
    expect(read(t.softmax([3e38, -3e38, 0]))).toEqual([1, 0, 0]);
    for (const x of [-1e4, 88.7, 3e38]) {
      for (const v of read(t.logSoftmax([x, x, x, x]))) expect(v).toBeCloseTo(-Math.log(4), 6);
    }
    expect(read(t.softmax([0, -inf, 0]))).toEqual([0.5, 0, 0.5]);
    expect(read(t.logSoftmax([0, -inf]))).toEqual([0, -inf]);
    expect(read(t.softmax([5]))).toEqual([1]);
    expect(read(t.softmax([-inf, -inf])).every(Number.isNaN)).toBe(true);
    expect(read(t.softmax([inf, 0])).every(Number.isNaN)).toBe(true);
    expect(read(t.softmax([0, Number.NaN])).every(Number.isNaN)).toBe(true);
  });

  test("rows of softmax sum to 1, over many classes too", () => {
    const p = t.softmax(t.randomNormal(t.key(1), [3, 5000], { stddev: 50 }));
    for (const s of read(p.sum(1))) expect(Math.abs(s - 1)).toBeLessThan(1e-6);
  });

  test("logSumExp, softplus, sigmoid, norm, variance", () => {
    expect(read(t.logSumExp([-inf, -inf]))).toEqual([-inf]);
    expect(read(t.logSumExp([inf, 0]))).toEqual([inf]);
    expect(read(t.logSumExp([1e4, 1e4]))[0]).toBeCloseTo(1e4 + Math.log(2), 2);
    expect(read(t.softplus([-1e4, 1e4, 3e38]))).toEqual([0, 1e4, Math.fround(3e38)]);
    expect(read(t.sigmoid([-1e4, 1e4, -3e38]))).toEqual([0, 1, 0]);
    expect(read(t.norm([1e30, 0, -1e30]))[0]! / 1e30).toBeCloseTo(Math.SQRT2, 5);
    expect(read(t.norm([1e-30, 1e-30]))[0]! / 1e-30).toBeCloseTo(Math.SQRT2, 5);
    expect(read(t.norm([inf, 1]))).toEqual([inf]);
    expect(read(t.norm([0, 0]))).toEqual([0]);
    expect(read(t.variance([1e6, 1e6 + 1, 1e6 + 2]))[0]).toBeCloseTo(2 / 3, 5);
  });

  test("gradients at large logits are finite", () => {
    for (const fn of [t.softmax, t.logSoftmax]) {
      const x = t.tensor([1e4, -1e4, 88.7]);
      expect(read(t.gradient(fn(x).at(0), [x])[0]!).every(Number.isFinite)).toBe(true);
    }
    const x = t.tensor([1e4, -1e4, 0]);
    expect(read(t.gradient(t.softplus(x).sum(), [x])[0]!)).toEqual([1, 0, 0.5]);
  });

  test("infinities, NaN and both zeros stay apart, in one program and between programs", async () => {
    const factors = [inf, -inf, Number.NaN, 0, -0];
    const options: t.CompileOptions = { inputs: [{ shape: [1], dtype: "float32" }], backend };
    const together = t.compile((x: Tensor) => factors.map((f) => x.mul(f)), options).runSync([1]);
    const apart = factors.map((f) => t.compile((x: Tensor) => x.mul(f), options).runSync([1]));
    expect(together.map((y) => read(y)[0])).toEqual(factors);
    expect(apart.map((y) => read(y)[0])).toEqual(factors);
  });

  test("reductions of nothing", () => {
    const none = t.zeros([0]);
    expect(read(none.sum())).toEqual([0]);
    expect(read(none.prod())).toEqual([1]);
    expect(read(none.mean())).toEqual([Number.NaN]);
    expect(read(none.all())).toEqual([1]);
    expect(read(none.any())).toEqual([0]);
    expect(read(t.zeros([0, 2]).sum(0))).toEqual([0, 0]);
    expect(read(t.zeros([0, 3]).matmul(t.ones([3, 2])))).toEqual([]);
  });
});

describe("types", () => {
  const types = (...xs: Tensor[]): string[] => xs.map((x) => x.dtype);

  test("plain numbers are weak", () => {
    const [f, i] = [t.tensor([1.5]), t.tensor(Int32Array.of(1))];
    expect(types(f.add(1), i.add(2), i.add(0.5), i.mul(3e9), i.add(true))).toEqual([
      "float32",
      "int32",
      "float32",
      "float32",
      "int32",
    ]);
    expect(types(i.add([1, 2]), i.add(f), t.add(1, 2))).toEqual(["int32", "float32", "float32"]);
  });

  test("uint8 and bool compute as int32; moving and choosing keep them", () => {
    const u = t.tensor(Uint8Array.of(200, 100));
    const b = t.tensor([true, false]);
    expect(types(u.add(u), b.add(b), u.sum(), u.reshape([2, 1]), t.concat([u, u]))).toEqual([
      "int32",
      "int32",
      "int32",
      "uint8",
      "uint8",
    ]);
    expect(types(t.where(b, u, u), t.where(b, b, b), t.where(b, u, 1))).toEqual(["uint8", "bool", "int32"]);
    expect([...u.add(u).dataSync()]).toEqual([400, 200]);
  });

  test("functions of real numbers and quotients are float32, comparisons bool", () => {
    const i = t.tensor(Int32Array.of(4, 9));
    expect(types(i.sqrt(), i.div(2), i.mean(), i.less(5), i.pow(2), i.pow(0.5), i.argmax())).toEqual([
      "float32",
      "float32",
      "float32",
      "bool",
      "int32",
      "float32",
      "int32",
    ]);
    expect([...i.div(2).dataSync()]).toEqual([2, 4.5]);
    expect([...i.pow(2).dataSync()]).toEqual([16, 81]);
  });
});

describe("reading", () => {
  test("data, item, toArray, print", async () => {
    const x = t.tensor([
      [1, 2.5],
      [-3, 0],
    ]);
    const copy = await x.data();
    copy[0] = 9;
    expect([...(await x.data())]).toEqual([1, 2.5, -3, 0]);
    expect(await x.toArray()).toEqual([
      [1, 2.5],
      [-3, 0],
    ]);
    expect(await x.greater(0).toArray()).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(await x.sum().item()).toBe(0.5);
    expect(await t.scalar(3).toArray()).toBe(3);
    expect(await t.zeros([2, 0]).toArray()).toEqual([[], []]);
    await expect(x.item()).rejects.toThrow(ShapeError);
    expect(x.print()).toBe("float32[2, 2] \n[[ 1. 2.5]\n [-3.  0.]]");
    expect(t.arange(2000).print()).toBe("int32[2000] [   0    1    2 ... 1997 1998 1999]");
    expect(String(x)).toBe("float32[2, 2]");
  });
});

/** Calls that make no sense, the error they throw, and a part of its message. */
const wrongCalls: readonly [name: string, () => unknown, typeof TendrilError | typeof ShapeError, RegExp][] =
  [
    ["broadcast", () => t.ones([2, 3]).add(t.ones([4])), ShapeError, /\[2, 3\] and \[4\]: 3 meets 4/],
    [
      "matmul",
      () => t.ones([32, 784]).matmul(t.ones([128, 784])),
      ShapeError,
      /try {6}transpose the right side/,
    ],
    ["matmul of scalars", () => t.matmul(2, [1]), ShapeError, /try {6}use mul/],
    ["reshape", () => t.ones([6]).reshape([4, -1]), ShapeError, /-1 cannot be worked out/],
    ["reshape count", () => t.ones([6]).reshape([4]), ShapeError, /the number of elements would change/],
    ["axis", () => t.ones([6]).sum(1), ShapeError, /expected an axis from -1 to 0/],
    ["axis twice", () => t.ones([2, 2]).sum([0, -2]), ShapeError, /named twice/],
    ["empty max", () => t.zeros([0]).max(), ShapeError, /try {6}leave empty inputs out/],
    ["empty argmax", () => t.zeros([2, 0]).argmax(1), ShapeError, /no largest/],
    ["concat", () => t.concat([t.ones([2, 3]), t.ones([2, 4])]), ShapeError, /do not fit together/],
    ["concat of nothing", () => t.concat([]), UsageError, /nothing to join/],
    ["split", () => t.ones([5]).split(2), ShapeError, /a size that 2 divides/],
    ["take", () => t.ones([3]).take([0, 3]), ShapeError, /got {6}3 at position 1/],
    ["float indices", () => t.ones([3]).take(t.ones([1])), DTypeError, /\.cast\("int32"\)/],
    ["at", () => t.ones([3]).at(3), ShapeError, /no position 3/],
    ["squeeze", () => t.ones([3]).squeeze(0), ShapeError, /cannot be dropped/],
    [
      "conv channels",
      () => t.conv(t.ones([1, 5, 5, 3]), t.ones([3, 3, 1, 2])),
      ShapeError,
      /channels do not fit/,
    ],
    [
      "conv window",
      () => t.conv(t.ones([1, 2, 2, 1]), t.ones([3, 3, 1, 2])),
      ShapeError,
      /larger than the image/,
    ],
    ["conv rank", () => t.conv(t.ones([5, 5, 3]), t.ones([3, 3, 3, 2])), ShapeError, /expandDims/],
    ["pool", () => t.maxPool(t.ones([1, 1, 1, 1])), ShapeError, /does not fit the image/],
    ["einsum", () => t.einsum("ij,jk->ik", t.ones([2, 3]), t.ones([4, 2])), ShapeError, /sizes differ/],
    ["einsum letters", () => t.einsum("ijk->i", t.ones([2, 3])), ShapeError, /count the letters/],
    ["dtype", () => t.ones([1]).cast("float64" as never), DTypeError, /no such element type/],
    ["ragged", () => t.tensor([[1, 2], [3]]), ShapeError, /ragged/],
    ["count", () => t.tensor([1, 2, 3], { shape: [2, 2] }), ShapeError, /4 values for \[2, 2\]/],
    ["fraction", () => t.tensor([0.5], { dtype: "int32" }), DTypeError, /0\.5 at position 0/],
    ["topK", () => t.topK([1, 2], 3), ShapeError, /fewer than k/],
    ["ptr", () => t.segmentSum([1, 2], [[0, 2]]), ShapeError, /\[rows \+ 1\]/],
    ["other symbols", () => two(t.dim("rows"), t.dim("rows")), ShapeError, /use one dim\(\) for both/],
  ];

function two(a: t.Dim, b: t.Dim): unknown {
  const specs = [a, b].map((rows) => ({ shape: [rows], dtype: "float32" as const }));
  return t.compile((x, y) => x!.add(y!), { inputs: specs }).program();
}

describe("errors", () => {
  test.each(wrongCalls)("%s", (_, call, type, message) => {
    let thrown: unknown;
    try {
      call();
    } catch (e) {
      thrown = e;
    }
    expect(thrown).toBeInstanceOf(type);
    const error = thrown as TendrilError;
    expect(error.message).toMatch(message);
    for (const part of [error.where, error.expected, error.got, error.try]) expect(part).toBeTruthy();
  });

  test.each([-1, 2.5, Number.NaN, "3", 2 ** 53, 2 ** 31, null])(
    "the size %s is refused everywhere",
    (size) => {
      const bad = size as number;
      const calls: ((s: number) => unknown)[] = [
        (s) => t.zeros([s]),
        (s) => t.ones([2]).broadcastTo([s, 2]),
        (s) => t.ones([2]).tile(s),
        (s) => t.randomUniform(t.key(0), [s]),
        (s) => t.eye(s),
      ];
      for (const call of calls) expect(() => call(bad)).toThrow(TendrilError);
      if (size !== -1) expect(() => t.ones([4]).reshape([bad])).toThrow(TendrilError);
      expect(() => t.zeros([bad] as never as Operand as never)).toThrow(TendrilError);
    },
  );

  test("every error of a scope names it", () => {
    expect(() => t.scope("dense", () => t.ones([2]).add(t.ones([3])))).toThrow(/^dense\/add:/);
  });
});
