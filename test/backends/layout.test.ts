import { describe, expect, test } from "vitest";
import { ALIGN, padded, SLACK } from "../../src/backends/arena.ts";
import { PlanLayout, SizeTable } from "../../src/backends/layout.ts";
import type { Plan, Size, Slot } from "../../src/ir/index.ts";
import { addSize, byteSize, ceilDivSize, dim, evalSize, mulSize, symbolsOf } from "../../src/ir/index.ts";
import { generator, KernelWriter, row } from "./kit.ts";

function planWith(slots: Slot[], rows: number): Plan {
  const kernel = new KernelWriter("nothing").finish();
  return {
    slots,
    rows: Array.from({ length: rows }, () => row(kernel)),
    inputs: [],
    variables: [],
    outputs: [],
  };
}

describe("scratch layout", () => {
  test("arrays that live together never share a byte, nor their slack; all are aligned", () => {
    const random = generator(1);
    for (let round = 0; round < 60; round++) {
      const rows = 1 + Math.floor(random() * 40);
      const slots: Slot[] = Array.from({ length: 30 }, () => {
        const first = Math.floor(random() * rows);
        const last = first + Math.floor(random() * Math.min(6, rows - first));
        const dtype = random() < 0.5 ? "float32" : "uint8";
        return { where: { kind: "scratch", first, last }, dtype, count: Math.floor(random() ** 3 * 5000) };
      });
      const layout = new PlanLayout(planWith(slots, rows)).at(new Float64Array(0), () => true);
      const span = slots.map((s, i) => {
        if (s.where.kind !== "scratch") throw new Error("scratch only");
        const start = layout.offsets[i]!;
        return { ...s.where, start, end: start + (s.count as number) * byteSize[s.dtype] + SLACK };
      });
      span.forEach((a, i) => {
        expect(a.start % ALIGN).toBe(0);
        expect(a.end).toBeLessThanOrEqual(layout.scratch);
        for (const b of span.slice(0, i)) {
          const together = a.first <= b.last && b.first <= a.last;
          expect(together && a.start < b.end && b.start < a.end).toBe(false);
        }
      });
    }
  });

  test("a chain needs two arrays, not one per row", () => {
    const slots: Slot[] = Array.from({ length: 50 }, (_, r) => ({
      where: { kind: "scratch", first: r, last: r + 1 },
      dtype: "float32",
      count: 1000,
    }));
    const layout = new PlanLayout(planWith(slots, 51)).at(new Float64Array(0), () => true);
    expect(layout.scratch).toBe(2 * padded(4000));
  });

  test("an input takes scratch only as host data", () => {
    const slots: Slot[] = [{ where: { kind: "input", index: 0 }, dtype: "uint8", count: 1000 }];
    const layouts = new PlanLayout(planWith(slots, 1));
    expect(layouts.at(new Float64Array(0), () => true).scratch).toBe(padded(1000));
    expect(layouts.at(new Float64Array(0), () => false)).toMatchObject({ scratch: 0 });
  });
});

test("compiled sizes are what evalSize says", () => {
  const [a, b] = [dim("a"), dim("b")];
  const sizes: Size[] = [
    7,
    a,
    mulSize(a, b),
    addSize(mulSize(a, 4), -3),
    ceilDivSize(addSize(a, mulSize(b, 5)), 8),
  ];
  const table = new SizeTable();
  const at = sizes.map((s) => table.add(s));
  expect(table.add(mulSize(b, a))).toBe(at[2]);
  for (const [x, y] of [
    [1, 2],
    [100, 33],
    [0, 0],
  ] as const) {
    const ids = new Map<number, number>();
    for (const id of symbolsOf(a).keys()) ids.set(id, x);
    for (const id of symbolsOf(b).keys()) ids.set(id, y);
    const done = table.evaluate(Float64Array.from(table.symbols, (id) => ids.get(id)!));
    expect(at.map((i) => done[i])).toEqual(sizes.map((s) => evalSize(s, ids)));
  }
});
