import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  defaultGenerator,
  fusedMultiplyAdd,
  MT19937,
  manualSeed,
  RandomState,
  TorchGenerator,
} from "../../src/core/replay/index.ts";
import { UsageError } from "../../src/ir/errors.ts";

const file = new URL("../reference/replay.json", import.meta.url);
const { torch, numpy } = JSON.parse(readFileSync(file, "utf8"));
const f32 = (values: number[]) => values.map(Math.fround);

test("MT19937 gives the words of its authors' reference", () => {
  const mt = new MT19937(5489);
  const words = Array.from({ length: 10_000 }, () => mt.word());
  expect(words.slice(0, 2)).toEqual([3499211612, 581869302]);
  expect(words[9999]).toBe(4123659995);
  const saved = mt.save();
  const next = mt.word();
  mt.restore(saved);
  expect(mt.word()).toBe(next);
});

test("a fused multiply-add rounds once", () => {
  // The float64 sum is a tie of float32 that the lost part decides.
  const [a, b] = [1 + 2 ** -23, 2 ** -24];
  expect(fusedMultiplyAdd(1, 2 ** -24 * 1, 1)).toBe(1);
  expect(fusedMultiplyAdd(a, b, 1)).toBe(1 + 2 ** -23);
  expect(fusedMultiplyAdd(-a, b, -1)).toBe(-1 - 2 ** -23);
  expect(fusedMultiplyAdd(2 ** -60, 1, 1 + 2 ** -23)).toBe(1 + 2 ** -23);
});

describe("PyTorch's generator", () => {
  test("draws what PyTorch draws, one thing after the other", () => {
    const g = manualSeed(1234);
    expect(g).toBe(defaultGenerator);
    expect([...g.rand(3)]).toEqual(f32(torch.rand));
    expect([...g.uniform(5, -0.4, 0.7)]).toEqual(f32(torch.uniform));
    expect([...g.randDouble(2)]).toEqual(torch.double);
    expect([...g.randperm(20)]).toEqual(torch.randperm);
    expect(String(g.random())).toBe(torch.random);
    expect([...g.randint(-3, 9, 6)]).toEqual(torch.randint);
    for (const [i, z] of [...g.randn(5)].entries()) expect(z).toBeCloseTo(torch.randn[i], 6);
    // Up to the last bit of an angle, by the processor that recorded them.
    for (const [i, z] of [...g.randn(19)].entries()) expect(z).toBeCloseTo(torch.manyNormals[i], 5);
    const kept = Math.fround(1 / Math.fround(0.6));
    expect([...g.bernoulli(12, 0.6)].map((m) => (m ? kept : 0))).toEqual(f32(torch.dropout));
    const { weight, bias } = g.linear(3, 2);
    expect([[...weight], [...bias]]).toEqual([f32(torch.linear[0]), f32(torch.linear[1])]);
    for (const epoch of torch.loader) expect([...g.dataLoaderOrder(9)]).toEqual(epoch.flat());
    expect(g.rand(1)[0]).toBe(Math.fround(torch.after));
  });

  test("a hundred thousand numbers have the same bits", () => {
    const u = new TorchGenerator(7).uniform(100_000, -0.3333, 0.1);
    const sum = new Int32Array(u.buffer).reduce((a, b) => a + b, 0);
    expect([sum, u[99_999]]).toEqual([torch.checksum[0], Math.fround(torch.checksum[1])]);
  });

  test("is saved and restored, and refuses what is no seed", () => {
    const g = new TorchGenerator(3);
    g.randn(3);
    const saved = JSON.parse(JSON.stringify(g.save()));
    const next = [...g.randn(2), ...g.rand(700)];
    g.restore(saved);
    expect([...g.randn(2), ...g.rand(700)]).toEqual(next);
    expect(() => manualSeed(0.5)).toThrow(UsageError);
  });
});

test("NumPy's RandomState", () => {
  const r = new RandomState(42);
  expect([r.random(), r.random(), r.random()]).toEqual(numpy.random);
  expect([...r.permutation(12)]).toEqual(numpy.permutation);
  for (const z of numpy.normal) expect(r.normal(1, 2)).toBeCloseTo(z, 12);
  expect(Array.from({ length: 8 }, () => r.randint(-5, 100))).toEqual(numpy.randint);
  expect([...r.uniform(-1, 3, 2)]).toEqual(numpy.uniform);
  expect(() => new RandomState(-1)).toThrow(UsageError);
});
