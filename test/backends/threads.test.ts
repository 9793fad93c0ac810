/**
 * Threads of the wasm backend (reliability DT-3): the same bits for any number, failures, interruption, leaving.
 *
 * Over 400 lines: one set of plans for every number of threads.
 */
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, test, vi } from "vitest";
import { createJsBackend } from "../../src/backends/js/index.ts";
import type { MachineBackend } from "../../src/backends/runner.ts";
import { createWasmBackend } from "../../src/backends/wasm/index.ts";
import { compileProgram } from "../../src/compile/index.ts";
import type { BackendName, Tensor } from "../../src/core/index.ts";
import {
  compile,
  concat,
  conv,
  getBackend,
  gradient,
  maxPool,
  tensor,
  variable,
} from "../../src/core/index.ts";
import type { Binding, Kernel, Plan, Row, Slot } from "../../src/ir/index.ts";
import { CancelledError, TendrilError, UsageError } from "../../src/ir/index.ts";
import { Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D, Sequential } from "../../src/nn/index.ts";
import { KernelWriter, planOf, row, sameBits } from "./kit.ts";

const counts = [1, 2, 3, 8];
// From their sources, on a busy machine, threads take long to start.
vi.setConfig({ testTimeout: 180_000 });
const bind = (b: Partial<Binding> = {}): Binding => ({ inputs: [], variables: [], sizes: new Map(), ...b });

/** The plan with so much work declared that every row of several tasks is shared. */
function shared(plan: Plan): Plan {
  return { ...plan, rows: plan.rows.map((r) => ({ ...r, flops: 1e9 })) };
}

/** Repeats `run` until all threads of the backend take part. */
async function together(backend: MachineBackend, run: () => void): Promise<void> {
  do {
    run();
    await sleep(20);
  } while (backend.machine.helpers < backend.threads - 1);
}

/** y[task] = x[task] * factor + add, after `rounds` rounds of a loop that keep a thread busy. */
function worker(factor: number, add: number, rounds = 50): Kernel {
  const k = new KernelWriter(`worker${factor},${add},${rounds}`);
  const x = k.buffer("float32", "read");
  const y = k.buffer("float32", "write");
  const t = k.task();
  const sum = k.cell(k.load("float32", k.at(x, t, 4), 0, 1));
  const zero = k.constant("f32", 0);
  k.for(k.i(0), k.i(rounds), 1, () => k.set(sum, k.prim("fadd", [k.get(sum), zero])));
  const product = k.prim("fmul", [k.get(sum), k.constant("f32", factor)]);
  k.store("float32", k.at(y, t, 4), k.prim("fadd", [product, k.constant("f32", add)]));
  return k.finish();
}

/** x → 2x + 1, `length` times; every row needs all of the one before it. `alone` tells rows of which one task does all. */
function chain(length: number, tasks: number, rounds = 50): Plan {
  const f = "float32" as const;
  const slots: Slot[] = [{ where: { kind: "input", index: 0 }, dtype: f, count: tasks }];
  const rows: Row[] = [];
  for (let r = 0; r < length; r++) {
    const last = r === length - 1;
    const where = last
      ? ({ kind: "output", first: r } as const)
      : ({ kind: "scratch", first: r, last: r + 1 } as const);
    slots.push({ where, dtype: f, count: tasks });
    rows.push({ ...row(worker(2, 1, rounds)), args: [{ slot: r }, { slot: r + 1 }], tasks });
  }
  const value = { shape: [tasks], dtype: f };
  return shared({ slots, rows, inputs: [value], variables: [], outputs: [{ slot: length, value }] });
}

const chained = (x: number, length: number): number => (x + 1) * 2 ** length - 1;

const wave = (n: number, f: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(f * i));

/** A function of arrays as a program, with its inputs. */
function programOf(fn: (...xs: Tensor[]) => Tensor | Tensor[], ...shapes: (readonly number[])[]) {
  const inputs = shapes.map((s, i) =>
    wave(
      s.reduce((a, b) => a * b),
      i + 0.7,
    ),
  );
  const specs = shapes.map((shape) => ({ shape, dtype: "float32" as const }));
  const compiled = compile((...xs: Tensor[]) => fn(...xs) as Tensor[], { inputs: specs });
  return { program: compiled.program(...inputs), inputs };
}

