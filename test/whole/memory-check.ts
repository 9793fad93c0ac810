/** The memory of a long training (reliability MM-1). */
import { expect } from "vitest";
import { inChild } from "./child.ts";

interface Sample {
  readonly step: number;
  readonly buffers: number;
  readonly bytes: number;
  readonly reserved: number;
  readonly rss: number;
  readonly heapUsed: number;
  readonly arrayBuffers: number;
}

const MiB = 2 ** 20;

/** MiB per 1,000 steps: the slope of the line of least squares. */
function slope(samples: readonly Sample[], field: keyof Sample): number {
  const mean = (of: (s: Sample) => number) => samples.reduce((sum, s) => sum + of(s), 0) / samples.length;
  const [x, y] = [mean((s) => s.step), mean((s) => s[field])];
  const covariance = mean((s) => (s.step - x) * (s[field] - y));
  return (covariance / mean((s) => (s.step - x) ** 2)) * (1000 / MiB);
}

/** Trains in a process of its own: what the backend holds is constant, what the engine holds flat. */
export async function checkMemory(steps: number, every: number): Promise<void> {
  const flags = ["--expose-gc"];
  const samples = await inChild<Sample[]>("whole/memory.mjs", [`${steps}`, `${every}`], { flags });
  expect(samples).toHaveLength(steps / every + 1);
  for (const field of ["buffers", "bytes", "reserved"] as const) {
    expect(new Set(samples.map((s) => s[field])).size, field).toBe(1);
  }
  expect(slope(samples, "arrayBuffers")).toBeLessThanOrEqual(0.01);
  expect(slope(samples, "heapUsed")).toBeLessThanOrEqual(0.05);
  const rss = samples.map((s) => s.rss);
  expect((Math.max(...rss) - rss[0]!) / MiB).toBeLessThanOrEqual(32);
}
