/** Structure of gradients (reliability GR-3): shared, unused and repeated inputs, any order, rules of one's own. */
import { describe, expect, test } from "vitest";
import type { Tensor } from "../../src/core/index.ts";
import {
  compile,
  concat,
  customGradient,
  gradient,
  maximum,
  ones,
  stopGradient,
  tensor,
  variable,
  where,
} from "../../src/core/index.ts";
import { DTypeError, ShapeError, UsageError } from "../../src/ir/errors.ts";

const values = (t: Tensor): number[] => [...t.dataSync()];
const x = tensor([1, 2, 3]);

describe("gradient", () => {
  test("an input used twice gets the sum of both uses", () => {
    expect(values(gradient(x.mul(x).add(x).sum(), [x])[0]!)).toEqual([3, 5, 7]);
  });

  test("an unused input gets zeros of its shape", () => {
    const other = ones([2, 2]);
    const [g] = gradient(x.sum(), [other]);
    expect(g!.shape).toEqual([2, 2]);
    expect(values(g!)).toEqual([0, 0, 0, 0]);
  });

  test("the value itself and an intermediate value can be asked for", () => {
    const middle = x.square();
    const y = middle.sum();
    const [dy, dm, dx] = gradient(y, [y, middle, x]);
    expect(values(dy!)).toEqual([1]);
    expect(values(dm!)).toEqual([1, 1, 1]);
    expect(values(dx!)).toEqual([2, 4, 6]);
  });

  test("goes through reshape, slice, broadcast and gather with repeated indices", () => {
    const y = x.reshape([3, 1]).broadcastTo([3, 2]).slice([1], [3]).take([0, 1, 1]).mul([10, 1]).sum();
    expect(values(gradient(y, [x])[0]!)).toEqual([0, 11, 22]);
  });

  test("a seed weighs a value that is not a scalar", () => {
    expect(values(gradient(x.square(), [x], { seed: tensor([1, 0, 2]) })[0]!)).toEqual([2, 0, 12]);
  });

  test("third order", () => {
    const cubed = (t: Tensor): Tensor => t.mul(t).mul(t).mul(t).sum();
    let y = cubed(x);
    for (let order = 0; order < 3; order++) y = gradient(y, [x])[0]!.sum();
    expect(values(y)).toEqual([24 * (1 + 2 + 3)]);
  });

  test("maxima share evenly, elementwise and reduced; pooling takes the first", () => {
    const tied = tensor([2, 2, 1, 2]);
    expect(values(gradient(tied.max(), [tied])[0]!).map((g) => Math.fround(3 * g))).toEqual([1, 1, 0, 1]);
    expect(values(gradient(maximum(tied, 2).sum(), [tied])[0]!)).toEqual([0.5, 0.5, 0, 0.5]);
    const pooled = tied.reshape([1, 4, 1]).maxPool({ size: 2 });
    expect(values(gradient(pooled.sum(), [tied])[0]!)).toEqual([1, 0, 0, 1]);
  });

  test("at kinks: relu and abs 0 at 0, clip 1 at its ends", () => {
    const zero = tensor([0, -0]);
    expect(values(gradient(zero.relu().sum(), [zero])[0]!)).toEqual([0, 0]);
    expect(values(gradient(zero.abs().sum(), [zero])[0]!.add(0))).toEqual([0, 0]);
    expect(values(gradient(x.clip(1, 2).sum(), [x])[0]!)).toEqual([1, 1, 0]);
  });

  test("of products with zeros is finite and right in every order", () => {
    const z = tensor([2, 0, 5]);
    const [g] = gradient(z.prod(), [z]);
    expect(values(g!)).toEqual([0, 10, 0]);
    expect(values(gradient(g!.at(1), [z])[0]!)).toEqual([5, 0, 2]);
    const two = tensor([0, 0, 5]);
    const [h] = gradient(two.prod(), [two]);
    expect(values(h!)).toEqual([0, 0, 0]);
    expect(values(gradient(h!.at(0), [two])[0]!)).toEqual([0, 5, 0]);
  });

  test("of norm and std where they are 0 is 0", () => {
    const same = tensor([3, 3]);
    const nothing = tensor([0, 0]);
    expect(values(gradient(same.std(), [same])[0]!)).toEqual([0, 0]);
    expect(values(gradient(nothing.norm(), [nothing])[0]!)).toEqual([0, 0]);
  });

  test("of powers: no NaN at 0 for a constant exponent", () => {
    const z = tensor([0, 2]);
    expect(values(gradient(z.pow(3).sum(), [z])[0]!)).toEqual([0, 12]);
    expect(values(gradient(z.pow(2.5).sum(), [z])[0]!)[0]).toBe(0);
    expect(values(gradient(z.pow(0).sum(), [z])[0]!)).toEqual([0, 0]);
  });

  test("the branch not taken by where contributes nothing", () => {
    const y = where(x.greater(1.5), x.square(), x.mul(100)).sum();
    expect(values(gradient(y, [x])[0]!)).toEqual([100, 4, 6]);
  });

  test("stopGradient and integers let nothing through", () => {
    expect(values(gradient(stopGradient(x).mul(x).sum(), [x])[0]!)).toEqual([1, 2, 3]);
    expect(values(gradient(x.cast("int32").mul(x).sum(), [x])[0]!)).toEqual([1, 2, 3]);
  });

  test("customGradient replaces the rule, and is differentiated itself", () => {
    const straight = customGradient((t) => ({ value: t!.round(), gradient: (g) => [g.mul(t!)] }));
    const [g] = gradient(straight(x).sum(), [x]);
    expect(values(g!)).toEqual([1, 2, 3]);
    expect(values(gradient(g!.sum(), [x])[0]!)).toEqual([1, 1, 1]);
    const wrong = customGradient((t) => ({ value: t!, gradient: () => [] }));
    expect(() => gradient(wrong(x).sum(), [x])).toThrow(UsageError);
    const shapeless = customGradient((t) => ({ value: t!, gradient: (g) => [g.sum()] }));
    expect(() => gradient(shapeless(x).sum(), [x])).toThrow(/try {6}sum over the axes/);
  });

  test("variables: shared weights add up, frozen ones stay, four micro-batches equal one batch", () => {
    const w = variable([1, 2]);
    const frozen = variable([5, 5], { trainable: false });
    const data = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ]);
    const loss = (rows: Tensor): Tensor => rows.mul(w).add(frozen).mul(w).sum();
    const whole = values(gradient(loss(data), [w])[0]!);
    const parts = data.split(4).map((row) => values(gradient(loss(row), [w])[0]!));
    expect(parts.reduce((a, b) => a.map((v, i) => v + b[i]!))).toEqual(whole);
    expect([...frozen.read()]).toEqual([5, 5]);
  });

  test("deep chains do not overflow the stack", () => {
    let y: Tensor = x;
    for (let i = 0; i < 5000; i++) y = y.add(x);
    expect(values(gradient(y.sum(), [x])[0]!)).toEqual([5001, 5001, 5001]);
  });

  test("errors", () => {
    expect(() => gradient(x, [x])).toThrow(ShapeError);
    expect(() => gradient(x, [x])).toThrow(/try {6}take the sum or mean first/);
    expect(() => gradient(x.argmax(), [x])).toThrow(DTypeError);
    expect(() => gradient(x, [x], { seed: ones([2]) })).toThrow(/the seed has another shape/);
  });

  test("inside compile, of concatenated parts", () => {
    const fn = compile((a: Tensor, b: Tensor) => gradient(concat([a, b]).square().sum(), [b])[0]!);
    expect(values(fn.runSync([1, 2], [3, 4]))).toEqual([6, 8]);
  });
});