const programs: Readonly<Record<string, ReturnType<typeof programOf>>> = {
  elementwise: programOf((x) => x.exp().add(x.tanh()).mul(x.sigmoid()), [300, 211]),
  "matrix product and its gradients": programOf(
    (a, b) => gradient(a.matmul(b).relu().square().sum(), [a, b]),
    [130, 211],
    [211, 97],
  ),
  "convolution, pooling and their gradients": programOf(
    (x, w) => gradient(maxPool(conv(x, w).relu(), { size: 2 }).square().sum(), [x, w]),
    [24, 16, 16, 3],
    [3, 3, 3, 8],
  ),
  reductions: programOf((x) => [x.sum(), x.sum(0), x.max(1), x.softmax(), x.argmax(0)], [300, 411]),
  "gather, concat, transpose": programOf(
    (x, y) => concat([x.transpose().take(tensor([5, 3, 3, 200], { dtype: "int32" }), 0), y], 0),
    [301, 211],
    [90, 301],
  ),
};

/** Weights after 50 steps of training on a backend, as bits. */
async function trained(backend: BackendName, which: "mlp" | "cnn"): Promise<Int32Array[]> {
  const rows = 300;
  const model =
    which === "mlp"
      ? new Sequential(
          [
            Input({ shape: [81] }),
            new Dense({ units: 128, activation: "relu" }),
            new Dropout({ rate: 0.2 }),
            new Dense({ units: 64, activation: "tanh" }),
            new Dense({ units: 10, activation: "softmax" }),
          ],
          { seed: 3 },
        )
      : new Sequential(
          [
            Input({ shape: [14, 14, 2] }),
            new Conv2D({ filters: 8, kernelSize: 3, activation: "relu" }),
            new MaxPooling2D(),
            new Conv2D({ filters: 16, kernelSize: 3, padding: "same", activation: "elu" }),
            new Flatten(),
            new Dense({ units: 10, activation: "softmax" }),
          ],
          { seed: 4 },
        );
  const shape = which === "mlp" ? [rows, 81] : [rows, 14, 14, 2];
  const data = wave(
    shape.reduce((a, b) => a * b),
    0.7,
  );
  const labels = Int32Array.from({ length: rows }, (_, i) => (i * i) % 10);
  model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"], backend });
  // 300 rows in batches of 64: 5 steps an epoch, the last one short.
  await model.fit({ data, shape }, labels, { batchSize: 64, epochs: 10, seed: 5, verbose: 0 });
  return model.getWeights().map((w) => new Int32Array(Float32Array.from(w).buffer));
}

const networks = ["mlp", "cnn"] as const;
const alone = new Map(networks.map((which) => [which, once(() => trained("wasm:1", which))]));

