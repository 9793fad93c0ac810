import { describe, expect, test } from "vitest";
import { createJsBackend } from "../../src/backends/js/index.ts";
import { createNativeBackend } from "../../src/backends/native/index.ts";
import { ReferenceBackend } from "../../src/backends/reference/index.ts";
import type { MachineBackend } from "../../src/backends/runner.ts";
import { createWasmBackend } from "../../src/backends/wasm/index.ts";
import type { Binding, DType, Kernel, Plan, Row, Size, Slot } from "../../src/ir/index.ts";
import {
  DeviceError,
  DTypeError,
  dim,
  floorDivSize,
  internal,
  LimitError,
  mulSize,
  ShapeError,
  TendrilError,
  UsageError,
} from "../../src/ir/index.ts";
import { withNative } from "../native.ts";
import { KernelWriter, planOf, row, runOnce } from "./kit.ts";

const backends = withNative<readonly [string, () => MachineBackend]>(
  [
    ["js", createJsBackend],
    ["wasm", createWasmBackend],
  ],
  ["native", createNativeBackend],
);

const bind = (b: Partial<Binding> = {}): Binding => ({ inputs: [], variables: [], sizes: new Map(), ...b });
const idOf = (s: Size): number => {
  if (typeof s === "number") return internal("not a symbol");
  const atom = s.terms[0]!.atoms[0]!;
  return atom.kind === "symbol" ? atom.id : internal("not a symbol");
};

/** y[i] = x[i] + add for i below n, sixteen lanes at a time and then one by one. */
function adder(add: number): Kernel {
  const k = new KernelWriter(`add${add}`);
  const x = k.buffer("float32", "read");
  const y = k.buffer("float32", "write");
  const n = k.size();
  const whole = k.prim("ishl", [k.prim("ishr", [n], 4)], 4);
  const body = (lanes: number) => (i: number) => {
    const v = k.load("float32", k.at(x, i, 4), 0, lanes);
    k.store("float32", k.at(y, i, 4), k.prim("fadd", [v, k.constant("f32", add, lanes)]));
  };
  k.for(k.i(0), whole, 16, body(16));
  k.for(whole, n, 1, body(1));
  return k.finish();
}

/** A chain of `length` additions of 1, each into scratch of its own; `n` elements. */
function chain(length: number, n: Size, guardAt?: number): Plan {
  const kernel = adder(1);
  const f = "float32" as const;
  const slots: Slot[] = [{ where: { kind: "input", index: 0 }, dtype: f, count: n }];
  const rows: Row[] = [];
  for (let r = 0; r < length; r++) {
    const last = r === length - 1;
    slots.push({
      where: last ? { kind: "output", first: r } : { kind: "scratch", first: r, last: r + 1 },
      dtype: f,
      count: n,
    });
    rows.push({ ...row(kernel), args: [{ slot: r }, { slot: r + 1 }, { size: n }] });
  }
  const value = { shape: [n], dtype: f };
  const plan: Plan = { slots, rows, inputs: [value], variables: [], outputs: [{ slot: length, value }] };
  if (guardAt === undefined) return plan;
  const guard = { where: { kind: "input", index: 1 }, dtype: "bool", count: 1 } as const;
  return {
    ...plan,
    slots: [...slots, guard],
    inputs: [value, { shape: [], dtype: "bool" }],
    guard: { at: guardAt, slot: slots.length },
  };
}

