import { beforeAll, describe, expect, test } from "vitest";
import { createJsBackend } from "../../src/backends/js/index.ts";
import { createNativeBackend } from "../../src/backends/native/index.ts";
import type { MachineBackend } from "../../src/backends/runner.ts";
import { createWasmBackend } from "../../src/backends/wasm/index.ts";
import type { DType, Plan, PlanBackend, PrimOp, TypedArray } from "../../src/ir/index.ts";
import { primOps, printKernel, threefry2x32, toTyped } from "../../src/ir/index.ts";
import { compileTogether, nativeProblem, withNative } from "../native.ts";
import { HARD_FLOATS, HARD_INTS, KernelWriter, planOf, randomKernel, runOnce, sameBits } from "./kit.ts";

type Maker = readonly [string, () => PlanBackend];
const compiled = withNative<Maker>([["wasm", createWasmBackend]], ["native", createNativeBackend]);
const backends: readonly Maker[] = [["js", createJsBackend], ...compiled];

/** Every pair of hard values, as columns. */
function pairs(values: readonly number[]): [number[], number[]] {
  return [values.flatMap((a) => values.map(() => a)), values.flatMap(() => [...values])];
}

const [floatsA, floatsB] = pairs(HARD_FLOATS.map(Math.fround));
const [intsA, intsB] = pairs(HARD_INTS);

/** Applies a primitive to columns of arguments, `lanes` at a time; the rest one by one. */
function applyPrim(
  backend: PlanBackend,
  op: PrimOp,
  lanes: number,
  columns: number[][],
  imm?: number,
): TypedArray {
  const types = primOps[op].args;
  const inputs = columns.map((c, i) => (types[i] === "f32" ? Float32Array.from(c) : Int32Array.from(c)));
  return runOnce(backend, primPlan(op, lanes, columns[0]!.length, imm), { inputs }).outputs[0]!;
}

/** The plan that applies a primitive to columns of `n` arguments. */
function primPlan(op: PrimOp, lanes: number, n: number, imm?: number): Plan {
  const types = primOps[op].args;
  const { result } = primOps[op];
  const dtypeOf = (s: string): DType => (s === "f32" ? "float32" : "int32");
  const k = new KernelWriter(`${op}${lanes}`);
  const ins = types.map((s) => k.buffer(dtypeOf(s), "read"));
  const out = k.buffer(dtypeOf(result), "write");
  const whole = Math.floor(n / lanes) * lanes;
  const body = (width: number) => (i: number) => {
    const args = ins.map((p, c) => {
      const v = k.load(dtypeOf(types[c]!), k.at(p, i, 4), 0, width);
      return types[c] === "bool" ? k.prim("ine", [v, k.constant("i32", 0, width)]) : v;
    });
    const y = k.prim(op, args, imm);
    k.store(dtypeOf(result), k.at(out, i, 4), result === "bool" ? k.prim("b2i", [y]) : y);
  };
  k.for(k.i(0), k.i(whole), lanes, body(lanes));
  k.for(k.i(whole), k.i(n), 1, body(1));
  return planOf(
    k.finish(),
    types.map((s) => ({ dtype: dtypeOf(s), count: n })),
    [{ dtype: dtypeOf(result), count: n }],
  );
}

function columnsFor(op: PrimOp): number[][] {
  const { args } = primOps[op];
  if (args.length === 3) {
    const [a, b] = args[1] === "f32" ? [floatsA, floatsB] : [intsA, intsB];
    return [a.map((_, i) => i % 2), a, b];
  }
  if (args[0] === "bool")
    return [[0, 0, 1, 1, 0].concat([1]), [0, 1, 0, 1, 1].concat([0])].slice(0, args.length);
  let [a, b] = args[0] === "f32" ? [floatsA, floatsB] : [intsA, intsB];
  // The bits of a NaN differ between engines, so nothing may depend on them.
  if (op === "bitsToI") a = a.filter((x) => !Number.isNaN(x));
  if (op === "bitsToI") b = a;
  return args.length === 2 ? [a, b] : [a];
}

const allPrims = Object.keys(primOps) as PrimOp[];
const immediates = (op: PrimOp) => (["ishl", "ishr", "ushr"].includes(op) ? [0, 1, 7, 31] : [undefined]);
const widths = [1, 4, 8, 16];

describe("every primitive on hard values: all backends agree for scalars and vectors", () => {
  beforeAll(() => {
    const plans = allPrims.flatMap((op) =>
      immediates(op).flatMap((imm) =>
        widths.map((lanes) => primPlan(op, lanes, columnsFor(op)[0]!.length, imm)),
      ),
    );
    compileTogether(plans);
  }, 60_000);

  test.each(allPrims)("%s", (op) => {
    const columns = columnsFor(op);
    for (const imm of immediates(op)) {
      const want = applyPrim(createJsBackend(), op, 1, columns, imm);
      for (const lanes of widths) {
        for (const [name, create] of backends) {
          const got = applyPrim(create(), op, lanes, columns, imm);
          expect(sameBits(got, want), `${name}: ${op} with ${lanes} lanes`).toBe(true);
        }
      }
    }
  });
});