/** `make`, called when first asked for. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

describe.each(counts)("%i threads", (threads) => {
  const name: BackendName = `wasm:${threads}`;
  const backend = getBackend(name) as MachineBackend;
  afterAll(() => backend.release());

  test("rows follow one another: no task starts before the row that it reads", async () => {
    const e = backend.prepare(chain(12, 37));
    const x = Float32Array.from({ length: 37 }, (_, i) => i % 5);
    const want = Array.from(x, (v) => chained(v, 12));
    const once = () => expect([...e.run(bind({ inputs: [x] })).outputs[0]!]).toEqual(want);
    await together(backend, once);
    for (let i = 0; i < 300; i++) once();
    e.release();
  });

  test.each(Object.keys(programs))("%s: the bits of one thread", (name) => {
    const { program, inputs } = programs[name]!;
    const alone = createWasmBackend();
    const plan = compileProgram(program, alone.target);
    const want = alone.prepare(plan).run(bind({ inputs })).outputs;
    const e = backend.prepare(shared(plan));
    for (let i = 0; i < 3; i++) {
      const got = e.run(bind({ inputs })).outputs;
      expect(got.every((y, o) => sameBits(y, want[o]!))).toBe(true);
    }
    e.release();
  });

  test("kernels that come when threads are asleep are there when they wake", async () => {
    const x = Float32Array.of(1, 2, 3, 4, 5, 6);
    for (let i = 0; i < 5; i++) {
      const six = [{ dtype: "float32" as const, count: 6 }];
      const e = backend.prepare(shared(planOf(worker(1, i + 10), six, six, [], 6)));
      const run = () =>
        expect([...e.run(bind({ inputs: [x] })).outputs[0]!]).toEqual([...x].map((v) => v + i + 10));
      run();
      await sleep(2);
      for (let n = 0; n < 20; n++) run();
      e.release();
    }
  });

  test.each(networks)("50 steps of training an %s: the weights of one thread", async (which) => {
    expect(await trained(name, which)).toEqual(await alone.get(which)!());
  });

  test("a guard, and the memory of the plan, are as with one thread", () => {
    const plan = chain(6, 8);
    const guard: Slot = { where: { kind: "input", index: 1 }, dtype: "bool", count: 1 };
    const e = backend.prepare({
      ...plan,
      slots: [...plan.slots, guard],
      inputs: [...plan.inputs, { shape: [], dtype: "bool" }],
      guard: { at: 3, slot: plan.slots.length },
    });
    const x = new Float32Array(8);
    for (let i = 0; i < 20; i++) {
      expect(e.run(bind({ inputs: [x, Uint8Array.of(i % 2)] })).committed).toBe(i % 2 === 1);
    }
    e.release();
    const base = backend.memory();
    const bytes = backend.arena.allocated;
    for (let i = 0; i < 20; i++) {
      const again = backend.prepare(chain(6, 8));
      again.run(bind({ inputs: [x] }));
      again.release();
    }
    expect(backend.memory()).toEqual(base);
    expect(backend.arena.allocated).toBe(bytes);
  });
});

describe("a run is stopped by the interrupt word", () => {
  /** The variable becomes the last value of a chain. */
  function counting(length: number, tasks: number, rounds: number): Plan {
    const plan = chain(length, tasks, rounds);
    const slots = [
      ...plan.slots,
      { where: { kind: "variable", index: 0 }, dtype: "float32", count: tasks } as const,
    ];
    const save = { ...row(worker(1, 0)), args: [{ slot: length }, { slot: length + 1 }], tasks };
    return { ...plan, slots, rows: [...plan.rows, save], variables: [{ shape: [tasks], dtype: "float32" }] };
  }

  test.each([
    ["js", createJsBackend()],
    ["wasm", createWasmBackend()],
    ["wasm with two threads", createWasmBackend({ threads: 2 })],
  ])("before it starts, on %s", (_, backend) => {
    const state = backend.allocate("float32", 3);
    const e = backend.prepare(counting(4, 3, 5));
    const inputs = [new Float32Array(3)];
    Atomics.store(backend.interruptWord, 0, 1);
    const stopped = e.run(bind({ inputs, variables: [state] }));
    expect(stopped).toEqual({ outputs: [], committed: false, interrupted: true });
    expect([...state.read()]).toEqual([0, 0, 0]);
    expect(e.run(bind({ inputs, variables: [state] }))).toMatchObject({
      committed: true,
      interrupted: false,
    });
    expect([...state.read()]).toEqual([15, 15, 15]);
    backend.release();
  });

  test("from another thread, while it runs", async () => {
    const backend = createWasmBackend({ threads: 2 });
    const state = backend.allocate("float32", 4);
    const e = backend.prepare(counting(30, 4, 2 ** 25));
    const code = `const { workerData, parentPort } = require("node:worker_threads");
      parentPort.on("message", () => Atomics.store(workerData, 0, 1));`;
    const other = new Worker(code, { eval: true, workerData: backend.interruptWord });
    await new Promise((resolve) => other.once("online", resolve));
    other.postMessage("stop");
    expect(e.run(bind({ inputs: [new Float32Array(4)], variables: [state] })).interrupted).toBe(true);
    expect([...state.read()]).toEqual([0, 0, 0, 0]);
    await other.terminate();
    backend.release();
  }, 120_000);

  test("in compiled functions as a CancelledError; what was assigned stays unassigned", () => {
    const w = variable([1, 2], { name: "w" });
    const step = compile(() => w.assign(w.value.add(1)), { backend: "wasm:2" });
    step.runSync();
    const backend = getBackend("wasm:2") as MachineBackend;
    Atomics.store(backend.interruptWord, 0, 1);
    expect(() => step.runSync()).toThrow(CancelledError);
    expect([...w.read()]).toEqual([2, 3]);
    step.runSync();
    expect([...w.read()]).toEqual([3, 4]);
  });
});