describe.each(backends)("%s", (name, create) => {
  test("one plan serves every size, 0 and 1 included", () => {
    const rows = dim("rows");
    const backend = create();
    const e = backend.prepare(chain(5, mulSize(rows, 3)));
    for (const n of [4, 1, 0, 1000, 4, 33, 100000, 2]) {
      const x = Float32Array.from({ length: 3 * n }, (_, i) => i);
      const { outputs, committed } = e.run(bind({ inputs: [x], sizes: new Map([[idOf(rows), n]]) }));
      expect(committed).toBe(true);
      expect(outputs[0]!.length).toBe(3 * n);
      expect(outputs[0]!.every((v, i) => v === i + 5)).toBe(true);
    }
    e.release();
  });

  test("sizes with floor divisions and number of tasks come from the table", () => {
    const rows = dim("rows");
    const k = new KernelWriter("tasks");
    const y = k.buffer("int32", "write");
    const n = k.size();
    const t = k.task();
    k.store("int32", k.at(y, t, 4), k.prim("iadd", [t, n]));
    const half = floorDivSize(rows, 2);
    const plan = planOf(k.finish(), [], [{ dtype: "int32", count: half }], [rows], half);
    const e = create().prepare(plan);
    for (const n of [7, 8, 1]) {
      const { outputs } = e.run(bind({ sizes: new Map([[idOf(rows), n]]) }));
      expect([...outputs[0]!]).toEqual(Array.from({ length: Math.floor(n / 2) }, (_, i) => i + n));
    }
  });

  test("a false guard stops before its row and says so", () => {
    const backend = create();
    const state = backend.allocate("float32", 3);
    const plan = chain(3, 3, 2);
    const effect: Slot = { where: { kind: "variable", index: 0 }, dtype: "float32", count: 3 };
    const slots = [...plan.slots, effect];
    const save: Row = { ...row(adder(0)), args: [{ slot: 2 }, { slot: slots.length - 1 }, { size: 3 }] };
    const e = backend.prepare({
      ...plan,
      slots,
      rows: [...plan.rows, save],
      variables: [{ shape: [3], dtype: "float32" }],
    });
    const x = Float32Array.from([1, 2, 3]);
    const run = (ok: number) => e.run(bind({ inputs: [x, Uint8Array.of(ok)], variables: [state] }));
    expect(run(0).committed).toBe(false);
    expect([...state.read()]).toEqual([0, 0, 0]);
    expect(run(1).committed).toBe(true);
    expect([...state.read()]).toEqual([3, 4, 5]);
    const calls = (ok: number) =>
      e.profile!(bind({ inputs: [x, Uint8Array.of(ok)], variables: [state] }), 3).map((r) => r.calls);
    expect(calls(0)).toEqual([3, 3, 0, 0]);
    expect(calls(1)).toEqual([3, 3, 3, 3]);
  });

  test("buffers of the backend are used in place; data sets of bytes stay bytes", () => {
    const backend = create();
    const k = new KernelWriter("bytes");
    const x = k.buffer("uint8", "read");
    const y = k.buffer("float32", "write");
    k.store("float32", y, k.prim("i2f", [k.load("uint8", x, 2, 8)]));
    const e = backend.prepare(
      planOf(k.finish(), [{ dtype: "uint8", count: 10 }], [{ dtype: "float32", count: 8 }]),
    );
    const data = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7, 250, 255]);
    const set = backend.allocate("uint8", 10);
    set.write(data);
    const other = backend.allocate("uint8", 10);
    const want = [2, 3, 4, 5, 6, 7, 250, 255];
    expect([...e.run(bind({ inputs: [set] })).outputs[0]!]).toEqual(want);
    expect([...e.run(bind({ inputs: [other] })).outputs[0]!]).toEqual(Array(8).fill(0));
    expect([...e.run(bind({ inputs: [data] })).outputs[0]!]).toEqual(want);
    expect([...e.run(bind({ inputs: [set] })).outputs[0]!]).toEqual(want);
  });

  test("constants are part of the plan", () => {
    const backend = create();
    const plan = chain(1, 4);
    const constant = { kind: "constant", data: Float32Array.from([1, 2, 3, 4]) } as const;
    const slots: Slot[] = [{ where: constant, dtype: "float32", count: 4 }, ...plan.slots.slice(1)];
    expect([...runOnce(backend, { ...plan, slots, inputs: [] }).outputs[0]!]).toEqual([2, 3, 4, 5]);
  });

  test("nothing beyond an array is written (canaries behind every output)", () => {
    const backend = create();
    for (let n = 0; n < 40; n++) {
      const out = backend.allocate("float32", n + 20);
      out.write(new Float32Array(n + 20).fill(-7));
      const k = new KernelWriter("canary");
      const x = k.buffer("float32", "read");
      const y = k.buffer("float32");
      const count = k.size();
      k.for(k.i(0), count, 1, (i) =>
        k.store("float32", k.at(y, i, 4), k.load("float32", k.at(x, i, 4), 0, 1)),
      );
      const plan = planOf(
        k.finish(),
        [
          { dtype: "float32", count: n },
          { dtype: "float32", count: n + 20 },
        ],
        [],
        [n],
      );
      runOnce(backend, plan, { inputs: [new Float32Array(n).fill(1), out] });
      expect([...out.read()]).toEqual([...Array(n).fill(1), ...Array(20).fill(-7)]);
      out.release();
    }
  });

  test("live buffers and arena bytes return to where they were", () => {
    const backend = create();
    const x = [Float32Array.of(1, 2, 3, 4)];
    runOnce(backend, chain(4, 4), { inputs: x });
    const base = backend.memory();
    const bytes = backend.arena.allocated;
    const buffers = (["float32", "int32", "uint8", "bool"] as DType[]).map((d) => backend.allocate(d, 7));
    expect(backend.memory().buffers).toBe(base.buffers + 4);
    expect(backend.memory().bytes).toBe(base.bytes + 7 * 10);
    for (let i = 0; i < 50; i++) runOnce(backend, chain(4, 4), { inputs: x });
    for (const b of buffers) b.release();
    for (const b of buffers) b.release();
    expect(backend.memory()).toEqual(base);
    expect(backend.arena.allocated).toBe(bytes);
  });

  test("memory may grow at any allocation: no view is held across it", () => {
    const backend = create();
    const first = backend.allocate("float32", 4);
    first.write([1, 2, 3, 4]);
    const e = backend.prepare(chain(3, 4));
    const big: { release(): void }[] = [];
    for (let i = 0; i < 6; i++) {
      const before = backend.memory().reserved;
      big.push(backend.allocate("uint8", before));
      expect(backend.memory().reserved).toBeGreaterThan(before);
      expect([...first.read()]).toEqual([1, 2, 3, 4]);
      expect([...e.run(bind({ inputs: [first] })).outputs[0]!]).toEqual([4, 5, 6, 7]);
    }
    for (const b of big) b.release();
    const rows = dim("rows");
    const growing = backend.prepare(chain(3, rows));
    for (let n = 1; n < 2 ** 21; n *= 8) {
      const x = new Float32Array(n).fill(n);
      const { outputs } = growing.run(bind({ inputs: [x], sizes: new Map([[idOf(rows), n]]) }));
      expect(outputs[0]!.every((v) => v === n + 3)).toBe(true);
      expect([...e.run(bind({ inputs: [first] })).outputs[0]!]).toEqual([4, 5, 6, 7]);
    }
  });

  test("mistakes are typed errors, and the plan works afterwards", () => {
    const backend = create();
    const rows = dim("rows");
    const e = backend.prepare(chain(2, rows));
    const sizes = new Map([[idOf(rows), 2]]);
    const x = Float32Array.of(1, 2);
    const good = () => expect([...e.run(bind({ inputs: [x], sizes })).outputs[0]!]).toEqual([3, 4]);
    good();
    const fails = (b: Partial<Binding>, type: new (...a: never[]) => TendrilError, text: RegExp) => {
      expect(() => e.run(bind(b))).toThrow(type);
      expect(() => e.run(bind(b))).toThrow(text);
      good();
    };
    fails({ inputs: [x] }, ShapeError, /rows has no sensible value/);
    fails({ inputs: [], sizes }, UsageError, /wrong number/);
    fails({ inputs: [new Float32Array(3)], sizes }, ShapeError, /expected 2 for \[rows\]/);
    fails({ inputs: [new Int32Array(2)], sizes }, DTypeError, /Int32Array/);
    fails({ inputs: [createJsBackend().allocate("float32", 2)], sizes }, UsageError, /another backend/);
    fails({ inputs: [backend.allocate("float32", 5)], sizes }, ShapeError, /does not fit/);
    fails({ inputs: [x], sizes: new Map([[idOf(rows), 2 ** 31]]) }, LimitError, /too large/);
    const gone = backend.allocate("float32", 2);
    gone.release();
    fails({ inputs: [gone], sizes }, UsageError, /released/);
    expect(() => gone.read()).toThrow(UsageError);
    expect(() => backend.allocate("float32", -1)).toThrow(UsageError);
    for (const length of [0, 1, 3]) {
      for (const b of [backend, new ReferenceBackend()])
        expect(() => b.allocate("float32", 2, new Float32Array(length))).toThrow(/does not fill the memory/);
    }
    expect(() => backend.allocate("float32", 2).write([1, 2, 3])).toThrow(UsageError);
    e.release();
    e.release();
    expect(() => e.run(bind({ inputs: [x], sizes }))).toThrow(/released/);
    expect(() => backend.prepare({ ...chain(1, 2), rows: [row(adder(1))] })).toThrow(TendrilError);
  });

  test("a request beyond 4 GiB is refused and does no harm", () => {
    const backend = create();
    const before = backend.memory();
    expect(() => backend.allocate("float32", 2 ** 31)).toThrow(DeviceError);
    expect(backend.memory()).toEqual(before);
    backend.allocate("float32", 4).release();
  });

  test("a plan whose constants find no room leaves nothing behind", () => {
    const backend = create();
    const bytes = backend.arena.allocated;
    const plan = chain(1, 4);
    let calls = 0;
    const data = {
      get byteLength() {
        return calls++ === 0 ? 2 ** 33 : 0;
      },
      byteOffset: 0,
      buffer: new ArrayBuffer(8),
    } as unknown as Float32Array;
    const slots: Slot[] = [
      { where: { kind: "constant", data }, dtype: "float32", count: 4 },
      ...plan.slots.slice(1),
    ];
    expect(() => backend.prepare({ ...plan, slots, inputs: [] })).toThrow(DeviceError);
    expect(backend.arena.allocated).toBe(bytes);
  });

  // Where no engine watches the bounds, such a kernel ends the process: the other backends are to catch it in the tests.
  test.skipIf(name === "native")("a kernel that leaves the memory is an internal error", () => {
    const k = new KernelWriter("wild");
    const x = k.buffer("float32");
    k.store("float32", k.prim("isub", [k.prim("iadd", [x, k.i(-64)]), x]), k.constant("f32", 1));
    const plan = planOf(k.finish(), [{ dtype: "float32", count: 1 }], []);
    expect(() => runOnce(create(), plan, { inputs: [new Float32Array(1)] })).toThrow(
      /a kernel left its memory/,
    );
  });

  test("the backend has its name", () => expect(create().name).toBe(name));
});

test("kernels with equal keys are compiled once", () => {
  const backend = createWasmBackend();
  const first = backend.machine.load([adder(1), adder(2), adder(1)]);
  expect(first).toEqual([0, 1, 0]);
  expect(backend.machine.load([adder(3), adder(2)])).toEqual([2, 1]);
});