describe.each(backends)("%s: what the contract says of primitives", (_, create) => {
  const one = (op: PrimOp, ...args: number[]): number =>
    applyPrim(
      create(),
      op,
      4,
      args.map((a) => [a, a, a, a]),
    )[0]!;
  beforeAll(() => {
    const ops = ["fmin", "fmax", "f2i", "u2f", "fnearest", "idiv", "irem"] as const;
    compileTogether(ops.map((op) => primPlan(op, 4, 4)));
  }, 60_000);

  test("fmin and fmax: NaN wins, -0 is below +0", () => {
    expect(one("fmin", 1, Number.NaN)).toBeNaN();
    expect(one("fmax", Number.NaN, 1)).toBeNaN();
    expect(one("fmin", 0, -0)).toBe(-0);
    expect(one("fmin", -0, 0)).toBe(-0);
    expect(one("fmax", 0, -0)).toBe(0);
    expect(one("fmax", -0, 0)).toBe(0);
  });

  test("f2i truncates and saturates, u2f is unsigned, fnearest takes the even one", () => {
    expect(one("f2i", Number.NaN)).toBe(0);
    expect(one("f2i", -1.9)).toBe(-1);
    expect(one("f2i", 3e9)).toBe(2 ** 31 - 1);
    expect(one("f2i", Number.NEGATIVE_INFINITY)).toBe(-(2 ** 31));
    expect(one("u2f", -1)).toBe(2 ** 32);
    expect(one("fnearest", 2.5)).toBe(2);
    expect(one("fnearest", -0.5)).toBe(-0);
  });

  test("a choice by order of the same two values, both ways round, is the choice that was written", () => {
    const count = floatsA.length;
    const plans = [1, 4, 8].map((lanes) => {
      const k = new KernelWriter("order");
      const [a, b] = [k.buffer("float32", "read"), k.buffer("float32", "read")];
      const out = k.buffer("float32", "write");
      k.for(k.i(0), k.i(count), lanes, (i) => {
        const [p, q] = [
          k.load("float32", k.at(a, i, 4), 0, lanes),
          k.load("float32", k.at(b, i, 4), 0, lanes),
        ];
        const pick = (x: number, y: number, yes: number, no: number) =>
          k.prim("fselect", [k.prim("flt", [x, y]), yes, no]);
        [pick(p, q, p, q), pick(p, q, q, p), pick(q, p, p, q), pick(q, p, q, p)].forEach((v, n) => {
          k.store("float32", k.at(out, i, 4), v, 4 * n * count);
        });
      });
      const io = { dtype: "float32", count } as const;
      return planOf(k.finish(), [io, io], [{ dtype: "float32", count: 4 * count }]);
    });
    compileTogether(plans);
    const inputs = [Float32Array.from(floatsA), Float32Array.from(floatsB)];
    const below = (i: number) => floatsA[i]! < floatsB[i]!;
    const above = (i: number) => floatsB[i]! < floatsA[i]!;
    const select = (less: (i: number) => boolean, yes: number[], no: number[]) =>
      floatsA.map((_x, i) => (less(i) ? yes[i]! : no[i]!));
    const want = [
      select(below, floatsA, floatsB),
      select(below, floatsB, floatsA),
      select(above, floatsA, floatsB),
      select(above, floatsB, floatsA),
    ].flat();
    for (const plan of plans) {
      expect(sameBits(runOnce(create(), plan, { inputs }).outputs[0]!, Float32Array.from(want))).toBe(true);
    }
  });

  test("division of integers never fails", () => {
    expect(one("idiv", 7, 0)).toBe(0);
    expect(one("irem", 7, 0)).toBe(0);
    expect(one("idiv", -(2 ** 31), -1)).toBe(-(2 ** 31));
    expect(one("irem", -(2 ** 31), -1)).toBe(0);
    expect(one("idiv", -7, 2)).toBe(-3);
    expect(one("irem", -7, 2)).toBe(-1);
  });

  test("division by constants", () => {
    const cases = ([-3, -1, 0, 1, 2, 10] as const).flatMap((divisor) =>
      (["idiv", "irem"] as const).flatMap((op) => [1, 4, 8].map((lanes) => ({ divisor, op, lanes }))),
    );
    const plans = cases.map(({ divisor, op, lanes }) => {
      const k = new KernelWriter("divide");
      const x = k.buffer("int32", "read");
      const y = k.buffer("int32", "write");
      k.store("int32", y, k.prim(op, [k.load("int32", x, 0, lanes), k.constant("i32", divisor, lanes)]));
      const io = [{ dtype: "int32", count: lanes }] as const;
      return planOf(k.finish(), io, io);
    });
    compileTogether(plans);
    const backend = create();
    cases.forEach(({ divisor, op, lanes }, i) => {
      const inputs = [Int32Array.from([7, -7, -(2 ** 31), 2 ** 31 - 1, 0, 5, -6, 9].slice(0, lanes))];
      const got = runOnce(backend, plans[i]!, { inputs }).outputs[0]!;
      const want = applyPrim(createJsBackend(), op, 1, [[...inputs[0]!], Array(lanes).fill(divisor)]);
      expect([...got], `${op} by ${divisor}`).toEqual([...want]);
    });
  });

  test("Threefry-2x32 written as a kernel gives the reference words", () => {
    const k = new KernelWriter("threefry");
    const inputs = k.buffer("int32", "read");
    const out = k.buffer("int32", "write");
    const word = (i: number) => k.load("int32", inputs, 32 * i, 8);
    const [k0, k1] = [word(0), word(1)];
    let [x0, x1] = [word(2), word(3)];
    const keys = [k0, k1, k.prim("ixor", [k.prim("ixor", [k0, k1]), k.constant("i32", 0x1bd11bda, 8)])];
    x0 = k.prim("iadd", [x0, keys[0]!]);
    x1 = k.prim("iadd", [x1, keys[1]!]);
    for (let round = 0; round < 13; round++) {
      const r = [13, 15, 26, 6, 17, 29, 16, 24][round % 8]!;
      x0 = k.prim("iadd", [x0, x1]);
      x1 = k.prim("ixor", [k.prim("ior", [k.prim("ishl", [x1], r), k.prim("ushr", [x1], 32 - r)]), x0]);
      if (round % 4 !== 3) continue;
      const s = (round + 1) / 4;
      x0 = k.prim("iadd", [x0, keys[s % 3]!]);
      x1 = k.prim("iadd", [k.prim("iadd", [x1, keys[(s + 1) % 3]!]), k.constant("i32", s, 8)]);
    }
    k.store("int32", out, x0);
    k.store("int32", out, x1, 32);
    const columns = [0, 1, 2, 3].map((c) =>
      Array.from({ length: 8 }, (_x, i) => Math.imul(i * 7 + c, 0x9e3779b1)),
    );
    const plan = planOf(k.finish(), [{ dtype: "int32", count: 32 }], [{ dtype: "int32", count: 16 }]);
    const got = runOnce(create(), plan, { inputs: [Int32Array.from(columns.flat())] }).outputs[0]!;
    for (let i = 0; i < 8; i++) {
      const want = threefry2x32(columns[0]![i]!, columns[1]![i]!, columns[2]![i]!, columns[3]![i]!);
      expect([got[i], got[8 + i]]).toEqual(want);
    }
  });

  test("a load with a count reads no more than it says, and nothing at all where the address is wild", () => {
    const cases = (["float32", "int32", "uint8", "bool"] as const).flatMap((dtype) =>
      [1, 4, 8, 16, 32].flatMap((lanes) =>
        [-5, 0, 1, 3, lanes - 1, lanes, lanes + 7].map((count) => ({ dtype, lanes, count })),
      ),
    );
    const plans = cases.map(({ dtype, lanes, count }) => {
      const into = dtype === "float32" ? "float32" : "int32";
      const k = new KernelWriter("some");
      const x = k.buffer(dtype, "read");
      const y = k.buffer(into, "write");
      const n = k.size();
      const wild = k.prim("iselect", [k.prim("ilt", [k.i(0), n]), x, k.i(-64)]);
      k.store(into, y, k.load(dtype, wild, 0, lanes, n));
      return planOf(k.finish(), [{ dtype, count: 32 }], [{ dtype: into, count: lanes }], [count]);
    });
    compileTogether(plans);
    const backend = create();
    cases.forEach(({ dtype, lanes, count }, c) => {
      const values = Array.from({ length: 32 }, (_, i) => (dtype === "bool" ? 1 : 200 + i));
      const input = toTyped(dtype, values);
      const got = runOnce(backend, plans[c]!, { inputs: [input] }).outputs[0]!;
      expect([...got]).toEqual([...input.subarray(0, lanes)].map((v, i) => (i < count ? v : 0)));
    });
  });

  test("values keep what they were: no read is moved over a write", () => {
    const k = new KernelWriter("order");
    const x = k.buffer("float32");
    const loaded = k.load("float32", x, 0, 8);
    k.store("float32", x, loaded, 4);
    const scalar = k.load("float32", x);
    const cell = k.cell(scalar);
    const before = k.get(cell);
    k.store("float32", x, k.constant("f32", 100));
    k.for(k.i(0), k.i(2), 1, () => k.set(cell, k.prim("fadd", [k.get(cell), k.constant("f32", 1)])));
    k.store("float32", x, scalar, 40);
    k.store("float32", x, before, 44);
    k.store("float32", x, k.get(cell), 48);
    const buffer = create();
    const memory = buffer.allocate("float32", 16);
    memory.write([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    const plan = { ...planOf(k.finish(), [{ dtype: "float32", count: 16 }], []) };
    runOnce(buffer, plan, { inputs: [memory] });
    expect([...memory.read()]).toEqual([100, 1, 2, 3, 4, 5, 6, 7, 8, 10, 1, 1, 3, 14, 15, 16]);
  });

  test("folds meet in a fixed tree", () => {
    const widths = [4, 8, 16, 32];
    const plans = widths.map((lanes) => {
      const k = new KernelWriter("fold");
      const x = k.buffer("float32", "read");
      const y = k.buffer("float32", "write");
      k.store("float32", y, k.fold("fadd", k.load("float32", x, 0, lanes)));
      return planOf(k.finish(), [{ dtype: "float32", count: lanes }], [{ dtype: "float32", count: 1 }]);
    });
    compileTogether(plans);
    widths.forEach((lanes, n) => {
      const input = Float32Array.from({ length: lanes }, (_x, i) => (i % 3 === 0 ? 1e8 : 1 / (i + 1)));
      const want = Array.from(input);
      for (let h = lanes / 2; h >= 1; h /= 2) {
        for (let i = 0; i < h; i++) want[i] = Math.fround(want[i]! + want[i + h]!);
      }
      expect(runOnce(create(), plans[n]!, { inputs: [input] }).outputs[0]![0]).toBe(want[0]);
    });
  });

  test("a swap of two vector cells goes through values, not through half-written cells", () => {
    const k = new KernelWriter("swap");
    const x = k.buffer("float32", "read");
    const y = k.buffer("float32", "write");
    const cell = k.cell(k.load("float32", x, 0, 8));
    const before = k.get(cell);
    k.set(cell, k.shuffle(before, before, [7, 6, 5, 4, 3, 2, 1, 0]));
    const lanes = Array.from({ length: 8 }, (_x, i) => k.extract(k.get(cell), 7 - i));
    k.set(cell, k.pack(lanes));
    k.store("float32", y, k.get(cell));
    const io = [{ dtype: "float32", count: 8 }] as const;
    const input = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...runOnce(create(), planOf(k.finish(), io, io), { inputs: [input] }).outputs[0]!]).toEqual([
      ...input,
    ]);
  });
});