describe("failures", () => {
  /** All tasks fail from number `from` on. */
  function failing(from: number): Plan {
    const k = new KernelWriter(`fails${from}`);
    const x = k.buffer("float32", "read");
    const y = k.buffer("float32", "write");
    const t = k.task();
    const sum = k.cell(k.load("float32", x, 0, 1));
    k.for(k.i(0), k.i(20_000), 1, () => k.set(sum, k.prim("fmul", [k.get(sum), k.constant("f32", 0.5)])));
    k.if(
      k.prim("ilt", [t, k.i(from)]),
      () => {},
      () => {
        k.store("float32", k.i(-64), k.get(sum));
      },
    );
    k.store("float32", k.at(y, t, 4), k.get(sum));
    const count = 64;
    return shared(
      planOf(k.finish(), [{ dtype: "float32", count }], [{ dtype: "float32", count }], [], count),
    );
  }

  test("of a kernel in any thread are typed errors, and everything works afterwards", async () => {
    const backend = createWasmBackend({ threads: 3 });
    const good = backend.prepare(chain(3, 40));
    const inputs = [new Float32Array(40)];
    const works = () => expect(good.run(bind({ inputs })).outputs[0]![39]).toBe(7);
    await together(backend, works);
    const kinds = new Set<unknown>();
    for (const from of [0, 1, 5, 63]) {
      const bad = backend.prepare(failing(from));
      for (let i = 0; i < 10; i++) {
        try {
          bad.run(bind({ inputs: [new Float32Array(64)] }));
          kinds.add(undefined);
        } catch (error) {
          expect(error).toBeInstanceOf(TendrilError);
          kinds.add((error as TendrilError).code);
          expect(String(error)).toMatch(
            /a kernel left its memory|a kernel failed in a thread[\s\S]*memory access/,
          );
        }
        works();
      }
    }
    expect([...kinds].every((k) => k === "device" || k === "internal")).toBe(true);
    backend.release();
  });

  test("to start threads are told once; one thread does the work", async () => {
    const real = process.getBuiltinModule;
    const spy = vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) => {
      if (name !== "node:worker_threads") return real(name);
      return {
        Worker: class {
          constructor() {
            throw new Error("no more threads");
          }
        },
      };
    }) as typeof real);
    const told: string[] = [];
    const backend = createWasmBackend({ threads: 4, warn: (text) => told.push(text) });
    const e = backend.prepare(chain(3, 40));
    for (let i = 0; i < 3; i++) {
      expect(e.run(bind({ inputs: [new Float32Array(40)] })).outputs[0]![0]).toBe(7);
    }
    spy.mockRestore();
    expect(told).toEqual([expect.stringMatching(/no more threads/)]);
    expect(backend.machine.helpers).toBe(0);
  });

  test("numbers of threads that make no sense, and names of backends, are UsageErrors", () => {
    for (const threads of [0, -1, 1.5, 257, Number.NaN]) {
      expect(() => createWasmBackend({ threads })).toThrow(UsageError);
    }
    for (const name of ["wasm:0", "wasm:x", "js:2", "cuda", "toString"]) {
      expect(() => getBackend(name as BackendName)).toThrow(UsageError);
    }
    expect(getBackend("wasm:3")).toBe(getBackend("wasm:3"));
    expect(getBackend("wasm:3").threads).toBe(3);
  });
});

test("released threads end; plans still run", async () => {
  const threadsNow = (): number => readdirSync("/proc/self/task").length;
  const backend = createWasmBackend({ threads: 4 });
  const e = backend.prepare(chain(3, 40));
  const once = () => expect(e.run(bind({ inputs: [new Float32Array(40)] })).outputs[0]![0]).toBe(7);
  await together(backend, once);
  const before = process.platform === "linux" ? threadsNow() : 0;
  backend.release();
  backend.release();
  expect(backend.machine.helpers).toBe(0);
  once();
  backend.prepare(chain(2, 9)).run(bind({ inputs: [new Float32Array(9)] }));
  if (process.platform === "linux") while (threadsNow() > before - 3) await sleep(10);
});

test("small plans start no threads; threads that have nothing to do sleep", async () => {
  const backend = createWasmBackend({ threads: 2 });
  const plan = chain(3, 40);
  const small = backend.prepare({ ...plan, rows: plan.rows.map((r) => ({ ...r, flops: 80 })) });
  const inputs = [new Float32Array(40)];
  small.run(bind({ inputs }));
  await sleep(50);
  expect(backend.machine.helpers).toBe(0);
  const large = backend.prepare(plan);
  await together(backend, () => large.run(bind({ inputs })));
  await sleep(100);
  const before = process.cpuUsage();
  await sleep(300);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(150);
  backend.release();
});
