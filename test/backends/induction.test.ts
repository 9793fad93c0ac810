import { expect, test } from "vitest";
import { createJsBackend } from "../../src/backends/js/index.ts";
import { createWasmBackend } from "../../src/backends/wasm/index.ts";
import { reduceStrength } from "../../src/backends/wasm/induction.ts";
import type { Kernel, Val } from "../../src/ir/index.ts";
import { generator, KernelWriter, planOf, runOnce } from "./kit.ts";

const CELLS = 4096;

/** Nested loops that write their own round numbers at addresses that are linear in them, said in many ways. */
function linearKernel(seed: number): Kernel {
  const random = generator(seed);
  const int = (n: number): number => Math.floor(random() * n);
  const k = new KernelWriter(`linear${seed}`);
  const out = k.buffer("int32");
  const n = k.size();
  const times = (v: Val): Val => {
    const form = int(4);
    if (form === 0) return k.prim("ishl", [v], int(8));
    if (form === 1) return k.prim("imul", [v, k.i(int(40) - 20)]);
    if (form === 2) return k.prim("imul", [k.prim("isub", [n, k.i(3)]), v]);
    return k.prim("iadd", [v, k.prim("ishl", [v], 3)]);
  };
  const linear = (vars: Val[], depth: number): Val => {
    const v = random() < 0.7 ? vars[int(vars.length)]! : n;
    if (depth === 0) return times(v);
    const [a, b] = [linear(vars, depth - 1), linear(vars, depth - 1)];
    return random() < 0.7 ? k.prim("iadd", [a, b]) : k.prim("isub", [a, b]);
  };
  const address = (vars: Val[]): Val => k.prim("iadd", [out, k.prim("ishl", [linear(vars, 2)], 6)]);
  const record = (vars: Val[]): void => {
    const addr = address(vars);
    const inside = k.prim("ult", [k.prim("isub", [addr, out]), k.i(4 * CELLS)]);
    k.if(inside, () => k.store("int32", addr, k.prim("iadd", [k.load("int32", addr), vars.at(-1)!])));
  };
  const nest = (vars: Val[], depth: number): void => {
    const from = random() < 0.5 ? k.i(int(5) - 2) : n;
    const to = k.prim("iadd", [n, k.i(int(9))]);
    k.for(from, to, 1 + int(3), (i) => {
      const inner = [...vars, i];
      for (let c = int(9); c >= 0; c--) record(inner);
      if (depth > 0) nest(inner, depth - 1);
    });
  };
  nest([], 1);
  return k.finish();
}

const cellsOf = (k: Kernel): number => k.values.filter((v) => v.def.k === "cell").length;

test("addresses that are added to are the addresses that were multiplied", () => {
  let reduced = 0;
  const [js, wasm] = [createJsBackend(), createWasmBackend()];
  for (let seed = 0; seed < 25; seed++) {
    const kernel = linearKernel(seed);
    const better = reduceStrength(kernel);
    reduced += Number(cellsOf(better) > 0);
    for (const n of [0, 5]) {
      const run = (b: typeof js, k: Kernel) => {
        const memory = b.allocate("int32", CELLS);
        const plan = planOf(
          { ...k, key: `${k.name}${cellsOf(k)}` },
          [{ dtype: "int32", count: CELLS }],
          [],
          [n],
        );
        runOnce(b, plan, { inputs: [memory] });
        const out = memory.read();
        memory.release();
        return out;
      };
      const want = run(js, kernel);
      expect(run(js, better), `seed ${seed}`).toEqual(want);
      expect(run(wasm, kernel), `seed ${seed}`).toEqual(want);
    }
  }
  expect(reduced).toBeGreaterThan(20);
}, 60_000);

test("what an address computes by itself, and short loops, stay as they are", () => {
  const loop = (shift: number, to: number): Kernel => {
    const k = new KernelWriter("plain");
    const out = k.buffer("int32", "write");
    k.for(k.i(0), k.i(to), 1, (i) => k.store("int32", k.prim("iadd", [out, k.prim("ishl", [i], shift)]), i));
    return k.finish();
  };
  expect(cellsOf(reduceStrength(loop(3, 100)))).toBe(0);
  expect(cellsOf(reduceStrength(loop(6, 3)))).toBe(0);
  expect(cellsOf(reduceStrength(loop(6, 100)))).toBe(1);
});