describe("random kernels: what is compiled gives what the interpreter gives", () => {
  const clear = (b: MachineBackend): void => {
    const at = b.scratch(1 << 17);
    b.arena.view().u8.fill(0, at, at + (1 << 17));
  };
  const check = (b: MachineBackend, seeds: readonly number[]): void => {
    const js = createJsBackend();
    for (const seed of seeds) {
      const { plan, inputs, kernel } = randomKernel(seed);
      clear(js);
      clear(b);
      const want = runOnce(js, plan, { inputs }).outputs;
      const got = runOnce(b, plan, { inputs }).outputs;
      const same = want.every((x, i) => sameBits(got[i]!, x));
      expect(same, `seed ${seed}\n${same ? "" : printKernel(kernel)}`).toBe(true);
    }
  };
  const block = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

  test.each([0, 1, 2, 3, 4, 5])("wasm: forty from seed %i * 40", (n) =>
    check(createWasmBackend(), block(n * 40, 40)),
  );

  test.skipIf(nativeProblem)("native: twenty-four", () => {
    const seeds = block(0, 24);
    compileTogether(seeds.map((seed) => randomKernel(seed).plan));
    check(createNativeBackend(), seeds);
  });
});

test.each(backends)("%s: memory may be asked for at any address", (_, make) => {
  const k = new KernelWriter("prefetch");
  const [x, y] = [k.buffer("int32", "read"), k.buffer("int32", "write")];
  k.for(k.i(0), k.i(4), 1, (i) => {
    k.prefetch(k.prim("imul", [i, k.i(2 ** 30)]), 4092);
    k.prefetch(k.at(x, k.prim("iadd", [i, k.i(8)]), 4));
    k.store("int32", k.at(y, i, 4), k.load("int32", k.at(x, i, 4)));
  });
  const array = { dtype: "int32", count: 4 } as const;
  const content = Int32Array.of(1, 2, 3, 4);
  expect(runOnce(make(), planOf(k.finish(), [array], [array]), { inputs: [content] }).outputs).toEqual([
    content,
  ]);
});
